"""The PagerDuty stand-in through its REST API, and its answers against the vendor's OpenAPI file.

Every answer these tests get is checked when MUSTER_CONTRACTS names the folder of contracts.
"""

import functools
import json
import os
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from bot.sandbox.pagerduty import PagerDuty

pytestmark = pytest.mark.asyncio
CONTRACTS = os.environ.get("MUSTER_CONTRACTS")
NAMES = ("alice", "bob", "carol", "dave", "erin")
PEOPLE = [
    {
        "id": f"U{index}",
        "name": name,
        "real_name": name.title(),
        "email": f"{name}@example.com",
        "tz": "Europe/Berlin",
        "deleted": False,
    }
    for index, name in enumerate(NAMES)
]


# --- the vendor's OpenAPI file


@functools.cache
def openapi() -> dict[str, Any]:
    """The file, with three slips mended.

    Several of its `oneOf` alternatives hold at once (channels), one type is misspelt, and what
    may be included in on-calls is only described in prose.
    """
    text = (Path(str(CONTRACTS)) / "openapi" / "pagerduty-rest.json").read_text()
    text = text.replace('"oneOf"', '"anyOf"')
    text = text.replace("acknowledgement_log_entry", "acknowledge_log_entry")
    found: dict[str, Any] = json.loads(text)
    return found


def documented(value: Any) -> Any:
    """Leave out log entries of types that occur and are not in the file."""
    known = openapi()["components"]["schemas"]["LogEntry"]["allOf"][1]["properties"]["type"]
    if "log_entries" in value:
        kept = [one for one in value["log_entries"] if one["type"] in known["enum"]]
        return value | {"log_entries": kept}
    return value


UNDOCUMENTED = (".body.details", ".user.type", ".escalation_policy.type", "teams[0].type")
"""Typed as an object or a reference, though the prose says text or full users are possible."""


@functools.cache
def registry() -> Registry[Any]:
    resource = Resource.from_contents(openapi(), default_specification=DRAFT202012)
    found: Registry[Any] = Registry().with_resource("urn:openapi", resource)
    return found


def without_nulls(value: Any) -> Any:
    """The file does not say what may be null, though its own examples are."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    return [without_nulls(one) for one in value] if isinstance(value, list) else value


def template_of(path: str) -> str | None:
    own = path.removeprefix("/pagerduty")
    literal_first = sorted(openapi()["paths"], key=lambda one: one.count("{"))
    for template in literal_first:
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), own):
            return str(template)
    return None


async def check(response: httpx.Response) -> None:
    """Compare an answer with the schema of its operation and status."""
    await response.aread()
    request = response.request
    template = template_of(request.url.path)
    if template is None or not response.content or "/ui/" in request.url.path:
        return
    operation = openapi()["paths"][template].get(request.method.lower(), {})
    answer = operation.get("responses", {}).get(str(response.status_code))
    if answer is None:
        allowed = {400, 401, 402, 404, 406, 429, 201}
        assert response.status_code in allowed, f"{request.method} {template}"
        return
    pointer = f"/paths/{template.replace('/', '~1')}/{request.method.lower()}/responses"
    if "$ref" in answer:
        pointer = answer["$ref"].lstrip("#")
        answer = openapi()["components"]["responses"][answer["$ref"].rpartition("/")[2]]
    else:
        pointer += f"/{response.status_code}"
    if "application/json" not in answer.get("content", {}):
        return
    schema = {"$ref": f"urn:openapi#{pointer}/content/application~1json/schema"}
    schema["$ref"] = schema["$ref"].replace("{", "%7B").replace("}", "%7D")
    validator = Draft202012Validator(schema, registry=registry())
    problems = [
        f"{request.method} {template}: {error.json_path}: {error.message[:200]}"
        for error in validator.iter_errors(documented(without_nulls(response.json())))
        if not error.json_path.endswith(UNDOCUMENTED)
    ]
    assert not problems, "\n".join(problems)


# --- the laboratory


@dataclass
class Lab:
    """A running stand-in, a client and a clock that moves by hand."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    changes: int = 0
    pagerduty: PagerDuty = field(init=False)
    client: httpx.AsyncClient = field(init=False)

    def changed(self) -> None:
        self.changes += 1

    async def create(self, **fields: Any) -> dict[str, Any]:
        service = {"id": "PCHECKO", "type": "service_reference"}
        body = {"type": "incident", "title": "Checkout is slow", "service": service} | fields
        answer = await self.client.post("/incidents", json={"incident": body})
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()["incident"]
        return found

    async def put(self, own: str, who: str = "alice", **fields: Any) -> httpx.Response:
        return await self.client.put(
            f"/incidents/{own}",
            json={"incident": {"type": "incident_reference"} | fields},
            headers={"From": f"{who}@example.com"},
        )

    async def get(self, path: str, **params: Any) -> Any:
        answer = await self.client.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def user(self, name: str) -> dict[str, Any]:
        users = (await self.get("/users", query=f"{name}@"))["users"]
        found: dict[str, Any] = users[0]
        return found


