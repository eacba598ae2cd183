"""What is sent to PagerDuty, and what its answers mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.incident import EntryKind, Status, Urgency
from bot.errors import ProviderError, Reason
from bot.ports import PageRequest
from bot.providers.pagerduty import PagerDuty

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.providers.conftest import Vendor

BY = "ana@acme.test"
REQUEST = PageRequest(title="Down", details="All red", service_id="PSVC", urgency=Urgency.HIGH)
OPEN = "POST /incidents"
FIND = "GET /incidents"
ONE = "GET /incidents/Q1"
CHANGE = "PUT /incidents/Q1"


def incident(**more: Any) -> dict[str, Any]:
    data = {
        "id": "Q1",
        "type": "incident",
        "incident_number": 1,
        "title": "Down",
        "status": "triggered",
        "urgency": "high",
        "incident_key": "k1",
        "created_at": "2026-03-01T12:00:00Z",
    }
    return {"incident": data | more}


def listed(*incidents: dict[str, Any], more: bool = False) -> dict[str, Any]:
    return {"incidents": [one["incident"] for one in incidents], "more": more}


def refusal(code: int, *errors: str, status: int = 400) -> tuple[int, dict[str, Any]]:
    return status, {"error": {"message": "Invalid Input", "code": code, "errors": list(errors)}}


@pytest.fixture
async def pager(vendor: Vendor) -> AsyncIterator[PagerDuty]:
    client = PagerDuty("u+token", vendor.url)
    yield client
    await client.aclose()


async def refused(call: Any) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await call
    return raised.value


class TestOpen:
    async def test_what_is_sent(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {FIND: listed(), OPEN: (201, incident())}
        page = await pager.open(REQUEST, key="k1", by=BY)
        assert (page.id, page.key) == ("Q1", "k1")
        sent = vendor.asked[-1]
        assert sent.headers["From"] == BY
        assert sent.headers["Authorization"] == "Token token=u+token"
        assert sent.headers["Accept"] == "application/vnd.pagerduty+json;version=2"
        assert sent.body == {
            "incident": {
                "type": "incident",
                "title": "Down",
                "service": {"id": "PSVC", "type": "service_reference"},
                "urgency": "high",
                "incident_key": "k1",
                "body": {"type": "incident_body", "details": "All red"},
            }
        }
        assert vendor.asked[0].query["incident_key"] == ["k1"]
        assert vendor.asked[0].query["date_range"] == ["all"]

    async def test_what_is_there_is_returned(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {FIND: listed(incident(status="resolved"))}
        page = await pager.open(REQUEST, key="k1", by=BY)
        assert page.status is Status.RESOLVED
        assert vendor.calls() == [FIND]

    async def test_somebody_was_faster(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {
            FIND: [listed(), listed(incident())],
            OPEN: refusal(2001, "Open incident with matching dedup key already exists"),
        }
        assert (await pager.open(REQUEST, key="k1", by=BY)).id == "Q1"

    async def test_other_refusals_stay(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {FIND: listed(), OPEN: refusal(2001, "Service is disabled", "Sorry")}
        error = await refused(pager.open(REQUEST, key="k1", by=BY))
        assert (error.reason, error.code) == (Reason.INVALID, "2001")
        assert error.detail == "answered 400: Invalid Input Service is disabled Sorry"

    @pytest.mark.parametrize("by", ["ana@acme.test\r\nX-Evil: 1", "ana\u2603@acme.test"])
    async def test_a_from_that_cannot_be_sent(
        self, vendor: Vendor, pager: PagerDuty, by: str
    ) -> None:
        vendor.answers = {FIND: listed()}
        error = await refused(pager.open(REQUEST, key="k1", by=by))
        assert (error.reason, error.code) == (Reason.INVALID, "1008")  # as an unknown one
        assert vendor.calls() == [FIND]

    async def test_unknown_from(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {FIND: listed(), OPEN: refusal(1008, "Requester User Not Found")}
        error = await refused(pager.open(REQUEST, key="k1", by=BY))
        assert (error.reason, error.code) == (Reason.INVALID, "1008")
        assert vendor.calls() == [FIND, OPEN]

    async def test_a_long_title_is_cut_and_kept(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {FIND: listed(), OPEN: (201, incident())}
        long = "x" * 1500
        wish = PageRequest(title=long, details="d", service_id="P", urgency=Urgency.LOW)
        await pager.open(wish, key="k1", by=BY)
        sent = vendor.asked[-1].body["incident"]
        assert len(sent["title"]) == 1024
        assert long in sent["body"]["details"]

    async def test_priority_by_name(self, vendor: Vendor, pager: PagerDuty) -> None:
        known = {"priorities": [{"id": "PP1", "name": "P1", "summary": "P1"}]}
        vendor.answers = {FIND: listed(), OPEN: (201, incident()), "GET /priorities": known}
        wish = PageRequest(
            title="t", details="", service_id="P", urgency=Urgency.HIGH, priority="p1"
        )
        await pager.open(wish, key="k1", by=BY)
        reference = {"id": "PP1", "type": "priority_reference"}
        assert vendor.asked[-1].body["incident"]["priority"] == reference
        vendor.answers["GET /priorities"] = (500, {})  # paging goes on without it
        await pager.open(wish, key="k1", by=BY)
        assert "priority" not in vendor.asked[-1].body["incident"]

    async def test_only_the_exact_key_counts(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {FIND: listed(incident(incident_key=None), incident(incident_key="k10"))}
        assert await pager.find("k1") is None
        newer = incident(id="Q2", status="resolved", created_at="2026-03-02T12:00:00Z")
        vendor.answers = {FIND: listed(incident(), newer)}
        found = await pager.find("k1")
        assert found is not None
        assert found.id == "Q1"  # the open one


class TestChange:
    async def test_acknowledge(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {ONE: incident(), CHANGE: incident(status="acknowledged")}
        assert (await pager.acknowledge("Q1", by=BY)).status is Status.ACKNOWLEDGED
        assert vendor.asked[-1].body == {
            "incident": {"type": "incident_reference", "status": "acknowledged"}
        }
        assert vendor.asked[-1].headers["From"] == BY

    async def test_acknowledging_never_reopens(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {ONE: incident(status="resolved")}
        error = await refused(pager.acknowledge("Q1", by=BY))
        assert (error.reason, error.code) == (Reason.CONFLICT, "1001")
        assert vendor.calls() == [ONE]

    async def test_acknowledged_already_is_fine(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {ONE: incident(status="acknowledged")}
        await pager.acknowledge("Q1", by=BY)
        assert vendor.calls() == [ONE]

    async def test_resolve(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {CHANGE: incident(status="resolved")}
        await pager.resolve("Q1", by=BY, resolution="Rolled back")
        sent = vendor.asked[-1].body["incident"]
        assert (sent["status"], sent["resolution"]) == ("resolved", "Rolled back")

    async def test_resolved_already_is_fine(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {CHANGE: refusal(1001), ONE: incident(status="resolved")}
        assert (await pager.resolve("Q1", by=BY)).status is Status.RESOLVED

    async def test_reopen_leaves_open_ones_alone(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {ONE: incident(status="acknowledged")}
        assert (await pager.reopen("Q1", by=BY)).status is Status.ACKNOWLEDGED
        vendor.answers = {ONE: incident(status="resolved"), CHANGE: incident()}
        assert (await pager.reopen("Q1", by=BY)).status is Status.TRIGGERED
        assert vendor.asked[-1].body["incident"]["status"] == "triggered"

    async def test_reassign_escalate_prioritise(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {CHANGE: incident()}
        await pager.reassign("Q1", "PBEN", by=BY)
        await pager.escalate("Q1", by=BY, level=2)
        await pager.escalate("Q1", by=BY, policy_id="PPOL")
        await pager.set_priority("Q1", "P2", by=BY)
        sent = [dict(one.body["incident"]) for one in vendor.asked]
        assert [one.pop("type") for one in sent] == ["incident_reference"] * 4
        assert sent == [
            {"assignments": [{"assignee": {"id": "PBEN", "type": "user_reference"}}]},
            {"escalation_level": 2},
            {"escalation_policy": {"id": "PPOL", "type": "escalation_policy_reference"}},
            {"priority": "P2"},
        ]
        vendor.answers = {CHANGE: refusal(1006, "No such level")}
        assert (await refused(pager.escalate("Q1", by=BY, level=9))).code == "1006"
        assert (await refused(pager.escalate("Q1", by=BY))).reason is Reason.INVALID

    async def test_ids_cannot_leave_their_place(self, vendor: Vendor, pager: PagerDuty) -> None:
        await refused(pager.page("../users/me", history=False))
        assert vendor.asked[0].path.startswith("/incidents/..")

    async def test_notes(self, vendor: Vendor, pager: PagerDuty) -> None:
        path = "/incidents/Q1/notes"
        vendor.answers = {
            f"POST {path}": {"note": {"id": "PN1", "content": "hi"}},
            f"GET {path}": {
                "notes": [{"id": "PN0", "content": "other"}, {"id": "PN1", "content": "hi\n"}]
            },
        }
        assert await pager.add_note("Q1", "hi", by=BY) == "PN1"
        assert vendor.asked[-1].body == {"note": {"content": "hi"}}
        assert await pager.find_note("Q1", "hi") == "PN1"
        assert await pager.find_note("Q1", "ho") is None

    async def test_status_updates(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {"POST /incidents/Q1/status_updates": {"status_update": {"id": "PU1"}}}
        assert await pager.publish("Q1", "We work on it", by=BY) == "PU1"
        assert vendor.asked[-1].body == {"message": "We work on it"}

    async def test_request_responder(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {
            "GET /users": {"users": [{"id": "PANA", "name": "Ana", "email": "Ana@Acme.test"}]},
            "POST /incidents/Q1/responder_requests": {"responder_request": {}},
        }
        await pager.request_responder("Q1", "PBEN", by=BY, message="Come")
        assert vendor.asked[-1].body == {
            "requester_id": "PANA",
            "message": "Come",
            "responder_request_targets": [
                {"responder_request_target": {"id": "PBEN", "type": "user_reference"}}
            ],
        }
        error = await refused(pager.request_responder("Q1", "PBEN", by="who@acme.test"))
        assert error.code == "1008"


class TestRead:
    async def test_history(self, vendor: Vendor, pager: PagerDuty) -> None:
        agent = {"id": "PANA", "type": "user_reference", "summary": "Ana"}
        entries = [
            {
                "id": "R2",
                "type": "resolve_log_entry",
                "created_at": "2026-03-01T12:09:00Z",
                "agent": agent,
            },
            {
                "id": "R1",
                "type": "acknowledge_log_entry",
                "created_at": "2026-03-01T12:01:00Z",
                "agent": agent,
            },
        ]
        vendor.answers = {
            ONE: incident(status="resolved"),
            "GET /incidents/Q1/log_entries": [
                {"log_entries": entries[:1], "more": True},
                {"log_entries": entries[1:], "more": False},
            ],
            "GET /incidents/Q1/notes": {"notes": []},
        }
        page = await pager.page("Q1")
        assert [one.kind for one in page.events] == [EntryKind.ACKNOWLEDGED, EntryKind.RESOLVED]
        assert page.acknowledged_at == datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
        offsets = [a.query["offset"] for a in vendor.asked if a.path.endswith("log_entries")]
        assert offsets == [["0"], ["100"]]

    @pytest.mark.parametrize("status", [402, 403, 404])
    async def test_history_that_may_not_be_read(
        self, vendor: Vendor, pager: PagerDuty, status: int
    ) -> None:
        vendor.answers = {ONE: incident()}
        for name in ("log_entries", "notes"):
            vendor.answers[f"GET /incidents/Q1/{name}"] = (status, {})
        assert (await pager.page("Q1")).events == ()

    async def test_history_that_cannot_be_read_now(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {ONE: incident(), "GET /incidents/Q1/log_entries": (503, {})}
        assert (await refused(pager.page("Q1"))).reason is Reason.UNAVAILABLE

    async def test_lists(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {FIND: listed(incident())}
        assert [page.id for page in await pager.open_pages()] == ["Q1"]
        assert vendor.asked[-1].query["statuses[]"] == ["triggered", "acknowledged"]
        asked_before = len(vendor.asked)
        since = datetime.now(UTC) - timedelta(days=75)
        assert [page.id for page in await pager.pages_since(since)] == ["Q1"]  # never doubled
        windows = vendor.asked[asked_before:]
        assert len(windows) == 3
        assert windows[0].query["until"] == windows[1].query["since"]

    async def test_more_than_pagerduty_tells_at_once(
        self, vendor: Vendor, pager: PagerDuty, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for module in ("calls", "incidents"):
            monkeypatch.setattr(f"bot.providers.pagerduty.{module}.LAST_OFFSET", 1)
        since = datetime.now(UTC) - timedelta(days=10)
        first = incident(id="Q1", created_at=(since + timedelta(days=1)).isoformat())
        last = incident(id="Q2", created_at=(since + timedelta(days=2)).isoformat())
        vendor.answers = {FIND: [listed(first, more=True), listed(last, more=True), listed()]}
        assert [page.id for page in await pager.pages_since(since)] == ["Q1", "Q2"]
        starts = [one.query["since"] for one in vendor.asked]
        assert len(starts) == 3
        assert starts == sorted(starts)

    async def test_changed_since(self, vendor: Vendor, pager: PagerDuty) -> None:
        entries = [
            {"type": "resolve_log_entry", "incident": {"id": "Q2"}},
            {"type": "notify_log_entry", "incident": {"id": "Q3"}},
            {"type": "annotate_log_entry", "incident": {"id": "Q1"}},
            {"type": "assign_log_entry", "incident": {"id": "Q2"}},
            {"type": "assign_log_entry", "incident": None},
        ]
        vendor.answers = {"GET /log_entries": {"log_entries": entries, "more": False}}
        at = datetime(2026, 3, 1, 12, tzinfo=UTC)
        assert await pager.changed_since(at) == ["Q1", "Q2"]
        assert vendor.asked[-1].query["since"] == ["2026-03-01T12:00:00Z"]

    async def test_people(self, vendor: Vendor, pager: PagerDuty) -> None:
        users = [
            {"id": "P1", "name": "Ana B", "email": "ana@acme.test.example"},
            {"id": "P2", "name": "Ana", "email": "ANA@acme.test"},
        ]
        vendor.answers = {"GET /users": {"users": users, "more": False}}
        found = await pager.user_by_email(" ana@Acme.test ")
        assert found is not None
        assert found.id == "P2"
        assert await pager.user_by_email("") is None
        assert [user.name for user in await pager.users()] == ["Ana B", "Ana"]

    async def test_on_call(self, vendor: Vendor, pager: PagerDuty) -> None:
        policy = {"id": "PPOL", "summary": "Web", "escalation_rules": [{}, {}]}

        def shift(user: str, level: int, schedule: str | None, end: str | None) -> dict[str, Any]:
            return {
                "user": {"id": user, "summary": user, "email": f"{user}@acme.test"},
                "escalation_policy": policy,
                "escalation_level": level,
                "schedule": {"id": "S", "summary": schedule} if schedule else None,
                "end": end,
            }

        vendor.answers = {
            "GET /services/PSVC": {"service": {"id": "PSVC", "escalation_policy": policy}},
            "GET /oncalls": {
                "oncalls": [
                    shift("ben", 2, None, None),
                    shift("ana", 1, "Week", "2026-03-02T09:00:00Z"),
                    shift("ana", 1, "Nights", "2026-03-03T09:00:00Z"),
                ],
                "more": False,
            },
        }
        found = await pager.on_call("PSVC")
        assert [(one.user.id, one.level, one.schedule) for one in found] == [
            ("ana", 1, "Week"),
            ("ben", 2, None),
        ]
        assert vendor.asked[-1].query["escalation_policy_ids[]"] == ["PPOL"]

    async def test_policies_of_services(self, vendor: Vendor, pager: PagerDuty) -> None:
        full = {"id": "PPOL", "name": "Web", "escalation_rules": [{}, {}, {}]}
        vendor.answers = {
            "GET /services/PSVC": {
                "service": {"escalation_policy": {"id": "PPOL", "summary": "Web"}}
            },
            "GET /escalation_policies/PPOL": {"escalation_policy": full},
            "GET /escalation_policies": {"escalation_policies": [full]},
            "GET /services": {"services": [{"id": "PSVC", "name": "Checkout"}]},
        }
        assert await pager.policy_of("PSVC") == ("PPOL", "Web", 3)
        assert await pager.policies() == {"PPOL": ("Web", 3)}
        assert await pager.services() == {"PSVC": "Checkout"}

    async def test_what_an_account_has(self, vendor: Vendor, pager: PagerDuty) -> None:
        vendor.answers = {
            "GET /priorities": (402, {}),
            "GET /abilities": {"abilities": ["teams"]},
            "GET /users/me": refusal(2001, "Only with user tokens"),
        }
        assert await pager.priorities() == []
        assert await pager.abilities() == ["teams"]
        assert await pager.is_account_key()
        vendor.answers["GET /users/me"] = {"user": {}}
        assert not await pager.is_account_key()
        vendor.answers["GET /users/me"] = (403, {})
        await refused(pager.is_account_key())

    async def test_rate_limit_without_retry_after(self, vendor: Vendor, pager: PagerDuty) -> None:
        body = {"error": {"message": "Rate Limit Exceeded", "code": 2020}}
        vendor.answers = {"GET /abilities": (429, body, {"ratelimit-reset": "20"})}
        error = await refused(pager.abilities())
        assert (error.reason, error.retry_after, error.code) == (Reason.RATE_LIMITED, 20.0, "2020")
        vendor.answers = {"GET /abilities": (500, {}, {"ratelimit-reset": "20"})}
        assert (await refused(pager.abilities())).retry_after is None

    async def test_a_clear_status_wins_over_a_vague_code(
        self, vendor: Vendor, pager: PagerDuty
    ) -> None:
        for status, code, reason in (
            (401, 2001, Reason.AUTH),
            (429, 2001, Reason.RATE_LIMITED),
            (403, 2010, Reason.INVALID),
            (400, 2006, Reason.AUTH),
            (400, 2020, Reason.RATE_LIMITED),
        ):
            vendor.answers = {"GET /abilities": refusal(code, status=status)}
            assert (await refused(pager.abilities())).reason is reason

    async def test_oauth_errors_and_tokens(self, vendor: Vendor) -> None:
        body = {"error": "invalid_token", "error_description": "expired"}
        vendor.answers = {"GET /abilities": (401, body)}
        client = PagerDuty("pdus+abc", vendor.url)
        error = await refused(client.abilities())
        await client.aclose()
        assert error.reason is Reason.AUTH
        assert "invalid_token expired" in error.detail
        assert vendor.asked[0].headers["Authorization"] == "Bearer pdus+abc"


async def test_webhook_subscriptions(vendor: Vendor, pager: PagerDuty) -> None:
    method = {"type": "http_delivery_method", "url": "https://m.test/x", "secret": "s3"}
    made = {
        "id": "PW1",
        "active": True,
        "events": ["incident.triggered"],
        "delivery_method": method,
    }
    off = {"id": "PW2", "active": True, "delivery_method": {"temporarily_disabled": True}}
    vendor.answers = {
        "POST /webhook_subscriptions": (201, {"webhook_subscription": made}),
        "GET /webhook_subscriptions": {"webhook_subscriptions": [made, off], "more": False},
        "POST /webhook_subscriptions/PW1/enable": made,
        "POST /webhook_subscriptions/PW1/ping": (202, None),
        "DELETE /webhook_subscriptions/PW1": [(204, None), (404, {})],
    }
    created = await pager.subscribe("https://m.test/x", ["incident.triggered"], service_id="PSVC")
    assert (created.id, created.url, created.secret) == ("PW1", "https://m.test/x", "s3")
    sent = vendor.asked[-1].body["webhook_subscription"]
    assert sent["filter"] == {"id": "PSVC", "type": "service_reference"}
    assert [one.disabled for one in await pager.subscriptions()] == [False, True]
    await pager.enable("PW1")
    await pager.ping("PW1")
    await pager.unsubscribe("PW1")
    await pager.unsubscribe("PW1")
