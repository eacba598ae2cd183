"""The post-mortem: drafted as Markdown from what is known, for people to go on with. Pure.

The same text goes into the channel's canvas and into the pull request. Everything typed by people is text in it
(``markdown_text``). Times are UTC.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from bot.domain import times
from bot.domain.incident import MUSTER, EntryKind
from bot.domain.markdown_text import ELLIPSIS, address, inline, link, plain, prose

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from bot.domain.incident import Actor, Entry, Incident

FOLDER: Final = "postmortems"
#: Entries that are told; more are only counted (``muster export`` has them all).
MOST_ENTRIES: Final = 600
#: Slack's canvases take tables of a limited size: one table has so many rows at most.
TABLE_ROWS: Final = 90
CELL: Final = 400
#: Slack's ``markdown`` block takes 12,000 characters a message; without blocks it says 4,000 (``chat.update``).
PART: Final = 3_800
_UNTOLD: Final = frozenset({EntryKind.REMOVED, EntryKind.POSTMORTEM, EntryKind.TIME})
_WORDS: Final = {
    EntryKind.TRIGGERED: "declared",
    EntryKind.ANNOTATED: "note",
    EntryKind.PRIORITY: "priority",
    EntryKind.URGENCY: "urgency",
    EntryKind.SEVERITY: "severity",
    EntryKind.PHASE: "phase",
    EntryKind.TITLE: "title",
    EntryKind.SUMMARY: "summary",
    EntryKind.SERVICE: "service",
    EntryKind.ROLE: "role",
    EntryKind.RESPONDER_ADDED: "asked to join",
    EntryKind.OTHER: "",
}
_ABOUT_MESSAGES: Final = frozenset({EntryKind.MESSAGE, EntryKind.ACTION_ITEM, EntryKind.FOLLOW_UP})


@dataclass(frozen=True, kw_only=True)
class ActionLine:
    """What is to be done, by whom, where it is tracked, and whether it is done."""

    text: str
    owner: Actor | None = None
    url: str | None = None
    done: bool = False


@dataclass(frozen=True, kw_only=True)
class Material:
    """Everything a draft is made of. ``links`` are labels with addresses, the most useful first."""

    incident: Incident
    entries: Sequence[Entry] = ()
    summary: str = ""
    impact: str = ""
    action_items: Sequence[ActionLine] = ()
    links: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, kw_only=True)
class Postmortem:
    """The newest draft of one incident, and where it is.

    ``written`` are the git ids of every text we ever drafted: a file with another id was changed by people.
    ``canvas_begun`` names the channel we set out to make a canvas in, having seen that it had none.
    """

    incident: int
    revision: int = 0
    drafted_at: datetime
    summary: str = ""
    impact: str = ""
    markdown: str = ""
    written: tuple[str, ...] = ()
    canvas: str | None = None
    canvas_channel: str | None = None
    canvas_begun: str | None = None
    place: tuple[str, str | None] | None = None  # channel and thread of the messages
    messages: tuple[str, ...] = ()
    repo: str | None = None
    pull: int | None = None
    pull_url: str | None = None
    told: str = ""  # what became of it at GitHub, when it is no open pull request of ours

    @property
    def exists(self) -> bool:
        """Whether anything was drafted."""
        return self.revision > 0


def path_of(incident: Incident) -> str:
    """``postmortems/INC-7.md``."""
    return f"{FOLDER}/{incident.name}.md"


def branch_of(incident: Incident) -> str:
    """``postmortem/INC-7``."""
    return f"postmortem/{incident.name}"


def git_id(markdown: str) -> str:
    """What git calls a file of exactly this text."""
    data = markdown.encode()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def suggested_summary(incident: Incident) -> str:
    """What is known of what happened: the description, and what fixed it."""
    fixed = f"What fixed it: {incident.resolution}" if incident.resolution.strip() else ""
    return "\n\n".join(part for part in (incident.description.strip(), fixed) if part)


def suggested_impact(incident: Incident, severity: str = "") -> str:
    """Which services, how bad, how long; ``severity`` is what its name means."""
    named = ", ".join(each.title for each in incident.services) or "Services"
    bad = (
        f" ({incident.severity}{f': {severity}' if severity else ''})" if incident.severity else ""
    )
    took = dict(times.spans(incident)).get("in all")
    lasted = f" for {lasting(took)}" if took is not None else ""
    return f"{named} affected{lasted}{bad}."


def lasting(span: timedelta) -> str:
    """``1 d 2 h``, ``3 h 05 min``, ``12 min``, ``40 s``."""
    seconds = max(int(span.total_seconds()), 0)
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes:02d} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def draft(material: Material) -> str:
    """The whole document."""
    incident = material.incident
    title = f"# Post-mortem {incident.name}: {plain(incident.title, 300)}"
    sections = (
        [title, "", *_facts(incident)],
        ["## Summary", "", prose(material.summary) or "_What happened, in a few sentences._"],
        ["## Impact", "", prose(material.impact) or "_Who noticed what, how many, for how long._"],
        ["## Times", "", *_times(incident)],
        ["## Timeline", "", *_timeline(material.entries)],
        ["## Responders", "", *_responders(incident, material.entries)],
        ["## What went well", "", "_What helped? What should stay as it is?_"],
        ["## What went wrong", "", "_What made it worse or longer? What did nobody know?_"],
        ["## Where we got lucky", "", "_What could have been worse, had things come differently?_"],
        ["## Action items", "", *_action_items(material.action_items)],
        ["## Links", "", *_links(material.links)],
    )
    return "\n\n".join("\n".join(rows).rstrip(" ") for rows in sections) + "\n"


def _facts(incident: Incident) -> list[str]:
    services = ", ".join(plain(each.title, 120) for each in incident.services) or "none"
    facts = [("Severity", plain(incident.severity or "not set", 60)), ("Services", services)]
    if incident.owner:
        facts.append(("Owner", plain(incident.owner.name, 80)))
    if incident.commander:
        facts.append(("Commander", plain(incident.commander.name, 80)))
    return [f"- {label}: {value}" for label, value in facts]


def _times(incident: Incident) -> Iterator[str]:
    yield from ("| Time | UTC |", "| --- | --- |")
    for moment, at in times.values(incident).items():
        yield f"| {moment.value.capitalize()} | {times.said(at)} |"
    took = times.spans(incident)
    if took:
        yield from ("", *(f"- {lasting(span)} {label}" for label, span in took))


def _timeline(entries: Sequence[Entry]) -> list[str]:
    told = sorted((e for e in entries if e.kind not in _UNTOLD), key=lambda e: (e.at, e.id or 0))
    hidden = len(told) - MOST_ENTRIES
    rows: list[str] = []
    if hidden > 0:
        rows += [
            f"_The {hidden:,} oldest entries are left out; the export of the incident has them._",
            "",
        ]
    day, count = "", 0
    for entry in told[-MOST_ENTRIES:]:
        at = entry.at.astimezone(UTC)
        if f"{at:%Y-%m-%d}" != day or count == TABLE_ROWS:
            day, count = f"{at:%Y-%m-%d}", 0
            rows += [
                *([""] if rows and rows[-1] else []),
                f"| {day} | Who | What |",
                "| --- | --- | --- |",
            ]
        rows.append(f"| {at:%H:%M:%S} | {_who(entry)} | {_what(entry)} |")
        count += 1
    return rows or ["Nothing was written down."]


def _who(entry: Entry) -> str:
    somebody = entry.actor is not None and entry.actor != MUSTER
    return plain(entry.actor.name, 80) if entry.actor and somebody else MUSTER.name


def _what(entry: Entry) -> str:
    label = _WORDS.get(entry.kind, entry.kind.value.replace("_", " "))
    said = inline(entry.text, CELL) if entry.text.strip() else ""
    if entry.kind in _ABOUT_MESSAGES:
        where = f"[{label}]({address(entry.target)})" if address(entry.target) else label
        return f"{where}: {said}" if said else where
    target = entry.actor_target.name if entry.actor_target else entry.target
    if entry.kind is EntryKind.ROLE and entry.actor_target:
        target = f"{entry.target}: {entry.actor_target.name}"
    about = plain(target, 200) if target.strip() and target.strip() != entry.text.strip() else ""
    parts = (" ".join(part for part in (label, about) if part), said)
    return ": ".join(part for part in parts if part) or "something happened"


def _responders(incident: Incident, entries: Sequence[Entry]) -> list[str]:
    """Everybody who had a part, with what it was; each person once."""
    parts: list[tuple[Actor, str]] = [(who, role) for role, who in incident.roles.items()]
    parts += [(who, "owner") for who in incident.owners]
    if incident.reporter:
        parts.append((incident.reporter, "declared it"))
    if incident.acknowledged_by:
        parts.append((incident.acknowledged_by, "acknowledged it"))
    if incident.resolved_by:
        parts.append((incident.resolved_by, "resolved it"))
    parts += [(e.actor, "") for e in entries if e.actor and e.kind is not EntryKind.MESSAGE]
    people: list[tuple[Actor, list[str]]] = []
    for who, part in parts:
        if who == MUSTER:
            continue
        said = next((said for known, said in people if known.is_same(who)), None)
        if said is None:
            said = []
            people.append((who, said))
        if part and part not in said:
            said.append(part)
    rows = [
        f"- {plain(who.name, 80)}" + (f" ({', '.join(plain(p, 60) for p in said)})" if said else "")
        for who, said in people[:100]
    ]
    return rows or ["Nobody was written down."]


def _action_items(items: Iterable[ActionLine]) -> list[str]:
    rows = []
    for item in items:
        owner = f" ({plain(item.owner.name, 80)})" if item.owner else ""
        where = f" {link('more', item.url)}" if address(item.url or "") else ""
        rows.append(f"- [{'x' if item.done else ' '}] {inline(item.text, 600)}{owner}{where}")
    return rows or ["_Nothing yet. What keeps this from happening again?_"]


def _links(links: Iterable[tuple[str, str]]) -> list[str]:
    rows = [f"- {link(label, url)}" for label, url in links if address(url)]
    return rows or ["_None yet._"]


def parts(markdown: str, limit: int = PART) -> list[str]:
    """The document in messages, cut between lines; a table that goes on has its head again."""
    found: list[str] = []
    current: list[str] = []
    head: list[str] = []
    lines = markdown.split("\n")
    for position, line in enumerate(lines):
        for piece in _pieces(line, limit):
            if line.startswith("| ---"):
                head = lines[position - 1 : position + 1]
            elif not line.startswith("|"):
                head = []
            if len("\n".join([*current, piece])) > limit and current:
                found.append("\n".join(current).strip("\n"))
                again = head if line.startswith("|") and line not in head else []
                current = [*again]
            current.append(piece)
    found.append("\n".join(current).strip("\n"))
    return [part for part in found if part.strip()]


def _pieces(line: str, limit: int) -> list[str]:
    """A line longer than a message, in parts (room is left for a table's head).

    What goes on begins with an ellipsis: a word that meant nothing within its line means nothing at the front either.
    """
    room, found = limit - 200, []
    while len(line) > room:
        at = line.rfind(" ", room // 2, room)
        at = at if at > 0 else room
        while at > 1 and line[at - 1] == "\\":  # never between a backslash and what it escapes
            at -= 1
        found.append(line[:at])
        line = f"{ELLIPSIS} {line[at:].lstrip()}"
    return [*found, line]
