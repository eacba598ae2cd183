"""Who cannot be reached or mapped, before they are needed: read from the mirrors, no vendor is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.identities import Vendor, configured
from bot.services import rosters
from bot.services.people import owners_of
from bot.store import identities
from bot.store import rosters as kept_rosters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.domain.catalog import Catalog, Roster
    from bot.store.people import Person
    from bot.store.tx import Tx

GROUP, PERSON = "group:", "person:"


@dataclass(frozen=True, kw_only=True)
class Unreachable:
    """Whom a roster, policy or service counts on in vain; ``slack_id`` when a *Link account* may mend it."""

    email: str
    why: str
    slack_id: str | None = None
    name: str = ""


def unreachable(tx: Tx, catalog: Catalog, emails: Iterable[str]) -> list[tuple[str, str]]:
    """Of these people (or ``group:<handle>``) those who cannot be reached or mapped, each with why, in order.

    ``why`` is the rest of a sentence that begins with the address: "is a guest in Slack, ...".
    """
    return [(each.email, each.why) for each in examined(tx, catalog, emails)]


def examined(tx: Tx, catalog: Catalog, emails: Iterable[str]) -> list[Unreachable]:
    """The same with what is known of each."""
    if not tx.people.mirrored():
        return []  # nothing has been read yet: everybody would be unknown
    found: dict[str, Unreachable] = {}
    for each in emails:
        target = each.strip().casefold()
        if target.startswith(GROUP):
            found |= {one.email: one for one in _group(tx, catalog, each.strip().partition(":")[2])}
            continue
        target = target.removeprefix(PERSON)
        if why := _why(tx, catalog, target):
            found[target] = why
    return list(found.values())


def counted_on(catalog: Catalog) -> list[str]:
    """Everybody muster.yml counts on, as e-mail addresses and ``group:<handle>``: rosters, policies, owners."""
    found: list[str] = []
    for roster in catalog.rosters.values():
        found += in_roster(roster)
    for policy in catalog.policies.values():
        found += [who for level in policy.levels for who in level.notify]
    for service in catalog.services.values():
        found += owners_of(service)
    wanted = (each.removeprefix(PERSON) for each in found)
    return list(dict.fromkeys(w for w in wanted if w.startswith(GROUP) or "@" in w))


def in_roster(roster: Roster) -> list[str]:
    """Everybody who takes turns in a roster, or takes one over."""
    turns = [email for layer in roster.layers for email in layer.people]
    return [*turns, *(str(each.get("person") or "") for each in roster.overrides)]


def everybody_counted_on(tx: Tx, catalog: Catalog) -> list[Unreachable]:
    """Who cannot be reached of all that are counted on, rosters made in Slack and overrides included."""
    made = filter(None, (rosters.find(tx, catalog, name) for name in rosters.names(tx, catalog)))
    people = [email for roster in made for email in in_roster(roster)]
    people += [override.person for override in kept_rosters.coming(tx)]
    return examined(tx, catalog, [*counted_on(catalog), *people])


def _group(tx: Tx, catalog: Catalog, handle: str) -> list[Unreachable]:
    """The members of a user group who cannot be reached, or that there is nobody in it."""
    members = tx.people.group(handle)
    name = f"{GROUP}{handle.lstrip('@')}"
    if not members:
        return [Unreachable(email=name, why="is no Slack user group with anybody in it")]
    people = [tx.people.by_slack(slack_id) for slack_id in members]
    judged = [(p, _of_member(tx, catalog, p)) for p in people if p is not None]
    return [
        Unreachable(email=(p.email or p.name).casefold(), why=why, slack_id=p.slack_id, name=p.name)
        for p, why in judged
        if why
    ]


def _why(tx: Tx, catalog: Catalog, email: str) -> Unreachable | None:
    person = tx.people.by_email(email)
    if person is None:
        return Unreachable(email=email, why="is nobody's address in Slack")
    why = _of_member(tx, catalog, person)
    if not why:
        return None
    return Unreachable(email=email, why=why, slack_id=person.slack_id, name=person.name)


def _of_member(tx: Tx, catalog: Catalog, person: Person) -> str:
    if person.deleted:
        return "is deactivated in Slack"
    if person.is_bot:
        return "is a bot in Slack"
    if person.is_guest:
        return "is a guest in Slack and cannot be invited to incident channels or act on incidents"
    if person.pagerduty_id is None and tx.value("pagerduty.users"):
        return _no_account(tx, catalog, person)
    return ""


def _no_account(tx: Tx, catalog: Catalog, person: Person) -> str:
    """PagerDuty is used and does not know them: what is wrong exactly."""
    named = configured(catalog).at(Vendor.PAGERDUTY, person.email)
    wanted = [named] if named else list(catalog.domains.equal(person.email or ""))
    inactive = [a for a in identities.pager_accounts(tx) if a.email.casefold() in wanted]
    if any(account.active for account in inactive):
        return "shares their PagerDuty account's address with somebody who is linked to it"
    if inactive:
        return "has no active account in PagerDuty any more"
    if named:
        return f"has no PagerDuty account: muster.yml names {named}, which PagerDuty does not know"
    return "has no PagerDuty account"
