"""Questions the Protocols have no method for: the app token and the public address."""

from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from datetime import datetime

    import httpx

SECONDS = 10.0
#: Slack's words for a token that is not one (docs.slack.dev/reference/methods/apps.connections.open).
REFUSED = {
    "invalid_auth",
    "not_authed",
    "not_allowed_token_type",
    "missing_scope",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "no_permission",
}


async def open_socket(
    app_token: str, api_url: str, *, transport: httpx.AsyncBaseTransport | None = None
) -> datetime | None:
    """Ask for a Socket Mode address and leave it unused; Slack's Date header, if it has one."""
    import httpx  # noqa: PLC0415 - only the doctor needs it here

    headers = {"Authorization": f"Bearer {app_token}"}
    try:
        async with httpx.AsyncClient(timeout=SECONDS, transport=transport) as client:
            answer = await client.post(f"{api_url}apps.connections.open", headers=headers)
        data = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        detail = f"no usable answer ({type(error).__name__})"
        raise ProviderError("slack", Reason.UNAVAILABLE, detail) from None
    if not isinstance(data, dict) or not data.get("ok"):
        code = str(data.get("error", "")) if isinstance(data, dict) else ""
        reason = Reason.AUTH if code in REFUSED else Reason.INVALID
        if code == "ratelimited":
            reason = Reason.RATE_LIMITED
        raise ProviderError("slack", reason, "Slack refused the app token", code=code)
    return parsedate_to_datetime(answer.headers["Date"]) if "Date" in answer.headers else None


async def reach(url: str, *, transport: httpx.AsyncBaseTransport | None = None) -> str | None:
    """Why ``url`` does not answer, None when it does."""
    import httpx  # noqa: PLC0415

    try:
        async with httpx.AsyncClient(timeout=SECONDS, transport=transport) as client:
            answer = await client.get(url, follow_redirects=True)
    except httpx.HTTPError as error:
        return f"no answer ({type(error).__name__})"
    return None if answer.is_success else f"answers {answer.status_code}"
