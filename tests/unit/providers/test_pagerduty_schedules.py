"""Schedules at PagerDuty: what is sent, and what its answers mean."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ProviderError, Reason
from bot.ports_pager import PagerUser, Shift
from bot.providers.pagerduty import PagerDuty
from bot.providers.pagerduty.schedules import seamless

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.providers.conftest import Vendor

ONE = "GET /schedules/PS1"
OVERRIDES = "GET /schedules/PS1/overrides"
CREATE = "POST /schedules/PS1/overrides"
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
BY = "ana@acme.test"


@pytest.fixture
async def pager(vendor: Vendor) -> AsyncIterator[PagerDuty]:
    client = PagerDuty("key", vendor.url)
    yield client
    await client.aclose()


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def entry(user: str, start: float, end: float, **more: Any) -> dict[str, Any]:
    return {
        "user": {"id": user, "summary": user.title(), "type": "user_reference"},
        "start": at(start).isoformat(),
        "end": at(end).isoformat(),
        **more,
    }


def final(*entries: Any) -> dict[str, Any]:
    return {"schedule": {"id": "PS1", "final_schedule": {"rendered_schedule_entries": [*entries]}}}


async def refused(call: Any) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await call
    return raised.value


async def test_schedules_by_name(vendor: Vendor, pager: PagerDuty) -> None:
    vendor.answers["GET /schedules"] = {
        "schedules": [
            {"id": "PS2", "name": "web", "time_zone": "Europe/Berlin"},
            {"id": "PS1", "summary": "Ops"},
            {"id": "PS3"},
        ]
    }
    found = await pager.schedules()
    assert [(one.id, one.name, one.time_zone) for one in found] == [
        ("PS1", "Ops", "UTC"),
        ("PS3", "PS3", "UTC"),
        ("PS2", "web", "Europe/Berlin"),
    ]


async def test_shifts_have_no_hole(vendor: Vendor, pager: PagerDuty) -> None:
    vendor.answers[ONE] = final(
        entry("ben", 4, 6), entry("ana", 1, 2), entry("ana", 2, 3), {"start": "odd"}, 7
    )
    found = await pager.shifts("PS1", at(0), at(8))
    assert [([u.name for u in s.users], s.since, s.until) for s in found] == [
        ([], at(0), at(1)),
        (["Ana"], at(1), at(3)),
        ([], at(3), at(4)),
        (["Ben"], at(4), at(6)),
        ([], at(6), at(8)),
    ]
    assert vendor.asked[0].query["since"] == ["2026-03-02T09:00:00Z"]
    assert vendor.asked[0].query["until"] == ["2026-03-02T17:00:00Z"]
    vendor.answers[ONE] = {"schedule": {"id": "PS1"}}
    assert (await refused(pager.shifts("PS1", at(0), at(8)))).reason is Reason.UNAVAILABLE
    unknown = await refused(pager.shifts("PS9", at(0), at(8)))
    assert unknown.reason is Reason.NOT_FOUND


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(-5, 30), st.integers(-5, 30)), max_size=8
    )
)
def test_whatever_is_rendered_becomes_seamless(spans: list[tuple[str, int, int]]) -> None:
    entries = [
        Shift(since=at(s), until=at(e), users=(PagerUser(id=u, name=u, email=""),))
        for u, s, e in spans
    ]
    found = seamless(entries, at(0), at(24))
    assert (found[0].since, found[-1].until) == (at(0), at(24))
    for one, after in itertools.pairwise(found):
        assert one.until == after.since
        assert one.users != after.users
    assert all(one.since < one.until for one in found)
    for hour in range(24):
        there = {u for u, s, e in spans if s <= hour < e}
        [shown] = [one for one in found if one.since <= at(hour) < one.until]
        assert {u.id for u in shown.users} <= there
        assert bool(shown.users) is bool(there)


async def test_overrides_with_the_ids_that_can_be_used(vendor: Vendor, pager: PagerDuty) -> None:
    def answer(asked: Any) -> dict[str, Any]:
        if "editable" in asked.query:
            return {"overrides": [entry("ben", 5, 6, id="Q2")]}
        return {"overrides": [entry("ben", 5, 6), entry("ana", 1, 2), entry("cy", 3, 3), None]}

    vendor.answers[OVERRIDES] = answer
    found = await pager.overrides("PS1", at(0), at(8))
    assert [(one.id, one.user.id, one.since) for one in found] == [
        ("", "ana", at(1)),
        ("Q2", "ben", at(5)),
    ]
    assert all(asked.query["overflow"] == ["true"] for asked in vendor.asked)


async def test_an_override_is_made(vendor: Vendor, pager: PagerDuty) -> None:
    vendor.answers[CREATE] = (201, [{"status": 201, "override": entry("ben", 1, 2, id="Q1")}])
    made = await pager.override("PS1", "ben", at(1), at(2), by=BY)
    assert (made.id, made.user.name, made.since, made.until) == ("Q1", "Ben", at(1), at(2))
    [asked] = vendor.asked
    assert asked.body == {
        "overrides": [
            {
                "start": "2026-03-02T10:00:00Z",
                "end": "2026-03-02T11:00:00Z",
                "user": {"id": "ben", "type": "user_reference"},
            }
        ]
    }
    assert "From" not in asked.headers


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        ([{"status": 400, "errors": ["Override must end after its start"]}], Reason.INVALID,
         "Override must end after its start"),
        ([{"status": 400}], Reason.INVALID, "PagerDuty refused the override"),
        ([], Reason.UNKNOWN_OUTCOME, "without the override"),
        ({"overrides": []}, Reason.UNKNOWN_OUTCOME, "without the override"),
        ([{"status": 201, "override": {}}], Reason.UNKNOWN_OUTCOME, "no time"),
    ],
)  # fmt: skip
async def test_an_override_that_was_not_made(
    vendor: Vendor, pager: PagerDuty, answer: Any, reason: Reason, words: str
) -> None:
    vendor.answers[CREATE] = (201, answer)
    error = await refused(pager.override("PS1", "ben", at(1), at(2), by=BY))
    assert error.reason is reason
    assert words in error.detail


async def test_a_period_ends_after_its_start(vendor: Vendor, pager: PagerDuty) -> None:
    for call in (
        pager.shifts("PS1", at(1), at(1)),
        pager.overrides("PS1", at(2), at(1)),
        pager.override("PS1", "ben", at(1), at(1), by=BY),
    ):
        assert (await refused(call)).reason is Reason.INVALID
    assert vendor.asked == []


async def test_an_override_is_removed(vendor: Vendor, pager: PagerDuty) -> None:
    vendor.answers["DELETE /schedules/PS1/overrides/Q1"] = (204, None)
    await pager.remove_override("PS1", "Q1", by=BY)
    assert (await refused(pager.remove_override("PS1", "Q9", by=BY))).reason is Reason.NOT_FOUND


async def test_who_is_on_call_at_a_moment(vendor: Vendor, pager: PagerDuty) -> None:
    vendor.answers["GET /oncalls"] = {"oncalls": [], "more": False}
    assert await pager.on_call(at=at(3)) == []
    [asked] = vendor.asked
    assert asked.query["since"] == asked.query["until"] == ["2026-03-02T12:00:00Z"]
