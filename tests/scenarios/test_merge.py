"""Two incidents that are one: merged by command and by the form, here, at PagerDuty and on GitHub."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.stage import ALICE, BOB, CAROL, GENERAL, Json, Stage, buttons
from tests.workspace import card_of, cards_of, comments, issues, pages, room_of, said_in, text_of

if TYPE_CHECKING:
    from bot.domain.incident import Incident

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def two(s: Stage, title: str) -> tuple[str, str]:
    """Two incidents that run, oldest first."""
    first = await s.declare(f"SEV3 {title} kept")
    second = await s.declare(f"SEV3 {title} gone", user=BOB)
    await s.settled(first)
    await s.settled(second)
    return first, second


async def incident(s: Stage, name: str) -> Incident:
    assert s.bot is not None
    return await s.bot.world.incidents.get(int(name.removeprefix("INC-")))


async def type_in(s: Stage, words: str, channel: str = GENERAL, user: str = ALICE) -> str:
    answer = await s.command(f"/incident {words}", channel=channel, user=user)
    ack = answer["ack"]
    return text_of(ack) if ack and ack.get("text") else ""


async def test_one_is_kept_and_the_other_points_to_it_everywhere(s: Stage) -> None:
    kept, gone = await two(s, "Merge by command")
    state = await s.state()
    rooms: dict[str, Json] = {name: room_of(state, name) or {} for name in (kept, gone)}
    await s.act("join", user=CAROL, channel=rooms[gone]["id"])
    assert f"was merged into {kept}" in await type_in(s, f"merge {gone}", rooms[kept]["id"])
    state = await s.settled(kept)

    after = await incident(s, gone)
    assert after.merged_into == (await incident(s, kept)).number
    assert not after.is_open
    card = card_of(state, gone) or {}
    assert f"Merged into *{kept} <#{rooms[kept]['id']}>*" in text_of(card)
    assert buttons(card) == ["More"]
    for channel, words in ((gone, f"Go on in *{kept} <#"), (kept, f"merged {gone} into it")):
        news = [m for m in state["messages"][rooms[channel]["id"]] if words in text_of(m)]
        assert len(news) == 1, channel

    members = next(c for c in state["channels"] if c["id"] == rooms[kept]["id"])["members"]
    assert {ALICE, BOB, CAROL} <= set(members)
    [page] = pages(state, "Merge by command gone")
    assert page["status"] == "resolved"
    assert pages(state, "Merge by command kept")[0]["status"] == "triggered"
    [issue], [other] = issues(state, gone), issues(state, kept)
    assert issue["state"] == "closed"
    assert other["state"] == "open"
    assert any(f"/issues/{other['number']}" in text for text in comments(state, gone))
    assert any(f"/issues/{issue['number']}" in text for text in comments(state, kept))
    resolved = [t for t in said_in(state, rooms[gone]) if "resolved" in t]
    assert len(resolved) == 1, "PagerDuty's echo is no second event"
    assert await s.problems() == []


async def test_a_merged_incident_only_leads_to_the_kept_one(s: Stage) -> None:
    kept, gone = await two(s, "Merge leads on")
    old = card_of(await s.state(), gone) or {}
    await type_in(s, f"merge {gone} into {kept}")
    await s.settled(gone)
    for words in ("reopen", "ack", "resolve", "escalate 2", "reassign @bob"):
        verb, _, more = words.partition(" ")
        assert f"was merged into {kept}" in await type_in(s, f"{verb} {gone} {more}")
    assert old
    await s.on_card(gone, "More")
    view = (await s.until(lambda state: state["views"]))[-1]
    assert view["title"] == kept
    assert await s.problems() == []


async def test_what_cannot_be_merged_says_why(s: Stage) -> None:
    kept, gone = await two(s, "Merge refused")
    room = room_of(await s.state(), kept) or {}
    assert "into itself" in await type_in(s, f"merge {kept}", room["id"])
    assert "Say which" in await type_in(s, f"merge {gone}")
    assert "Say which" in await type_in(s, "merge nonsense", room["id"])
    assert "There is no INC-99999" in await type_in(s, "merge INC-99999", room["id"])
    await type_in(s, f"resolve {gone} done")
    assert "is resolved already" in await type_in(s, f"merge {gone}", room["id"])
    assert "is resolved. Reopen it first" in await type_in(s, f"merge {kept} into {gone}")
    await s.settled(gone)
    assert "is open again" in await type_in(s, f"reopen {gone}")
    await s.settled(gone)
    assert "was merged into" in await type_in(s, f"merge {gone} into {kept}")
    third = await s.declare("SEV3 Merge refused third")
    assert f"was merged into {kept} already" in await type_in(s, f"merge {gone} into {third}")
    assert f"was merged into {kept} already" in await type_in(s, f"merge {third} into {gone}")
    await s.settled(third)
    assert await s.problems() == []


async def test_private_and_public_are_not_merged(s: Stage) -> None:
    kept = await s.declare("SEV3 Merge with a private one")
    private, _ = await s.declare_private("Secret merge")
    assert (await incident(s, private)).private
    assert "one of them is private" in await type_in(s, f"merge {private} into {kept}")
    assert f"There is no {private}" in await type_in(s, f"merge {private} into {kept}", user=BOB)
    assert await s.problems() == []


async def test_by_the_form_and_with_alerts_pagerduty_merges_them_itself(s: Stage) -> None:
    names = []
    for title in ("Merge form kept", "Merge form gone"):
        await s.pagerduty("trigger", title=title, service="PCHECKO")
        names.append(await s.announced(title))
        await s.settled(names[-1])
    kept, gone = names
    await s.on_card(gone, "More")
    await s.press("Merge", where="view")
    view = (await s.until(lambda state: state["views"]))[-1]
    assert view["title"] == "Merge"
    answer = await s.submit({"Merge with": f"{kept} Merge form kept", "Keep": "Keep the other"})
    assert not answer["errors"], answer
    state = await s.settled(gone)
    assert (await incident(s, gone)).merged_into == (await incident(s, kept)).number
    assert len(await s.calls("/merge")) == 1
    assert pages(state, "Merge form gone")[0]["status"] == "resolved"
    [card] = cards_of(state, kept)
    assert "Triggered" in text_of(card)
    assert await s.problems() == []


async def test_two_merges_in_opposite_directions_at_once(s: Stage) -> None:
    one, other = await two(s, "Merge both ways")
    answers = await asyncio.gather(
        type_in(s, f"merge {one} into {other}"), type_in(s, f"merge {other} into {one}", user=BOB)
    )
    done = [answer for answer in answers if "was merged into" in answer and "already" not in answer]
    assert len(done) == 1, answers
    merged = [(await incident(s, name)).merged_into for name in (one, other)]
    assert merged.count(None) == 1
    await s.quiet()
    assert await s.problems() == []
