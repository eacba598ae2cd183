"""An export for people: Markdown that says the same as the JSON. Standard library only, pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Facts of the incident in the order people ask for them.
_TIMES = (
    ("Started", "started_at"),
    ("Declared", "created_at"),
    ("Detected", "detected_at"),
    ("Acknowledged", "acknowledged_at"),
    ("Mitigated", "mitigated_at"),
    ("Resolved", "resolved_at"),
)


def markdown(document: Mapping[str, Any]) -> str:
    """The whole incident: facts, times (UTC), every event with its digest, and how to verify them."""
    incident, events = document["incident"], document["events"]
    name = f"INC-{incident['number']}"
    lines = [f"# {name}: {_plain(incident['title'])}", "", *_facts(incident), "", "## Events", ""]
    for event in events:
        lines += _event(event)
    if items := document.get("action_items"):
        lines += ["", "## Action items", "", *map(_item, items)]
    lines += ["", f"Seal: `{document['seal']}`", "", _VERIFY]
    return "\n".join(lines) + "\n"


_VERIFY = (
    "Each event's digest is SHA-256 over the digest of the event before and its own facts as canonical JSON; "
    "`muster import` verifies them in the JSON export."
)


def _facts(incident: Mapping[str, Any]) -> Iterator[str]:
    if incident.get("drill"):
        yield "- Drill: a test that Muster ran; nothing was broken. It counts in no statistics."
    if incident.get("private"):
        yield "- Private: only for those who are in it. Keep this file as safe as the incident."
    owners = ", ".join(_plain(owner["name"]) for owner in incident.get("owners") or ()) or "nobody"
    yield f"- Status: {incident['status']} ({incident['phase']})"
    yield f"- Severity: {_plain(incident.get('severity') or 'none')}"
    yield f"- Service: {_plain(incident.get('service_title') or incident.get('service') or 'none')}"
    yield f"- Owner: {owners}"
    for role, actor in sorted((incident.get("roles") or {}).items()):
        yield f"- {_plain(role).capitalize()}: {_plain(actor['name'])}"
    for label, column in _TIMES:
        if incident.get(column):
            yield f"- {label}: {_time(incident[column])}"
    if incident.get("description"):
        yield from ("", *_quoted(incident["description"]))
    if incident.get("resolution"):
        yield from ("", "Resolution:", "", *_quoted(incident["resolution"]))


def _event(event: Mapping[str, Any]) -> Iterator[str]:
    who = _plain(event["actor"]["name"]) if event.get("actor") else "Muster"
    target = f" ({_plain(event['target'])})" if event.get("target") else ""
    digest = event.get("digest") or "before the chain"
    kind = str(event["kind"]).replace("_", " ")
    yield f"- {_time(event['at'])} · **{who}** · {kind}{target} · `{digest[:16]}`"
    if event.get("text"):
        yield from (f"  {line}" for line in _quoted(event["text"]))


def _item(item: Mapping[str, Any]) -> str:
    owner = _plain(item["owner"]["name"]) if item.get("owner") else "nobody"
    words = [f"{_plain(item['text'])} (owner: {owner})"]
    if item.get("ticket_number"):
        words.append(_plain(f"{item['ticket_repo']}#{item['ticket_number']}"))
    if item.get("withdrawn_at"):
        words.append(f"withdrawn {_time(item['withdrawn_at'])}")
    elif item.get("done_at"):
        words.append(f"done {_time(item['done_at'])}")
    return f"- [{'x' if item.get('done_at') else ' '}] {' · '.join(words)}"


def _time(value: str) -> str:
    return f"{datetime.fromisoformat(value).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _quoted(text: str) -> list[str]:
    return [f"> {_plain(line)}" for line in str(text).splitlines()]


def _plain(text: object) -> str:
    """On one line, without what Markdown or HTML would take for its own."""
    words = " ".join(str(text).split())
    return "".join(f"\\{char}" if char in "\\`*_[]<>|#" else char for char in words)
