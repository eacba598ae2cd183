"""What somebody does in PagerDuty itself: its web app, its phone app, a monitoring integration.

The sandbox's `POST /api/pagerduty` (see `bot/sandbox/README.md`). `as` is a person; null is an
integration when it triggers, else PagerDuty by itself (a timeout, an auto-resolve).
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

from bot.sandbox.pagerduty import bodies, errors, events, ids, seed
from bot.sandbox.pagerduty.desk import Desk
from bot.sandbox.pagerduty.lifecycle import Draft
from bot.sandbox.pagerduty.lookups import (
    actor,
    help_of,
    people,
    person,
    policy_of,
    replied,
    schedule_of,
    service_of,
    user_of,
)
from bot.sandbox.pagerduty.model import (
    Agent,
    Incident,
    Json,
    Service,
    User,
)
from bot.sandbox.pagerduty.webhooks import Mode

Act = Callable[[Desk, Incident, Agent, Json], Any]
AccountAct = Callable[[Desk, Agent, Json], Any]
BREATH = 25
"""A storm lets others work after so many incidents."""


async def perform(desk: Desk, body: Json) -> Json:
    """Do it and answer `{ok, incident}` or `{ok: false, error}`."""
    try:
        if body.get("action") == "trigger":
            return await _trigger(desk, body)
        return _once(desk, body)
    except errors.ApiError as error:
        said = ": ".join((error.message, *error.details))
        return {"ok": False, "error": said, "code": error.code}


def _once(desk: Desk, body: Json) -> Json:
    name = str(body.get("action"))
    if name in ACCOUNT_ACTS:
        with_mode(desk, body, lambda: ACCOUNT_ACTS[name](desk, actor(desk, body, None), body))
        return {"ok": True, "incident": None}
    if name not in ACTS:
        raise errors.invalid(f"unknown action {name}", f"known: {', '.join(known())}")
    incident = desk.account.incident(body.get("incident", ""))
    by = actor(desk, body, incident.service)
    with_mode(desk, body, lambda: ACTS[name](desk, incident, by, body))
    return {"ok": True, "incident": desk.render.incident(incident)}


def known() -> list[str]:
    """The names of all actions."""
    return sorted({"trigger", "release_webhooks", *ACTS, *ACCOUNT_ACTS})


def with_mode(desk: Desk, body: Json, do: Callable[[], Any]) -> None:
    """Do something; its webhooks go out as `deliver` says."""
    mode: Mode = body.get("deliver") or "now"
    if mode not in get_args(Mode):
        raise errors.invalid(f"deliver must be one of {', '.join(get_args(Mode))}")
    journal, webhooks = desk.journal, desk.webhooks
    webhooks.mode, journal.channel, journal.client = mode, "website", body.get("client")
    try:
        do()
    finally:
        webhooks.mode, journal.channel, journal.client = "now", "api", None


# --- triggering


def draft(desk: Desk, body: Json, number: int, count: int) -> tuple[Draft, Agent]:
    """One new incident. By an integration it comes with an alert and without a key of its own."""
    service = service_of(desk, body.get("service", "PCHECKO"))
    who = actor(desk, body, service) or service
    title = str(body.get("title") or "Something is wrong")
    if count > 1:
        title = title.replace("{n}", str(number)) if "{n}" in title else f"{title} ({number})"
    alerts = body.get("alerts")
    if alerts is None:
        one = {"summary": title, "severity": "critical", "alert_key": body.get("incident_key")}
        alerts = [one] if isinstance(who, Service) else []
    return (
        Draft(
            title=title,
            service=service,
            urgency=bodies.urgency_of(body.get("urgency") or "high"),
            priority=bodies.priority_of(desk, body.get("priority")),
            key=None if alerts else body.get("incident_key"),
            body=body.get("body") or body.get("details"),
            assignee=person(desk, body["assignee"]) if body.get("assignee") else None,
            policy=policy_of(desk, body["policy"]) if body.get("policy") else None,
            origin="integration" if isinstance(who, Service) else "web",
            alerts=tuple(alerts),
        ),
        who,
    )


def _open(desk: Desk, draft: Draft, who: Agent, made: list[Incident]) -> None:
    made.append(desk.lifecycle.trigger(draft, who))


async def _trigger(desk: Desk, body: Json) -> Json:
    """One incident, or a storm of `count` of them, over `seconds`."""
    count, seconds = int(body.get("count") or 1), float(body.get("seconds") or 0)
    made: list[Incident] = []
    for number in range(1, count + 1):
        one, who = draft(desk, body, number, count)
        with_mode(desk, body, partial(_open, desk, one, who, made))
        if number < count and (seconds or number % BREATH == 0):
            desk.changed()
            await asyncio.sleep(seconds / count)
    answer: Json = {"ok": True, "incident": desk.render.incident(made[-1])}
    return answer | {"incidents": [one.id for one in made]} if count > 1 else answer


# --- what PagerDuty does by itself


def escalation_timeout(desk: Desk, incident: Incident, by: Agent, body: Json) -> None:  # noqa: ARG001
    """Nobody acknowledged in time: the next level, or the end of the path."""
    if incident.status != "triggered" or incident.direct:
        raise errors.cannot_escalate("Only triggered incidents on a policy time out")
    if incident.level < len(incident.policy.rules):
        desk.lifecycle.escalate(incident, incident.level + 1, None)
        return
    text = "The escalation path is exhausted."
    desk.journal.log(incident, "exhaust_escalation_path", None, text, {"type": "timeout"})


# --- the account


def oncall(desk: Desk, by: Agent, body: Json) -> None:  # noqa: ARG001
    """Who a schedule rotates through from now on; nobody leaves a gap."""
    schedule = schedule_of(desk, body.get("schedule"))
    schedule.users = [person(desk, one) for one in body.get("users", [])]
    schedule.start = seed.last_handoff(desk.account.now())


def remove_user(desk: Desk, by: Agent, body: Json) -> None:  # noqa: ARG001
    """Take somebody's login away."""
    person(desk, body.get("user")).active = False


