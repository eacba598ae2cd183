"""The use cases of accounts: link PagerDuty and GitHub, offer it where it is missing, complete the click."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain import plan_identity
from bot.domain.effects import EffectKind
from bot.domain.identities import KNOWN_BY, Account, KnownBy, Link, Vendor, configured
from bot.domain.permissions import NotAllowed, Right
from bot.errors import FieldError, UserError
from bot.services.permissions import is_named, require
from bot.store import identities, runlog
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.domain.effects import Effect
    from bot.domain.incident import Actor, Incident
    from bot.services.base import House, SlackUser
    from bot.store.people import Person
    from bot.store.tx import Tx

#: Nobody is asked for their account more often.
OFFER_EVERY = timedelta(days=1)
#: How many accounts a field that completes them offers at once (Slack's limit).
SUGGESTED = 100
#: docs.github.com: letters, digits and single hyphens, at most 39 characters.
LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}")


class Click(StrEnum):
    """What became of the click somebody linked their account for."""

    NONE = "none"
    DONE = "done"  # it went out in the bot's name
    UNDER_WAY = "under way"  # at this moment, in the bot's name; the next attempt is in theirs
    WAITING = "waiting"  # it goes out in theirs


#: What the state of the change's effect says of the click.
CLICKS = {
    "pending": Click.WAITING,
    "dead": Click.WAITING,
    "leased": Click.UNDER_WAY,
    "done": Click.DONE,
}


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Who somebody is elsewhere, as far as we know.

    ``pager`` and ``github`` say whether there is that vendor; what muster.yml names (``named``) no form changes.
    """

    person: Person
    links: Mapping[Vendor, Link]
    named: Mapping[Vendor, str]
    pager: bool
    github: bool


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What the form says: whose, which PagerDuty user (None: none), which login (empty: none), for which click."""

    user: str
    pager: str | None = None
    login: str = ""
    number: int | None = None
    change: str = ""


@dataclass(frozen=True, kw_only=True)
class Linked:
    """What was changed: the links now, a login that GitHub is asked about, what is not linked any more."""

    standing: Standing
    checking: str = ""
    unlinked: tuple[Vendor, ...] = ()
    click: Click = Click.NONE


# --- asked for -------------------------------------------------------------------------------------------------


def offers(tx: Tx, incident: Incident, by: Actor, effects: Iterable[Effect]) -> list[Effect]:
    """Somebody without an account changed something at PagerDuty: they are asked for it, once a day."""
    changes = (e.key for e in effects if e.kind is EffectKind.CHANGE_PAGE and e.payload.get("by"))
    change = next(changes, None)
    return offer(tx, incident, by, change) if change else []


def offer(tx: Tx, incident: Incident, by: Actor, change: str) -> list[Effect]:
    """The same for one change that is known; nobody is asked whose account is known, or before they were read."""
    if by.pagerduty_id or not by.slack_id or not tx.value("pagerduty.users"):
        return []
    name = f"link-offer:{by.slack_id}"
    last = tx.value_to_change(name)
    if last and tx.now - datetime.fromisoformat(str(last["at"])) < OFFER_EVERY:
        return []
    tx.set_value(name, {"at": tx.now.isoformat()})
    return [plan_identity.offer_link(incident, by, change, tx.now)]


# --- linked ----------------------------------------------------------------------------------------------------


class Linking:
    """Everybody links themselves; admins and whom muster.yml names (``permissions: link``) anybody."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work
        self._said = configured(house.catalog)

    async def standing(self, user: str, *, by: SlackUser) -> Standing:
        """Who ``user`` is elsewhere, for the form; NotAllowed when ``by`` may not link them."""

        def look(tx: Tx) -> Standing:
            self._allowed(tx, user, by)
            return self._standing(tx, user)

        return await self._work.read(look)

    async def suggested(self, words: str) -> list[Account]:
        """PagerDuty's users with that in their name or address."""
        return await self._work.read(
            lambda tx: identities.pager_accounts_like(tx, words, most=SUGGESTED)
        )

    async def link(self, wish: Wish, *, by: SlackUser, once: str) -> Linked:
        """Keep what the form says, all of it or nothing; the same submission again changes nothing more.

        FieldError names what cannot be: an account that is somebody else's, or not there, a login that is none. A
        login is linked once GitHub says that it exists.
        """

        def change(tx: Tx) -> Linked:
            self._allowed(tx, wish.user, by)
            identities.claim(tx)
            before = self._standing(tx, wish.user)
            first = tx.remember(f"{once}/link", wish.number)
            click = self._click(tx, wish)
            if not first:
                return Linked(standing=before, click=click)
            unlinked = [
                *self._pager(tx, before, wish, by),
                *self._unlink_login(tx, before, wish),
            ]
            checking = self._login(tx, before, wish, by, once)
            identities.relink(tx, self._said)
            after = self._standing(tx, wish.user)
            self._hear(tx, before, after, by, once)
            return Linked(standing=after, checking=checking, unlinked=tuple(unlinked), click=click)

        return await self._work.write(change, patience=PATIENCE)

    def _allowed(self, tx: Tx, user: str, by: SlackUser) -> None:
        require(self._house, tx, Right.ACT, by, None)
        if user == by.id or self._may_link_others(tx, by):
            return
        rules = self._house.catalog.permissions.get(Right.LINK.value)
        more = " and those muster.yml names (permissions: link)" if rules else ""
        msg = f"Only admins of the workspace{more} link the accounts of others. /incident link links yours."
        raise NotAllowed(msg)

    def _may_link_others(self, tx: Tx, by: SlackUser) -> bool:
        person = tx.people.by_slack(by.id)
        return bool(person and person.is_admin) or is_named(self._house, tx, Right.LINK, by, None)

    def _standing(self, tx: Tx, user: str) -> Standing:
        person = tx.people.by_slack(user)
        if person is None or person.is_bot:
            msg = "I do not know that person yet. Ask them to write one message in this workspace, then try again."
            raise UserError(msg)
        options = self._house.options
        said = ((vendor, self._said.at(vendor, person.email)) for vendor in Vendor)
        return Standing(
            person=person,
            links=identities.of(tx, user),
            named={vendor: account for vendor, account in said if account},
            pager=options.pagerduty,
            github=options.github,
        )

    # --- PagerDuty ---

    def _pager(self, tx: Tx, before: Standing, wish: Wish, by: SlackUser) -> list[Vendor]:
        """Keep the chosen account; what was cleared is forgotten."""
        if not before.pager or Vendor.PAGERDUTY in before.named:
            return []
        known = before.links.get(Vendor.PAGERDUTY)
        if wish.pager is None:
            gone = identities.forget_by_hand(tx, wish.user, Vendor.PAGERDUTY)
            return [Vendor.PAGERDUTY] if gone else []
        if known and known.account == wish.pager:
            return []
        self._check_pager(tx, wish.pager, wish.user)
        identities.save_by_hand(tx, wish.user, Vendor.PAGERDUTY, wish.pager, by=by.id)
        return []

    def _check_pager(self, tx: Tx, account: str, user: str) -> None:
        found = identities.pager_account(tx, account)
        if found is None or not found.active:
            msg = "PagerDuty has no such active user any more. Choose another one."
            raise FieldError("pager_user", msg)
        if taken := self._taken(tx, Vendor.PAGERDUTY, account, user):
            raise FieldError("pager_user", taken)
        if any(found.email.casefold() == named for named in self._named_for_others(tx, user)):
            msg = "muster.yml gives that account to somebody else. Choose yours, or have it corrected there."
            raise FieldError("pager_user", msg)

    def _named_for_others(self, tx: Tx, user: str) -> list[str]:
        person = tx.people.by_slack(user)
        own = set(self._said.domains.equal((person.email if person else "") or ""))
        return [there for email, there in self._said.pagerduty.items() if email not in own]

    @staticmethod
    def _taken(tx: Tx, vendor: Vendor, account: str, user: str) -> str:
        """Why somebody else has it; empty when nobody who is still there does."""
        holder = identities.holder(tx, vendor, account)
        person = tx.people.by_slack(holder.slack_id) if holder else None
        if holder is None or person is None or person.slack_id == user or person.deleted:
            return ""
        return (
            f"That account is {person.name}'s ({KNOWN_BY[holder.known_by]}). Choose yours; "
            "if it is yours, ask an admin to correct it."
        )

    # --- GitHub ---

    def _login(self, tx: Tx, before: Standing, wish: Wish, by: SlackUser, once: str) -> str:
        """Have GitHub asked about a new login; the login, empty when there is nothing to ask."""
        login = login_from(wish.login)
        known = before.links.get(Vendor.GITHUB)
        if not login or not before.github or Vendor.GITHUB in before.named:
            return ""
        if known and known.account == login.casefold():
            return ""
        if taken := self._taken(tx, Vendor.GITHUB, login.casefold(), wish.user):
            raise FieldError("github_login", taken)
        tx.emit([plan_identity.verify_login(wish.user, login, by.id, once)])
        return login

    @staticmethod
    def _unlink_login(tx: Tx, before: Standing, wish: Wish) -> list[Vendor]:
        if wish.login.strip() or not before.github:
            return []
        gone = identities.forget_by_hand(tx, wish.user, Vendor.GITHUB)
        return [Vendor.GITHUB] if gone else []

    def verified(self, tx: Tx, user: str, login: str, there: str | None, by: str, key: str) -> None:
        """GitHub said whether the account is there (its name as written there): link it, and tell the person."""
        identities.claim(tx)
        taken = self._taken(tx, Vendor.GITHUB, login.casefold(), user) if there else ""
        if there is None:
            words = (
                f"GitHub has no account {login}, so I linked none. /incident link takes another."
            )
        elif taken:
            words = f"I did not link the GitHub account {there}: {taken}"
        else:
            identities.save_by_hand(tx, user, Vendor.GITHUB, there, by=by)
            identities.relink(tx, self._said)
            words = (
                f"Your GitHub account {there} is linked: issues of your action items are assigned to you there, "
                "and what you do on GitHub carries your name here."
            )
        tx.emit([plan_identity.tell(user, words, f"{key}/told")])

    # --- around ---

    @staticmethod
    def _click(tx: Tx, wish: Wish) -> Click:
        """Whether the change went out already; what waits yet is done as whoever they are then."""
        if not wish.change or wish.number is None:
            return Click.NONE
        state = runlog.state_of(tx, wish.number, wish.change)
        return CLICKS.get(state or "", Click.NONE)

    @staticmethod
    def _hear(tx: Tx, before: Standing, after: Standing, by: SlackUser, once: str) -> None:
        """The admins hear of every account that is linked by hand: it lets somebody act in its name."""
        was, link = (each.links.get(Vendor.PAGERDUTY) for each in (before, after))
        if link is None or link.known_by is not KnownBy.HAND or was == link:
            return
        who = tx.people.actor(by.id, by.name).name
        whom = "themselves" if by.id == link.slack_id else after.person.name
        text = f"{who} linked {whom} to the PagerDuty account {link.name} ({link.email})."
        tx.emit([plan_identity.tell_admins(text, f"linked/{once}")])


def login_from(words: str) -> str:
    """A login as people write it (``@octo``, an address of a profile); FieldError for what can be none."""
    login = re.sub(r"^(https?://)?(www\.)?github\.com/", "", words.strip()).strip("/@ ")
    if login and not LOGIN.fullmatch(login):
        msg = (
            f"{words.strip()[:60]} is no GitHub login. Write it as in github.com/octocat: octocat."
        )
        raise FieldError("github_login", msg)
    return login
