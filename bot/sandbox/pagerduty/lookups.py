"""What people type into the sandbox, turned into objects of the account."""

from typing import Any

from bot.sandbox.pagerduty import errors
from bot.sandbox.pagerduty.desk import Desk
from bot.sandbox.pagerduty.model import Agent, Json, Policy, Schedule, Service, User


def actor(desk: Desk, body: Json, service: Service | None) -> Agent:
    """Who acts."""
    who = body.get("as")
    if who is None:
        return None
    if who == "service":
        return service
    return person(desk, who)


def person(desk: Desk, who: object) -> User:
    """A user by e-mail, id, name or Slack id."""
    user = desk.account.user_by_any(str(who))
    if user is None:
        raise errors.ApiError(400, 1008, f"{who} has no PagerDuty account")
    return user


def user_of(by: Agent) -> User:
    """The acting person, where only a person can act."""
    if not isinstance(by, User):
        raise errors.invalid("only a person can do this: say who with `as`")
    return by


def service_of(desk: Desk, wanted: object) -> Service:
    """A service by id or name."""
    for service in desk.account.services.values():
        if str(wanted).casefold() in {service.id.casefold(), service.name.casefold()}:
            return service
    raise errors.invalid(f"no service {wanted}")


def policy_of(desk: Desk, wanted: object) -> Policy:
    """A policy by id or name."""
    for policy in desk.account.policies.values():
        if str(wanted).casefold() in {policy.id.casefold(), policy.name.casefold()}:
            return policy
    raise errors.invalid(f"no escalation policy {wanted}")


def schedule_of(desk: Desk, wanted: object) -> Schedule:
    """A schedule by id or name."""
    for schedule in desk.account.schedules.values():
        if str(wanted).casefold() in {schedule.id.casefold(), schedule.name.casefold()}:
            return schedule
    raise errors.invalid(f"no schedule {wanted}")


def people(desk: Desk, given: object) -> list[User]:
    """One person or several."""
    return [person(desk, one) for one in (given if isinstance(given, list) else [given])]


def help_of(desk: Desk, wanted: object) -> User | Policy:
    """A person or a policy."""
    user = desk.account.user_by_any(str(wanted))
    return user if user is not None else policy_of(desk, wanted)


def replied(state: object) -> Any:
    """`accepted` or `declined`."""
    if state not in {"accepted", "declined"}:
        raise errors.invalid("state must be accepted or declined")
    return state
