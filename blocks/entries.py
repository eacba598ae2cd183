"""What happened, as one sentence: the words of the timeline."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from blocks import text
from bot.domain.incident import MUSTER, EntryKind, Origin

if TYPE_CHECKING:
    from bot.domain.incident import Entry

_FROM: Final = {
    Origin.PAGERDUTY: "PagerDuty",
    Origin.GITHUB: "GitHub",
    Origin.API: "the API",
    Origin.ALERT: "an alert",
}
_CHANNEL_ID: Final = re.compile(r"[CG][A-Z0-9]{8,20}")


class _Sentence(NamedTuple):
    """With an actor, without one, and the word for a target nobody named."""

    emoji: str
    by_somebody: str
    by_nobody: str
    no_target: str = ""


_SENTENCES: Final[dict[EntryKind, _Sentence]] = {
    EntryKind.TRIGGERED: _Sentence("🚨", "{who} declared the incident", "Incident triggered"),
    EntryKind.ANNOTATED: _Sentence("📝", "{who} noted", "Note"),
    EntryKind.ACKNOWLEDGED: _Sentence("👀", "{who} acknowledged", "Acknowledged"),
    EntryKind.REASSIGNED: _Sentence(
        "👉", "{who} reassigned it to {target}", "Reassigned to {target}", "somebody else"
    ),
    EntryKind.ESCALATED: _Sentence(
        "⏫", "{who} escalated it to {target}", "Escalated to {target}", "the next level"
    ),
    EntryKind.REOPENED: _Sentence("🔁", "{who} reopened the incident", "Reopened"),
    EntryKind.RESOLVED: _Sentence("✅", "{who} resolved the incident", "Resolved"),
    EntryKind.UNACKNOWLEDGED: _Sentence(
        "⏰", "{who} took the acknowledgement back", "No longer acknowledged: triggered again"
    ),
    EntryKind.DELEGATED: _Sentence(
        "🤝", "{who} delegated it to {target}", "Delegated to {target}", "somebody else"
    ),
    EntryKind.PRIORITY: _Sentence(
        "🔢", "{who} set the priority to {target}", "Priority is now {target}", "none"
    ),
    EntryKind.URGENCY: _Sentence(
        "🔔", "{who} set the urgency to {target}", "Urgency is now {target}", "none"
    ),
    EntryKind.SEVERITY: _Sentence(
        "🌡️", "{who} set the severity to {target}", "Severity is now {target}", "none"
    ),
    EntryKind.PHASE: _Sentence(
        "🧭", "{who} set the phase to {target}", "Phase is now {target}", "none"
    ),
    EntryKind.TITLE: _Sentence(
        "✏️", "{who} changed the title to “{target}”", "Title is now “{target}”", "nothing"
    ),
    EntryKind.SUMMARY: _Sentence("🗒️", "{who} changed the summary", "Summary changed"),
    EntryKind.SERVICE: _Sentence(
        "🧩", "{who} changed the service to {target}", "Service is now {target}", "none"
    ),
    EntryKind.SERVICE_ADDED: _Sentence(
        "🧩", "{who} added the service {target}", "Service {target} added", "without a name"
    ),
    EntryKind.SERVICE_REMOVED: _Sentence(
        "🧩", "{who} removed the service {target}", "Service {target} removed", "without a name"
    ),
    EntryKind.ROLE: _Sentence("🎖️", "{who} assigned {target}", "Assigned {target}", "a role"),
    EntryKind.RESPONDER_ADDED: _Sentence(
        "📟", "{who} asked {target} to join", "{target} was asked to join", "somebody"
    ),
    EntryKind.RESPONDER_REPLIED: _Sentence(
        "💬", "{who} replied to the request to join", "A responder replied"
    ),
    EntryKind.STATUS_UPDATE: _Sentence("📣", "{who} posted an update", "Status update"),
    EntryKind.MESSAGE: _Sentence("📌", "Message by {who}", "Message"),
    EntryKind.ACTION_ITEM: _Sentence("⚡", "Action item, said by {who}", "Action item"),
    EntryKind.ACTION_DONE: _Sentence(
        "☑️", "{who} completed an action item{target}", "Action item done{target}"
    ),
    EntryKind.ACTION_REOPENED: _Sentence(
        "↩️", "{who} reopened an action item{target}", "Action item open again{target}"
    ),
    EntryKind.ACTION_OWNER: _Sentence(
        "🙋", "{who} gave an action item to {target}", "Action item given to {target}", "nobody"
    ),
    EntryKind.ACTION_CHANGED: _Sentence(
        "✏️", "{who} changed an action item{target}", "Action item changed{target}"
    ),
    EntryKind.TICKET: _Sentence(
        "🐙", "{who} {target} the incident's issue", "The incident's issue was {target}", "changed"
    ),
    EntryKind.FOLLOW_UP: _Sentence("⏩", "To follow up, said by {who}", "To follow up"),
    EntryKind.REMOVED: _Sentence("🧹", "{who} removed an entry", "An entry was removed"),
    EntryKind.MERGED: _Sentence(
        "🔀", "{who} merged {target} into it", "{target} was merged into it", "another incident"
    ),
    EntryKind.AUDIT: _Sentence("🔹", "{who}: {target}", "{target}", "something done"),
    EntryKind.TIME: _Sentence(
        "🕰️", "{who} corrected when it was {target}", "Time {target} corrected", "in question"
    ),
    EntryKind.POSTMORTEM: _Sentence("🎓", "{who} drafted the post-mortem", "Post-mortem"),
    EntryKind.ALERTS: _Sentence(
        "🔔", "{who} attached alerts: {target}", "Alerts: {target}", "a group"
    ),
    EntryKind.ALERT: _Sentence("🔔", "{who}: alert {target}", "Alert {target}", "without a name"),
    EntryKind.CHANNEL: _Sentence("💬", "{who}: channel {target}", "Channel {target}", "changed"),
    EntryKind.PAGER: _Sentence("📟", "{who}: {target}", "{target}", "pager changed"),
    EntryKind.MADE_PRIVATE: _Sentence(
        "🔒", "{who} made the incident private", "The incident became private"
    ),
    EntryKind.OTHER: _Sentence("🔹", "{who}: {target}", "{target}", "something changed"),
}
# Kinds whose text is the target when no target is given: vendors tell "P1" as text.
_ABOUT_MESSAGES: Final = frozenset({EntryKind.MESSAGE, EntryKind.ACTION_ITEM, EntryKind.FOLLOW_UP})
_ADDED: Final = _Sentence(
    "⚡", "{who} added an action item{target}", "An action item was added{target}"
)
_ISSUE_GONE: Final = _Sentence(
    "🐙", "{who}: the GitHub issue was {target}", "The GitHub issue was {target}", "changed"
)
_IN_BRACKETS: Final = frozenset(
    {EntryKind.ACTION_DONE, EntryKind.ACTION_REOPENED, EntryKind.ACTION_CHANGED}
)
_TEXT_IS_TARGET: Final = frozenset(
    {
        EntryKind.PRIORITY,
        EntryKind.URGENCY,
        EntryKind.SEVERITY,
        EntryKind.PHASE,
        EntryKind.TITLE,
        EntryKind.SERVICE,
        EntryKind.CHANNEL,
        EntryKind.PAGER,
        EntryKind.OTHER,
    }
)


def entry_line(entry: Entry, said: str = "") -> str:
    """Who did what to whom; ``said`` is what they wrote, as mrkdwn, if it belongs on the line."""
    sentence = _sentence(entry)
    somebody = entry.actor is not None and entry.actor != MUSTER
    who = text.mention(entry.actor) if somebody else ""
    template = sentence.by_somebody if who else sentence.by_nobody
    # Split, not replace: a name may hold "{target}".
    before, slot, after = template.replace("{who}", "\0").partition("{target}")
    words = before + (_target(entry) or sentence.no_target if slot else "") + after
    origin = _FROM.get(entry.origin)
    suffix = f" · from {origin}" if origin else ""
    if (
        entry.kind is EntryKind.STATUS_UPDATE and entry.target.strip()
    ):  # the phase that changed with it
        words += f" · {text.inline(entry.target, 80)}"
    line = f"{sentence.emoji} {words.replace(chr(0), who)}"
    if entry.kind in _ABOUT_MESSAGES and text.safe_url(entry.target):
        line += f" ({text.link(entry.target, 'message')})"
    return f"{line}: {said}{suffix}" if said else f"{line}{suffix}"


def _sentence(entry: Entry) -> _Sentence:
    """The words for this entry; an action item that is no message was added, not said."""
    if entry.kind is EntryKind.ROLE:
        return _role_sentence(entry)
    if entry.kind is EntryKind.ACTION_ITEM and (entry.vendor_id or "").startswith("action:"):
        return _ADDED
    if entry.kind is EntryKind.TICKET and entry.target.startswith(("deleted", "moved")):
        return _ISSUE_GONE
    return _SENTENCES[entry.kind]


def _role_sentence(entry: Entry) -> _Sentence:
    """Taken, given, handed over or given up, as the entry's people tell."""
    by, to, was = entry.actor, entry.actor_target, entry.text.strip()
    given = _SENTENCES[EntryKind.ROLE]
    if to is None and was.startswith("was "):
        return given._replace(by_somebody="{who} freed {target}", by_nobody="Freed {target}")
    if by is None or to is None:
        return given
    if by.is_same(to):
        return given._replace(by_somebody="{who} took {target}")
    if was == f"was {by.name}":
        return given._replace(by_somebody="{who} handed {target}")
    return given


