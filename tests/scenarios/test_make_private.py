"""A public incident becomes private: in Slack, at PagerDuty and on GitHub nothing more is told of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.stage import ALICE, API_TOKEN, BOB, CAROL, DAVE, GENERAL, Json, Stage, channel_named
from tests.workspace import (
    buttons,
    card_of,
    cards_of,
    header,
    issues,
    messages_in,
    pages,
    room_of,
    said_in,
    text_of,
    told_directly,
)

if TYPE_CHECKING:
    from bot.domain.incident import Incident

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def started(s: Stage, title: str) -> tuple[str, Json]:
    """A public incident of Alice's that runs, with Bob in its channel; its name and channel."""
    name = await s.declare(f"SEV2 {title}")
    state = await s.settled(name)
    room = room_of(state, name)
    assert room
    await s.act("join", user=BOB, channel=room["id"])
    await s.command(f"/incident note {title} in detail", channel=room["id"])
    await s.quiet()
    return name, room


async def incident(s: Stage, name: str) -> Incident:
    assert s.bot is not None
    return await s.bot.world.incidents.get(int(name.removeprefix("INC-")))


async def private_room(s: Stage, name: str, old: Json) -> Json:
    """The new channel, once everything is done."""
    found = await s.until(
        lambda state: [
            c
            for c in state["channels"]
            if c["is_private"] and c["name"].startswith(f"incident-{name[4:]}-")
        ]
    )
    await s.quiet()
    assert found[0]["id"] != old["id"]
    state = await s.state()
    return next(c for c in state["channels"] if c["id"] == found[0]["id"])


async def open_panel(s: Stage, room: Json, user: str = ALICE) -> None:
    await s.command("/incident", user=user, channel=room["id"])
    await s.until(lambda state: state["views"], user=user)


def everything_said(state: Json, besides: set[str] = frozenset()) -> str:  # type: ignore[assignment]
    """All messages for everybody outside of some channels."""
    said = [
        m
        for c, messages in state["messages"].items()
        for m in messages
        if c not in besides and not m["ephemeral"]
    ]
    return json.dumps(said, ensure_ascii=False)


async def test_the_button_asks_and_moves_the_incident_into_a_private_channel(s: Stage) -> None:
    title = "Customer data on a public page"
    name, old = await started(s, title)
    await s.command(f"/incident update {name} We are looking", channel=old["id"])
    await s.quiet()
    await open_panel(s, old)
    [view] = (await s.state())["views"]
    asked = next(
        e
        for b in view["blocks"]
        if b["type"] == "actions"
        for e in b["elements"]
        if e["text"]["text"] == "Make private"
    )["confirm"]
    assert "Still readable for others: what was written in its channel" in asked["text"]["text"]
    await s.press("Make private", where="view", confirm=False)
    await s.quiet()
    assert not (await incident(s, name)).private

    await s.press("Make private", where="view")
    room = await private_room(s, name, old)
    state = await s.state()
    [view] = state["views"]
    assert "🔒" in json.dumps(view, ensure_ascii=False)
    assert "Make private" not in json.dumps(view)

    assert {ALICE, BOB} <= set(room["members"])
    [card] = cards_of(state, name, room["name"])
    assert card["ts"] in room["pins"]
    before = next(c for c in state["channels"] if c["id"] == old["id"])
    assert before["is_archived"]
    [told] = [t for t in map(text_of, messages_in(state, room)) if "What stays readable" in t]
    for words in (f"#{old['name']}", "is archived", "acme/incidents#", "at PagerDuty", ALICE):
        assert words in told, words

    assert cards_of(state, name) == []
    announced = everything_said(await s.state(CAROL), {old["id"]})
    assert title not in announced
    assert "We are looking" not in announced
    left = [m for m in messages_in(state, before) if "goes on in a private channel" in m["text"]]
    assert [buttons(m) for m in left] == [["Request access"]]
    assert not [m for m in messages_in(state, before) if header(m) and not m["ephemeral"]]

    assert pages(state, title) == []
    assert len(pages(state, f"Private incident {name}")) == 1
    issues = [i for r in state["github"]["repositories"] for i in r["issues"]]
    assert title not in json.dumps([(i["title"], i["body"]) for i in issues])
    [issue] = [i for i in issues if i["title"] == f"Private incident {name}"]
    assert issue["state"] == "closed"
    assert "Nothing further is written here" in issue["body"]
    assert await s.problems() == []


