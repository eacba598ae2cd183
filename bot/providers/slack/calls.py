"""How Slack is called: one call, paging, errors.

https://docs.slack.dev/apis/web-api, rate limits: https://docs.slack.dev/apis/web-api/rate-limits
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, TypeVar

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.errors import ProviderError, Reason
from bot.providers.http import Observe, lost, parse_retry_after, reason_for_status, redact
from bot.providers.slack.codes import CODES, MAYBE_DONE
from bot.providers.slack.parse import mapping, text

T = TypeVar("T")

NAME = "slack"

READS = (
    ".list",
    ".info",
    ".history",
    ".replies",
    ".test",
    ".getPermalink",
    ".members",
    ".lookupByEmail",
)
_OK = 200


class SlackError(ProviderError):
    """A refused call that still knows what Slack said about it, not its whole answer."""

    messages: str = ""  # response_metadata.messages: what is wrong with the request
    people: Mapping[str, str] = MappingProxyType({})  # user to code, when several were concerned


class Calls:
    """One ``AsyncWebClient`` without retry handlers over one aiohttp session, made on first use.

    Every call ends after ``timeout`` seconds. Proxies in the environment are ignored.
    """

    def __init__(
        self,
        token: str,
        base_url: str = "https://slack.com/api/",
        timeout: float = 5.0,
        observe: Observe | None = None,
        session: aiohttp.ClientSession | None = None,
    ) -> None:
        """Calls nothing. A ``session`` that is handed in stays its owner's to close."""
        self._token = token
        self._base_url = base_url
        self._timeout = timeout
        self._observe = observe
        self._given = session
        self._session: aiohttp.ClientSession | None = None
        self._client: AsyncWebClient | None = None

    async def aclose(self) -> None:
        """Close our own session; safe when none was ever opened."""
        session, self._session, self._client = self._session, None, None
        if session is not None:
            await session.close()

    close = aclose

    async def _call(self, operation: str, **arguments: Any) -> Mapping[str, Any]:
        """One Web API call; the SDK's method of that name knows how to encode its arguments."""
        answer, _ = await self._call_with_headers(operation, **arguments)
        return answer

    async def _call_with_headers(
        self, operation: str, **arguments: Any
    ) -> tuple[Mapping[str, Any], Mapping[str, str]]:
        method = getattr(self._web(), operation.replace(".", "_"))
        write = not operation.endswith(READS)

        async def send() -> tuple[Mapping[str, Any], Mapping[str, str]]:
            try:
                response = await method(**arguments)
            except SlackApiError as error:
                raise self._refusal(error.response, write=write) from None
            return self._understood(response.data, write=write), response.headers

        return await self._watched(operation, send, write=write)

    async def _watched(self, operation: str, send: Callable[[], Awaitable[T]], *, write: bool) -> T:
        """Run ``send`` within the timeout, turn failures into reasons, tell the observer."""
        started, outcome = time.monotonic(), "ok"
        try:
            try:
                async with asyncio.timeout(self._timeout):
                    return await send()
            except ProviderError:
                raise
            except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
                detail = f"could not connect ({type(error).__name__})"
                raise self._error(Reason.UNAVAILABLE, detail) from None
            except aiohttp.InvalidURL:
                raise self._error(Reason.INVALID, "the address cannot be used") from None
            except TimeoutError:
                detail = f"no answer within {self._timeout:g} seconds"
                raise self._error(lost(write=write), detail) from None
            except Exception as error:  # noqa: BLE001 - the SDK fails in many ways on odd answers
                detail = f"the answer did not arrive or cannot be read ({type(error).__name__})"
                raise self._error(lost(write=write), detail) from None
        except ProviderError as error:
            outcome = error.reason.value
            raise
        finally:
            if self._observe:
                self._observe(operation, outcome, time.monotonic() - started)

    async def _pages(self, operation: str, expect: str, **arguments: Any) -> AsyncIterator[Any]:
        """The entries of all pages (https://docs.slack.dev/apis/web-api/pagination)."""
        cursor = ""
        while True:
            paged = {**arguments, "cursor": cursor} if cursor else arguments
            answer = await self._call(operation, **paged)
            entries = answer.get(expect)
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict):
                    yield entry
            metadata = answer.get("response_metadata")
            following = metadata.get("next_cursor") if isinstance(metadata, Mapping) else None
            if not isinstance(following, str) or not following or following == cursor:
                return
            cursor = following

    async def _fine(self, operation: str, fine: set[str], **arguments: Any) -> None:
        """Call; the codes in ``fine`` say that it is so already."""
        try:
            await self._call(operation, **arguments)
        except ProviderError as error:
            if error.code not in fine:
                raise

    def _required(self, answer: Mapping[str, Any], name: str, *, write: bool) -> str:
        found = text(answer.get(name))
        if not found:
            raise self._error(lost(write=write), f"answered without '{name}'")
        return found

    def _http(self) -> aiohttp.ClientSession:
        if self._given is not None:
            return self._given
        if self._session is None or self._session.closed:
            # Connecting must give up before the total timeout does: then we know nothing was sent.
            limit = aiohttp.ClientTimeout(total=self._timeout, sock_connect=self._timeout * 0.6)
            self._session = aiohttp.ClientSession(timeout=limit)
            self._client = None
        return self._session

    def _web(self) -> AsyncWebClient:
        session = self._http()
        if self._client is None:
            self._client = AsyncWebClient(
                self._token,
                base_url=self._base_url,
                timeout=max(1, round(self._timeout)),
                session=session,
                retry_handlers=[],  # by default a post whose answer was lost is posted twice
            )
            self._client.proxy = None
        return self._client

    def _understood(self, data: Any, *, write: bool) -> Mapping[str, Any]:
        if isinstance(data, dict):
            return data
        raise self._error(lost(write=write), "answered with something that is not JSON")

    def _refusal(self, response: Any, *, write: bool) -> SlackError:
        """What a ``SlackApiError`` means; its own text holds the whole answer and is not used."""
        data = getattr(response, "data", None)
        status = getattr(response, "status_code", 0) or getattr(response, "status", _OK)
        headers = getattr(response, "headers", None) or {}
        data = data if isinstance(data, dict) else {}
        return self._refused(data, int(status), headers, write=write)

    def _refused(
        self, data: Mapping[str, Any], status: int, headers: Mapping[str, str], *, write: bool
    ) -> SlackError:
        code = data.get("error")
        code = code if isinstance(code, str) else ""
        if code in MAYBE_DONE:
            reason = lost(write=write)
        elif code:
            reason = CODES.get(code, Reason.INVALID)
        elif status == _OK:
            reason = lost(write=write)  # 200 with HTML: a proxy, or half an answer
        else:
            reason = reason_for_status(status, write=write)
        if (
            status == HTTPStatus.TOO_MANY_REQUESTS
        ):  # https://docs.slack.dev/apis/web-api/rate-limits
            reason = Reason.RATE_LIMITED
        wait = parse_retry_after(headers, data, datetime.now(UTC))
        # Canvases say what is wrong with their content in ``detail``.
        told = "; ".join(filter(None, (_messages(data), text(data.get("detail")))))
        said = redact(told, (self._token,))
        scopes = f" (needed: {text(data['needed'])})" if "needed" in data else ""
        detail = f"answered {code or status}{scopes}" + (f": {said}" if said else "")
        error = self._error(reason, detail, code=code or str(status), retry_after=wait)
        error.messages, error.people = said, _people(data)
        return error

    def _error(self, reason: Reason, detail: str, **more: Any) -> SlackError:
        return SlackError(NAME, reason, redact(detail, (self._token,)), **more)


def _messages(data: Mapping[str, Any]) -> str:
    told = mapping(data.get("response_metadata")).get("messages")
    return "; ".join(map(text, told)) if isinstance(told, list) else ""


def _people(data: Mapping[str, Any]) -> dict[str, str]:
    listed = data.get("errors")
    told = [mapping(one) for one in listed] if isinstance(listed, list) else []
    return {text(one.get("user")): text(one.get("error")) for one in told}


def cut(words: str, limit: int) -> str:
    """At most ``limit`` characters of ``words``, the last one an ellipsis when some are missing."""
    return words if len(words) <= limit else words[: limit - 1] + "…"