@pytest_asyncio.fixture
async def lab() -> AsyncIterator[Lab]:
    lab = Lab()
    app = web.Application()
    runner = web.AppRunner(app)
    lab.pagerduty = PagerDuty(
        clock=lambda: lab.now,
        changed=lab.changed,
        people=PEOPLE,
        base_url="http://127.0.0.1:8400/pagerduty",
        webhook_url=None,
        webhook_secret="",
    )
    lab.pagerduty.add_routes(app, "/pagerduty")
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    headers = {
        "Authorization": "Token token=key",
        "From": "alice@example.com",
        "Accept": "application/vnd.pagerduty+json;version=2",
    }
    base = f"http://127.0.0.1:{port}/pagerduty"
    hooks = {"response": [check]} if CONTRACTS else {}
    async with httpx.AsyncClient(base_url=base, headers=headers, event_hooks=hooks) as lab.client:
        yield lab
    await lab.pagerduty.close()
    await runner.cleanup()


def code_of(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["error"]["code"]


# --- keys and the From header


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Authorization": ""}, (401, 2006)),
        ({"Authorization": "Token token=bad-key"}, (401, 2006)),
        ({"Authorization": "Token bare"}, (401, 2006)),
        ({"From": ""}, (400, 2016)),
        ({"From": "nobody"}, (400, 1028)),
        ({"From": "nobody@example.com"}, (400, 1008)),
        ({"From": "dave@example.com"}, (400, 1008)),
        ({"Authorization": "Token token=readonly"}, (403, 2010)),
        ({"Accept": "application/vnd.pagerduty+json;version=1"}, (406, 2001)),
    ],
)
async def test_refuses_wrong_headers(
    lab: Lab, headers: dict[str, str], expected: tuple[int, int]
) -> None:
    answer = await lab.client.post("/incidents", json={}, headers=headers)
    assert code_of(answer) == expected


async def test_takes_bearer_and_user_keys(lab: Lab) -> None:
    bearer = {"Authorization": "Bearer pdus+abc"}
    assert (await lab.client.get("/services", headers=bearer)).status_code == 200
    assert code_of(await lab.client.get("/users/me")) == (400, 2001)
    mine = {"Authorization": "Token token=u+bob@example.com", "From": ""}
    assert (await lab.client.get("/users/me", headers=mine)).json()["user"]["name"] == "Bob"
    incident = await lab.create()
    note = {"note": {"content": "hello"}}
    answer = await lab.client.post(f"/incidents/{incident['id']}/notes", json=note, headers=mine)
    assert answer.json()["note"]["user"]["summary"] == "Bob"


async def test_removed_users_cannot_act(lab: Lab) -> None:
    await lab.pagerduty.act({"action": "remove_user", "user": "bob@example.com"})
    incident = await lab.create()
    assert code_of(await lab.put(incident["id"], "bob", status="acknowledged")) == (400, 1008)


# --- creating


async def test_creates_a_complete_incident(lab: Lab) -> None:
    made = await lab.create(
        urgency="high",
        priority={"id": "PPRIOR1", "type": "priority_reference"},
        incident_key="INC-1",
        body={"type": "incident_body", "details": "p99 above 4 s"},
    )
    assert made["incident_number"] == 1
    assert made["status"] == "triggered"
    assert made["assignments"][0]["assignee"]["summary"] == "Alice"
    assert made["priority"]["summary"] == "P1"
    assert made["last_status_change_by"]["summary"] == "Alice"
    assert made["teams"][0]["summary"] == "Platform"
    for own in (made["id"], made["incident_number"]):
        shown = (await lab.get(f"/incidents/{own}", **{"include[]": "body"}))["incident"]
        assert shown["body"]["details"] == "p99 above 4 s"
        assert {k: v for k, v in shown.items() if k != "body"} == made
    assert lab.changes


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"title": " "}, (400, 2001)),
        ({"service": {"id": "PNOBODY", "type": "service_reference"}}, (400, 2001)),
        ({"service": {"id": "PCHECKO", "type": "user_reference"}}, (400, 2001)),
        ({"urgency": "medium"}, (400, 2001)),
        ({"priority": {"id": "PNONE", "type": "priority_reference"}}, (400, 1020)),
        ({"assignments": [{"assignee": {"id": "PNONE", "type": "user_reference"}}]}, (400, 2001)),
    ],
)
async def test_refuses_what_makes_no_sense(
    lab: Lab, fields: dict[str, Any], expected: tuple[int, int]
) -> None:
    service = {"id": "PCHECKO", "type": "service_reference"}
    body = {"type": "incident", "title": "x", "service": service} | fields
    answer = await lab.client.post("/incidents", json={"incident": body})
    assert code_of(answer) == expected
    assert not (await lab.get("/incidents"))["incidents"]


