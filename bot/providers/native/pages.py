"""Pages of the native pager: its incidents, INC-n by id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.incident import EntryKind, PagerKind, Status
from bot.domain.page import Page, PageEvent
from bot.errors import AlreadyDone, Reason
from bot.providers.native.calls import (
    ALREADY_RESOLVED,
    NO_SUCH_LEVEL,
    Calls,
    error,
    not_found,
    told,
)
from bot.store import queries

if TYPE_CHECKING:
    from collections.abc import Awaitable, Sequence

    from bot.domain.incident import Actor, Entry, Incident
    from bot.ports_pager import PageRequest
    from bot.store.tx import Tx

#: What PagerDuty's history tells as well.
TOLD = frozenset(
    {
        EntryKind.TRIGGERED,
        EntryKind.ANNOTATED,
        EntryKind.ACKNOWLEDGED,
        EntryKind.UNACKNOWLEDGED,
        EntryKind.REASSIGNED,
        EntryKind.ESCALATED,
        EntryKind.RESPONDER_ADDED,
        EntryKind.RESPONDER_REPLIED,
        EntryKind.STATUS_UPDATE,
        EntryKind.REOPENED,
        EntryKind.RESOLVED,
    }
)
_DIGITS = 9


class Pages(Calls):
    """``Paging``: every verb is the use case behind the button of that name."""

    async def open(self, request: PageRequest, *, key: str, by: str) -> Page:
        """Declare it under ``key``; what is there already, open or closed, is returned."""
        person = await self._person(by)
        with told():
            incident = await self._desk.open(request, key=key, by=person)
        return await self._read(incident.number, key=key)

    async def find(self, key: str) -> Page | None:
        """The page that was opened under that key, whatever its state."""
        found = await self._work.read(lambda tx: self._desk.opened(tx, key))
        return await self._read(found.number, key=key) if found else None

    async def page(self, page_id: str, *, history: bool = True) -> Page:
        """The page now; with ``history`` also what happened, oldest first."""
        return await self._read(_number(page_id), history=history)

    async def open_pages(self) -> Sequence[Page]:
        """All triggered and acknowledged ones, oldest first (without history)."""

        def look(tx: Tx) -> list[Page]:
            return [self._page(tx, incident) for incident in queries.open_natively(tx)]

        return await self._work.read(look)

    async def acknowledge(self, page_id: str, *, by: str) -> Page:
        """Acknowledge; CONFLICT ``1001`` when resolved already, fine when acknowledged already."""
        number, person = await self._both(page_id, by)
        return await self._do(number, self._desk.acknowledge(number, by=person))

    async def resolve(self, page_id: str, *, by: str, resolution: str = "") -> Page:
        """Resolve; fine when resolved already."""
        number, person = await self._both(page_id, by)
        doing = self._desk.resolve(number, by=person, note=resolution)
        return await self._do(number, doing, resolves=True)

    async def reopen(self, page_id: str, *, by: str) -> Page:
        """Trigger a resolved page again; an open one is left alone (nobody loses an ack)."""
        number, person = await self._both(page_id, by)
        page = await self._read(number, history=False)
        if page.status is not Status.RESOLVED:
            return page
        return await self._do(number, self._desk.reopen(number, by=person))

    async def reassign(self, page_id: str, user_id: str, *, by: str) -> Page:
        """Assign to one member (by their address); it is triggered anew."""
        number, person = await self._both(page_id, by)
        to = await self._person(user_id)
        return await self._do(number, self._desk.reassign(number, to=to, by=person))

    async def escalate(
        self, page_id: str, *, by: str, level: int | None = None, policy_id: str | None = None
    ) -> Page:
        """To a level of its policy, or to another policy; INVALID ``1006`` without such a level."""
        number, person = await self._both(page_id, by)
        if level is None and policy_id is None:
            raise error(Reason.INVALID, "an escalation needs a level or a policy")
        words = f"policy:{policy_id}" if policy_id is not None else f"level:{level}"
        code = NO_SUCH_LEVEL if policy_id is None else ""
        return await self._do(number, self._desk.escalate(number, words, by=person), code=code)

    async def request_responder(
        self, page_id: str, target_id: str, *, by: str, message: str = "", policy: bool = False
    ) -> None:
        """Ask a member (or whoever a policy reaches) to join; neither owner nor status changes."""
        number, person = await self._both(page_id, by)
        if policy:
            asking = self._desk.page_policy(number, target_id, by=person, message=message)
        else:
            to = await self._person(target_id)
            asking = self._desk.page_person(number, to=to, by=person, message=message)
        await self._do(number, asking)

    # --- parts -------------------------------------------------------------------------------------------------

    async def _both(self, page_id: str, by: str) -> tuple[int, Actor]:
        number = _number(page_id)
        await self._read(number, history=False)
        return number, await self._person(by)

    async def _do(
        self, number: int, doing: Awaitable[Incident], *, resolves: bool = False, code: str = ""
    ) -> Page:
        """The page after it; what is so already is fine, unless the page is resolved and was to be worked on."""
        try:
            with told(code):
                await doing
        except AlreadyDone as done:
            page = await self._read(number)
            if page.status is Status.RESOLVED and not resolves:
                raise error(Reason.CONFLICT, str(done), ALREADY_RESOLVED) from None
            return page
        return await self._read(number)

    async def _read(self, number: int, *, history: bool = True, key: str | None = None) -> Page:
        def look(tx: Tx) -> Page:
            with told():
                incident = tx.incident(number, lock=False)
            if incident.pager.kind is not PagerKind.NATIVE:
                raise not_found(f"page {incident.name}: another pager has it")
            return self._page(tx, incident, history=history, key=key)

        return await self._work.read(look)

    def _page(
        self, tx: Tx, incident: Incident, *, history: bool = False, key: str | None = None
    ) -> Page:
        entries = tx.entries(incident.number) if history else []
        policy = incident.pager.policy_name
        return Page(
            id=incident.name,
            number=incident.number,
            title=incident.title,
            status=incident.status,
            urgency=incident.urgency,
            url=incident.places.announcement_url or "",
            key=key,
            service_id=incident.service,
            service_name=incident.service_title,
            priority=incident.priority,
            assignees=incident.owners or self._asked(tx, incident),
            policy_id=policy,
            policy_name=policy,
            created_at=incident.created_at,
            changed_at=incident.status_changed_at,
            changed_by=incident.status_changed_by,
            acknowledged_at=incident.acknowledged_at,
            acknowledged_by=incident.acknowledged_by,
            resolved_at=incident.resolved_at,
            description=incident.description,
            events=tuple(_event(entry) for entry in entries if entry.kind in TOLD),
        )

    def _asked(self, tx: Tx, incident: Incident) -> tuple[Actor, ...]:
        """While nobody owns it: whoever its level reaches now."""
        policy = self._catalog.policies.get(incident.pager.policy_name or "")
        level = incident.pager.level
        if policy is None or not incident.is_open or not 1 <= level <= len(policy.levels):
            return ()
        people = self._desk.reached(tx, policy.levels[level - 1].notify, tx.now)
        return tuple(person for person, _ in people)


def _number(page_id: str) -> int:
    """The number of ``INC-7``; an id that is none is of no page."""
    kind, _, digits = page_id.partition("-")
    if kind != "INC" or not (digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS):
        raise not_found(f"page {page_id[:60]}")
    return int(digits)


def _event(entry: Entry) -> PageEvent:
    return PageEvent(
        kind=entry.kind,
        at=entry.at,
        actor=entry.actor,
        target=entry.actor_target,
        text=entry.text,
        vendor_id=str(entry.id) if entry.id else None,
    )
