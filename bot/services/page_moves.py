"""What changes a page, saved with what follows from it. Everything runs inside a transaction of its caller."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import escalation, page_plan, page_standing
from bot.domain.escalation import DeliveryState, PageState
from bot.domain.incident import Actor
from bot.store import pages as store

if TYPE_CHECKING:
    from bot.domain.alert_groups import Group
    from bot.domain.escalation import Page
    from bot.domain.incident import Incident
    from bot.store.tx import Tx


def save(tx: Tx, before: Page, after: Page) -> Page:
    """Keep a moved page, with its next step (when it has another), its proof, and what its messages say of it.

    What did not move stays as it is.
    """
    if after == before:
        return before
    stored = store.save(tx, after)
    if stored.step != before.step:
        tx.emit(page_plan.step(stored))
    tx.emit([page_plan.show(stored)])
    if before.round:  # else nobody was told yet
        told = page_standing.changed(before, stored, store.deliveries(tx, stored.id))
        tx.emit(page_plan.correct(stored, told))
    return stored


def struggles(tx: Tx, page_id: int) -> None:
    """Somebody could not be told so far: its proof says so and why, also when it was posted before."""
    tx.emit([page_plan.show(store.save(tx, store.one(tx, page_id)))])


def opened_again(tx: Tx, incident: Incident) -> None:
    """Whoever read that it is resolved reads that it was opened again; what is wanted now has a page of its own."""
    known = store.of_incident(tx, incident.number, living=False, lock=False)
    for page in page_standing.reopened(known, incident):
        told = [each for each in store.deliveries(tx, page.id) if each.ts is not None]
        tx.emit(page_plan.correct(page, told, again=f"/reopened@{incident.version}"))


def close(tx: Tx, page: Page, why: str) -> Page:
    """Nobody is needed any more."""
    _let_rest(tx, page, why)
    return save(tx, page, escalation.closed(page, why, tx.now))


def acknowledge(tx: Tx, page: Page, by: Actor) -> Page:
    """Somebody takes it; what they were told of it counts as answered."""
    if page.state not in {PageState.OPEN, PageState.EXHAUSTED}:
        return page
    for each in store.deliveries(tx, page.id):
        told = each.heard and each.state is not DeliveryState.PLANNED
        if told and by.is_same(Actor(name=each.name, slack_id=each.slack_id, email=each.email)):
            answered = escalation.progressed(each, DeliveryState.ACKNOWLEDGED, tx.now)
            store.save_delivery(tx, answered)
    _let_rest(tx, page, f"{by.name} acknowledged")
    return save(tx, page, escalation.acknowledged(page, by, tx.now))


def _let_rest(tx: Tx, page: Page, why: str) -> None:
    """What was kept for later is not needed any more; what is on its way finds that out by itself."""
    for each in store.deliveries(tx, page.id):
        if each.due is not None and each.due > tx.now:
            store.save_delivery(tx, escalation.progressed(each, DeliveryState.SKIPPED, tx.now, why))


def take_over(tx: Tx, page: Page, by: Actor) -> Page:
    """Somebody else takes it from whoever had it."""
    taken = escalation.acknowledged(replace(page, state=PageState.OPEN), by, tx.now)
    return save(tx, page, taken) if page.state is not PageState.CLOSED else page


def confirm(tx: Tx, page: Page) -> Page:
    """Whoever acknowledged is still on it."""
    return save(tx, page, escalation.confirmed(page, tx.now))


def acknowledge_group(tx: Tx, group: Group, by: Actor) -> None:
    """Somebody looks at a group of alerts."""
    for page in store.of_group(tx, group.id):
        acknowledge(tx, page, by)
