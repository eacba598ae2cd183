"""The Slack side of the process: Bolt, Socket Mode, and staying connected whatever happens.

Nothing here needs Slack to be up: the connection is made in the background and made again for ever. Bolt is given
who we are from memory, so that no call to Slack stands between an envelope and its acknowledgement.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Any

import structlog
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

import handlers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import aiohttp

    from handlers import Desk

log = structlog.get_logger()

#: Seconds between attempts to connect while Slack is down (grows to the second).
FIRST_RETRY, LAST_RETRY = 0.5, 15.0
#: A connection that answered no ping for this long is dead, whatever the socket says.
PING_SECONDS = 5.0
CHECK_SECONDS = 1.0


class SlackGateway:
    """Receives envelopes and hands them to the handlers; ``connected`` says whether it can."""

    def __init__(self, *, bot_token: str, app_token: str, api_url: str) -> None:
        """Nothing is called yet. The views client never retries: a trigger lives three seconds."""
        self.views = AsyncWebClient(token=bot_token, base_url=api_url, timeout=5, retry_handlers=[])
        self._opening = AsyncWebClient(base_url=api_url, timeout=10, retry_handlers=[])
        self._bot_token = bot_token
        self._app_token = app_token
        self._identity: dict[str, str] = {}
        quiet = logging.getLogger("slack")
        quiet.setLevel(logging.ERROR)
        self._app = AsyncApp(
            client=self.views,
            authorize=self._authorizer(),
            logger=quiet,
            ignoring_self_events_enabled=True,
            request_verification_enabled=False,
            ssl_check_enabled=False,
            url_verification_enabled=False,
        )
        self._socket: AsyncSocketModeHandler | None = None
        self._session: aiohttp.ClientSession | None = None
        self._task: asyncio.Task[None] | None = None
        self.problem: str | None = "not connected yet"

    def _authorizer(self) -> Callable[..., Awaitable[AuthorizeResult]]:
        """Who we are, from memory (single workspace). Bolt passes ``self`` by name, so this is no method."""

        async def authorize(**_: Any) -> AuthorizeResult:
            return AuthorizeResult(
                enterprise_id=None,
                team_id=self._identity.get("team_id"),
                bot_token=self._bot_token,
                bot_user_id=self._identity.get("user_id"),
                bot_id=self._identity.get("bot_id"),
            )

        return authorize

    def identified(self, identity: dict[str, str]) -> None:
        """Slack told us who we are."""
        self._identity = identity

    def register(self, desk: Desk, observe_ack: Callable[[str, float], None]) -> None:
        """Bind all handlers."""
        handlers.register(self._app, desk, observe_ack)

    @property
    def connected(self) -> bool:
        """Whether envelopes can reach us now."""
        return self.problem is None

    def start(self) -> None:
        """Connect in the background, and again for ever."""
        self._task = asyncio.create_task(self._keep_connected(), name="socket-mode")

    async def _keep_connected(self) -> None:
        wait = FIRST_RETRY
        while True:
            try:
                await self._connect()
                wait = FIRST_RETRY
                await self._watch()
                log.warning("slack.connection_lost")
            except Exception as error:  # noqa: BLE001 - an answer without JSON is a ValueError in slack_sdk; whatever it is, we connect again
                self.problem = _sentence(error)
                log.warning("slack.not_connected", problem=self.problem, again_in=wait)
            await self._drop()
            await asyncio.sleep(wait)
            wait = min(wait * 2, LAST_RETRY)

    async def _connect(self) -> None:
        self._socket = AsyncSocketModeHandler(
            self._app,
            self._app_token,
            web_client=self._opening,
            logger=logging.getLogger("slack.socket"),
            ping_interval=PING_SECONDS,
        )
        client = self._socket.client
        client.auto_reconnect_enabled = True
        # The first address is asked for here, so that a refusal is told by name instead of retried in silence.
        client.wss_uri = await client.issue_new_wss_url()
        await asyncio.wait_for(client.connect(), timeout=15)  # type: ignore[no-untyped-call]
        self.problem = None
        log.info("slack.connected")

    async def _watch(self) -> None:
        """Return when the connection is gone for longer than the client needs to make a new one."""
        down_since: float | None = None
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            socket = self._socket
            if socket is None:
                return
            if await socket.client.is_connected():
                down_since, self.problem = None, None
                continue
            down_since = down_since or time.monotonic()
            self.problem = "the connection to Slack is being made again"
            if time.monotonic() - down_since > 3 * PING_SECONDS:
                return

    async def _drop(self) -> None:
        socket, self._socket = self._socket, None
        if socket is None:
            return
        try:
            await asyncio.wait_for(socket.close_async(), timeout=3)  # type: ignore[no-untyped-call]
        except Exception as error:  # noqa: BLE001 - it is thrown away, in whatever state it is
            log.debug("slack.close", error=type(error).__name__)

    async def stop(self) -> None:
        """Take no more envelopes."""
        self.problem = "stopping"
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._drop()


def _sentence(error: Exception) -> str:
    data = getattr(getattr(error, "response", None), "data", None)
    code = data.get("error") if isinstance(data, dict) else None
    if code in {"invalid_auth", "not_authed", "not_allowed_token_type"}:
        return f"Slack refuses SLACK_APP_TOKEN ({code}): it must be an app-level token (xapp-) with connections:write"
    return f"Slack does not take the connection ({code or type(error).__name__})"