async def test_key_of_an_open_incident_is_refused(lab: Lab) -> None:
    first = await lab.create(incident_key="INC-7")
    service = {"id": "PCHECKO", "type": "service_reference"}
    again = {"type": "incident", "title": "x", "service": service, "incident_key": "INC-7"}
    answer = await lab.client.post("/incidents", json={"incident": again})
    assert code_of(answer) == (400, 2002)
    assert "matching dedup key already exists" in answer.json()["error"]["errors"][0]
    found = await lab.get("/incidents", incident_key="INC-7", date_range="all")
    assert [one["id"] for one in found["incidents"]] == [first["id"]]
    await lab.create(incident_key="INC-7", service={"id": "PSEARCH", "type": "service_reference"})
    await lab.put(first["id"], status="resolved")
    assert (await lab.create(incident_key="INC-7"))["id"] != first["id"]


async def test_assigning_to_oneself_starts_acknowledged(lab: Lab) -> None:
    me = {"id": (await lab.user("alice"))["id"], "type": "user_reference"}
    assert (await lab.create(assignments=[{"assignee": me}]))["status"] == "acknowledged"
    other = {"id": (await lab.user("erin"))["id"], "type": "user_reference"}
    made = await lab.create(assignments=[{"assignee": other}])
    assert (made["status"], made["assigned_via"]) == ("triggered", "direct_assignment")


async def test_nobody_on_call(lab: Lab) -> None:
    for schedule in (await lab.get("/schedules"))["schedules"]:
        act = {"action": "oncall", "schedule": schedule["id"], "users": []}
        assert (await lab.pagerduty.act(act))["ok"]
    assert (await lab.create())["assignments"][0]["assignee"]["summary"] == "Bob"  # level 2
    for name in ("bob", "carol", "alice", "erin"):
        await lab.pagerduty.act({"action": "remove_user", "user": name})
    await lab.pagerduty.act({"action": "add_user", "email": "zoe@example.com", "name": "Zoe"})
    service = {"id": "PCHECKO", "type": "service_reference"}
    answer = await lab.client.post(
        "/incidents",
        json={"incident": {"type": "incident", "title": "x", "service": service}},
        headers={"From": "zoe@example.com"},
    )
    assert code_of(answer) == (400, 1015)


# --- the life of an incident


async def test_acknowledge_resolve_reopen(lab: Lab) -> None:
    own = (await lab.create())["id"]
    lab.now += timedelta(minutes=1)
    done = (await lab.put(own, "bob", status="acknowledged")).json()["incident"]
    assert done["status"] == "acknowledged"
    assert [one["acknowledger"]["summary"] for one in done["acknowledgements"]] == ["Bob"]
    assert [one["assignee"]["summary"] for one in done["assignments"]] == ["Bob"]
    assert done["last_status_change_at"] == "2026-03-04T12:01:00Z"
    assert code_of(await lab.put(own, "bob", status="acknowledged")) == (400, 1002)
    both = (await lab.put(own, "carol", status="acknowledged")).json()["incident"]
    assert len(both["acknowledgements"]) == 2
    closed = (await lab.put(own, status="resolved", resolution="rolled back")).json()["incident"]
    assert (closed["status"], closed["assignments"]) == ("resolved", [])
    assert closed["resolved_at"] == "2026-03-04T12:01:00Z"
    assert code_of(await lab.put(own, status="resolved")) == (400, 1001)
    entries = (await lab.get(f"/incidents/{own}/log_entries"))["log_entries"]
    assert entries[0]["type"] == "resolve_log_entry"
    assert entries[0]["note"] == "rolled back"
    opened = (await lab.put(own, status="triggered")).json()["incident"]
    assert (opened["status"], opened["resolved_at"]) == ("triggered", None)
    assert opened["assignments"][0]["assignee"]["summary"] == "Alice"
    await lab.put(own, status="resolved")
    mine = (await lab.put(own, "erin", status="acknowledged")).json()["incident"]
    assert mine["status"] == "acknowledged"
    assert mine["assignments"][0]["assignee"]["summary"] == "Erin"


