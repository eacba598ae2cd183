"""A vendor that refuses our key, or fails for long: the card says so, the others go on, Retry mends it."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.scenarios import faults_house
from tests.scenarios.faults_story import (
    ACKNOWLEDGE,
    DECLARE,
    ERIN,
    ESCALATE,
    ISSUE,
    REASSIGN,
    RESOLVE,
    Call,
    Step,
)
from tests.stage import ALICE, BOB
from tests.workspace import (
    buttons,
    card_of,
    issues,
    pages,
    room_of,
)

if TYPE_CHECKING:
    from tests.scenarios.faults_house import House
    from tests.stage import Json

pytestmark = pytest.mark.asyncio(loop_scope="module")


building = pytest_asyncio.fixture(scope="module", loop_scope="module")(faults_house.building)
h = pytest_asyncio.fixture(loop_scope="module")(faults_house.at_home)


def the_bot(h: House) -> Any:
    assert h.s.bot is not None
    return h.s.bot


async def readiness(h: House) -> tuple[int, Json]:
    answer = await h.s.http.get(f"{h.s.bot_url}/readyz")
    return answer.status_code, answer.json()


# --- keys ---------------------------------------------------------------------------------


async def test_a_key_github_refuses_stops_github_alone(h: House) -> None:
    before = len(h.told_admins(await h.s.state()))
    await h.life(DECLARE)
    await h.s.fault("github.*", "401", times=1000)
    lives = [(await h.declare(title), title) for title in (h.title(), h.title())]
    await h.rest()
    state = await h.s.state()
    for name, title in lives:
        assert room_of(state, name)
        assert [n for n in pages(state, title)[0]["notes"] if "worked on in Slack" in n["content"]]
        assert issues(state, name) == []
        await h.failed(name, "GitHub issue", "Bad credentials", "I stopped all calls to GitHub")
    [sentence] = h.told_admins(state)[before:]
    assert "GitHub refused the key" in sentence
    assert "Ask an admin" in sentence
    code, report = await readiness(h)
    assert code == 200
    assert list(report["degraded"]) == ["github"]
    # Retry while the key is still wrong: it is asked once more and stands still again.
    await h.press("Retry", await h.failed(lives[0][0], "I stopped all calls to GitHub"))
    await h.s.wait(lambda: the_bot(h).world.stopped, what="GitHub to be stopped again")
    await h.rest()
    await h.s._call("DELETE", "/api/faults")
    await h.press("Retry", await h.failed(lives[1][0], "I stopped all calls to GitHub"))
    await h.s.wait(lambda: not the_bot(h).world.stopped, what="GitHub to go on")
    await h.rest()
    for name, title in lives:
        await h.end(DECLARE, name)
        await h.judge(Call(DECLARE, "github.*"), name, title)


async def test_a_key_pagerduty_refuses_stops_pagerduty_alone(h: House) -> None:
    before = len(h.told_admins(await h.s.state()))
    await h.life(ACKNOWLEDGE)
    await h.s.fault("pagerduty.*", "401", times=1000)
    title = h.title()
    name = await h.declare(title)
    await h.rest(ahead=0)
    await h.do(ACKNOWLEDGE, name)
    await h.rest(ahead=0)
    state = await h.s.state()
    assert "Acknowledge" not in buttons(card_of(state, name) or {})
    assert len(issues(state, name)) == 1
    assert room_of(state, name)
    assert pages(state, title) == []
    await h.failed(name, "PagerDuty incident", "I stopped all calls to PagerDuty", "Retry")
    assert ["PagerDuty refused the key" in t for t in h.told_admins(state)[before:]] == [True]
    code, report = await readiness(h)
    assert code == 200
    assert "pagerduty" in report["degraded"]
    await h.s._call("DELETE", "/api/faults")
    await the_bot(h).sweeps._probe()
    await h.rest()
    await h.end(ACKNOWLEDGE, name)
    await h.s.until(lambda state: ALICE in (room_of(state, name) or {})["members"])  # is on call
    await h.judge(Call(ACKNOWLEDGE, "pagerduty.*"), name, title)


async def test_a_token_slack_refuses_stops_slack_alone(h: House) -> None:
    await h.life(ACKNOWLEDGE)
    await h.s.fault("slack.*", "401", times=1000)
    title = h.title()
    name = await h.declare(title)
    await h.rest()
    state = await h.s.state()
    assert len(pages(state, title)) == 1
    assert len(issues(state, name)) == 1
    assert card_of(state, name) is None
    assert list(the_bot(h).world.stopped) == ["slack"]
    code, report = await readiness(h)
    assert code == 503
    assert "invalid_auth" in report["parts"]["slack"]
    await h.s._call("DELETE", "/api/faults")
    await the_bot(h).sweeps._probe()
    await h.rest()
    assert (await readiness(h))[0] == 200
    await h.do(ACKNOWLEDGE, name)
    await h.rest()
    await h.end(ACKNOWLEDGE, name)
    await h.judge(Call(ACKNOWLEDGE, "slack.*"), name, title)


# --- for long -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "target", "label"),
    [
        (DECLARE, "slack.bookmarks.add", "Bookmark"),
        (ACKNOWLEDGE, "pagerduty.PUT /incidents/*", "PagerDuty change"),
        pytest.param(DECLARE, f"github.POST {ISSUE}", "GitHub issue", marks=pytest.mark.long),
        pytest.param(
            RESOLVE, f"github.POST {ISSUE}/*/comments", "GitHub comment", marks=pytest.mark.long
        ),
        pytest.param(DECLARE, "pagerduty.GET /oncalls", "Invitations", marks=pytest.mark.long),
        pytest.param(DECLARE, "slack.conversations.create", "Channel", marks=pytest.mark.long),
        pytest.param(
            REASSIGN, "slack.conversations.open", "Direct message", marks=pytest.mark.long
        ),
    ],
)
async def test_a_step_that_keeps_failing_shows_and_can_be_retried_at_once(
    h: House, step: Step, target: str, label: str
) -> None:
    call = Call(step, target)
    await h.life(step)
    name, title = await h.begin(call, "500", times=1000)
    await h.failed(name, label, "tried", "trying again")
    await h.put_off()
    card = await h.failed(name, label, "tried", "trying again", "Retry", "Dismiss")
    await h.s._call("DELETE", "/api/faults")
    await h.press("Retry", card)
    await h.rest(ahead=8)
    await h.end(step, name)
    await h.judge(call, name, title)


@pytest.mark.parametrize(
    "target", ["slack.pins.add", "pagerduty.POST /incidents", f"github.POST {ISSUE}"]
)
async def test_retry_after_is_kept(h: House, target: str) -> None:
    call = Call(DECLARE, target)
    await h.life(DECLARE)
    name, title = await h.begin(call, "429", retry_after=1)
    await h.rest()
    wanted = re.compile(target.replace("*", "[^/]+"))
    made = [c for c in await h.s.calls() if wanted.fullmatch(c["operation"])]
    [refused] = [datetime.fromisoformat(c["at"]) for c in made if c["error"] == "fault:429"]
    again = min(t for c in made if (t := datetime.fromisoformat(c["at"])) > refused)
    assert (again - refused).total_seconds() >= 1
    await h.end(DECLARE, name)
    await h.judge(call, name, title)


@pytest.mark.parametrize("then", [f"reassign INC {ERIN}", "escalate INC 3"])
async def test_a_change_right_after_another_is_not_taken_for_it(h: House, then: str) -> None:
    """A retaken change looks whether it was made already; the one just before is no proof of that."""
    title = h.title()
    name = await h.declare(title)
    await h.rest()
    await h.s.command(f"/incident reassign {name} @carol", user=BOB)
    await h.s.until(lambda state: owner(state, title) == "Carol Okafor")
    await h.rest()
    await h.s.fault("pagerduty.PUT /incidents/*", "500")
    await h.s.command("/incident " + then.replace("INC", name).replace(ERIN, "@erin"), user=BOB)
    await h.rest()
    state = await h.s.state()
    assert state["faults"] == []
    if "reassign" in then:
        assert owner(state, title) == "Erin Costa"
    else:
        [page] = pages(state, title)
        assert [e for e in page["log"] if e["type"] == "escalate_log_entry"]
    await h.end(ESCALATE, name)
    assert await h.s.problems() == []


def owner(state: Json, title: str) -> str:
    [page] = pages(state, title)
    return str(page["assignments"][0]["assignee"]["summary"]) if page["assignments"] else ""
