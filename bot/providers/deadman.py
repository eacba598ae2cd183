"""A dead man's switch: an address that raises the alarm when it is not called any more (Healthchecks, Snitch, ...)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    import httpx

NAME = "deadman"
SECONDS = 5.0


class DeadManSwitch:
    """``DeadMan`` over one GET. The address is the secret, so nothing of it is ever told."""

    def __init__(self, url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        """Calls nobody yet."""
        self._url = url
        self._transport = transport

    async def ping(self) -> None:
        """All is well; ProviderError when that was not heard."""
        import httpx  # noqa: PLC0415 - only who has a switch pays for it

        try:
            async with httpx.AsyncClient(
                timeout=SECONDS, trust_env=False, transport=self._transport
            ) as client:
                answer = await client.get(self._url)
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:
            detail = f"no answer ({type(error).__name__})"
            raise ProviderError(NAME, Reason.UNAVAILABLE, detail) from None
        if not answer.is_success:
            raise ProviderError(NAME, Reason.INVALID, f"it answers {answer.status_code}")
