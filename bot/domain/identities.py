"""Who is who at Slack, PagerDuty and GitHub: one decision for everybody. Pure, standard library only.

Sources in this order: ``people`` in muster.yml, linked by hand, the same e-mail address, the same local part under
domains that muster.yml declares equal. An account belongs to one person; an earlier source takes it from a later
one. GitHub accounts have the first two sources only: addresses there are mostly hidden (decision 0006).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from bot.domain.catalog import Catalog


class Vendor(StrEnum):
    """Where somebody has an account besides Slack."""

    PAGERDUTY = "pagerduty"
    GITHUB = "github"


class KnownBy(StrEnum):
    """How a link is known; the earlier one counts."""

    CONFIG = "config"
    HAND = "hand"
    EMAIL = "email"
    DOMAIN = "domain"


#: How a sentence says it.
KNOWN_BY: Final[Mapping[KnownBy, str]] = {
    KnownBy.CONFIG: "muster.yml says so",
    KnownBy.HAND: "linked by hand",
    KnownBy.EMAIL: "the same e-mail address",
    KnownBy.DOMAIN: "the same address under an equal domain",
}


@dataclass(frozen=True)
class Domains:
    """Domains under which the same local part is the same person (``identities: {domains: ...}``)."""

    groups: tuple[tuple[str, ...], ...] = ()

    def equal(self, email: str) -> tuple[str, ...]:
        """The address itself, lower-cased, then what is declared equal to it."""
        own = email.strip().casefold()
        local, at, domain = own.rpartition("@")
        if not (local and at):
            return (own,)
        others = (d for group in self.groups if domain in group for d in group)
        return tuple(dict.fromkeys([own, *(f"{local}@{other}" for other in others)]))


@dataclass(frozen=True, kw_only=True)
class Link:
    """One person's account somewhere: ``account`` is its id, ``name`` how it is called there."""

    slack_id: str
    vendor: Vendor
    account: str
    known_by: KnownBy
    at: datetime
    name: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True)
class Human:
    """A member of the workspace as far as links are concerned."""

    slack_id: str
    email: str = ""
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Account:
    """An account of PagerDuty."""

    id: str
    email: str
    name: str = ""
    active: bool = True


@dataclass(frozen=True, kw_only=True)
class Configured:
    """What muster.yml says of people: addresses at PagerDuty and logins at GitHub by e-mail, and equal domains."""

    pagerduty: Mapping[str, str] = field(default_factory=dict)
    github: Mapping[str, str] = field(default_factory=dict)
    domains: Domains = field(default_factory=Domains)

    def at(self, vendor: Vendor, email: str | None) -> str | None:
        """Which account it names for that address (or one equal to it)."""
        named = self.pagerduty if vendor is Vendor.PAGERDUTY else self.github
        return next((named[e] for e in self.domains.equal(email or "") if e in named), None)


def configured(catalog: Catalog) -> Configured:
    """What this muster.yml says of people."""
    people = catalog.people.values()
    return Configured(
        pagerduty={p.email.casefold(): p.pagerduty.casefold() for p in people if p.pagerduty},
        github={p.email.casefold(): p.github for p in people if p.github},
        domains=catalog.domains,
    )


def at_pagerduty(
    people: Sequence[Human],
    accounts: Sequence[Account],
    by_hand: Mapping[str, str],
    said: Configured,
) -> dict[str, tuple[Account, KnownBy]]:
    """Slack id to account and how that is known; no account twice. ``by_hand``: Slack id to account id.

    Somebody muster.yml names is nobody else there, even when that account does not exist.
    """
    active = {account.id: account for account in accounts if account.active}
    by_email = {account.email.casefold(): account for account in active.values()}
    found: dict[str, tuple[Account, KnownBy]] = {}
    taken: set[str] = set()
    everybody = sorted(people, key=lambda human: (not human.active, human.slack_id))

    def candidates(human: Human) -> Iterator[tuple[KnownBy, Account | None]]:
        named = said.at(Vendor.PAGERDUTY, human.email)
        if named is not None:
            yield KnownBy.CONFIG, by_email.get(named)
            return
        if human.slack_id in by_hand:
            yield KnownBy.HAND, active.get(by_hand[human.slack_id])
        own, *others = said.domains.equal(human.email)
        yield KnownBy.EMAIL, by_email.get(own)
        for other in others:
            yield KnownBy.DOMAIN, by_email.get(other)

    for source in KnownBy:
        for human in everybody:
            if human.slack_id in found:
                continue
            for known_by, account in candidates(human):
                if known_by is source and account is not None and account.id not in taken:
                    found[human.slack_id] = (account, known_by)
                    taken.add(account.id)
                    break
    return found


def at_github(
    people: Sequence[Human], by_hand: Mapping[str, str], said: Configured
) -> dict[str, tuple[str, KnownBy]]:
    """Slack id to login and how that is known; no login twice."""
    found: dict[str, tuple[str, KnownBy]] = {}
    taken: set[str] = set()
    everybody = sorted(people, key=lambda human: (not human.active, human.slack_id))
    for source in (KnownBy.CONFIG, KnownBy.HAND):
        for human in everybody:
            named = said.at(Vendor.GITHUB, human.email)
            if source is KnownBy.HAND:
                named = None if named else by_hand.get(human.slack_id)
            if named and named.casefold() not in taken:
                found[human.slack_id] = (named, source)
                taken.add(named.casefold())
    return found
