"""Webhooks in: verify over the raw bytes, store, answer. 2xx only after the event is on disk.

Refusals: 401 unsigned or wrongly signed (nothing is stored), 413 too large, 400 not JSON, 422 wrong shape, 503 the
database did not take it in time (PagerDuty sends again). A correctly signed event of an unknown type is kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import structlog
from starlette.responses import JSONResponse

from bot.errors import Busy
from bot.ports import Delivery
from bot.providers.github import verify as verify_github
from bot.providers.pagerduty import verify as verify_pagerduty

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from starlette.requests import Request

    from bot.metrics import Metrics
    from bot.services.inbound import InboundEvents

log = structlog.get_logger()

#: PagerDuty drops events over 256 KB itself; twice that is surely not from it.
MAX_BODY = 512 * 1024
#: GitHub allows itself 25 MB, but an issue with the longest body before and after an edit stays below this.
MAX_GITHUB_BODY = 2 * 1024 * 1024
#: Longer ids and names no vendor sends.
MAX_NAME = 200
#: Deeper JSON than any vendor sends; the parser is not asked to go there.
MAX_DEPTH = 64


@dataclass(frozen=True)
class Refused(Exception):
    """The request is refused with this status and reason."""

    status: int
    reason: str


async def body_of(request: Request, limit: int = MAX_BODY) -> bytes:
    """The raw body; refuses 413 as soon as it is longer than ``limit``."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > limit:
        raise Refused(413, f"The body is larger than {limit} bytes.")
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Refused(413, f"The body is larger than {limit} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def json_of(body: bytes) -> Any:
    """The JSON value; refuses 400 with where it stops being JSON."""
    if _depth(body) > MAX_DEPTH:
        raise Refused(400, f"The JSON is nested more than {MAX_DEPTH} deep.")
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        place = f" at character {error.pos}" if isinstance(error, json.JSONDecodeError) else ""
        raise Refused(400, f"The body is not JSON{place}.") from None


def _depth(body: bytes) -> int:
    """An upper bound of the nesting, without parsing (brackets inside strings count too, generously)."""
    if body.count(b"[") + body.count(b"{") <= MAX_DEPTH:
        return 0
    depth = deepest = 0
    quoted = escaped = False
    for byte in body:
        if quoted:
            quoted = escaped or byte != 0x22  # noqa: PLR2004 - the quotation mark
            escaped = byte == 0x5C and not escaped  # noqa: PLR2004 - the backslash
        elif byte == 0x22:  # noqa: PLR2004
            quoted = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
            if deepest > MAX_DEPTH:
                return deepest
        elif byte in b"]}":
            depth -= 1
    return deepest


def pagerduty_event(body: bytes) -> tuple[str, str]:
    """Event id and type; refuses only what it must (PagerDuty disables after three refusals)."""
    data = json_of(body)
    event = data.get("event") if isinstance(data, dict) else None
    if not isinstance(event, dict):
        raise Refused(422, "There is no event object.")
    event_id, event_type = event.get("id"), event.get("event_type")
    if not isinstance(event_id, str | int) or isinstance(event_id, bool) or event_id == "":
        raise Refused(422, "event.id is missing.")
    if not isinstance(event_type, str) or not event_type:
        raise Refused(422, "event.event_type is missing or not text.")
    if not isinstance(event.get("data"), dict):
        raise Refused(422, "event.data is missing or not an object.")
    return str(event_id), event_type


def github_event(request: Request, body: bytes) -> Delivery:
    """One of GitHub's events as it is kept: the JSON, also when it came as a form (``payload=``)."""
    headers = request.headers
    event_id, event = headers.get("x-github-delivery", ""), headers.get("x-github-event", "")
    for name, value in (("X-GitHub-Delivery", event_id), ("X-GitHub-Event", event)):
        if not value.strip() or len(value) > MAX_NAME:
            raise Refused(422, f"The header {name} is missing or too long.")
    if headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
        body = (fields.get("payload") or [""])[0].encode()
    data = json_of(body)
    if not isinstance(data, dict):
        raise Refused(422, "The body is no object.")
    action = data.get("action")
    kind = f"{event}.{action}"[:MAX_NAME] if isinstance(action, str) and action else event
    return Delivery(source="github", event_id=event_id, event_type=kind, body=body)


class Webhooks:
    """The endpoints. Each answers with a reason and counts its answers."""

    def __init__(
        self,
        inbound: InboundEvents,
        metrics: Metrics,
        *,
        pagerduty_secrets: Sequence[str],
        github_secrets: Sequence[str] = (),
    ) -> None:
        """An endpoint whose secret is unset refuses everybody."""
        self._inbound = inbound
        self._metrics = metrics
        self._secrets = tuple(pagerduty_secrets)
        self._github_secrets = tuple(github_secrets)

    async def pagerduty(self, request: Request) -> JSONResponse:
        """``POST /webhooks/pagerduty`` (developer.pagerduty.com/docs/webhooks-overview)."""
        return await answered(self._metrics, "pagerduty", self._pagerduty(request))

    async def _pagerduty(self, request: Request) -> JSONResponse:
        body = await body_of(request)
        if not verify_pagerduty(body, request.headers.get("x-pagerduty-signature"), self._secrets):
            raise Refused(401, "The signature is missing or wrong.")
        event_id, event_type = pagerduty_event(body)
        return await self._kept(
            Delivery(source="pagerduty", event_id=event_id, event_type=event_type, body=body)
        )

    async def github(self, request: Request) -> JSONResponse:
        """``POST /webhooks/github`` (docs.github.com/webhooks)."""
        return await answered(self._metrics, "github", self._github(request))

    async def _github(self, request: Request) -> JSONResponse:
        body = await body_of(request, MAX_GITHUB_BODY)
        told = request.headers.get("x-hub-signature-256")
        if not verify_github(body, told, self._github_secrets):
            raise Refused(401, "The signature is missing or wrong.")
        return await self._kept(github_event(request, body))

    async def _kept(self, delivery: Delivery) -> JSONResponse:
        """Answered 202 once it is on disk, whatever it says."""
        fresh = await self._inbound.receive(delivery)
        return JSONResponse({"status": "accepted" if fresh else "known"}, status_code=202)


async def answered(metrics: Metrics, source: str, work: Awaitable[JSONResponse]) -> JSONResponse:
    """The answer of an endpoint, counted; refusals carry their reason and are logged without it."""
    try:
        response = await work
    except Refused as refusal:
        response = JSONResponse({"error": refusal.reason}, status_code=refusal.status)
    except Busy:
        response = JSONResponse({"error": "busy, send it again"}, status_code=503)
    metrics.webhook(source, str(response.status_code))
    if response.status_code >= 400:  # noqa: PLR2004
        log.warning("webhook.refused", source=source, status=response.status_code)
    return response
