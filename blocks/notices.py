"""Answers and notices: what Muster says to one person, to the admins, or in one line."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from blocks import kit, text
from blocks.access import unseen
from blocks.direct import handed_over
from blocks.lists import (
    incident_details,
    incident_list,
    similar_question,
    summary_message,
    waiting_line,
    welcome,
)
from bot.domain.incident import Actor
from bot.errors import AlreadyDone, NotVisible, ProviderError, Reason, UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.incident import Incident
    from bot.ports import Message


__all__ = [
    "CommandHelp",
    "admin_provider_stopped",
    "already_done",
    "bug",
    "declared",
    "error_message",
    "handed_over",
    "help_message",
    "incident_details",
    "incident_list",
    "not_in_channel",
    "not_yours",
    "provider_error",
    "provider_recovered",
    "said",
    "similar_question",
    "summary_message",
    "unknown_command",
    "waiting_line",
    "welcome",
]


@dataclass(frozen=True, kw_only=True)
class CommandHelp:
    """One line of the help: ``declare [SEVn] <title>`` and what it does."""

    usage: str
    description: str


def said(words: str, *, about: Incident | None = None) -> Message:
    """A plain answer; ``about`` puts a link to the incident in front. ``words`` are plain text."""
    where = f"{kit.home_link(about)}: " if about else ""
    parts = text.chunks(where + text.prose(words, kit.MESSAGE_ROOM - 500), kit.SECTION_LIMIT)
    return kit.message(" ".join(parts) or "Done.", [kit.section(p) for p in parts or ["Done."]])


def error_message(error: UserError) -> Message:
    """A rule was broken: the sentence as it is, with who and when where that is the point."""
    if isinstance(error, AlreadyDone):
        return already_done(error)
    if isinstance(error, NotVisible):
        return unseen(error)
    return said(f"⚠️ {error}")


def already_done(error: AlreadyDone) -> Message:
    """``INC-12 is acknowledged already: @ana did that``, and when."""
    who = text.mention(Actor(name=error.who, slack_id=error.slack_id))
    sentence = str(error).strip().rstrip(".")
    # The last time the name stands as a word of its own is where the sentence names the person.
    named = (
        list(re.finditer(rf"(?<!\w){re.escape(error.who)}(?!\w)", sentence)) if error.who else []
    )
    if named:
        before, after = sentence[: named[-1].start()], sentence[named[-1].end() :]
        told = f"{_fragment(before)}{who}{_fragment(after)}"
    else:
        told = f"{_fragment(sentence)} ({who})"
    return _line(f"✋ {told}, {text.date(error.at)}.")


def _fragment(words: str) -> str:
    """A part of a sentence, escaped, with the spaces at its ends kept."""
    if not words.strip():
        return " " if words else ""
    start = " " if words[0].isspace() else ""
    end = " " if words[-1].isspace() else ""
    return f"{start}{text.inline(words, 1000)}{end}"


def _line(markup: str) -> Message:
    return kit.message(markup, [kit.section(markup)])


def provider_error(error: ProviderError) -> Message:
    """A vendor failed: what that means, and what happens next."""
    name = kit.provider_name(error.provider)
    code = f" ({text.inline(error.code, 60)})" if error.code else ""
    soon = f" for {text.duration(error.retry_after)}" if error.retry_after else ""
    meaning = {
        Reason.AUTH: f"{name} refused the key{code or ' (401)'}. "
        "Ask an admin to renew it; I stopped retrying.",
        Reason.RATE_LIMITED: f"{name} asks me to wait{soon}. I go on by myself.",
        Reason.NOT_FOUND: f"{name} does not know it{code}.",
        Reason.CONFLICT: f"{name} says it is in another state already{code}.",
        Reason.INVALID: f"{name} does not take it{code}.",
        Reason.UNAVAILABLE: f"{name} does not answer{code}. I keep trying.",
        Reason.UNKNOWN_OUTCOME: f"{name} did not say whether it worked{code}. "
        "I look before I try again.",
    }[error.reason]
    detail = f"\n{text.quote(error.detail, 600)}" if text.shows(error.detail) else ""
    return kit.message(
        meaning + (f" {text.inline(error.detail, 600)}" if detail else ""),
        [kit.section(f"⚠️ {meaning}{detail}")],
    )


def bug(ref: str) -> Message:
    """Our fault: a reference the admins find in the log, nothing else."""
    return said(f"💥 Something broke on my side, ref {ref}. Please try again, or tell an admin.")


def help_message(commands: Sequence[CommandHelp]) -> Message:
    """Every command with what it does."""
    lines = [
        f"`/incident {_code(command.usage)}` {text.inline(command.description, 200, empty='')}"
        for command in commands
    ]
    intro = "*What I can do.* In an incident channel `INC-n` may be left out."
    words = [f"/incident {text.inline(command.usage, 100, empty='')}" for command in commands]
    kept, hidden = kit.fit(lines, kit.MESSAGE_ROOM - 500)
    rest = [f"… and {hidden:,} more"] if hidden else []
    return kit.message("\n".join(["What I can do:", *words]), kit.paragraphs([intro, *kept, *rest]))


def _code(words: str) -> str:
    """Words between backticks: nothing is formatted there, only a backtick would end it."""
    return text.escape(text.one_line(words, 120, empty="…").replace("`", "'"))


def unknown_command(word: str, suggestion: str | None = None) -> Message:
    """Nothing was done; the nearest match is offered."""
    tried = f"I do not know `{_code(word)}`, so nothing was done."
    offer = f" Did you mean `/incident {_code(suggestion)}`?" if suggestion else ""
    return _line(f"🤷 {tried}{offer} `/incident help` lists everything.")


def declared(incident: Incident, *, again: bool = False) -> Message:
    """The new incident with its links; ``again``: it was there already."""
    places = incident.places
    where = [text.channel_link(places.channel)] if places.channel else []
    if places.announcement_url:
        where.append(text.link(places.announcement_url, "announcement"))
    title = "" if incident.private else f": {text.inline(incident.title, 300)}"
    start = f"*{incident.name}* is declared"
    if again:
        start = f"*{incident.name}* was declared already, here it is"
    if not where and incident.is_open and incident.opens_channel:
        where.append("its channel is on the way")
    line = f"📣 {start}{title}{' · ' if where else ''}{' · '.join(where)}"
    return _line(line)


def admin_provider_stopped(provider: str, detail: str = "") -> Message:
    """Told once: a provider refused our key; nothing more is sent to it until that is mended."""
    name = kit.provider_name(provider)
    told = (
        f"⛔ *{name} refused my key*, so I stopped calling it. Renew the key and restart me "
        "(`muster doctor` checks it); what waits is then done."
    )
    reason = f"\n{text.quote(detail, 1000)}" if text.shows(detail) else ""
    return kit.message(
        told + (f" {text.inline(detail, 1000)}" if reason else ""), [kit.section(told + reason)]
    )


def provider_recovered(provider: str) -> Message:
    """The provider takes our key again."""
    return _line(f"✅ {kit.provider_name(provider)} takes my key again; what waited is being done.")


def not_yours() -> Message:
    """Refused by permissions; nothing was done."""
    return said("🔒 You may not do that here, so nothing was done. An admin can allow it.")


def not_in_channel() -> Message:
    """A command needs an incident and the channel has none."""
    return said("This channel belongs to no incident. Name one, for example: /incident show INC-12")
