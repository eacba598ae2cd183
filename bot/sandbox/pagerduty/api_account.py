"""Reads of people, services, on-calls and history.

https://developer.pagerduty.com/api-reference/ (Users, Services, On-Calls, Schedules, Log Entries,
Priorities, Teams, Escalation Policies, Abilities).
"""

from collections.abc import Callable, Iterable
from typing import TypeVar

from bot.sandbox.pagerduty import errors
from bot.sandbox.pagerduty.calls import Answer, Call, Handler, Route
from bot.sandbox.pagerduty.model import (
    Json,
    LogEntry,
    Policy,
    Schedule,
    Service,
    Team,
    User,
)

T = TypeVar("T", User, Service, Team, Policy, Schedule)
OVERVIEW = frozenset(
    f"{kind}_log_entry"
    for kind in [
        "trigger",
        "acknowledge",
        "unacknowledge",
        "assign",
        "delegate",
        "escalate",
        "exhaust_escalation_path",
        "annotate",
        "resolve",
        "reopen",
        "snooze",
        "urgency_change",
        "priority_change",
        "field_value_change",
        "merge",
    ]
)
"""What `is_overview=true` keeps: "only the most important changes to the incident"."""


def matching(call: Call, things: Iterable[T]) -> list[T]:
    """`query`: part of the name, or of the e-mail; several may match, in order of name."""
    wanted = call.query.get("query", "").casefold()
    found = [
        one
        for one in things
        if wanted in one.name.casefold() or wanted in str(getattr(one, "email", "")).casefold()
    ]
    return sorted(found, key=lambda one: one.name)


def users(call: Call) -> Answer:
    """GET /users: the query is fuzzy, so several users may match an address."""
    return call.page(
        "users", matching(call, call.desk.account.active_users()), call.desk.render.user
    )


def user(call: Call) -> Answer:
    """GET /users/{id}."""
    found = call.desk.account.users.get(call.params["id"])
    if found is None or not found.active:
        raise errors.not_found()
    return {"user": call.desk.render.user(found)}


def me(call: Call) -> Answer:
    """GET /users/me: an account key belongs to nobody."""
    if call.owner is None:
        raise errors.ApiError(
            400, 2001, "Invalid Input Provided", "This endpoint requires a user-level API key"
        )
    return {"user": call.desk.render.user(call.owner)}


def services(call: Call) -> Answer:
    """GET /services."""
    include, teams = call.many("include"), set(call.many("team_ids"))
    found = matching(call, call.desk.account.services.values())
    found = [one for one in found if not teams or one.team.id in teams]
    return call.page("services", found, lambda one: call.desk.render.service(one, include))


def service(call: Call) -> Answer:
    """GET /services/{id}."""
    found = call.desk.account.services.get(call.params["id"])
    if found is None:
        raise errors.not_found()
    return {"service": call.desk.render.service(found, call.many("include"))}


def teams(call: Call) -> Answer:
    """GET /teams."""
    return call.page(
        "teams", matching(call, call.desk.account.teams.values()), call.desk.render.full
    )


def policies(call: Call) -> Answer:
    """GET /escalation_policies."""
    targets = "targets" in call.many("include")
    found = matching(call, call.desk.account.policies.values())
    return call.page(
        "escalation_policies", found, lambda one: shown_policy(call, one, targets=targets)
    )


def policy(call: Call) -> Answer:
    """GET /escalation_policies/{id}."""
    found = call.desk.account.policies.get(call.params["id"])
    if found is None:
        raise errors.not_found()
    targets = "targets" in call.many("include")
    return {"escalation_policy": shown_policy(call, found, targets=targets)}


def shown_policy(call: Call, policy: Policy, *, targets: bool) -> Json:
    """A policy with the services that use it."""
    render = call.desk.render
    using = [one for one in call.desk.account.services.values() if one.policy is policy]
    return render.policy(policy, targets=targets) | {"services": [render.ref(one) for one in using]}


def priorities(call: Call) -> Answer:
    """GET /priorities: most severe first; 402 when none are enabled."""
    found = list(call.desk.account.priorities.values())
    if not found:
        raise errors.missing_ability("priorities")
    return call.page("priorities", found, call.desk.render.full)


def abilities(call: Call) -> Answer:
    """GET /abilities."""
    return {"abilities": list(call.desk.account.abilities)}


def ability(call: Call) -> Answer:
    """GET /abilities/{id}: 204 or 402."""
    if call.params["id"] not in call.desk.account.abilities:
        raise errors.missing_ability(call.params["id"])
    return None


def log_entries(call: Call) -> Answer:
    """GET /log_entries and GET /incidents/{id}/log_entries: newest first."""
    account = call.desk.account
    own = account.incident(call.params["id"]).log if "id" in call.params else account.log
    since, until = call.time("since"), call.time("until")
    teams = set(call.many("team_ids"))
    overview = call.flag("is_overview")

    def wanted(entry: LogEntry) -> bool:
        return (
            (since is None or entry.at >= since)
            and (until is None or entry.at < until)
            and (not overview or entry.type in OVERVIEW)
            and (not teams or entry.incident.service.team.id in teams)
        )

    found = [entry for entry in reversed(own) if wanted(entry)]
    include = call.many("include")
    return call.page("log_entries", found, lambda e: call.desk.render.log_entry(e, include))


def log_entry(call: Call) -> Answer:
    """GET /log_entries/{id}."""
    for entry in reversed(call.desk.account.log):
        if entry.id == call.params["id"]:
            return {"log_entry": call.desk.render.log_entry(entry, call.many("include"))}
    raise errors.not_found()


def reader(path: str, handler: Handler, status: int = 200) -> Route:
    """A GET route."""
    return Route("GET", path, handler, status)


TABLE: tuple[tuple[str, Callable[[Call], Answer]], ...] = (
    ("/users", users),
    ("/users/me", me),
    ("/users/{id}", user),
    ("/services", services),
    ("/services/{id}", service),
    ("/teams", teams),
    ("/escalation_policies", policies),
    ("/escalation_policies/{id}", policy),
    ("/priorities", priorities),
    ("/abilities", abilities),
    ("/log_entries", log_entries),
    ("/log_entries/{id}", log_entry),
    ("/incidents/{id}/log_entries", log_entries),
)
ROUTES = (
    *(reader(path, handler) for path, handler in TABLE),
    reader("/abilities/{id}", ability, 204),
)
