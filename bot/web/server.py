"""The FastAPI app and the server that runs inside the bot's own event loop."""

from __future__ import annotations

import contextlib
import secrets
import socket
from typing import TYPE_CHECKING

import structlog
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from starlette.routing import Route

from bot.errors import Busy, Problem, SettingsError
from bot.web import api

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.services.incidents import Incidents
    from bot.web.alerts import AlertWebhooks
    from bot.web.calendars import RosterCalendars
    from bot.web.health import Health
    from bot.web.pages import AcknowledgePages
    from bot.web.webhooks import Webhooks

log = structlog.get_logger()


def build(
    incidents: Incidents,
    webhooks: Webhooks,
    health: Health,
    *,
    api_token: str | None,
    alerts: AlertWebhooks | None = None,
    calendars: RosterCalendars | None = None,
    pages: AcknowledgePages | None = None,
) -> FastAPI:
    """All routes. Webhooks and health are plain Starlette routes: nothing stands between them and the bytes."""
    app = FastAPI(title="Muster", docs_url="/docs", redoc_url=None)
    app.include_router(api.router(incidents, api_token))
    app.router.routes += [
        Route("/webhooks/pagerduty", webhooks.pagerduty, methods=["POST"]),
        Route("/webhooks/github", webhooks.github, methods=["POST"]),
        Route("/healthz", health.healthz),
        Route("/readyz", health.readyz),
        Route("/metrics", health.metrics),
    ]
    if alerts is not None:
        app.router.routes += alerts.routes()
    if calendars is not None:
        app.router.routes += calendars.routes()
    if pages is not None:
        app.router.routes += pages.routes()
    app.add_exception_handler(Busy, _busy)
    app.add_exception_handler(Exception, _bug)
    return app


async def _busy(request: Request, error: Exception) -> JSONResponse:
    del request
    return JSONResponse({"detail": str(error)}, status_code=503, headers={"Retry-After": "2"})


async def _bug(request: Request, error: Exception) -> JSONResponse:
    ref = secrets.token_hex(2).upper()
    log.error("web.bug", ref=ref, path=_known_part(request.url.path), exc_info=error)
    return JSONResponse({"detail": f"Something broke on my side, ref {ref}."}, status_code=500)


def _known_part(path: str) -> str:
    """Which endpoint it was; what follows may be a token of a page, or the secret of a sender."""
    first, *more = path.strip("/").split("/")
    kept = {"pages": 0, "webhooks": 2 if more[:1] == ["alerts"] else 1}.get(first, len(more))
    return "/".join(("", first, *more[:kept], *(["…"] if more[kept:] else [])))


class Server(uvicorn.Server):
    """Uvicorn without signal handlers of its own: ``app`` stops it in order."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; SettingsError when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # TCP said in so many words: only then does asyncio send small answers at once (TCP_NODELAY), else each of them
    # waits 40 ms for the other side's acknowledgement of its first part.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        what = f"{host}:{port} cannot be listened on ({error.strerror})."
        mend = "Set HTTP_PORT to a free port; another Muster may be running."
        raise SettingsError([Problem("HTTP_HOST, HTTP_PORT", what, mend)]) from None
    return listening


def server(app: FastAPI, host: str, port: int) -> Server:
    """A server for ``serve()`` as a task; set ``should_exit`` to stop it."""
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    return Server(config)
