"""A private incident stays among those in its channel."""

from __future__ import annotations

import json

import pytest

from tests.stage import ALICE, API_TOKEN, BOB, CAROL, GENERAL, Json, Stage
from tests.workspace import cards_of, messages_in, room_of, text_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECRET = "Salaries leaked by accident"


async def declared(s: Stage, title: str = SECRET) -> tuple[str, Json]:
    """A private incident of Alice's, from the form: its name and channel."""
    known = {channel["id"] for channel in (await s.state())["channels"]}
    await s.command("/incident")
    await s.until(lambda state: state["views"])
    answer = await s.submit(
        {"Title": title, "Private incident": True, "What is happening?": "A spreadsheet is public"}
    )
    assert answer["view"] is None, answer

    def new(state: Json) -> list[Json]:
        return [c for c in state["channels"] if c["id"] not in known and c["is_private"]]

    found = await s.until(new)
    await s.quiet()
    number = found[-1]["name"].split("-")[1]
    [channel] = [c for c in (await s.state())["channels"] if c["id"] == found[-1]["id"]]
    return f"INC-{number}", channel


async def test_it_lives_in_a_private_channel_and_nowhere_else(s: Stage) -> None:
    name, channel = await declared(s)
    state = await s.state()
    assert channel["is_private"]
    assert ALICE in channel["members"]
    assert len(cards_of(state, name, channel["name"])) == 1
    assert cards_of(state, name) == []
    for user in (BOB, CAROL):
        seen = await s.state(user)
        if user not in channel["members"]:
            assert room_of(seen, name) is None
            assert SECRET not in json.dumps(seen["messages"], ensure_ascii=False)
    others = [m for c, ms in state["messages"].items() if c != channel["id"] for m in ms]
    assert not [m for m in others if SECRET in json.dumps(m) and not m["ephemeral"]]
    assert SECRET not in json.dumps(state["github"])
    assert name not in json.dumps(state["github"])
    assert SECRET not in json.dumps(state["pagerduty"])
    [page] = [p for p in state["pagerduty"]["incidents"] if name in p["title"]]
    assert page["title"] == f"Private incident {name}"
    assert "spreadsheet" not in json.dumps(page)
    assert await s.problems() == []


async def test_no_notification_tells_the_title(s: Stage) -> None:
    name, channel = await declared(s, "Board papers are public")
    for message in messages_in(await s.state(), channel):
        if message["subtype"] is None:
            assert "Board papers" not in message["text"]
    assert name in str(messages_in(await s.state(), channel))


async def test_it_is_absent_from_lists_and_the_api(s: Stage) -> None:
    name, channel = await declared(s, "Absent from every list")
    listed = await s.command("/incident list all", user=CAROL, channel=GENERAL)
    assert "Absent from" not in str(listed)
    assert f"{name} " not in str(listed)
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    everything = await s.http.get(f"{s.bot_url}/api/incidents?status=all", headers=headers)
    assert name not in [i["id"] for i in everything.json()["incidents"]]
    one = await s.http.get(f"{s.bot_url}/api/incidents/{name[4:]}", headers=headers)
    assert one.status_code == 404
    assert "Absent" not in one.text
    shown = await s.command(f"/incident show {name}", user=CAROL, channel=GENERAL)
    assert f"There is no {name}" in str(shown["ack"])
    own = await s.command("/incident show", channel=channel["id"])
    assert "Absent from every list" in str(own["ack"])
    assert await s.problems() == []


async def test_strangers_can_not_act_on_it(s: Stage) -> None:
    name, channel = await declared(s, "Hands off")
    assert CAROL not in channel["members"]
    for words in ("ack", "resolve", "note hello", "timeline", "severity SEV1", "escalate 2"):
        verb, _, rest = words.partition(" ")
        typed = f"/incident {verb} {name} {rest}".strip()
        answer = await s.command(typed, user=CAROL, channel=GENERAL)
        assert f"There is no {name}" in str(answer["ack"]), (words, answer)
    await s.quiet()
    [page] = [p for p in (await s.state())["pagerduty"]["incidents"] if name in p["title"]]
    assert page["status"] == "triggered"
    assert await s.problems() == []


async def test_it_can_be_worked_on_inside_its_channel(s: Stage) -> None:
    name, channel = await declared(s, "Handled quietly")
    await s.command("/incident ack", channel=channel["id"])
    await s.command("/incident note Only for us", channel=channel["id"])
    await s.command("/incident resolve The link is closed", channel=channel["id"])
    await s.until(lambda state: "resolved" in cards_of(state, name, channel["name"])[0]["text"])
    await s.quiet()
    state = await s.state()
    [page] = [p for p in state["pagerduty"]["incidents"] if name in p["title"]]
    assert page["status"] == "resolved"
    assert "The link is closed" not in json.dumps(page)
    assert "Only for us" not in json.dumps(page)
    assert cards_of(state, name) == []
    assert name not in json.dumps(state["github"])
    assert await s.problems() == []


async def test_where_slack_refuses_a_channel_whoever_declared_it_is_told_where_it_runs(
    s: Stage,
) -> None:
    title = "Nowhere to talk"
    await s.fault("slack.conversations.create", "error:restricted_action")
    await s.command("/incident")
    await s.until(lambda state: state["views"])
    await s.submit({"Title": title, "Private incident": True})

    def told(state: Json) -> list[str]:
        directs = {c["id"] for c in state["channels"] if c["is_im"]}
        said = [m for c in directs for m in state["messages"].get(c, [])]
        return [text_of(m) for m in said if "could not open a channel" in text_of(m)]

    [direct] = await s.until(told)
    await s.quiet()
    assert "(restricted_action)" in direct
    assert "your direct messages with me" in direct
    assert "Create private channels" in direct
    everybody = [m for c, ms in (await s.state(BOB))["messages"].items() for m in ms]
    assert title not in json.dumps(everybody)
