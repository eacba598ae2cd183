"""Whether a member can be brought into an incident."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.incident import PagerKind
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.domain.incident import Actor, Incident
    from bot.store.people import Person
    from bot.store.tx import Tx


def member(tx: Tx, incident: Incident, slack_id: str, by: Actor) -> Actor:
    """Somebody who can be brought in: a known, active person. They need no account at the pager."""
    if by.slack_id == slack_id:
        return by
    return _active(tx, slack_id, f"be brought into {incident.name}").actor


def able(tx: Tx, incident: Incident, slack_id: str) -> Actor:
    """Somebody who can be given this incident: the pager must be able to page them."""
    person = _active(tx, slack_id, f"take {incident.name}")
    if (
        incident.pager.kind is PagerKind.PAGERDUTY
        and not person.pagerduty_id
        and tx.value("pagerduty.users")
    ):
        where = f" with the address {person.email}" if person.email else ""
        msg = (
            f"{person.name} has no PagerDuty account{where}, so PagerDuty cannot page them. "
            "Choose somebody else, or add them in PagerDuty."
        )
        raise UserError(msg)
    return person.actor


def with_address(tx: Tx, slack_id: str, wish: str) -> Person:
    """Somebody who can stand in a roster: a known, active person whose e-mail address Slack told."""
    person = _active(tx, slack_id, wish)
    if not person.email:
        msg = (
            f"I do not know the e-mail address of {person.name}, and rosters name people by it, so they cannot "
            f"{wish}. Ask them to fill it in at Slack, or choose somebody else."
        )
        raise UserError(msg)
    return person


def _active(tx: Tx, slack_id: str, wish: str) -> Person:
    person = tx.people.by_slack(slack_id)
    if person is None:
        msg = "I do not know that person yet. Ask them to write one message in this workspace, then try again."
        raise UserError(msg)
    if person.deleted or person.is_bot:
        what = "is deactivated" if person.deleted else "is a bot"
        msg = f"{person.name} {what} and cannot {wish}. Choose somebody else."
        raise UserError(msg)
    return person
