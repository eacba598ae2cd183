"""Schedules and on-calls: https://developer.pagerduty.com/api-reference/ (Schedules, On-Calls)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.sandbox.pagerduty import errors
from bot.sandbox.pagerduty.api_account import matching
from bot.sandbox.pagerduty.calls import Answer, Call, Route
from bot.sandbox.pagerduty.model import Json, Policy, Schedule, Shift, User
from bot.sandbox.pagerduty.render import Render
from bot.sandbox.pagerduty.times import iso

MAX_ONCALL_RANGE = timedelta(days=90)


def schedules(call: Call) -> Answer:
    """GET /schedules."""
    found = matching(call, call.desk.account.schedules.values())
    return call.page("schedules", found, call.desk.render.schedule)


def schedule_of(call: Call) -> Schedule:
    """The schedule of the path."""
    found = call.desk.account.schedules.get(call.params["id"])
    if found is None:
        raise errors.not_found()
    return found


def period(call: Call, default: timedelta) -> tuple[datetime, datetime]:
    """`since` and `until`, by default from now on."""
    since = call.time("since") or call.desk.account.now()
    until = call.time("until") or since + default
    if until < since:
        raise errors.invalid("until must be after since")
    return since, until


def cut(shifts: Sequence[Shift], since: datetime, until: datetime) -> list[Shift]:
    """Shifts clipped to a period, as rendered schedules are."""
    clipped = [Shift(max(s.start, since), min(s.end, until), s.user) for s in shifts]
    return [one for one in clipped if one.start < one.end]


def schedule(call: Call) -> Answer:
    """GET /schedules/{id}: entries are rendered when since and until are given."""
    found, render = schedule_of(call), call.desk.render
    since, until = period(call, timedelta(weeks=2))
    asked = bool(call.query.get("since"))
    entries = [
        {"start": iso(one.start), "end": iso(one.end), "user": render.ref(one.user)}
        for one in (cut(found.shifts(since, until), since, until) if asked else [])
    ]
    coverage = 100.0 if entries else 0.0
    rendered: Json = {
        "rendered_schedule_entries": entries,
        "rendered_coverage_percentage": coverage,
    }
    layer = {
        "id": f"{found.id[:6]}L",
        "name": "Layer 1",
        "start": iso(found.start),
        "end": None,
        "rotation_virtual_start": iso(found.start),
        "rotation_turn_length_seconds": 604800,
        "users": [{"user": render.ref(one)} for one in found.users],
        "restrictions": [],
    }
    return {
        "schedule": render.schedule(found)
        | {
            "schedule_layers": [layer | rendered],
            "overrides_subschedule": {"name": "Overrides"} | _overridden(call, found, since, until),
            "final_schedule": {"name": "Final Schedule"} | rendered,
        }
    }


def _overridden(call: Call, found: Schedule, since: datetime, until: datetime) -> Json:
    """The overrides in a period, rendered like a layer."""
    given = [Shift(one.start, one.end, one.user) for one in found.overrides]
    entries = [
        {"start": iso(one.start), "end": iso(one.end), "user": call.desk.render.ref(one.user)}
        for one in (cut(given, since, until) if call.query.get("since") else [])
    ]
    return {"rendered_schedule_entries": entries, "rendered_coverage_percentage": 0.0}


def schedule_users(call: Call) -> Answer:
    """GET /schedules/{id}/users: who is on call in a period."""
    since, until = period(call, timedelta(0))
    shifts = schedule_of(call).shifts(since, until)
    found = dict.fromkeys(shift.user for shift in shifts)
    return {"users": [call.desk.render.user(one) for one in found]}


def oncalls(call: Call) -> Answer:
    """GET /oncalls: one entry per policy, level and person; null dates mean always."""
    since, until = period(call, timedelta(0))
    if until - since > MAX_ONCALL_RANGE:
        raise errors.invalid("The maximum range is 90 days")
    wanted_policies = set(call.many("escalation_policy_ids"))
    entries: list[Json] = []
    for one in call.desk.account.policies.values():
        if not wanted_policies or one.id in wanted_policies:
            entries += policy_oncalls(call.desk.render, one, since, until, call.many("include"))
    for name, field in (("user_ids", "user"), ("schedule_ids", "schedule")):
        wanted = set(call.many(name))
        entries = [e for e in entries if not wanted or (e[field] or {}).get("id") in wanted]
    if call.flag("earliest"):
        entries = earliest(entries)
    return call.page("oncalls", entries, lambda entry: entry)


def policy_oncalls(
    render: Render, policy: Policy, since: datetime, until: datetime, include: Sequence[str] = ()
) -> list[Json]:
    """The on-calls of one policy."""
    entries: list[Json] = []
    for level, rule in enumerate(policy.rules, 1):
        for target in rule.targets:
            shifts: list[Shift | User] = (
                [target] if isinstance(target, User) else list(target.shifts(since, until))
            )
            for one in shifts:
                always = isinstance(one, User)
                who = one if isinstance(one, User) else one.user
                entries.append(
                    {
                        "escalation_policy": render.either(
                            policy, full="escalation_policies" in include
                        ),
                        "escalation_level": level,
                        "schedule": render.either(target, full="schedules" in include)
                        if isinstance(target, Schedule)
                        else None,
                        "user": render.either(who, full="users" in include),
                        "start": None if always else iso(getattr(one, "start", None)),
                        "end": None if always else iso(getattr(one, "end", None)),
                    }
                )
    return entries


def earliest(entries: list[Json]) -> list[Json]:
    """Only the first entry of each combination of policy, level and user."""
    kept: dict[tuple[str, int, str], Json] = {}
    for entry in entries:
        key = (entry["escalation_policy"]["id"], entry["escalation_level"], entry["user"]["id"])
        kept.setdefault(key, entry)
    return list(kept.values())


ROUTES = (
    Route("GET", "/schedules", schedules),
    Route("GET", "/schedules/{id}", schedule),
    Route("GET", "/schedules/{id}/users", schedule_users),
    Route("GET", "/oncalls", oncalls),
)