async def test_moving_an_incident_triggers_it_again(lab: Lab) -> None:
    own = (await lab.create())["id"]
    erin = {"id": (await lab.user("erin"))["id"], "type": "user_reference"}
    policy = {"id": "PEPSRCH", "type": "escalation_policy_reference"}
    for fields, owner, policy_id in (
        ({"escalation_level": 2}, "Bob", "PEPCHKO"),
        ({"assignments": [{"assignee": erin}]}, "Erin", "PEPCHKO"),
        ({"escalation_policy": policy}, "Carol", "PEPSRCH"),
    ):
        await lab.put(own, status="acknowledged")
        moved = (await lab.put(own, **fields)).json()["incident"]
        assert (moved["status"], moved["acknowledgements"]) == ("triggered", [])
        assert [one["assignee"]["summary"] for one in moved["assignments"]] == [owner]
        assert moved["escalation_policy"]["id"] == policy_id


@pytest.mark.parametrize(
    ("before", "fields", "expected"),
    [
        ({}, {"escalation_level": 9}, (400, 1006)),
        ({}, {"escalation_level": "2"}, (400, 2001)),
        ({"urgency": "low"}, {"escalation_level": 2}, (400, 1006)),
        ({"status": "resolved"}, {"escalation_level": 2}, (400, 1006)),
        ({}, {"status": "closed"}, (400, 1003)),
        ({}, {"priority": "P9"}, (400, 1020)),
    ],
)
async def test_refuses_impossible_updates(
    lab: Lab, before: dict[str, Any], fields: dict[str, Any], expected: tuple[int, int]
) -> None:
    own = (await lab.create())["id"]
    if before:
        await lab.put(own, **before)
    shown = await lab.get(f"/incidents/{own}")
    assert code_of(await lab.put(own, title="other", **fields)) == expected
    assert await lab.get(f"/incidents/{own}") == shown


async def test_plain_fields(lab: Lab) -> None:
    own = (await lab.create())["id"]
    bridge = {"conference_number": "+1 555", "conference_url": "https://example.com/b"}
    done = await lab.put(
        own,
        title="Checkout is down",
        priority="P2",
        urgency="low",
        service={"id": "PPAYMNT", "type": "service_reference"},
        conference_bridge=bridge,
    )
    shown = done.json()["incident"]
    assert (shown["title"], shown["priority"]["summary"]) == ("Checkout is down", "P2")
    assert (shown["urgency"], shown["service"]["id"]) == ("low", "PPAYMNT")
    assert shown["conference_bridge"] == bridge
    assert (await lab.put(own, priority=None)).json()["incident"]["priority"] is None


async def test_bulk_is_all_or_nothing(lab: Lab) -> None:
    ids = [(await lab.create())["id"] for _ in range(3)]
    await lab.put(ids[2], status="resolved")
    close = [{"id": own, "type": "incident_reference", "status": "resolved"} for own in ids]
    assert code_of(await lab.client.put("/incidents", json={"incidents": close})) == (400, 1001)
    assert len((await lab.get("/incidents", **{"statuses[]": "triggered"}))["incidents"]) == 2
    answer = await lab.client.put("/incidents", json={"incidents": close[:2]})
    assert [one["status"] for one in answer.json()["incidents"]] == ["resolved"] * 2
    many = await lab.client.put("/incidents", json={"incidents": close * 84})
    assert many.status_code == 413


async def test_snooze(lab: Lab) -> None:
    own = (await lab.create())["id"]
    answer = await lab.client.post(f"/incidents/{own}/snooze", json={"duration": 3600})
    assert answer.status_code == 201
    shown = answer.json()["incident"]
    assert shown["status"] == "acknowledged"
    assert shown["pending_actions"] == [{"type": "unacknowledge", "at": "2026-03-04T13:00:00Z"}]


# --- working together


