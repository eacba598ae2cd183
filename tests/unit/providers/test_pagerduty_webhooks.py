"""Webhooks: only genuine ones, and nothing in them can break us."""

from __future__ import annotations

import hashlib
import hmac
import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.incident import EntryKind, Status, Urgency
from bot.providers.pagerduty import parse_event, verify
from bot.providers.pagerduty.webhooks import KINDS

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ANA = {"id": "PANA", "type": "user_reference", "summary": "Ana Silva"}
BEN = {"id": "PBEN", "type": "user_reference", "summary": "Ben Ode"}
INCIDENT: dict[str, Any] = {
    "id": "QINC1",
    "type": "incident",
    "html_url": "https://acme.pagerduty.test/incidents/QINC1",
    "number": 41,
    "status": "triggered",
    "incident_key": "inc-41",
    "created_at": "2026-03-01T11:58:00Z",
    "title": "Checkout answers 500",
    "service": {"id": "PSVC", "type": "service_reference", "summary": "Checkout"},
    "assignees": [ANA],
    "escalation_policy": {"id": "PPOL", "summary": "Web on-call"},
    "priority": {"id": "PPRI", "summary": "P1"},
    "urgency": "high",
    "resolve_reason": None,
}
REF = {"id": "QINC1", "type": "incident_reference", "summary": "Checkout answers 500"}


def event(kind: str, data: Any, **more: Any) -> bytes:
    body = {
        "id": "01EVENT",
        "event_type": kind,
        "resource_type": "incident",
        "occurred_at": "2026-03-01T12:00:00.250Z",
        "agent": BEN,
        "client": None,
        "data": data,
    }
    return json.dumps({"event": body | more}).encode()


def signature(body: bytes, secret: str) -> str:
    return "v1=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


class TestVerify:
    body = b'{"event": {}}'

    def test_any_signature_by_any_secret_will_do(self) -> None:
        old, new = signature(self.body, "old"), signature(self.body, "new")
        assert verify(self.body, new, ["new"])
        assert verify(self.body, f"v1=00, {old} ,{new}", ["old"])
        assert verify(self.body, old, ["new", "old"])

    @pytest.mark.parametrize("header", [None, "", "v1=", "v1=zz", "v2=00", ",,,", "v1=\udcff", "ü"])
    def test_nothing_else_will(self, header: str | None) -> None:
        assert not verify(self.body, header, ["secret"])

    def test_without_a_secret_nothing_is_genuine(self) -> None:
        assert not verify(self.body, signature(self.body, ""), [])
        assert not verify(self.body, signature(self.body, ""), [""])

    def test_one_byte_more_is_another_body(self) -> None:
        assert not verify(self.body + b" ", signature(self.body, "s"), ["s"])

    def test_known_vector(self) -> None:
        # printf '{"a":1}' | openssl dgst -sha256 -hmac topsecret
        told = "v1=bf1e6501b7fa928ec2391fea9dd90af3c9ad1b7b1ef6ff319c25940cec746bf8"
        assert verify(b'{"a":1}', told, ["topsecret"])


