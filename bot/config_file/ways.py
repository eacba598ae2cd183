"""The parts of ``muster.yml`` about how a page reaches a person: ``notify`` and ``quiet_hours``."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from bot.config_file import formats
from bot.domain.catalog import Address
from bot.domain.incident import Urgency
from bot.domain.quiet import QuietHours, clock_time

if TYPE_CHECKING:
    from bot.config_file.reader import Value

URGENCIES = tuple(urgency.value for urgency in Urgency)
#: An address that waits longer than this is not meant for pages.
LONGEST_AFTER = timedelta(days=1)


def read_addresses(value: Value | None) -> tuple[Address, ...]:
    """A list of Apprise addresses, each alone or with the pages it is for."""
    found = [_address(item) for item in value.items()] if value else []
    return tuple(address for address in found if address)


def _address(value: Value) -> Address | None:
    if not value.is_mapping:
        url = formats.apprise(value)
        return Address(url) if url else None
    section = value.section(("url", "urgency", "after"))
    url, urgency = formats.apprise(section.need("url")), section.get("urgency")
    after = formats.duration(section.get("after")) or timedelta()
    if after > LONGEST_AFTER:
        (section.get("after") or value).problem("is longer than a day.", "Write up to 1d.")
    if urgency and urgency.is_empty_list:
        urgency.problem("is empty.", "Name high, low or both, or leave it out for every page.")
    chosen = [item.choice(URGENCIES) for item in urgency.items()] if urgency else []
    return Address(url, tuple(each for each in chosen if each), after) if url else None


def read_quiet_hours(value: Value | None) -> QuietHours | None:
    """``{from: "22:00", to: "07:00"}``."""
    if value is None:
        return None
    section = value.section(("from", "to"))
    since, until = (formats.clock(section.need(key)) for key in ("from", "to"))
    if since is None or until is None:
        return None
    hours = QuietHours(clock_time(since), clock_time(until))
    if hours.since == hours.until:
        value.problem("begins and ends at the same time.", "Correct from or to.")
        return None
    return hours
