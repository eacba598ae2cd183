"""Silences by Alertmanager's API v2 (https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml)."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from bot.domain.alert_silence import Matcher, Silence
from bot.providers.http import VendorHttp, lost

if TYPE_CHECKING:
    from bot.providers.http import Observe

#: A silence that is over stays listed for days.
OVER = "expired"


class Alertmanager:
    """``Silences``: each call is one request, nothing is tried again."""

    def __init__(
        self,
        credentials: str,
        base_url: str,
        timeout: float = 5.0,
        observe: Observe | None = None,
    ) -> None:
        """``base_url`` is that of its web page; ``credentials`` are ``user:password`` or empty."""
        headers, secrets = {"Accept": "application/json"}, []
        if credentials:
            encoded = base64.b64encode(credentials.encode()).decode()
            headers["Authorization"] = f"Basic {encoded}"
            secrets = [credentials, credentials.partition(":")[2], encoded]
        self._http = VendorHttp(
            "alertmanager", base_url, headers, timeout, observe, explain=_explain, secrets=secrets
        )

    async def find(self, mark: str) -> list[Silence]:
        """The silences that are not over yet with that mark in their comment.

        The API's ``filter`` compares matchers only, and those may have changed since: all are looked through.
        """
        listed = await self._http.request("GET", "/api/v2/silences")
        if not isinstance(listed, list):
            raise self._http.error(lost(write=False), "answered with something that is no list")
        return [_silence(each) for each in listed if _is_marked(each, mark)]

    async def put(self, silence: Silence, *, now: datetime) -> str:
        """Make it, or change the one of its ``id``; the id it has now."""
        body: dict[str, Any] = {
            "matchers": [
                {
                    "name": m.name,
                    "value": m.value,
                    "isRegex": m.is_regex,
                    "isEqual": not m.negative,
                }
                for m in sorted(silence.matchers)
            ],
            "startsAt": now.isoformat(),
            "endsAt": silence.ends_at.isoformat(),
            "createdBy": silence.by,
            "comment": silence.comment,
        }
        if silence.id:
            body["id"] = silence.id
        made = await self._http.request("POST", "/api/v2/silences", json=body, expect="silenceID")
        return str(made)

    async def expire(self, silence_id: str) -> None:
        """End it now."""
        await self._http.request("DELETE", "/api/v2/silence/{id}", ids={"id": silence_id})

    async def running_since(self) -> datetime:
        """When it was started: it knows nothing of what fired before until it is told again."""
        at = await self._http.request("GET", "/api/v2/status", expect="uptime")
        try:
            return datetime.fromisoformat(str(at)).astimezone(UTC)
        except ValueError:
            raise self._http.error(lost(write=False), "does not say since when it runs") from None

    async def firing(self) -> frozenset[str]:
        """The fingerprints of all alerts that fire now, silenced or not."""
        listed = await self._http.request("GET", "/api/v2/alerts")
        if not isinstance(listed, list):
            raise self._http.error(lost(write=False), "answered with something that is no list")
        return frozenset(str(each.get("fingerprint")) for each in listed if isinstance(each, dict))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def _explain(body: Any) -> tuple[str, str]:
    """Its errors are a JSON string, or an object with a message."""
    if isinstance(body, Mapping):
        return "", str(body.get("message") or "")
    return "", body if isinstance(body, str) else ""


def _is_marked(each: Any, mark: str) -> bool:
    if not isinstance(each, dict) or mark not in str(each.get("comment") or ""):
        return False
    status = each.get("status")
    return not (isinstance(status, dict) and status.get("state") == OVER)


def _silence(each: Mapping[str, Any]) -> Silence:
    found = [m for m in each.get("matchers") or () if isinstance(m, dict)]
    return Silence(
        id=str(each.get("id") or ""),
        matchers=frozenset(
            Matcher(
                name=str(m.get("name")),
                value=str(m.get("value")),
                is_regex=bool(m.get("isRegex")),
                negative=not m.get("isEqual", True),
            )
            for m in found
        ),
        ends_at=_time(each.get("endsAt")),
        by=str(each.get("createdBy") or ""),
        comment=str(each.get("comment") or ""),
    )


def _time(value: Any) -> datetime:
    """When it ends; what cannot be read is long over, and so is put right."""
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
