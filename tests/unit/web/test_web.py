"""The HTTP side without a socket: refusals, the API, health; 2xx only when it is on disk."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from bot.domain.incident import PagerLink, Places, TicketLink
from bot.errors import Busy, SettingsError
from bot.metrics import Metrics
from bot.services.inbound import InboundEvents
from bot.web import server
from bot.web.health import Health, Readiness
from bot.web.webhooks import (
    MAX_BODY,
    MAX_DEPTH,
    Refused,
    Webhooks,
    _depth,
    body_of,
    json_of,
    pagerduty_event,
)
from tests.unit.store.house import Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TOKEN = "a-token-for-programs"
SECRETS = ["new-secret", "old-secret"]
BEARER = {"Authorization": f"Bearer {TOKEN}"}


class Site:
    """The web app over a house of its own."""

    def __init__(self, home: Home, token: str | None = TOKEN) -> None:
        self.home = home
        self.metrics = Metrics()
        self.readiness = Readiness()
        self.webhooks = Webhooks(InboundEvents(home.house), self.metrics, pagerduty_secrets=SECRETS)
        health = Health(home.work, self.metrics, self.readiness)
        app = server.build(home.incidents, self.webhooks, health, api_token=token)
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        self.http = httpx.AsyncClient(transport=transport, base_url="http://muster")

    async def hook(
        self, body: bytes, *, secret: str = SECRETS[0], **headers: str
    ) -> httpx.Response:
        signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
        return await self.http.post(
            "/webhooks/pagerduty",
            content=body,
            headers={"X-PagerDuty-Signature": f"v1={signature}", **headers},
        )


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    built = Site(build_home(tmp_path))
    async with built.http:
        yield built
    built.home.work.close()


def event(**changes: Any) -> bytes:
    plain = {"id": "e1", "event_type": "incident.triggered", "data": {"id": "P1"}}
    return json.dumps({"event": {**plain, **changes}}).encode()


# --- webhooks -------------------------------------------------------------------------------------


async def test_a_signed_event_is_on_disk_when_it_is_answered(site: Site) -> None:
    body = event()
    first = await site.hook(body)
    assert (first.status_code, first.json()) == (202, {"status": "accepted"})
    assert await site.home.work.read(lambda tx: tx.kept("e1")) == [(1, "pagerduty")]
    row = await site.home.work.read(lambda tx: tx.inbound(1))
    assert row is not None
    assert (row.body, row.event_type) == (body, "incident.triggered")
    assert await site.home.keys("muster.apply_event") == ["inbound/1"]
    again = await site.hook(body, secret=SECRETS[1])
    assert (again.status_code, again.json()) == (202, {"status": "known"})
    assert len(await site.home.effects()) == 1


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "not JSON"),
        (b"{", 400, "at character 1"),
        (b"\xff\xfe\x00", 400, "not JSON"),
        (b"[" * 5000, 400, "nested more than"),
        (b"[]", 422, "no event object"),
        (b'{"event": 3}', 422, "no event object"),
        (event(id=None), 422, "event.id"),
        (event(id=""), 422, "event.id"),
        (event(id=True), 422, "event.id"),
        (event(event_type=3), 422, "event_type"),
        (event(event_type=""), 422, "event_type"),
        (event(data=[]), 422, "event.data"),
        (b"x" * (MAX_BODY + 1), 413, "larger than"),
    ],
)
async def test_what_is_refused_says_why_and_is_not_kept(
    site: Site, body: bytes, status: int, reason: str
) -> None:
    answer = await site.hook(body)
    assert answer.status_code == status
    assert reason in answer.json()["error"]
    assert await site.home.effects() == []
    counted = site.metrics.registry.get_sample_value(
        "muster_webhooks_total", {"source": "pagerduty", "outcome": str(status)}
    )
    assert counted == 1


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-PagerDuty-Signature": "v1=00"},
        {"X-PagerDuty-Signature": ""},
        {"X-PagerDuty-Signature": "v0=" + "a" * 64},
        {"X-PagerDuty-Signature": "v1=ü".encode("latin-1")},
    ],
)
async def test_an_unsigned_event_is_refused_before_it_is_read(site: Site, headers: Any) -> None:
    answer = await site.http.post("/webhooks/pagerduty", content=event(), headers=headers)
    assert answer.status_code == 401
    assert await site.home.work.read(lambda tx: tx.kept("e1")) == []


async def test_without_a_secret_everybody_is_refused(site: Site) -> None:
    site.webhooks._secrets = ()
    assert (await site.hook(event(), secret="")).status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        event(event_type="service.exploded"),
        event(id=12345),
        event(id="\ud800"),
        event(id="nul\x00"),
        event(data={"deep": [[[[["]]]{{"]]]]]}),
        event(data={"id": None, "odd": "\ud800\x00"}),
    ],
)
async def test_a_signed_event_of_any_kind_is_kept(site: Site, body: bytes) -> None:
    assert (await site.hook(body)).status_code == 202
    assert len(await site.home.effects("muster.apply_event")) == 1


async def test_a_busy_database_asks_the_sender_to_come_again(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def busy(*_: Any, **__: Any) -> Any:
        raise Busy

    monkeypatch.setattr(site.home.work, "write", busy)
    assert (await site.hook(event())).status_code == 503
    answer = await site.http.post("/api/incidents", json={"title": "x"}, headers=BEARER)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


def request(chunks: list[bytes], **headers: str) -> Request:
    queue = [
        {"type": "http.request", "body": chunk, "more_body": n < len(chunks) - 1}
        for n, chunk in enumerate(chunks)
    ]

    async def receive() -> Any:
        return queue.pop(0)

    pairs = [(k.replace("_", "-").encode(), v.encode("latin-1")) for k, v in headers.items()]
    return Request({"type": "http", "method": "POST", "headers": pairs}, receive)


async def test_a_body_is_read_up_to_its_limit() -> None:
    assert await body_of(request([b"ab", b"cd"]), 4) == b"abcd"
    assert await body_of(request([b"ab"], content_length="²"), 4) == b"ab"
    with pytest.raises(Refused):
        await body_of(request([b"ab", b"cde"]), 4)
    with pytest.raises(Refused):
        await body_of(request([b""], content_length="5"), 4)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=20,
)


@given(values)
def test_json_of_any_shape_is_read(value: Any) -> None:
    assert json_of(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
def test_no_bytes_raise_anything_but_a_refusal(body: bytes) -> None:
    try:
        pagerduty_event(body)
    except Refused as refusal:
        assert refusal.status in {400, 422}  # noqa: PT017


@given(st.integers(0, 90), st.booleans())
def test_the_depth_is_never_underestimated(depth: int, padded: bool) -> None:
    inner = b'"]]]}}\\"[["' if padded else b"1"
    body = b"[" * depth + inner + b"]" * depth
    pad = b"[" + b"[]," * 80 + body + b"]"
    assert _depth(pad) >= min(depth + 1, MAX_DEPTH + 1)
    if depth < MAX_DEPTH:
        json_of(pad)
    else:
        with pytest.raises(Refused, match="nested"):
            json_of(pad)


# --- the API --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"},
     {"Authorization": TOKEN}, {"Authorization": "Bearer "}],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/incidents", "/api/incidents/1"])
async def test_who_does_not_show_the_token_gets_nothing(
    site: Site, path: str, headers: dict[str, str]
) -> None:
    answer = await site.http.get(path, headers=headers)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    posted = await site.http.post("/api/incidents", json={"title": "x"}, headers=headers)
    assert posted.status_code == 401
    assert await site.home.effects() == []


async def test_without_a_configured_token_nobody_gets_in(tmp_path: Path) -> None:
    site = Site(build_home(tmp_path), token=None)
    assert (await site.http.get("/api/incidents", headers=BEARER)).status_code == 401
    site.home.work.close()


async def test_declaring_answers_with_the_incident(site: Site) -> None:
    body = {"title": " Checkout  is down ", "severity": "sev2", "detected_by": "Synthetics"}
    answer = await site.http.post("/api/incidents", json=body, headers=BEARER)
    assert answer.status_code == 202
    found = answer.json()
    assert (found["number"], found["id"], found["status"]) == (1, "INC-1", "triggered")
    assert (found["title"], found["severity"], found["origin"]) == (
        "Checkout is down",
        "SEV2",
        "api",
    )
    assert set(found["links"].values()) == {None}
    incident = await site.home.incident()
    assert incident.reporter is not None
    assert incident.reporter.name == "Synthetics"


async def test_the_same_key_gives_the_first_incident_again(site: Site) -> None:
    headers = {**BEARER, "Idempotency-Key": "deploy-7"}
    numbers = [
        (await site.http.post("/api/incidents", json={"title": title}, headers=headers)).json()[
            "number"
        ]
        for title in ("First", "Second")
    ]
    unkeyed = await site.http.post("/api/incidents", json={"title": "First"}, headers=BEARER)
    assert numbers == [1, 1]
    assert unkeyed.json()["number"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "title"),
        ({"title": " "}, "title"),
        ({"title": "x" * 501}, "title"),
        ({"title": 3}, "title"),
        ({"title": "x", "severity": "SEV9"}, "severity"),
        ({"title": "x", "service": "nothing"}, "service"),
        ({"title": "x", "description": "d" * 10_001}, "description"),
        ({"title": "x", "detected_by": "d" * 201}, "detected_by"),
        ({"title": "x", "colour": "red"}, "colour"),
        ({"title": "x", "private": "perhaps"}, "private"),
    ],
)
async def test_a_wrong_field_is_named(site: Site, body: Any, field: str) -> None:
    answer = await site.http.post("/api/incidents", json=body, headers=BEARER)
    assert answer.status_code == 422
    assert field in str(answer.json()["detail"])
    assert await site.home.effects() == []


@pytest.mark.parametrize("title", ["nul \\u0000 here", "lone \\ud800 here"])
async def test_odd_text_never_breaks_it(site: Site, title: str) -> None:
    answer = await site.http.post(
        "/api/incidents",
        content=f'{{"title": "{title}"}}',
        headers={**BEARER, "Content-Type": "application/json"},
    )
    assert answer.status_code in {202, 422}


async def test_reading_shows_no_private_incident(site: Site) -> None:
    await site.home.declare("Public")
    await site.home.declare("Secret", private=True)
    await site.home.change(
        1,
        places=Places(channel="C1", channel_name="incident-1", announcement_url="https://x/p1"),
        pager=PagerLink(url="https://pd/1"),
        ticket=TicketLink(repo="a/b", url="https://gh/1"),
    )
    listed = (await site.http.get("/api/incidents", headers=BEARER)).json()
    assert listed["total"] == 1
    assert [i["id"] for i in listed["incidents"]] == ["INC-1"]
    one = (await site.http.get("/api/incidents/1", headers=BEARER)).json()
    assert one["links"] == {
        "channel": "C1",
        "channel_name": "incident-1",
        "announcement": "https://x/p1",
        "pagerduty": "https://pd/1",
        "github": "https://gh/1",
        "postmortem": None,
    }
    private = await site.http.get("/api/incidents/2", headers=BEARER)
    absent = await site.http.get("/api/incidents/3", headers=BEARER)
    assert private.status_code == absent.status_code == 404
    assert private.json()["detail"].replace("2", "3") == absent.json()["detail"]


@pytest.mark.parametrize("number", ["0", "-1", "x", "99999999999999999999", "9223372036854775808"])
async def test_a_number_that_is_none_is_no_bug(site: Site, number: str) -> None:
    answer = await site.http.get(f"/api/incidents/{number}", headers=BEARER)
    assert answer.status_code in {404, 422}


@pytest.mark.parametrize("query", ["status=odd", "limit=0", "limit=201"])
async def test_a_wrong_query_is_refused(site: Site, query: str) -> None:
    assert (await site.http.get(f"/api/incidents?{query}", headers=BEARER)).status_code == 422


async def test_a_bug_shows_a_reference_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("inner secret")

    monkeypatch.setattr(site.home.work, "read", broken)
    answer = await site.http.get("/api/incidents", headers=BEARER)
    assert answer.status_code == 500
    assert "Something broke on my side, ref " in answer.json()["detail"]
    assert "inner secret" not in answer.text


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/pages/a-token", "/pages/…"),
        ("/webhooks/alerts/sentry/a-secret", "/webhooks/alerts/sentry/…"),
        ("/webhooks/alerts/sentry", "/webhooks/alerts/sentry"),
        ("/webhooks/pagerduty", "/webhooks/pagerduty"),
        ("/api/incidents/7", "/api/incidents/7"),
        ("/", "/"),
    ],
)
def test_a_bug_is_logged_without_what_may_be_a_secret(path: str, logged: str) -> None:
    assert server._known_part(path) == logged


async def test_the_api_describes_itself(site: Site) -> None:
    assert (await site.http.get("/docs")).status_code == 200
    paths = (await site.http.get("/openapi.json")).json()["paths"]
    assert {"/api/incidents", "/api/incidents/{number}"} <= set(paths)


# --- health ---------------------------------------------------------------------------------------


async def test_alive_is_always_alive(site: Site) -> None:
    assert (await site.http.get("/healthz")).json() == {"status": "alive"}


async def test_ready_when_everything_required_is_up(site: Site) -> None:
    state: dict[str, str | None] = {"slack": None, "github": "401"}

    async def slack() -> str | None:
        return state["slack"]

    site.readiness.required["slack"] = slack
    site.readiness.degraded["github"] = lambda: state["github"]
    up = await site.http.get("/readyz")
    assert (up.status_code, up.json()) == (
        200,
        {"ready": True, "parts": {"slack": "up"}, "degraded": {"github": "401"}},
    )
    state["slack"] = "not connected"
    down = await site.http.get("/readyz")
    assert (down.status_code, down.json()["parts"]) == (503, {"slack": "not connected"})
    metrics = (await site.http.get("/metrics")).text
    assert 'muster_provider_up{provider="github"} 0.0' in metrics


async def test_the_metrics_count_what_waits(site: Site) -> None:
    await site.home.declare()
    site.home.clock.advance(30)
    answer = await site.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'muster_effects_waiting{kind="slack.announce",state="pending"} 1.0' in answer.text
    assert (
        'muster_effects_oldest_seconds{kind="slack.announce",state="pending"} 30.0' in answer.text
    )


def test_the_server_leaves_signals_to_the_app() -> None:
    built = server.server(FastAPI(), "127.0.0.1", 0)
    with built.capture_signals():
        assert built.config.access_log is False


def test_a_port_that_is_taken_is_a_setting_to_mend() -> None:
    listening = server.listen("127.0.0.1", 0)
    assert listening.proto == socket.IPPROTO_TCP, "asyncio sends small answers at once only then"
    listening.listen()
    port = listening.getsockname()[1]
    with pytest.raises(SettingsError, match=f"127.0.0.1:{port} cannot be listened on"):
        server.listen("127.0.0.1", port)
    listening.close()