async def test_notes_and_history(lab: Lab) -> None:
    own = (await lab.create())["id"]
    path = f"/incidents/{own}/notes"
    answer = await lab.client.post(path, json={"note": {"content": "looking"}})
    assert answer.status_code == 200
    note = answer.json()["note"]
    changed = {"note": {"content": "looking hard"}}
    await lab.client.put(f"{path}/{note['id']}", json=changed)
    assert [one["content"] for one in (await lab.get(path))["notes"]] == ["looking hard"]
    assert (await lab.client.delete(f"{path}/{note['id']}")).status_code == 204
    assert (await lab.get(path))["notes"] == []
    overview = await lab.get(f"/incidents/{own}/log_entries", is_overview="true")
    types = [one["type"] for one in overview["log_entries"]]
    assert types == ["annotate_log_entry", "assign_log_entry", "trigger_log_entry"]
    lab.now += timedelta(hours=1)
    await lab.put(own, status="acknowledged")
    since = await lab.get("/log_entries", since="2026-03-04T12:30:00Z", **{"include[]": "channels"})
    assert [one["type"] for one in since["log_entries"]] == ["acknowledge_log_entry"]
    assert since["log_entries"][0]["incident"]["id"] == own
    assert (await lab.client.get("/incidents/PNONE/notes")).status_code == 404


async def test_responders(lab: Lab) -> None:
    own = (await lab.create())["id"]
    alice, erin = (await lab.user("alice"))["id"], (await lab.user("erin"))["id"]
    target = {"responder_request_target": {"id": erin, "type": "user_reference"}}
    body = {"requester_id": alice, "message": "help", "responder_request_targets": [target]}
    answer = await lab.client.post(f"/incidents/{own}/responder_requests", json=body)
    assert answer.status_code == 200
    found = answer.json()["responder_request"]["responder_request_targets"][0]
    assert found["responder_request_target"]["incidents_responders"][0]["state"] == "pending"
    await lab.pagerduty.act(
        {"action": "responder_reply", "incident": own, "as": "erin", "state": "accepted"}
    )
    shown = (await lab.get(f"/incidents/{own}"))["incident"]
    assert shown["incidents_responders"][0]["state"] == "joined"
    flat = [{"id": erin, "type": "user_reference"}, {"id": alice, "type": "user_reference"}]
    cancelled = await lab.client.put(
        f"/incidents/{own}/responder_requests/cancel", json={"responder_request_targets": flat}
    )
    results = [one["result"] for one in cancelled.json()["responder_request_targets"]]
    assert results == ["joined", "not_found"]
    nested = await lab.client.post(
        f"/incidents/{own}/responder_requests", json=body | {"responder_request_targets": flat}
    )
    assert code_of(nested) == (400, 2001)
    by_mail = body | {"requester_id": "alice@example.com"}
    wrong = await lab.client.post(f"/incidents/{own}/responder_requests", json=by_mail)
    assert code_of(wrong) == (400, 2001)


async def test_status_updates(lab: Lab) -> None:
    own = (await lab.create())["id"]
    body = {"message": "A fix is on its way", "subject": "Checkout"}
    answer = await lab.client.post(f"/incidents/{own}/status_updates", json=body)
    assert answer.status_code == 200
    shown = answer.json()["status_update"]
    assert (shown["sender"]["summary"], shown["subject"]) == ("Alice", "Checkout")


async def test_merging(lab: Lab) -> None:
    api = await lab.create()
    target = (await lab.pagerduty.act({"action": "trigger", "title": "a"}))["incident"]
    source = (await lab.pagerduty.act({"action": "trigger", "title": "b"}))["incident"]
    assert (target["incident_key"], target["is_mergeable"]) == (None, True)
    path = f"/incidents/{target['id']}/merge"

    async def merge(own: str) -> httpx.Response:
        sources = [{"id": own, "type": "incident_reference"}]
        return await lab.client.put(path, json={"source_incidents": sources})

    assert code_of(await merge(api["id"])) == (400, 2001)
    done = await merge(source["id"])
    assert done.json()["incident"]["type"] == "incident_reference"
    assert code_of(await merge(source["id"])) == (400, 1019)
    closed = (await lab.get(f"/incidents/{source['id']}"))["incident"]
    assert closed["resolve_reason"]["incident"]["id"] == target["id"]
    alerts = (await lab.get(f"/incidents/{target['id']}/alerts"))["alerts"]
    assert [one["summary"] for one in alerts] == ["a", "b"]
    key = alerts[0]["alert_key"]
    found = await lab.get("/incidents", incident_key=key, date_range="all")
    assert [one["id"] for one in found["incidents"]] == [target["id"]]


