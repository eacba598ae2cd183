"""What a drill looks like: the mark wherever it is shown, and the words of its report."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from blocks import direct, drill, paging
from blocks.briefing import Handover, briefing
from blocks.card import CardContext, card
from blocks.home import home_view
from bot.domain.catalog import Drills
from bot.domain.drill import Drill
from bot.domain.drill_report import MENDS, Outcome, Report, Result, Step
from bot.domain.escalation import Page
from bot.domain.incident import PagerKind, PagerLink, Places, Status
from tests.unit.blocks.samples import QUIET
from tests.unit.store.house import ANA_ACTOR, NOW, an_incident

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.ports import Message

CONTEXT = CardContext(now=NOW, subscribe_available=True, postmortem_available=True)


def a_drill(**more: Any) -> Incident:
    facts = {"title": "[DRILL] Test incident", "drill": True, "places": Places(channel="C1")}
    return an_incident(**{**facts, **more})


def words(message: Message | dict[str, Any]) -> str:
    shown = message if isinstance(message, dict) else [message.text, *message.blocks]
    return json.dumps(shown, ensure_ascii=False)


def test_both_cards_say_so_and_offer_nothing_that_makes_no_sense() -> None:
    for place in ("announcement", "channel"):
        for status in (Status.TRIGGERED, Status.RESOLVED):
            shown = words(card(a_drill(status=status), CONTEXT, place=place))  # type: ignore[arg-type]
            assert "*This is a drill.*" in shown
            assert "Nobody is paged" not in shown
            assert '"Subscribe"' not in shown
            assert '"Reopen"' not in shown
        real = words(card(an_incident(), CONTEXT, place=place))  # type: ignore[arg-type]
        assert "drill" not in real
        assert "Nobody is paged" in real


def test_direct_messages_say_so() -> None:
    told = [
        paging.for_person(Page(id=1, started_at=NOW), a_drill()),
        direct.handed_over(a_drill(), "page", ANA_ACTOR, "x"),
        briefing(a_drill(), Handover(role="scribe", to=ANA_ACTOR), ()),
    ]
    for message in told:
        assert message.text.startswith("🧯 *DRILL*")
        assert "DRILL" in json.dumps(message.blocks)
    assert "DRILL" not in words(paging.for_person(Page(id=1, started_at=NOW), an_incident()))


def test_home_shows_my_drill_and_counts_none() -> None:
    real = [an_incident(number=n) for n in (2, 3)]
    view = home_view(mine=[a_drill()], open_incidents=real, open_total=2, statistics=QUIET, now=NOW)
    shown = words(view)
    assert "[DRILL] Test incident" in shown
    assert "2 open incidents" in shown
    assert "more: `/incident list open`" not in shown


def test_starting_one_says_who_is_paged() -> None:
    one, rules = Drill(incident=1, started_at=NOW), Drills(channel="practice")
    alone = words(drill.started(a_drill(), one, rules))
    assert "Only you are paged." in alone
    assert "#practice" in alone
    assert "after 30 min" in alone
    pages = replace(one, pages=True)
    nobody = words(drill.started(a_drill(), pages, rules))
    assert "Nobody would be paged in a real incident, so only you are paged." in nobody
    at_pagerduty = a_drill(pager=PagerLink(kind=PagerKind.PAGERDUTY))
    assert "PagerDuty pages as in a real incident." in words(
        drill.started(at_pagerduty, pages, rules)
    )
    native = a_drill(pager=PagerLink(kind=PagerKind.NATIVE, policy_name="ops"))
    assert "the policy ops pages as in a real incident." in words(
        drill.started(native, pages, rules)
    )
    assert "was started already" in words(drill.started(a_drill(), one, rules, again=True))


def result(step: Step, outcome: Outcome = Outcome.DONE, **more: Any) -> Result:
    return Result(step=step, outcome=outcome, **more)


def test_the_report_compares_every_step_with_the_drill_before() -> None:
    now = Report(
        lasted=420,
        results=(
            result(Step.ANNOUNCEMENT, at=0.84, took=0.84),
            result(Step.TOPIC, at=3.0, took=1.0, detail="after 3 attempts"),
            result(Step.ISSUE, Outcome.FAILED, detail="403 <!channel>"),
            result(Step.UPDATE, at=125.0, took=0.5),
            result(Step.NOTE, Outcome.LEFT_OUT, detail="it is not at PagerDuty"),
        ),
    )
    before = Report(
        results=(
            result(Step.ANNOUNCEMENT, at=2.0, took=2.0),
            result(Step.ISSUE, at=1.0, took=1.0),
            result(Step.UPDATE, Outcome.FAILED, detail="x"),
            result(Step.NOTE, at=1.0, took=1.0),
        )
    )
    lines = drill.report_message(a_drill(), now, before).text.splitlines()
    assert lines == [
        "🧯 Drill INC-1: 1 of 4 steps did not work",
        "✅ *Announcement*: 0.8 s (last time 2.0 s)",
        "✅ *Topic*: 3.0 s, 1.0 s after it was asked for, after 3 attempts",
        f"❌ *GitHub issue*: 403 &lt;!channel&gt;. It worked last time. {MENDS[Step.ISSUE]}",
        "✅ *Status update*: 2 min, 0.5 s after it was asked for (failed last time)",
    ]
    shown = words(drill.report_message(a_drill(), now, before))
    assert "It lasted 7 min" in shown
    assert "Left out: PagerDuty note (it is not at PagerDuty)" in shown
    assert "first drill" not in shown
    assert "This was the first drill" in words(drill.report_message(a_drill(), now))