async def test_nothing_of_it_is_told_outside_from_then_on(s: Stage) -> None:
    title = "Quiet from now on"
    name, old = await started(s, title)
    await s.on_card(name, "Subscribe", user=DAVE)
    await s.on_card(name, "Subscribe", user=BOB)
    answer = await s.command(f"/incident private {name}")
    assert f"{name} is private now" in str(answer["ack"])
    room = await private_room(s, name, old)
    github = json.dumps((await s.state())["github"])
    heard = len(told_directly(await s.state(DAVE)))
    await s.command("/incident update The leak is stopped", channel=room["id"])
    await s.command("/incident note Legal knows", channel=room["id"])
    await s.command("/incident severity SEV1", channel=room["id"])
    await s.command("/incident resolve Keys rotated", channel=room["id"])
    await s.quiet()
    state = await s.state()
    assert [t for t in said_in(state, room) if "update" in t or "News in private" in t]
    assert json.dumps(state["github"]) == github, "nothing further is written there"
    assert len(told_directly(await s.state(DAVE))) == heard, "a subscriber outside hears nothing"
    assert told_directly(await s.state(BOB), name), "one who is in it does"
    [page] = pages(state, f"Private incident {name}")
    assert page["status"] == "resolved"
    for secret in ("leak is stopped", "Legal knows", "Keys rotated"):
        assert secret not in json.dumps(page)
        assert secret not in everything_said(state, {room["id"]})
    assert cards_of(state, name) == []
    assert await s.problems() == []


async def test_it_is_not_there_any_more_for_those_outside(s: Stage) -> None:
    title = "Not there any more"
    name, old = await started(s, title)
    await s.command(f"/incident private {name}")
    await private_room(s, name, old)
    for words in (f"show {name}", f"timeline {name}", f"ack {name}", f"private {name}"):
        answer = await s.command(f"/incident {words}", user=CAROL)
        assert f"There is no {name}" in str(answer["ack"]), words
    for which in ("open", "all", "mine"):
        assert title not in str(await s.command(f"/incident list {which}", user=CAROL))
        assert title in str(await s.command(f"/incident list {which}", user=ALICE))
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    one = await s.http.get(f"{s.bot_url}/api/incidents/{name[4:]}", headers=headers)
    assert one.status_code == 404
    assert await s.problems() == []


async def test_twice_is_once(s: Stage) -> None:
    name, old = await started(s, "Pressed twice")
    first = await s.command(f"/incident private {name}")
    again = await s.command(f"/incident private {name}")
    assert "is private now" in str(first["ack"])
    assert f"{name} is private already" in str(again["ack"])
    room = await private_room(s, name, old)
    state = await s.state()
    assert len([c for c in state["channels"] if f"incident-{name[4:]}-" in c["name"]]) == 2
    assert len(cards_of(state, name, room["name"])) == 1
    assert len(comments_on_withdrawn(state, name)) == 1
    assert await s.problems() == []


def comments_on_withdrawn(state: Json, name: str) -> list[str]:
    return [
        c["body"]
        for r in state["github"]["repositories"]
        for i in r["issues"]
        if i["title"] == f"Private incident {name}"
        for c in i["comments"]
        if "Nothing further is written here" in c["body"]
    ]


