"""What a page is about, as it stands now. Runs inside a transaction of its caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.moments import permalink
from bot.domain.page_words import Subject, of_incident
from bot.services.moments import workspace_url
from bot.store import alerts

if TYPE_CHECKING:
    from bot.domain.escalation import Page
    from bot.store.tx import Tx


def subject_of(tx: Tx, page: Page) -> Subject:
    """The incident or the group of alerts that page asks somebody to take; NotFound when it is gone."""
    if page.incident is not None:
        return of_incident(tx.incident(page.incident, lock=False))
    group = alerts.group(tx, page.group or 0, lock=False)
    url = ""
    if group.channel and group.ts:
        url = permalink(workspace_url(tx), group.channel, group.ts)
    return Subject(name="Alerts", title=group.title, url=url)