# --- reading


async def test_lists_a_month_by_default(lab: Lab) -> None:
    old = await lab.create(title="old")
    lab.now += timedelta(days=40)
    new = await lab.create(title="new", urgency="low")

    async def titles(**params: Any) -> list[str]:
        return [one["title"] for one in (await lab.get("/incidents", **params))["incidents"]]

    assert await titles() == ["new"]
    assert await titles(date_range="all", sort_by="created_at:desc") == ["new", "old"]
    assert await titles(since="2026-03-01", until="2026-03-10") == ["old"]
    assert await titles(date_range="all", **{"urgencies[]": "low"}) == ["new"]
    await lab.put(old["id"], status="resolved")
    assert await titles(date_range="all", **{"statuses[]": ["triggered", "acknowledged"]}) == [
        "new"
    ]
    assert await titles(date_range="all", **{"service_ids[]": "PSEARCH"}) == []
    owner = new["assignments"][0]["assignee"]["id"]
    assert await titles(date_range="all", **{"user_ids[]": owner}) == ["new"]
    for params in ({"since": "2025-01-01"}, {"statuses[]": "open"}, {"limit": "abc"}):
        assert (await lab.client.get("/incidents", params=params)).status_code == 400


async def test_pages(lab: Lab) -> None:
    await lab.pagerduty.act({"action": "trigger", "count": 120, "title": "storm {n}"})
    first = await lab.get("/incidents")
    assert (len(first["incidents"]), first["more"], first["total"]) == (25, True, None)
    last = await lab.get("/incidents", limit=500, offset=100, total="true")
    assert (len(last["incidents"]), last["limit"], last["more"]) == (20, 100, False)
    assert last["total"] == 120
    answer = await lab.client.get("/incidents", params={"offset": 9990, "limit": 100})
    assert answer.status_code == 400


async def test_includes_spell_objects_out(lab: Lab) -> None:
    own = (await lab.create())["id"]
    names = ["services", "assignees", "teams", "escalation_policies", "first_trigger_log_entries"]
    shown = (await lab.get(f"/incidents/{own}", **{"include[]": names}))["incident"]
    assert shown["service"]["type"] == "service"
    assert shown["assignments"][0]["assignee"]["email"] == "alice@example.com"
    assert shown["escalation_policy"]["escalation_rules"]
    assert shown["first_trigger_log_entry"]["channel"]["type"] == "api"


async def test_people_and_services(lab: Lab) -> None:
    users = (await lab.get("/users"))["users"]
    assert [one["name"] for one in users] == ["Alice", "Bob", "Carol", "Dave K.", "Erin"]
    assert len((await lab.get("/users", query="EXAMPLE"))["users"]) == 5
    assert (await lab.get(f"/users/{users[0]['id']}"))["user"]["email"] == "alice@example.com"
    names = [one["name"] for one in (await lab.get("/services"))["services"]]
    assert names == ["Checkout API", "Payments", "Search"]
    priorities = (await lab.get("/priorities"))["priorities"]
    assert [one["name"] for one in priorities] == ["P1", "P2", "P3", "P4", "P5"]
    policies = await lab.get("/escalation_policies", **{"include[]": "targets"})
    rules = policies["escalation_policies"][0]["escalation_rules"]
    assert [rule["targets"][0]["type"] for rule in rules] == ["schedule", "user", "user"]
    assert (await lab.client.get("/abilities/coordinated_responding")).status_code == 204
    assert (await lab.client.get("/abilities/teleportation")).status_code == 402