async def test_its_action_items_leave_github_as_well(s: Stage) -> None:
    name, room = await started(s, "With things to do")
    for words in ("Rotate the leaked keys", "Ask the lawyers"):
        await s.command(f"/incident action {words}", channel=room["id"])
    await s.quiet()
    # The last one's issue is not opened, or its opening not answered yet, when it becomes private.
    await s.fault("github.POST /repos/*/*/issues", "lost")
    await s.command("/incident action Asked too early", channel=room["id"])
    await s.until(lambda state: any("too early" in str(i) for i in issues(state, "")))
    await s.command("/incident private", channel=room["id"])
    new = await private_room(s, name, room)
    state = await s.state()
    public = json.dumps(
        [(i["title"], i["body"]) for r in state["github"]["repositories"] for i in r["issues"]]
    )
    for words in ("leaked keys", "lawyers", "too early"):
        assert words not in public
    withdrawn = [i for i in issues(state, "") if i["title"] == f"Private incident {name}"]
    assert len(withdrawn) == 4, "its own, and all that were opened, also the one nobody told us of"
    assert {i["state"] for i in withdrawn} == {"closed"}
    said = [text_of(m) for m in messages_in(state, new)]
    assert any("the issues of its action items" in text for text in said)
    for words in ("leaked keys", "lawyers", "too early"):
        assert any(words in text for text in said), "its people still see what is to be done"
    listed = await s.command("/incident actions", channel=new["id"])
    assert "leaked keys" in str(listed["ack"])
    await s.command("/incident action Only for us", channel=new["id"])
    await s.quiet()
    assert not any("Only for us" in str(i) for i in issues(await s.state(), ""))
    assert await s.problems() == []


async def test_pressed_before_the_channel_is_there_nothing_public_is_left(s: Stage) -> None:
    title = "Too early to tell"
    name = await s.declare(f"SEV2 {title}")
    await s.command(f"/incident private {name}")
    found = await s.until(
        lambda state: [
            c
            for c in state["channels"]
            if c["is_private"] and c["name"].startswith(f"incident-{name[4:]}-")
        ]
    )
    await s.quiet()
    state = await s.state()
    assert ALICE in next(c for c in state["channels"] if c["id"] == found[0]["id"])["members"]
    public = [
        c
        for c in state["channels"]
        if c["name"].startswith(f"incident-{name[4:]}-") and not c["is_private"]
    ]
    assert all(c["is_archived"] for c in public)
    assert cards_of(state, name) == []
    assert title not in everything_said(await s.state(CAROL))
    assert title not in json.dumps(
        [(i["title"], i["body"]) for r in state["github"]["repositories"] for i in r["issues"]]
    )
    assert pages(state, title) == []
    assert len(pages(state, f"Private incident {name}")) == 1
    assert await s.problems() == []


async def test_a_failed_step_shows_in_the_channel_with_retry(s: Stage) -> None:
    name, old = await started(s, "One step fails")
    await s.fault("slack.conversations.archive", "error:restricted_action")
    await s.command(f"/incident private {name}")
    room = await private_room(s, name, old)
    card = await s.until(
        lambda state: next(
            (
                c
                for c in cards_of(state, name, room["name"])
                if "Old channel archived" in text_of(c)
            ),
            None,
        )
    )
    assert "restricted_action" in text_of(card)
    outside = await s.press("Retry", user=ALICE, channel=room["id"], ts=card["ts"])
    assert outside["ok"], outside
    await s.until(
        lambda state: next(c for c in state["channels"] if c["id"] == old["id"])["is_archived"]
    )
    assert await s.problems() == []


async def test_a_channel_that_was_lent_stays_with_its_people(s: Stage) -> None:
    title = "In the team's own channel"
    await s.act("create_channel", user=BOB, name="team-web")
    team = channel_named(await s.state(BOB), "team-web") or {}
    await s.act("join", user=CAROL, channel=team["id"])
    await s.command("/incident", user=BOB, channel=team["id"])
    await s.until(lambda state: state["views"], user=BOB)
    await s.submit(
        {"Title": title, "Use this channel": ["Run it in the channel I am in now"]}, user=BOB
    )
    name = await s.announced(title)
    await s.quiet()
    assert cards_of(await s.state(BOB), name, "team-web")
    await s.command(f"/incident private {name}", user=BOB)
    found = await s.until(
        lambda state: [
            c for c in state["channels"] if c["is_private"] and f"-{name[4:]}-" in c["name"]
        ],
        user=BOB,
    )
    await s.quiet()
    state = await s.state(BOB)
    team = channel_named(state, "team-web") or {}
    assert not team["is_archived"]
    assert not cards_of(state, name, "team-web")
    room = next(c for c in state["channels"] if c["id"] == found[0]["id"])
    assert BOB in room["members"]
    assert CAROL not in room["members"], "a team is not called in as a whole"
    assert "stays open for its members" in json.dumps(messages_in(state, room))
    assert await s.problems() == []


