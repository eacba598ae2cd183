"""The native pager's engine: pages begin, climb, are acknowledged, expire and end.

Whatever moves a page is one transaction with its deliveries, its next step, its proof, and what the timeline says.
Timeline entries move pages too (``told``), so an acknowledgement stops a page in the very commit that makes it, from
wherever it comes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain import alert_groups, escalation, page_plan, page_standing
from bot.domain.escalation import DeliveryState, Next, Page, PageState
from bot.domain.incident import Entry, EntryKind, Origin, PagerKind, Status
from bot.domain.plan import actor_from
from bot.services import page_moves, page_rescue, page_targets, steps
from bot.services.page_facts import any_heard, first_level, told_of, was_asked
from bot.store import alert_lists
from bot.store import alerts as alert_store
from bot.store import pages as store

if TYPE_CHECKING:
    from bot.domain.alert_groups import Group
    from bot.domain.catalog import EscalationPolicy
    from bot.domain.effects import Effect
    from bot.domain.escalation import Delivery, Rung
    from bot.domain.incident import Actor, Incident
    from bot.services.base import House
    from bot.store.tx import Tx

#: Entries after which somebody else is wanted: they bring a page of their own.
ANEW = {EntryKind.REASSIGNED, EntryKind.ESCALATED, EntryKind.REOPENED}
#: While nobody is known yet (the very first start), it is looked again after this.
MOMENT = timedelta(seconds=2)


class Escalating:
    """Every method runs in a transaction of its caller (a runner's settling, or another use case)."""

    def __init__(self, house: House) -> None:
        """Given the shared parts; from now on every timeline entry is looked at."""
        self._house = house
        house.work.entry_listeners.append(self.told)

    # --- beginning ---------------------------------------------------------------------------------------------

    def begin(self, tx: Tx, number: int, wish: dict[str, Any]) -> Page | None:
        """Page for an incident as ``plan.page_natively`` wished; judged now, None when nobody is needed any more."""
        incident = tx.incident(number)
        aside = bool(wish.get("aside"))
        if not self._wanted(incident, wish["why"], aside=aside):
            return None
        person = actor_from(wish.get("person"))
        policy = self._named(incident, wish, alone=aside and person is not None)
        if policy is None and person is None:
            return None
        if not aside:
            for old in store.of_incident(tx, number):
                if not old.aside:
                    page_moves.close(tx, old, "another page took its place")
        draft = Page(
            incident=number,
            policy=policy.name if policy else "",
            why=wish["why"],
            aside=aside,
            person=person,
            level=0 if person else first_level(wish),
            by=actor_from(wish.get("by")),
            text=str(wish.get("text") or ""),
            started_at=tx.now,
            expires_after=policy.acknowledge_expires if policy and not aside else None,
        )
        return self._climb(tx, store.add(tx, escalation.opened(draft, tx.now)))

    @staticmethod
    def _wanted(incident: Incident, why: str, *, aside: bool) -> bool:
        if aside:
            return incident.is_open
        if incident.status is not Status.TRIGGERED:
            return False
        if (
            incident.pager.kind is PagerKind.PAGERDUTY
        ):  # natively only while PagerDuty has not taken it
            return why == "pagerduty_unavailable" and not incident.pager.id
        return True

    def _named(
        self, incident: Incident, wish: dict[str, Any], *, alone: bool
    ) -> EscalationPolicy | None:
        if alone:
            return None
        catalog = self._house.catalog
        name = wish.get("policy") or incident.pager.policy_name or ""
        own = catalog.policy_for(catalog.service(incident.service or ""))
        return catalog.policies.get(name) or own

    def begin_for_alerts(self, tx: Tx, group_id: int, level: int) -> Page | None:
        """Page for a group of alerts without an incident; judged now."""
        group = alert_store.group(tx, group_id)
        if self._group_over(tx, group) or store.of_group(tx, group_id, lock=False):
            return None
        policy = self._policy_of_group(group)
        if policy is None:
            return None
        draft = Page(
            group=group_id,
            policy=policy.name,
            level=level if level > 1 else 0,
            started_at=tx.now,
            expires_after=policy.acknowledge_expires,
        )
        return self._climb(tx, store.add(tx, escalation.opened(draft, tx.now)))

    def _policy_of_group(self, group: Group) -> EscalationPolicy | None:
        catalog = self._house.catalog
        return catalog.policy_for(catalog.service(group.service) if group.service else None)

    # --- climbing ----------------------------------------------------------------------------------------------

    def step(self, tx: Tx, page_id: int, number: int) -> None:
        """The next step of a page is due; one that was overtaken does nothing."""
        seen = store.one(tx, page_id, lock=False)
        if seen.step != number:
            return
        over = self.over(tx, seen)  # locks what it is about, before the page
        page = store.one(tx, page_id)
        if page.step != number:
            return
        if over:
            page_moves.close(tx, page, over)
        elif page.next is Next.NOTIFY:
            self._climb(tx, page)
        elif page.next is Next.ASK:
            self._ask(tx, page)
        elif page.next is Next.EXPIRE:
            self._expire(tx, page)

    def over(self, tx: Tx, page: Page, *, lock: bool = True) -> str:
        """Why nobody is needed any more; empty while somebody is. Locks what the page is about."""
        if page.group is not None:
            group = alert_store.group(tx, page.group, lock=lock)
            return self._group_over(tx, group, answered=page.state is not PageState.ACKNOWLEDGED)
        incident = tx.incident(page.incident or 0, lock=lock)
        if not incident.is_open:
            return page_standing.of_resolved(incident)
        if page.aside:
            return ""
        if incident.pager.kind is PagerKind.PAGERDUTY and incident.pager.id:
            return "PagerDuty pages now"
        if page.state is PageState.OPEN and incident.status is not Status.TRIGGERED:
            return f"{incident.name} is {incident.status.value}"
        return ""

    @staticmethod
    def _group_over(tx: Tx, group: Group, *, answered: bool = True) -> str:
        """``answered``: that somebody acknowledged the alerts is a reason."""
        if answered and group.acknowledged_at is not None:
            return "somebody looks at the alerts"
        if group.is_silenced(tx.now):
            return "the alerts are silenced"
        incident = tx.incident(group.incident, lock=False) if group.incident else None
        if incident is not None and incident.is_open:
            return f"{incident.name} was opened for the alerts"
        if not alert_lists.counts(tx, [group.id])[group.id].open:
            return "the alerts are over"
        return ""

    def _climb(self, tx: Tx, page: Page, before: Page | None = None) -> Page:
        """Notify the next level; one that reaches nobody is passed at once. ``before``: as it is stored."""
        before, policy = before or page, self._house.catalog.policies.get(page.policy)
        if not tx.people.mirrored() and tx.now - page.started_at < escalation.GETTING_TO_KNOW:
            return page_moves.save(tx, before, escalation.looked_again(page, tx.now, MOMENT))
        said: list[str] = []
        began = None
        while True:
            rung = escalation.rung_of(page, policy, tx.now)
            if rung is None:
                return self._exhaust(tx, before, page, said)
            began = began or rung.round
            if rung.round > began and not any_heard(tx, page):
                self._note(tx, page, said)
                return page_moves.save(tx, before, escalation.looked_again(page, tx.now))
            planned = self._plan(tx, page, policy, rung)
            said += told_of(rung, policy, planned)
            if any(each.heard for each in planned):
                wait = escalation.wait_after(policy, rung.level)
                told_at = escalation.first_told(planned, tx.now)
                page = page_moves.save(tx, before, escalation.notified(page, rung, wait, told_at))
                self._at_level(tx, page)
                self._note(tx, page, said)
                return page
            page = escalation.passed(page, rung)

    def _plan(
        self, tx: Tx, page: Page, policy: EscalationPolicy | None, rung: Rung
    ) -> list[Delivery]:
        catalog = self._house.catalog
        if rung.level == 0 or policy is None:
            found = [page_targets.actor(tx, catalog, page.person)] if page.person else []
        else:
            found = page_targets.resolve(tx, catalog, policy.levels[rung.level - 1].notify)
        store.plan(tx, page_targets.planned(tx, catalog, found, page=page, rung=rung))
        planned = [
            each
            for each in store.deliveries(tx, page.id)
            if (each.round, each.level) == (rung.round, rung.level)
        ]
        tx.emit(page_plan.deliver(page, each) for each in planned if each.heard)
        if page.incident is not None:  # whoever is paged for a private incident is in it
            users = [each.slack_id for each in planned if each.slack_id and each.heard]
            once = f"{page.name}/{rung.round}/{rung.level}"
            tx.emit(steps.call_in(tx, page.incident, users, once))
        return planned

    @staticmethod
    def _at_level(tx: Tx, page: Page) -> None:
        """The incident knows which level is paged, so that Escalate means the one after it."""
        if page.incident is None or page.aside or page.level == 0:
            return
        incident = tx.incident(page.incident)
        if incident.pager.kind is PagerKind.NATIVE and incident.pager.level != page.level:
            tx.save(replace(incident, pager=replace(incident.pager, level=page.level)))

    @staticmethod
    def _note(tx: Tx, page: Page, said: list[str]) -> None:
        """It is in the timeline."""
        if page.incident is None or not said:
            return
        entry = Entry(
            kind=EntryKind.PAGER,
            at=tx.now,
            origin=Origin.MUSTER,
            target=f"level {page.level}" if page.level else "paged",
            text="\n".join(said),
        )
        tx.add_entry(tx.incident(page.incident), entry)

    def _exhaust(self, tx: Tx, before: Page, page: Page, said: list[str]) -> Page:
        """Every round is over: it is said loudly."""
        why = "nobody answered" if any_heard(tx, page, ever=True) else "nobody could be reached"
        page = page_moves.save(tx, before, escalation.exhausted(page, why, tx.now))
        tried = ", ".join(dict.fromkeys(each.name for each in store.deliveries(tx, page.id)))
        self._note(tx, page, [*said, f"{why.capitalize()}. Tried: {tried or 'nobody'}"])
        tx.emit([page_plan.tell(page, page_plan.NOBODY_ANSWERED)])
        return page

    # --- acknowledging -----------------------------------------------------------------------------------------

    def told(self, tx: Tx, incident: Incident, entry: Entry) -> list[Effect]:
        """What a new timeline entry changes about the incident's pages; run in the transaction that writes it."""
        if entry.kind in {EntryKind.TRIGGERED, EntryKind.PAGER, EntryKind.UNACKNOWLEDGED}:
            return []
        if entry.kind is EntryKind.REOPENED:
            page_moves.opened_again(tx, incident)
        for page in store.of_incident(tx, incident.number):
            if not incident.is_open:
                page_moves.close(tx, page, page_standing.of_resolved(incident))
            elif entry.kind is EntryKind.ACKNOWLEDGED and entry.actor:
                self._taken(tx, incident, page, entry.actor)
            elif entry.kind is EntryKind.REASSIGNED and incident.status is Status.ACKNOWLEDGED:
                if not page.aside and entry.actor:  # somebody took it over, which is an answer
                    page_moves.take_over(tx, page, entry.actor)
            elif entry.kind in ANEW and not page.aside:
                page_moves.close(tx, page, f"it was {entry.kind.value}")
            elif entry.actor and entry.actor.is_same(page.acknowledged_by):
                page_moves.confirm(tx, page)
        return []

    @staticmethod
    def _taken(tx: Tx, incident: Incident, page: Page, by: Actor) -> None:
        if page.aside:  # whoever was asked to help has answered; the others are still wanted
            if was_asked(tx, page, by):
                page_moves.acknowledge(tx, page, by)
        elif incident.pager.kind is PagerKind.PAGERDUTY and incident.pager.id:
            page_moves.close(tx, page, f"{by.name} acknowledged at PagerDuty")
        else:
            page_moves.acknowledge(tx, page, by)

    def _ask(self, tx: Tx, page: Page) -> None:
        """Is whoever acknowledged still on it?"""
        page = page_moves.save(tx, page, escalation.asked(page, tx.now))
        owner = page.acknowledged_by
        tx.emit([page_plan.tell(page, page_plan.STILL_ON_IT)])
        if owner and owner.slack_id:
            tx.emit([page_plan.tell(page, page_plan.STILL_ON_IT, owner.slack_id)])

    def _expire(self, tx: Tx, page: Page) -> None:
        """The acknowledgement is over: triggered again, and the policy begins anew."""
        if page.incident is not None:
            incident = tx.incident(page.incident)
            if incident.status is Status.ACKNOWLEDGED:
                tx.record(page_plan.taken_back(incident, page, tx.now))
        elif page.group is not None:
            group = alert_store.group(tx, page.group)
            reopened = replace(group, acknowledged_at=None, acknowledged_by=None)
            tx.emit(alert_groups.show(alert_store.save_group(tx, reopened)))
        self._climb(tx, escalation.expired(page, tx.now), before=page)

    # --- deliveries --------------------------------------------------------------------------------------------

    def delivered(
        self,
        tx: Tx,
        delivery_id: int,
        state: DeliveryState,
        *,
        reason: str = "",
        place: tuple[str, str] | None = None,
    ) -> None:
        """What became of telling somebody. When nobody of the level can be told any more, the next follows at once."""
        delivery = store.delivery(tx, delivery_id, lock=False)
        page = store.one(tx, delivery.page)
        delivery = store.delivery(tx, delivery_id)
        after = escalation.progressed(delivery, state, tx.now, reason)
        if place is not None:
            after = replace(after, channel=place[0], ts=place[1])
        if after == delivery:
            return
        store.save_delivery(tx, after)
        if after.state is DeliveryState.FAILED:
            page_rescue.sooner(tx, self._house.catalog, page, after)
        current = (after.round, after.level) == (page.round, page.level)
        moved = page
        if current and page.state is PageState.OPEN and not after.heard:
            level = [
                each
                for each in store.deliveries(tx, page.id)
                if (each.round, each.level) == (page.round, page.level)
            ]
            if not any(each.heard for each in level):
                moved = escalation.hurried(page, tx.now)
        if moved == page:
            moved = store.save(tx, page)
            tx.emit([page_plan.show(moved)])
        else:
            moved = page_moves.save(tx, page, moved)
        if place is not None and page_standing.standing(moved, after) != page_standing.AS_SENT:
            tx.emit(page_plan.correct(moved, [after]))  # the page went on while it was being sent
