"""``muster sandbox``: the sandbox here, the bot as a child, nothing but environment variables between."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from pathlib import Path

from bot.sandbox.server import HOST, Running, SandboxConfig, serve
from bot.sandbox.stories import STORIES, Player, Unexpected
from bot.sandbox.stories.player import channel

#: The bot must be connected by then, seconds.
START = 90.0


def bot_environ(running: Running, bot_port: int, folder: str) -> dict[str, str]:
    """What the bot is told; the same names as in production."""
    config = running.sandbox.config
    kept = {
        n: v for n, v in os.environ.items() if not n.startswith(("SLACK_", "PAGERDUTY_", "GITHUB_"))
    }
    return kept | {
        "SLACK_BOT_TOKEN": "xoxb-sandbox",
        "SLACK_APP_TOKEN": "xapp-sandbox",
        "SLACK_API_URL": f"{running.url}/slack/api/",
        "PAGERDUTY_API_TOKEN": "sandbox-token",
        "PAGERDUTY_API_URL": f"{running.url}/pagerduty",
        "PAGERDUTY_FROM_EMAIL": "alice@example.com",
        "PAGERDUTY_SERVICE_ID": "PCHECKO",
        "PAGERDUTY_WEBHOOK_SECRET": config.pagerduty_webhook_secret,
        "GITHUB_TOKEN": "sandbox-token",
        "GITHUB_API_URL": f"{running.url}/github",
        "GITHUB_OWNER": "acme",
        "GITHUB_DEFAULT_REPO": "acme/incidents",
        "GITHUB_WEBHOOK_SECRET": config.github_webhook_secret,
        "DATABASE_URL": f"sqlite:///{folder}/muster.db",
        "CONFIG_FILE": str(Path(folder) / "muster.yml"),
        "API_TOKEN": "sandbox",
        "HTTP_PORT": str(bot_port),
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),
    }


CONFIG = """\
services:
  checkout-api: {title: Checkout API, repo: acme/checkout-api, owners: [alice@example.com], pagerduty_service: PCHECKO}
  payments: {title: Payments, repo: acme/payments, owners: [bob@example.com], pagerduty_service: PPAYMNT}
  search: {title: Search, repo: acme/search, owners: [erin@example.com], pagerduty_service: PSEARCH}
people:
  alice@example.com: {github: alice, skills: [redis, checkout]}
  bob@example.com: {github: bob, skills: [postgres, payments]}
  carol@example.com: {github: carol, skills: [redis, kubernetes]}
rosters:
  support:
    time_zone: Europe/Berlin
    layers:
      - people: [alice@example.com, bob@example.com, carol@example.com]
        rotate: weekly
        handover: "Mon 09:00"
        start: 2026-01-05
escalation_policies:
  default:                        # pages when PagerDuty cannot be reached
    repeat: 1
    levels:
      - {notify: [roster:support], wait: 5m}
      - {notify: [channel:ops]}
"""


async def launch(port: int, scenario: str | None, *, leave: bool) -> int:
    """Start both, play the story, stay until Ctrl-C (or leave); the exit code says whether all ended well."""
    if scenario is not None and scenario not in STORIES:
        say(f"There is no scenario {scenario}. Known: {', '.join(STORIES)}.")
        return 2
    bot_port = _free_port()
    try:
        running = await serve(
            SandboxConfig(port=0 if leave else port, bot_url=f"http://{HOST}:{bot_port}")
        )
    except OSError as error:
        say(
            f"Port {port} cannot be used ({error.strerror}). Choose another: muster sandbox --port 8401"
        )
        return 2
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    with tempfile.TemporaryDirectory(prefix="muster-sandbox-") as folder:
        (Path(folder) / "muster.yml").write_text(CONFIG, encoding="utf-8")
        bot = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "bot",
            "run",
            env=bot_environ(running, bot_port, folder),
            start_new_session=True,
        )
        try:
            return await _host(running, bot, scenario or "first-incident", stopped, leave=leave)
        finally:
            await _end(bot)
            await running.close()


async def _host(
    running: Running,
    bot: asyncio.subprocess.Process,
    scenario: str,
    stopped: asyncio.Event,
    *,
    leave: bool,
) -> int:
    say(
        f"Muster sandbox (not Slack, PagerDuty or GitHub; for trying, drills and tests)\n\n    {running.url}\n"
    )
    async with Player(running.url, say) as player:
        if not await _connected(player, bot):
            say("The bot did not connect; its messages are above.")
            return 1
        await _settle_in(player)
        player.begin()
        try:
            await STORIES[scenario](player)
        except Unexpected as error:
            say(f"\nThe story did not end well: {error}")
            if leave:
                return 1
    if leave:
        return 0
    say(f"\nOpen {running.url} and press the buttons. Ctrl-C ends it.")
    ended = asyncio.create_task(bot.wait())
    await asyncio.wait(
        [ended, asyncio.create_task(stopped.wait())], return_when=asyncio.FIRST_COMPLETED
    )
    return 1 if ended.done() else 0


async def _connected(player: Player, bot: asyncio.subprocess.Process) -> bool:
    deadline = time.monotonic() + START
    while time.monotonic() < deadline and bot.returncode is None:
        if (await player.state("U0ALICE00"))["ready"]:
            return True
        await asyncio.sleep(0.1)
    return False


async def _settle_in(player: Player) -> None:
    """Everybody joins the announcement channel, as they would in a workspace of their own."""
    state = await player.see(
        "the announcement channel", "U0ALICE00", lambda s: s if channel(s, "incidents") else None
    )
    for person in state["users"]:
        if not person["is_bot"] and not person["deleted"] and not person["is_restricted"]:
            await player.do("join", user=person["id"], channel=channel(state, "incidents")["id"])  # type: ignore[index]


async def _end(bot: asyncio.subprocess.Process) -> None:
    if bot.returncode is not None:
        return
    bot.terminate()
    try:
        await asyncio.wait_for(bot.wait(), timeout=12)
    except TimeoutError:
        bot.kill()
        await bot.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def say(line: str) -> None:
    """One line for the person at the terminal."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
