"""Incidents at PagerDuty: open, change, note, read.

https://developer.pagerduty.com/api-reference/ (Incidents). ``by`` goes into the From header, which
makes the change appear as that person; an address PagerDuty does not know is INVALID ``1008``.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from bot.domain.incident import EntryKind, Status
from bot.errors import ProviderError, Reason
from bot.providers.pagerduty.calls import (
    ALREADY_ACKNOWLEDGED,
    ALREADY_MERGED,
    ALREADY_RESOLVED,
    LAST_OFFSET,
    NAME,
    UNKNOWN_FROM,
    Calls,
)
from bot.providers.pagerduty.history import events
from bot.providers.pagerduty.parse import page_from_rest
from bot.providers.pagerduty.values import iso, obj, objects, some, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.ports import Page, PageRequest

log = structlog.get_logger()

TITLE_LIMIT = 1024  # https://developer.pagerduty.com/docs/events-api-v2-overview ("summary")
WINDOW = timedelta(days=30)  # the answer to since/until covers at most six months
ONE = "/incidents/{id}"
_PEOPLE = [("include[]", "assignees"), ("include[]", "acknowledgers")]
_STATUSES = [("statuses[]", status.value) for status in Status]
_OPTIONAL = {Reason.NOT_FOUND, Reason.INVALID}  # 404, 402 and 403: this account cannot read these


class Incidents(Calls):
    """The part of ``Pager`` that concerns incidents."""

    async def open(self, request: PageRequest, *, key: str, by: str) -> Page:
        """Create under ``incident_key``; what is there already, open or closed, is returned.

        It looks first, since PagerDuty refuses a second one only while the first is open, and again
        when it is refused, since somebody may have been faster.
        """
        if (there := await self.find(key)) is not None:
            return there
        incident = await self._new_incident(request, key)
        try:
            made = await self._object(
                "POST",
                "/incidents",
                "incident",
                json={"incident": incident},
                headers=self._from(by),
            )
        except ProviderError as error:
            if error.reason not in {Reason.INVALID, Reason.CONFLICT} or error.code == UNKNOWN_FROM:
                raise
            if (there := await self.find(key)) is None:
                raise
            return there
        return _page(made)

    async def find(self, key: str) -> Page | None:
        """The page with exactly that ``incident_key``, whatever its state and age."""
        params = [("incident_key", text(key)), ("date_range", "all"), *_STATUSES, *_PEOPLE]
        found = [_page(one) for one in await self._list("/incidents", "incidents", params)]
        found = [page for page in found if page.key == key]
        found.sort(key=lambda page: (page.status is not Status.RESOLVED, page.created_at))
        return found[-1] if found else None

    async def acknowledge(self, page_id: str, *, by: str) -> Page:
        """Acknowledge; CONFLICT ``1001`` when resolved already, fine when acknowledged already.

        It looks first: to PagerDuty, acknowledging a resolved incident means reopening it.
        """
        page = await self.page(page_id, history=False)
        if page.status is Status.RESOLVED:
            detail = "the incident has been resolved already"
            raise ProviderError(NAME, Reason.CONFLICT, detail, code=ALREADY_RESOLVED)
        if page.status is Status.ACKNOWLEDGED:
            return page
        wish = {"status": Status.ACKNOWLEDGED.value}
        return await self._change(page_id, by, wish, fine=ALREADY_ACKNOWLEDGED)

    async def resolve(self, page_id: str, *, by: str, resolution: str = "") -> Page:
        """Resolve; fine when resolved already. ``resolution`` goes onto the resolve log entry."""
        wish = {"status": Status.RESOLVED.value}
        if resolution:
            wish["resolution"] = resolution
        return await self._change(page_id, by, wish, fine=ALREADY_RESOLVED)

    async def merge(self, page_id: str, into: str, *, by: str) -> None:
        """Merge into an open page: its alerts move there and it is resolved. INVALID for pages without alerts."""
        sources = [{"id": page_id, "type": "incident_reference"}]
        try:
            await self._object(
                "PUT",
                f"{ONE}/merge",
                "incident",
                json={"source_incidents": sources},
                headers=self._from(by),
                ids={"id": into},
            )
        except ProviderError as error:
            if error.code != ALREADY_MERGED:
                raise

    async def reopen(self, page_id: str, *, by: str) -> Page:
        """Trigger a resolved page again; an open one is left alone (nobody loses an ack)."""
        page = await self.page(page_id, history=False)
        if page.status is not Status.RESOLVED:
            return page
        return await self._change(page_id, by, {"status": Status.TRIGGERED.value})

    async def reassign(self, page_id: str, user_id: str, *, by: str) -> Page:
        """Assign to one user (PagerDuty triggers it anew)."""
        assignee = {"id": user_id, "type": "user_reference"}
        return await self._change(page_id, by, {"assignments": [{"assignee": assignee}]})

    async def escalate(
        self, page_id: str, *, by: str, level: int | None = None, policy_id: str | None = None
    ) -> Page:
        """To a level of its policy, or to another policy; INVALID ``1006`` without such a level."""
        wish: dict[str, Any] = {}
        if policy_id is not None:
            wish["escalation_policy"] = {"id": policy_id, "type": "escalation_policy_reference"}
        if level is not None:
            wish["escalation_level"] = level
        if not wish:
            detail = "an escalation needs a level or a policy"
            raise self._invalid(detail)
        return await self._change(page_id, by, wish)

    async def set_priority(self, page_id: str, priority: str, *, by: str) -> Page:
        """Set the priority by its name; a name the account does not have is INVALID."""
        return await self._change(page_id, by, {"priority": priority})

    async def set_title(self, page_id: str, title: str, *, by: str) -> Page:
        """Give it another title (PagerDuty keeps the old one in its log)."""
        return await self._change(page_id, by, {"title": title[:TITLE_LIMIT]})

    async def add_note(self, page_id: str, text: str, *, by: str) -> str:
        """Add a note and return its id (not idempotent: ask ``find_note``)."""
        note = {"note": {"content": text}}
        made = await self._object(
            "POST", f"{ONE}/notes", "note", json=note, headers=self._from(by), ids={"id": page_id}
        )
        return some(made.get("id")) or ""

    async def publish(self, page_id: str, message: str, *, by: str) -> str:
        """Publish a status update and return its id (not idempotent, and PagerDuty lists none to look through)."""
        made = await self._object(
            "POST",
            f"{ONE}/status_updates",
            "status_update",
            json={"message": message},
            headers=self._from(by),
            ids={"id": page_id},
        )
        return some(made.get("id")) or ""

    async def find_note(self, page_id: str, text: str) -> str | None:
        """The id of the note with exactly that text (blanks around it do not count), else None."""
        for note in await self._notes(page_id):
            if str(note.get("content") or "").strip() == text.strip():
                return some(note.get("id"))
        return None

    async def page(self, page_id: str, *, history: bool = True) -> Page:
        """The page now; with ``history`` also its log entries and notes, oldest first.

        An account that may not read log entries or notes gets the page without them.
        """
        read = self._object("GET", ONE, "incident", params=_PEOPLE, ids={"id": page_id})
        if not history:
            return _page(await read)
        incident, entries, notes = await asyncio.gather(
            read, self._optional(self._entries(page_id)), self._optional(self._notes(page_id))
        )
        page = _page(incident)
        told = events(entries or (), notes, incident)
        acks = [event for event in told if event.kind is EntryKind.ACKNOWLEDGED]
        if acks and page.acknowledged_at is None:  # PagerDuty forgets them when it is resolved
            page = replace(page, acknowledged_at=acks[0].at, acknowledged_by=acks[0].actor)
        return replace(page, events=told)

    async def open_pages(self) -> Sequence[Page]:
        """All triggered and acknowledged pages, oldest first, however old (without history)."""
        statuses = [("statuses[]", "triggered"), ("statuses[]", "acknowledged")]
        params = [*statuses, ("date_range", "all"), ("sort_by", "created_at:asc"), *_PEOPLE]
        found = await self._list("/incidents", "incidents", params)
        return [_page(one) for one in found]

    async def pages_since(
        self, since: datetime, *, until: datetime | None = None
    ) -> Sequence[Page]:
        """Pages created at or after ``since`` (and before ``until``), any state, oldest first (without history).

        Asked for month by month: PagerDuty answers at most six months and 10,000 incidents at once.
        """
        start = since.astimezone(UTC)
        last = until or datetime.now(UTC) + timedelta(minutes=1)
        found: dict[str, Page] = {}
        while start < last:
            end = min(start + WINDOW, last)
            params = [("since", iso(start)), ("until", iso(end)), *_STATUSES, *_PEOPLE]
            params.append(("sort_by", "created_at:asc"))
            pages = [_page(one) for one in await self._list("/incidents", "incidents", params)]
            found |= {page.id: page for page in pages}
            cut_off = len(pages) >= LAST_OFFSET and pages[-1].created_at > start
            start = pages[-1].created_at if cut_off else end
        return list(found.values())

    async def changed_since(self, since: datetime) -> Sequence[str]:
        """Ids of pages with log entries at or after ``since``, the longest unchanged first.

        That somebody was notified is no change.
        """
        params = [("since", iso(since)), ("is_overview", "false")]
        entries = await self._list("/log_entries", "log_entries", params)
        ids = (
            some(obj(entry.get("incident")).get("id"))
            for entry in entries
            if not text(entry.get("type")).startswith("notify_")
        )
        newest_first = dict.fromkeys(found for found in ids if found)
        return list(newest_first)[::-1]

    async def _new_incident(self, request: PageRequest, key: str) -> dict[str, Any]:
        title, details = request.title, request.details
        if len(title) > TITLE_LIMIT:
            details = f"{details}\n\nThe title was cut. All of it: {title}".strip()
            title = title[: TITLE_LIMIT - 1] + "…"
        incident: dict[str, Any] = {
            "type": "incident",
            "title": title,
            "service": {"id": request.service_id, "type": "service_reference"},
            "urgency": request.urgency.value,
            "incident_key": key,
            "body": {"type": "incident_body", "details": details},
        }
        if request.assignee:
            assignee = {"id": request.assignee, "type": "user_reference"}
            incident["assignments"] = [{"assignee": assignee}]
        if request.priority and (found := await self._priority_id(request.priority)):
            incident["priority"] = {"id": found, "type": "priority_reference"}
        return incident

    async def _priority_id(self, name: str) -> str | None:
        """The id of a priority; that it cannot be told must not keep anybody from being paged."""
        try:
            known = await self._list("/priorities", "priorities")
        except ProviderError as error:
            log.warning("pagerduty.priority_left_out", priority=name, reason=error.reason.value)
            return None
        for one in known:
            if name.casefold() in {text(one.get(k)).casefold() for k in ("name", "summary")}:
                return some(one.get("id"))
        return None

    async def _change(
        self, page_id: str, by: str, wish: dict[str, Any], *, fine: str | None = None
    ) -> Page:
        body = {"incident": {"type": "incident_reference", **wish}}
        try:
            changed = await self._object(
                "PUT", ONE, "incident", json=body, headers=self._from(by), ids={"id": page_id}
            )
        except ProviderError as error:
            if fine is None or error.code != fine:
                raise
            return await self.page(page_id, history=False)
        return _page(changed)

    async def _entries(self, page_id: str) -> list[dict[str, Any]]:
        params = [("is_overview", "false"), ("include[]", "channels")]
        return await self._list(f"{ONE}/log_entries", "log_entries", params, ids={"id": page_id})

    async def _notes(self, page_id: str) -> list[dict[str, Any]]:
        notes = await self._http.request("GET", f"{ONE}/notes", expect="notes", ids={"id": page_id})
        return objects(notes)

    async def _optional(self, reading: Any) -> list[dict[str, Any]] | None:
        try:
            found: list[dict[str, Any]] = await reading
        except ProviderError as error:
            if error.reason in _OPTIONAL:
                return None
            raise
        return found


def _page(data: dict[str, Any]) -> Page:
    return page_from_rest(data, now=datetime.now(UTC))
