"""What is done at once when a way does not lead to somebody."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Address, Catalog, EscalationPolicy, Level, Person, Severity
from bot.domain.escalation import DeliveryState
from bot.domain.quiet import QuietHours
from bot.ports import Member
from bot.services import page_rescue
from bot.store import pages as store
from tests.unit.store.house import BEN, NOW, Home, build_home

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.escalation import Delivery

NAMES = ("ana", "ben", "cy")
LATE = Address("json://late", after=timedelta(minutes=3))


def shelf(*levels: str, **notify: tuple[Address, ...]) -> Catalog:
    named = [tuple(f"person:{name}@example.com" for name in level.split()) for level in levels]
    policy = EscalationPolicy(name="default", levels=tuple(Level(notify=each) for each in named))
    people = {
        f"{name}@example.com": Person(
            email=f"{name}@example.com",
            notify=addresses,
            quiet_hours=QuietHours(time(11), time(13)),  # the clock of these tests shows noon
            time_zone="UTC",
        )
        for name, addresses in notify.items()
    }
    severities = (Severity(name="SEV1"), Severity(name="SEV4", urgency="low"))
    return Catalog(policies={"default": policy}, people=people, severities=severities)


async def paged(folder: Path, catalog: Catalog, severity: str = "SEV1") -> Home:
    home = build_home(folder, catalog=catalog)
    members = [
        Member(id=f"U0{name.upper()}", name=name, email=f"{name}@example.com") for name in NAMES
    ]
    await home.work.write(lambda tx: tx.people.save_members(members, NOW))
    await home.declare(severity=severity)
    await home.work.write(lambda tx: home.escalating.begin(tx, 1, {"why": "started"}))
    return home


async def deliveries(home: Home) -> dict[tuple[str, str], Delivery]:
    found = await home.work.read(lambda tx: store.deliveries(tx, 1))
    return {(each.recipient.removeprefix("U0"), each.way): each for each in found}


async def became(home: Home, who: str, way: str, state: str, reason: str = "") -> None:
    delivery = (await deliveries(home))[who, way]
    await home.work.write(
        lambda tx: home.escalating.delivered(tx, delivery.id, DeliveryState(state), reason=reason)
    )


async def due_of(home: Home, delivery: Delivery) -> Any:
    return next(row.due for row in await home.effects() if row.key == delivery.key)


async def next_at(home: Home) -> Any:
    page = await home.work.read(lambda tx: store.one(tx, 1, lock=False))
    return (page.level, page.next_at)


async def test_when_a_way_fails_the_one_kept_for_later_is_used_now(tmp_path: Path) -> None:
    home = await paged(tmp_path, shelf("ana ben", "cy", ana=(LATE,), ben=(LATE,)))
    late = (await deliveries(home))["ANA", "apprise:1"]
    assert await due_of(home, late) == late.due == NOW + timedelta(minutes=3)
    home.clock.advance(5)
    await became(home, "ANA", "slack", "failed", "their Slack account is deactivated")
    found = await deliveries(home)
    assert found["ANA", "apprise:1"].due is None
    assert await due_of(home, late) == NOW + timedelta(seconds=5)
    assert found["BEN", "apprise:1"].due == NOW + timedelta(minutes=3)
    assert await next_at(home) == (1, NOW + timedelta(minutes=5))


async def test_quiet_hours_hold_even_then(tmp_path: Path) -> None:
    home = await paged(tmp_path, shelf("ana", "cy", ana=(LATE,)), "SEV4")
    await became(home, "ANA", "slack", "failed")
    assert (await deliveries(home))["ANA", "apprise:1"].due == NOW + timedelta(hours=1)


async def test_a_level_waits_from_when_the_first_of_it_is_told(tmp_path: Path) -> None:
    home = await paged(tmp_path, shelf("ana", "cy", ana=()), "SEV4")
    assert await next_at(home) == (1, NOW + timedelta(hours=1, minutes=5))
    found = (await deliveries(home))["ANA", "slack"]
    assert (found.due, found.reason) == (
        NOW + timedelta(hours=1),
        "quiet hours until 13:00 (UTC)",
    )


async def test_somebody_without_a_way_for_that_urgency_has_failed_at_once(tmp_path: Path) -> None:
    only_high = Address("json://high", ("high",))
    catalog = shelf("zoe", "cy", zoe=(only_high,))
    home = await paged(tmp_path, catalog, "SEV4")
    found = (await deliveries(home))["zoe@example.com", "slack"]
    assert (found.state.value, found.reason) == (
        "failed",
        "none of their addresses takes low urgency",
    )
    assert (await next_at(home))[0] == 2


@pytest.mark.parametrize(
    ("catalog", "hurried"),
    [
        (shelf("ana", "cy", cy=(Address("json://c"),)), True),
        (shelf("ana", "cy"), False),  # the next has Slack alone, too
        (shelf("ana", "cy", ana=(LATE,), cy=(Address("json://c"),)), False),  # she hears later
        (shelf("ana"), False),
    ],
)
async def test_slack_is_waited_for_only_while_nobody_else_can_be_told(
    tmp_path: Path, catalog: Catalog, hurried: bool
) -> None:
    home = await paged(tmp_path, catalog)
    home.clock.advance(59)
    assert await home.work.write(lambda tx: page_rescue.stranded(tx, catalog)) == 0
    home.clock.advance(2)
    now = NOW + timedelta(seconds=61)
    assert await home.work.write(lambda tx: page_rescue.stranded(tx, catalog)) == int(hurried)
    assert await next_at(home) == (1, now if hurried else NOW + timedelta(minutes=5))


@pytest.mark.parametrize("state", ["delivered", "seen"])
async def test_whoever_was_told_is_waited_for(tmp_path: Path, state: str) -> None:
    catalog = shelf("ana ben", "cy", cy=(Address("json://c"),))
    home = await paged(tmp_path, catalog)
    await became(home, "ANA", "slack", state)
    home.clock.advance(120)
    assert await home.work.write(lambda tx: page_rescue.stranded(tx, catalog)) == 0


async def test_a_page_somebody_took_is_left_alone(tmp_path: Path) -> None:
    catalog = shelf("ana", "cy", cy=(Address("json://c"),))
    home = await paged(tmp_path, catalog)
    await home.incidents.acknowledge(1, by=BEN, once="a")
    home.clock.advance(120)
    assert await home.work.write(lambda tx: page_rescue.stranded(tx, catalog)) == 0


async def test_what_was_kept_for_later_rests_when_somebody_acknowledged(tmp_path: Path) -> None:
    home = await paged(tmp_path, shelf("ana", "cy", ana=(LATE,)))
    await became(home, "ANA", "slack", "delivered")
    await home.incidents.acknowledge(1, by=BEN, once="a")
    found = (await deliveries(home))["ANA", "apprise:1"]
    assert (found.state.value, found.reason) == ("skipped", "ben acknowledged")
    assert (await deliveries(home))["ANA", "slack"].state.value == "delivered"
