"""jq programs before they run for somebody: whether they compile, and the few that ship with us."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

HELPER = Path(__file__).with_name("helper.py")
#: Longer programs are a mistake.
LONGEST = 10_000
#: What is said of a program that was stopped.
EXCESS = "takes more than 200 ms or too much memory"
#: Starting the helper on a busy machine, plus its programs.
CHECK_SECONDS = 60.0


@lru_cache(maxsize=64)
def compiled(expression: str) -> Callable[[object], object]:
    """The program as a function of its input: only for expressions that ship with us.

    The jq binding holds the GIL while a program runs and can read our environment, so whatever
    comes from configuration runs in the helper process instead (``bot.mapping.engine``).
    """
    import jq  # noqa: PLC0415 - two megabytes that not every process needs

    program = jq.compile(expression)
    return lambda subject: program.input_value(subject).first()


def command() -> list[str]:
    """How to start the helper: without site-packages and its imports, only jq's own folder."""
    spec = importlib.util.find_spec("jq")
    if spec is None or spec.origin is None:
        message = "the jq package is not installed"
        raise ImportError(message)
    return [sys.executable, "-I", "-S", str(HELPER), str(Path(spec.origin).parent)]


def compile_problems(expressions: Iterable[str]) -> dict[str, str]:
    """What is wrong with each expression that does not compile, in one line.

    Compiling happens in the helper as well: jq computes constants while it compiles, so that
    ``"a" * 1e9`` would take a gigabyte of ours.
    """
    waiting = list(dict.fromkeys(expressions))
    problems = {
        text: f"is longer than {LONGEST} characters" for text in waiting if len(text) > LONGEST
    }
    waiting = [text for text in waiting if text not in problems]
    while waiting:
        answers = _compile(waiting)
        problems |= {text: error for text, error in zip(waiting, answers, strict=False) if error}
        if len(answers) < len(waiting):
            # The helper died of the first one without an answer.
            problems[waiting[len(answers)]] = EXCESS
        waiting = waiting[len(answers) + 1 :]
    return problems


def _compile(expressions: list[str]) -> list[str | None]:
    """What is wrong with each, as far as the helper came."""
    request = {"programs": expressions, "subject": None, "mode": "compile"}
    done = subprocess.run(  # noqa: S603 - our own program, no shell
        command(),
        input=json.dumps(request).encode() + b"\n",
        capture_output=True,
        env={},
        timeout=CHECK_SECONDS,
        check=False,
    )
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.endswith(b"}")]
    if not lines and b"ImportError" in done.stderr:
        raise ImportError(done.stderr.decode(errors="replace"))
    errors = (line.get("error") for line in lines if "end" not in line)
    return [first_line(error) if error else None for error in errors]


def first_line(text: str) -> str:
    """What jq complains about, without its own name in front."""
    line = text.strip().partition("\n")[0]
    return line.removeprefix("jq: error: ").removeprefix("jq: ").rstrip(":") or "jq gives no reason"
