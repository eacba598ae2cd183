"""``/incident oncall`` where PagerDuty keeps the schedules: whom and what is meant, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from blocks.ids import ActionId, PagerOverrideButton
from bot.ports import Member
from bot.services.base import Options
from bot.services.people import SCHEDULES
from handlers.actions import ACTIONS
from tests.unit.handlers.desk import Counter
from tests.unit.store.house import NOW, build_home
from tests.unit.worker.fakes import FakePager

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

ANA = "<@U0ANA|ana>"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Counter]:
    """PagerDuty is on, with two schedules; there are no rosters."""
    home = build_home(tmp_path, options=Options(pagerduty=True, pagerduty_service="S1"))
    built = Counter(home)
    await home.people.mirror(built.chat, FakePager())  # type: ignore[arg-type]
    await home.people.remember([Member(id="U0BEN", name="Ben", email="ben@example.com")])
    yield built
    home.work.close()


async def payload(desk: Counter, kind: str) -> dict[str, object]:
    [row] = await desk.home.effects(kind)
    return dict(row.payload or {})


async def test_an_override_is_on_its_way_once(desk: Counter) -> None:
    words = f"oncall override {ANA} ops PRIMARY for 4h"
    for _ in range(2):
        answer = await desk.command(words, trigger="same")
        assert "Telling PagerDuty that Ana stands in for Ops primary" in answer
    sent = await payload(desk, "pagerduty.override")
    assert sent["schedule"] == ["PS1", "Ops primary"]
    assert sent["channel"] == "C0"
    assert (sent["since"], sent["until"]) == (
        "2026-03-01T12:00:00+00:00",
        "2026-03-01T16:00:00+00:00",
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (f"override {ANA} Nowhere for 4h", "There is no roster Nowhere."),
        (f"override {ANA} for 4h", "Say which roster is meant: Night, Ops primary."),
        (f"override {ANA} Night", "Say until when, or for how long"),
        (f"override {ANA} Night until yesterday 9:00", "It ends before it begins."),
        ("override <@U0BEN|ben> Night for 4h", "Ben has no PagerDuty account"),
        (f"swap {ANA} <@U0BEN|ben> Night", "Night is kept at PagerDuty, which knows no swaps"),
        (f"swap {ANA} <@U0BEN|ben>", "Every schedule is kept at PagerDuty, which knows no swaps"),
        (
            "swap",
            "make an override for each of the two turns, as in /incident oncall override @ana",
        ),
        ("overrides Nights", "There is no roster Nights. Did you mean Night?"),
        ("at 99:99 Night", "I cannot read the time"),
    ],
)
async def test_what_can_not_be_is_said_and_not_sent(desk: Counter, words: str, told: str) -> None:
    answer = await desk.command(f"oncall {words}")
    assert told in answer, answer
    assert await desk.home.effects("pagerduty.override") == []
    assert await desk.home.effects("slack.show_on_call") == []
    assert await desk.home.effects("slack.show_overrides") == []


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("at tomorrow 9:00", ("", None)),
        ("at tomorrow 9:00 Night", ("PS2", None)),
        ("at tomorrow 9:00 ps1", ("PS1", None)),
    ],
)
async def test_a_moment_is_asked_about(
    desk: Counter, words: str, asked: tuple[str, str | None]
) -> None:
    answer = await desk.command(f"oncall {words}")
    assert "Asking PagerDuty who is on call then" in answer
    sent = await payload(desk, "slack.show_on_call")
    assert (sent["schedule"], sent["service_id"]) == asked
    assert str(sent["at"]).endswith("+00:00")


async def test_the_forms_offer_schedules(desk: Counter) -> None:
    for words in ("oncall override", "oncall at"):
        await desk.command(words)
        shown = str(desk.views.last)
        assert "Ops primary" in shown
        assert "Night" in shown


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("overrides", [["PS2", "Night"], ["PS1", "Ops primary"]]),
        ("overrides NIGHT", [["PS2", "Night"]]),
        ("overrides ps1", [["PS1", "Ops primary"]]),
    ],
)
async def test_pagerduty_is_asked_who_stands_in(
    desk: Counter, words: str, asked: list[list[str]]
) -> None:
    for _ in range(2):
        answer = await desk.command(f"oncall {words}", trigger="same")
        assert answer == "Asking PagerDuty who stands in there; the answer comes in a moment."
    sent = await payload(desk, "slack.show_overrides")
    assert sent["schedules"] == [list(each) for each in asked]
    assert (sent["hidden"], sent["user"], sent["channel"]) == (0, "U0ANA", "C0")


async def test_of_many_schedules_the_first_are_asked_about(desk: Counter) -> None:
    many = {f"PS{n}": f"Schedule {n:02}" for n in range(25)}
    await desk.home.work.write(lambda tx: tx.set_value(SCHEDULES, many))
    await desk.command("oncall overrides")
    sent = await payload(desk, "slack.show_overrides")
    assert (len(sent["schedules"]), sent["hidden"]) == (20, 5)  # type: ignore[arg-type]


def button(hours: int = 4, **more: object) -> str:
    facts = {"since": 1, "until": int((NOW + timedelta(hours=hours)).timestamp()), **more}
    value = {"schedule": "PS1", "override": "Q1", "user": "PANA", "name": "Ana at PagerDuty"}
    return PagerOverrideButton(**{**value, **facts}).encode()  # type: ignore[arg-type]


async def press(desk: Counter, value: str) -> str:
    body = desk.pressed(ActionId.REMOVE_AT_PAGER, value, ts="1.1")
    await desk.serve("action", ACTIONS[ActionId.REMOVE_AT_PAGER], body)
    return str(desk.chat.named("respond")[-1][2])


async def test_taking_back_is_on_its_way_once(desk: Counter) -> None:
    for _ in range(2):
        told = await press(desk, button())
        assert told == (
            "Telling PagerDuty to take the override of Ops primary back; the answer comes in a moment."
        )
    sent = await payload(desk, "pagerduty.remove_override")
    assert (sent["schedule"], sent["override"]) == (["PS1", "Ops primary"], "Q1")
    assert sent["person"]["slack_id"] == "U0ANA"  # type: ignore[index]


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (button(hours=0), "That override is over, or was taken back already."),
        (button(until=2**62), "I cannot read this button."),
        ("{}", "from an older version of me"),
    ],
)
async def test_what_can_not_be_taken_back_is_said(desk: Counter, value: str, told: str) -> None:
    assert told in await press(desk, value)
    assert await desk.home.effects("pagerduty.remove_override") == []