class TestParse:
    def test_triggered_carries_the_page(self) -> None:
        inbound = parse_event(event("incident.triggered", INCIDENT))
        page = inbound.page
        assert page is not None
        assert (inbound.id, inbound.type, inbound.page_id) == (
            "01EVENT",
            "incident.triggered",
            "QINC1",
        )
        assert (page.number, page.title, page.key) == (41, "Checkout answers 500", "inc-41")
        assert (page.status, page.urgency, page.priority) == (Status.TRIGGERED, Urgency.HIGH, "P1")
        assert (page.service_id, page.service_name) == ("PSVC", "Checkout")
        assert (page.policy_id, page.policy_name) == ("PPOL", "Web on-call")
        assert page.url == "https://acme.pagerduty.test/incidents/QINC1"
        assert [one.name for one in page.assignees] == ["Ana Silva"]
        assert page.created_at == datetime(2026, 3, 1, 11, 58, tzinfo=UTC)
        assert inbound.event is not None
        assert inbound.event.kind is EntryKind.TRIGGERED
        assert inbound.event.at == datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
        assert inbound.event.actor is not None
        assert inbound.event.actor.pagerduty_id == "PBEN"

    @pytest.mark.parametrize(
        "kind", ["incident.reassigned", "incident.escalated", "incident.delegated"]
    )
    def test_who_it_went_to(self, kind: str) -> None:
        inbound = parse_event(event(kind, INCIDENT))
        assert inbound.event is not None
        assert inbound.event.target is not None
        assert inbound.event.target.name == "Ana Silva"

    def test_acknowledged_and_resolved_say_who_and_when(self) -> None:
        data = INCIDENT | {"status": "acknowledged"}
        page = parse_event(event("incident.acknowledged", data)).page
        assert page is not None
        assert page.acknowledged_by is not None
        assert page.acknowledged_by.name == "Ben Ode"
        data = INCIDENT | {"status": "resolved", "assignees": []}
        page = parse_event(event("incident.resolved", data)).page
        assert page is not None
        assert (
            page.resolved_at
            == page.changed_at
            == datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
        )

    def test_other_changes_bring_no_status_about(self) -> None:
        data = INCIDENT | {"status": "acknowledged"}
        page = parse_event(event("incident.priority_updated", data)).page
        assert page is not None
        assert (page.status, page.changed_at, page.acknowledged_at) == (
            Status.ACKNOWLEDGED,
            None,
            None,
        )

    def test_note(self) -> None:
        data = {"incident": REF, "id": "PNOTE", "content": "Cache is cold", "type": "incident_note"}
        inbound = parse_event(event("incident.annotated", data))
        assert (inbound.page_id, inbound.page) == ("QINC1", None)
        assert inbound.event is not None
        assert (inbound.event.text, inbound.event.vendor_id) == ("Cache is cold", "PNOTE")

    def test_responders(self) -> None:
        data = {"incident": REF, "user": ANA, "message": "Come", "state": "accepted"}
        added = parse_event(event("incident.responder.added", data)).event
        replied = parse_event(event("incident.responder.replied", data)).event
        assert added is not None
        assert replied is not None
        assert added.target is not None
        assert replied.actor is not None
        assert (added.target.name, added.text) == ("Ana Silva", "Come")
        assert (replied.actor.name, replied.text) == ("Ana Silva", "accepted")

    def test_status_update_role_and_merge(self) -> None:
        update = {"incident": REF, "id": "PUPD", "message": "Rolling back"}
        told = parse_event(event("incident.status_update_published", update)).event
        assert told is not None
        assert (told.kind, told.text) == (EntryKind.STATUS_UPDATE, "Rolling back")
        role = {"incident": REF, "assignee": ANA, "role": {"summary": "Scribe"}}
        inbound = parse_event(
            event("incident.role.assigned", {"incident_role_assignments": [role]})
        )
        assert inbound.page_id == "QINC1"
        assert inbound.event is not None
        assert (inbound.event.kind, inbound.event.text) == (EntryKind.ROLE, "Scribe")
        merged = {
            "status": "resolved",
            "resolve_reason": {"incident": {"id": "Q2", "summary": "Root"}},
        }
        resolved = parse_event(event("incident.resolved", INCIDENT | merged)).event
        assert resolved is not None
        assert resolved.text == "Merged into Root"

    @pytest.mark.parametrize(
        ("kind", "data", "page_id"),
        [
            ("pagey.ping", {"message": "Hello", "type": "ping"}, None),
            ("service.updated", {"id": "PSVC", "type": "service", "summary": "Checkout"}, None),
            (
                "incident.task.created",
                {"incident": REF, "id": "T1", "type": "incident_task"},
                "QINC1",
            ),
            ("incident.invented_tomorrow", {}, None),
            ("nobody.knows", {"type": 5, "id": None}, None),
        ],
    )
    def test_unknown_types_are_kept_without_event(
        self, kind: str, data: dict[str, Any], page_id: str | None
    ) -> None:
        inbound = parse_event(event(kind, data))
        assert (inbound.type, inbound.page_id, inbound.event, inbound.page) == (
            kind,
            page_id,
            None,
            None,
        )

    @pytest.mark.parametrize(
        "change",
        [
            {"title": None},
            {"title": 5},
            {"number": "41"},
            {"number": "many"},
            {"number": 10**40},
            {"status": "snoozed"},
            {"status": None},
            {"assignees": None},
            {"assignees": [None, "x", {}]},
            {"service": "PSVC"},
            {"escalation_policy": []},
            {"priority": "P1"},
            {"urgency": None},
            {"html_url": "javascript:alert(1)"},
            {"created_at": "yesterday"},
            {"created_at": "0001-01-01T00:00:00+14:00"},
            {"title": "\x00 nul and \ud800 half"},
        ],
    )
    def test_odd_fields_are_tolerated(self, change: dict[str, Any]) -> None:
        page = parse_event(event("incident.triggered", INCIDENT | change)).page
        assert page is not None
        assert page.title
        assert page.url in {INCIDENT["html_url"], ""}
        assert page.status is Status.TRIGGERED
        json.dumps([page.title]).encode("utf-8")
        page.title.encode("utf-8")
        assert "\x00" not in page.title

    @pytest.mark.parametrize(
        ("at", "expected"),
        [
            ("2026-03-01T12:00:00", NOW),
            ("2026-03-01T13:00:00+01:00", NOW),
            ("2026-03-01 12:00:00 UTC", NOW),
            (1772366400, NOW),
            (1772366400000, NOW),
            (None, NOW),
            ("", NOW),
            ("noon", NOW),
            (float("nan"), NOW),
            (10**30, NOW),
            ({}, NOW),
            (True, NOW),
        ],
    )
    def test_odd_times(self, at: Any, expected: datetime) -> None:
        body = event("incident.triggered", INCIDENT, occurred_at=at)
        assert parse_event(body, now=NOW).occurred_at == expected

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"not json",
            b"\xff\xfe",
            b"[]",
            b"null",
            b'{"messages": []}',
            b'{"event": []}',
            event("incident.triggered", INCIDENT, id=None),
            event("incident.triggered", INCIDENT, id=" "),
            event("incident.triggered", INCIDENT, event_type=7),
            event("incident.triggered", None),
            event("incident.triggered", [INCIDENT]),
            b"[" * 100_000,
        ],
    )
    def test_what_is_refused_says_why(self, body: bytes) -> None:
        with pytest.raises(ValueError, match=r"\w+"):
            parse_event(body)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=8,
)
fields = st.sampled_from(
    [*INCIDENT, "incident", "user", "content", "message", "incident_role_assignments", "state"]
)


@settings(deadline=None)
@given(json_values)
def test_any_json_is_read_or_refused_with_value_error(value: Any) -> None:
    with suppress(ValueError):
        parse_event(json.dumps(value).encode())


@settings(deadline=None)
@given(
    st.sampled_from([*KINDS, "x"]), st.dictionaries(fields, json_values), json_values, json_values
)
def test_any_data_is_read(kind: str, change: dict[str, Any], agent: Any, at: Any) -> None:
    body = event(kind, INCIDENT | change, agent=agent, occurred_at=at)
    inbound = parse_event(body)
    assert inbound.occurred_at.utcoffset() is not None
    if inbound.page is not None:
        assert inbound.page.title
        assert inbound.page.created_at.utcoffset() is not None
