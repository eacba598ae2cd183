"""Messages of people that belong to the timeline. The evidence is append-only: a removal is a further entry.

An entry about a message carries the message's own time, its author and, as ``vendor_id``, which message it is;
``actor_target`` is whoever put it there, ``target`` its permalink.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import Actor, Entry, EntryKind, Incident, Origin

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: What a mark (an emoji, a pin, the shortcut) makes of a message.
KINDS = {
    "timeline": EntryKind.MESSAGE,
    "action_item": EntryKind.ACTION_ITEM,
    "follow_up": EntryKind.FOLLOW_UP,
}
_TS = re.compile(r"[0-9]{1,12}\.[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message as far as the timeline is concerned; ``text`` is plain."""

    channel: str
    ts: str
    text: str
    author: str | None = None  # a Slack id
    author_name: str = ""
    thread: str | None = None
    reactions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # name -> who
    pinned: bool = False


def is_ts(words: str) -> bool:
    """Whether that names a message."""
    return _TS.fullmatch(words) is not None


def time_of(ts: str) -> datetime:
    """When a message was written: its name says it."""
    return datetime.fromtimestamp(float(ts), UTC)


def message_key(channel: str, ts: str) -> str:
    """Which message an entry is about."""
    return f"slack:{channel}/{ts}"


def permalink(workspace_url: str, channel: str, ts: str, thread: str | None = None) -> str:
    """A message's address (docs.slack.dev/reference/methods/chat.getPermalink); empty without the workspace's."""
    if not workspace_url:
        return ""
    link = f"{workspace_url.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}"
    return f"{link}?thread_ts={thread}&cid={channel}" if thread and thread != ts else link


def current(entries: Sequence[Entry], key: str) -> dict[EntryKind, Entry]:
    """The entries about one message that count now, by kind: what was added and not removed since."""
    found: dict[EntryKind, Entry] = {}
    for entry in sorted((e for e in entries if e.vendor_id == key), key=lambda e: e.id or 0):
        if entry.kind in KINDS.values():
            found[entry.kind] = entry
        elif entry.kind is EntryKind.REMOVED:
            found = {kind: e for kind, e in found.items() if str(e.id) != entry.target}
    return found


def visible(entries: Sequence[Entry]) -> list[Entry]:
    """The timeline as people read it: without what was removed, the removals, and what only the evidence keeps."""
    hidden = {entry.target for entry in entries if entry.kind is EntryKind.REMOVED}
    shown = [e for e in entries if e.kind not in {EntryKind.REMOVED, EntryKind.AUDIT}]
    kinds = set(KINDS.values())
    return [e for e in shown if e.kind not in kinds or str(e.id) not in hidden]


def added(said: Said, kind: EntryKind, author: Actor, by: Actor, link: str) -> Entry:
    """The entry of a message."""
    return Entry(
        kind=kind,
        at=time_of(said.ts),
        actor=author,
        actor_target=by,
        origin=Origin.SLACK,
        target=link,
        text=said.text,
        vendor_id=message_key(said.channel, said.ts),
    )


def removed(entry: Entry, by: Actor, now: datetime) -> Entry:
    """The entry that hides another one."""
    return Entry(
        kind=EntryKind.REMOVED,
        at=now,
        actor=by,
        origin=Origin.SLACK,
        target=str(entry.id),
        vendor_id=entry.vendor_id,
    )


def look(
    incident: Incident | None,
    channel: str,
    ts: str,
    mark: str,
    *,
    by: str,
    once: str,
    removed: bool,
) -> Effect:
    """Read which marks the message carries now; presses of one person that wait together are one look.

    Without an incident the message says itself whose it is, by the thread it stands in.
    """
    lane = f"{incident.name if incident else 'announcements'}/message/{channel}/{ts}"
    return Effect(
        kind=EffectKind.LOOK_AT_MESSAGE,
        key=f"{lane}/{mark}/{once}",
        lane=lane,
        merge=f"{lane}/{mark}/{'removed' if removed else 'added'}/{by}",
        incident=incident.number if incident else None,
        payload={"channel": channel, "ts": ts, "mark": mark, "by": by, "removed": removed},
        rank=Rank.ANSWER,
    )


def answer(incident: Incident, said: Said) -> Effect | None:
    """Tell the thread the incident was opened from, once its channel is there; a private one is told nowhere."""
    if incident.private:
        return None
    reporter = incident.reporter
    return Effect(
        kind=EffectKind.ANSWER_MESSAGE,
        key=f"{incident.name}/answer/{said.channel}/{said.ts}",
        lane=f"{incident.name}/answer",
        incident=incident.number,
        payload={
            "channel": said.channel,
            "thread": said.thread or said.ts,
            "tell": reporter.slack_id if reporter else None,
        },
        rank=Rank.ANSWER,
        after=f"{incident.name}/channel" if incident.opens_channel else None,
    )


def confirm(incident: Incident, said: Said, *, tell: str | None = None) -> Effect:
    """Say by our reaction whether the message is in the timeline; ``tell`` whom, where we may not react."""
    lane = f"{incident.name}/message/{said.channel}/{said.ts}"
    return Effect(
        kind=EffectKind.CONFIRM_MESSAGE,
        key=f"{lane}/confirm@{incident.version}",
        lane=lane,
        merge=f"{lane}/confirm",
        incident=incident.number,
        payload={"channel": said.channel, "ts": said.ts, "tell": tell},
        rank=Rank.ANSWER,
    )


def refuse(incident: Incident, said: Said, by: str, why: str) -> Effect:
    """Tell somebody, once per incident, that their marks do not count here."""
    return Effect(
        kind=EffectKind.TELL,
        key=f"{incident.name}/mark-refused/{by}",
        lane=f"tell/{by}",
        incident=incident.number,
        payload={
            "channel": said.channel,
            "thread": said.thread,
            "user": by,
            "text": f"Your mark does not count for the timeline of {incident.name}. {why}",
        },
        rank=Rank.ANSWER,
    )