def add_user(desk: Desk, by: Agent, body: Json) -> None:  # noqa: ARG001
    """Give somebody a login, also again."""
    for user in desk.account.users.values():
        if user.email == body.get("email"):
            user.active = True
            return
    seed.add_person(desk.account, body)


def add_service(desk: Desk, by: Agent, body: Json) -> None:
    """A new service."""
    policy = policy_of(desk, body.get("policy", "PEPCHKO"))
    own, name = ids.short(), str(body.get("name") or "New service")
    text = str(body.get("description") or "")
    service = Service(own, name, text, policy, policy.team, desk.account.now())
    desk.account.services[own] = service
    desk.journal.tell_service(service, "created", by)


def rename_service(desk: Desk, by: Agent, body: Json) -> None:
    """Another name for a service."""
    service = service_of(desk, body.get("service"))
    service.name = str(body.get("name") or service.name)
    desk.journal.tell_service(service, "updated", by)


def delete_service(desk: Desk, by: Agent, body: Json) -> None:
    """A service goes; its incidents stay."""
    service = service_of(desk, body.get("service"))
    del desk.account.services[service.id]
    desk.journal.tell_service(service, "deleted", by)


def ping(desk: Desk, by: Agent, body: Json) -> None:  # noqa: ARG001
    """Send a test event to every subscription."""
    now = desk.account.now()
    for subscription in desk.account.subscriptions.values():
        event = events.envelope(desk.render, "pagey.ping", events.ping(), None, now, None)
        desk.webhooks.ping(subscription, event)


def release_webhooks(desk: Desk, by: Agent, body: Json) -> None:  # noqa: ARG001
    """Send what `deliver: late` and `reorder` hold back."""
    desk.webhooks.release(shuffle=bool(body.get("shuffle")))


def merge(desk: Desk, incident: Incident, by: Agent, body: Json) -> None:
    """Merge this incident into another."""
    desk.teamwork.merge(desk.account.incident(body.get("into", "")), [incident], by)


ACTS: dict[str, Act] = {
    "acknowledge": lambda d, i, by, _b: d.lifecycle.acknowledge(i, user_of(by)),
    "unacknowledge": lambda d, i, by, _b: d.lifecycle.unacknowledge(i, by),
    "acknowledgement_timeout": lambda d, i, _by, _b: d.lifecycle.unacknowledge(i, None),
    "escalation_timeout": escalation_timeout,
    "resolve": lambda d, i, by, b: d.lifecycle.resolve(i, by, b.get("resolution")),
    "auto_resolve": lambda d, i, _by, _b: d.lifecycle.resolve(i, None, channel="timeout"),
    "reopen": lambda d, i, by, b: d.lifecycle.reopen(
        i, by, acknowledged=bool(b.get("acknowledged"))
    ),
    "reassign": lambda d, i, by, b: d.lifecycle.reassign(i, people(d, b.get("to")), by),
    "delegate": lambda d, i, by, b: d.lifecycle.delegate(i, policy_of(d, b.get("policy")), by),
    "escalate": lambda d, i, by, b: d.lifecycle.escalate(i, int(b.get("level") or i.level + 1), by),
    "snooze": lambda d, i, by, b: d.lifecycle.snooze(i, int(b.get("seconds") or 3600), user_of(by)),
    "note": lambda d, i, by, b: d.teamwork.annotate(i, bodies.text_of(b, "text"), by or i.service),
    "priority": lambda d, i, by, b: d.fields.set_priority(
        i, bodies.priority_of(d, b.get("name")), by
    ),
    "urgency": lambda d, i, by, b: d.fields.set_urgency(i, bodies.urgency_of(b.get("value")), by),
    "title": lambda d, i, by, b: d.fields.set_title(i, bodies.text_of(b, "text"), by),
    "move": lambda d, i, by, b: d.fields.move(i, service_of(d, b.get("service")), by),
    "conference_bridge": lambda d, i, by, b: d.fields.set_bridge(
        i, {"conference_number": b.get("number"), "conference_url": b.get("url")}, by
    ),
    "incident_type": lambda d, i, by, b: d.fields.set_type(i, bodies.text_of(b, "name"), by),
    "responder": lambda d, i, by, b: d.teamwork.ask(
        i,
        [help_of(d, b.get("to"))],
        str(b.get("text") or f'Please help with "{i.title}"'),
        by if isinstance(by, User) else None,
    ),
    "responder_reply": lambda d, i, _by, b: d.teamwork.reply(
        i, person(d, b.get("to") or b.get("as")), replied(b.get("state"))
    ),
    "status_update": lambda d, i, by, b: d.teamwork.publish(
        i, bodies.text_of(b, "text"), by if isinstance(by, User) else None
    ),
    "merge": merge,
}
ACCOUNT_ACTS: dict[str, AccountAct] = {
    "oncall": oncall,
    "remove_user": remove_user,
    "add_user": add_user,
    "add_service": add_service,
    "rename_service": rename_service,
    "delete_service": delete_service,
    "ping": ping,
    "release_webhooks": release_webhooks,
}
