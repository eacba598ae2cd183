"""Ways to spoil a healthy installation, and what the doctor must say then."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from bot.errors import ProviderError, Reason
from tests.unit.doctor.house import House

Spoil = Callable[[House], None]


@dataclass(frozen=True)
class Fault:
    """A finding's area, name and state; a part of its text and of its mend; how it is brought about."""

    area: str
    name: str
    state: str
    text: str
    mend: str
    spoil: Spoil

    def __str__(self) -> str:
        return f"{self.area}: {self.name}: {self.text}"


def refuses(reason: Reason, code: str = "") -> ProviderError:
    return ProviderError("vendor", reason, f"refused with {code or reason.value}", code=code)


def put(path: str, value: Any) -> Spoil:
    """Set an attribute of the house, by its dotted path."""
    where, _, name = path.rpartition(".")

    def spoil(house: House) -> None:
        setattr(attrgetter(where)(house) if where else house, name, value)

    return spoil


def entry(path: str, key: str, value: Any) -> Spoil:
    """Set an entry of a dictionary."""
    return lambda house: attrgetter(path)(house).update({key: value})


def drop(path: str, key: str) -> Spoil:
    """Remove an entry of a dictionary."""

    def spoil(house: House) -> None:
        del attrgetter(path)(house)[key]

    return spoil


def unscope(scope: str) -> Spoil:
    """Take one scope away from the bot token."""
    return lambda house: house.chat.who["scopes"].remove(scope)


def repository(**about: Any) -> Spoil:
    """Change what GitHub says of the default repository."""
    return lambda house: house.tickets.repositories["acme/incidents"].update(about)


def both(*spoils: Spoil) -> Spoil:
    """Several at once."""

    def spoil(house: House) -> None:
        for each in spoils:
            each(house)

    return spoil
