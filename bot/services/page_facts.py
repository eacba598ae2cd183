"""Small questions about a page and its deliveries, and the words the timeline has for a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bot.domain.escalation import NOBODY_REACHED
from bot.store import pages as store

if TYPE_CHECKING:
    from bot.domain.catalog import EscalationPolicy
    from bot.domain.escalation import Delivery, Page, Rung
    from bot.domain.incident import Actor
    from bot.store.tx import Tx

#: People named in one line at most.
NAMED = 12


def first_level(wish: dict[str, Any]) -> int:
    """The level to begin at: one that was asked for by name is paged whatever its hours."""
    level = int(wish.get("level") or 0)
    return level if level > 1 or wish["why"] == "escalated" else 0


def any_heard(tx: Tx, page: Page, *, ever: bool = False) -> bool:
    """Whether anybody was told in this round (or ``ever``)."""
    return any(
        each.heard for each in store.deliveries(tx, page.id) if ever or each.round == page.round
    )


def was_asked(tx: Tx, page: Page, by: Actor) -> bool:
    """Whether this page wanted them."""
    return by.is_same(page.person) or any(
        by.slack_id and each.slack_id == by.slack_id for each in store.deliveries(tx, page.id)
    )


def told_of(rung: Rung, policy: EscalationPolicy | None, planned: list[Delivery]) -> list[str]:
    """What the timeline says of one level."""
    if rung.level == 0 or policy is None:
        what = "Paged"
    else:
        what = f"Paged level {rung.level} of {policy.name}"
        what += f", round {rung.round}" if rung.round > 1 else ""
    said = []
    if rung.skipped:
        numbers = ", ".join(str(n) for n in rung.skipped)
        said.append(f"Not the hours of level {numbers}: passed over")
    if rung.all_outside:
        said.append("It is nobody's hours now, so the last level is paged all the same")
    names = list(dict.fromkeys(each.name for each in planned if each.heard))
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    lost = list(dict.fromkeys(f"{e.name}: {e.reason}" for e in planned if not e.heard))
    if names:
        said.append(f"{what}: {', '.join(names[:NAMED])}{more}")
    else:
        said.append(f"{what.replace('Paged', 'Tried', 1)}: {NOBODY_REACHED}")
    return [*said, *(f"Not reached: {each}" for each in lost[:NAMED])]
