"""Overrides of schedules: https://developer.pagerduty.com/api-reference/ (Schedules)."""

from datetime import datetime

from bot.sandbox.pagerduty import errors, ids, times
from bot.sandbox.pagerduty.api_oncalls import schedule_of
from bot.sandbox.pagerduty.calls import Answer, Call, Reply, Route
from bot.sandbox.pagerduty.model import Json, Override, User
from bot.sandbox.pagerduty.times import iso


def overrides(call: Call) -> Answer:
    """GET /schedules/{id}/overrides: with `editable` only those yet to begin, and only then ids are told."""
    schedule = schedule_of(call)
    since, until = call.time("since"), call.time("until")
    if since is None or until is None:
        raise errors.invalid("Since and until are required.")
    if until < since:
        raise errors.invalid("until must be after since")
    editable, whole = call.query.get("editable") is not None, call.flag("overflow")
    found = [one for one in schedule.overrides if one.start < until and one.end > since]
    shown = []
    for one in sorted(found, key=lambda one: one.start):
        if editable and one.start <= call.desk.account.now():
            continue
        start, end = (one.start, one.end) if whole else (max(one.start, since), min(one.end, until))
        entry = {"start": iso(start), "end": iso(end), "user": call.desk.render.ref(one.user)}
        shown.append(entry | ({"id": one.id} if editable else {}))
    return {"overrides": shown}


def create(call: Call) -> Answer:
    """POST /schedules/{id}/overrides: each is made or refused for itself; the answer is a list."""
    schedule, given = schedule_of(call), call.body.get("overrides")
    if not isinstance(given, list) or not given:
        raise errors.invalid("Overrides must be a non-empty array.")
    results: list[Json] = []
    for wish, start, end in [_span(one) for one in given]:
        user = _user(call, wish["user"])
        if end <= start or user is None:
            told = "Override must end after its start" if end <= start else "User not found"
            results.append({"status": 400, "errors": [told], "override": wish})
            continue
        made = Override(ids.long(), start, end, user)
        schedule.overrides.append(made)
        entry = {"start": iso(start), "end": iso(end), "id": made.id}
        results.append({"status": 201, "override": entry | {"user": call.desk.render.ref(user)}})
    return Reply(results)


def _span(wish: object) -> tuple[Json, datetime, datetime]:
    """A wish that has all it needs, and its times."""
    if not isinstance(wish, dict) or not isinstance(wish.get("user"), dict):
        raise errors.invalid("User can't be blank.")
    start = times.parse(str(wish.get("start") or ""), "start")
    end = times.parse(str(wish.get("end") or ""), "end")
    if start is None or end is None:
        raise errors.invalid("Start and end can't be blank.")
    return wish, start, end


def _user(call: Call, given: Json) -> User | None:
    found = call.desk.account.users.get(str(given.get("id")))
    return found if found is not None and found.active else None


def remove(call: Call) -> Answer:
    """DELETE: gone (204) when it has not begun, cut short (200) when it is under way; a past one stays."""
    schedule, now = schedule_of(call), call.desk.account.now()
    wanted = call.params["override_id"]
    found = next((one for one in schedule.overrides if one.id == wanted), None)
    if found is None:
        raise errors.not_found()
    if found.end <= now:
        raise errors.invalid("You cannot remove a past override.")
    if found.start < now:
        found.end = now
        return Reply(None, 200)
    schedule.overrides.remove(found)
    return None


ROUTES = (
    Route("GET", "/schedules/{id}/overrides", overrides, 201),
    Route("POST", "/schedules/{id}/overrides", create, 201),
    Route("DELETE", "/schedules/{id}/overrides/{override_id}", remove, 204),
)
