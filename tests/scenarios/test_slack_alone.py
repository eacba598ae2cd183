"""With Slack alone everything works: the native policy pages, the card says who is paged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.catalog import Catalog, EscalationPolicy, Level
from tests.stage import BOB, CAROL, Stage, stage
from tests.workspace import buttons, card_of, room_of, said_in, text_of, told

if TYPE_CHECKING:
    from pathlib import Path

ALONE: dict[str, Any] = {
    "PAGERDUTY_API_TOKEN": None,
    "PAGERDUTY_FROM_EMAIL": None,
    "PAGERDUTY_SERVICE_ID": None,
    "PAGERDUTY_WEBHOOK_SECRET": None,
    "GITHUB_TOKEN": None,
}
POLICY = EscalationPolicy(
    name="default",
    levels=(
        Level(notify=("person:carol@example.com",)),
        Level(notify=("person:erin@example.com",)),
    ),
)


async def no_vendor_was_called(s: Stage) -> None:
    assert await s.calls("pagerduty.") == []
    assert await s.calls("github.") == []
    assert await s.problems() == []


async def test_without_any_pager_the_card_says_that_nobody_is_paged(tmp_path: Path) -> None:
    async with stage(tmp_path, **ALONE) as s:
        name = await s.declare("SEV3 Slack is all we have")
        state = await s.settled(name)
        card = card_of(state, name)
        assert card
        assert "Nobody is paged" in card["text"]
        assert room_of(state, name)
        await s.on_card(name, "Acknowledge", user=BOB)
        await s.until(lambda st: BOB in text_of(card_of(st, name) or {}))
        await s.command(f"/incident resolve {name} Found it", user=BOB)
        await s.until(lambda st: "Reopen" in buttons(card_of(st, name) or {}))
        await s.command(f"/incident reopen {name}", user=CAROL)
        state = await s.settled(name)
        news = said_in(state, room_of(state, name))
        for word in ("acknowledged", "resolved", "reopened"):
            assert len([line for line in news if word in line]) == 1, news
        await no_vendor_was_called(s)


async def test_the_native_policy_pages_and_an_acknowledgement_stops_it(tmp_path: Path) -> None:
    async with stage(tmp_path, catalog=Catalog(policies={"default": POLICY}), **ALONE) as s:
        name = await s.declare("Carol is paged")
        await s.until(lambda state: told(state, "You are paged"), user=CAROL)
        state = await s.settled(name)
        assert "Nobody is paged" not in (card_of(state, name) or {})["text"]
        theirs = await s.state(CAROL)
        [direct] = [c for c in theirs["channels"] if c["is_im"] and theirs["messages"][c["id"]]]
        [page] = [m for m in theirs["messages"][direct["id"]] if "You are paged" in text_of(m)]
        await s.press("Acknowledge", user=CAROL, channel=direct["id"], ts=page["ts"])
        await s.until(lambda st: CAROL in text_of(card_of(st, name) or {}))
        state = await s.settled(name)
        assert "acknowledged" in (card_of(state, name) or {})["text"]
        assert not told(await s.state("U0ERIN000"), "You are paged")
        await no_vendor_was_called(s)


async def test_escalating_natively_pages_the_next_level(tmp_path: Path) -> None:
    async with stage(tmp_path, catalog=Catalog(policies={"default": POLICY}), **ALONE) as s:
        name = await s.declare("Erin is next")
        await s.until(lambda state: told(state, "You are paged"), user=CAROL)
        await s.settled(name)
        answer = await s.command(f"/incident escalate {name} 2", user=BOB)
        assert "is escalated" in answer["ack"]["text"]
        await s.until(lambda state: told(state, "You are paged"), user="U0ERIN000")
        state = await s.settled(name)
        assert "triggered" in (card_of(state, name) or {})["text"]
        assert len(told(await s.state(CAROL), "You are paged")) == 1
        await no_vendor_was_called(s)
