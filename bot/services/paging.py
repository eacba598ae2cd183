"""The pager's news: one reconcile step for webhooks, polling, re-reads and the answers to our own writes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import (
    EntryKind,
    Incident,
    Origin,
    PagerKind,
    PagerLink,
    Phase,
    Status,
    Urgency,
)
from bot.domain.lifecycle import Decision
from bot.domain.reconcile import reconcile
from bot.services.incidents import CHANNELS_AT_ONCE
from bot.store import queries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from bot.domain.page import Page, PageEvent
    from bot.ports import Inbound
    from bot.services.base import House
    from bot.services.incidents import Incidents
    from bot.store.tx import Tx

#: Longer numbers are not ours; the database could not even be asked for them.
NUMBER_DIGITS = 9
#: What is new or changed of a service is told by its incidents; that it is gone is not.
SERVICE_DELETED = "service.deleted"


class Paging:
    """What the pager tells becomes our state and timeline, exactly once."""

    def __init__(self, house: House, incidents: Incidents) -> None:
        """Given the shared parts and the use cases of incidents (for starting one)."""
        self._house = house
        self._incidents = incidents

    async def routed(self, page: Page | None) -> str:
        """What the routing rules want for a page: ``channel``, ``announce`` or ``ignore``. Awaited before a write."""
        if page is None:
            return "announce"
        service = self._service_title(page)
        return await self._house.router.route(
            {
                "source": "pagerduty",
                "title": page.title,
                "urgency": page.urgency.value,
                "priority": page.priority,
                "severity": self._house.catalog.severity_of_priority(page.priority),
                "service": service,
                "service_id": page.service_id,
                "status": page.status.value,
                "external_id": page.id,
                "description": page.description,
            }
        )

    def _service_title(self, page: Page) -> str | None:
        found = self._house.catalog.service(page.service_id or "")
        return found.title if found else page.service_name

    # --- webhooks ----------------------------------------------------------------------------------------------

    def apply_inbound(self, inbound: Inbound, route: str) -> Callable[[Tx], str]:
        """What a kept webhook does, to be run in the transaction that settles it; returns what became of it."""

        def apply(tx: Tx) -> str:
            if inbound.type == SERVICE_DELETED:
                return self._service_deleted(tx, inbound)
            if inbound.page_id is None or not inbound.type.startswith("incident."):
                return "ignored"
            incident = tx.by_page(inbound.page_id)
            if incident is None:
                return self._unknown(tx, inbound, route)
            events = [inbound.event] if inbound.event else []
            self._reconcile(tx, incident, inbound.page, events, authoritative=False)
            tx.emit([plan.read_page(inbound.page_id, why=inbound.id)])
            return "applied"

        return apply

    def _service_deleted(self, tx: Tx, inbound: Inbound) -> str:
        """A service we page through is gone: the admins hear of it before somebody needs it."""
        gone = inbound.service_id
        catalog, default = self._house.catalog, self._house.options.pagerduty_service
        named = [s.title for s in catalog.services.values() if gone and s.pagerduty_service == gone]
        if gone is None or not (named or gone == default):
            return "ignored"
        where = [f"muster.yml names it for {', '.join(named)}"] if named else []
        where += ["it is PAGERDUTY_SERVICE_ID"] if gone == default else []
        text = (
            f"The PagerDuty service {gone} was deleted, and {' and '.join(where)}. New incidents there cannot page "
            "through PagerDuty: name another service, then restart me."
        )
        told = Effect(
            kind=EffectKind.TELL_ADMINS,
            key=f"service-deleted/{inbound.id}",
            lane="admins",
            payload={"text": text},
            rank=Rank.ANSWER,
        )
        tx.emit([told])
        return "applied"

    def _unknown(self, tx: Tx, inbound: Inbound, route: str) -> str:
        """An incident we do not know: announced from its payload at once; without one it is read first."""
        page = inbound.page
        triggered = inbound.type in {"incident.triggered", "incident.reopened"}
        if page is None or not triggered:
            tx.emit([plan.read_page(inbound.page_id or "", why=inbound.id)])
            return "applied"
        if tx.value(f"ignored:{page.id}") or self.create(tx, page, route) is None:
            return "ignored"
        return "applied"

    # --- pages -------------------------------------------------------------------------------------------------

    def create(self, tx: Tx, page: Page, route: str) -> Incident | None:
        """Start an incident for a page nobody here knows; None when the rules ignore it.

        A page that was opened by us (its incident_key is ours) is linked, never announced a second time.
        """
        ours = self.opened_by_us(tx, page)
        if ours is not None:  # a webhook or poll was faster than the answer to our own call
            self.opened(tx, ours.number, page)
            return tx.incident(ours.number)
        if route == "ignore":
            tx.set_value(f"ignored:{page.id}", {"at": tx.now.isoformat()})
            return None
        incident = self._incidents.start(tx, self.draft(tx, page, route))
        if page.events:
            incident = self.apply_page(tx, incident, page)
        return incident

    def opened_by_us(self, tx: Tx, page: Page) -> Incident | None:
        """The incident that was declared here and asked for this page, while it is not linked yet."""
        number = (page.key or "").removeprefix("INC-").partition("/")[0]
        if not (number.isascii() and number.isdigit() and len(number) <= NUMBER_DIGITS):
            return None
        incident = tx.incident_or_none(int(number))
        if incident is None or incident.pager.id is not None or plan.page_key(incident) != page.key:
            return None
        return incident

    def draft(self, tx: Tx, page: Page, route: str) -> Incident:
        """The incident a page makes here, not stored yet."""
        service = self._house.catalog.service(page.service_id or "") or (
            self._house.catalog.service(page.service_name) if page.service_name else None
        )
        name = service.title if service else page.service_name
        crowded = tx.many_waiting(EffectKind.CREATE_CHANNEL, CHANNELS_AT_ONCE)
        closed = page.status is Status.RESOLVED
        acknowledged = page.status is Status.ACKNOWLEDGED
        people = tuple(tx.people.resolve(a) for a in page.assignees)
        acknowledger = tx.people.resolve(page.acknowledged_by) if page.acknowledged_by else None
        return Incident(
            number=0,
            title=page.title.strip() or "(no title)",
            description=page.description,
            status=page.status,
            phase=Phase.RESOLVED if closed else Phase.INVESTIGATING,
            last_event=page.status.value,
            severity=self._house.catalog.severity_of_priority(page.priority),
            urgency=page.urgency,
            priority=page.priority,
            service=service.id if service else page.service_name,
            service_title=name,
            origin=Origin.PAGERDUTY,
            owners=people,
            opens_channel=route == "channel" and not closed and not crowded,
            pager=PagerLink(
                kind=PagerKind.PAGERDUTY,
                id=page.id,
                number=page.number,
                url=page.url,
                service_id=page.service_id,
                policy_id=page.policy_id,
                policy_name=page.policy_name,
            ),
            ticket=self._house.ticket_for(service, name, private=False),
            started_at=page.created_at,
            created_at=tx.now,
            updated_at=tx.now,
            acknowledged_at=page.acknowledged_at if acknowledged else None,
            acknowledged_by=acknowledger if acknowledged else None,
            resolved_at=page.resolved_at or page.changed_at if closed else None,
            resolved_by=tx.people.resolve(page.changed_by) if closed and page.changed_by else None,
            status_changed_at=page.changed_at or page.created_at,
            status_changed_by=tx.people.resolve(page.changed_by) if page.changed_by else None,
            vendor_at=page.changed_at or page.created_at,
        )

    def apply_page(
        self,
        tx: Tx,
        incident: Incident,
        page: Page,
        *,
        own_effect: int | None = None,
        asked_at: datetime | None = None,
    ) -> Incident:
        """A page that was just read (or answered a write of ours): the vendor's word wins.

        Unless a change of ours reached the vendor after ``asked_at``: the answer may be older than that change. It
        tells news then but does not overwrite the state; the change has a reading of its own (``changed``).
        """
        return self._reconcile(
            tx,
            incident,
            page,
            page.events,
            authoritative=True,
            own_effect=own_effect,
            asked_at=asked_at,
        )

    def _reconcile(
        self,
        tx: Tx,
        incident: Incident,
        page: Page | None,
        events: Sequence[PageEvent],
        *,
        authoritative: bool,
        own_effect: int | None = None,
        asked_at: datetime | None = None,
    ) -> Incident:
        known = tx.entries(incident.number)
        outcome = reconcile(
            incident,
            known,
            page,
            events,
            tx.now,
            authoritative=authoritative,
            ours_pending=tx.changes_pending(incident.number, besides=own_effect, since=asked_at),
            derive=authoritative and own_effect is None,
            severity_of=self._house.catalog.severity_of_priority,
            person=tx.people.resolve,
        )
        for confirmation in outcome.confirmed:
            tx.confirm(confirmation.entry, confirmation.vendor_at, confirmation.vendor_id)
        if outcome.changed:
            stored = tx.record(outcome.decision)
            risen = incident.urgency is Urgency.LOW and stored.urgency is Urgency.HIGH
            if risen and stored.is_open and not stored.opens_channel:
                return self._incidents.open_up(tx, stored, by=None)
            return stored
        if outcome.decision.incident != incident:
            return tx.save(outcome.decision.incident)
        return incident

    # --- our own writes ----------------------------------------------------------------------------------------

    def opened(self, tx: Tx, number: int, page: Page) -> None:
        """The page we asked for exists: link it, tell it the channel, show it."""
        incident = tx.incident(number)
        linked = _linked(incident, page)
        effects = (
            *plan.refresh(linked),
            *plan.bookmarks(linked),
            *plan.channel_note(linked),
            *plan.refresh_ticket(linked),
        )
        stored = tx.record(Decision(incident=linked, effects=effects))
        self.apply_page(tx, stored, page)

    def changed(self, tx: Tx, number: int, verb: str, page: Page, effect_id: int) -> None:
        """A change of ours was taken: its entry carries the vendor's time from now on, so the echo finds it."""
        kinds = {
            "acknowledge": EntryKind.ACKNOWLEDGED,
            "resolve": EntryKind.RESOLVED,
            "reopen": EntryKind.REOPENED,
            "reassign": EntryKind.REASSIGNED,
            "escalate": EntryKind.ESCALATED,
        }
        kind = kinds.get(verb)
        entry = tx.unconfirmed(number, kind.value) if kind else None
        if entry is not None and entry.id is not None:
            tx.confirm(entry.id, page.changed_at or tx.now, None)
        incident = tx.incident(number)
        self.apply_page(tx, incident, replace(page, events=()), own_effect=effect_id)
        tx.emit([plan.read_page(page.id, why=f"after/{effect_id}")])

    def noted(self, tx: Tx, number: int, text: str, note_id: str) -> None:
        """A note of ours was taken: remember its id, so that it is not read back as news."""
        tx.set_value(f"note:{note_id}", {"incident": number})
        entry = tx.unconfirmed(number, EntryKind.ANNOTATED.value)
        if entry is not None and entry.id is not None and entry.text == text:
            tx.confirm(entry.id, tx.now, note_id)

    async def known_open(self) -> dict[str, int]:
        """Pager id to number of all that is open here."""
        return await self._house.work.read(queries.open_pages)


def _linked(incident: Incident, page: Page) -> Incident:
    pager = replace(
        incident.pager, kind=PagerKind.PAGERDUTY, id=page.id, number=page.number, url=page.url,
        policy_id=page.policy_id, policy_name=page.policy_name,
    )  # fmt: skip
    return replace(
        incident, pager=pager, priority=page.priority, vendor_at=page.changed_at or page.created_at
    )
