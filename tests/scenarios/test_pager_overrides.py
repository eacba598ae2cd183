"""Who stands in at PagerDuty, while PagerDuty is slow, dead, or changed by others."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest_asyncio

from bot.domain.catalog import Catalog
from bot.sandbox.pagerduty.model import Override
from tests.contracts.pagers import roster
from tests.stage import ALICE, BOB, CAROL, stage
from tests.workspace import text_of, told, told_with

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.stage import Stage

OVERRIDES = "pagerduty.GET /schedules/*/overrides"
TOMORROW = "from tomorrow 9:00 until tomorrow 18:00"
ASKED = "Asking PagerDuty who stands in there; the answer comes in a moment."


@pytest_asyncio.fixture
async def s(tmp_path: Path) -> AsyncIterator[Stage]:
    async with stage(tmp_path, GITHUB_TOKEN=None) as running:
        yield running
        await running.quiet()
        assert await running.problems() == []


async def asked(s: Stage, words: str, *, user: str = ALICE) -> str:
    """What a command is answered at once."""
    return text_of((await s.command(f"/incident oncall {words}", user=user))["ack"])


async def heard(s: Stage, part: str) -> str:
    """What comes a moment later, once."""
    [answer] = await s.until(lambda state: told(state, part))
    return str(answer)


async def remove(s: Stage) -> None:
    """Press the newest *Remove*."""
    answer = await s.press("Remove", **told_with(await s.state(), "Remove"))
    assert answer["ok"], answer


def kept(s: Stage) -> Any:
    """The schedule as PagerDuty has it."""
    vendor: Any = s.sandbox.sandbox.vendors["pagerduty"]
    schedules = vendor.desk.account.schedules.values()
    return next(one for one in schedules if one.name == "Search primary")


async def test_a_dead_pagerduty_is_said_and_its_last_answer_is_shown(s: Stage) -> None:
    await s.fault(OVERRIDES, "500", times=100)
    assert ASKED in await asked(s, "overrides Search primary")
    await heard(s, "PagerDuty does not say who stands in: ")
    await s._call("DELETE", "/api/faults")
    await asked(s, f"override @bob Search primary {TOMORROW}")
    await heard(s, f"✅ <@{BOB}> is on call in Search primary from")
    await asked(s, "overrides Search primary")
    await heard(s, "*1 override in force or to come at PagerDuty*")
    await s.fault(OVERRIDES, "500", times=100)
    assert ASKED in await asked(s, "overrides Search primary")
    answer = await heard(s, "PagerDuty does not answer just now")
    assert "this is what it said" in answer
    assert f"<@{BOB}> is on call in Search primary from" in answer


async def test_taking_back_is_done_once_pagerduty_answers_again(s: Stage) -> None:
    await asked(s, f"override @bob Search primary {TOMORROW}")
    await heard(s, f"✅ <@{BOB}> is on call in Search primary from")
    await s.fault("pagerduty.DELETE /schedules/*/overrides/*", "500")
    await remove(s)
    await heard(s, "PagerDuty did not take the override of Search primary back yet")
    await heard(s, f"✅ Override removed: <@{BOB}> is on call in Search primary from")
    assert kept(s).overrides == []


async def test_it_was_taken_back_but_the_answer_was_lost(s: Stage) -> None:
    await asked(s, f"override @bob Search primary {TOMORROW}")
    await heard(s, f"✅ <@{BOB}> is on call in Search primary from")
    await s.fault("pagerduty.DELETE /schedules/*/overrides/*", "lost")
    await remove(s)
    await heard(s, f"✅ Override removed: <@{BOB}> is on call in Search primary from")
    assert kept(s).overrides == []
    await remove(s)
    await heard(s, "That override is over, or was taken back already. Nothing was changed.")


async def test_what_others_made_at_pagerduty_is_listed_too(s: Stage) -> None:
    """Of one that has begun PagerDuty tells no id: it is ended there, and that is said."""
    vendor: Any = s.sandbox.sandbox.vendors["pagerduty"]
    carol = next(u for u in vendor.desk.account.users.values() if u.email == "carol@example.com")
    now = datetime.now(UTC).replace(microsecond=0)
    spans = ((-1, 5), (48, 50))
    kept(s).overrides += [
        Override(f"QOTHER{n}", now + timedelta(hours=a), now + timedelta(hours=b), carol)
        for n, (a, b) in enumerate(spans)
    ]
    await asked(s, "overrides")
    answer = await heard(s, "*2 overrides in force or to come at PagerDuty*")
    text, _ = json.loads(answer)
    running, coming = text.split("\n")[1:3]
    assert f"<@{CAROL}> is on call in Search primary" in running
    assert "it has begun: end it in PagerDuty" in running
    assert "it has begun" not in coming
    await remove(s)
    await heard(s, f"✅ Override removed: <@{CAROL}> is on call in Search primary from")
    assert [one.id for one in kept(s).overrides] == ["QOTHER0"]


async def test_rosters_answer_at_once_and_pagerduty_in_its_own_time(tmp_path: Path) -> None:
    catalog = Catalog(rosters={"Office": roster("Office", "alice", "bob")})
    async with stage(tmp_path, catalog=catalog, GITHUB_TOKEN=None) as s:
        await s.command(f"/incident oncall override @carol Office {TOMORROW}")
        at_once = await asked(s, "overrides")
        assert "*1 override in force or to come*" in at_once
        assert f"<@{CAROL}> is on call in Office from" in at_once
        assert ASKED in at_once
        await heard(s, "No override is in force and none is to come at PagerDuty.")
        assert "is kept at PagerDuty, which knows no swaps" in await asked(
            s, "swap @alice @bob Search primary"
        )
        assert await s.problems() == []