async def test_on_calls(lab: Lab) -> None:
    params = {"escalation_policy_ids[]": "PEPCHKO", "include[]": "users"}
    entries = (await lab.get("/oncalls", **params))["oncalls"]
    shown = [(e["escalation_level"], e["user"]["name"], e["start"]) for e in entries]
    assert shown == [
        (1, "Alice", "2026-03-02T09:00:00Z"),
        (2, "Bob", None),
        (3, "Carol", None),
    ]
    later = params | {"since": "2026-03-04T12:00:00Z", "until": "2026-03-20T12:00:00Z"}
    weeks = (await lab.get("/oncalls", **later))["oncalls"]
    assert [e["user"]["name"] for e in weeks if e["schedule"]] == ["Alice", "Bob", "Carol"]
    assert len((await lab.get("/oncalls", **later, earliest="true"))["oncalls"]) == 5
    far = {"since": "2026-03-04", "until": "2026-09-04"}
    assert (await lab.client.get("/oncalls", params=far)).status_code == 400
    schedule = entries[0]["schedule"]["id"]
    path = f"/schedules/{schedule}"
    shifts = (await lab.get(path, since="2026-03-04", until="2026-03-12"))["schedule"]
    rendered = shifts["final_schedule"]["rendered_schedule_entries"]
    assert [one["user"]["summary"] for one in rendered] == ["Alice", "Bob"]
    now = (await lab.get(f"{path}/users", since="2026-03-04", until="2026-03-04"))["users"]
    assert [one["name"] for one in now] == ["Alice"]
    lab.now += timedelta(days=7)
    moved = (await lab.get("/oncalls", **params))["oncalls"]
    assert moved[0]["user"]["name"] == "Bob"


async def test_pages_for_people_can_be_opened(lab: Lab) -> None:
    made = await lab.create(title="<b>boom</b>")
    address = made["html_url"].removeprefix("http://127.0.0.1:8400/pagerduty")
    page = await lab.client.get(address, headers={"Authorization": ""})
    assert page.status_code == 200
    assert "&lt;b&gt;boom" in page.text
    assert (await lab.client.get("/ui/incidents/QNONE")).status_code == 404


# --- limits and subscriptions


async def test_rate_limit(lab: Lab) -> None:
    first = await lab.client.get("/abilities")
    assert first.headers["ratelimit-remaining"] == "959"
    lab.pagerduty.desk.limits._windows["key"] = (lab.now, 960)  # saves 960 requests
    lab.now += timedelta(seconds=40)
    refused = await lab.client.get("/abilities")
    assert code_of(refused) == (429, 2020)
    assert refused.headers["ratelimit-reset"] == "20"
    assert "retry-after" not in refused.headers
    lab.pagerduty.limits = False
    assert (await lab.client.get("/abilities")).status_code == 200
    lab.pagerduty.limits = True
    lab.now += timedelta(seconds=20)
    assert (await lab.client.get("/abilities")).status_code == 200


def subscription(url: str = "https://bot.example.com/x", **more: Any) -> dict[str, Any]:
    method = {"type": "http_delivery_method", "url": url}
    body = {
        "type": "webhook_subscription",
        "delivery_method": method | {"custom_headers": [{"name": "X-A", "value": "b"}]},
        "events": ["incident.triggered"],
        "filter": {"type": "account_reference"},
    }
    return {"webhook_subscription": body | more}


async def test_webhook_subscriptions(lab: Lab) -> None:
    path = "/webhook_subscriptions"
    made = (await lab.client.post(path, json=subscription())).json()["webhook_subscription"]
    assert len(made["delivery_method"]["secret"]) > 20
    own = f"{path}/{made['id']}"
    shown = (await lab.get(own))["webhook_subscription"]
    assert shown["delivery_method"]["secret"] is None
    assert shown["delivery_method"]["custom_headers"][0]["value"] == "-- redacted --"
    change = {"webhook_subscription": {"events": ["incident.resolved"], "active": False}}
    changed = (await lab.client.put(own, json=change)).json()["webhook_subscription"]
    assert (changed["events"], changed["active"]) == (["incident.resolved"], False)
    assert (await lab.client.post(f"{own}/enable")).status_code == 200
    assert len((await lab.get(path, filter_type="account"))["webhook_subscriptions"]) == 1
    assert (await lab.get(path, filter_type="team"))["webhook_subscriptions"] == []
    assert (await lab.client.delete(own)).status_code == 204
    assert (await lab.client.get(own)).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        subscription("http://bot.example.com/x"),
        subscription("https://203.0.113.7/x"),
        subscription(events=["incident.exploded"]),
        subscription(events=[]),
        subscription(filter={"type": "service_reference"}),
        {},
    ],
)
async def test_refuses_wrong_subscriptions(lab: Lab, body: dict[str, Any]) -> None:
    assert code_of(await lab.client.post("/webhook_subscriptions", json=body)) == (400, 2001)


async def test_other_wrong_requests(lab: Lab) -> None:
    form = await lab.client.post("/incidents", data={"title": "x"})
    assert code_of(form) == (400, 2001)
    assert "params must be a Hash" in form.text
    json_type = {"Content-Type": "application/json"}
    for raw in (b"{", b"[]"):
        answer = await lab.client.post("/incidents", content=raw, headers=json_type)
        assert code_of(answer) == (400, 2001)
    assert code_of(await lab.client.get("/nothing")) == (404, 2100)
    assert code_of(await lab.client.get("/incidents/QNONE")) == (404, 5001)


