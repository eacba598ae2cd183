"""What people do with a page itself: answer it, say that they are still on it, want the next level at once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import alert_groups, escalation, lifecycle, plan
from bot.domain.escalation import PageState
from bot.domain.incident import Actor, Entry, EntryKind, Origin, Status
from bot.domain.lifecycle import Decision
from bot.domain.permissions import Right
from bot.errors import AlreadyDone, UserError
from bot.services import page_moves, permissions
from bot.services.base import SlackUser
from bot.store import alerts as alert_store
from bot.store import pages as store
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.effects import Effect
    from bot.domain.escalation import Delivery, Page
    from bot.domain.incident import Incident
    from bot.services.base import House
    from bot.store.tx import Tx


class PageActions:
    """Every method is one use case."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house

    async def get(self, page_id: int) -> Page:
        """The page; NotFound."""
        return await self._house.work.read(lambda tx: store.one(tx, page_id, lock=False))

    async def acknowledge(self, page_id: int, *, by: SlackUser, once: str) -> Page:
        """Whoever was asked to help is coming. While nobody has the incident, they have it from now on.

        AlreadyDone says who answered before.
        """

        def change(tx: Tx, page: Page, incident: Incident | None, who: Actor) -> None:
            if incident is None:
                raise UserError("Acknowledge the alerts on their card.")
            _answer(tx, page, incident, who, once)

        return await self._change(page_id, by, once, change)

    async def confirm(self, page_id: int, *, by: SlackUser, once: str) -> Page:
        """Still on it: asked again only when that is due once more."""

        def change(tx: Tx, page: Page, incident: Incident | None, who: Actor) -> None:
            owner = page.acknowledged_by
            if page.state is not PageState.ACKNOWLEDGED or owner is None:
                what = (
                    "That acknowledgement has expired" if not page.is_over else "That page is over"
                )
                then = (
                    "Press Acknowledge to take it again."
                    if not page.is_over
                    else "Nothing is asked of you."
                )
                raise UserError(f"{what}. {then}")
            if not who.is_same(owner):
                take = (
                    f"/incident reassign {incident.name} and your name"
                    if incident
                    else "Acknowledge"
                )
                raise UserError(f"I asked {owner.name}, who has it. To take it over: {take}.")
            page_moves.confirm(tx, page)

        return await self._change(page_id, by, once, change)

    async def escalate(self, page_id: int, *, by: SlackUser, once: str) -> Page:
        """Page the next level for a group of alerts at once."""

        def change(tx: Tx, page: Page, _incident: Incident | None, _who: Actor) -> None:
            if page.state is PageState.ACKNOWLEDGED and page.acknowledged_by:
                raise UserError(
                    f"{page.acknowledged_by.name} looks at those alerts, so nobody else is paged. "
                    "Open an incident to bring more people in."
                )
            if page.state is not PageState.OPEN:
                raise UserError(
                    f"That page is over: {page.ended}. Open an incident to bring people in."
                )
            page_moves.save(tx, page, escalation.hurried(page, tx.now))

        return await self._change(page_id, by, once, change)

    async def _change(
        self,
        page_id: int,
        by: SlackUser,
        once: str,
        change: Callable[[Tx, Page, Incident | None, Actor], None],
    ) -> Page:
        def write(tx: Tx) -> Page:
            seen = store.one(tx, page_id, lock=False)
            incident = tx.incident(seen.incident) if seen.incident is not None else None
            if seen.group is not None:
                alert_store.group(tx, seen.group)
            page = store.one(tx, page_id)
            if not tx.remember(once, seen.incident):
                return page
            permissions.require(self._house, tx, Right.ACT, by, incident)
            change(tx, page, incident, tx.people.actor(by.id, by.name))
            return store.one(tx, page_id)

        return await self._house.work.write(write, patience=PATIENCE)


def _answer(tx: Tx, page: Page, incident: Incident, who: Actor, once: str) -> None:
    """Take what the page asks for; AlreadyDone, UserError when that is not possible any more."""
    if page.state is PageState.ACKNOWLEDGED:
        answered = page.acknowledged_by or who
        raise AlreadyDone(
            f"That page is answered already: {answered.name} did that.",
            who=answered.name,
            slack_id=answered.slack_id,
            at=page.acknowledged_at or tx.now,
        )
    if page.state is PageState.CLOSED:
        raise UserError(f"That page is over: {page.ended}. Nothing more is to be done.")
    if incident.status is Status.TRIGGERED:
        tx.record(lifecycle.acknowledge(incident, who, tx.now))
    page_moves.acknowledge(tx, store.one(tx, page.id), who)
    if incident.status is not Status.TRIGGERED:
        tx.record(_joins(tx, incident, who, once))


def answer_delivery(house: House, tx: Tx, delivery: Delivery) -> None:
    """Whoever that delivery went to answers its page, from outside of Slack.

    AlreadyDone and UserError say why not; NotAllowed when they are known here and may not act.
    """
    seen = store.one(tx, delivery.page, lock=False)
    incident = tx.incident(seen.incident) if seen.incident is not None else None
    group = alert_store.group(tx, seen.group) if seen.group is not None else None
    page = store.one(tx, delivery.page)
    if delivery.slack_id:
        by = SlackUser(delivery.slack_id, delivery.name)
        permissions.require(house, tx, Right.ACT, by, incident)
        who = tx.people.actor(by.id, by.name)
    else:
        who = Actor(name=delivery.name, email=delivery.email)
    if incident is not None:
        _answer(tx, page, incident, who, f"page-link/{delivery.id}")
    elif group is not None:
        page_moves.acknowledge_group(tx, group, who)
        answered = replace(group, acknowledged_at=tx.now, acknowledged_by=who)
        tx.emit(alert_groups.show(alert_store.save_group(tx, answered)))


def _joins(tx: Tx, incident: Incident, who: Actor, once: str) -> Decision:
    """Somebody who was asked comes: in the timeline, and in the channel."""
    entry = Entry(
        kind=EntryKind.RESPONDER_REPLIED,
        at=tx.now,
        actor=who,
        origin=Origin.SLACK,
        target="accepted",
        text="on the way",
    )
    invited: tuple[Effect, ...] = ()
    if who.slack_id and incident.places.channel:
        invited = plan.invite(incident, who.slack_id, once)
    return Decision(
        incident=incident, entries=(entry,), effects=(*plan.refresh(incident), *invited)
    )
