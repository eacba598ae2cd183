"""The native pager as ``bot.ports_pager`` wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.providers.native.oncalls import OnCalls
from bot.providers.native.pages import Pages
from bot.providers.native.schedules import Schedules

if TYPE_CHECKING:
    from bot import ports_pager


class Native(Pages, OnCalls, Schedules):
    """``Paging``, ``OnCalls`` and ``Schedules`` over Muster's own database. It is never down while Muster is up."""


def _keeps_the_ports(
    client: Native,
) -> tuple[ports_pager.Paging, ports_pager.OnCalls, ports_pager.Schedules]:
    return client, client, client  # mypy fails here when the client and a Protocol part ways
