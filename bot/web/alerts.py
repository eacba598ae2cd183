"""``/webhooks/alerts/{source}``: prove who sends, keep it, answer. What it means is found out afterwards.

A sender proves itself with what ``muster.yml`` says of its source, else (presets only) with ``ALERTS_TOKEN``: as
bearer, as the password of basic authentication, as ``?token=``, or as the last part of the path. None of these is
ever logged. 401 before anything is stored; a wrong secret and a source nobody knows look the same.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse
from starlette.routing import Route

from bot.domain.alert_sources import AlertAuth
from bot.ports import Delivery
from bot.web.webhooks import Refused, answered, body_of, json_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from bot.domain.alert_sources import AlertSource
    from bot.metrics import Metrics
    from bot.ports import AlertMapping, Clock
    from bot.services.inbound import InboundEvents

#: Alertmanager and Grafana send whole groups; a thousand alerts with many labels are about this long.
MAX_ALERTS_BODY = 2 * 1024 * 1024
#: Where vendors put the signature unless people choose another header.
SIGNATURES = {"sentry": "Sentry-Hook-Signature", "grafana": "X-Grafana-Alerting-Signature"}
OTHER_SIGNATURE = "X-Signature"
#: A signed time older (or newer) than this is a recording.
CLOCKS_APART = 300
WRONG = "The secret is missing or wrong. muster mapping show SOURCE says where it belongs."


class AlertWebhooks:
    """The endpoint of every alert source."""

    def __init__(
        self,
        inbound: InboundEvents,
        metrics: Metrics,
        mapping: AlertMapping,
        *,
        token: str | None,
        clock: Clock,
    ) -> None:
        """Without ``token`` (ALERTS_TOKEN) presets that muster.yml does not name refuse everybody."""
        self._inbound = inbound
        self._metrics = metrics
        self._mapping = mapping
        self._token = token
        self._clock = clock

    def routes(self) -> list[Route]:
        """Grafana can be told to PUT."""
        methods = ["POST", "PUT"]
        return [
            Route("/webhooks/alerts/{source}", self.receive, methods=methods),
            Route("/webhooks/alerts/{source}/{secret}", self.receive, methods=methods),
        ]

    async def receive(self, request: Request) -> JSONResponse:
        """Keep one delivery."""
        source = self._mapping.source(request.path_params["source"])
        name = f"alerts/{source.name}" if source else "alerts/unknown"
        return await answered(self._metrics, name, self._receive(request, source))

    async def _receive(self, request: Request, source: AlertSource | None) -> JSONResponse:
        auth = self._auth_of(source)
        if auth is None or source is None:
            raise Refused(401, WRONG)
        if auth.kind != "hmac" and not _has_secret(request, auth):
            raise Refused(401, WRONG)
        body = await body_of(request, MAX_ALERTS_BODY)
        if auth.kind == "hmac" and not self._is_signed(request, source, auth, body):
            raise Refused(401, "The signature is missing or wrong.")
        reason = self._mapping.refusal(source.name, json_of(body))
        if reason:
            raise Refused(422, reason)
        event_id = self._event_id(request, body)
        fresh = await self._inbound.receive(
            Delivery(
                source=f"alerts/{source.name}",
                event_id=event_id,
                event_type=request.headers.get("sentry-hook-resource", "")[:80],
                body=body,
            )
        )
        status = "accepted" if fresh else "known"
        return JSONResponse({"status": status, "id": event_id}, status_code=202)

    def _auth_of(self, source: AlertSource | None) -> AlertAuth | None:
        if source is not None and source.auth is not None:
            return source.auth
        return AlertAuth(kind="bearer", secret=self._token) if self._token else None

    def _is_signed(
        self, request: Request, source: AlertSource, auth: AlertAuth, body: bytes
    ) -> bool:
        header = auth.header or SIGNATURES.get(source.preset or "", OTHER_SIGNATURE)
        given = request.headers.get(header, "").strip().removeprefix("sha256=").lower()
        signed = body
        if auth.timestamp_header:
            stamp = request.headers.get(auth.timestamp_header, "").strip()
            if not self._is_recent(stamp):
                return False
            signed = stamp.encode() + b":" + body
        expected = hmac.new(auth.secret.encode(), signed, hashlib.sha256).hexdigest()
        return hmac.compare_digest(given.encode(), expected.encode())

    def _is_recent(self, stamp: str) -> bool:
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12):  # noqa: PLR2004
            return False
        return abs(self._clock.now().timestamp() - int(stamp)) <= CLOCKS_APART

    def _event_id(self, request: Request, body: bytes) -> str:
        """The sender's own id of the delivery, where there is one (Sentry); else one that only we know.

        The same body may come again and mean it: an alert without times that fires, ends and fires once more.
        """
        own = request.headers.get("request-id", "").strip()
        if own and len(own) <= 100:  # noqa: PLR2004
            return own
        now = self._clock.now()
        return f"{hashlib.sha256(body).hexdigest()[:16]}-{now:%Y%m%dT%H%M%S%f}"


def _has_secret(request: Request, auth: AlertAuth) -> bool:
    """Whether the secret is anywhere a sender can put it."""
    scheme, _, credentials = request.headers.get("authorization", "").strip().partition(" ")
    credentials = credentials.strip()
    if auth.kind == "basic":
        return _same(_decoded(credentials) if scheme.lower() == "basic" else None, auth.secret)
    given = [request.query_params.get("token"), request.path_params.get("secret")]
    if scheme.lower() == "basic":
        given.append((_decoded(credentials) or "").partition(":")[2])
    elif credentials:  # Bearer, or whatever scheme the sender lets people type
        given.append(credentials)
    return any(_same(each, auth.secret) for each in given)


def _decoded(credentials: str) -> str | None:
    try:
        return base64.b64decode(credentials, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None


def _same(given: str | None, secret: str) -> bool:
    told = (given or "").encode("utf-8", "replace")
    return bool(told) and hmac.compare_digest(told, secret.encode())
