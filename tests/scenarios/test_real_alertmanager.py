"""A real Alertmanager sends to a real bot: grouped, repeated, resolved, as Debian ships it."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.stage import Json, Stage, free_port, stage
from tests.workspace import cards, header, text_of

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
async def alertmanager(folder: Path, bot_url: str) -> AsyncIterator[str]:
    """Its address while it runs."""
    config, port = folder / "alertmanager.yml", free_port()
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
