"""What every vendor call has in common: reasons, ``Retry-After``, redaction, a small HTTP client.

Reasons in one picture (``bot.errors.Reason``):

* nothing was sent (refused, DNS, connect timeout)           -> UNAVAILABLE
* a read that timed out, was reset, answered 5xx or not JSON -> UNAVAILABLE
* a **write** that did                                       -> UNKNOWN_OUTCOME: look first
* an answer we understand                                    -> ``STATUS_REASONS``, vendor codes
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    import httpx

#: ``observe(operation, outcome, seconds)``: the outcome is ``ok`` or the value of a ``Reason``.
Observe = Callable[[str, str, float], None]
#: Reads the vendor's own (code, sentence) out of the JSON body of an error.
Explain = Callable[[Any], tuple[str, str]]

#: https://www.rfc-editor.org/rfc/rfc9110#section-15, 429: RFC 6585, 420: Statuspage. 402 and 403
#: concern one feature or one object: they must not stop a vendor as a whole the way 401 does.
STATUS_REASONS: Mapping[int, Reason] = {
    401: Reason.AUTH,
    404: Reason.NOT_FOUND,
    409: Reason.CONFLICT,
    420: Reason.RATE_LIMITED,
    425: Reason.UNAVAILABLE,
    429: Reason.RATE_LIMITED,
}
LONGEST_WAIT = 86_400.0  # seconds; nobody means more than a day, and a wrong clock must not stop us
LONGEST_DETAIL = 400  # characters
_SHORTEST_SECRET = 6  # a shorter one is a placeholder, and part of many honest words
_EPOCH_FROM = 1_000_000_000  # a smaller number is a number of seconds, a larger one a point in time
_EPOCH_MS_FROM = 100_000_000_000
_OK, _REDIRECT, _CLIENT_ERROR, _SERVER_ERROR = 200, 300, 400, 500

_SECRETS = re.compile(
    r"xox[a-z]-[\w-]+|xapp-[\w-]+|gh[a-z]_\w+|github_pat_\w+|pd[a-z]{1,2}\+[\w-]+"
    r"|(?<=token=)[^\s&\"',}]+|(?i:(?<=bearer ))[^\s\"',}]+"
    r"|https://hooks\.slack\.com/\S+"
)


class HttpError(ProviderError):
    """A ``ProviderError`` that still knows the HTTP status (None when there was no answer)."""

    status: int | None = None


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """``text`` on one line, without ``secrets`` or anything that looks like one, cut short."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, "***")
    text = " ".join(_SECRETS.sub("***", text).split())
    return text if len(text) <= LONGEST_DETAIL else text[: LONGEST_DETAIL - 1] + "…"


def reason_for_status(status: int, *, write: bool) -> Reason:
    """Why a call with this HTTP status failed; 5xx and 408 leave the outcome of a write unknown."""
    if status >= _SERVER_ERROR or status == HTTPStatus.REQUEST_TIMEOUT:
        return lost(write=write)
    if (
        status < _CLIENT_ERROR
    ):  # a redirect: a wrong address or a proxy in between; nothing was done
        return Reason.UNAVAILABLE
    return STATUS_REASONS.get(status, Reason.INVALID)


def lost(*, write: bool) -> Reason:
    """The reason for an answer that did not arrive or cannot be read."""
    return Reason.UNKNOWN_OUTCOME if write else Reason.UNAVAILABLE


