"""An incident as the pager tells it, in our words: what a re-read or a webhook yields. Values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Actor, EntryKind, Status, Urgency


@dataclass(frozen=True, kw_only=True)
class PageEvent:
    """Something that happened to a page, told by the vendor, in our words."""

    kind: EntryKind
    at: datetime
    actor: Actor | None = None
    target: Actor | None = None
    text: str = ""
    vendor_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Page:
    """An incident at the pager, as the vendor says it is now."""

    id: str
    number: int | None
    title: str
    status: Status
    urgency: Urgency
    url: str
    key: str | None
    service_id: str | None
    service_name: str | None
    priority: str | None
    assignees: tuple[Actor, ...]
    policy_id: str | None
    policy_name: str | None
    created_at: datetime
    changed_at: datetime | None = None
    changed_by: Actor | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: Actor | None = None
    resolved_at: datetime | None = None
    description: str = ""
    events: tuple[PageEvent, ...] = ()
