"""A real Alertmanager sends to a real bot: grouped, repeated, resolved, as Debian ships it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from bot.domain.alert_sources import Alerts, AlertSource
from bot.domain.catalog import Catalog
from bot.domain.effects import EffectKind
from bot.worker.runners import silencing
from tests.stage import BOB, Json, Stage, free_port, stage
from tests.unit.worker.fakes import claimed
from tests.workspace import cards, channel_named, header, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(BINARY is None, reason="there is no Alertmanager on this machine"),
]
TOKEN = "a-token-for-alerts"
CONFIG = """
route: {{receiver: muster, group_by: [alertname], group_wait: 200ms, group_interval: 1s, repeat_interval: 2s}}
receivers:
  - name: muster
    webhook_configs:
      - url: {url}/webhooks/alerts/alertmanager
        http_config: {{authorization: {{credentials: {token}}}}}
"""


@contextlib.asynccontextmanager
async def alertmanager(folder: Path, bot_url: str, port: int = 0) -> AsyncIterator[str]:
    """Its address while it runs."""
    config, port = folder / "alertmanager.yml", port or free_port()
    config.write_text(CONFIG.format(url=bot_url, token=TOKEN))
    process = await asyncio.create_subprocess_exec(
        BINARY or "",
        f"--config.file={config}",
        f"--storage.path={folder}/data",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def report(s: Stage, url: str, *instances: str, over: bool = False) -> None:
    """What Prometheus tells its Alertmanager; tried until that has started."""
    now = datetime.now(UTC)
    ends = now - timedelta(seconds=1) if over else now + timedelta(hours=1)
    body = [
        {
            "labels": {"alertname": "InstanceDown", "instance": each, "severity": "critical"},
            "annotations": {"summary": f"{each} is down"},
            "startsAt": (now - timedelta(minutes=5)).isoformat(),
            "endsAt": ends.isoformat(),
            "generatorURL": "http://prom.example.com/graph",
        }
        for each in instances
    ]

    async def taken() -> bool:
        try:
            answer = await s.http.post(f"{url}/api/v2/alerts", json=body)
        except httpx.TransportError:
            return False
        return answer.status_code == 200

    await s.wait(taken, 20, "Alertmanager to take it")


def card(state: Json, *words: str) -> Json | None:
    found = [c for c in cards(state, "alerts") if "InstanceDown" in header(c)]
    return found[0] if len(found) == 1 and all(w in text_of(found[0]) for w in words) else None


async def test_what_alertmanager_groups_repeats_and_resolves_is_one_card(tmp_path: Path) -> None:
    async with (
        stage(tmp_path, ALERTS_TOKEN=TOKEN) as s,
        alertmanager(tmp_path, s.bot_url) as url,
    ):
        await report(s, url, "web-1", "web-2")
        first = await s.until(lambda state: card(state, "2 firing", "web-1", "web-2", "critical"))
        await report(s, url, "web-3")
        await s.until(lambda state: card(state, "3 firing", "web-3"))

        async def repeated() -> bool:
            assert s.bot is not None
            rows = await s.bot.work.read(
                lambda tx: (
                    tx.session.connection().exec_driver_sql("SELECT duplicates FROM alert").all()
                )
            )
            return len(rows) == 3 and all(row[0] >= 1 for row in rows)

        await s.wait(repeated, 20, "Alertmanager to repeat itself")
        await report(s, url, "web-1", "web-2", "web-3", over=True)
        over = await s.until(lambda state: card(state, "3 resolved", "until"), timeout=30)
        assert over["ts"] == first["ts"]
        assert header(over).startswith("✅")
        assert await s.problems() == []


def catalog(url: str) -> Catalog:
    """Its alerts come from there, and it can be told to keep still."""
    source = AlertSource(name="alertmanager", preset="alertmanager", api_url=url)
    return Catalog(alerts=Alerts(sources={"alertmanager": source}))


async def silences(s: Stage, url: str) -> list[Json]:
    """Those that hold."""
    listed = (await s.http.get(f"{url}/api/v2/silences")).json()
    return [each for each in listed if each["status"]["state"] == "active"]


async def muted(s: Stage, url: str) -> dict[str, bool]:
    """By instance whether Alertmanager keeps an alert to itself."""
    listed = (await s.http.get(f"{url}/api/v2/alerts")).json()
    return {a["labels"]["instance"]: a["status"]["state"] == "suppressed" for a in listed}


async def press(s: Stage, found: Json, label: str) -> None:
    channel = channel_named(await s.state(), "alerts")
    assert channel
    await s.press(label, user=BOB, channel=channel["id"], ts=found["ts"])


async def repeat(s: Stage) -> Any:
    """Carry out the newest silencing again, as after a death between the answer and the settling."""
    assert s.bot is not None
    rows = await s.bot.work.read(
        lambda tx: tx.session.connection().exec_driver_sql(
            "SELECT payload FROM effect WHERE kind = 'alertmanager.silence' ORDER BY id DESC"
        ).all()
    )  # fmt: skip
    payload = json.loads(rows[0][0]) if isinstance(rows[0][0], str) else rows[0][0]
    again = claimed(EffectKind.SILENCE_ALERTS, None, payload=payload, attempt=2)
    return await silencing.silence(s.bot.world, again)


async def test_silence_on_the_card_is_one_silence_in_alertmanager(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with (
        stage(tmp_path, catalog=catalog(url), ALERTS_TOKEN=TOKEN) as s,
        alertmanager(tmp_path, s.bot_url, port),
    ):
        await report(s, url, "web.1", "web-2")
        found = await s.until(lambda state: card(state, "2 firing"))
        await press(s, found, "Silence")
        await s.submit({"Silence for": "4 hours"}, user=BOB)
        await s.until(lambda state: card(state, "silenced by", "also at alertmanager"))
        [made] = await silences(s, url)
        assert made["createdBy"] == "Bob Martin"
        lasts = datetime.fromisoformat(made["endsAt"]) - datetime.fromisoformat(made["startsAt"])
        assert timedelta(hours=3.99) < lasts <= timedelta(hours=4)

        async def both() -> bool:
            return await muted(s, url) == {"web.1": True, "web-2": True}

        await s.wait(both, 20, "Alertmanager to keep still")
        await report(s, url, "web-3")
        await s.until(lambda state: card(state, "3 firing"))

        async def three() -> bool:
            return await muted(s, url) == dict.fromkeys(("web.1", "web-2", "web-3"), True)

        await s.wait(three, 20, "Alertmanager to keep still about the one that joined, too")
        [wider] = await silences(s, url)  # now with web-3, and the one before is over
        assert (wider["endsAt"], wider["createdBy"]) == (made["endsAt"], "Bob Martin")
        await repeat(s)
        [same] = await silences(s, url)
        assert same["id"] == wider["id"], "a retaken effect makes no second one"

        await press(s, found, "Unsilence")
        await s.until(lambda state: "silenced" not in text_of(card(state) or {"blocks": []}))

        async def none() -> bool:
            return await silences(s, url) == [] and not any((await muted(s, url)).values())

        await s.wait(none, 20, "the silence to end")
        assert await s.problems() == []


async def test_an_alertmanager_that_is_away_is_told_of_and_caught_up_with(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with stage(tmp_path, catalog=catalog(url), ALERTS_TOKEN=TOKEN) as s:
        async with alertmanager(tmp_path, s.bot_url, port):
            await report(s, url, "web-1")
            found = await s.until(lambda state: card(state, "1 firing"))
        await press(s, found, "Silence")
        await s.submit({"Silence for": "1 hour"}, user=BOB)
        words = ("silenced by", "not silenced at alertmanager", "could not connect")
        await s.until(lambda state: card(state, *words))
        async with alertmanager(tmp_path, s.bot_url, port):
            await report(s, url, "web-1")
            await s.until(lambda state: card(state, "also at alertmanager"), timeout=60)
            [made] = await silences(s, url)
            assert made["createdBy"] == "Bob Martin"


async def test_what_ends_while_it_is_silenced_is_looked_up_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alertmanager never tells of it: it has let go of the alert before the silence ends."""
    monkeypatch.setattr(silencing, "SURE_AFTER", timedelta(0))
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    async with (
        stage(tmp_path, catalog=catalog(url), ALERTS_TOKEN=TOKEN) as s,
        alertmanager(tmp_path, s.bot_url, port),
    ):
        await report(s, url, "web-1", "web-2")
        found = await s.until(lambda state: card(state, "2 firing"))
        await press(s, found, "Silence")
        await s.submit({"Silence for": "1 hour"}, user=BOB)
        await s.until(lambda state: card(state, "also at alertmanager"))
        await report(s, url, "web-1", "web-2", over=True)

        async def forgotten() -> bool:
            metrics = (await s.http.get(f"{url}/metrics")).text
            return "\nalertmanager_dispatcher_aggregation_groups 0\n" in metrics

        await s.wait(forgotten, 60, "Alertmanager to let go of them")
        assert card(await s.state(), "2 firing"), "nobody told"
        await report(s, url, "web-2")
        await press(s, found, "Unsilence")
        await s.until(lambda state: card(state, "1 firing, 1 resolved"), timeout=30)
        assert await s.problems() == []
