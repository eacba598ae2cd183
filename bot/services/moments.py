"""Messages into the timeline and out of it: by reaction, by pin, by shortcut."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import moments
from bot.domain.incident import Actor, EntryKind
from bot.domain.permissions import Right
from bot.errors import UserError
from bot.services import permissions
from bot.services.action_items import ActionItems
from bot.services.base import SlackUser
from bot.services.people import IDENTITY
from bot.store import queries
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from bot.domain.incident import Entry, Incident
    from bot.domain.moments import Said
    from bot.domain.permissions import NotAllowed
    from bot.services.base import House
    from bot.store.tx import Tx

_NAMED = re.compile(r"@([UW][A-Z0-9]{7,20})\b")


def workspace_url(tx: Tx) -> str:
    """The workspace's address, empty while Slack has not told it."""
    return str((tx.value(IDENTITY) or {}).get("url") or "")


class MessageTimeline:
    """The same message twice is one entry, whoever adds it and however."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work
        self._reactions = house.catalog.reactions
        self._actions = ActionItems(house)

    async def marked(
        self, channel: str, ts: str, mark: str, *, by: str, once: str, removed: bool
    ) -> None:
        """Somebody put a mark on a message, or took it away: have a look.

        Only in the channels of incidents, and in the announcement channel, where threads belong to incidents.
        """
        if not moments.is_ts(ts) or not await self._work.read(lambda tx: _concerns(tx, channel)):
            return

        def change(tx: Tx) -> None:
            incident = tx.by_channel(channel)
            if tx.remember(once, incident.number if incident else None):
                tx.emit(
                    [moments.look(incident, channel, ts, mark, by=by, once=once, removed=removed)]
                )

        await self._work.write(change, patience=PATIENCE)

    async def placed(self, said: Said) -> int | None:
        """The incident a message stands with: in its channel, or in the thread of its announcement."""
        return await self._work.read(lambda tx: _placed(tx, said))

    async def about(self, said: Said) -> int | None:
        """As ``placed``; a message that is gone does not say where it stood, what we noted of it does."""
        key = moments.message_key(said.channel, said.ts)
        return await self._work.read(lambda tx: _placed(tx, said) or queries.noted(tx, key))

    async def add(self, number: int, said: Said, *, by: SlackUser, once: str) -> Incident:
        """Add a message by hand; NotAllowed, or UserError when it is there already."""

        def change(tx: Tx) -> Incident:
            incident = tx.incident(number)
            if not tx.remember(once, number):
                return incident
            permissions.require(self._house, tx, Right.ACT, by, incident)
            if self._entered(tx, incident, said, EntryKind.MESSAGE, by.id, by.name):
                return _told(tx, incident, said, tell=by.id)
            msg = f"That message is in the timeline of {incident.name} already."
            raise UserError(msg)

        return await self._work.write(change, patience=PATIENCE)

    async def link(self, said: Said) -> str:
        """The message's permalink; empty while Slack has not told the workspace's address."""
        return moments.permalink(
            await self._work.read(workspace_url), said.channel, said.ts, said.thread
        )

    def looked(self, tx: Tx, number: int, said: Said, mark: str, by: str, *, own: str) -> None:
        """The marks a message carries now decide whether it is in the timeline.

        Ours (``own``) do not count, nor do those of people who may not change the incident: whoever of them made
        this one (``by``) is told so once.
        """
        incident = tx.incident(number)
        kind = moments.KINDS[mark]
        who = set(said.reactions.get(getattr(self._reactions, mark), ())) - {own}
        known = moments.current(tx.entries(number), moments.message_key(said.channel, said.ts))
        if refused := self._refused(tx, incident, by):
            if by in who or said.pinned or kind in known:
                tx.emit([moments.refuse(incident, said, by, str(refused))])
            return
        counting = any(self._refused(tx, incident, each) is None for each in who)
        wanted = counting or (mark == "timeline" and said.pinned)
        if wanted and kind not in known:
            changed = self._entered(tx, incident, said, kind, by)
        elif not wanted and kind in known:
            changed = self._taken_out(tx, incident, known[kind], tx.people.actor(by))
        else:
            changed = False
        if changed:
            _told(tx, tx.incident(number), said)

    def _taken_out(self, tx: Tx, incident: Incident, entry: Entry, by: Actor) -> bool:
        """Hide the entry; an action item somebody works on stays, and its entry with it."""
        if entry.kind is EntryKind.ACTION_ITEM and not self._actions.unmarked(
            tx, incident, entry.vendor_id or "", by
        ):
            return False
        tx.add_entry(incident, moments.removed(entry, by, tx.now))
        return True

    def _refused(self, tx: Tx, incident: Incident, slack_id: str) -> NotAllowed | None:
        """Why their mark does not count; whoever is not mirrored after Slack was asked is of another workspace."""
        who = SlackUser(slack_id, stranger=tx.people.by_slack(slack_id) is None)
        return permissions.allowed(self._house, tx, Right.ACT, who, incident)

    def _entered(
        self, tx: Tx, incident: Incident, said: Said, kind: EntryKind, by: str, name: str = ""
    ) -> bool:
        """Append the entry, unless it is there."""
        key = moments.message_key(said.channel, said.ts)
        if kind in moments.current(tx.entries(incident.number), key):
            return False
        author = (
            tx.people.actor(said.author, said.author_name)
            if said.author
            else Actor(name=said.author_name or "somebody")
        )
        words = _NAMED.sub(lambda m: f"@{tx.people.actor(m[1]).name}", said.text)
        link = moments.permalink(workspace_url(tx), said.channel, said.ts, said.thread)
        entry = moments.added(
            replace(said, text=words), kind, author, tx.people.actor(by, name), link
        )
        tx.add_entry(incident, entry)
        if kind is EntryKind.ACTION_ITEM:
            self._actions.marked(tx, incident, said, entry)
        return True


def _concerns(tx: Tx, channel: str) -> bool:
    """Whether marks in that channel may mean something to us."""
    announcements = (tx.value("room:incidents") or {}).get("id")
    return channel == announcements or tx.by_channel(channel) is not None


def _placed(tx: Tx, said: Said) -> int | None:
    here = tx.by_channel(said.channel)
    if here is None and moments.is_ts(said.thread or "") and _concerns(tx, said.channel):
        here = queries.announced_as(tx, said.channel, said.thread or "")
    return here.number if here else None


def _told(tx: Tx, incident: Incident, said: Said, *, tell: str | None = None) -> Incident:
    stored = tx.save(replace(incident, updated_at=tx.now))
    tx.emit([moments.confirm(stored, said, tell=tell)])
    return stored
