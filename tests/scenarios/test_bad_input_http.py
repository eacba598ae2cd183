"""Whatever comes as a webhook: refused with a reason and not stored, or kept; later events still count."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import itertools
import json
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from bot.store.tables import InboundRow
from tests.scenarios.bad_input_desk import BEARER, at_the_desk
from tests.stage import PAGERDUTY_SECRET, Stage, stage
from tests.workspace import cards, text_of

if TYPE_CHECKING:
    from pathlib import Path

    import httpx

    from tests.scenarios.bad_input_desk import Desk

pytestmark = pytest.mark.asyncio(loop_scope="module")

desk = pytest_asyncio.fixture(loop_scope="module")(at_the_desk)

NUMBERS = itertools.count(1)
TYPES = (
    "incident.triggered acknowledged unacknowledged annotated delegated escalated priority_updated reassigned "
    "reopened resolved responder.added responder.replied status_update_published role.assigned service_updated"
)
EVENTS = [f"incident.{t.removeprefix('incident.')}" for t in TYPES.split()] + [
    "service.created",
    "service.updated",
    "service.deleted",
    "pagey.ping",
    "incident.custom_field_values.updated",
    "",
]


def signed(body: bytes, secret: str = PAGERDUTY_SECRET) -> dict[str, str]:
    digest = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {"X-PagerDuty-Signature": f"v1={digest}"}


async def hook(s: Stage, body: bytes, headers: dict[str, str] | None = None) -> httpx.Response:
    given = signed(body) if headers is None else headers
    return await s.http.post(f"{s.bot_url}/webhooks/pagerduty", content=body, headers=given)


def event(**changes: Any) -> bytes:
    made = {"id": f"odd-{next(NUMBERS)}", "event_type": "incident.triggered", "data": {}}
    return json.dumps({"event": {**made, **changes}}).encode()


async def kept(s: Stage) -> int:
    """How many of PagerDuty's webhooks are on disk."""
    bot: Any = s.bot
    columns: Any = InboundRow
    query = select(columns.id).where(columns.source == "pagerduty")
    return await bot.work.read(lambda tx: len(tx.session.execute(query).all()))  # type: ignore[no-any-return]


# --- webhooks -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-PagerDuty-Signature": ""},
        {"X-PagerDuty-Signature": "v1="},
        {"X-PagerDuty-Signature": "v1=" + "0" * 64},
        {"X-PagerDuty-Signature": "v0=" + "0" * 64},
        {"X-PagerDuty-Signature": "v1=" + "0" * 100_00},
        {"X-PagerDuty-Signature": ",,,v1,=,"},
        signed(event(), "another secret"),
        {"Authorization": "Bearer " + PAGERDUTY_SECRET},
    ],
)
async def test_unsigned_or_wrongly_signed_is_401_and_not_kept(
    desk: Desk, headers: dict[str, str]
) -> None:
    before = await kept(desk.s)
    for body in (event(), b"", b"{", b"[" * 100_000):
        answer = await hook(desk.s, body, headers)
        assert answer.status_code == 401
        assert "signature" in answer.json()["error"]
    assert await kept(desk.s) == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"no json", 400),
        (event()[:-3], 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b'{"event":' * 20_000, 400),
        (
            b'{"event": {"id": "x", "event_type": "y", "data": ' + b"[" * 500 + b"]" * 500 + b"}}",
            400,
        ),
        (b"x" * 600_000, 413),
        (event(data={"x": "y" * 600_000}), 413),
        (b"null", 422),
        (b"[]", 422),
        (b'"text"', 422),
        (b'{"event": []}', 422),
        (event(id=None), 422),
        (event(id=""), 422),
        (event(id={"a": 1}), 422),
        (event(event_type=None), 422),
        (event(event_type=["incident.triggered"]), 422),
        (event(data=None), 422),
        (event(data="text"), 422),
        (event(data=[{}]), 422),
    ],
)
async def test_signed_nonsense_is_refused_with_a_reason_and_not_kept(
    desk: Desk, body: bytes, status: int
) -> None:
    before = await kept(desk.s)
    answer = await hook(desk.s, body)
    assert answer.status_code == status, answer.text
    assert len(answer.json()["error"]) > 10
    assert await kept(desk.s) == before


async def test_a_body_without_length_is_still_bounded(desk: Desk) -> None:
    async def endless() -> Any:
        for _ in range(600):
            yield b"x" * 1024

    answer = await desk.s.http.post(f"{desk.s.bot_url}/webhooks/pagerduty", content=endless())
    assert answer.status_code == 413


async def test_a_signed_event_nobody_knows_is_kept_and_answered_202(desk: Desk) -> None:
    before = await kept(desk.s)
    for kind in ("incident.from.the.future", "💥", "x" * 5_000, "service.on_fire"):
        answer = await hook(desk.s, event(event_type=kind, data={"id": "Q1", "type": "incident"}))
        assert answer.status_code == 202, answer.text
    assert await kept(desk.s) == before + 4


PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
FIELDS = (
    "id type title status urgency service assignees teams priority html_url number created_at incident_key "
    "escalation_policy incident user message content state resolve_reason conference_bridge summary"
)
NAMES = st.sampled_from(FIELDS.split())
ODD = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(NAMES | st.text(), inner, max_size=4)
    ),
    max_leaves=12,
)
DATA = st.dictionaries(NAMES | st.text(max_size=5), ODD, max_size=8)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def odd_events() -> list[bytes]:
    """Signed events with data of every shape, found by Hypothesis once and sent in one go.

    That takes seconds, and the stage lives in this event loop: it must not miss its pings and leases meanwhile.
    """
    found: list[bytes] = []

    @settings(
        max_examples=250,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(
        data=DATA,
        kind=st.sampled_from(EVENTS[:-1]),
        more=st.dictionaries(
            st.sampled_from(["agent", "occurred_at", "client", "resource_type"]), ODD
        ),
    )
    def draw(data: dict[str, Any], kind: str, more: dict[str, Any]) -> None:
        found.append(event(**more, data=data, event_type=kind))

    await asyncio.to_thread(draw)
    return found


async def test_signed_events_of_every_shape_are_taken_and_later_ones_still_count(
    desk: Desk, odd_events: list[bytes]
) -> None:
    before = await kept(desk.s)
    for body in odd_events:
        answer = await hook(desk.s, body)
        assert answer.status_code == 202, (answer.text, body)
    await desk.s.quiet(60)
    assert await kept(desk.s) == before + len(odd_events)
    await desk.s.pagerduty("trigger", title="A real one after all that", service="PCHECKO")
    await desk.s.until(
        lambda state: [c for c in cards(state) if "A real one after all that" in text_of(c)]
    )
    await desk.s.quiet(60)


async def test_an_endpoint_without_its_secret_refuses_everybody(tmp_path: Path) -> None:
    async with stage(tmp_path, API_TOKEN=None, PAGERDUTY_WEBHOOK_SECRET=None) as s:
        for headers in ({}, BEARER, {"Authorization": "Bearer None"}):
            answer = await s.http.get(f"{s.bot_url}/api/incidents", headers=headers)
            assert answer.status_code == 401
        for headers in ({}, signed(event()), signed(event(), "")):
            assert (await hook(s, event(), headers)).status_code == 401
        assert await kept(s) == 0
