"""``/incident oncall`` where PagerDuty keeps the schedules: whom and what is meant, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.ports import Member
from bot.services.base import Options
from tests.unit.handlers.desk import Counter
from tests.unit.store.house import build_home
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
        (f"swap {ANA} <@U0BEN|ben> Night", "kept at PagerDuty, which knows no swaps"),
        ("at 99:99 Night", "I cannot read the time"),
    ],
)
async def test_what_can_not_be_is_said_and_not_sent(desk: Counter, words: str, told: str) -> None:
    answer = await desk.command(f"oncall {words}")
    assert told in answer, answer
    assert await desk.home.effects("pagerduty.override") == []
    assert await desk.home.effects("slack.show_on_call") == []


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
