"""PagerDuty's webhooks as the benchmarks send them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.benchmarks.rig import sign

SERVICE = {"id": "PCHECKO", "type": "service_reference", "summary": "Checkout"}
ALICE = {"id": "PALICE1", "type": "user_reference", "summary": "Alice Ng"}


def body(number: int, kind: str, data: dict[str, Any]) -> str:
    at = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    event = {
        "id": f"01BENCH{number:08d}",
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": at,
        "agent": ALICE,
        "client": None,
        "data": data,
    }
    return json.dumps({"event": event}, separators=(",", ":"))


def incident(
    page: str, number: int, title: str, *, status: str = "triggered", urgency: str = "high"
) -> dict[str, Any]:
    return {
        "id": page,
        "type": "incident",
        "self": f"https://api.pagerduty.com/incidents/{page}",
        "html_url": f"https://acme.pagerduty.com/incidents/{page}",
        "number": number,
        "status": status,
        "incident_key": f"key-{page}",
        "created_at": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        "title": title,
        "service": SERVICE,
        "assignees": [ALICE],
        "escalation_policy": {"id": "PPOLICY", "type": "policy_reference", "summary": "Web"},
        "teams": [],
        "priority": None,
        "urgency": urgency,
        "conference_bridge": None,
        "resolve_reason": None,
    }


def note(page: str, number: int, text: str) -> dict[str, Any]:
    return {
        "incident": {"id": page, "type": "incident_reference", "summary": "an incident"},
        "id": f"PNOTE{number}",
        "content": text,
        "trimmed": False,
        "type": "incident_note",
    }


def mixed(count: int, incidents: int, *, first: int = 0) -> list[str]:
    """``count`` different events about ``incidents`` low-urgency incidents, the newest one first in its life."""
    made = []
    for n in range(first, first + count):
        page, title = f"QBENCH{n % incidents}", f"Benchmark incident {n % incidents}"
        nth = n // incidents
        if n < incidents:
            data = incident(page, n, title, urgency="low")
            made.append(body(n, "incident.triggered", data))
        elif nth % 4 == 1:
            data = incident(page, n, title, status="acknowledged", urgency="low")
            made.append(body(n, "incident.acknowledged", data))
        else:
            made.append(body(n, "incident.annotated", note(page, n, f"Looking at it, step {nth}")))
    return made


def signed(bodies: list[str]) -> dict[str, list[str]]:
    """Bodies with their signatures, as the load client takes them."""
    return {"bodies": bodies, "signatures": [sign(b.encode()) for b in bodies]}
