"""What people type after ``/incident``, taken apart. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_INCIDENT = re.compile(r"(?:inc-?)([0-9]+)|#?([0-9]+)", re.IGNORECASE)
#: More digits no database counts to; such a number names no incident, whatever follows.
_DIGITS = 18
_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>")
#: Below this likeness a suggestion would be a guess.
LIKENESS = 60


@dataclass(frozen=True)
class Words:
    """The subcommand, lower-cased, and the rest as typed."""

    verb: str
    rest: str


def split(text: str) -> Words:
    """First word and rest; an ``INC-n`` before the verb (``INC-12 ack``) is moved behind it."""
    first, rest = word_first(text)
    if _INCIDENT.fullmatch(first) and not first.isdigit() and rest.strip():
        verb, more = word_first(rest)
        return Words(verb.casefold(), f"{first} {more}".strip())
    return Words(first.casefold(), rest.strip())


def number_first(rest: str, *, bare: bool = False) -> tuple[int | None, str]:
    """The leading ``INC-12`` (with ``bare`` also ``12``) and what follows it."""
    first, more = word_first(rest)
    found = _INCIDENT.fullmatch(first)
    if found and (found.group(1) or bare):
        return int((found.group(1) or found.group(2))[:_DIGITS]), more.strip()
    return None, rest.strip()


def person_first(rest: str) -> tuple[str | None, str]:
    """The Slack id of a leading mention (``<@U123|ana>``) and what follows it."""
    found = _USER.match(rest)
    if not found:
        return None, rest
    return found.group(1), rest[found.end() :].strip()


def without_people(rest: str) -> str:
    """The words without the people that are mentioned among them."""
    return _USER.sub(" ", rest)


def word_first(rest: str) -> tuple[str, str]:
    """The first word and what follows it."""
    first, *more = rest.split(maxsplit=1) or [""]
    return first, more[0].strip() if more else ""


def nearest(word: str, known: Collection[str], *, whole: bool = False) -> str | None:
    """The known word most like it, None when none is near; ``whole``: not for a part that is alike."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - 3 MB for the few who mistype

    scorer = fuzz.ratio if whole else fuzz.WRatio
    found = process.extractOne(word, list(known), scorer=scorer, score_cutoff=LIKENESS)
    return str(found[0]) if found else None
