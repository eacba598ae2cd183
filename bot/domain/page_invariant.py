"""What must always be true of a page, whatever is done to it. Pure.

It is open, or acknowledged with an expiry, and has a next step with a time; or it is acknowledged for good,
exhausted or closed, and nothing happens by itself any more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.escalation import Next, PageState, planned

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.escalation import Page


def broken(page: Page) -> str | None:
    """What is wrong with a page, None when nothing is: the invariant in one place."""
    coming = page.next is not None and page.next_at is not None
    if page.state is PageState.OPEN and not (coming and page.next is Next.NOTIFY):
        return "it is open and nothing happens next"
    if page.state is PageState.ACKNOWLEDGED:
        if page.expires_after is not None and not (coming and page.next in {Next.ASK, Next.EXPIRE}):
            return "its acknowledgement expires and nothing happens then"
        if page.expires_after is None and coming:
            return "it is acknowledged for good and something happens next"
    if page.is_over and coming:
        return "it is over and something happens next"
    return None


def mended(page: Page, now: datetime) -> Page:
    """A broken page with its next step again, at once."""
    if page.state is PageState.OPEN:
        return planned(page, Next.NOTIFY, now)
    if page.state is PageState.ACKNOWLEDGED and page.expires_after is not None:
        return planned(page, Next.EXPIRE if page.asked_at else Next.ASK, now)
    return planned(page, None, None)
