"""The mirrored workspace: members, user groups, and who is who at PagerDuty. Runs inside a transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, select, update

from bot.domain.incident import Actor
from bot.store import sql

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlmodel import Session

    from bot.ports import Member, PagerUser, UserGroup

_P, _G = sql.PERSON.c, sql.GROUP.c
_PERSON = select(sql.PERSON).limit(1)
_ANYBODY = select(_P.slack_id).limit(1)
_BY_SLACK = _PERSON.where(_P.slack_id == bindparam("of"))
_BY_EMAIL = _PERSON.where(func.lower(_P.email) == bindparam("of"))
_BY_PAGERDUTY = _PERSON.where(_P.pagerduty_id == bindparam("of"))
_LINK = update(sql.PERSON).where(_P.slack_id == bindparam("of"))


@dataclass(frozen=True, kw_only=True)
class Person:
    """A member of the workspace as mirrored."""

    slack_id: str
    name: str
    email: str | None
    pagerduty_id: str | None
    deleted: bool
    is_bot: bool
    is_guest: bool
    tz: str

    @property
    def actor(self) -> Actor:
        """The person as somebody who acts."""
        return Actor(
            name=self.name, slack_id=self.slack_id, email=self.email, pagerduty_id=self.pagerduty_id
        )


class People:
    """Look-ups and updates of the mirror."""

    def __init__(self, session: Session) -> None:
        """Made by ``Tx``."""
        self._session = session

    def any_known(self) -> bool:
        """Whether anybody was mirrored yet."""
        return self._session.execute(_ANYBODY).first() is not None

    def by_slack(self, slack_id: str) -> Person | None:
        """The member with that Slack id."""
        return self._first(_BY_SLACK, slack_id)

    def by_email(self, email: str) -> Person | None:
        """The member with that e-mail address, whatever the case."""
        return self._first(_BY_EMAIL, email.lower())

    def by_pagerduty(self, pagerduty_id: str) -> Person | None:
        """The member who is that PagerDuty user."""
        return self._first(_BY_PAGERDUTY, pagerduty_id)

    def _first(self, query: Any, of: str) -> Person | None:
        row = self._session.execute(query, {"of": of}).first()
        return _person(row) if row else None

    def mirrored(self) -> bool:
        """Whether anybody is known yet."""
        return self._session.execute(select(_P.slack_id).limit(1)).first() is not None

    def active(self) -> list[Person]:
        """Everybody who is here: no bots, nobody who was deactivated."""
        query = select(sql.PERSON).where(_P.deleted.is_(False), _P.is_bot.is_(False))
        return [_person(row) for row in self._session.execute(query.order_by(_P.slack_id))]

    def actor(self, slack_id: str, name: str = "") -> Actor:
        """Whoever has that Slack id; somebody not mirrored yet is known by the name Slack sent along."""
        found = self.by_slack(slack_id)
        return found.actor if found else Actor(name=name or slack_id, slack_id=slack_id)

    def resolve(self, actor: Actor) -> Actor:
        """The same actor with what the mirror knows: Slack id, e-mail, PagerDuty id."""
        found = None
        if actor.slack_id:
            found = self.by_slack(actor.slack_id)
        if found is None and actor.pagerduty_id:
            found = self.by_pagerduty(actor.pagerduty_id)
        if found is None and actor.email:
            found = self.by_email(actor.email)
        if found is None:
            return actor
        return replace(
            found.actor,
            email=found.email or actor.email,
            pagerduty_id=actor.pagerduty_id or found.pagerduty_id,
            github=actor.github,
        )

    def save_members(self, members: Iterable[Member], now: datetime) -> None:
        """Insert or update members; what is known of them elsewhere is kept."""
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
                "seen_at": now,
            }
            for member in members
        ]
        sql.upsert(self._session, sql.PERSON, rows)

    def save_groups(self, groups: Iterable[UserGroup]) -> None:
        """Insert or update user groups."""
        rows = [{"id": g.id, "handle": g.handle, "users": list(g.users)} for g in groups]
        sql.upsert(self._session, sql.GROUP, rows)

    def group(self, handle: str) -> tuple[str, ...]:
        """Who is in the user group of that handle (Slack ids)."""
        query = select(_G.users).where(_G.handle == handle.lstrip("@")).limit(1)
        return tuple(self._session.execute(query).scalar() or ())

    def save_pager_users(self, users: Sequence[PagerUser], aliases: Mapping[str, str]) -> None:
        """Link members to PagerDuty users by e-mail; ``aliases`` maps a member's e-mail to theirs at PagerDuty."""
        by_email = {u.email.lower(): u.id for u in users if u.active}
        rows = self._session.execute(select(_P.slack_id, _P.email, _P.pagerduty_id)).all()
        changed = []
        for slack_id, email, known in rows:
            wanted = aliases.get((email or "").lower(), email or "").lower()
            if by_email.get(wanted) != known:
                changed.append({"of": slack_id, "pagerduty_id": by_email.get(wanted)})
        if changed:
            self._session.execute(_LINK, changed)


def _person(row: Any) -> Person:
    return Person(
        slack_id=row.slack_id,
        name=row.name,
        email=row.email,
        pagerduty_id=row.pagerduty_id,
        deleted=row.deleted,
        is_bot=row.is_bot,
        is_guest=row.is_guest,
        tz=row.tz,
    )
