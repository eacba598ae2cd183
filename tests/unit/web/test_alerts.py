"""Alerts come in over HTTP: who may send, what is refused, and that nothing else is lost."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI

from bot.domain.alert_sources import PRESETS, AlertAuth, Alerts, AlertSource
from bot.mapping.alerts import AlertMapper
from bot.mapping.presets import preset
from bot.metrics import Metrics
from bot.services.inbound import InboundEvents
from bot.web.alerts import MAX_ALERTS_BODY, AlertWebhooks
from tests.unit.store.house import NOW, Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, MutableMapping
    from pathlib import Path

TOKEN = "a-token-for-alerts"
OWN = {"external_id": ".id", "title": ".title", "status": '"firing"'}


def source(name: str, kind: str, secret: str, **more: Any) -> AlertSource:
    headers = {key: more.pop(key, None) for key in ("header", "timestamp_header")}
    return AlertSource(name=name, auth=AlertAuth(kind=kind, secret=secret, **headers), **more)


CONFIGURED = [
    source("backups", "bearer", "s-backups", fields=OWN),
    source("basics", "basic", "robot:s-basics", fields=OWN),
    source("sentry", "hmac", "s-sentry", preset="sentry"),
    source("signed", "hmac", "s-signed", fields=OWN),
    source("graf", "hmac", "s-graf", preset="grafana", timestamp_header="X-Stamp"),
]


class Door:
    """The endpoint over a house of its own."""

    def __init__(self, home: Home, token: str | None = TOKEN) -> None:
        self.home = home
        self.metrics = Metrics()
        mapping = AlertMapper(Alerts(sources={each.name: each for each in CONFIGURED}))
        hooks = AlertWebhooks(
            InboundEvents(home.house), self.metrics, mapping, token=token, clock=home.clock
        )
        app = FastAPI()
        app.router.routes += hooks.routes()
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://muster"
        )

    async def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self.http.post(f"/webhooks/alerts/{path}", content=content, headers=headers)

    async def kept(self) -> int:
        return len(await self.home.effects("muster.apply_event"))


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[Door]:
    built = Door(build_home(tmp_path))
    async with built.http:
        yield built
    built.home.work.close()


def payload(name: str) -> Any:
    return preset(name).examples[0].payload


def basic(user: str, password: str) -> str:
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def signed(secret: str, body: bytes) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


@pytest.mark.parametrize("name", [each for each in PRESETS if each != "sentry"])
async def test_the_token_opens_every_preset_that_is_not_configured(door: Door, name: str) -> None:
    answer = await door.post(name, payload(name), Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == 202
    event_id = answer.json()["id"]
    assert await door.home.work.read(lambda tx: tx.kept(event_id)) == [(1, f"alerts/{name}")]
    row = await door.home.work.read(lambda tx: tx.inbound(1))
    assert row is not None
    assert json.loads(row.body) == payload(name)
    assert await door.home.keys("muster.apply_event") == ["inbound/1"]


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"alertmanager?token={TOKEN}", {}),
        (f"alertmanager/{TOKEN}", {}),
        ("alertmanager", {"Authorization": basic("whoever", TOKEN)}),
        ("alertmanager", {"Authorization": f"bearer  {TOKEN}"}),
        ("alertmanager", {"Authorization": f"GenieKey {TOKEN}"}),
    ],
)
async def test_the_secret_may_stand_where_the_sender_can_put_it(
    door: Door, path: str, headers: dict[str, str], logs: list[MutableMapping[str, Any]]
) -> None:
    assert (await door.post(path, payload("alertmanager"), **headers)).status_code == 202
    assert TOKEN not in str(logs)


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("alertmanager", {}),
        ("alertmanager", {"Authorization": "Bearer wrong"}),
        ("alertmanager", {"Authorization": "Bearer"}),
        ("alertmanager", {"Authorization": "Basic !!!"}),
        ("alertmanager?token=", {}),
        ("alertmanager?token=wrong", {}),
        ("alertmanager/wrong", {}),
        ("backups", {"Authorization": f"Bearer {TOKEN}"}),
        ("basics", {"Authorization": basic("robot", "wrong")}),
        ("basics?token=s-basics", {}),
        ("sentry", {"Authorization": f"Bearer {TOKEN}"}),
        ("sentry", {"Sentry-Hook-Signature": "00"}),
        ("sentry?token=s-sentry", {}),
        ("nobody", {"Authorization": f"Bearer {TOKEN}"}),
        ("nobody", {}),
    ],
)
async def test_whoever_cannot_prove_it_is_refused_and_nothing_is_kept(
    door: Door, path: str, headers: dict[str, str], logs: list[MutableMapping[str, Any]]
) -> None:
    answer = await door.post(path, payload("alertmanager"), **headers)
    assert answer.status_code == 401
    assert "wrong" in answer.json()["error"]
    assert await door.kept() == 0
    assert "s-sentry" not in str(logs)
    assert all("token" not in str(each) for each in logs)


async def test_without_a_token_every_preset_refuses_everybody(tmp_path: Path) -> None:
    door = Door(build_home(tmp_path), token=None)
    async with door.http:
        for secret in ("", "None", TOKEN):
            answer = await door.post(
                "grafana", payload("grafana"), Authorization=f"Bearer {secret}"
            )
            assert answer.status_code == 401
        body = {"id": 1, "title": "t"}
        assert (await door.post("backups/s-backups", body)).status_code == 202
    door.home.work.close()


async def test_sentrys_signature_is_over_the_raw_body(door: Door) -> None:
    body = json.dumps(payload("sentry"), ensure_ascii=False, indent=1).encode() + "ü".encode() * 0
    good = {"Sentry-Hook-Signature": signed("s-sentry", body), "Request-ID": "r-1"}
    first = await door.post("sentry", body, **good, **{"Sentry-Hook-Resource": "metric_alert"})
    assert (first.status_code, first.json()) == (202, {"status": "accepted", "id": "r-1"})
    again = await door.post("sentry", body, **good)
    assert again.json()["status"] == "known"
    row = await door.home.work.read(lambda tx: tx.inbound(1))
    assert row is not None
    assert row.event_type == "metric_alert"
    assert (await door.post("sentry", body + b" ", **good)).status_code == 401


async def test_grafanas_signature_with_a_time_is_good_for_five_minutes(door: Door) -> None:
    body = json.dumps(payload("grafana")).encode()
    for seconds, status in ((0, 202), (-299, 202), (-301, 401), (301, 401)):
        stamp = str(int(NOW.timestamp()) + seconds)
        mark = signed("s-graf", stamp.encode() + b":" + body)
        answer = await door.post(
            "graf", body, **{"X-Grafana-Alerting-Signature": mark, "X-Stamp": stamp}
        )
        assert answer.status_code == status, seconds
    mark = signed("s-graf", body)
    for stamp in ("", "soon", "9" * 30):
        headers = {"X-Grafana-Alerting-Signature": mark, "X-Stamp": stamp}
        assert (await door.post("graf", body, **headers)).status_code == 401


async def test_other_ways_to_prove_it(door: Door) -> None:
    body = b'{"id": 1, "title": "t"}'
    mark = {"X-Signature": f"sha256={signed('s-signed', body).upper()}"}
    assert (await door.post("signed", body, **mark)).status_code == 202
    good = {"Authorization": basic("robot", "s-basics")}
    assert (await door.post("basics", body, **good)).status_code == 202


@pytest.mark.parametrize(
    ("name", "body", "status", "reason"),
    [
        ("alertmanager", b"", 400, "not JSON"),
        ("alertmanager", b"status=firing&x=1", 400, "not JSON"),
        ("alertmanager", b"[" * 5000, 400, "nested more than"),
        ("alertmanager", b"[]", 422, "webhook_config"),
        ("alertmanager", b"3", 422, "webhook_config"),
        ("alertmanager", b'{"alerts": {}}', 422, "webhook_config"),
        ("grafana", b'{"title": "x"}', 422, "ruleId"),
        ("datadog", b'{"title": "$EVENT_TITLE"}', 422, "mapping show datadog"),
        ("dynatrace", b'{"id": 1}', 422, "PID"),
        ("newrelic", b'{"state": "CREATED"}', 422, "workflow"),
        ("alertmanager", b"x" * (MAX_ALERTS_BODY + 1), 413, "larger than"),
    ],
)
async def test_what_no_source_sends_is_refused_with_a_reason(
    door: Door, name: str, body: bytes, status: int, reason: str
) -> None:
    answer = await door.post(name, body, Authorization=f"Bearer {TOKEN}")
    assert answer.status_code == status
    assert reason in answer.json()["error"]
    assert await door.kept() == 0
    counted = door.metrics.registry.get_sample_value(
        "muster_webhooks_total", {"source": f"alerts/{name}", "outcome": str(status)}
    )
    assert counted == 1


async def test_a_source_of_ones_own_keeps_whatever_json_it_sends(door: Door) -> None:
    for body in (b"[]", b"3", b'"text"', b'{"odd": "\\ud800\\u0000"}', b"null"):
        answer = await door.post("backups/s-backups", body)
        assert answer.status_code == 202
        door.home.clock.advance(0.001)
    assert await door.kept() == 5


async def test_the_same_body_may_mean_it_again(door: Door) -> None:
    ids = set()
    for _ in range(3):
        answer = await door.post(f"grafana/{TOKEN}", payload("grafana"))
        ids.add(answer.json()["id"])
        door.home.clock.advance(1)
    assert len(ids) == await door.kept() == 3


async def test_an_unknown_name_does_not_become_a_metric(door: Door) -> None:
    for n in range(5):
        await door.post(f"nobody-{n}", b"{}")
    assert "nobody-" not in door.metrics.text().decode()
