"""The native pager as ``bot.ports_pager`` wants one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.providers.native.oncalls import OnCalls
from bot.providers.native.pages import Pages
from bot.providers.native.schedules import Schedules

if TYPE_CHECKING:
    from bot.ports_pager import AnyPager


class Native(Pages, OnCalls, Schedules):
    """``AnyPager`` over Muster's own database. It is never down while Muster is up."""


def _keeps_the_port(client: Native) -> AnyPager:
    return client  # mypy fails here when the client and the Protocols part ways