# --- the rest of the operations


async def test_unacknowledging(lab: Lab) -> None:
    own = (await lab.create())["id"]
    assert (await lab.put(own, status="triggered")).status_code == 200
    await lab.put(own, status="acknowledged")
    back = (await lab.put(own, status="triggered")).json()["incident"]
    assert (back["status"], back["acknowledgements"]) == ("triggered", [])


async def test_reopening_for_somebody(lab: Lab) -> None:
    own = (await lab.create())["id"]
    erin = {"id": (await lab.user("erin"))["id"], "type": "user_reference"}
    await lab.put(own, status="resolved")
    assert code_of(await lab.put(own, assignments=[{"assignee": erin}])) == (400, 1001)
    assigned = [{"assignee": erin}]
    opened = (await lab.put(own, status="triggered", assignments=assigned)).json()["incident"]
    assert opened["assignments"][0]["assignee"]["summary"] == "Erin"
    await lab.put(own, status="resolved")
    policy = {"id": "PEPSRCH", "type": "escalation_policy_reference"}
    moved = (await lab.put(own, status="triggered", escalation_policy=policy)).json()["incident"]
    assert moved["escalation_policy"]["id"] == "PEPSRCH"
    both = await lab.put(own, assignments=assigned, escalation_policy=policy)
    assert code_of(both) == (400, 2001)


async def test_asking_a_whole_policy(lab: Lab) -> None:
    own = (await lab.create())["id"]
    target = {"id": "PEPSRCH", "type": "escalation_policy_reference"}
    body = {
        "requester_id": (await lab.user("alice"))["id"],
        "responder_request_targets": [{"responder_request_target": target}],
    }
    path = f"/incidents/{own}/responder_requests"
    asked = (await lab.client.post(path, json=body)).json()["responder_request"]
    found = asked["responder_request_targets"][0]["responder_request_target"]
    assert found["type"] == "escalation_policy"
    assert [one["user"]["summary"] for one in found["incidents_responders"]] == ["Carol"]
    flat = {"responder_request_targets": [target]}
    cancelled = (await lab.client.put(f"{path}/cancel", json=flat)).json()
    assert cancelled["responder_request_targets"][0]["result"] == "cancelled"
    assert (await lab.get(f"/incidents/{own}"))["incident"]["incidents_responders"] == []
    lab.pagerduty.desk.account.abilities.remove("coordinated_responding")
    assert code_of(await lab.client.post(path, json=body)) == (402, 2014)


async def test_single_objects(lab: Lab) -> None:
    made = await lab.create()
    include = {"include[]": ["escalation_policies", "teams"]}
    service = (await lab.get("/services/PCHECKO", **include))["service"]
    assert service["escalation_policy"]["type"] == "escalation_policy"
    policy = (await lab.get("/escalation_policies/PEPCHKO"))["escalation_policy"]
    assert [one["id"] for one in policy["services"]] == ["PCHECKO"]
    assert [one["name"] for one in (await lab.get("/teams"))["teams"]] == ["Platform"]
    assert "teams" in (await lab.get("/abilities"))["abilities"]
    entry = made["first_trigger_log_entry"]["id"]
    assert (await lab.get(f"/log_entries/{entry}"))["log_entry"]["type"] == "trigger_log_entry"
    for kind in ("users", "services", "escalation_policies", "schedules", "log_entries"):
        assert code_of(await lab.client.get(f"/{kind}/PNONE")) == (404, 2100)
    lab.pagerduty.desk.account.priorities.clear()
    assert code_of(await lab.client.get("/priorities")) == (402, 2014)
    users = f"/ui/users/{(await lab.user('alice'))['id']}"
    assert "Alice" in (await lab.client.get(users)).text


async def test_ping(lab: Lab) -> None:
    made = await lab.client.post("/webhook_subscriptions", json=subscription("http://127.0.0.1:1/"))
    own = made.json()["webhook_subscription"]["id"]
    assert (await lab.client.post(f"/webhook_subscriptions/{own}/ping")).status_code == 202
    deliveries = lab.pagerduty.snapshot()["webhooks"]["deliveries"]
    assert [one["event_type"] for one in deliveries] == ["pagey.ping"]
