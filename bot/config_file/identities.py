"""``identities:`` of muster.yml: domains under which the same local part is the same person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.config_file.basics import Once
from bot.domain.identities import Domains

if TYPE_CHECKING:
    from bot.config_file.reader import Value

DOMAIN = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+")


def read_domains(value: Value | None) -> Domains:
    """Groups of equal domains, in lower case; no domain is in two of them."""
    section = value.section(("domains",)) if value else None
    groups = section.get("domains") if section else None
    once = Once("domain")
    read = [_group(each, once) for each in groups.items()] if groups else []
    return Domains(tuple(group for group in read if group))


def _group(value: Value, once: Once) -> tuple[str, ...]:
    found = []
    items = value.items()
    for item in items:
        name = (item.text() or "").casefold().removeprefix("@")
        if name and not DOMAIN.fullmatch(name):
            item.problem(f"is {item.raw!r}.", "Write the part behind the @, like example.com.")
            continue
        once.check(name, item)
        found.append(name)
    if items and len(items) == 1:
        value.problem("names one domain only.", "Write at least two that are equal.")
    return tuple(name for name in found if name)