def _target(entry: Entry) -> str:
    """Whom or what it concerns; a mention when it is a person we know."""
    if entry.kind is EntryKind.ROLE:
        person = text.mention(entry.actor_target, nobody="")
        role = f"*{text.inline(entry.target, 80)}*" if entry.target.strip() else ""
        if role and entry.actor and entry.actor_target and entry.actor.is_same(entry.actor_target):
            return role
        return f"{role} to {person}" if role and person else role or person
    if entry.kind is EntryKind.ACTION_ITEM or entry.kind in _IN_BRACKETS:
        return _beside(entry)
    if entry.actor_target is not None:
        return text.mention(entry.actor_target)
    words = entry.target.strip() or (entry.text.strip() if entry.kind in _TEXT_IS_TARGET else "")
    if entry.kind is EntryKind.CHANNEL and _CHANNEL_ID.fullmatch(words):
        return text.channel_link(words)
    return text.inline(words, 500) if words else ""


def _beside(entry: Entry) -> str:
    """Of an action item: for whom it is, or what is to be said besides."""
    if entry.kind is EntryKind.ACTION_ITEM:
        return f" for {text.mention(entry.actor_target)}" if entry.actor_target else ""
    return f" ({text.inline(entry.target, 300)})" if entry.target.strip() else ""


def entry_words(entry: Entry) -> str:
    """What people wrote (plain), unless the sentence shows it already."""
    words, target = entry.text.strip(), entry.target.strip()
    if not text.shows(words):
        words = ""
    if entry.kind is EntryKind.SUMMARY:
        return words or target
    if entry.kind is EntryKind.ROLE and entry.actor and words == f"was {entry.actor.name}":
        return ""  # the sentence says it: handed over, or given up
    if entry.kind in _TEXT_IS_TARGET and not target and entry.actor_target is None:
        return ""
    return "" if words == target else words
