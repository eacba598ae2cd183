"""A dead man's switch: an address that raises the alarm when it is not called any more (Healthchecks, Snitch, ...)."""

from __future__ import annotations

import asyncio

from bot.errors import ProviderError, Reason

NAME = "deadman"
SECONDS = 5.0


class DeadManSwitch:
    """``DeadMan`` over one GET. The address is the secret, so nothing of it is ever told."""

    def __init__(self, url: str, *, seconds: float = SECONDS) -> None:
        """Calls nobody yet; ``seconds``: how long an answer is waited for in all."""
        self._url = url
        self._seconds = seconds

    async def ping(self) -> None:
        """All is well; ProviderError when that was not heard.

        A redirect is not followed, for the secret is for nobody else, and what the answer says is not read.
        """
        import httpx  # noqa: PLC0415 - only who has a switch pays for it

        try:
            async with (
                asyncio.timeout(self._seconds),
                httpx.AsyncClient(timeout=self._seconds, trust_env=False) as client,
                client.stream("GET", self._url) as answer,
            ):
                status = answer.status_code
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, UnicodeError) as error:
            detail = f"no answer ({type(error).__name__})"
            raise ProviderError(NAME, Reason.UNAVAILABLE, detail) from None
        if not httpx.codes.is_success(status):
            raise ProviderError(NAME, Reason.INVALID, f"it answers {status}")
