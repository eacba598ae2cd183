"""Notifications beyond Slack through Apprise (https://github.com/caronc/apprise): e-mail, Microsoft Teams, ...

The library is loaded with the first notification only: a bot that sends none does not carry it in memory. It blocks,
so it runs in a thread; it says only whether it worked, and its own log lines may hold the address, so they are not
kept.
"""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    import apprise

NAME = "apprise"


#: So many messages at once, in threads of their own: an address that hangs keeps nobody else's page waiting.
AT_ONCE = 16
_threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="apprise")


def usable(url: str) -> bool:
    """Whether Apprise knows what to do with an address; nothing is sent."""
    try:
        return _service(url) is not None
    except Exception:  # noqa: BLE001 - an address that breaks it is none it can use
        return False


async def send(url: str, title: str, body: str) -> None:
    """Deliver one message to one address; ProviderError when it was not taken. At least once, never looked for."""
    scheme = url.partition("://")[0]
    try:
        loop = asyncio.get_running_loop()
        known, taken = await loop.run_in_executor(_threads, _send, url, title, body)
    except Exception as error:  # noqa: BLE001 - it may hold the address: only its kind is told
        detail = f"the {scheme} notification failed ({type(error).__name__})"
        raise ProviderError(NAME, Reason.UNAVAILABLE, detail) from None
    if not known:
        detail = f"{scheme}:// is no address Apprise can use; correct it in muster.yml"
        raise ProviderError(NAME, Reason.INVALID, detail)
    if not taken:
        raise ProviderError(NAME, Reason.UNAVAILABLE, f"the {scheme} notification was not taken")


def _send(url: str, title: str, body: str) -> tuple[bool, bool]:
    """Whether the address can be used, and whether the message was taken."""
    service = _service(url)
    return (
        (False, False) if service is None else (True, bool(service.notify(title=title, body=body)))
    )


def _service(url: str) -> apprise.Apprise | None:
    import apprise  # noqa: PLC0415 - see above

    logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
    service = apprise.Apprise()
    return service if service.add(url) else None
