"""One incident as people find it in the three systems, comparable between incidents."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from tests.scenarios.crash.stories import doubled_topics, picture
from tests.workspace import cards_of, channel_named, header, issues, pages, text_of

if TYPE_CHECKING:
    from tests.stage import Json

#: What differs from incident to incident without meaning anything.
_SAME = (
    (r"incident-\d+-[a-z0-9-]+", "incident-room"),
    (r"(?<![A-Z])INC-\d+\b", "INC-N"),
    (r"PagerDuty #\d+", "PagerDuty #N"),
    (r"(acme/[a-z-]+)(#|/issues/)\d+", r"\1\2N"),
    (r"(number\\*\":)\d+", r"\g<1>0"),
    (r"/ticket/entry/\d+", "/ticket/entry/N"),
)


def only(states: list[Json], name: str, title: str) -> Json:
    """What concerns one incident, in the announcement channel, its own and direct messages."""
    first = states[0]
    mine: Json = {"channels": [], "messages": {}}
    announced = channel_named(first, "incidents")
    if announced:
        kept = {"members": [], "pins": [], "topic": "", "purpose": ""}
        mine["channels"].append({**announced, **kept, "name": "incidents"})
        mine["messages"][announced["id"]] = cards_of(first, name)
    for channel in first["channels"]:
        if re.match(rf"incident-{name.removeprefix('INC-')}(-|$)", channel["name"]):
            mine["channels"].append(channel)
            said = first["messages"].get(channel["id"], [])
            # A welcome tells how things stood at the moment of joining, which is another one each time.
            lasting = [m for m in said if not (m["ephemeral"] and "Welcome to" in text_of(m))]
            mine["messages"][channel["id"]] = lasting
    for nth, state in enumerate(states[1:]):
        for channel in state["channels"]:
            said = state["messages"].get(channel["id"], [])
            about = [
                m for m in said if re.search(rf"\b{name}\b", text_of(m)) or title in text_of(m)
            ]
            if channel["is_im"] and about:
                shown = {"name": f"direct-{nth}", "members": [], "topic": "", "purpose": ""}
                mine["channels"].append({**channel, **shown})
                mine["messages"][channel["id"]] = about
    mine["pagerduty"] = {"incidents": pages(first, title)}
    own: dict[str, list[Json]] = {}
    for issue in issues(first, name):
        own.setdefault(issue["repo"], []).append(issue)
    mine["github"] = {"repositories": [{"full_name": r, "issues": i} for r, i in own.items()]}
    return mine


def portrait(states: list[Json], name: str, title: str) -> list[str]:
    """One line for everything there is, sorted; the same for every incident with the same story."""
    raw = json.dumps(only(states, name, title), ensure_ascii=False).replace(title, "TITLE")
    for pattern, word in _SAME:
        raw = re.sub(pattern, word, raw)
    mine = json.loads(raw)
    return sorted([*picture(mine), *(f"topic told twice: {line}" for line in doubled_topics(mine))])


def failures_on(state: Json, name: str) -> list[Json]:
    """Cards of that incident, in either place, that show a failed step."""
    return [
        {**message, "channel": channel["id"]}
        for channel in state["channels"]
        for message in state["messages"].get(channel["id"], [])
        if re.search(rf"\b{name}\b", header(message)) and "⚠️" in text_of(message)
    ]
