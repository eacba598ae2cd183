"""The helper process that runs configured jq: started by the engine, imports nothing of ours.

One request per line on standard input: {"programs": [...], "subject": ..., "mode": "..."} with mode
"first" (value), "all" (values), "until_true" (like first, stops after the first true one) or
"compile". One line per program answers it, {"value": ...} or {"error": "..."}; {"end": true}
closes the request. A program that takes too long or too much memory ends this process; the engine
sees which answer is missing and starts another. Environment empty, no files, no children.
"""

from __future__ import annotations

import json
import os
import sys

TYPE_CHECKING = False  # importing typing for real would cost this process a tenth of its memory
if TYPE_CHECKING:
    from typing import Any

#: Processor time one program may take; then the kernel ends the process (SIGPROF has no handler).
SECONDS = 0.2
#: Address space; the process itself takes a quarter of it.
MEMORY = 64 * 1024 * 1024
#: Longest answer of one program, in bytes.
OUTPUT = 256 * 1024
#: Most values of one program that is asked for all of them.
VALUES = 1000
#: Programs kept compiled.
KEPT = 512


def confine() -> None:
    """Give up what a program could misuse: memory, files, children, core dumps, environment."""
    import resource  # noqa: PLC0415 - nothing can be imported once this has run

    os.environ.clear()  # Python itself puts LC_CTYPE into an empty environment
    for limit, value in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        # Standard input, output and error are open already: no further file ever is.
        (resource.RLIMIT_NOFILE, 3),
    ):
        resource.setrlimit(limit, (value, value))


def values(program: Any, subject: Any, mode: str) -> dict[str, Any]:
    """The first value (or all values) of a compiled program, or what is wrong with it."""
    if mode == "compile":
        return {"value": True}
    found: list[Any] = []
    for value in program.input_value(subject):
        if mode != "all":
            return {"value": value}
        found.append(value)
        if len(found) > VALUES:
            return {"error": f"gives more than {VALUES} values"}
    return {"value": found} if mode == "all" else {"error": "gives no result"}


def answer(jq: Any, compiled: dict[str, Any], text: str, request: dict[str, Any]) -> dict[str, Any]:
    """Run one program, compiling it if it is new."""
    try:
        if text not in compiled:
            if len(compiled) >= KEPT:
                compiled.clear()
            compiled[text] = jq.compile(text)
        return values(compiled[text], request["subject"], request["mode"])
    except (ValueError, RecursionError) as error:
        return {"error": str(error)[:500]}


def serve() -> None:
    """Answer requests until standard input ends."""
    import signal  # noqa: PLC0415

    import jq  # noqa: PLC0415

    confine()
    compiled: dict[str, Any] = {}
    out = sys.stdout.buffer
    for line in sys.stdin.buffer:
        request = json.loads(line)
        for text in request["programs"]:
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            result = answer(jq, compiled, text, request)
            data = json.dumps(result).encode()
            signal.setitimer(signal.ITIMER_PROF, 0)
            if len(data) > OUTPUT:
                data = json.dumps({"error": f"gives more than {OUTPUT // 1024} KB"}).encode()
            out.write(data + b"\n")
            out.flush()
            if request["mode"] == "until_true" and result.get("value") not in (None, False):
                break
        out.write(b'{"end": true}\n')
        out.flush()


if __name__ == "__main__":
    sys.path.append(sys.argv[1])
    serve()
