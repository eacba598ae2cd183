"""Whoever wakes up later sees at once that somebody has it: the message of a page says what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain.catalog import Catalog, EscalationPolicy, Level
from tests.scenarios.test_escalating import Night, level, night, policy
from tests.stage import BOB, CAROL, DAVE, GENERAL, Json
from tests.workspace import buttons, text_of

if TYPE_CHECKING:
    from pathlib import Path

BOTH = ("person:carol@example.com", "person:bob@example.com")
OPEN = ["Acknowledge", "Escalate", "More"]


@dataclass
class Told:
    """A page's message as its reader sees it now."""

    text: str
    buttons: list[str]


async def told(n: Night, user: str) -> list[Told]:
    """What pages told somebody in direct messages, oldest first."""
    state = await n.s.state(user)
    direct = [c["id"] for c in state["channels"] if c["is_im"]]
    return [_told(m) for room in direct for m in state["messages"].get(room, ()) if _is_page(m)]


def _is_page(message: Json) -> bool:
    return "paged" in text_of(message)


def _told(message: Json) -> Told:
    return Told(text_of(message), buttons(message))


async def test_one_acknowledges_and_the_others_message_says_so_until_it_is_resolved(
    tmp_path: Path,
) -> None:
    async with night(tmp_path, policy(level(*BOTH))) as n:
        name = await n.s.declare("SEV2 Two are woken")
        await n.s.settled(name)
        await n.s.quiet()
        for user in (CAROL, BOB):
            [page] = await told(n, user)
            assert page.buttons == OPEN
            assert "Taken" not in page.text
        await n.press_direct("Acknowledge", BOB, "You are paged")
        await n.s.quiet()
        [hers] = await told(n, CAROL)
        assert f"*Taken:* <@{BOB}> acknowledged <!date^" in hers.text
        assert "~📟 *You are paged.*~" in hers.text
        assert hers.buttons == ["More"]
        [his] = await told(n, BOB)
        assert "*Taken:* you acknowledged" in his.text
        assert his.buttons == ["Escalate", "More"]
        await n.s.command(f"/incident note {name} Looking", user=BOB)
        await n.s.quiet()
        assert await told(n, CAROL) == [hers], "a note changes nothing for her"
        await n.s.command(f"/incident resolve {name} It was a cable", user=BOB)
        await n.s.quiet()
        for user in (CAROL, BOB):
            [page] = await told(n, user)
            assert "✅ *Resolved* <!date^" in page.text
            assert page.buttons == ["More"]
        await n.s.command(f"/incident reopen {name}", user=BOB)
        await n.s.quiet()
        for user in (CAROL, BOB):
            old, new = await told(n, user)
            assert "*opened again* later" in old.text
            assert old.buttons == ["More"]
            assert new.buttons == OPEN
        assert await n.s.problems() == []


async def test_a_level_that_did_not_answer_reads_that_it_went_on_and_can_still_take_it(
    tmp_path: Path,
) -> None:
    catalog = policy(level("person:carol@example.com"), level("person:bob@example.com"))
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 Slept through")
        await n.s.settled(name)
        await n.passes(minutes=6)
        [hers] = await told(n, CAROL)
        assert "*Nobody has it yet*, so it went on" in hers.text
        assert hers.buttons == OPEN
        await n.passes(minutes=6)
        for user in (CAROL, BOB):
            [page] = await told(n, user)
            assert "*Nobody answered*, and nobody is left to page" in page.text
            assert "Acknowledge" in page.buttons
        await n.press_direct("Acknowledge", CAROL, "You are paged")
        await n.s.quiet()
        [his] = await told(n, BOB)
        assert f"*Taken:* <@{CAROL}>" in his.text
        assert his.buttons == ["More"]
        assert await n.s.problems() == []


async def test_an_acknowledgement_that_expires_gives_the_buttons_back(tmp_path: Path) -> None:
    catalog = policy(level(*BOTH, wait=600), acknowledge_expires=timedelta(hours=1))
    async with night(tmp_path, catalog) as n:
        name = await n.s.declare("SEV2 Fell asleep again")
        await n.s.settled(name)
        await n.press_direct("Acknowledge", BOB, "You are paged")
        await n.s.quiet()
        assert [page.buttons for page in await told(n, CAROL)] == [["More"]]
        await n.passes(minutes=50)
        await n.passes(minutes=15)
        old, new = await told(n, CAROL)
        assert "*Nobody has it yet*" in old.text
        assert old.buttons == new.buttons == OPEN
        assert await n.s.problems() == []


async def test_merging_and_handing_over_end_a_page_in_its_message(tmp_path: Path) -> None:
    catalog = Catalog(
        policies={
            "default": EscalationPolicy(name="default", levels=(level(*BOTH),)),
            "web": EscalationPolicy(name="web", levels=(Level(notify=("channel:general",)),)),
        }
    )
    async with night(tmp_path, catalog) as n:
        first = await n.s.declare("SEV2 Shop is slow")
        await n.s.settled(first)
        second = await n.s.declare("SEV2 Everything stands still")
        await n.s.settled(second)
        await n.s.command(f"/incident merge {first} into {second}", user=DAVE)
        await n.s.quiet()
        gone, kept = await told(n, CAROL)
        assert f"merged into {second}: nothing is asked of you" in gone.text
        assert (gone.buttons, kept.buttons) == (["More"], OPEN)
        await n.s.command(f"/incident escalate {second} web", user=DAVE)
        await n.s.quiet()
        _, kept = await told(n, CAROL)
        assert "it was escalated. Nothing is asked of you here." in kept.text
        assert kept.buttons == ["More"]
        state = await n.s.state()
        [loud] = [m for m in state["messages"][GENERAL] if "This channel is paged" in text_of(m)]
        assert "<!channel>" in text_of(loud)
        await n.s.press("Acknowledge", user=DAVE, channel=GENERAL, ts=loud["ts"])
        await n.s.quiet()
        state = await n.s.state()
        [quiet] = [m for m in state["messages"][GENERAL] if "This channel is paged" in text_of(m)]
        assert f"*Taken:* <@{DAVE}>" in text_of(quiet)
        assert "<!channel>" not in text_of(quiet), "nobody is called again by an edit"
        assert await n.s.problems() == []


async def test_a_bot_that_was_down_when_it_was_taken_corrects_the_message_later(
    tmp_path: Path,
) -> None:
    async with night(tmp_path, policy(level(*BOTH))) as n:
        name = await n.s.declare("SEV2 Dies in between")
        await n.s.settled(name)
        await n.s.quiet()
        await n.s.fault("slack.chat.update", "500", times=999)
        await n.press_direct("Acknowledge", BOB, "You are paged")
        await n.s.stop_bot()
        await n.s._call("DELETE", "/api/faults")
        [hers] = await told(n, CAROL)
        assert hers.buttons == OPEN
        n.clock.pass_by(minutes=2)
        await n.s.start_bot()
        await n.s.ready()
        await n.s.quiet()
        [hers] = await told(n, CAROL)
        assert f"*Taken:* <@{BOB}>" in hers.text
        assert hers.buttons == ["More"]
