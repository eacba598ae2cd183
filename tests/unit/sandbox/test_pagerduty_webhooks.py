"""What the PagerDuty stand-in sends, and what people and timeouts do in it."""

import asyncio
import hashlib
import hmac
import json
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from bot.sandbox.pagerduty import PagerDuty

pytestmark = pytest.mark.asyncio
CONTRACTS = os.environ.get("MUSTER_CONTRACTS")
SECRET = "a secret"
PEOPLE = [
    {"id": f"U{name}", "real_name": name.title(), "email": f"{name}@example.com", "tz": "Etc/UTC"}
    for name in ("alice", "bob", "carol", "dave", "erin")
]


@dataclass
class Bot:
    """What receives the webhooks; `answers` are given in turn, then 202."""

    now: datetime = field(default_factory=lambda: datetime(2026, 3, 4, 12, 0, tzinfo=UTC))
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    pagerduty: PagerDuty = field(init=False)

    async def receive(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.requests.append((dict(request.headers), raw))
        return web.Response(status=self.answers.pop(0) if self.answers else 202)

    async def act(self, action: str, who: str | None = "alice@example.com", **more: Any) -> Any:
        answer = await self.pagerduty.act({"action": action, "as": who} | more)
        assert answer["ok"], answer
        return answer["incident"]

    async def events(self) -> list[dict[str, Any]]:
        """Everything received since the last time."""
        await self.pagerduty.idle()
        found = [json.loads(raw)["event"] for _, raw in self.requests]
        self.requests.clear()
        return found

    async def types(self) -> list[str]:
        return [event["event_type"] for event in await self.events()]

    def states(self) -> list[str]:
        deliveries = self.pagerduty.snapshot()["webhooks"]["deliveries"]
        return [one["state"] for one in reversed(deliveries)]


@pytest_asyncio.fixture
async def bot() -> AsyncIterator[Bot]:
    bot = Bot()
    app = web.Application()
    app.router.add_post("/webhooks/pagerduty", bot.receive)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    bot.pagerduty = PagerDuty(
        clock=lambda: bot.now,
        changed=lambda: None,
        people=PEOPLE,
        base_url="http://127.0.0.1:8400/pagerduty",
        webhook_url=f"http://127.0.0.1:{runner.addresses[0][1]}",
        webhook_secret=SECRET,
        retry_scale=0.001,
    )
    yield bot
    await bot.pagerduty.close()
    await runner.cleanup()


# --- what is sent


async def test_is_signed_and_has_the_documented_shape(bot: Bot) -> None:
    made = await bot.act("trigger", title="Größer", priority="P1", client="Phone")
    await bot.pagerduty.idle()
    headers, raw = bot.requests[0]
    expected = "v1=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    assert headers["X-PagerDuty-Signature"] == expected
    assert headers["User-Agent"] == "PagerDuty-Webhook/V3.0"
    assert headers["X-Webhook-Subscription"] == "PSANDBX"
    assert headers["X-Webhook-Id"]
    event = json.loads(raw)["event"]
    data = event.pop("data")
    assert event.pop("id")
    assert event.pop("agent")["summary"] == "Alice"
    assert event == {
        "event_type": "incident.triggered",
        "resource_type": "incident",
        "occurred_at": "2026-03-04T12:00:00.000Z",
        "client": {"name": "Phone"},
    }
    assert set(data) == {
        *("id", "type", "self", "html_url", "number", "status", "incident_key", "created_at"),
        *("title", "service", "assignees", "escalation_policy", "teams", "priority", "urgency"),
        *("conference_bridge", "resolve_reason", "incident_type", "reopened_at"),
    }
    assert (data["id"], data["number"], data["title"]) == (made["id"], 1, "Größer")
    assert data["assignees"][0]["type"] == "user_reference"
    assert data["priority"]["summary"] == "P1"


@pytest.mark.parametrize(
    ("acts", "expected"),
    [
        (["acknowledge"], ["acknowledged"]),
        (["acknowledge", "unacknowledge"], ["acknowledged", "unacknowledged"]),
        (["resolve", "reopen"], ["resolved", "reopened"]),
        ([{"action": "reassign", "to": "erin"}], ["reassigned"]),
        ([{"action": "delegate", "policy": "PEPSRCH"}], ["delegated"]),
        ([{"action": "escalate", "level": 2}], ["escalated"]),
        ([{"action": "note", "text": "hi"}], ["annotated"]),
        ([{"action": "priority", "name": "P3"}], ["priority_updated"]),
        ([{"action": "priority", "name": None}], []),
        ([{"action": "urgency", "value": "low"}], []),
        ([{"action": "title", "text": "other"}], []),
        ([{"action": "move", "service": "Search"}], ["service_updated"]),
        ([{"action": "responder", "to": "erin"}], ["responder.added"]),
        ([{"action": "status_update", "text": "soon"}], ["status_update_published"]),
        ([{"action": "conference_bridge", "url": "https://x"}], ["conference_bridge.updated"]),
        ([{"action": "snooze", "seconds": 60}], ["acknowledged"]),
    ],
)
async def test_every_change_has_its_event(bot: Bot, acts: list[Any], expected: list[str]) -> None:
    own = (await bot.act("trigger"))["id"]
    await bot.events()
    for act in acts:
        body = {"action": act} if isinstance(act, str) else act
        await bot.act(**body, incident=own)
    assert await bot.types() == [f"incident.{name}" for name in expected]


async def test_shapes_of_events_that_are_not_about_the_incident(bot: Bot) -> None:
    own = (await bot.act("trigger", title="Slow"))["id"]
    await bot.act("note", incident=own, text="x" * 30_000)
    await bot.act("responder", incident=own, to="erin", text="please")
    await bot.act("responder_reply", incident=own, to="erin", state="declined")
    await bot.act("status_update", incident=own, text="soon")
    _, note, added, replied, update = [event["data"] for event in await bot.events()]
    assert all(one["incident"]["summary"] == "Slow" for one in (note, added, replied, update))
    assert (note["type"], note["trimmed"], len(note["content"])) == ("incident_note", True, 25_000)
    assert (added["type"], added["state"], added["message"]) == (
        "incident_responder",
        "pending",
        "please",
    )
    assert (added["user"]["summary"], added["escalation_policy"]) == ("Erin", None)
    assert replied["state"] == "declined"
    assert (update["type"], update["message"]) == ("incident_status_update", "soon")


async def test_who_did_it(bot: Bot) -> None:
    own = (await bot.act("trigger", None, service="Payments"))["id"]
    await bot.act("escalation_timeout", None, incident=own)
    await bot.act("acknowledge", "bob@example.com", incident=own)
    await bot.act("acknowledgement_timeout", None, incident=own)
    await bot.act("auto_resolve", None, incident=own)
    agents = [(event["agent"] or {}).get("summary") for event in await bot.events()]
    assert agents == ["Payments", None, "Bob", None, None]


async def test_services_have_events_too(bot: Bot) -> None:
    await bot.act("add_service", name="Billing")
    await bot.act("rename_service", service="Billing", name="Invoices")
    await bot.act("delete_service", service="Invoices")
    events = await bot.events()
    assert [one["event_type"] for one in events] == [
        "service.created",
        "service.updated",
        "service.deleted",
    ]
    assert [one["data"]["summary"] for one in events] == ["Billing", "Invoices", "Invoices"]


SHAPES = {
    "incident": {"action": "priority", "name": "P1"},
    "incident_note": {"action": "note", "text": "hi"},
    "incident_responder": {"action": "responder", "to": "erin"},
    "incident_status_update": {"action": "status_update", "text": "soon"},
    "incident_conference_bridge": {"action": "conference_bridge", "url": "https://x"},
}


@pytest.mark.skipif(CONTRACTS is None, reason="MUSTER_CONTRACTS is not set")
@pytest.mark.parametrize("shape", SHAPES)
async def test_has_exactly_the_keys_of_the_documentation(bot: Bot, shape: str) -> None:
    folder = Path(str(CONTRACTS)) / "fixtures" / "pagerduty" / "webhook"
    expected = json.loads((folder / "data_shapes" / f"{shape}.json").read_text())
    own = (await bot.act("trigger"))["id"]
    await bot.events()
    await bot.act(**SHAPES[shape], incident=own)
    event = (await bot.events())[0]
    captured = json.loads((folder / "real.incident.escalated.json").read_text())["event"]
    assert event.keys() == captured.keys()
    assert event["agent"].keys() == captured["agent"].keys()
    assert event["data"].keys() == expected.keys()


# --- delivery


@pytest.mark.parametrize("failure", [500, 503, 429])
async def test_retries_and_keeps_the_order(bot: Bot, failure: int) -> None:
    bot.answers = [failure, failure]
    own = (await bot.act("trigger"))["id"]
    await bot.act("acknowledge", incident=own)
    await bot.act("resolve", incident=own)
    await bot.pagerduty.idle()
    ids = [headers["X-Webhook-Id"] for headers, _ in bot.requests]
    assert ids[0] == ids[1] == ids[2]
    assert len(set(ids)) == 3
    types = await bot.types()
    assert types[2:] == ["incident.triggered", "incident.acknowledged", "incident.resolved"]
    assert bot.states() == ["delivered"] * 3


async def test_retries_when_nobody_listens(bot: Bot) -> None:
    url = bot.pagerduty.desk.account.subscriptions["PSANDBX"].url
    bot.pagerduty.desk.account.subscriptions["PSANDBX"].url = "http://127.0.0.1:1/"
    await bot.act("trigger")
    while bot.states() != ["retrying"]:  # noqa: ASYNC110 - nothing to wait for from outside
        await asyncio.sleep(0.001)
    bot.pagerduty.desk.account.subscriptions["PSANDBX"].url = url
    assert await bot.types() == ["incident.triggered"]


async def test_gives_up_after_two_days(bot: Bot) -> None:
    bot.answers = [500] * 3
    await bot.act("trigger")
    bot.now += timedelta(hours=49)
    await bot.pagerduty.idle()
    assert bot.states() == ["dropped"]


async def test_three_refusals_in_a_row_disable_the_subscription(bot: Bot) -> None:
    bot.answers = [400, 202, 401, 404, 410]
    for _ in range(5):
        await bot.act("trigger")
        await bot.pagerduty.idle()
    assert bot.states() == ["dropped", "delivered", "dropped", "dropped", "dropped"]
    shown = bot.pagerduty.snapshot()["webhooks"]["subscriptions"][0]
    assert shown["delivery_method"]["temporarily_disabled"]
    bot.requests.clear()
    await bot.act("trigger")
    assert await bot.types() == []
    bot.now += timedelta(hours=24)
    await bot.act("trigger")
    assert await bot.types() == ["incident.triggered"]


async def test_filters(bot: Bot) -> None:
    subscription = bot.pagerduty.desk.account.subscriptions["PSANDBX"]
    subscription.filter = {"type": "service_reference", "id": "PSEARCH"}
    await bot.act("trigger", service="Payments")
    await bot.act("trigger", service="Search")
    subscription.filter = {"type": "team_reference", "id": "PTEAMPL"}
    subscription.events = ["incident.resolved"]
    own = (await bot.act("trigger"))["id"]
    await bot.act("resolve", incident=own)
    events = await bot.events()
    shown = [(one["event_type"], one["data"]["service"]["summary"]) for one in events]
    assert shown == [("incident.triggered", "Search"), ("incident.resolved", "Checkout API")]


async def test_late_twice_never_reorder(bot: Bot) -> None:
    own = (await bot.act("trigger", deliver="twice"))["id"]
    await bot.pagerduty.idle()
    ids = [headers["X-Webhook-Id"] for headers, _ in bot.requests]
    assert (len(ids), len(set(ids))) == (2, 1)
    await bot.events()
    await bot.act("acknowledge", incident=own, deliver="never")
    await bot.act("note", incident=own, text="late", deliver="late")
    assert await bot.types() == []
    assert bot.pagerduty.snapshot()["webhooks"]["held"] == 1
    await bot.act("release_webhooks")
    assert await bot.types() == ["incident.annotated"]
    await bot.act("unacknowledge", incident=own, deliver="reorder")
    await bot.act("resolve", incident=own)
    assert await bot.types() == ["incident.resolved", "incident.unacknowledged"]
    for text in ("one", "two"):
        await bot.act("note", incident=own, text=text, deliver="late")
    await bot.act("release_webhooks", shuffle=True)
    assert [event["data"]["content"] for event in await bot.events()] == ["two", "one"]
    wrong = await bot.pagerduty.act(
        {"action": "note", "incident": own, "text": "x", "deliver": "?"}
    )
    assert not wrong["ok"]


async def test_webhooks_can_be_switched_off(bot: Bot) -> None:
    bot.pagerduty.webhooks = False
    await bot.act("trigger")
    assert await bot.types() == []
    bot.pagerduty.webhooks = True
    await bot.act("ping", None)
    event = (await bot.events())[0]
    assert (event["event_type"], event["resource_type"]) == ("pagey.ping", "pagey")


# --- storms and mistakes


async def test_a_storm_is_quick(bot: Bot) -> None:
    start = time.monotonic()
    answer = await bot.pagerduty.act({"action": "trigger", "count": 1000, "title": "{n} is down"})
    assert time.monotonic() - start < 10
    assert len(set(answer["incidents"])) == 1000
    assert len(await bot.events()) == 1000
    snapshot = bot.pagerduty.snapshot()
    assert (len(snapshot["incidents"]), snapshot["incident_count"]) == (200, 1000)
    assert snapshot["incidents"][0]["title"] == "1000 is down"


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ({"action": "dance"}, "unknown action dance"),
        ({"action": "resolve", "incident": "QNONE"}, "Incident Not Found"),
        ({"action": "trigger", "service": "Nothing"}, "no service Nothing"),
        ({"action": "trigger", "as": "dave@example.com"}, "has no PagerDuty account"),
        ({"action": "trigger", "urgency": "medium"}, "Urgency must be one of"),
        ({"action": "acknowledge", "incident": 1}, "only a person can do this"),
        ({"action": "responder_reply", "incident": 1, "to": "bob", "state": "?"}, "state must be"),
        (
            {"action": "responder_reply", "incident": 1, "to": "bob", "state": "accepted"},
            "not asked",
        ),
        ({"action": "reassign", "incident": 1, "to": "dave"}, "no PagerDuty account"),
        ({"action": "delegate", "incident": 1, "policy": "P"}, "no escalation policy P"),
        ({"action": "escalate", "incident": 1, "level": 9}, "level 9 does not exist"),
    ],
)
async def test_says_what_is_wrong(bot: Bot, body: dict[str, Any], error: str) -> None:
    await bot.act("trigger")
    answer = await bot.pagerduty.act(body)
    assert not answer["ok"]
    assert error in answer["error"]


