"""The native pager: a page climbs until somebody answers, and one message proves what became of it."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.catalog import Catalog, EscalationPolicy, Level, Roster, RosterLayer
from bot.domain.hours import Hours
from tests.scenarios.test_archiving import SharedClock
from tests.stage import BOB, CAROL, DAVE, GENERAL, Json, Stage, stage
from tests.workspace import card_of, room_of, said_in, text_of, told, told_directly

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ALONE: dict[str, Any] = {
    "PAGERDUTY_API_TOKEN": None, "PAGERDUTY_FROM_EMAIL": None, "PAGERDUTY_SERVICE_ID": None,
    "PAGERDUTY_WEBHOOK_SECRET": None, "GITHUB_TOKEN": None,
}  # fmt: skip


def level(*notify: str, wait: float = 5, only: Hours | None = None) -> Level:
    return Level(notify=notify, wait=timedelta(minutes=wait), only=only)


def policy(*levels: Level, **more: Any) -> Catalog:
    return Catalog(policies={"default": EscalationPolicy(name="default", levels=levels, **more)})


@dataclass
class Night:
    """A stage whose clock is moved by hand."""

    s: Stage
    clock: SharedClock

    async def passes(self, **time: float) -> None:
        """Time goes by, and the bot does what is due by then."""
        await self.s.quiet()  # time must not leap over what is under way: its lease would be over
        self.clock.pass_by(**time)
        assert self.s.bot is not None
        self.s.bot.worker.wake()
        await self.s.quiet()

    async def paged(self, user: str, part: str = "You are paged") -> list[str]:
        return told_directly(await self.s.state(user), part)

    async def proofs(self, name: str) -> list[str]:
        state = await self.s.state()
        return [line for line in said_in(state, room_of(state, name)) if "*Page* for" in line]

    async def room(self, name: str) -> list[str]:
        state = await self.s.state()
        return said_in(state, room_of(state, name))

    async def channel_paged(self) -> list[str]:
        said = said_in(await self.s.state(), {"id": GENERAL})
        return [line for line in said if "This channel is paged" in line]

    async def press_direct(self, label: str, user: str, part: str = "") -> Json:
        """Press a button of the newest direct message to somebody."""
        state = await self.s.state(user)
        for channel in state["channels"]:
            found = [m for m in state["messages"][channel["id"]] if part in text_of(m)]
            if channel["is_im"] and found:
                return await self.s.press(
                    label, user=user, channel=channel["id"], ts=found[-1]["ts"]
                )
        raise AssertionError(f"no direct message to {user} with {part}")


@asynccontextmanager
async def night(folder: Path, catalog: Catalog, **changes: Any) -> AsyncIterator[Night]:
    clock = SharedClock()
    async with stage(
        folder, catalog=catalog, clock=clock, everywhere=True, **(ALONE | changes)
    ) as s:
        yield Night(s, clock)


async def test_a_page_climbs_until_somebody_answers_and_one_message_proves_it(
    tmp_path: Path,
) -> None:
    catalog = policy(
        level("person:carol@example.com"), level("person:bob@example.com"), level("channel:general")
    )
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 Nobody sleeps")
        await n.s.settled(name)
        assert len(await n.paged(CAROL)) == 1
        [proof] = await n.proofs(name)
        assert f"<@{CAROL}>: 📬 direct message delivered" in proof
        assert "level 2 is paged" in proof
        await n.passes(minutes=4)
        assert not await n.paged(BOB)
        await n.passes(minutes=2)
        assert len(await n.paged(BOB)) == 1
        assert len(await n.paged(CAROL)) == 1
        [proof] = await n.proofs(name)
        assert f"<@{BOB}>: 📬 direct message delivered" in proof
        await n.press_direct("Acknowledge", BOB, "You are paged")
        await n.s.quiet()
        [proof] = await n.proofs(name)
        assert f"acknowledged by <@{BOB}>" in proof
        assert "Next:" not in proof
        await n.passes(hours=5)
        assert not await n.channel_paged()
        assert f"*Owner:* <@{BOB}>" in text_of(card_of(await n.s.state(), name) or {})
        assert await n.s.problems() == []


async def test_nobody_answers_and_that_is_said_loudly(tmp_path: Path) -> None:
    catalog = policy(level("person:carol@example.com"), level("channel:general"), repeat=1)
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV1 Deaf ears")
        await n.s.settled(name)
        await n.passes(minutes=6)
        [said] = await n.channel_paged()
        assert "<!channel>" in said
        await n.passes(minutes=6)
        assert len(await n.paged(CAROL)) == 2, "the second round"
        await n.passes(minutes=6)
        await n.passes(minutes=6)
        [loud] = [line for line in await n.room(name) if "Nobody answered" in line]
        assert "<!channel>" in loud
        assert "2 rounds of default" in loud
        assert "Carol Okafor (level 1)" in loud
        assert "#general (level 2)" in loud
        [proof] = await n.proofs(name)
        assert "nobody answered" in proof
        await n.passes(hours=3)
        assert len(await n.paged(CAROL)) == 2
        state = await n.s.state()
        room = room_of(state, name)
        assert room
        loudly = next(m for m in state["messages"][room["id"]] if "Nobody answered" in text_of(m))
        await n.s.press("Acknowledge", user=DAVE, channel=room["id"], ts=loudly["ts"])
        await n.s.quiet()
        assert f"acknowledged by <@{DAVE}>" in (await n.proofs(name))[0], (
            "late is better than never"
        )
        assert await n.s.problems() == []


async def test_an_acknowledgement_expires_unless_there_is_a_sign_of_life(tmp_path: Path) -> None:
    catalog = policy(level("person:carol@example.com"), acknowledge_expires=timedelta(hours=2))
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 Dozing off")
        await n.s.settled(name)
        await n.press_direct("Acknowledge", CAROL, "You are paged")
        await n.passes(minutes=100)
        assert not await n.paged(CAROL, "still on it?")
        await n.passes(minutes=6)
        assert len(await n.paged(CAROL, "still on it?")) == 1
        assert len([line for line in await n.room(name) if "still on it?" in line]) == 1
        refused = await n.press_direct("Still on it", CAROL, "still on it?")
        assert refused["ok"], refused
        await n.s.quiet()
        assert told(await n.s.state(CAROL), "Nobody else is paged")
        await n.passes(minutes=100)
        await n.s.command(f"/incident note {name} Still digging", user=CAROL)
        await n.passes(minutes=100)
        assert len(await n.paged(CAROL, "still on it?")) == 1, "a note is a sign of life"
        await n.passes(minutes=6)
        assert len(await n.paged(CAROL, "still on it?")) == 2
        assert len(await n.paged(CAROL)) == 1
        await n.passes(minutes=15)
        assert len(await n.paged(CAROL)) == 2, "the policy pages again"
        [card] = [card_of(await n.s.state(), name)]
        assert "triggered" in text_of(card or {}).casefold()
        news = [line for line in await n.room(name) if "No longer acknowledged" in line]
        assert len(news) == 1
        assert "no sign of them since" in news[0]
        late = await n.press_direct("Still on it", CAROL, "still on it?")
        assert late["ok"]
        await n.s.until(lambda state: told(state, "That acknowledgement has expired"), user=CAROL)
        assert await n.s.problems() == []


async def test_hours_and_targets_nobody_stands_behind_are_passed_at_once(tmp_path: Path) -> None:
    clock = SharedClock()
    day = clock.now().astimezone(UTC)
    never = Hours(days=(((day + timedelta(days=3)).strftime("%a")),))
    catalog = policy(
        level("person:dave@example.com", only=never),
        level("person:nobody@example.org", "roster:gone"),
        level("person:carol@example.com"),
    )
    later = RosterLayer(people=("bob@example.com",), start="2099-01-05")
    catalog = replace(catalog, rosters={"gone": Roster(name="gone", layers=(later,))})
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 Who is there")
        await n.s.settled(name)
        assert len(await n.paged(CAROL)) == 1
        assert not await n.paged(DAVE)
        [proof] = await n.proofs(name)
        assert "nobody@example.org: ❌ direct message failed: not in this Slack workspace" in proof
        assert "roster gone: ❌ direct message failed: nobody is on call in it now" in proof
        shown = text_of((await n.s.command(f"/incident timeline {name}"))["ack"])
        assert "Not the hours of level 1: passed over" in shown
        assert await n.s.problems() == []


async def test_when_it_is_nobodys_hours_the_last_level_is_paged_all_the_same(
    tmp_path: Path,
) -> None:
    day = SharedClock().now().astimezone(UTC)
    never = Hours(days=(((day + timedelta(days=3)).strftime("%a")),))
    catalog = policy(
        level("person:dave@example.com", only=never), level("person:carol@example.com", only=never)
    )
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 Sunday night")
        await n.s.settled(name)
        assert len(await n.paged(CAROL)) == 1
        assert not await n.paged(DAVE)
        shown = text_of((await n.s.command(f"/incident timeline {name}"))["ack"])
        assert "nobody's hours now" in shown


async def test_reassigning_and_escalating_page_through_the_same_engine(tmp_path: Path) -> None:
    second = EscalationPolicy(name="web", levels=(level("person:dave@example.com"),))
    first = policy(level("person:carol@example.com"), level("person:erin@example.com"))
    catalog = Catalog(policies={**first.policies, "web": second})
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 Hot potato")
        await n.s.settled(name)
        await n.press_direct("Acknowledge", CAROL, "You are paged")
        await n.s.quiet()
        await n.s.command(f"/incident reassign {name} @bob", user=CAROL)
        await n.s.quiet()
        [direct] = await n.paged(BOB)
        assert f"<@{CAROL}> assigned it to you" in direct
        card = text_of(card_of(await n.s.state(), name) or {})
        assert "Triggered" in card
        assert f"*Owner:* <@{BOB}>" in card
        await n.passes(minutes=6)
        assert len(await n.paged(CAROL)) == 2, "Bob did not answer: the policy goes on"
        await n.press_direct("Acknowledge", BOB, "You are paged")
        await n.passes(hours=1)
        assert len(await n.paged(CAROL)) == 2
        answer = await n.s.command(f"/incident escalate {name} web", user=BOB)
        assert "is escalated" in text_of(answer["ack"])
        await n.s.quiet()
        assert len(await n.paged(DAVE)) == 1
        wrong = await n.s.command(f"/incident escalate {name} 7", user=BOB)
        assert "web has 1 level, no level 7" in text_of(wrong["ack"])
        proofs = await n.proofs(name)
        assert len(proofs) == 3, "one message per page"
        assert "over: it was reassigned" in proofs[0]
        assert await n.s.problems() == []


async def test_whoever_is_asked_beside_the_owner_answers_for_themselves(tmp_path: Path) -> None:
    catalog = policy(level("person:carol@example.com"))
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 Need a hand")
        await n.s.settled(name)
        await n.press_direct("Acknowledge", CAROL, "You are paged")
        await n.s.command(f"/incident page {name} @bob Can you look?", user=CAROL)
        await n.s.command(f"/incident page {name} @dave You too?", user=CAROL)
        await n.s.quiet()
        [direct] = await n.paged(BOB)
        assert f"<@{CAROL}> pages you" in direct
        assert "Can you look?" in direct
        await n.press_direct("Acknowledge", BOB, "Can you look?")
        await n.s.quiet()
        card = text_of(card_of(await n.s.state(), name) or {})
        assert f"*Owner:* <@{CAROL}>" in card
        assert "Acknowledged" in card
        assert told(await n.s.state(BOB), f"Acknowledged: {name} has you")
        await n.passes(minutes=6)
        [loud] = [line for line in await n.room(name) if "Nobody answered" in line]
        assert "Dave" in loud, "who was asked and did not answer is told"
        assert await n.s.problems() == []


async def test_a_person_slack_refuses_is_proved_and_the_next_level_follows_at_once(
    tmp_path: Path,
) -> None:
    catalog = policy(level("person:carol@example.com"), level("person:bob@example.com"))
    async with night(tmp_path, catalog) as n:
        await n.s.fault("slack.conversations.open", "error:user_disabled", times=1)
        name = await n.s.declare("SEV2 Closed door")
        await n.s.settled(name)
        assert not await n.paged(CAROL)
        assert len(await n.paged(BOB)) == 1, "not after five minutes: at once"
        [proof] = await n.proofs(name)
        assert f"<@{CAROL}>: ❌ direct message failed" in proof


async def test_resolving_stops_a_page_and_reopening_begins_another(tmp_path: Path) -> None:
    catalog = policy(level("person:carol@example.com"), level("person:bob@example.com"))
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 False alarm")
        await n.s.settled(name)
        await n.s.command(f"/incident resolve {name} It was nothing")
        await n.passes(minutes=30)
        assert not await n.paged(BOB)
        assert f"over: {name} is resolved" in (await n.proofs(name))[0]
        await n.s.command(f"/incident reopen {name}")
        await n.s.quiet()
        assert len(await n.paged(CAROL)) == 2
        await n.passes(minutes=6)
        assert len(await n.paged(BOB)) == 1


async def test_the_bot_was_down_when_the_next_level_was_due(tmp_path: Path) -> None:
    catalog = policy(level("person:carol@example.com"), level("person:bob@example.com"))
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 Power cut")
        await n.s.settled(name)
        await n.s.stop_bot()
        n.clock.pass_by(minutes=20)
        await n.s.start_bot()
        await n.s.ready()
        await n.s.quiet()
        assert len(await n.paged(BOB)) == 1
        assert len(await n.paged(CAROL)) == 1
        assert await n.s.problems() == []
