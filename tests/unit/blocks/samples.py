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
from bot.domain.report import Group, Statistics

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
START = NOW - timedelta(minutes=12)
ANA = Actor(name="Ana", slack_id="UANA")
BEN = Actor(name="Ben <b>")
QUIET = Statistics(
    days=30, since=NOW - timedelta(days=30), until=NOW, total=Group(label=""), declared={}
)
BUSY = replace(
    QUIET,
    total=Group(label="", count=4, open=1, seconds_to_acknowledge=95.0),
    severities=(
        Group(label="SEV1", count=3, seconds_to_acknowledge=95.0, seconds_to_resolve=3600.0),
        Group(label="", count=1, open=1),
    ),
    services=(Group(label="Checkout API", count=3), Group(label="<b>", count=1)),
    declared={(NOW.date(), "SEV1"): 2, (START.date(), ""): 2},
)
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
