"""(i) From an alert told to Alertmanager to the card in Slack, against Alertmanager's own Slack receiver.

One real Alertmanager sends every alert to both receivers at once: the bot's webhook, and ``chat.postMessage`` of the
same sandbox, where every call takes 200 ms. Both messages carry the sandbox's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import aiohttp

from tests.benchmarks.alerts import TOKEN
from tests.benchmarks.rig import Row, ground, millis, percentile, room, say
from tests.stage import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.benchmarks.rig import Ground, Json

BINARY = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
OWN = "alertmanager-own"
LATENCY_MS = 200
#: What the way through the bot may take more: its database, its queue, its card.
MORE = 0.1
CONFIG = """
route: {{receiver: both, group_by: [alertname], group_wait: 0s, group_interval: 1h, repeat_interval: 4h}}
receivers:
  - name: both
    webhook_configs:
      - url: {bot}/webhooks/alerts/alertmanager
        http_config: {{authorization: {{credentials: {token}}}}}
    slack_configs:
      - api_url: {sandbox}/slack/api/chat.postMessage
        http_config: {{authorization: {{credentials: xoxb-sandbox}}}}
        channel: {channel}
        username: ""
"""


async def run(*, quick: bool) -> list[Row]:
    if BINARY is None:
        say("  there is no Alertmanager on this machine: nothing is measured")
        return []
    count = 10 if quick else 60
    sent: dict[int, float] = {}
    async with ground({"ALERTS_TOKEN": TOKEN}) as place:
        await place.start_bot()
        await place.quiet()
        async with _alertmanager(place) as url:
            await _tell(place, url, "Warming")
            await place.quiet()
            await place.settings(slack_latency_ms=LATENCY_MS)
            for n in range(count):
                sent[n] = await _tell(place, url, f"Bench{n}x")
                await asyncio.sleep(0.6)
            await asyncio.sleep(2)
            state = await place.state()
    cards, own = _times(state, "alerts"), _times(state, OWN)
    ours = [_first(cards, f"Bench{n}x") - at for n, at in sent.items()]
    theirs = [_first(own, f"Bench{n}x") - at for n, at in sent.items()]
    base = percentile(theirs, 0.95)
    return [
        Row(
            what=f"alert at Alertmanager to its card in Slack ({count} alerts, Slack calls take {LATENCY_MS} ms)",
            measured=f"p50 {millis(percentile(ours, 0.5))}, p95 {millis(percentile(ours, 0.95))}",
            baseline="Alertmanager's own Slack receiver, p50 "
            f"{millis(percentile(theirs, 0.5))}, p95 {millis(base)}",
            ratio=f"{percentile(ours, 0.95) / base:.2f}",
            target=f"p95 at most {millis(MORE)} more than that",
            met=percentile(ours, 0.95) <= base + MORE,
        )
    ]


@contextlib.asynccontextmanager
async def _alertmanager(place: Ground) -> AsyncIterator[str]:
    """Its address while it runs."""
    headers = {"Authorization": "Bearer xoxb-sandbox"}
    made = f"{place.url}/slack/api/conversations.create"
    async with place.http.post(made, json={"name": OWN}, headers=headers) as answer:
        channel = (await answer.json())["channel"]["id"]
    config, port = place.folder / "alertmanager.yml", free_port()
    config.write_text(
        CONFIG.format(bot=place.bot_url, token=TOKEN, sandbox=place.url, channel=channel)
    )
    with (place.folder / "alertmanager.log").open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            BINARY or "", f"--config.file={config}", f"--storage.path={place.folder}/data",
            f"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
            stdout=output, stderr=output,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:

        async def up() -> bool:
            with contextlib.suppress(aiohttp.ClientError):
                async with place.http.get(f"{url}/-/ready") as answer:
                    return answer.status == 200
            return False

        await place.wait(up, 20, "Alertmanager to be ready")
        yield url
    finally:
        process.terminate()
        await process.wait()


async def _tell(place: Ground, url: str, name: str) -> float:
    """Prometheus tells of one alert; returns when."""
    now = datetime.now(UTC)
    alert = {
        "labels": {"alertname": name, "service": "checkout", "severity": "critical"},
        "annotations": {"summary": "Something is wrong"},
        "startsAt": now.isoformat(),
        "endsAt": (now + timedelta(hours=1)).isoformat(),
    }
    at = time.time()
    async with place.http.post(f"{url}/api/v2/alerts", json=[alert]) as answer:
        assert answer.status == 200, await answer.text()
    return at


def _times(state: Json, name: str) -> list[tuple[float, str]]:
    """The messages of a channel with the moment they were there."""
    channel = room(state, name)
    messages = state["messages"].get(channel["id"], []) if channel else []
    return [(float(each["ts"]), json.dumps(each)) for each in messages]


def _first(messages: list[tuple[float, str]], name: str) -> float:
    return min(at for at, text in messages if name in text)
