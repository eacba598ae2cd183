"""``/healthz``, ``/readyz`` and ``/metrics``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response

from bot.store import runlog

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from bot.metrics import Metrics
    from bot.store.work import Work


@dataclass
class Readiness:
    """What ``/readyz`` looks at: required parts (503 when one is down), and vendors (named as degraded, still 200)."""

    required: dict[str, Callable[[], Awaitable[str | None]]] = field(default_factory=dict)
    degraded: dict[str, Callable[[], str | None]] = field(default_factory=dict)

    async def report(self) -> tuple[bool, dict[str, Any]]:
        """Whether everything required is up, and a sentence for each part that is not."""
        parts = {name: await check() for name, check in self.required.items()}
        weak = {name: problem for name, check in self.degraded.items() if (problem := check())}
        ready = all(problem is None for problem in parts.values())
        return ready, {
            "ready": ready,
            "parts": {name: problem or "up" for name, problem in parts.items()},
            "degraded": weak,
        }


class Health:
    """The three endpoints operators look at."""

    def __init__(self, work: Work, metrics: Metrics, readiness: Readiness) -> None:
        """Given what they report on."""
        self._work = work
        self._metrics = metrics
        self._readiness = readiness

    async def healthz(self, request: Request) -> Response:
        """The process is alive."""
        del request
        return JSONResponse({"status": "alive"})

    async def readyz(self, request: Request) -> Response:
        """Whether it can do its work: database, worker and Slack connection."""
        del request
        ready, report = await self._readiness.report()
        return JSONResponse(report, status_code=200 if ready else 503)

    async def metrics(self, request: Request) -> Response:
        """Prometheus text."""
        del request
        now = self._work.clock.now()
        rows = await self._work.read(runlog.waiting)
        self._metrics.waiting(
            [
                (kind, state, count, (now - oldest).total_seconds() if oldest else 0.0)
                for kind, state, count, oldest in rows
            ]
        )
        for name, check in self._readiness.degraded.items():
            self._metrics.provider(name, up=check() is None)
        return Response(self._metrics.text(), media_type="text/plain; version=0.0.4")
