"""PagerDuty's REST API v2 as ``bot.ports.Pager``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.providers.pagerduty.directory import Directory
from bot.providers.pagerduty.incidents import Incidents
from bot.providers.pagerduty.schedules import Schedules

if TYPE_CHECKING:
    from bot.ports import Pager


class PagerDuty(Incidents, Directory, Schedules):
    """All of ``Pager``. Never retries, caches nothing, calls nothing when it is made.

    Every request ends after ``timeout`` seconds; some methods make two requests, reading lists one
    per 100 entries.
    """


def _keeps_the_port(client: PagerDuty) -> Pager:
    return client  # mypy fails here when the client and the Protocol part ways