def parse_retry_after(headers: Mapping[str, str], body: Any, now: datetime) -> float | None:
    """Seconds to wait as the vendor said it, in any of the ways they do; None when it did not.

    ``Retry-After`` (seconds or HTTP date: RFC 9110 10.2.3, Slack, GitHub, incident.io), the body's
    ``retry_after``, PagerDuty's ``ratelimit-reset`` (seconds,
    https://developer.pagerduty.com/docs/rest-api-rate-limits), ``X-RateLimit-Reset`` as epoch
    (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api) or ISO 8601
    (Jira), which only counts while nothing remains. Never negative, at most ``LONGEST_WAIT``.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    candidates: list[Any] = [lower.get("retry-after"), *_body_waits(body)]
    candidates += [lower.get("ratelimit-reset"), lower.get("x-ratelimit-period-in-sec")]
    if lower.get("x-ratelimit-remaining", "0").strip() in {"0", ""}:
        candidates.append(lower.get("x-ratelimit-reset"))
    for value in candidates:
        wait = _seconds(value, now)
        if wait is not None:
            return min(max(wait, 0.0), LONGEST_WAIT)
    return None


def _body_waits(body: Any) -> list[Any]:
    if not isinstance(body, Mapping):
        return []
    nested = body.get("rate_limit")
    inner = nested.get("retry_after") if isinstance(nested, Mapping) else None
    return [body.get("retry_after"), inner]


def _seconds(value: Any, now: datetime) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        moment = _moment(str(value))
        return None if moment is None else (moment - now).total_seconds()
    if not math.isfinite(number):
        return None
    if number >= _EPOCH_MS_FROM:
        number /= 1000
    return number - now.timestamp() if number >= _EPOCH_FROM else number


def _moment(text: str) -> datetime | None:
    """An HTTP date or ISO 8601 as aware UTC; without a zone it is UTC."""
    for parse in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = parse(text.strip())
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return aware.astimezone(UTC)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
    return None


class VendorHttp:
    """One vendor's REST API over one shared httpx client, which is made on first use.

    Never retries, never follows redirects, ignores proxies in the environment, ends every call
    after ``timeout`` seconds, and raises ``HttpError`` (a ``ProviderError``) and nothing else.
    """

    def __init__(  # noqa: PLR0913 - the facts of one vendor
        self,
        provider: str,
        base_url: str,
        headers: Mapping[str, str],
        timeout: float = 5.0,
        observe: Observe | None = None,
        *,
        explain: Explain = lambda _body: ("", ""),
        codes: Mapping[str, Reason] | None = None,
        secrets: Iterable[str] = (),
    ) -> None:
        """Keep the facts; ``codes`` maps the vendor's error codes, ``secrets`` never show up."""
        self.provider = provider
        self._base_url = base_url.rstrip("/")
        self._headers = dict(headers)
        self._timeout = timeout
        self._observe = observe
        self._explain = explain
        self._codes = codes or {}
        self._secrets = tuple(secrets)
        self._client: httpx.AsyncClient | None = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        json: Any = None,
        params: Any = None,
        headers: Mapping[str, str] | None = None,
        expect: str | None = None,
        ids: Mapping[str, str] | None = None,
    ) -> Any:
        """Send one request and return the JSON of the answer (None when it is empty).

        ``path`` is a template; ``ids`` are quoted into it, so that ``METHOD template`` is a metric
        label of few values. ``expect`` names the key of the answer's object that is wanted.
        """
        started, outcome = time.monotonic(), "ok"
        filled = path.format(**{k: quote(v, "", errors="replace") for k, v in (ids or {}).items()})
        try:
            response = await self._send(method, filled, json, params, headers)
            return self._read(response, expect, write=method != "GET")
        except ProviderError as error:
            outcome = error.reason.value
            raise
        finally:
            if self._observe:
                self._observe(f"{method} {path}", outcome, time.monotonic() - started)

    async def aclose(self) -> None:
        """Close the connections; safe when none was ever opened."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    def error(
        self, reason: Reason, detail: str, status: int | None = None, **more: Any
    ) -> HttpError:
        """An error of this vendor with ``detail`` redacted."""
        error = HttpError(self.provider, reason, redact(detail, self._secrets), **more)
        error.status = status
        return error

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            import httpx  # noqa: PLC0415 - only a process that talks to such a vendor pays for it

            # Connecting must give up before the total timeout does: then we know nothing was sent.
            limit = httpx.Timeout(self._timeout, connect=self._timeout * 0.6)
            self._client = httpx.AsyncClient(
                headers=self._headers, timeout=limit, trust_env=False, follow_redirects=False
            )
        return self._client

    async def _send(
        self, method: str, path: str, json: Any, params: Any, headers: Mapping[str, str] | None
    ) -> httpx.Response:
        import httpx  # noqa: PLC0415

        unsendable = (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError)
        write = method != "GET"
        url, sent = f"{self._base_url}{path}", dict(headers or {})
        try:
            async with asyncio.timeout(self._timeout):
                return await self._http().request(
                    method, url, json=json, params=params, headers=sent
                )
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            detail = f"could not connect ({type(error).__name__}): {error}"
            raise self.error(Reason.UNAVAILABLE, detail) from None
        except (TimeoutError, httpx.TimeoutException):
            detail = f"no answer within {self._timeout:g} seconds"
            raise self.error(lost(write=write), detail) from None
        except (*unsendable, UnicodeError) as error:
            detail = f"the address or a header cannot be used ({type(error).__name__})"
            raise self.error(Reason.INVALID, detail) from None
        except httpx.HTTPError as error:
            detail = f"the connection broke ({type(error).__name__})"
            raise self.error(lost(write=write), detail) from None

    def _read(self, response: httpx.Response, expect: str | None, *, write: bool) -> Any:
        status = response.status_code
        body: Any = None
        readable = True
        if response.content:
            try:
                body = response.json()
            except (ValueError, RecursionError):
                readable = False
        if not _OK <= status < _REDIRECT:
            raise self._refusal(status, response.headers, body, write=write)
        if not readable:
            kind = response.headers.get("content-type", "no type")
            detail = f"answered {status} with something that is not JSON ({kind})"
            raise self.error(lost(write=write), detail, status)
        if expect is None:
            return body
        if not isinstance(body, dict) or expect not in body:
            detail = f"answered {status} without '{expect}'"
            raise self.error(lost(write=write), detail, status)
        return body[expect]

    def _refusal(
        self, status: int, headers: Mapping[str, str], body: Any, *, write: bool
    ) -> HttpError:
        code, sentence = self._explain(body)
        reason = reason_for_status(status, write=write)
        if reason is Reason.INVALID:  # the status says no more than "no": the vendor's code may
            reason = self._codes.get(code, reason)
        waits = headers
        if reason is not Reason.RATE_LIMITED:  # ratelimit-reset is on every answer, so not then
            waits = {k: v for k, v in headers.items() if k.lower() == "retry-after"}
        return self.error(
            reason,
            f"answered {status}: {sentence}" if sentence else f"answered {status}",
            status,
            code=code or str(status),
            retry_after=parse_retry_after(waits, body, datetime.now(UTC)),
        )
