"""Updates, subscriptions and reminders on a database of their own."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.catalog import DEFAULT_SEVERITIES, Address, Catalog, Notification, Person, Reminders
from bot.domain.incident import MUSTER, Entry, EntryKind, Origin, Phase, Places, Status
from bot.domain.lifecycle import NOTE_LIMIT
from bot.domain.notify import addresses, fingerprint
from bot.errors import FieldError
from bot.ports import Member
from bot.services.reminding import Reminding
from bot.store import followers, reminding
from tests.unit.store.house import ANA, BEN, NOW, Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TEAMS, BENS = "msteams://a-secret", "mailto://ben:password@example.com"
CATALOG = Catalog(
    severities=tuple(replace(s, update_every=timedelta(hours=1)) for s in DEFAULT_SEVERITIES),
    notifications=(Notification(url=TEAMS, events=("update",), severities=("SEV1",)),),
    people={"ben@example.com": Person(email="ben@example.com", notify=(Address(BENS),))},
    reminders=Reminders(no_commander=None, no_severity=None, postmortem_due=timedelta(days=3)),
)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    home = build_home(tmp_path, catalog=CATALOG)
    members = [
        Member(id="U0ANA", name="Ana", real_name="Ana", email="ana@example.com"),
        Member(id="U0BEN", name="Ben", real_name="Ben", email="ben@example.com"),
    ]
    await home.people.remember(members)
    yield home
    home.work.close()


async def test_an_update_keeps_its_promise_and_makes_the_next(home: Home) -> None:
    await home.declare(severity="SEV1")
    first = await home.updates.post(1, " We look ", by=BEN, once="a", promise=timedelta(minutes=30))
    assert first.next_update_at == NOW + timedelta(minutes=30)
    again = await home.updates.post(1, "We look", by=BEN, once="a")
    assert again == await home.incident()
    home.clock.advance(60)
    second = await home.updates.post(1, "Found", by=BEN, once="b", phase=Phase.MONITORING)
    assert (second.next_update_at, second.phase) == (None, Phase.MONITORING)
    assert second.mitigated_at == home.clock.time
    usual = await home.updates.post(1, "Watching", by=BEN, once="c", usual=True)
    assert usual.next_update_at == home.clock.time + timedelta(hours=1)
    standing = await home.updates.standing(1)
    assert standing.last is not None
    assert (standing.last.text, standing.usual) == ("Watching", timedelta(hours=1))
    assert (await home.entries()).count("status_update") == 3
    over = await home.incidents.resolve(1, by=BEN, once="d")
    assert over.next_update_at is None


async def test_what_cannot_be_an_update_is_refused_and_nothing_is_kept(home: Home) -> None:
    await home.declare()
    for words in ("", "  \n", "x" * (NOTE_LIMIT + 1)):
        with pytest.raises(FieldError):
            await home.updates.post(1, words, by=ANA, once="a")
    await home.incidents.resolve(1, by=ANA, once="r")
    with pytest.raises(FieldError) as wrong:
        await home.updates.post(1, "x", by=ANA, once="a", phase=Phase.MONITORING)
    assert wrong.value.field == "phase"
    after = await home.updates.post(1, "All is well", by=ANA, once="a", promise=timedelta(hours=1))
    assert after.next_update_at is None, "nothing is promised of what is over"


async def test_subscribers_are_told_once_each_and_not_of_what_they_did(home: Home) -> None:
    await home.declare(severity="SEV2")
    assert await home.updates.toggle(1, by=BEN, once="s") is True
    assert await home.updates.toggle(1, by=BEN, once="s") is True, "the same press again"
    assert await home.updates.toggle(1, by=ANA, once="t") is True
    await home.updates.post(1, "News", by=ANA, once="u")
    told = await home.effects("slack.tell_subscriber")
    assert [row.payload["user"] for row in told] == ["U0BEN"]
    await home.incidents.annotate(1, "only a note", by=ANA, once="n")
    await home.incidents.set_severity(1, "SEV1", by=ANA, once="v")
    await home.incidents.resolve(1, by=BEN, once="r")
    told = await home.effects("slack.tell_subscriber")
    assert [row.payload["user"] for row in told] == ["U0BEN", "U0BEN", "U0ANA"]
    assert await home.updates.toggle(1, by=BEN, once="w") is False
    assert await home.updates.unsubscribe(1, by=BEN) is False
    assert await home.work.read(lambda tx: followers.followers(tx, 1)) == ["U0ANA"]


async def test_addresses_are_named_by_fingerprints_and_chosen_by_what_they_asked_for(
    home: Home,
) -> None:
    await home.declare(severity="SEV2")
    await home.updates.post(1, "Too small for Teams", by=ANA, once="a")
    assert await home.effects("apprise") == []
    await home.updates.toggle(1, by=BEN, once="s")
    await home.incidents.set_severity(1, "SEV1", by=ANA, once="v")
    await home.updates.post(1, "Now they hear it", by=ANA, once="b")
    sent = [(r.payload["event"], r.payload["to"]) for r in await home.effects("apprise")]
    assert sent == [
        ("severity", fingerprint(BENS)),
        ("update", fingerprint(TEAMS)),
        ("update", fingerprint(BENS)),
    ]
    assert set(addresses(CATALOG).values()) == {TEAMS, BENS}
    kept = str([(r.key, r.payload) for r in await home.effects()])
    assert "password" not in kept
    assert "a-secret" not in kept


async def test_a_private_incident_tells_nobody_outside(home: Home) -> None:
    await home.declare(severity="SEV1", private=True)
    await home.updates.post(1, "Only here", by=ANA, once="a")
    assert await home.effects("apprise") == []
    assert await home.effects("slack.mirror") == []
    assert await home.effects("pagerduty.publish") == []


async def test_an_update_from_pagerduty_keeps_the_promise_and_is_not_sent_back(home: Home) -> None:
    await home.declare()
    entry = Entry(kind=EntryKind.STATUS_UPDATE, at=NOW, origin=Origin.PAGERDUTY, text="From there")
    await home.work.write(lambda tx: tx.add_entry(tx.incident(1), entry))
    assert len(await home.effects("slack.mirror")) == 1
    assert await home.effects("pagerduty.publish") == []


async def test_replicas_remind_once(home: Home) -> None:
    await home.declare(severity="SEV1")
    other = Reminding(home.house)
    assert await home.reminding.sweep() == 0
    home.clock.advance(301)
    sent = await asyncio.gather(*(each.sweep() for each in (home.reminding, other) * 5))
    assert sum(sent) == 1
    [effect] = await home.effects("slack.remind")
    assert effect.payload == {"due": ["no_acknowledge"]}
    assert (NOW + timedelta(minutes=5)).isoformat() in effect.key


async def test_only_what_changed_or_is_due_is_looked_at(home: Home) -> None:
    for n in range(3):
        await home.declare(f"Number {n}", severity="SEV1")
    rules = CATALOG.reminders

    async def worth() -> list[int]:
        return await home.work.read(lambda tx: reminding.worth_a_look(tx, rules, 10))

    assert await worth() == [1, 2, 3]
    await home.reminding.sweep()
    assert await worth() == []
    home.clock.advance(60)
    await home.incidents.acknowledge(2, by=BEN, once="a")
    assert await worth() == [2]
    home.clock.advance(241)
    assert await worth() == [1, 2, 3]
    await home.reminding.sweep()
    await home.incidents.resolve(2, by=BEN, once="r")
    assert await worth() == [2]
    await home.reminding.sweep()
    home.clock.advance(3 * 86_400)
    assert 2 in await worth()


async def test_snooze_holds_everything_back_and_the_same_press_does_not_prolong_it(
    home: Home,
) -> None:
    await home.declare(severity="SEV1")
    home.clock.advance(301)
    await home.reminding.sweep()
    until = await home.reminding.snooze(1, by=BEN, once="z")
    home.clock.advance(60)
    assert await home.reminding.snooze(1, by=BEN, once="z") == until
    home.clock.advance(3000)
    assert await home.reminding.sweep() == 0
    home.clock.advance(700)
    assert await home.reminding.sweep() >= 1


async def test_the_message_shows_what_is_open_and_whom_it_concerns(home: Home) -> None:
    await home.declare(severity="SEV1")
    await home.incidents.reassign(1, to="U0BEN", by=ANA, once="r")
    home.clock.advance(301)
    await home.reminding.sweep()
    shown = await home.reminding.shown(1)
    assert [kind.value for kind in shown.kinds] == ["no_acknowledge"]
    assert [actor.slack_id for actor in shown.whom] == ["U0BEN"]
    await home.change(1, status=Status.ACKNOWLEDGED)
    assert (await home.reminding.shown(1)).kinds == ()


async def test_what_muster_notes_by_itself_is_no_activity(home: Home) -> None:
    incident = await home.declare(severity="SEV1")
    home.clock.advance(600)
    own = Entry(kind=EntryKind.PAGER, at=home.clock.time, actor=MUSTER, text="Paged level 1")
    await home.work.write(lambda tx: tx.add_entry(tx.incident(1), own))
    assert await home.work.read(lambda tx: reminding.last_activity(tx, incident)) == NOW
    theirs = replace(own, kind=EntryKind.MESSAGE, origin=Origin.SLACK)
    await home.work.write(lambda tx: tx.add_entry(tx.incident(1), theirs))
    after = await home.work.read(lambda tx: reminding.last_activity(tx, incident))
    assert after == home.clock.time


async def test_no_announcement_no_mirror(home: Home) -> None:
    await home.declare()
    await home.change(1, places=Places(in_thread=True, announcement_channel="C0"))
    await home.updates.post(1, "Here anyway", by=ANA, once="a")
    assert await home.effects("slack.mirror") == []
