"""Log entries, notes and responders become one history without doubles."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.incident import EntryKind, Status
from bot.providers.pagerduty.history import events
from bot.providers.pagerduty.parse import page_from_rest

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ANA = {"id": "PANA", "type": "user_reference", "summary": "Ana Silva"}
BEN = {"id": "PBEN", "type": "user_reference", "summary": "Ben Ode"}
SERVICE = {"id": "PSVC", "type": "service_reference", "summary": "Checkout"}


def entry(kind: str, minute: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"R{kind}{minute}",
        "type": f"{kind}_log_entry",
        "created_at": f"2026-03-01T12:{minute:02}:00Z",
        "agent": ANA,
        "channel": {"type": "api"},
    } | more


def kinds(entries: list[dict[str, Any]], notes: list[dict[str, Any]] | None = None) -> list[str]:
    newest_first = entries[::-1]
    return [event.kind.value for event in events(newest_first, notes, {})]


def test_a_whole_incident() -> None:
    entries = [
        entry("trigger", 0, agent=SERVICE),
        entry("assign", 0, agent=SERVICE, assignees=[ANA]),
        entry("notify", 0),
        entry("acknowledge", 1),
        entry("unacknowledge", 2, agent=None, channel={"type": "timeout"}),
        entry("escalate", 3, agent=None, assignees=[BEN]),
        entry("assign", 4, assignees=[ANA, BEN]),
        entry("delegate", 5, assignees=[BEN]),
        entry("snooze", 6),
        entry("some_day_invented", 7),
        entry("resolve", 8, channel={"type": "note", "summary": "Rolled back"}),
    ]
    told = events(entries[::-1], [], {})
    assert [event.kind for event in told] == [
        EntryKind.TRIGGERED,
        EntryKind.ACKNOWLEDGED,
        EntryKind.UNACKNOWLEDGED,
        EntryKind.ESCALATED,
        EntryKind.REASSIGNED,
        EntryKind.DELEGATED,
        EntryKind.RESOLVED,
    ]
    assert told[0].actor is not None
    assert told[0].actor.pagerduty_id is None  # a service is nobody to look up
    assert told[3].actor is None
    assert [event.target.name for event in told if event.target] == [
        "Ben Ode",
        "Ana Silva",
        "Ben Ode",
    ]
    assert told[-1].text == "Rolled back"


def test_a_note_is_told_once() -> None:
    note = {"id": "PN", "user": ANA, "content": "Cache cold", "created_at": "2026-03-01T12:03:00Z"}
    entries = [
        entry("trigger", 0),
        entry("annotate", 3, channel={"type": "note", "summary": "Cache cold"}),
    ]
    told = events(entries[::-1], [note], {})
    assert [(e.kind.value, e.text, e.vendor_id) for e in told][1:] == [
        ("annotated", "Cache cold", "PN")
    ]
    told = events(entries[::-1], None, {})  # notes cannot be read: the log entry tells it
    assert [(e.kind.value, e.text) for e in told][1:] == [("annotated", "Cache cold")]


def test_trigger_after_resolve_is_a_reopening() -> None:
    entries = [
        entry("trigger", 0),
        entry("assign", 0, assignees=[ANA]),
        entry("resolve", 1),
        entry("trigger", 2),
        entry("assign", 2, assignees=[ANA]),
        entry("assign", 9, assignees=[BEN]),
    ]
    assert kinds(entries, []) == ["triggered", "resolved", "reopened", "reassigned"]


def test_order_within_a_second_is_kept() -> None:
    entries = [entry("trigger", 0), entry("acknowledge", 0), entry("resolve", 0)]
    assert kinds(entries, []) == ["triggered", "acknowledged", "resolved"]


def test_priority_changes_are_recognised() -> None:
    entries = [
        entry("priority_change", 1, summary='Priority changed from "P3" to "P1" by Ana Silva.'),
        entry("field_value_change", 2, summary="Priority changed from P1 to P2."),
        entry("field_value_change", 3, summary="Impact changed."),
        entry("priority_change", 4, channel={"new_priority": {"summary": "P4"}}),
    ]
    told = events(entries[::-1], [], {})
    assert [event.text for event in told] == ["P1", "P2", "P4"]


def test_responders_come_from_the_incident() -> None:
    incident = {
        "incidents_responders": [
            {
                "state": "accepted",
                "user": BEN,
                "requester": ANA,
                "message": "Come",
                "requested_at": "2026-03-01T12:01:00Z",
                "updated_at": "2026-03-01T05:02:00-07:00",
            },
            {"state": "pending", "user": ANA, "updated_at": "2026-03-01T12:01:00Z"},
        ]
    }
    told = events([], [], incident)
    assert [(e.kind, e.text) for e in told] == [
        (EntryKind.RESPONDER_ADDED, "Come"),
        (EntryKind.RESPONDER_REPLIED, "accepted"),
    ]


def test_a_rest_incident() -> None:
    page = page_from_rest(
        {
            "id": "Q1",
            "incident_number": 7,
            "title": "Down",
            "description": "Down",
            "status": "acknowledged",
            "urgency": "low",
            "created_at": "2026-03-01T11:00:00Z",
            "last_status_change_at": "2026-03-01T11:05:00Z",
            "last_status_change_by": ANA,
            "assignments": [
                {"at": "x", "assignee": BEN | {"name": "Ben", "email": "ben@acme.test"}}
            ],
            "acknowledgements": [
                {"at": "2026-03-01T11:06:00Z", "acknowledger": BEN},
                {"at": "2026-03-01T11:05:00Z", "acknowledger": ANA},
            ],
            "body": {"details": "All of it"},
        },
        now=NOW,
    )
    assert (page.number, page.status, page.description) == (7, Status.ACKNOWLEDGED, "All of it")
    assert page.acknowledged_by is not None
    assert page.acknowledged_by.name == "Ana Silva"
    assert page.assignees[0].email == "ben@acme.test"


values = st.none() | st.booleans() | st.integers() | st.text(max_size=9) | st.lists(st.none())
names = st.sampled_from(
    ["type", "created_at", "agent", "channel", "assignees", "summary", "id", "note"]
)
odd = st.dictionaries(names, values)


@settings(deadline=None)
@given(st.lists(odd, max_size=4), st.lists(odd, max_size=3) | st.none(), odd)
def test_odd_histories_never_raise(
    entries: list[dict[str, Any]], notes: list[dict[str, Any]] | None, incident: dict[str, Any]
) -> None:
    told = events([entry("assign", 1) | one for one in entries], notes, incident)
    assert list(told) == sorted(told, key=lambda event: event.at)
    page_from_rest(incident, now=NOW)
