"""The use cases of action items: add, mark done, reopen, hand over; made of a message, withdrawn with its mark."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain import action_item, action_plan, moments, plan
from bot.domain.action_item import ActionItem
from bot.domain.incident import Actor, EntryKind, TicketLink
from bot.domain.lifecycle import Decision
from bot.domain.permissions import Right
from bot.services.members import member
from bot.services.permissions import require
from bot.store import action_items as kept
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bot.domain.effects import Effect
    from bot.domain.incident import Entry, Incident
    from bot.domain.moments import Said
    from bot.ports import Ticket
    from bot.services.base import House, SlackUser
    from bot.store.tx import Tx

#: Whose account we are at GitHub, as the issues we opened say.
IDENTITY = "github.identity"


@dataclass(frozen=True)
class Standing:
    """An incident and its action items."""

    incident: Incident
    items: tuple[ActionItem, ...]


class ActionItems:
    """Every method is one use case, or what happens inside another one's transaction."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work

    # --- who and where -----------------------------------------------------------------------------------------

    @staticmethod
    def login_of(tx: Tx, owner: Actor | None) -> str | None:
        """Somebody's GitHub login, as muster.yml, they themselves or GitHub told it (decision 0006)."""
        return tx.people.resolve(owner).github if owner else None

    @staticmethod
    def person(tx: Tx, login: str) -> Actor:
        """Whoever has that GitHub login; somebody unknown here is called by it."""
        found = tx.people.by_github(login)
        return replace(found.actor, github=login) if found else Actor(name=login, github=login)

    def repo_for(self, incident: Incident) -> TicketLink | None:
        """Where the issues of its action items go: where its own goes; private ones only into a private_repo."""
        service = self._house.catalog.service(incident.service or "")
        private = incident.private
        wanted = self._house.ticket_for(service, incident.service_title, private=private)
        own = incident.ticket
        return wanted if wanted is None or private or own is None else TicketLink(repo=own.repo)

    # --- what people do ----------------------------------------------------------------------------------------

    async def standing(self, number: int) -> Standing:
        """What there is to do, and what is done."""

        def look(tx: Tx) -> Standing:
            return Standing(tx.incident(number, lock=False), tuple(tx.action_items(number)))

        return await self._work.read(look)

    async def one(self, item: int) -> ActionItem:
        """One of them; NotFound."""
        return await self._work.read(lambda tx: kept.one(tx, item))

    async def counted(self, number: int) -> tuple[int, int]:
        """How many are done, and how many there are."""
        return await self._work.read(lambda tx: kept.counted(tx, number))

    async def add(
        self, number: int, text: str, *, by: SlackUser, once: str, owner: str | None = None
    ) -> ActionItem:
        """Add one, for ``owner`` (a Slack id) to do; the same press again gives the first one.

        FieldError for no text, UserError for an owner who cannot take it.
        """
        words = action_item.checked_text(text)

        def change(tx: Tx) -> ActionItem:
            incident = tx.incident(number)
            if not tx.remember(once, number):
                known = [item for item in tx.action_items(number) if item.text == words]
                return known[-1] if known else kept.one(tx, 0)
            require(self._house, tx, Right.ACT, by, incident)
            who = tx.people.actor(by.id, by.name)
            to = member(tx, incident, owner, who) if owner else None
            draft = ActionItem(
                id=0, incident=number, text=words, owner=to, created_at=tx.now, created_by=who
            )
            item = kept.add(tx, replace(draft, ticket=self.repo_for(incident)))
            told = action_item.entry(item, EntryKind.ACTION_ITEM, who, tx.now)
            record(tx, incident, item, [told], self._opening(tx, incident, item, who))
            return item

        return await self._work.write(change, patience=PATIENCE)

    async def complete(self, item: int, *, by: SlackUser, once: str) -> Standing:
        """It is done. AlreadyDone says who did it."""

        def decide(tx: Tx, item: ActionItem, who: Actor) -> ActionItem:
            return action_item.complete(item, who, tx.now)

        return await self._change(item, by, once, EntryKind.ACTION_DONE, "state", decide)

    async def reopen(self, item: int, *, by: SlackUser, once: str) -> Standing:
        """It is to be done again."""

        def decide(_tx: Tx, item: ActionItem, _who: Actor) -> ActionItem:
            return action_item.reopen(item)

        return await self._change(item, by, once, EntryKind.ACTION_REOPENED, "state", decide)

    async def hand_over(self, item: int, to: str | None, *, by: SlackUser, once: str) -> Standing:
        """It is the member ``to``'s now (a Slack id), or nobody's."""

        def decide(tx: Tx, item: ActionItem, who: Actor) -> ActionItem:
            incident = tx.incident(item.incident)
            owner = member(tx, incident, to, who) if to else None
            after = action_item.hand_over(item, owner)
            tx.emit(self._unknown(tx, incident, after, who))
            return after

        return await self._change(item, by, once, EntryKind.ACTION_OWNER, "owner", decide)

    async def _change(
        self,
        item: int,
        by: SlackUser,
        once: str,
        kind: EntryKind,
        verb: str,
        decide: Callable[[Tx, ActionItem, Actor], ActionItem],
    ) -> Standing:
        def change(tx: Tx) -> Standing:
            incident = tx.incident(kept.one(tx, item).incident)
            found = kept.one(tx, item)  # again, now that nobody else changes it
            if tx.remember(once, incident.number):
                require(self._house, tx, Right.ACT, by, incident)
                who = tx.people.actor(by.id, by.name)
                after = kept.save(tx, decide(tx, found, who))
                told = action_item.entry(after, kind, who, tx.now)
                incident = record(
                    tx, incident, after, [told], self._following(incident, after, verb)
                )
            return Standing(incident, tuple(tx.action_items(incident.number)))

        return await self._work.write(change, patience=PATIENCE)

    # --- messages people marked --------------------------------------------------------------------------------

    def marked(self, tx: Tx, incident: Incident, said: Said, entry: Entry) -> None:
        """A message was marked as an action item: it is one from now on (again, if it was withdrawn)."""
        key = moments.message_key(said.channel, said.ts)
        words = entry.text.strip()[: action_item.TEXT_LIMIT] or "What the linked message shows"
        by = entry.actor_target or entry.actor or Actor(name="somebody")
        item = kept.by_message(tx, incident.number, key)
        if item is None:
            draft = ActionItem(
                id=0,
                incident=incident.number,
                text=words,
                created_at=entry.at,
                created_by=by,
                message=key,
                said_by=entry.actor,
                link=entry.target,
                ticket=self.repo_for(incident),
            )
            item = kept.add(tx, draft)
        elif item.withdrawn_at is None:
            return
        else:
            back = replace(item, text=words, withdrawn_at=None)
            item = kept.save(tx, replace(back, ticket=item.ticket or self.repo_for(incident)))
        exists = bool(item.ticket and item.ticket.number)
        follow = self._following(incident, item, "state")
        record(tx, incident, item, [], follow if exists else self._opening(tx, incident, item, by))

    def unmarked(self, tx: Tx, incident: Incident, message: str, by: Actor) -> bool:
        """The mark was taken away: the item is withdrawn. False when it stays, which ``by`` is told."""
        item = kept.by_message(tx, incident.number, message)
        if item is None:
            return True
        after = action_item.withdraw(item, tx.now)
        if after is None:
            told = action_plan.tell_kept(incident, item, by)
            tx.emit([told] if told else [])
            return False
        stored = kept.save(tx, after)
        record(tx, incident, stored, [], self._following(incident, stored, "state"))
        return True

    # --- its issue ---------------------------------------------------------------------------------------------

    def opened(self, tx: Tx, number: int, item: int, ticket: Ticket) -> None:
        """Its issue exists: link it, and make it equal to what the item has become meanwhile."""
        incident, found = tx.incident(number), kept.one(tx, item)
        allowed = self.repo_for(incident)
        if (found.ticket and found.ticket.number) or (
            incident.private and (allowed is None or allowed.repo != ticket.repo)
        ):
            return  # linked already, or it became private meanwhile and this issue is being withdrawn
        link = TicketLink(repo=ticket.repo, number=ticket.number, url=ticket.url)
        stored = kept.save(tx, replace(found, ticket=link, ticket_at=ticket.updated_at))
        effects = [] if stored.is_open else self._following(incident, stored, "state")
        if self.login_of(tx, stored.owner):
            effects += self._following(incident, stored, "owner")
        if ticket.author:
            tx.set_value(IDENTITY, {"login": ticket.author})
        record(tx, incident, stored, [], effects)

    def followed(
        self, tx: Tx, number: int, item: int, verb: str, ticket: Ticket, login: str | None
    ) -> None:
        """A change of ours reached the issue: what GitHub tells of it from now on is older or newer than this."""
        tx.incident(number)  # whoever else changes the item waits
        found = kept.one(tx, item)
        known, told = found.ticket_at, ticket.updated_at
        at = max(known, told) if known and told else told or known
        after = replace(found, ticket_at=at)
        kept.save(tx, replace(after, assignee=login) if verb == "owner" else after)

    def shown(self, tx: Tx, number: int, item: int, channel: str, ts: str | None) -> None:
        """Where its message is (None: it is gone and has to be posted again)."""
        incident, found = tx.incident(number), kept.one(tx, item)
        stored = kept.save(tx, replace(found, channel=channel if ts else None, ts=ts))
        if ts is None:
            tx.emit([action_plan.show(incident, stored)])

    # --- parts -------------------------------------------------------------------------------------------------

    def _opening(self, tx: Tx, incident: Incident, item: ActionItem, by: Actor) -> list[Effect]:
        if item.ticket is None:
            return []
        return [action_plan.open_issue(incident, item), *self._unknown(tx, incident, item, by)]

    def _following(self, incident: Incident, item: ActionItem, verb: str) -> list[Effect]:
        if item.ticket is None or item.ticket.number is None:
            return []  # once it is open it is made equal
        return [action_plan.change_issue(incident, item, verb)]

    def _unknown(self, tx: Tx, incident: Incident, item: ActionItem, by: Actor) -> list[Effect]:
        """A word to whoever gave it to somebody GitHub cannot be told of."""
        if item.ticket is None or item.owner is None or self.login_of(tx, item.owner):
            return []
        told = action_plan.tell_unknown_login(incident, item.owner, by)
        return [told] if told else []


def record(
    tx: Tx,
    incident: Incident,
    item: ActionItem,
    entries: Sequence[Entry],
    effects: Sequence[Effect] = (),
) -> Incident:
    """Keep what happened to an item, and show it: in its message, and on the cards that count it."""
    after = replace(incident, updated_at=tx.now)
    shown = (action_plan.show(after, item), *plan.refresh(after), *effects)
    return tx.record(Decision(incident=after, entries=tuple(entries), effects=shown))
