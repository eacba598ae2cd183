"""Which side effects follow from a page of the native pager: pure, beside ``plan``.

Timers are effects with a time. Each step has a lane of its own, so that one that is far away never holds back one
that is wanted now; a step that is overtaken finds another number on its page and does nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import plan
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import MUSTER, Entry, EntryKind, Origin, Status
from bot.domain.lifecycle import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from bot.domain.escalation import Delivery, Page
    from bot.domain.incident import Incident

#: What people are told of a page beside its proof.
NOBODY_ANSWERED, STILL_ON_IT = "nobody_answered", "still_on_it"


def step_key(page: Page) -> str:
    """The key of a page's next step."""
    return f"{page.name}/step/{page.step}"


def step(page: Page, *, again: str = "") -> tuple[Effect, ...]:
    """What happens to it next, at its time; nothing when nothing does. ``again``: its effect was lost."""
    if page.next is None or page.next_at is None:
        return ()
    key = f"{step_key(page)}{again}"
    return (
        Effect(
            kind=EffectKind.PAGE_STEP,
            key=key,
            lane=key,
            incident=page.incident,
            payload={"page": page.id, "step": page.step},
            rank=Rank.PAGE,
            due=page.next_at,
        ),
    )


def deliver(page: Page, delivery: Delivery) -> Effect:
    """Tell one person in one way. Every provider has effects of its own, so that one that is down holds no other."""
    beyond = delivery.way.startswith("apprise:")
    return Effect(
        kind=EffectKind.DELIVER_BEYOND if beyond else EffectKind.DELIVER_PAGE,
        key=delivery.key,
        lane=f"{page.name}/{delivery.way}/{delivery.recipient}",
        incident=page.incident,
        payload={"page": page.id, "delivery": delivery.id},
        rank=Rank.PAGE,
        due=delivery.due,
    )


def show(page: Page, *, again: str = "") -> Effect:
    """Post the proof of a page, or edit it in place; waiting edits are one. ``again``: there is a place for it now."""
    lane = f"{page.name}/proof"
    return Effect(
        kind=EffectKind.SHOW_PAGE,
        key=f"{lane}@{page.version}{again}",
        lane=lane,
        merge=lane,
        incident=page.incident,
        payload={"page": page.id},
        rank=Rank.CARD,
    )


def correct(page: Page, told: Iterable[Delivery], *, again: str = "") -> list[Effect]:
    """Have the messages of those deliveries say what became of the page; waiting edits of one are one.

    ``again``: what they say changed without the page.
    """
    lanes = {each.id: f"{page.name}/told/{each.id}" for each in told}
    return [
        Effect(
            kind=EffectKind.CORRECT_PAGE,
            key=f"{lane}@{page.version}{again}",
            lane=lane,
            merge=lane,
            incident=page.incident,
            payload={"page": page.id, "delivery": delivery},
            rank=Rank.REFRESH,
        )
        for delivery, lane in lanes.items()
    ]


def tell(page: Page, what: str, to: str | None = None, *, again: str = "") -> Effect:
    """Say it where the page's subject is talked about (``to`` None), or to one person."""
    key = f"{page.name}/tell/{what}/{page.step}/{to or 'channel'}{again}"
    return Effect(
        kind=EffectKind.TELL_PAGE,
        key=key,
        lane=key,
        incident=page.incident,
        payload={"page": page.id, "what": what, "to": to},
        rank=Rank.PAGE,
    )


def taken_back(incident: Incident, page: Page, now: datetime) -> Decision:
    """An acknowledgement expired: the incident is triggered again; who owns it stays until somebody else answers."""
    after = replace(
        incident,
        status=Status.TRIGGERED,
        last_event=EntryKind.UNACKNOWLEDGED.value,
        acknowledged_by=None,
        status_changed_at=now,
        status_changed_by=MUSTER,
        updated_at=now,
    )
    who = page.acknowledged_by.name if page.acknowledged_by else "somebody"
    since = page.confirmed_at or page.acknowledged_at or now
    entry = Entry(
        kind=EntryKind.UNACKNOWLEDGED,
        at=now,
        origin=Origin.MUSTER,
        text=f"{who} acknowledged, and there was no sign of them since {since:%H:%M} UTC, so the policy pages again.",
    )
    topic = (plan.topic(after),) if after.places.channel else ()
    return Decision(incident=after, entries=(entry,), effects=(*plan.refresh(after), *topic))