async def test_in_a_thread_it_gets_a_channel_and_the_thread_is_emptied(s: Stage) -> None:
    title = "Ran in a thread"
    await s.fault("slack.conversations.create", "error:restricted_action")
    name = await s.declare(f"SEV2 {title}")
    state = await s.settled(name)
    assert room_of(state, name) is None
    await s.command(f"/incident note {name} said in the thread")
    await s.quiet()
    await s.command(f"/incident private {name}")
    await s.until(
        lambda state: [
            c for c in state["channels"] if c["is_private"] and f"-{name[4:]}-" in c["name"]
        ]
    )
    await s.quiet()
    assert title not in everything_said(await s.state(CAROL))
    assert "said in the thread" not in everything_said(await s.state(CAROL))
    assert await s.problems() == []


async def test_where_slack_refuses_a_private_channel_nothing_is_told_in_public(s: Stage) -> None:
    title = "No room of its own"
    name, old = await started(s, title)
    await s.fault("slack.conversations.create", "error:restricted_action")
    await s.command(f"/incident private {name}", user=BOB)
    await s.until(lambda state: told_directly(state, "could not open a channel"), user=BOB)
    await s.quiet()
    await s.command(f"/incident note {name} only for us", user=BOB)
    await s.quiet()
    state = await s.state(BOB)
    assert cards_of(state, name) == []
    assert "only for us" not in everything_said(await s.state(CAROL))
    room = next(c for c in state["channels"] if c["id"] == old["id"])
    assert not room["is_archived"], "its people keep the place they have"
    assert title in str(await s.command(f"/incident show {name}", user=BOB))
    assert f"There is no {name}" in str(await s.command(f"/incident show {name}", user=CAROL))
    assert await s.problems() == []


async def test_no_number_label_or_report_tells_of_it(s: Stage) -> None:
    title = "Counted nowhere"
    name, old = await started(s, title)
    before = str((await s.command("/incident report", user=CAROL))["ack"])
    await s.command(f"/incident private {name}")
    await private_room(s, name, old)
    metrics = (await s.http.get(f"{s.bot_url}/metrics")).text
    assert "muster_effects" in metrics
    assert title not in metrics
    assert name not in metrics
    after = str((await s.command("/incident report", user=CAROL))["ack"])
    assert title not in after
    assert before != after, "it is counted no more"
    await s.quiet()
    assert title not in " ".join(told_directly(await s.state(CAROL)))
    everything = await s.http.get(
        f"{s.bot_url}/api/incidents?status=all", headers={"Authorization": f"Bearer {API_TOKEN}"}
    )
    assert name not in [each["id"] for each in everything.json()["incidents"]]
    assert await s.problems() == []


async def test_guests_do_not_make_anything_private(s: Stage) -> None:
    name, _ = await started(s, "A guest tries")
    answer = await s.command(f"/incident private {name}", user="U0GRACE00")
    assert "Guests cannot see private incidents here" in str(answer["ack"])
    assert not (await incident(s, name)).private


