"""Reading what somebody sees in the sandbox (``/api/state``): pure look-ups for scenarios."""

from __future__ import annotations

import json
import re
from typing import Any

Json = dict[str, Any]


def newest(state: Json) -> str:
    """The newest messages somebody sees: for messages of failing tests."""
    lines = [m["text"][:160] for c in state["messages"].values() for m in c][-25:]
    return f"newest messages: {json.dumps(lines, indent=1, ensure_ascii=False)}"


def channel_named(state: Json, part: str) -> Json | None:
    """The first channel whose name contains ``part``."""
    return next((c for c in state["channels"] if part in c["name"]), None)


def messages_in(state: Json, channel: Json | None) -> list[Json]:
    """The messages of a channel, oldest first."""
    return list(state["messages"].get(channel["id"], [])) if channel else []


def cards(state: Json, part: str = "incidents") -> list[Json]:
    """Cards (messages for all, with a header block) in the channel whose name contains ``part``."""
    found = messages_in(state, channel_named(state, part))
    posted = [m for m in found if not m["ephemeral"]]
    return [m for m in posted if any(b["type"] == "header" for b in m.get("blocks") or ())]


def cards_of(state: Json, name: str, part: str = "incidents") -> list[Json]:
    """The cards of one incident (``INC-7``) in such a channel."""
    return [m for m in cards(state, part) if re.search(rf"{name}\b", header(m))]


def card_of(state: Json, name: str) -> Json | None:
    """The announcement of one incident."""
    found = cards_of(state, name)
    return found[0] if found else None


def header(message: Json) -> str:
    """The header line of a card."""
    blocks = message.get("blocks") or ()
    return next((b["text"]["text"] for b in blocks if b["type"] == "header"), "")


def name_of(state: Json, title: str) -> str | None:
    """The name (``INC-7``) of the incident announced under that title."""
    found = (re.fullmatch(r"\S+ (INC-\d+) (.*)", header(card)) for card in cards(state))
    return next((match[1] for match in found if match and match[2] == title), None)


def room_of(state: Json, name: str) -> Json | None:
    """The newest channel of one incident, under the default name template."""
    number = name.removeprefix("INC-")
    found = [c for c in state["channels"] if re.match(rf"incident-{number}(-|$)", c["name"])]
    return found[-1] if found else None


def said_in(state: Json, channel: Json | None) -> list[str]:
    """The texts in a channel without cards, private answers and Slack's own messages."""
    return [
        m["text"]
        for m in messages_in(state, channel)
        if not header(m) and not m["ephemeral"] and not m["subtype"]
    ]


def told_directly(state: Json, part: str = "") -> list[str]:
    """What this person was told in direct messages."""
    direct = {channel["id"] for channel in state["channels"] if channel["is_im"]}
    said = [m for room in direct for m in state["messages"].get(room, ())]
    return [text_of(m) for m in said if not m["ephemeral"] and part in text_of(m)]


def told(state: Json, part: str = "") -> list[str]:
    """What only this person was told: ephemeral or direct messages."""
    direct = {channel["id"] for channel in state["channels"] if channel["is_im"]}
    return [
        text_of(m)
        for channel, messages in state["messages"].items()
        for m in messages
        if (m["ephemeral"] or channel in direct) and part in text_of(m)
    ]


def told_with(state: Json, label: str) -> Json:
    """Where the newest private message with that button is: what a press needs."""
    direct = {channel["id"] for channel in state["channels"] if channel["is_im"]}
    found = [
        {"channel": channel, "ts": m["ts"]}
        for channel, messages in state["messages"].items()
        for m in messages
        if (m["ephemeral"] or channel in direct)
        and any(label in _labels(block) for block in m.get("blocks") or ())
    ]
    return max(found, key=lambda place: str(place["ts"]))


def _labels(block: Json) -> list[str]:
    """The labels of a block's buttons, beside its text or below it."""
    there = [*block.get("elements", ()), block.get("accessory") or {}]
    return [each["text"]["text"] for each in there if each.get("type") == "button"]


def buttons(message: Json) -> list[str]:
    """The labels of a message's buttons, in order."""
    return [
        e["text"]["text"]
        for b in message.get("blocks") or ()
        if b["type"] == "actions"
        for e in b["elements"]
    ]


def text_of(message: Json) -> str:
    """All words of a message, as JSON."""
    return json.dumps([message["text"], message.get("blocks")], ensure_ascii=False)


def issues(state: Json, name: str = "INC-") -> list[Json]:
    """GitHub issues of incidents (or of one: ``INC-7``; or all: ""), each with its repository."""
    start = name if not name or name.endswith("-") else f"{name}:"
    return [
        {**i, "repo": r["full_name"]}
        for r in state["github"]["repositories"]
        for i in r["issues"]
        if i["title"].startswith(start)
    ]


def comments(state: Json, name: str) -> list[str]:
    """What was written on the issue of one incident."""
    [issue] = issues(state, name)
    return [comment["body"] for comment in issue["comments"]]


def pages(state: Json, title: str) -> list[Json]:
    """PagerDuty's incidents of exactly that title."""
    return [i for i in state["pagerduty"]["incidents"] if i["title"] == title]
