"""Whether somebody may do what they wish, from the mirrored workspace (never by asking Slack)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.permissions import NotAllowed, Right, Who, check, groups_named, named

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.services.base import House, SlackUser
    from bot.store.tx import Tx


def require(house: House, tx: Tx, right: Right, by: SlackUser, incident: Incident | None) -> None:
    """Raise NotAllowed, a sentence that says who may, when ``by`` may not do it."""
    rules = house.catalog.permissions
    check(right, rules, _who(tx, by, incident, groups_named(rules, right)))


def allowed(
    house: House, tx: Tx, right: Right, by: SlackUser, incident: Incident | None
) -> NotAllowed | None:
    """None when ``by`` may do it, else the refusal."""
    try:
        require(house, tx, right, by, incident)
    except NotAllowed as refused:
        return refused
    return None


def is_named(house: House, tx: Tx, right: Right, by: SlackUser, incident: Incident | None) -> bool:
    """Whether muster.yml names ``by`` for that right."""
    rules = house.catalog.permissions
    return named(right, rules, _who(tx, by, incident, groups_named(rules, right)))


def _who(tx: Tx, by: SlackUser, incident: Incident | None, handles: tuple[str, ...]) -> Who:
    person = tx.people.by_slack(by.id)
    roles = incident.roles.items() if incident else ()
    return Who(
        known=person is not None,
        guest=bool(person and person.is_guest),
        stranger=by.stranger,
        email=(person.email or "") if person else "",
        groups=[handle for handle in handles if by.id in tx.people.group(handle)],
        roles=[role for role, actor in roles if actor.slack_id == by.id],
    )
