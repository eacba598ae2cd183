"""One contract for every pager: what the native one and PagerDuty do alike."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.incident import EntryKind, Status, Urgency
from bot.errors import ProviderError, Reason
from bot.ports_pager import PageRequest
from tests.contracts.pagers import ALICE, BENCHES, HANDOVER, NOBODY, NOW, Bench

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.page import Page

BOB = "bob@example.com"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
UNKNOWN = (
    "", "INC-999999", "QNONE", "7", "INC-", "../../users", "INC-99999999999999999999", "x" * 300,
    "ü 💥", "INC-1' OR '1'='1", "a\x00b", "\ud800",
)  # fmt: skip


@pytest.fixture(params=sorted(BENCHES))
async def b(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Bench]:
    async with BENCHES[request.param](tmp_path) as bench:
        bench.name = request.param
        yield bench


def wish(b: Bench, title: str = "Checkout down") -> PageRequest:
    return PageRequest(title=title, details="All red", service_id=b.service, urgency=Urgency.HIGH)


async def opened(b: Bench, key: str = "k/1") -> Page:
    page: Page = await b.pager.open(wish(b), key=key, by=ALICE)
    b.clock.advance(60)
    return page


async def refused(call: Any, reason: Reason | set[Reason], code: str | None = None) -> None:
    """It fails as every provider may: with a ProviderError, and nothing else."""
    with pytest.raises(ProviderError) as raised:
        await call
    assert raised.value.reason in (reason if isinstance(reason, set) else {reason}), raised.value
    assert raised.value.detail
    if code is not None:
        assert raised.value.code == code


class TestPages:
    async def test_open_is_once_under_its_key_and_is_found(self, b: Bench) -> None:
        assert await b.pager.find("k/1") is None
        page = await opened(b)
        assert (page.status, page.key, page.title) == (Status.TRIGGERED, "k/1", "Checkout down")
        assert (page.service_id, page.policy_id) == (b.service, b.policy)
        assert b.on_duty(page) == ["Alice"]
        again = await b.pager.open(wish(b, "Another title"), key="k/1", by=ALICE)
        assert (again.id, again.title) == (page.id, "Checkout down")
        other = await b.pager.open(wish(b), key="k/2", by=ALICE)
        assert other.id != page.id
        found = await b.pager.find("k/1")
        assert (found.id, found.key) == (page.id, "k/1")
        assert [one.id for one in await b.pager.open_pages()] == [page.id, other.id]
        await b.pager.resolve(page.id, by=ALICE)
        assert (await b.pager.open(wish(b), key="k/1", by=ALICE)).id == page.id
        assert (await b.pager.find("k/1")).status is Status.RESOLVED
        assert [one.id for one in await b.pager.open_pages()] == [other.id]

    async def test_acknowledge_twice_is_fine_and_after_the_end_a_conflict(self, b: Bench) -> None:
        page = await opened(b)
        taken = await b.pager.acknowledge(page.id, by=BOB)
        assert taken.status is Status.ACKNOWLEDGED
        assert taken.acknowledged_by.name.startswith("Bob")
        for who in (BOB, ALICE):
            again = await b.pager.acknowledge(page.id, by=who)
            assert again.status is Status.ACKNOWLEDGED
            assert again.acknowledged_by.name.startswith("Bob")
        await b.pager.resolve(page.id, by=ALICE)
        await refused(b.pager.acknowledge(page.id, by=BOB), Reason.CONFLICT, "1001")
        assert (await b.pager.page(page.id)).status is Status.RESOLVED

    async def test_resolve_twice_is_fine(self, b: Bench) -> None:
        page = await opened(b)
        over = await b.pager.resolve(page.id, by=BOB, resolution="Restarted")
        assert (over.status, over.resolved_at is not None) == (Status.RESOLVED, True)
        b.clock.advance(60)
        again = await b.pager.resolve(page.id, by=ALICE)
        assert (again.status, again.resolved_at) == (Status.RESOLVED, over.resolved_at)

    async def test_reopen_triggers_it_again_and_leaves_an_open_one_alone(self, b: Bench) -> None:
        page = await opened(b)
        await b.pager.acknowledge(page.id, by=BOB)
        assert (await b.pager.reopen(page.id, by=ALICE)).status is Status.ACKNOWLEDGED
        await b.pager.resolve(page.id, by=BOB)
        again = await b.pager.reopen(page.id, by=ALICE)
        assert (again.status, again.resolved_at) == (Status.TRIGGERED, None)
        assert [one.id for one in await b.pager.open_pages()] == [page.id]

    async def test_reassign_gives_it_to_one_person_and_triggers_it_anew(self, b: Bench) -> None:
        page = await opened(b)
        await b.pager.acknowledge(page.id, by=BOB)
        after = await b.pager.reassign(page.id, b.user("carol"), by=ALICE)
        assert (after.status, b.on_duty(after)) == (Status.TRIGGERED, ["Carol"])
        await b.pager.resolve(page.id, by=ALICE)
        late = b.pager.reassign(page.id, b.user("bob"), by=ALICE)
        await refused(late, Reason.CONFLICT, "1001")

    async def test_escalate_to_a_level_of_its_policy(self, b: Bench) -> None:
        page = await opened(b)
        await b.pager.acknowledge(page.id, by=ALICE)
        after = await b.pager.escalate(page.id, by=ALICE, level=2)
        assert (after.status, b.on_duty(after)) == (Status.TRIGGERED, ["Bob"])
        last = await b.pager.escalate(page.id, by=ALICE, level=3)
        assert b.on_duty(last) == ["Carol"]
        for level in (4, 99, 0, -1):
            call = b.pager.escalate(page.id, by=ALICE, level=level)
            await refused(call, Reason.INVALID, "1006")
        assert b.on_duty(await b.pager.page(page.id)) == ["Carol"]

    async def test_escalate_to_another_policy(self, b: Bench) -> None:
        page = await opened(b)
        after = await b.pager.escalate(page.id, by=ALICE, policy_id=b.other_policy)
        assert (after.status, after.policy_id) == (Status.TRIGGERED, b.other_policy)
        assert b.on_duty(after) == ["Bob"]
        second = await b.pager.escalate(page.id, by=ALICE, level=2)
        assert b.on_duty(second) == ["Carol"]
        await refused(b.pager.escalate(page.id, by=ALICE, policy_id="PNONE"), Reason.INVALID)
        await refused(b.pager.escalate(page.id, by=ALICE), Reason.INVALID)

    async def test_a_responder_is_asked_beside_whoever_owns_it(self, b: Bench) -> None:
        page = await opened(b)
        await b.pager.acknowledge(page.id, by=ALICE)
        await b.pager.request_responder(page.id, b.user("carol"), by=BOB, message="Please look")
        await b.pager.request_responder(page.id, b.other_policy, by=BOB, policy=True)
        after = await b.pager.page(page.id)
        assert (after.status, b.on_duty(after)) == (Status.ACKNOWLEDGED, ["Alice"])
        asked = [e for e in after.events if e.kind is EntryKind.RESPONDER_ADDED]
        assert asked
        assert asked[0].target.name.startswith("Carol")
        nobody = b.pager.request_responder(page.id, b.user("carol"), by=NOBODY)
        await refused(nobody, Reason.INVALID, "1008")

    async def test_history_tells_everything_in_order(self, b: Bench) -> None:
        page = await opened(b)
        for step in (
            lambda: b.pager.acknowledge(page.id, by=BOB),
            lambda: b.pager.reassign(page.id, b.user("carol"), by=ALICE),
            lambda: b.pager.escalate(page.id, by=ALICE, level=2),
            lambda: b.pager.resolve(page.id, by=BOB),
            lambda: b.pager.reopen(page.id, by=ALICE),
        ):
            await step()
            b.clock.advance(60)
        after = await b.pager.page(page.id)
        assert [event.kind for event in after.events] == [
            EntryKind.TRIGGERED,
            EntryKind.ACKNOWLEDGED,
            EntryKind.REASSIGNED,
            EntryKind.ESCALATED,
            EntryKind.RESOLVED,
            EntryKind.REOPENED,
        ]
        assert [e.at for e in after.events] == sorted(e.at for e in after.events)
        assert [e.actor.name.split()[0] for e in after.events[1:]] == [
            "Bob", "Alice", "Alice", "Bob", "Alice",
        ]  # fmt: skip
        assert after.events[2].target.name.startswith("Carol")
        assert (await b.pager.page(page.id, history=False)).events == ()


class TestOnCalls:
    async def test_who_is_on_call_level_by_level(self, b: Bench) -> None:
        duty = await b.pager.on_call(b.service)
        assert [(one.level, *b.who(one.user)) for one in duty] == [
            (1, "Alice"), (2, "Bob"), (3, "Carol"),
        ]  # fmt: skip
        assert {one.policy_id for one in duty} == {b.policy}
        first, *others = duty
        assert first.schedule
        assert first.until == HANDOVER
        assert [(one.schedule, one.until) for one in others] == [(None, None)] * 2

    async def test_who_is_on_call_for_everything(self, b: Bench) -> None:
        duty = await b.pager.on_call()
        of_both = [one for one in duty if one.policy_id in {b.policy, b.other_policy}]
        firsts = {one.policy_id: b.who(one.user) for one in of_both if one.level == 1}
        assert firsts == {b.policy: ["Alice"], b.other_policy: ["Bob"]}
        levels = [one.level for one in duty if one.policy_id == b.policy]
        assert levels == sorted(levels)

    async def test_who_is_on_call_at_a_moment(self, b: Bench) -> None:
        for moment, name in (
            (HANDOVER - timedelta(seconds=1), "Alice"),
            (HANDOVER, "Bob"),
            (HANDOVER + timedelta(days=8), "Carol"),
            (NOW - DAY, "Alice"),
        ):
            duty = await b.pager.on_call(b.service, at=moment)
            assert b.who(*(one.user for one in duty if one.level == 1)) == [name], moment

    async def test_policies(self, b: Bench) -> None:
        known = await b.pager.policies()
        name, levels = known[b.policy]
        assert levels == 3
        assert known[b.other_policy][1] == 2
        assert await b.pager.policy_of(b.service) == (b.policy, name, 3)

    @pytest.mark.parametrize("service", UNKNOWN)
    async def test_unknown_services(self, b: Bench, service: str) -> None:
        await refused(b.pager.on_call(service), Reason.NOT_FOUND)
        await refused(b.pager.policy_of(service), Reason.NOT_FOUND)


class TestSchedules:
    async def test_schedules_and_their_shifts(self, b: Bench) -> None:
        known = {one.id: one for one in await b.pager.schedules()}
        assert known[b.schedule].name
        assert known[b.schedule].time_zone in {"UTC", "Etc/UTC"}
        shifts = await b.pager.shifts(b.schedule, NOW, NOW + timedelta(days=14))
        assert [(b.who(*s.users), s.since, s.until) for s in shifts] == [
            (["Alice"], NOW, HANDOVER),
            (["Bob"], HANDOVER, HANDOVER + timedelta(days=7)),
            (["Carol"], HANDOVER + timedelta(days=7), NOW + timedelta(days=14)),
        ]

    async def test_an_override_wins_and_the_last_one_wins_most(self, b: Bench) -> None:
        first = await b.pager.override(
            b.schedule, b.user("carol"), NOW + HOUR, NOW + 9 * HOUR, by=ALICE
        )
        assert b.who(first.user) == ["Carol"]
        assert (first.since, first.until) == (NOW + HOUR, NOW + 9 * HOUR)
        await b.pager.override(b.schedule, b.user("erin"), NOW + 3 * HOUR, NOW + 5 * HOUR, by=ALICE)
        shifts = await b.pager.shifts(b.schedule, NOW, NOW + 12 * HOUR)
        assert [(b.who(*s.users), s.until) for s in shifts] == [
            (["Alice"], NOW + HOUR),
            (["Carol"], NOW + 3 * HOUR),
            (["Erin"], NOW + 5 * HOUR),
            (["Carol"], NOW + 9 * HOUR),
            (["Alice"], NOW + 12 * HOUR),
        ]
        duty = await b.pager.on_call(b.service, at=NOW + 4 * HOUR)
        assert b.who(duty[0].user) == ["Erin"]
        b.clock.advance(4 * 3600)
        [now] = [one for one in await b.pager.on_call(b.service) if one.level == 1]
        assert (b.who(now.user), now.until) == (["Erin"], NOW + 5 * HOUR)
        page = await opened(b)
        assert b.on_duty(page) == ["Erin"], "whoever stands in is paged"

    async def test_overrides_are_listed_and_taken_back(self, b: Bench) -> None:
        later = await b.pager.override(
            b.schedule, b.user("erin"), NOW + DAY, NOW + 2 * DAY, by=ALICE
        )
        soon = await b.pager.override(
            b.schedule, b.user("bob"), NOW + HOUR, NOW + 3 * HOUR, by=ALICE
        )
        listed = await b.pager.overrides(b.schedule, NOW, NOW + 7 * DAY)
        assert [(one.id, *b.who(one.user)) for one in listed] == [
            (soon.id, "Bob"), (later.id, "Erin"),
        ]  # fmt: skip
        near = await b.pager.overrides(b.schedule, NOW, NOW + 12 * HOUR)
        assert [one.id for one in near] == [soon.id]
        await b.pager.remove_override(b.schedule, later.id, by=ALICE)
        listed = await b.pager.overrides(b.schedule, NOW, NOW + 7 * DAY)
        assert [one.id for one in listed] == [soon.id]
        shifts = await b.pager.shifts(b.schedule, NOW + DAY, NOW + 2 * DAY)
        assert [b.who(*s.users) for s in shifts] == [["Alice"]]

    async def test_one_that_is_under_way_ends_now(self, b: Bench) -> None:
        made = await b.pager.override(
            b.schedule, b.user("carol"), NOW + HOUR, NOW + 9 * HOUR, by=ALICE
        )
        b.clock.advance(2 * 3600)
        await b.pager.remove_override(b.schedule, made.id, by=ALICE)
        b.clock.advance(60)
        shifts = await b.pager.shifts(b.schedule, NOW, NOW + 12 * HOUR)
        assert [(b.who(*s.users), s.until) for s in shifts] == [
            (["Alice"], NOW + HOUR),
            (["Carol"], NOW + 2 * HOUR),
            (["Alice"], NOW + 12 * HOUR),
        ]
        listed = await b.pager.overrides(b.schedule, NOW, NOW + 12 * HOUR)
        assert [one.until for one in listed] == [NOW + 2 * HOUR]
        assert [one.id for one in listed] == [""], "what is over cannot be removed"

    async def test_what_can_not_be_is_refused(self, b: Bench) -> None:
        for start, end in ((NOW + HOUR, NOW + HOUR), (NOW + 2 * HOUR, NOW + HOUR)):
            refusal = b.pager.override(b.schedule, b.user("bob"), start, end, by=ALICE)
            await refused(refusal, Reason.INVALID)
            await refused(b.pager.shifts(b.schedule, start, end), Reason.INVALID)
            await refused(b.pager.overrides(b.schedule, start, end), Reason.INVALID)
        who = b.pager.override(b.schedule, NOBODY, NOW + HOUR, NOW + 2 * HOUR, by=ALICE)
        await refused(who, Reason.INVALID)
        assert list(await b.pager.overrides(b.schedule, NOW, NOW + DAY)) == []

    @pytest.mark.parametrize("unknown", UNKNOWN)
    async def test_unknown_ids(self, b: Bench, unknown: str) -> None:
        until = NOW + DAY
        await refused(b.pager.shifts(unknown, NOW, until), Reason.NOT_FOUND)
        await refused(b.pager.overrides(unknown, NOW, until), Reason.NOT_FOUND)
        made = b.pager.override(unknown, b.user("bob"), NOW, until, by=ALICE)
        await refused(made, Reason.NOT_FOUND)
        gone = b.pager.remove_override(b.schedule, unknown, by=ALICE)
        await refused(gone, Reason.NOT_FOUND)


class TestWhatIsNotThere:
    @pytest.mark.parametrize("unknown", UNKNOWN)
    async def test_unknown_pages(self, b: Bench, unknown: str) -> None:
        for call in (
            b.pager.page(unknown),
            b.pager.page(unknown, history=False),
            b.pager.acknowledge(unknown, by=ALICE),
            b.pager.resolve(unknown, by=ALICE),
            b.pager.reopen(unknown, by=ALICE),
            b.pager.reassign(unknown, b.user("bob"), by=ALICE),
            b.pager.escalate(unknown, by=ALICE, level=2),
            b.pager.request_responder(unknown, b.user("bob"), by=ALICE),
        ):
            await refused(call, Reason.NOT_FOUND)
        assert await b.pager.find(unknown) is None

    @pytest.mark.parametrize("unknown", [NOBODY, "PNONE", "", "x" * 300, "ü 💥", "a\x00b"])
    async def test_unknown_people(self, b: Bench, unknown: str) -> None:
        page = await opened(b)
        await refused(b.pager.reassign(page.id, unknown, by=ALICE), Reason.INVALID)
        responder = b.pager.request_responder(page.id, unknown, by=ALICE)
        await refused(responder, {Reason.INVALID, Reason.NOT_FOUND})

    @pytest.mark.parametrize("by", [NOBODY, "x" * 300, "ü💥@example.com", "a@b\r\nX: 1", "a\x00b"])
    async def test_whoever_acts_is_known(self, b: Bench, by: str) -> None:
        page = await opened(b)
        for call in (
            b.pager.open(wish(b), key="other", by=by),
            b.pager.acknowledge(page.id, by=by),
            b.pager.resolve(page.id, by=by),
            b.pager.reassign(page.id, b.user("bob"), by=by),
            b.pager.escalate(page.id, by=by, level=2),
            b.pager.request_responder(page.id, b.user("bob"), by=by),
        ):
            await refused(call, Reason.INVALID)
        assert (await b.pager.page(page.id)).status is Status.TRIGGERED

    async def test_a_service_that_is_not_there_opens_nothing(self, b: Bench) -> None:
        request = PageRequest(title="Down", details="", service_id="PNOWHERE", urgency=Urgency.HIGH)
        await refused(
            b.pager.open(request, key="k/9", by=ALICE), {Reason.INVALID, Reason.NOT_FOUND}
        )
        assert await b.pager.find("k/9") is None
        assert list(await b.pager.open_pages()) == []
