"""The mirrored workspace: members with their accounts elsewhere, and user groups. Runs inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select

from bot.domain.identities import Domains, Vendor
from bot.domain.incident import Actor
from bot.domain.presence import Status
from bot.store import sql

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlmodel import Session

    from bot.ports import Member, UserGroup

_P, _G = sql.PERSON.c, sql.GROUP.c
_PAGER, _GITHUB = sql.IDENTITY.alias("at_pagerduty"), sql.IDENTITY.alias("at_github")
_PERSON = (
    select(
        sql.PERSON,
        _PAGER.c.account.label("pagerduty_id"),
        _PAGER.c.email.label("pager_email"),
        _GITHUB.c.name.label("github"),
    )
    .outerjoin(
        _PAGER, (_PAGER.c.slack_id == _P.slack_id) & (_PAGER.c.vendor == Vendor.PAGERDUTY.value)
    )
    .outerjoin(
        _GITHUB, (_GITHUB.c.slack_id == _P.slack_id) & (_GITHUB.c.vendor == Vendor.GITHUB.value)
    )
)
_ANYBODY = select(_P.slack_id).limit(1)
_BY_SLACK = _PERSON.where(_P.slack_id == bindparam("of")).limit(1)
# Of several with one address the one who is still there.
_BY_EMAIL = (
    _PERSON.where(func.lower(_P.email) == bindparam("of"))
    .order_by(_P.deleted, _P.slack_id)
    .limit(1)
)
_BY_PAGERDUTY = _PERSON.where(_PAGER.c.account == bindparam("of")).limit(1)
_BY_GITHUB = _PERSON.where(_GITHUB.c.account == bindparam("of")).limit(1)
#: More members than this are looked up by reading all.
SOME = 500
#: What decides who somebody is elsewhere.
_TELLING = select(_P.slack_id, _P.email, _P.deleted, _P.is_bot)


@dataclass(frozen=True, kw_only=True)
class Person:
    """A member of the workspace as mirrored."""

    slack_id: str
    name: str
    email: str | None
    pagerduty_id: str | None
    pager_email: str | None  # their address at PagerDuty
    github: str | None
    deleted: bool
    is_bot: bool
    is_guest: bool
    is_admin: bool
    tz: str
    status: Status

    @property
    def actor(self) -> Actor:
        """The person as somebody who acts."""
        return Actor(
            name=self.name,
            slack_id=self.slack_id,
            email=self.email,
            pagerduty_id=self.pagerduty_id,
            github=self.github,
        )


class People:
    """Look-ups and updates of the mirror."""

    def __init__(self, session: Session, domains: Domains) -> None:
        """Made by ``Tx``; under equal ``domains`` an address is the same person's."""
        self._session = session
        self._domains = domains

    def mirrored(self) -> bool:
        """Whether anybody was read from Slack yet."""
        return self._session.execute(_ANYBODY).first() is not None

    def by_slack(self, slack_id: str) -> Person | None:
        """The member with that Slack id."""
        return self._first(_BY_SLACK, slack_id)

    def by_email(self, email: str) -> Person | None:
        """The member with that e-mail address, whatever the case, or with one declared equal to it."""
        found = (self._first(_BY_EMAIL, each) for each in self._domains.equal(email))
        return next((person for person in found if person is not None), None)

    def by_pagerduty(self, pagerduty_id: str) -> Person | None:
        """The member who is that PagerDuty user."""
        return self._first(_BY_PAGERDUTY, pagerduty_id)

    def by_github(self, login: str) -> Person | None:
        """The member who has that login at GitHub, whatever the case."""
        return self._first(_BY_GITHUB, login.casefold())

    def _first(self, query: Any, of: str) -> Person | None:
        row = self._session.execute(query, {"of": of}).first()
        return _person(row) if row else None

    def active(self) -> list[Person]:
        """Everybody who is here: no bots, nobody who was deactivated."""
        query = select(sql.PERSON).where(_P.deleted.is_(False), _P.is_bot.is_(False))
        return [_person(row) for row in self._session.execute(query.order_by(_P.slack_id))]

    def actor(self, slack_id: str, name: str = "") -> Actor:
        """Whoever has that Slack id; somebody not mirrored yet is known by the name Slack sent along."""
        found = self.by_slack(slack_id)
        return found.actor if found else Actor(name=name or slack_id, slack_id=slack_id)

    def resolve(self, actor: Actor) -> Actor:
        """The same actor with what the mirror knows: Slack id, e-mail, accounts elsewhere."""
        found = None
        if actor.slack_id:
            found = self.by_slack(actor.slack_id)
        if found is None and actor.pagerduty_id:
            found = self.by_pagerduty(actor.pagerduty_id)
        if found is None and actor.email:
            found = self.by_email(actor.email)
        if found is None and actor.github:
            found = self.by_github(actor.github)
        if found is None:
            return actor
        return replace(
            found.actor,
            email=found.email or actor.email,
            pagerduty_id=actor.pagerduty_id or found.pagerduty_id,
            github=found.github or actor.github,
        )

    def save_members(self, members: Iterable[Member], now: datetime) -> bool:
        """Insert or update members; what is known of them elsewhere is kept.

        True when what tells who they are elsewhere changed: the links are to be decided again.
        """
        members = list(members)
        before = self._telling([member.id for member in members])
        rows = [
            {
                "slack_id": member.id,
                "name": member.real_name or member.name,
                "real_name": member.real_name,
                "email": member.email,
                "tz": member.tz,
                "deleted": member.deleted,
                "is_bot": member.is_bot,
                "is_guest": member.is_guest,
                "is_admin": member.is_admin,
                "status_emoji": member.status.emoji,
                "status_text": member.status.text,
                "status_until": member.status.until,
                "seen_at": now,
            }
            for member in members
        ]
        sql.upsert(self._session, sql.PERSON, rows)
        after = {m.id: (m.email, m.deleted, m.is_bot) for m in members}
        return any(before.get(slack_id) != facts for slack_id, facts in after.items())

    def _telling(self, slack_ids: list[str]) -> dict[str, tuple[str | None, bool, bool]]:
        rows = _TELLING.where(_P.slack_id.in_(slack_ids)) if len(slack_ids) <= SOME else _TELLING
        return {
            row.slack_id: (row.email, row.deleted, row.is_bot)
            for row in self._session.execute(rows)
        }

    def save_groups(self, groups: Iterable[UserGroup]) -> None:
        """Insert or update user groups."""
        rows = [{"id": g.id, "handle": g.handle, "users": list(g.users)} for g in groups]
        sql.upsert(self._session, sql.GROUP, rows)

    def group(self, handle: str) -> tuple[str, ...]:
        """Who is in the user group of that handle (Slack ids)."""
        query = select(_G.users).where(_G.handle == handle.lstrip("@")).limit(1)
        return tuple(self._session.execute(query).scalar() or ())


def _person(row: Any) -> Person:
    return Person(
        slack_id=row.slack_id,
        name=row.name,
        email=row.email,
        pagerduty_id=row.pagerduty_id,
        pager_email=row.pager_email,
        github=row.github,
        deleted=row.deleted,
        is_bot=row.is_bot,
        is_guest=row.is_guest,
        is_admin=row.is_admin,
        tz=row.tz,
        status=Status(emoji=row.status_emoji, text=row.status_text, until=row.status_until),
    )
