"""Groups of alerts in every state a card can show."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.alert_groups import Counts, Group, GroupView
from bot.domain.alert_state import Stored
from bot.domain.alerts import Alert, AlertStatus
from bot.domain.incident import Status
from tests.unit.blocks.samples import ANA, NOW, START, incident

if TYPE_CHECKING:
    from collections.abc import Iterator


def a_group(**changes: Any) -> Group:
    return replace(
        Group(
            id=3, key="k", title="QueueTooLong", service="mailer", source="alertmanager",
            severity="critical", opened_at=START, last_at=NOW,
        ),
        **changes,
    )  # fmt: skip


def an_alert(**changes: Any) -> Alert:
    return replace(
        Alert(
            source="alertmanager", external_id="1", title="QueueTooLong", status=AlertStatus.FIRING,
            description="2,311 mails wait", severity="critical", started_at=START,
            labels={"instance": "mx-1", "team": "post"}, url="https://prom.example.com/graph",
        ),
        **changes,
    )  # fmt: skip


def stored(alert: Alert | None = None, **changes: Any) -> Stored:
    plain = Stored(
        alert=alert or an_alert(), since=START, first_seen=START, seen_at=NOW, changed_at=START
    )
    return replace(plain, **changes)


def a_view(**changes: Any) -> GroupView:
    """One firing alert, without an incident."""
    plain = GroupView(
        group=a_group(),
        counts=Counts(by_status={AlertStatus.FIRING: 1}, severity="critical"),
        alerts=(stored(),),
    )
    return replace(plain, **changes)


def alert_views() -> Iterator[GroupView]:
    """Every state: free, like an open incident, with one, private, paged, silenced, flapping, over."""
    yield a_view()
    yield a_view(similar=(incident(),))
    yield a_view(incident=incident())
    yield a_view(incident=incident(private=True))
    yield a_view(incident=incident(status=Status.RESOLVED, resolved_at=NOW))
    yield a_view(group=a_group(paged_at=START))
    yield a_view(group=a_group(paged_at=START, acknowledged_at=NOW, acknowledged_by=ANA))
    yield a_view(group=a_group(paged_at=START), paged=False)
    later = NOW + timedelta(hours=1)
    yield a_view(group=a_group(silenced_until=later, silenced_by=ANA))
    told = (("far", "could not connect"), ("near", ""))
    yield a_view(group=a_group(silenced_until=later, silenced_by=ANA), at_source=told)
    counts = Counts(by_status={AlertStatus.FIRING: 1, AlertStatus.NO_DATA: 1}, flapping=2)
    yield a_view(counts=counts)
    over = an_alert(status=AlertStatus.RESOLVED, ended_at=NOW)
    yield a_view(
        counts=Counts(by_status={AlertStatus.RESOLVED: 1}), alerts=(stored(over, changed_at=NOW),)
    )
