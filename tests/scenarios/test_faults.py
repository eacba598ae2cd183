"""Every vendor call fails in every way: the end state is right, or the card says what failed and offers Retry.

A sample of all kinds and vendors runs with ``make test``, the whole matrix with ``make test-long``.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from tests.scenarios import faults_house
from tests.scenarios.faults_picture import failures_on
from tests.scenarios.faults_story import (
    ACKNOWLEDGE,
    CALLS,
    DECLARE,
    ISSUE,
    KINDS,
    REASSIGN,
    REFUSALS,
    RESOLVE,
    Call,
    Refusal,
)

if TYPE_CHECKING:
    from tests.scenarios.faults_house import House

pytestmark = pytest.mark.asyncio(loop_scope="module")

#: One case per kind, vendor and sort of call.
SAMPLE = {
    (Call(DECLARE, "slack.chat.postMessage"), "lost"),
    (Call(DECLARE, "slack.conversations.create"), "lost"),
    (Call(DECLARE, "slack.bookmarks.add"), "garbage"),
    (Call(DECLARE, "pagerduty.POST /incidents"), "timeout"),
    (Call(DECLARE, "pagerduty.GET /oncalls"), "500"),
    (Call(DECLARE, f"github.POST {ISSUE}"), "lost"),
    (Call(DECLARE, f"github.POST {ISSUE}"), "401"),
    (Call(ACKNOWLEDGE, "pagerduty.PUT /incidents/*"), "401"),
    (Call(ACKNOWLEDGE, "slack.chat.postMessage"), "reset"),
    (Call(ACKNOWLEDGE, "slack.chat.update"), "401"),
    (Call(REASSIGN, "pagerduty.PUT /incidents/*"), "lost"),
    (Call(RESOLVE, f"github.POST {ISSUE}/*/comments"), "429"),
    (Call(RESOLVE, f"github.PATCH {ISSUE}/*"), "timeout"),
}


building = pytest_asyncio.fixture(scope="module", loop_scope="module")(faults_house.building)
h = pytest_asyncio.fixture(loop_scope="module")(faults_house.at_home)


def matrix() -> list[object]:
    """All calls times all kinds; what is not in the sample takes long."""
    return [
        pytest.param(
            call,
            kind,
            id=f"{call}-{kind}",
            marks=() if (call, kind) in SAMPLE else pytest.mark.long,
        )
        for call in CALLS
        for kind in KINDS
    ]


async def test_the_sample_is_part_of_the_matrix() -> None:
    assert {(call, kind) for call in CALLS for kind in KINDS} >= SAMPLE
    assert {kind for _, kind in SAMPLE} == set(KINDS)


async def test_the_undisturbed_life_is_whole(h: House) -> None:
    """What the others are compared with: one of everything, in its last state."""
    lines = await h.life(ACKNOWLEDGE)
    for start, times in {
        "#incidents message": 1,
        "#incident-room exists": 1,
        "#incident-room topic SEV2 · resolved · owner: Bob Martin": 1,
        "#incident-room pin of the card": 1,
        "#incident-room bookmark": 3,
        "#incident-room member U0ALICE00": 1,  # is on call
        "#incident-room member U0BOB0000": 1,  # declared it
        "page 'TITLE' (": 1,
        "page 'TITLE' note": 1,
        "page 'TITLE' log acknowledge": 1,
        "page 'TITLE' log resolve": 1,
        "issue acme/incidents 'INC-N: TITLE' closed": 1,
        "issue acme/incidents 'INC-N: TITLE' comment": 2,
    }.items():
        assert len([line for line in lines if line.startswith(start)]) == times, start
    cards = [line for line in lines if "*Status:* ✅ Resolved" in line]
    assert [line.partition(" ")[0] for line in cards] == ["#incident-room", "#incidents"]
    for word in ("acknowledged", "resolved the incident"):
        told = [x for x in lines if f"<@U0BOB0000> {word}" in x]
        assert len([x for x in told if x.startswith("#incident-room")]) == 1


async def resume(h: House, call: Call, name: str) -> None:
    """The key was refused once: that vendor stands still, and says so, until it is asked again."""
    bot = h.s.bot
    assert bot is not None
    if call.aside:
        return
    await h.s.wait(lambda: call.vendor in bot.world.stopped, what=f"{call.vendor} to be stopped")
    await h.rest()
    assert list(bot.world.stopped) == [call.vendor]
    if call.vendor == "slack" or call.read_only:
        await bot.sweeps._probe()
    else:
        card = await h.failed(name, "I stopped all calls to", "Retry", "Dismiss")
        await h.press("Retry", card)
    await h.s.wait(lambda: not bot.world.stopped, what=f"{call.vendor} to go on")


@pytest.mark.parametrize(("call", "kind"), matrix())
async def test_one_failing_call_changes_nothing_in_the_end(h: House, call: Call, kind: str) -> None:
    await h.life(call.step)
    name, title = await h.begin(call, kind)
    if kind == "401":
        await resume(h, call, name)
    await h.rest()
    assert (await h.s.state())["faults"] == [], "the story never makes this call"
    await h.end(call.step, name)
    await h.judge(call, name, title)


# --- refused for good ---------------------------------------------------------------------


QUICK_REFUSALS = ("Channel", "PagerDuty incident", "GitHub issue")


def refusals() -> list[object]:
    return [
        pytest.param(r, id=str(r), marks=() if r.label in QUICK_REFUSALS else pytest.mark.long)
        for r in REFUSALS
    ]


@pytest.mark.parametrize("refusal", refusals())
async def test_a_step_that_gives_up_says_why_and_retry_completes_it(
    h: House, refusal: Refusal
) -> None:
    name, title = await h.begin(refusal.call, refusal.error)
    await h.rest()
    card = await h.failed(name, refusal.label, "answered", "Retry", "Dismiss")
    assert (await h.s.state())["faults"] == []
    await h.press("Retry", card)
    await h.rest()
    await h.end(refusal.call.step, name)
    await h.judge(refusal.call, name, title)


@pytest.mark.parametrize("refusal", refusals())
async def test_a_dismissed_step_is_not_shown_and_everything_else_was_done(
    h: House, refusal: Refusal
) -> None:
    whole, vendor = await h.life(refusal.call.step), refusal.call.vendor
    name, title = await h.begin(refusal.call, refusal.error)
    await h.rest()
    await h.press("Dismiss", await h.failed(name, refusal.label, "Retry", "Dismiss"))
    await h.rest()
    assert failures_on(await h.s.state(), name) == []
    await h.end(refusal.call.step, name)
    assert failures_on(await h.s.state(), name) == []
    done = (Counter(whole) & Counter(await h.portrait(name, title))).elements()
    places = {line[0] for line in done}
    assert places >= {"#", "p", "i"} - {{"slack": "#", "pagerduty": "p"}.get(vendor, "i")}
    assert await h.s.problems() == []
