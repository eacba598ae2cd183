"""Runs jq from the configuration in one helper process, so that no expression can harm the bot.

The helper has an empty environment, 200 ms of processor time per expression and little memory. It
is started when the first expression runs, kept, and replaced when an expression ended it.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from bot.errors import MusterError
from bot.mapping.helper import OUTPUT
from bot.mapping.programs import EXCESS, command, first_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: How long to wait for one answer; the helper ends itself long before, this is for a stuck machine.
ANSWER_SECONDS = 5.0
#: How long the helper may take to end: longer than an expression may run.
END_SECONDS = 1.0
#: An expression that ended the helper this often is not run again by this process.
STRIKES = 3


@dataclass(frozen=True)
class Outcome:
    """What one expression gave: a value, or an error in words."""

    value: Any = None
    error: str | None = None

    @property
    def is_true(self) -> bool:
        """True as jq sees it: neither an error nor null nor false."""
        return self.error is None and self.value is not None and self.value is not False


class ExpressionError(MusterError):
    """Expressions failed; ``errors`` says for each field or rule why."""

    def __init__(self, errors: Mapping[str, str]) -> None:
        """Name every field in the text."""
        super().__init__("; ".join(f"{name}: {text}" for name, text in errors.items()))
        self.errors = dict(errors)


class Engine:
    """The helper process and the requests to it, one at a time."""

    def __init__(self) -> None:
        """Start nothing yet: without configured expressions there is no helper."""
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._strikes: Counter[str] = Counter()

    @property
    def pid(self) -> int | None:
        """The helper's process id while there is one."""
        return self._process.pid if self._process else None

    async def evaluate(self, fields: Mapping[str, str], subject: object) -> dict[str, Any]:
        """The first value of every field; all that fail are named in one ``ExpressionError``."""
        outcomes = await self._run(list(fields.values()), subject, "first")
        results = dict(zip(fields, outcomes, strict=True))
        if errors := {name: each.error for name, each in results.items() if each.error}:
            raise ExpressionError(errors)
        return {name: each.value for name, each in results.items()}

    async def every(self, name: str, program: str, subject: object) -> list[Any]:
        """All values of one expression (``each``); its failure names it."""
        (outcome,) = await self._run([program], subject, "all")
        if outcome.error:
            raise ExpressionError({name: outcome.error})
        return list(outcome.value)

    async def until_true(self, programs: Sequence[str], subject: object) -> list[Outcome]:
        """The outcomes in order up to and including the first that is true."""
        return await self._run(programs, subject, "until_true")

    async def close(self) -> None:
        """End the helper."""
        async with self._lock:
            await self._end()

    async def _run(self, programs: Sequence[str], subject: object, mode: str) -> list[Outcome]:
        outcomes: list[Outcome] = []
        async with self._lock:
            while len(outcomes) < len(programs):
                if mode == "until_true" and outcomes and outcomes[-1].is_true:
                    break
                rest = programs[len(outcomes) :]
                batch = list(takewhile(lambda each: self._strikes[each] < STRIKES, rest))
                if not batch:
                    outcomes.append(Outcome(error=f"was stopped {STRIKES} times: it {EXCESS}"))
                    continue
                answers, ended = await self._ask(batch, subject, mode)
                outcomes += answers
                if not ended:
                    self._strikes[batch[len(answers)]] += 1
                    outcomes.append(Outcome(error=EXCESS))
        return outcomes

    async def _ask(
        self, programs: Sequence[str], subject: object, mode: str
    ) -> tuple[list[Outcome], bool]:
        """The answers that came, and whether the helper lived to the end of the request."""
        request = {"programs": list(programs), "subject": subject, "mode": mode}
        data = json.dumps(request, default=str).encode() + b"\n"
        answers: list[Outcome] = []
        if self._process and self._process.returncode is not None:
            # Ended from outside since the last request: no expression's fault.
            await self._end()
        try:
            process = self._process or await self._start()
            if (
                process.stdin is None or process.stdout is None
            ):  # pragma: no cover - we asked for both
                return answers, False
            process.stdin.write(data)
            await process.stdin.drain()
            while line := await asyncio.wait_for(process.stdout.readline(), ANSWER_SECONDS):
                answer = json.loads(line)
                if "end" in answer:
                    return answers, True
                error = answer.get("error")
                answers.append(Outcome(answer.get("value"), first_line(error) if error else None))
        except (ConnectionError, TimeoutError, ValueError):
            pass  # the helper died or is stuck: both end the same way
        except BaseException:
            # Cancelled in the middle: what is still on its way belongs to nobody.
            await self._end()
            raise
        await self._end()
        return answers, False

    async def _start(self) -> asyncio.subprocess.Process:
        self._process = await asyncio.create_subprocess_exec(
            *command(),
            env={},
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=OUTPUT * 2,
        )
        return self._process

    async def _end(self) -> None:
        """Let it end by itself, as it does when its input ends; kill it when it does not.

        Popen.kill() collects a process that is dead already, which asyncio's own waiting then
        misses and warns about: so killing is the second choice.
        """
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()
