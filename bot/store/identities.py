"""Who is who, kept: links, what was linked by hand, accounts of PagerDuty. Runs inside a transaction.

The links are decided as a whole (``bot.domain.identities``) whenever people, accounts or what was linked by hand
change, so a link never outlives its reason. Who links by hand waits for others who do (``claim``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, func, or_, select, update

from bot.domain import identities
from bot.domain.identities import Account, Human, KnownBy, Link, Vendor
from bot.store import sql

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from bot.domain.identities import Configured
    from bot.ports import PagerUser
    from bot.store.tx import Tx

_P, _I, _H, _A = sql.PERSON.c, sql.IDENTITY.c, sql.HAND_LINK.c, sql.PAGER_USER.c
_LINKS = select(sql.IDENTITY)
_OF = _LINKS.where(_I.slack_id == bindparam("of"))
_GONE = delete(sql.IDENTITY).where(_I.slack_id == bindparam("of"), _I.vendor == bindparam("where"))
_HAND = select(_H.slack_id, _H.account).where(_H.vendor == bindparam("where"))
_LEFT = update(sql.PAGER_USER).where(_A.id == bindparam("of")).values(active=False)
#: Whoever changes links by hand waits here for the others, so that two never take the same account.
CLAIM = "identity.claim"


@dataclass(frozen=True)
class PagerAccount:
    """An account of PagerDuty as mirrored."""

    id: str
    name: str
    email: str
    active: bool


def of(tx: Tx, slack_id: str) -> dict[Vendor, Link]:
    """Somebody's links."""
    rows = tx.session.execute(_OF, {"of": slack_id})
    return {Vendor(row.vendor): _link(row) for row in rows}


def holder(tx: Tx, vendor: Vendor, account: str) -> Link | None:
    """The link that has that account."""
    query = _LINKS.where(_I.vendor == vendor.value, _I.account == account)
    row = tx.session.execute(query).first()
    return _link(row) if row else None


def _link(row: Any) -> Link:
    return Link(
        slack_id=row.slack_id,
        vendor=Vendor(row.vendor),
        account=row.account,
        name=row.name,
        email=row.email or "",
        known_by=KnownBy(row.known_by),
        at=row.at,
    )


# --- accounts of PagerDuty -------------------------------------------------------------------------------------


def save_pager_users(tx: Tx, users: Sequence[PagerUser]) -> None:
    """Everybody PagerDuty listed just now; who is not among them has no account any more."""
    rows = {
        user.id: {
            "id": user.id,
            "name": user.name,
            "email": user.email,
            "active": user.active,
            "seen_at": tx.now,
        }
        for user in users
    }
    sql.upsert(tx.session, sql.PAGER_USER, list(rows.values()))
    left = [each.id for each in pager_accounts(tx) if each.active and each.id not in rows]
    if left:
        tx.session.execute(_LEFT, [{"of": account} for account in left])


def pager_account(tx: Tx, account: str) -> PagerAccount | None:
    """One account."""
    row = tx.session.execute(select(sql.PAGER_USER).where(_A.id == account)).first()
    return PagerAccount(row.id, row.name, row.email, row.active) if row else None


def pager_accounts(tx: Tx) -> list[PagerAccount]:
    """All of them."""
    rows = tx.session.execute(select(sql.PAGER_USER).order_by(_A.name, _A.id))
    return [PagerAccount(row.id, row.name, row.email, row.active) for row in rows]


def pager_accounts_like(tx: Tx, words: str, *, most: int) -> list[PagerAccount]:
    """Active accounts with that in their name or address, by name."""
    wanted = words.strip().casefold()
    found = select(sql.PAGER_USER).where(_A.active.is_(True)).order_by(_A.name, _A.id).limit(most)
    if wanted:
        like = [
            func.lower(column).contains(wanted, autoescape=True) for column in (_A.name, _A.email)
        ]
        found = found.where(or_(*like))
    return [PagerAccount(r.id, r.name, r.email, r.active) for r in tx.session.execute(found)]


# --- by hand ---------------------------------------------------------------------------------------------------


def claim(tx: Tx) -> None:
    """Nobody else changes links by hand until this transaction is over."""
    tx.value_to_change(CLAIM)


def save_by_hand(tx: Tx, slack_id: str, vendor: Vendor, account: str, *, by: str) -> None:
    """Somebody was linked by hand; who had that account by hand before has it no more."""
    tx.session.execute(
        delete(sql.HAND_LINK).where(
            _H.vendor == vendor.value, _H.account == account, _H.slack_id != slack_id
        )
    )
    row = {"slack_id": slack_id, "vendor": vendor.value, "account": account, "at": tx.now, "by": by}
    sql.upsert(tx.session, sql.HAND_LINK, [row])


def forget_by_hand(tx: Tx, slack_id: str, vendor: Vendor) -> bool:
    """It is not linked by hand any more; False when it was not."""
    gone = delete(sql.HAND_LINK).where(_H.slack_id == slack_id, _H.vendor == vendor.value)
    return bool(sql.count(tx.session.execute(gone)))


def by_hand(tx: Tx, vendor: Vendor) -> dict[str, str]:
    """Slack id to account, as linked by hand."""
    rows = tx.session.execute(_HAND, {"where": vendor.value})
    return {row.slack_id: row.account for row in rows}


# --- the whole -------------------------------------------------------------------------------------------------


def relink(tx: Tx, said: Configured) -> None:
    """Decide all links anew, and change those that differ; what stays keeps the moment it is known since."""
    people = [
        Human(slack_id=row.slack_id, email=row.email or "", active=not (row.deleted or row.is_bot))
        for row in tx.session.execute(select(_P.slack_id, _P.email, _P.deleted, _P.is_bot))
    ]
    accounts = [
        Account(id=each.id, email=each.email, name=each.name, active=each.active)
        for each in pager_accounts(tx)
    ]
    wanted: dict[tuple[str, str], dict[str, Any]] = {}
    pager = identities.at_pagerduty(people, accounts, by_hand(tx, Vendor.PAGERDUTY), said)
    for slack_id, (account, known_by) in pager.items():
        row = _row(tx.now, slack_id, Vendor.PAGERDUTY, account.id, known_by)
        wanted[slack_id, Vendor.PAGERDUTY.value] = row | {
            "name": account.name,
            "email": account.email,
        }
    logins = identities.at_github(people, by_hand(tx, Vendor.GITHUB), said)
    for slack_id, (login, known_by) in logins.items():
        row = _row(tx.now, slack_id, Vendor.GITHUB, login.casefold(), known_by)
        wanted[slack_id, Vendor.GITHUB.value] = row | {"name": login, "email": None}
    known = {(row.slack_id, row.vendor): row for row in tx.session.execute(_LINKS)}
    gone = [key for key, row in known.items() if not _same(row, wanted.get(key))]
    if gone:
        tx.session.execute(_GONE, [{"of": slack_id, "where": vendor} for slack_id, vendor in gone])
    new = [row for key, row in wanted.items() if key not in known or key in gone]
    if new:
        tx.session.execute(sql.IDENTITY.insert(), new)


def _row(
    now: datetime, slack_id: str, vendor: Vendor, account: str, known_by: KnownBy
) -> dict[str, Any]:
    return {
        "slack_id": slack_id,
        "vendor": vendor.value,
        "account": account,
        "known_by": known_by.value,
        "at": now,
    }


def _same(row: Any, wanted: dict[str, Any] | None) -> bool:
    if wanted is None:
        return False
    return all(
        getattr(row, name) == wanted[name] for name in ("account", "name", "email", "known_by")
    )
