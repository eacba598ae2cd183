"""The numbers: ``/incident report``, and the charts Home's button sends."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.catalog import Catalog, Digest
from tests.stage import ALICE, BOB, GENERAL, Json, Stage, stage
from tests.workspace import text_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.asyncio(loop_scope="module")


def directs(user_state: Json) -> list[Json]:
    """Direct messages that carry a report."""
    rooms = [c["id"] for c in user_state["channels"] if c["is_im"]]
    said = [m for room in rooms for m in user_state["messages"].get(room, [])]
    return [m for m in said if "Mean time to acknowledge" in m["text"] and not m["ephemeral"]]


def reports(count: int) -> Callable[[Json], list[Json]]:
    return lambda state: found if len(found := directs(state)) >= count else []


def kinds(message: Json) -> list[str]:
    return [block["type"] for block in message["blocks"]]


async def sev1(s: Stage) -> int:
    """How many SEV1 the report counts."""
    answer = await s.command("/incident report 7", user=BOB, channel=GENERAL)
    found = re.search(r"SEV1: (\d+)", json.dumps(answer["ack"]))
    return int(found[1]) if found else 0


async def test_the_numbers_at_once_and_the_charts_directly(s: Stage) -> None:
    before = await sev1(s)
    name = await s.declare("SEV1 Payments are refused")
    await s.command(f"/incident ack {name}")
    await s.command(f"/incident resolve {name} A typo")
    await s.declare_at_api({"title": "Hidden", "severity": "SEV1", "private": True})
    await s.quiet()
    sent = len(directs(await s.state(BOB)))
    assert await sev1(s) == before + 1, "a private incident is not counted"
    report = (await s.until(reports(sent + 1), user=BOB))[-1]
    assert kinds(report).count("data_table") == 1
    assert 1 <= kinds(report).count("data_visualization") <= 2
    [table] = [b for b in report["blocks"] if b["type"] == "data_table"]
    row = next(row for row in table["rows"] if row[0]["text"] == "SEV1")
    assert row[1]["value"] == before + 1
    assert await s.problems() == []


async def test_days_nobody_can_count_are_explained(s: Stage) -> None:
    for words in ("0", "9999", "a week"):
        answer = await s.command(f"/incident report {words}")
        assert "from 1 to 366" in str(answer["ack"])
    assert await s.problems() == []


async def test_home_has_the_numbers_and_a_button_for_the_charts(s: Stage) -> None:
    await s.declare("SEV2 Search is slow")
    await s.act("open_home", user=ALICE)

    def home(state: Json) -> Json | None:
        view = state.get("home")
        return view if view and "The last 30 days" in json.dumps(view) else None

    view = await s.until(home)
    assert "data_" not in json.dumps([b["type"] for b in view["blocks"]])
    assert "SEV2: " in json.dumps(view)
    shown = json.dumps(view, ensure_ascii=False)
    assert "*On call*" in shown
    assert f"<@{ALICE}>" in shown[shown.index("*On call*") :]
    before = len(directs(await s.state()))
    await s.press("Charts", user=ALICE, where="home")
    sent = (await s.until(reports(before + 1)))[-1]
    assert "data_visualization" in kinds(sent)
    assert "30 days" in text_of(sent)
    # The message is the worker's, the modal follows the acknowledgement: either may be there first.
    await s.until(lambda state: "direct messages" in json.dumps(state["views"]))
    assert await s.problems() == []


async def test_the_weekly_digest_is_posted_once(tmp_path: Path) -> None:
    at = f"{datetime.now(UTC) - timedelta(minutes=5):%a %H:%M}"
    catalog = Catalog(digest=Digest(weekly=at, channel="ops"))
    async with stage(tmp_path, catalog=catalog, start=False) as s:
        await s.act("invite", user=ALICE, channel="C0OPS00000", who="U0MUSTER00")
        await s.start_bot()
        await s.ready()

        def digests(state: Json) -> list[Json]:
            return [m for m in state["messages"]["C0OPS00000"] if "the last 7 days" in m["text"]]

        await s.until(digests)
        assert s.bot is not None
        await s.bot.sweeps.digest()
        await s.stop_bot()
        await s.start_bot()
        await s.ready()
        await s.quiet()
        assert len(digests(await s.state())) == 1
        assert await s.problems() == []
