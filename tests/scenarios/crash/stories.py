"""What people do in the crash tests, and what Slack, PagerDuty and GitHub show afterwards."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.stage import ALICE, BOB, Json, Stage, channel_named
from tests.workspace import cards, issues

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

TITLE = "Checkout is down"
ITEM = "Alert on the queue"
FORM = {"Title": TITLE, "Severity": "SEV2", "What is happening?": "Every payment fails since noon."}


@dataclass(frozen=True)
class Story:
    """``prepare`` is done before the process may die, ``act`` is what it dies of.

    ``status`` is what the database says once the action is committed (and whether it is private).
    """

    name: str
    prepare: Callable[[Stage], Coroutine[Any, Any, None]]
    act: Callable[[Stage], Coroutine[Any, Any, Json]]
    status: str


async def _open_form(s: Stage) -> None:
    answer = await s.command("/incident declare", user=ALICE)
    assert answer["ok"], answer


async def _declare(s: Stage) -> Json:
    return await s.submit(FORM, user=ALICE)


async def _nothing(_: Stage) -> None:
    return


async def _acknowledge(s: Stage) -> Json:
    return await _press(s, "Acknowledge")


async def _open_resolve(s: Stage) -> None:
    answer = await _press(s, "Resolve")
    assert answer["ok"], answer


async def _resolve(s: Stage) -> Json:
    return await s.submit({"What fixed it?": "Rolled back"}, user=BOB)


async def _open_items(s: Stage) -> None:
    answer = await s.command("/incident action", user=ALICE, channel=await _room(s))
    assert answer["ok"], answer


async def _add_item(s: Stage) -> Json:
    return await s.submit({"What is to be done?": ITEM, "Owner": BOB}, user=ALICE)


async def _mark_done(s: Stage) -> Json:
    """Press the button on the item's message."""
    room, state = await _room(s), await s.state(BOB)
    shown = [m for m in state["messages"][room] if ITEM in m["text"] and "Mark done" in str(m)]
    if not shown:  # it was pressed before
        return {"ok": True}
    return await s.press("Mark done", user=BOB, channel=room, ts=shown[0]["ts"])


async def _room(s: Stage) -> str:
    [room] = [c["id"] for c in (await s.state())["channels"] if c["name"].startswith("incident-")]
    return str(room)


async def _press(s: Stage, label: str) -> Json:
    """Press a button of the announcement, as it was when the story began."""
    state = await s.state(BOB)
    shown, channel = cards(state), channel_named(state, "incidents")
    assert shown, "there is no announcement to press on"
    assert channel
    return await s.press(label, user=BOB, channel=channel["id"], ts=shown[0]["ts"])


async def _make_private(s: Stage) -> Json:
    """Named by its channel, which is there before and after."""
    rooms = [re.match(r"incident-(\d+)-", c["name"]) for c in (await s.state())["channels"]]
    number = next(found[1] for found in rooms if found)
    return await s.command(f"/incident private INC-{number}", user=ALICE)


DECLARE = Story("declare", _open_form, _declare, "triggered")
ACKNOWLEDGE = Story("acknowledge", _nothing, _acknowledge, "acknowledged")
RESOLVE = Story("resolve", _open_resolve, _resolve, "resolved, 1 of 1 done")
ADD_ITEM = Story("add an action item", _open_items, _add_item, "acknowledged, 0 of 1 done")
DONE = Story("mark it done", _nothing, _mark_done, "acknowledged, 1 of 1 done")
MAKE_PRIVATE = Story("make private", _nothing, _make_private, "resolved, 1 of 1 done private")
STORIES = (DECLARE, ACKNOWLEDGE, ADD_ITEM, DONE, RESOLVE, MAKE_PRIVATE)


# --- what there is to see -----------------------------------------------------------------


def picture(state: Json) -> list[str]:
    """All that people can find in the three systems, one line each, the same for every run.

    Lines are sorted, so that order between independent steps does not count; doubles do. Left
    out: private answers (at least once, as documented) and Slack's own lines about topics, of
    which there may be fewer (a topic that was never set because the next one was known).
    """
    return sorted(_same(line, state) for line in _lines(state))


def _lines(state: Json) -> Iterator[str]:
    for channel in state["channels"]:
        messages = state["messages"].get(channel["id"], [])
        if channel["name"].startswith("incident") or channel["is_im"]:
            yield from _channel(channel, messages)
    for page in state["pagerduty"]["incidents"]:
        yield from _page(page)
    for issue in issues(state, ""):
        yield from _issue(issue)


