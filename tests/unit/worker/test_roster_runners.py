"""Hand-overs and gaps are told once wherever they can be; user groups follow, and refusals stop nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Catalog, Roster, RosterLayer
from bot.domain.effects import EffectKind as K
from bot.errors import ProviderError, Reason
from bot.ports import Channel, Member, UserGroup
from bot.services import roster_watch
from tests.unit.store.house import NOW
from tests.unit.worker.fakes import Shop, build_shop, refusal

if TYPE_CHECKING:
    from pathlib import Path

#: NOW is a Sunday noon: Ana's week, Ben's begins on Monday at nine.
WEEKLY = RosterLayer(people=("ben@example.com", "ana@example.com"), start="2026-02-16")
PRIMARY = Roster(name="primary", layers=(WEEKLY,), user_group="ops", announce_in="ops")
DAYS = RosterLayer(
    people=("ana@example.com",), rotate="daily", handover="09:00", start="2026-02-16",
    only={"from": "09:00", "to": "17:00"},
)  # fmt: skip
HOUR = 3600


def members(**changes: bool) -> list[Member]:
    return [
        Member(id="U0ANA", name="ana", real_name="Ana", email="ana@example.com", **changes),  # type: ignore[arg-type]
        Member(id="U0BEN", name="ben", real_name="Ben", email="ben@example.com"),
    ]


class Duty:
    """A shop whose rosters are watched."""

    def __init__(self, folder: Path, *rosters: Roster) -> None:
        catalog = Catalog(rosters={roster.name: roster for roster in rosters})
        self.shop: Shop = build_shop(folder, catalog=catalog)
        self.chat, self.home = self.shop.chat, self.shop.home
        for name in ("ops", "admins"):
            self.chat.channels[name] = Channel(id=f"C0{name.upper()}", name=name, is_member=True)

    async def mirrored(self, *users: str, **changes: bool) -> None:
        group = UserGroup(id="S1", handle="ops", users=users)
        await self.home.people.remember(members(**changes), [group], everybody=True)

    async def later(self, seconds: float) -> list[Any]:
        """Time passes and two replicas look; what is new is carried out."""
        before = {row.id for row in await self.home.effects()}
        self.home.clock.advance(seconds)
        for _ in range(2):
            await self.shop.world.roster_watch.sweep()
        new = [row for row in await self.home.effects() if row.id not in before]
        for row in new:
            await self.carry(row)
        return [(row.kind.partition(".")[2], row.payload) for row in new]

    async def carry(self, row: Any, **more: Any) -> None:
        facts = {"key": row.key, "payload": row.payload, "first_tried_at": NOW, **more}
        await self.shop.run(K(row.kind), None, **facts)
        await self.home.work.write(lambda tx: tx.dismiss(row.id))

    def groups(self) -> list[tuple[str, ...]]:
        return [call[2] for call in self.chat.named("set_group")]

    async def to_admins(self) -> list[str]:
        return [row.payload["text"] for row in await self.home.effects("slack.tell_admins")]


@pytest.fixture
async def duty(tmp_path: Path) -> Duty:
    found = Duty(tmp_path, PRIMARY)
    await found.mirrored("U0BEN")
    return found


async def test_the_group_is_set_when_it_differs_and_left_alone_when_it_does_not(duty: Duty) -> None:
    assert await duty.later(0) == [("sync_group", {"group": "ops"})]
    assert duty.groups() == [("U0ANA",)]
    assert await duty.later(HOUR) == []
    told = await duty.later(20 * HOUR)
    assert [kind for kind, _ in told] == ["tell_roster", "sync_group"]
    assert duty.groups() == [("U0ANA",), ("U0BEN",)]


async def test_nothing_is_done_before_the_members_were_read(tmp_path: Path) -> None:
    duty = Duty(tmp_path, PRIMARY)
    assert await duty.later(0) == []
    await duty.mirrored()
    assert [kind for kind, _ in await duty.later(1)] == ["sync_group"]


async def test_changed_by_hand_it_is_set_again(duty: Duty) -> None:
    await duty.later(0)
    await duty.mirrored("U0BEN", "U0ANA")
    await duty.later(1)
    await duty.mirrored("U0BEN")
    await duty.later(1)
    assert duty.groups() == [("U0ANA",)] * 3


async def test_several_rosters_share_a_group(tmp_path: Path) -> None:
    other = replace(PRIMARY, name="other", layers=(replace(WEEKLY, start="2026-02-23"),))
    duty = Duty(tmp_path, PRIMARY, other)
    await duty.mirrored()
    await duty.later(0)
    assert duty.groups() == [("U0ANA", "U0BEN")]


@pytest.mark.parametrize("code", ["permission_denied", "plan_upgrade_required", "missing_scope"])
async def test_a_refusal_is_told_once_with_how_to_mend_it_and_the_roster_goes_on(
    duty: Duty, code: str
) -> None:
    await duty.mirrored()
    reason = Reason.AUTH if code == "missing_scope" else Reason.INVALID
    duty.chat.fail["set_group"] = [refusal(code, reason) for _ in range(4)]
    for _ in range(3):
        await duty.later(HOUR)
    [told] = await duty.to_admins()
    assert "@ops" in told
    kept = await duty.home.work.read(lambda tx: roster_watch.kept(tx, duty.home.catalog))
    assert kept == [(PRIMARY, code)]
    assert [kind for kind, _ in await duty.later(18 * HOUR)] == ["tell_roster", "sync_group"]
    assert len(await duty.to_admins()) == 1
    assert [kind for kind, _ in await duty.later(HOUR)] == ["sync_group"]
    assert duty.groups()[-1] == ("U0BEN",), "mended meanwhile: it is set"
    kept = await duty.home.work.read(lambda tx: roster_watch.kept(tx, duty.home.catalog))
    assert kept == [(PRIMARY, None)]


@pytest.mark.parametrize("reason", [Reason.UNAVAILABLE, Reason.UNKNOWN_OUTCOME, Reason.AUTH])
async def test_what_passes_is_tried_again_as_everything_is(duty: Duty, reason: Reason) -> None:
    duty.chat.fail["set_group"] = [refusal("x", reason)]
    with pytest.raises(ProviderError):
        await duty.later(0)
    assert await duty.to_admins() == []


async def test_a_group_that_is_not_there_is_looked_for_and_said(tmp_path: Path) -> None:
    duty = Duty(tmp_path, replace(PRIMARY, user_group="oncall"))
    await duty.mirrored()
    await duty.later(0)
    [told] = await duty.to_admins()
    assert "no such user group" in told
    assert duty.groups() == []


async def test_a_guest_is_left_out_and_that_is_told_once(tmp_path: Path) -> None:
    duty = Duty(tmp_path, PRIMARY)
    await duty.mirrored("U0BEN", is_guest=True)
    for _ in range(3):
        await duty.later(HOUR)
    assert duty.groups() == [], "nobody is left: it stays as it is"
    [told] = await duty.to_admins()
    assert "Ana is a guest" in told


async def test_with_nobody_on_call_the_group_stays_and_the_gap_is_told(tmp_path: Path) -> None:
    duty = Duty(tmp_path, replace(PRIMARY, layers=(DAYS,)))
    await duty.mirrored("U0ANA")
    told = await duty.later(0)
    assert [(kind, facts["kind"]) for kind, facts in told] == [("tell_roster", "ahead")]
    told = await duty.later(5 * HOUR)
    assert [facts["kind"] for _, facts in told] == ["gap"]
    assert duty.groups() == []
    assert "Nobody is on call" in duty.chat.texts[-1]
    assert [call[1] for call in duty.chat.named("post")] == ["C0OPS", "C0OPS"]


async def test_without_a_channel_hand_overs_are_not_told_and_gaps_go_to_the_admins(
    tmp_path: Path,
) -> None:
    duty = Duty(tmp_path, replace(PRIMARY, announce_in=None, layers=(DAYS,)))
    await duty.mirrored("U0ANA")
    await duty.later(0)
    await duty.later(5 * HOUR)
    await duty.later(16 * HOUR)
    assert [call[1] for call in duty.chat.named("post")] == ["C0ADMINS", "C0ADMINS"]


async def test_a_channel_that_is_closed_to_us_is_told_and_gaps_reach_the_admins(
    tmp_path: Path,
) -> None:
    duty = Duty(tmp_path, replace(PRIMARY, layers=(DAYS,), announce_in="secret"))
    await duty.mirrored("U0ANA")
    await duty.later(0)
    await duty.later(5 * HOUR)
    await duty.later(16 * HOUR)
    assert [call[1] for call in duty.chat.named("post")] == ["C0ADMINS", "C0ADMINS"]
    [told] = await duty.to_admins()
    assert "announces in secret" in told


async def test_a_retaken_message_is_looked_for_first(duty: Duty) -> None:
    await duty.later(0)
    await duty.later(21 * HOUR)
    [row] = await duty.home.effects("slack.tell_roster")
    await duty.carry(row, attempt=2)
    assert len(duty.chat.named("post")) == 1
    duty.chat.posted.clear()
    await duty.carry(row, attempt=2)
    assert len(duty.chat.named("post")) == 2


async def test_what_is_over_when_slack_is_back_is_not_said(duty: Duty) -> None:
    await duty.later(0)
    duty.home.clock.advance(21 * HOUR)
    await duty.shop.world.roster_watch.sweep()
    [row] = await duty.home.effects("slack.tell_roster")
    duty.home.clock.advance(timedelta(days=7).total_seconds())
    await duty.carry(row)
    assert duty.chat.named("post") == []


async def test_who_is_named_and_what_is_open(duty: Duty) -> None:
    await duty.home.declare("Checkout is down")
    await duty.home.declare("Salaries on a public page", private=True)
    await duty.home.dismiss_all()
    await duty.later(0)
    await duty.later(21 * HOUR)
    [call] = duty.chat.named("post")
    told = duty.chat.texts[-1]
    assert "<@U0ANA> ends, <@U0BEN> is on call until" in told
    assert "1 open incident" in told
    assert call[2].startswith("roster/primary/handover/2026-03-02T09:00")


async def test_a_calendar_that_was_never_read_says_nothing(tmp_path: Path) -> None:
    ical = Roster(name="cal", ical="https://calendar.example.com/a.ics", announce_in="ops")
    duty = Duty(tmp_path, ical)
    await duty.mirrored()
    assert await duty.later(0) == []
