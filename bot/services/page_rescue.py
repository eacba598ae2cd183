"""When a way does not lead to somebody: what is done at once instead of waiting. Inside a transaction of its caller."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain import escalation
from bot.domain.escalation import DeliveryState, PageState
from bot.domain.incident import Urgency
from bot.services import page_moves, page_targets
from bot.store import page_waiting
from bot.store import pages as store

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog
    from bot.domain.escalation import Delivery, Page
    from bot.store.tx import Tx

#: So long Slack is waited for before people whom only Slack reaches are not counted on any more.
SLACK_PATIENCE: Final = timedelta(minutes=1)
_BEYOND: Final = "apprise:"


def sooner(tx: Tx, catalog: Catalog, page: Page, failed: Delivery) -> None:
    """One way has failed: those of the same person that were kept for later are used now, unless they sleep."""
    if page_targets.urgency_of(tx, catalog, page) is Urgency.LOW:
        return
    for each in _level(tx, page, failed):
        kept = each.state is DeliveryState.PLANNED and each.due is not None
        if kept and each.recipient == failed.recipient:
            store.save_delivery(tx, replace(each, due=None, reason=""))
            page_waiting.send_now(tx, each.key)


def stranded(tx: Tx, catalog: Catalog) -> int:
    """How many pages did not wait any longer for Slack: asked every minute, and whatever keeps Slack from answering."""
    waiting = page_waiting.waiting_for_slack(tx, tx.now - SLACK_PATIENCE)
    return sum(without_slack(tx, catalog, delivery) for delivery in waiting)


def without_slack(tx: Tx, catalog: Catalog, delivery_id: int) -> bool:
    """Slack has not taken this page for a while: the next level is paged now, if it hears without Slack.

    Nothing is done while somebody of this level may hear of it another way. Levels that have Slack alone, too, are
    left to their waits: hurrying through them would help nobody.
    """
    delivery = store.delivery(tx, delivery_id, lock=False)
    page = store.one(tx, delivery.page)
    current = (delivery.round, delivery.level) == (page.round, page.level)
    if page.state is not PageState.OPEN or not current:
        return False
    told = [each for each in _level(tx, page, delivery) if each.heard]
    if any(
        each.way.startswith(_BEYOND) or each.state is not DeliveryState.PLANNED for each in told
    ):
        return False
    policy = catalog.policies.get(page.policy)
    rung = escalation.rung_of(page, policy, tx.now)
    if policy is None or rung is None or rung.level == 0:
        return False
    found = page_targets.resolve(tx, catalog, policy.levels[rung.level - 1].notify)
    if not any(way.startswith(_BEYOND) for each in found for way in each.ways):
        return False
    page_moves.save(tx, page, escalation.hurried(page, tx.now))
    return True


def _level(tx: Tx, page: Page, delivery: Delivery) -> list[Delivery]:
    place = (delivery.round, delivery.level)
    return [each for each in store.deliveries(tx, page.id) if (each.round, each.level) == place]
