"""A worker for pages only: carries out what is due, one effect after the other, as the real one would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from bot.domain.effects import EffectKind as K
from bot.store import effects as effect_store
from bot.store import pages, sql
from bot.worker.runners import EFFECTS

if TYPE_CHECKING:
    from collections.abc import Collection

    from bot.domain.escalation import Delivery, Page
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from tests.unit.worker.fakes import Shop

MINE = (
    K.PAGE_NATIVE,
    K.PAGE_ALERTS,
    K.PAGE_STEP,
    K.DELIVER_PAGE,
    K.DELIVER_BEYOND,
    K.SHOW_PAGE,
    K.TELL_PAGE,
)


async def claim(shop: Shop, kinds: Collection[K] = MINE) -> list[Claimed]:
    """Lease what is due, of these kinds; everything else is left alone."""

    def take(tx: Tx) -> list[Claimed]:
        found = effect_store.claim(tx.session, now=tx.now, worker="w", limit=500, budgeted=False)
        mine = [each for each in found.effects if each.kind in kinds]
        for each in found.effects:
            if each.kind not in kinds:
                effect_store.settle(tx.session, each.id, tx.now)
        return mine

    return await shop.home.work.write(take)


async def carry(shop: Shop, effect: Claimed) -> None:
    settle = await EFFECTS[effect.kind](shop.world, effect)

    def finish(tx: Tx) -> None:
        effect_store.settle(tx.session, effect.id, tx.now)
        if settle is not None:
            settle(tx)

    await shop.home.work.write(finish)


async def work_off(shop: Shop) -> None:
    """Until nothing is due."""
    while due := await claim(shop):
        for effect in due:
            await carry(shop, effect)


async def passes(shop: Shop, **time: float) -> None:
    """Time goes by in small steps, and what is due is done when it is due."""
    seconds = sum(
        time.get(name, 0) * n for name, n in (("hours", 3600), ("minutes", 60), ("seconds", 1))
    )
    while seconds > 0:
        shop.home.clock.advance(min(30, seconds))
        seconds -= 30
        await work_off(shop)


async def all_pages(shop: Shop) -> list[Page]:
    def look(tx: Tx) -> list[Page]:
        ids = tx.session.execute(select(sql.PAGE.c.id).order_by(sql.PAGE.c.id)).scalars().all()
        return [pages.one(tx, each, lock=False) for each in ids]

    return await shop.home.work.read(look)


async def deliveries(shop: Shop, page: int = 1) -> list[Delivery]:
    return await shop.home.work.read(lambda tx: pages.deliveries(tx, page))


def paged(shop: Shop, *, page: int | None = None) -> list[str]:
    """Whose direct messages were posted, in order."""
    prefix = f"page/{page}/" if page else "page/"
    return [
        call[1] for call in shop.chat.named("post")
        if call[2].startswith(prefix) and "/tell/" not in call[2] and "/proof" not in call[2]
    ]  # fmt: skip
