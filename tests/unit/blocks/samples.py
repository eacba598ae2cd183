"""One ordinary incident, and ways to change it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from blocks.card import CardContext
from bot.domain.incident import (
    Actor,
    Incident,
    Origin,
    PagerKind,
    PagerLink,
    Places,
    Status,
    TicketLink,
)

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
START = NOW - timedelta(minutes=12)
ANA = Actor(name="Ana", slack_id="UANA")
BEN = Actor(name="Ben <b>")
SEVERITIES = {"SEV1": ":red_circle:", "SEV2": ":large_orange_circle:"}
CONTEXT = CardContext(now=NOW, severities=SEVERITIES)


def incident(**changes: Any) -> Incident:
    """INC-12 from PagerDuty, triggered, with a channel and an issue."""
    return replace(
        Incident(
            number=12,
            title="Checkout is down",
            severity="SEV1",
            priority="P1",
            service="checkout-api",
            service_title="Checkout API",
            origin=Origin.PAGERDUTY,
            owners=(ANA,),
            pager=PagerLink(
                kind=PagerKind.PAGERDUTY, id="P1", number=77, url="https://acme.pagerduty.com/i/P1"
            ),
            ticket=TicketLink(
                repo="acme/checkout-api", number=4, url="https://github.com/acme/checkout-api/4"
            ),
            places=Places(
                announcement_channel="C0ANNOUNCE",
                announcement_url="https://acme.slack.com/archives/C0ANNOUNCE/p1",
                channel="C0INCIDENT",
                channel_name="incident-12-checkout-is-down",
            ),
            started_at=START,
            created_at=START,
            updated_at=NOW,
        ),
        **changes,
    )


def resolved(**changes: Any) -> Incident:
    """The same, resolved by Ana after twelve minutes."""
    return incident(
        status=Status.RESOLVED,
        resolved_at=NOW,
        resolved_by=ANA,
        resolution="Rolled back <v42> & restarted",
        **changes,
    )