def _channel(channel: Json, messages: list[Json]) -> Iterator[str]:
    name = f"#{channel['name']}"
    cards = {m["ts"] for m in messages if _is_card(m)}
    yield f"{name} exists"
    yield f"{name} topic {channel['topic']}"
    yield f"{name} purpose {channel['purpose']}"
    yield f"{name} archived {channel['is_archived']}"
    for member in channel["members"]:
        yield f"{name} member {member}"
    for pin in channel["pins"]:
        yield f"{name} pin of {'the card' if pin in cards else 'something else'}"
    for bookmark in channel["bookmarks"]:
        yield f"{name} bookmark {bookmark['title']} {bookmark['link']}"
    for message in messages:
        if not message["ephemeral"] and message["subtype"] != "channel_topic":
            yield f"{name} message {message['user']} {_words(message)}"


def _is_card(message: Json) -> bool:
    return any(block["type"] == "header" for block in message["blocks"] or ())


def _words(message: Json) -> list[str]:
    return [message["text"], *_texts(message["blocks"])]


def _texts(value: Any) -> Iterator[str]:
    """Every word of some blocks, without the ids Slack makes up."""
    if isinstance(value, dict):
        for key, inner in sorted(value.items()):
            if isinstance(inner, str) and key in {"text", "url", "value", "action_id"}:
                yield inner
            elif not isinstance(inner, str):
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


def _page(page: Json) -> Iterator[str]:
    name = f"page {page['title']!r}"
    owners = sorted(one["assignee"]["summary"] for one in page["assignments"])
    facts = (page["incident_key"], page["status"], page["urgency"], page["service"]["summary"])
    yield f"{name} {facts} {(page['priority'] or {}).get('summary')} {owners}"
    for note in page["notes"]:
        yield f"{name} note by {note['user']['summary']}: {note['content']}"
    for entry in page["log"]:
        yield f"{name} log {entry['type']} {entry['summary']}"


def _issue(issue: Json) -> Iterator[str]:
    name = f"issue {issue['repo']} {issue['title']!r}"
    labels = sorted(label["name"] for label in issue["labels"])
    people = sorted(one["login"] for one in issue["assignees"])
    yield f"{name} {issue['state']} {people} {labels} {issue['body']}"
    for comment in issue["comments"]:
        yield f"{name} comment {comment['body']}"


#: What differs from run to run without meaning anything. PostgreSQL does not give a number twice,
#: so an incident that was never committed leaves a gap; there is one incident at most in a life.
SAME = (
    (r"\bINC-\d+", "INC-N"),
    (r"#incident-\d+-", "#incident-N-"),
    # PostgreSQL counts a number as used even when its transaction was never committed.
    (r'"number":\d+', '"number":N'),
    (r'"item":\d+', '"item":N'),
    (r"(INC-N/action)/\d+", r"\1/N"),
    (r"(INC-N/ticket/entry)/\d+", r"\1/N"),
    (r"http://127\.0\.0\.1:\d+", "URL"),
    (r"\bC0\w{7,}", "CHANNEL"),
    (r"\bD0\w{7,}", "DIRECT"),
    (r"\bQ[0-9A-Z]{13}\b", "PAGE"),
    (r"<!date\^\d+", "<!date^TIME"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d)?( UTC|Z)?", "TIME"),
    (r"/p\d{16}", "/pTS"),
    (r"\b(INC-N/page)/\d+", r"\1/MOMENT"),
    (r"\b\d+ (s|min|h)\b( \d+ (s|min)\b)?", "SOME TIME"),
)


def _same(line: str, _: Json) -> str:
    for pattern, word in SAME:
        line = re.sub(pattern, word, line)
    return line


def doubled_topics(state: Json) -> list[str]:
    """Topics that Slack told a channel about twice."""
    told = Counter(
        (channel["name"], message["text"])
        for channel in state["channels"]
        for message in state["messages"].get(channel["id"], [])
        if message["subtype"] == "channel_topic"
    )
    return [f"#{name} {text}" for (name, text), times in told.items() if times > 1]


def difference(expected: list[str], found: list[str]) -> str:
    """What is missing and what is too much, for people; empty when they are equal."""
    missing, extra = Counter(expected) - Counter(found), Counter(found) - Counter(expected)
    lines = [f"  missing: {line[:400]}" for line in sorted(missing.elements())]
    return "\n".join([*lines, *(f"  too much: {line[:400]}" for line in sorted(extra.elements()))])
