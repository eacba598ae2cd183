"""Operations on incidents: https://developer.pagerduty.com/api-reference/ (Incidents)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from bot.sandbox.pagerduty import bodies, errors
from bot.sandbox.pagerduty.account import has_key
from bot.sandbox.pagerduty.calls import Answer, Call, Route
from bot.sandbox.pagerduty.desk import Desk
from bot.sandbox.pagerduty.model import Incident, Json

MAX_BULK = 250
MAX_WINDOW = timedelta(days=184)
SORTS: dict[str, Callable[[Incident], Any]] = {
    "incident_number": lambda incident: incident.number,
    "created_at": lambda incident: (incident.created_at, incident.number),
    "resolved_at": lambda incident: (
        incident.resolved_at is None,
        incident.resolved_at or incident.created_at,
    ),
    "urgency": lambda incident: incident.urgency,
}


def incident_of(call: Call) -> Incident:
    """The incident of the path, by id or number."""
    return call.desk.account.incident(call.params["id"])


def create(call: Call) -> Answer:
    """POST /incidents."""
    draft = bodies.draft(call.desk, call.wrapped("incident"))
    incident = call.desk.lifecycle.trigger(draft, call.requester)
    return {"incident": call.desk.render.incident(incident)}


def show(call: Call) -> Answer:
    """GET /incidents/{id}."""
    return {"incident": call.desk.render.incident(incident_of(call), call.many("include"))}


def update(call: Call) -> Answer:
    """PUT /incidents/{id}."""
    incident = incident_of(call)
    for step in bodies.plan(call.desk, incident, call.wrapped("incident"), call.requester):
        step()
    return {"incident": call.desk.render.incident(incident)}


def update_many(call: Call) -> Answer:
    """PUT /incidents: all or nothing."""
    given = call.body.get("incidents")
    if not isinstance(given, list) or not given:
        raise errors.invalid("incidents must be an Array")
    if len(given) > MAX_BULK:
        raise errors.too_large(f"A maximum of {MAX_BULK} incidents may be updated at a time")
    account = call.desk.account
    incidents, steps = [], []
    for fields in given:
        if not isinstance(fields, dict) or not fields.get("id"):
            raise errors.invalid("Incident id can't be blank.")
        incident = account.incident(fields["id"])
        incidents.append(incident)
        steps += bodies.plan(call.desk, incident, fields, call.requester)
    for step in steps:
        step()
    return {"incidents": [call.desk.render.incident(one) for one in incidents]}


def find(call: Call) -> Answer:
    """GET /incidents. Without dates: the last month, by when incidents were created."""
    found = [one for one in in_window(call) if all(test(one) for test in tests(call))]
    include = call.many("include")
    return call.page(
        "incidents", ordered(call, found), lambda one: call.desk.render.incident(one, include)
    )


def in_window(call: Call) -> list[Incident]:
    """The incidents of the period asked for."""
    account = call.desk.account
    if call.query.get("date_range") == "all":
        return account.in_period(None, None)
    since, until = call.time("since"), call.time("until")
    if since is not None and (until or account.now()) - since > MAX_WINDOW:
        raise errors.invalid("The maximum range is 6 months")
    return account.in_period(since or account.month_ago(), until)


def tests(call: Call) -> list[Callable[[Incident], bool]]:
    """The filters of GET /incidents."""
    statuses, urgencies = set(call.many("statuses")), set(call.many("urgencies"))
    if statuses - bodies.STATUSES:
        raise errors.invalid_status()
    if urgencies - bodies.URGENCIES:
        raise errors.invalid("Urgencies must be high or low")
    services, teams, users = (set(call.many(f"{name}_ids")) for name in ("service", "team", "user"))
    key = call.query.get("incident_key")
    chosen: list[tuple[object, Callable[[Incident], bool]]] = [
        (statuses, lambda one: one.status in statuses),
        (urgencies, lambda one: one.urgency in urgencies),
        (services, lambda one: one.service.id in services),
        (teams, lambda one: one.service.team.id in teams),
        (users, lambda one: any(stamp.user.id in users for stamp in one.assignments)),
        (key, lambda one: has_key(one, str(key))),
    ]
    return [test for wanted, test in chosen if wanted]


def ordered(call: Call, found: list[Incident]) -> list[Incident]:
    """Sort by up to two `field:direction`; oldest first unless asked otherwise."""
    for term in reversed((call.query.get("sort_by") or "incident_number:asc").split(",")):
        field, _, direction = term.partition(":")
        if field not in SORTS or direction not in {"", "asc", "desc"}:
            raise errors.invalid(f"sort_by is invalid: {term}")
        found = sorted(found, key=SORTS[field], reverse=direction == "desc")
    return found


def alerts(call: Call) -> Answer:
    """GET /incidents/{id}/alerts."""
    statuses, key = call.many("statuses"), call.query.get("alert_key")
    found = [
        alert
        for alert in incident_of(call).alerts
        if (not statuses or alert.status in statuses) and (not key or alert.key == key)
    ]
    return call.page("alerts", found, call.desk.render.alert)


def notes(call: Call) -> Answer:
    """GET /incidents/{id}/notes: not paginated, newest first."""
    found = reversed(incident_of(call).notes)
    return {"notes": [call.desk.render.note(note) for note in found]}


def annotate(call: Call) -> Answer:
    """POST /incidents/{id}/notes: answers 200, not 201."""
    incident = incident_of(call)
    content = bodies.text_of(call.wrapped("note"), "content")
    note = call.desk.teamwork.annotate(incident, content, call.requester)
    return {"note": call.desk.render.note(note)}


def edit_note(call: Call) -> Answer:
    """PUT /incidents/{id}/notes/{note_id}. There is no webhook event for it."""
    incident = incident_of(call)
    note = next((one for one in incident.notes if one.id == call.params["note_id"]), None)
    if note is None:
        raise errors.not_found()
    note.content = bodies.text_of(call.wrapped("note"), "content")
    note.updated_at = call.desk.account.now()
    return {"note": call.desk.render.note(note)}


def delete_note(call: Call) -> Answer:
    """DELETE /incidents/{id}/notes/{note_id}."""
    incident = incident_of(call)
    kept = [one for one in incident.notes if one.id != call.params["note_id"]]
    if len(kept) == len(incident.notes):
        raise errors.not_found()
    incident.notes = kept
    return None


def snooze(call: Call) -> Answer:
    """POST /incidents/{id}/snooze: 201."""
    incident, seconds = incident_of(call), call.body.get("duration")
    if not isinstance(seconds, int) or not 1 <= seconds <= 7 * 24 * 3600:
        raise errors.invalid("Duration must be between 1 and 604800")
    call.desk.lifecycle.snooze(incident, seconds, call.requester)
    return {"incident": call.desk.render.incident(incident)}


def publish(call: Call) -> Answer:
    """POST /incidents/{id}/status_updates."""
    incident, body = incident_of(call), call.body
    message = bodies.text_of(body, "message")
    update = call.desk.teamwork.publish(
        incident, message, call.requester, body.get("subject"), body.get("html_message")
    )
    return {"status_update": call.desk.render.status_update(update)}


def merge(call: Call) -> Answer:
    """PUT /incidents/{id}/merge: the answer is a reference only."""
    target, given = incident_of(call), call.body.get("source_incidents")
    if not isinstance(given, list) or not given:
        raise errors.invalid("Source incidents can't be blank.")
    account = call.desk.account
    sources = [account.incident(one.get("id", "")) for one in given if isinstance(one, dict)]
    call.desk.teamwork.merge(target, sources, call.requester)
    return {"incident": call.desk.render.ref(target)}


def ask(call: Call) -> Answer:
    """POST /incidents/{id}/responder_requests: targets are nested one deeper than elsewhere."""
    desk, incident = call.desk, incident_of(call)
    need_responding(desk)
    given = call.body.get("responder_request_targets")
    if not isinstance(given, list) or not given:
        raise errors.invalid("Responder request targets can't be blank.")
    requester = desk.account.users.get(str(call.body.get("requester_id")))
    if requester is None or not requester.active:
        raise errors.invalid("Requester not found.")
    targets = [
        target_of(desk, one.get("responder_request_target") if isinstance(one, dict) else None)
        for one in given
    ]
    message = str(call.body.get("message") or f'Please help with "{incident.title}"')
    request = desk.teamwork.ask(incident, targets, message, requester)
    return {"responder_request": desk.render.request(incident, request)}


def target_of(desk: Desk, given: object) -> Any:
    """A user or a policy."""
    kind = given.get("type") if isinstance(given, dict) else None
    if kind == "user_reference":
        return bodies.user_of(desk, given)
    if kind == "escalation_policy_reference":
        return bodies.reference(given, "escalation_policy", desk.account.policies)
    raise errors.invalid(
        "Responder request target must be a user_reference or an escalation_policy_reference."
    )


def need_responding(desk: Desk) -> None:
    """402 without the plan's ability."""
    if "coordinated_responding" not in desk.account.abilities:
        raise errors.missing_ability("coordinated_responding")


