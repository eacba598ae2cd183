"""How PagerDuty is called: headers, its error codes as data, paging.

https://developer.pagerduty.com/docs/rest-api-overview, errors:
https://developer.pagerduty.com/docs/errors, paging: https://developer.pagerduty.com/docs/pagination
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.errors import ProviderError, Reason
from bot.providers.http import Observe, VendorHttp
from bot.providers.pagerduty.values import obj, objects, text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

NAME = "pagerduty"
ALREADY_RESOLVED, ALREADY_ACKNOWLEDGED, UNKNOWN_FROM = "1001", "1002", "1008"
ALREADY_MERGED = "1019"

#: Its own codes (https://developer.pagerduty.com/docs/errors); the rest goes by HTTP status.
CODES: Mapping[str, Reason] = {
    ALREADY_RESOLVED: Reason.CONFLICT,
    ALREADY_ACKNOWLEDGED: Reason.CONFLICT,
    "1003": Reason.INVALID,  # invalid status
    "1005": Reason.CONFLICT,  # changed meanwhile
    "1006": Reason.INVALID,  # cannot be escalated
    UNKNOWN_FROM: Reason.INVALID,  # From address without a PagerDuty account
    "1019": Reason.CONFLICT,  # merged already
    "2001": Reason.INVALID,
    "2006": Reason.AUTH,  # authentication failed
    "2010": Reason.INVALID,  # this key may not do this one thing; other calls still work
    "2014": Reason.INVALID,  # the plan lacks the ability
    "2020": Reason.RATE_LIMITED,
    "2100": Reason.NOT_FOUND,
    "5001": Reason.NOT_FOUND,  # incident not found
}
PAGE_SIZE = 100
LAST_OFFSET = 10_000  # offset + limit beyond it is answered 400

Params = list[tuple[str, str]]


def explain(body: Any) -> tuple[str, str]:
    """(code, sentence) of an error body, whose ``errors`` may be missing, a text or a list."""
    error = obj(body).get("error")
    if not isinstance(error, dict):
        return "", " ".join(filter(None, (text(error), text(obj(body).get("error_description")))))
    more = error.get("errors")
    told = [text(one) for one in more] if isinstance(more, list) else [text(more)]
    return text(error.get("code")), " ".join(filter(None, (text(error.get("message")), *told)))


class Calls:
    """What all parts of the client share: one ``VendorHttp``, the From header, paging."""

    def __init__(
        self,
        token: str,
        base_url: str = "https://api.pagerduty.com",
        timeout: float = 5.0,
        observe: Observe | None = None,
        http: VendorHttp | None = None,
    ) -> None:
        """Calls nothing. ``token`` is an account key, or an OAuth token (``pdus+``, ``pdeu+``)."""
        bearer = token.startswith(("pdus+", "pdeu+"))
        self._http = http or VendorHttp(
            NAME,
            base_url,
            {
                "Authorization": f"Bearer {token}" if bearer else f"Token token={token}",
                "Accept": "application/vnd.pagerduty+json;version=2",
                "Content-Type": "application/json",  # their document requires it of reads, too
            },
            timeout,
            observe,
            explain=explain,
            codes=CODES,
            secrets=(token,),
        )

    async def aclose(self) -> None:
        """Close the connections; safe when none was ever opened."""
        await self._http.aclose()

    close = aclose

    def _invalid(self, detail: str, code: str = "") -> ProviderError:
        return self._http.error(Reason.INVALID, detail, code=code)

    def _from(self, by: str) -> dict[str, str]:
        """The From header; what no header can carry is an address PagerDuty cannot know."""
        if not by.isascii() or not by.isprintable():
            detail = "the From address is not one PagerDuty can know"
            raise self._invalid(detail, UNKNOWN_FROM)
        return {"From": by}

    async def _object(self, method: str, path: str, expect: str, **more: Any) -> dict[str, Any]:
        """The object ``expect`` of the answer; something else is an answer nobody can read."""
        answer = await self._http.request(method, path, expect=expect, **more)
        if isinstance(answer, dict):
            return answer
        reason = Reason.UNAVAILABLE if method == "GET" else Reason.UNKNOWN_OUTCOME
        raise self._http.error(reason, f"answered with a '{expect}' that is no object")

    async def _list(
        self, path: str, expect: str, params: Sequence[tuple[str, str]] = (), **more: Any
    ) -> list[dict[str, Any]]:
        """All pages of a list, up to PagerDuty's last offset."""
        found: list[dict[str, Any]] = []
        async for batch in self._batches(path, expect, params, **more):
            found += batch
        return found

    async def _batches(
        self, path: str, expect: str, params: Sequence[tuple[str, str]] = (), **more: Any
    ) -> AsyncIterator[list[dict[str, Any]]]:
        for offset in range(0, LAST_OFFSET, PAGE_SIZE):
            paged = [*params, ("limit", str(PAGE_SIZE)), ("offset", str(offset))]
            answer = await self._http.request("GET", path, params=paged, **more)
            if not isinstance(obj(answer).get(expect), list):
                raise self._http.error(Reason.UNAVAILABLE, f"answered without a list '{expect}'")
            batch = objects(answer[expect])
            yield batch
            if answer.get("more") is not True or not answer[expect]:
                return