async def test_escalation_ends(bot: Bot) -> None:
    own = (await bot.act("trigger", service="Search"))["id"]
    for _ in range(2):
        await bot.act("escalation_timeout", None, incident=own)
    assert await bot.types() == ["incident.triggered", "incident.escalated"]
    shown = bot.pagerduty.snapshot()["incidents"][0]
    assert shown["log"][0]["type"] == "exhaust_escalation_path_log_entry"


async def test_people_without_an_account(bot: Bot) -> None:
    names = {user["name"] for user in bot.pagerduty.snapshot()["users"]}
    assert names == {"Alice", "Bob", "Carol", "Dave K.", "Erin"}
    more = [
        {"real_name": "Guest", "email": "guest@example.com", "is_restricted": True},
        {"real_name": "Gone", "email": "gone@example.com", "deleted": True},
        {"real_name": "Robot", "email": "robot@example.com", "is_bot": True},
    ]
    stranger: Callable[[], datetime] = lambda: bot.now  # noqa: E731
    other = PagerDuty(
        clock=stranger,
        changed=lambda: None,
        people=more,
        base_url="http://x",
        webhook_url=None,
        webhook_secret="",
    )
    assert [user["name"] for user in other.snapshot()["users"]] == ["Dave K."], "known there only"
    assert not (await other.act({"action": "trigger"}))["ok"]
    await other.close()
