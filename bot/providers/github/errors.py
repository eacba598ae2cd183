"""What went wrong at GitHub, as a reason.

https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api and
https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
"""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from bot.errors import ProviderError, Reason
from bot.providers.http import lost, parse_retry_after, reason_for_status, redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from github import GithubException

NAME = "github"
SECONDARY_WAIT = 60.0  # "wait for at least one minute" when a secondary limit names no time
#: What urllib3 calls it when nothing was sent.
_NEVER_SENT = {"NewConnectionError", "NameResolutionError", "ConnectTimeoutError"}


class NotReadableError(Exception):
    """An answer without what every such answer has (a proxy's page, half a body)."""


def provider_error(error: Exception, token: str, *, write: bool) -> ProviderError:
    """Whatever PyGithub raised, as a ``ProviderError`` that never shows ``token``.

    403 concerns one repository or one right unless it is a rate limit, so it is INVALID ``403``.
    """
    if isinstance(error, ProviderError):
        return error
    from github import GithubException, IncompletableObject  # noqa: PLC0415 - loaded already

    if isinstance(error, GithubException) and not isinstance(error, IncompletableObject):
        return _refusal(error, token, write=write)
    if _never_sent(error):
        return ProviderError(NAME, Reason.UNAVAILABLE, f"could not connect ({_name(error)})")
    detail = f"the answer did not arrive or cannot be read ({_name(error)})"
    return ProviderError(NAME, lost(write=write), detail)


def _refusal(error: GithubException, token: str, *, write: bool) -> ProviderError:
    status, headers = error.status, error.headers or {}
    data = error.data if isinstance(error.data, dict) else {}
    sentence = _sentence(data)
    reason = reason_for_status(status, write=write)
    wait = None
    if _is_limit(status, headers, sentence):
        reason = Reason.RATE_LIMITED
        wait = parse_retry_after(headers, data, datetime.now(UTC))
        if wait is None and "secondary" in sentence.lower():
            wait = SECONDARY_WAIT
    elif "retry-after" in headers:
        after = {"retry-after": headers["retry-after"]}
        wait = parse_retry_after(after, None, datetime.now(UTC))
    detail = redact(f"answered {status}: {sentence}".rstrip(": "), (token,))
    return ProviderError(NAME, reason, detail, retry_after=wait, code=str(status))


def _sentence(data: Mapping[str, Any]) -> str:
    """GitHub's message with the fields it names (``errors[]{resource,field,code,message}``)."""
    message, errors = data.get("message"), data.get("errors")
    told = [message] if isinstance(message, str) else []
    for one in errors if isinstance(errors, list) else ():
        fields = one if isinstance(one, dict) else {"message": one}
        words = [str(fields[name]) for name in ("field", "code", "message") if fields.get(name)]
        told.append(" ".join(words))
    return "; ".join(filter(None, told))


def _is_limit(status: int, headers: Mapping[str, str], sentence: str) -> bool:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    if status != HTTPStatus.FORBIDDEN:
        return False
    spent = headers.get("x-ratelimit-remaining") == "0"
    return spent or "retry-after" in headers or "rate limit" in sentence.lower()


def _never_sent(error: Exception) -> bool:
    """Whether it failed before anything was sent; told by name, urllib3 is PyGithub's, not ours."""
    cause: Any = error.args[0] if error.args else None
    return _name(getattr(cause, "reason", None)) in _NEVER_SENT


def _name(thing: object) -> str:
    return type(thing).__name__
