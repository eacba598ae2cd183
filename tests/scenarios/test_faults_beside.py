"""What fails beside the steps: forms, the connection, reading who is who, the native pager."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, EscalationPolicy, Level
from bot.services.people import MIRRORED, PAGER_USERS
from tests.scenarios import faults_house
from tests.scenarios.faults_story import DECLARE, PASSING
from tests.stage import BOB, stage
from tests.workspace import told

if TYPE_CHECKING:
    from pathlib import Path

    from bot.store.tx import Tx
    from tests.scenarios.faults_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")


building = pytest_asyncio.fixture(scope="module", loop_scope="module")(faults_house.building)
h = pytest_asyncio.fixture(loop_scope="module")(faults_house.at_home)


def the_bot(h: House) -> Any:
    assert h.s.bot is not None
    return h.s.bot


@pytest.mark.parametrize("kind", [*PASSING, "401"])
@pytest.mark.long
async def test_the_connection_is_made_again(
    h: House, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slack answers the request for a new address in every wrong way."""
    for name, seconds in {"FIRST_RETRY": 0.05, "CHECK_SECONDS": 0.1, "PING_SECONDS": 0.5}.items():
        monkeypatch.setattr(f"bot.gateway.{name}", seconds)
    bot, sandbox = the_bot(h), h.s.sandbox.sandbox.slack.socket
    await h.s.fault("slack.apps.connections.open", kind, times=2, retry_after=0)
    await h.s.act("socket", action="drop")
    await h.s.wait(lambda: not sandbox.connections, what="the connection to drop")

    async def back() -> bool:
        left = (await h.s.state())["faults"]
        return not left and bool(sandbox.connections) and bot.gateway.connected

    await h.s.wait(back, 30, "the connection to be made again")
    answer = await h.s.command("/incident help")
    assert "What I can do" in answer["ack"]["text"]


@pytest.mark.parametrize("kind", [*PASSING, "401"])
async def test_a_form_slack_does_not_open_is_told_and_the_next_press_opens_it(
    h: House, kind: str
) -> None:
    name = await h.declare(h.title())
    await h.rest()
    await h.s.fault("slack.views.open", kind)
    answer = await h.s.on_card(name, "More")
    assert answer["ok"], answer
    if kind != "lost":  # then it is open, only nobody told us
        await h.s.until(lambda state: told(state, "nothing was changed"))
        assert (await h.s.state())["views"] == []
    h.s.sandbox.sandbox.slack.ws.modals.clear()
    await h.s.on_card(name, "More")
    await h.s.until(lambda state: state["views"])
    assert not told(await h.s.state(), "Something broke")
    await h.end(DECLARE, name)
    assert await h.s.problems() == []


@pytest.mark.parametrize("kind", [*PASSING, "401"])
@pytest.mark.parametrize(
    "target",
    [
        "slack.users.list",
        "slack.usergroups.list",
        "pagerduty.GET /users",
        "pagerduty.GET /escalation_policies",
    ],
)
@pytest.mark.long
async def test_people_are_read_again_until_it_works(
    h: House, target: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.worker.sweeps.MIRROR_RETRY", 0.1)
    bot = the_bot(h)
    read = (MIRRORED, PAGER_USERS, "pagerduty.policies")

    def forget(tx: Tx) -> None:
        for name in read:
            tx.set_value(name, None)

    await bot.work.write(forget)
    await h.s.fault(target, kind, retry_after=0)
    bot.sweeps.mirror_soon()
    reading = bot.sweeps._mirroring
    assert reading is not None
    await h.s.wait(reading.done, what="the readings to end")
    assert (await h.s.state())["faults"] == []
    known = await bot.work.read(lambda tx: [tx.value(name) for name in read])
    assert all(known), "what was refused once is known in the end"
    assert known[0]["groups"], "groups as well"
    assert bot.sweeps.down == {}
    assert not bot.world.stopped


async def test_a_page_by_direct_message_waits_for_slacks_key(tmp_path: Path) -> None:
    """The native pager is nobody's vendor: a key Slack refuses stops Slack, and the page is sent later, once."""
    policy = EscalationPolicy(name="default", levels=(Level(notify=("person:bob@example.com",)),))
    catalog = Catalog(policies={"default": policy})
    async with stage(
        tmp_path, catalog=catalog, PAGERDUTY_API_TOKEN=None, PAGERDUTY_SERVICE_ID=None
    ) as s:
        bot: Any = s.bot
        await s.fault("slack.conversations.open", "401")
        await s.declare("Page Bob natively")
        await s.wait(lambda: bot.world.stopped, what="Slack to be stopped")
        assert list(bot.world.stopped) == ["slack"]
        await bot.sweeps._probe()
        await s.until(lambda state: told(state, "You are paged"), user=BOB)
        await s.quiet(ahead=3)
        assert not bot.world.stopped
        assert len(told(await s.state(BOB), "You are paged")) == 1
        assert await s.problems() == []