def cancel(call: Call) -> Answer:
    """PUT /incidents/{id}/responder_requests/cancel: here targets are flat."""
    need_responding(call.desk)
    given = call.body.get("responder_request_targets")
    if not isinstance(given, list) or not all(
        isinstance(one, dict) and {"id", "type"} <= one.keys() for one in given
    ):
        raise errors.invalid("Responder request targets need id and type.")
    results: list[Json] = call.desk.teamwork.cancel(incident_of(call), given)
    return {"responder_request_targets": results}


ONE = "/incidents/{id}"
ROUTES = (
    Route("GET", "/incidents", find),
    Route("POST", "/incidents", create, 201, from_header=True),
    Route("PUT", "/incidents", update_many, from_header=True),
    Route("GET", ONE, show),
    Route("PUT", ONE, update, from_header=True),
    Route("PUT", f"{ONE}/merge", merge, from_header=True),
    Route("GET", f"{ONE}/alerts", alerts),
    Route("GET", f"{ONE}/notes", notes),
    Route("POST", f"{ONE}/notes", annotate, from_header=True),
    Route("PUT", f"{ONE}/notes/{{note_id}}", edit_note, from_header=True),
    Route("DELETE", f"{ONE}/notes/{{note_id}}", delete_note, 204),
    Route("POST", f"{ONE}/snooze", snooze, 201, from_header=True),
    Route("POST", f"{ONE}/status_updates", publish, from_header=True),
    Route("POST", f"{ONE}/responder_requests", ask),
    Route("PUT", f"{ONE}/responder_requests/cancel", cancel),
)