async def test_a_channel_made_private_by_hand_is_followed(s: Stage) -> None:
    title = "Locked by hand"
    name, room = await started(s, title)
    await s.act("make_private", user=ALICE, channel=room["id"])
    await s.wait(lambda: _is_private(s, name), what="the incident to follow")
    await s.quiet()
    state = await s.state()
    now = next(c for c in state["channels"] if c["id"] == room["id"])
    assert not now["is_archived"]
    assert len([c for c in state["channels"] if f"incident-{name[4:]}-" in c["name"]]) == 1
    [card] = cards_of(state, name, room["name"])
    assert "🔒" in header(card)
    assert cards_of(state, name) == []
    assert pages(state, title) == []
    assert len(pages(state, f"Private incident {name}")) == 1
    assert len(comments_on_withdrawn(state, name)) == 1
    assert any("The channel was made private" in text_of(m) for m in messages_in(state, now))
    assert title in str(await s.command("/incident list mine", user=BOB)), "he is in the channel"
    assert title not in str(await s.command("/incident list all", user=CAROL))
    assert await s.problems() == []


async def _is_private(s: Stage, name: str) -> bool:
    return (await incident(s, name)).private


async def test_a_channel_the_bot_is_taken_out_of_is_seen_by_nobody(s: Stage) -> None:
    title = "Without the bot"
    name, room = await started(s, title)
    await s.command("/incident private", channel=room["id"])
    new = await private_room(s, name, room)
    assert title in str((await s.command("/incident list mine", user=ALICE))["ack"])
    await s.act("remove", user=ALICE, channel=new["id"], who="U0MUSTER00")

    async def hidden() -> bool:
        return title not in str((await s.command("/incident list mine", user=ALICE))["ack"])

    await s.wait(hidden, what="its members to be forgotten")
    assert f"There is no {name}" in str(
        (await s.command(f"/incident show {name}", user=BOB))["ack"]
    )


async def test_a_conversion_missed_while_down_is_found_at_the_next_start(s: Stage) -> None:
    name, room = await started(s, "Locked while nobody listened")
    await s.stop_bot()
    await s.act("make_private", user=ALICE, channel=room["id"])
    await s.start_bot()
    await s.ready()
    await s.wait(lambda: _is_private(s, name), what="the incident to follow")
    await s.quiet()
    assert cards_of(await s.state(), name) == []
    seen = await s.command(f"/incident show {name}", user=BOB, channel=GENERAL)
    assert "Locked while nobody listened" in str(seen["ack"])


async def test_what_was_merged_into_it_tells_its_number_only(s: Stage) -> None:
    secret = "Payroll sheet is on the web"
    kept, room = await started(s, secret)
    public = await s.declare("SEV3 Strange downloads", user=CAROL)
    await s.settled(public)
    assert room_of(await s.state(), public)
    await s.command(f"/incident merge {public} into {kept}", channel=room["id"])
    await s.quiet()
    card = card_of(await s.state(CAROL), public)
    assert card
    assert f"<#{room['id']}>" in text_of(card), "while it is public the way leads there"
    await s.command("/incident private", channel=room["id"])
    await private_room(s, kept, room)
    await s.quiet()
    seen = {
        words: json.dumps((await s.command(f"/incident {words}", user=DAVE))["ack"])
        for words in (f"show {public}", f"timeline {public}", "list all", f"show {kept}")
    }
    card = card_of(await s.state(DAVE), public)
    assert card
    seen["card"] = text_of(card)
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    one = await s.http.get(f"{s.bot_url}/api/incidents/{public[4:]}", headers=headers)
    assert one.status_code == 200
    seen["api"] = one.text
    [issue] = issues(await s.state(), public)
    seen["issue"] = json.dumps(issue)
    assert s.bot is not None
    told = await s.bot.work.read(lambda tx: tx.entries(int(public[4:])))
    assert f"Merged into {kept}" in str(told)
    seen["evidence"] = str(told)
    for where, words in seen.items():
        assert secret not in words, where
        assert room["id"] not in words, where
        assert room["name"] not in words, where
    assert f"Merged into *{kept}*" in seen["card"]
    assert "Strange downloads" in seen[f"show {public}"]
    assert f"There is no {kept}" in seen[f"show {kept}"]
    assert await s.problems() == []
