"""Status updates: posted once, seen in the channel, the announcement's thread, at PagerDuty and by subscribers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.catalog import DEFAULT_SEVERITIES, Catalog
from tests.stage import ALICE, BOB, CAROL, DAVE, Json, Stage, stage
from tests.workspace import (
    buttons,
    card_of,
    channel_named,
    messages_in,
    pages,
    room_of,
    said_in,
    text_of,
    told,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def declared(s: Stage, title: str) -> tuple[str, Json]:
    """An incident with everything done, and its channel."""
    name = await s.declare(f"SEV2 {title}")
    room = room_of(await s.settled(name), name)
    assert room
    return name, room


def in_thread(state: Json, name: str) -> list[str]:
    """What stands in the thread of the announcement."""
    card = card_of(state, name)
    assert card
    messages = messages_in(state, channel_named(state, "incidents"))
    return [text_of(m) for m in messages if m["thread_ts"] == card["ts"] and m["ts"] != card["ts"]]


def published(state: Json, title: str) -> list[str]:
    """The status updates at PagerDuty."""
    [page] = pages(state, title)
    return [update["message"] for update in page["status_updates"]]


async def test_an_update_is_posted_mirrored_and_published_once(s: Stage) -> None:
    name, room = await declared(s, "Updated in the channel")
    answer = await s.command(
        "/incident update Half of the <customers> & partners are back", user=BOB, channel=room["id"]
    )
    assert "update is posted" in text_of(answer["ack"])
    state = await s.settled(name)
    await s.poll()
    state = await s.settled(name)
    told_here = [t for t in said_in(state, room_of(state, name)) if "posted an update" in t]
    assert len(told_here) == 1, "not echoed when PagerDuty tells of it"
    assert "&lt;customers&gt; &amp; partners" in told_here[0]
    assert BOB in told_here[0]
    assert len([t for t in in_thread(state, name) if "&lt;customers&gt;" in t]) == 1
    assert published(state, "Updated in the channel") == [
        "Half of the <customers> & partners are back"
    ]
    assert await s.problems() == []


async def test_the_form_knows_the_last_update_and_changes_the_phase(s: Stage) -> None:
    name, room = await declared(s, "Updated by form")
    await s.command("/incident update", channel=room["id"])
    [view] = await s.until(lambda state: state["views"])
    assert view["title"] == "Post an update"
    assert "No update was posted yet" in str(view)
    await s.submit({"Update": "We found it", "Phase": "identified", "Next update in": "30 minutes"})
    state = await s.settled(name)
    card = card_of(state, name)
    assert card
    assert "identified" in text_of(card)
    assert "Next update" in text_of(card)
    assert "<!date^" in text_of(card).partition("Next update")[2]
    assert any("identified" in t and "We found it" in t for t in in_thread(state, name))
    # The control panel offers it first; the form shows what was told last and what was promised.
    await s.on_card(name, "More", user=CAROL)
    [panel] = await s.until(lambda state: state["views"], user=CAROL)
    await s.press("Post an update", user=CAROL, where="view")
    views = await s.until(lambda state: len(state["views"]) > 1 and state["views"], user=CAROL)
    assert "We found it" in str(views[-1])
    assert "Next update" in str(views[-1]["blocks"])
    labels = [label for label in buttons(panel) if label not in buttons(card)]
    assert labels[0] == "Post an update"
    await s.submit(
        {"Update": "It is fixed, we watch it", "Next update in": "no promise"}, user=CAROL
    )
    state = await s.settled(name)
    assert "Next update" not in text_of(card_of(state, name) or {"text": ""})
    assert published(state, "Updated by form") == ["We found it", "It is fixed, we watch it"]
    assert await s.problems() == []


async def test_an_empty_update_is_refused_beside_its_field(s: Stage) -> None:
    name, room = await declared(s, "Nothing to say")
    await s.command("/incident update", channel=room["id"])
    await s.until(lambda state: state["views"])
    answer = await s.submit({"Update": "   "})
    assert "Write the update" in str(answer)
    state = await s.settled(name)
    assert in_thread(state, name) == []
    assert await s.problems() == []


async def test_subscribers_hear_of_updates_severity_and_the_end_until_they_leave(s: Stage) -> None:
    name, room = await declared(s, "Followed by many")
    await s.on_card(name, "Subscribe", user=DAVE)
    await s.until(lambda state: told(state, f"You are subscribed to {name}"), user=DAVE)
    await s.on_card(name, "Subscribe", user=CAROL)
    await s.until(lambda state: told(state, f"You are subscribed to {name}"), user=CAROL)
    await s.command("/incident update It spreads", user=BOB, channel=room["id"])
    await s.until(lambda state: told(state, "It spreads"), user=DAVE)
    await s.until(lambda state: told(state, "It spreads"), user=CAROL)
    await s.on_card(name, "Subscribe", user=CAROL)
    await s.until(lambda state: told(state, "not subscribed"), user=CAROL)
    await s.command("/incident severity SEV1", user=BOB, channel=room["id"])
    await s.until(lambda state: told(state, "set the severity to SEV1"), user=DAVE)
    await s.pagerduty("resolve", by="bob@example.com", incident=_page(await s.state(), name))
    await s.until(lambda state: told(state, "resolved the incident"), user=DAVE)
    await s.quiet()
    for_carol = told(await s.state(CAROL), name)
    assert not any("SEV1" in t or "resolved the" in t for t in for_carol)
    dave = await s.state(DAVE)
    last = next(
        (channel, m)
        for channel, messages in dave["messages"].items()
        for m in messages
        if "Unsubscribe" in buttons(m) and "resolved" in text_of(m)
    )
    await s.press("Unsubscribe", user=DAVE, channel=last[0], ts=last[1]["ts"])
    await s.until(lambda state: told(state, "not subscribed"), user=DAVE)
    await s.command(f"/incident reopen {name}", user=BOB)
    await s.settled(name)
    assert not told(await s.state(DAVE), "reopened")
    assert await s.problems() == []


def _page(state: Json, name: str) -> str:
    return next(
        i["id"]
        for i in state["pagerduty"]["incidents"]
        if str(i["incident_key"]).startswith(f"{name}/")
    )


async def test_a_pagerduty_without_status_updates_says_so_in_the_run_log(s: Stage) -> None:
    name, room = await declared(s, "A small plan")
    await s.fault(
        "pagerduty.POST /incidents/*/status_updates",
        "error:Account does not have the status updates ability",
        times=100,
    )
    await s.command("/incident update Everybody else hears it", channel=room["id"])
    state = await s.settled(name)
    assert any("Everybody else hears it" in t for t in in_thread(state, name))
    log = await s.command("/incident timeline", channel=room["id"])
    assert "PagerDuty status update" in text_of(log["ack"])
    assert "does not have the status updates ability" in text_of(log["ack"])
    assert await s.problems() == []


async def test_a_private_incident_tells_nobody_outside(s: Stage) -> None:
    _, room = await s.declare_private("Secret leak")
    await s.command("/incident update Only we know", channel=room["id"])
    await s.quiet()
    state = await s.state()
    assert any("Only we know" in text_of(m) for m in messages_in(state, room))
    for user in (BOB, CAROL, DAVE):
        assert "Only we know" not in str((await s.state(user))["messages"])
    announcements = messages_in(state, channel_named(state, "incidents"))
    assert not any("Only we know" in text_of(m) for m in announcements)
    assert all(
        "Only we know" not in str(i["status_updates"]) for i in state["pagerduty"]["incidents"]
    )
    assert await s.problems() == []


async def test_a_direct_update_promises_the_next_as_the_severity_asks(tmp_path: Path) -> None:
    from dataclasses import replace

    hourly = tuple(replace(s, update_every=timedelta(hours=1)) for s in DEFAULT_SEVERITIES)
    async with stage(tmp_path, catalog=Catalog(severities=hourly)) as s:
        name, room = await declared(s, "Every hour")
        await s.command("/incident update So far so bad", user=ALICE, channel=room["id"])
        state = await s.settled(name)
        assert "Next update" in text_of(card_of(state, name) or {"text": ""})
        assert await s.problems() == []
