"""What a drill does next, what it tells of itself, and what its report says."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import drill as rules
from bot.domain import lifecycle, merging, notify, plan, privacy, updates
from bot.domain.catalog import Address, Catalog, Drills, Notification, Person
from bot.domain.drill import Act, Drill, Standing
from bot.domain.drill_report import NOBODY_REACHED, Fact, Outcome, Report, Result, Step, report
from bot.domain.effects import EffectKind
from bot.domain.incident import (
    MUSTER,
    Entry,
    EntryKind,
    Incident,
    PagerKind,
    PagerLink,
    Places,
    Status,
    TicketLink,
    Urgency,
)
from bot.errors import UserError
from tests.unit.store.house import ANA_ACTOR, BEN_ACTOR, NOW, an_incident

TIMES = Drills(acknowledge_after=timedelta(minutes=10), end_after=timedelta(minutes=30))


def a_drill(**more: Any) -> Incident:
    return an_incident(**{"title": "[DRILL] Test incident", "drill": True, **more})


def after(minutes: float) -> Any:
    return NOW + timedelta(minutes=minutes)


def act(incident: Incident, minutes: float = 0, **standing: bool) -> rules.Next:
    return rules.next_act(incident, NOW, Standing(**standing), TIMES, after(minutes))


# --- what it does next ------------------------------------------------------------------------------


def test_it_leaves_people_time_and_then_does_what_they_did_not() -> None:
    fresh = a_drill()
    assert act(fresh) == rules.Next(act=Act.WAIT, again=after(10))
    assert act(fresh, 10).act is Act.ACKNOWLEDGE
    taken = a_drill(status=Status.ACKNOWLEDGED, acknowledged_at=after(1))
    assert act(taken, 1).act is Act.UPDATE
    assert act(taken, 1, updated=True) == rules.Next(act=Act.WAIT, again=after(30))
    assert act(taken, 30, updated=True).act is Act.RESOLVE


def test_after_the_end_it_tries_the_rest_and_reports() -> None:
    over = a_drill(status=Status.RESOLVED, resolved_at=after(5))
    assert act(over, 5).act is Act.UPDATE
    assert act(over, 5, updated=True).act is Act.POSTMORTEM
    done = {"updated": True, "drafted": True}
    waits = act(over, 5, **done)
    assert waits.act is Act.WAIT
    assert waits.again == after(5) + rules.AGAIN
    assert act(over, 6, **done, settled=True).act is Act.REPORT
    assert act(over, 10, **done).act is Act.REPORT, "what is not done by then is told as not done"
    assert act(over, 60, **done, reported=True) == rules.Next(act=Act.WAIT)


def test_one_that_was_opened_again_at_the_pager_ends_again() -> None:
    again = a_drill(acknowledged_at=after(1))
    assert act(again, 40, updated=True, drafted=True, reported=True).act is Act.RESOLVE
    reopened = Entry(kind=EntryKind.REOPENED, at=NOW, id=7)
    [look] = rules.heard(again, reopened)
    assert look.kind is EffectKind.RUN_DRILL


@given(
    minutes=st.floats(0, 600),
    acknowledged=st.none() | st.floats(0, 600),
    resolved=st.none() | st.floats(0, 600),
    flags=st.tuples(*[st.booleans()] * 4),
)
def test_it_always_does_something_new_or_looks_again_later(
    minutes: float,
    acknowledged: float | None,
    resolved: float | None,
    flags: tuple[bool, bool, bool, bool],
) -> None:
    updated, drafted, settled, reported = flags
    incident = a_drill(
        status=Status.RESOLVED if resolved is not None else Status.TRIGGERED,
        acknowledged_at=after(acknowledged) if acknowledged is not None else None,
        resolved_at=after(resolved) if resolved is not None else None,
    )
    standing = Standing(updated=updated, drafted=drafted, settled=settled, reported=reported)
    step = rules.next_act(incident, NOW, standing, TIMES, after(minutes))
    undone = {
        Act.ACKNOWLEDGE: incident.acknowledged_at is None and incident.is_open,
        Act.UPDATE: not updated,
        Act.RESOLVE: incident.is_open,
        Act.POSTMORTEM: not drafted and not incident.is_open,
        Act.REPORT: not reported and not incident.is_open,
        Act.WAIT: True,
    }
    assert undone[step.act]
    if step.act is Act.WAIT:
        finished = reported and not incident.is_open
        assert (step.again is None) is finished
        assert step.again is None or step.again > after(minutes) or resolved is not None


def test_looks_wait_for_nothing_but_their_time() -> None:
    soon, later = rules.look(3, "entry/1"), rules.look(3, "at/x", after(30))
    assert soon.lane != later.lane


# --- it is marked, and nobody else is told ----------------------------------------------------------


def test_the_mark_is_set_once_and_stays() -> None:
    assert (
        rules.titled("Test incident")
        == "[DRILL] Test incident"
        == rules.titled("[DRILL] Test incident")
    )
    assert rules.untitled("[DRILL] Test incident") == "Test incident"
    renamed = lifecycle.set_field(a_drill(), EntryKind.TITLE, "Another", ANA_ACTOR, NOW)
    assert renamed.incident.title == "[DRILL] Another"
    real = lifecycle.set_field(an_incident(), EntryKind.TITLE, "Another", ANA_ACTOR, NOW)
    assert real.incident.title == "Another"


def test_what_would_mix_it_with_real_ones_is_refused() -> None:
    drill, real = a_drill(number=1), an_incident(number=2)
    for gone, kept in ((drill, real), (real, drill)):
        with pytest.raises(UserError, match="INC-1 is a drill"):
            merging.merge(gone, kept, ANA_ACTOR, NOW)
    with pytest.raises(UserError, match="is a drill"):
        privacy.make_private(drill, ANA_ACTOR, NOW, ticket=None)
    over = a_drill(status=Status.RESOLVED, resolved_at=NOW)
    with pytest.raises(UserError, match="/incident drill"):
        lifecycle.reopen(over, ANA_ACTOR, NOW)


def test_nobody_beyond_slack_is_told() -> None:
    catalog = Catalog(
        notifications=(Notification(url="json://team"),),
        people={
            "ana@example.com": Person(email="ana@example.com", notify=(Address(url="json://ana"),))
        },
    )
    news = Entry(kind=EntryKind.TRIGGERED, at=NOW, id=1)
    update = Entry(kind=EntryKind.STATUS_UPDATE, at=NOW, id=2, text="x")
    at_pagerduty = PagerLink(kind=PagerKind.PAGERDUTY, id="P1")
    for incident, told in ((a_drill(pager=at_pagerduty), 0), (an_incident(pager=at_pagerduty), 1)):
        assert len(notify.notified(catalog, incident, news)) == told
        assert len(notify.followed(catalog, incident, update, "ana@example.com")) == told
        kinds = [e.kind for e in updates.told_elsewhere(incident, update)]
        assert kinds.count(EffectKind.PUBLISH_UPDATE) == told
    said, body = notify.words(a_drill(), "declared", None)
    assert said.startswith("DRILL: ")
    assert "[DRILL]" in body
    assert not notify.words(an_incident(), "declared", None)[0].startswith("DRILL")


def test_an_urgent_drill_is_announced_after_real_ones_and_a_page_for_one_person_has_no_reserve() -> (
    None
):
    [drill] = plan.announce(a_drill(urgency=Urgency.HIGH))
    [real] = plan.announce(an_incident(urgency=Urgency.HIGH))
    assert drill.rank > real.rank
    link = PagerLink(kind=PagerKind.PAGERDUTY, service_id="S1")
    assert len(plan.open_page(a_drill(pager=link))) == 2
    [alone] = plan.open_page(a_drill(pager=replace(link, only="PANA")))
    assert alone.kind is EffectKind.OPEN_PAGE


# --- the report -------------------------------------------------------------------------------------


def done(kind: EffectKind, seconds: float, *, key: str = "", asked: float = 0, **more: Any) -> Fact:
    return Fact(
        kind=kind,
        key=key or kind.value,
        state=more.pop("state", "done"),
        created_at=NOW + timedelta(seconds=asked),
        settled_at=NOW + timedelta(seconds=seconds),
        **more,
    )


ALL = [
    done(EffectKind.ANNOUNCE, 1),
    done(EffectKind.CREATE_CHANNEL, 2),
    done(EffectKind.POST_CARD, 3, asked=2),
    done(EffectKind.SET_TOPIC, 4, asked=2),
    done(EffectKind.ADD_BOOKMARK, 5, asked=2),
    done(EffectKind.INVITE, 3, asked=2),
    done(EffectKind.OPEN_PAGE, 2),
    done(EffectKind.NOTE_PAGE, 4, asked=3, key="INC-1/page-note/channel:C1"),
    done(EffectKind.OPEN_TICKET, 2),
    done(EffectKind.MIRROR_UPDATE, 62, asked=61),
    done(EffectKind.CHANGE_PAGE, 123, asked=120, key="INC-1/page/resolve@9"),
    done(EffectKind.CHANGE_TICKET, 122, asked=120, key="INC-1/ticket/resolve@9"),
    done(EffectKind.WRITE_CANVAS, 124, asked=121),
]
ACKNOWLEDGED = Entry(kind=EntryKind.ACKNOWLEDGED, at=NOW + timedelta(seconds=60), actor=BEN_ACTOR)
WHOLE = a_drill(
    status=Status.RESOLVED,
    resolved_at=NOW + timedelta(seconds=120),
    pager=PagerLink(kind=PagerKind.PAGERDUTY, id="P1", url="https://pd.example.com/1"),
    ticket=TicketLink(repo="acme/x", number=1),
    places=Places(channel="C1", announcement_url="https://slack.example.com/1"),
)
STARTED = Drill(incident=1, started_at=NOW, by=ANA_ACTOR, pages=True)


def told(
    facts: list[Fact], incident: Incident = WHOLE, drill: Drill = STARTED, *entries: Entry
) -> Report:
    return report(incident, drill, facts, entries or (ACKNOWLEDGED,))


def test_every_step_is_told_with_its_times() -> None:
    found = told(ALL)
    assert [r.step for r in found.results] == list(Step)
    assert found.failed == ()
    assert found.lasted == 120
    assert {r.outcome for r in found.results} == {Outcome.DONE}
    assert found.of(Step.NOTE) == Result(step=Step.NOTE, outcome=Outcome.DONE, at=4, took=1)
    resolved = found.of(Step.RESOLVED)
    assert resolved is not None
    assert (resolved.at, resolved.took) == (123, 3), "the slowest of them counts"
    acknowledged = found.of(Step.ACKNOWLEDGED)
    assert acknowledged is not None
    assert acknowledged.detail == "by Ben"
    assert Report.from_value(found.as_value()) == found


@pytest.mark.parametrize("fact", ALL, ids=[f.kind.value for f in ALL])
def test_a_step_that_was_given_up_is_late_or_never_began_failed(fact: Fact) -> None:
    others = [f for f in ALL if f is not fact]
    dead = told([replace(fact, state="dead", reason="no right"), *others]).failed
    assert [r.detail for r in dead] == ["no right"]
    [late] = told([replace(fact, state="pending", settled_at=None, reason="503"), *others]).failed
    assert late.detail == "not done yet: 503"
    if fact.kind not in {EffectKind.CHANGE_PAGE, EffectKind.CHANGE_TICKET}:
        [never] = told(others).failed
        assert never.detail == "it was never begun"


def test_what_another_effect_took_over_does_not_count_and_tries_do() -> None:
    taken_over = replace(ALL[3], state="cancelled")
    again = replace(ALL[3], attempts=3)
    topic = told([*ALL[:3], taken_over, again, *ALL[4:]]).of(Step.TOPIC)
    assert topic is not None
    assert (topic.outcome, topic.detail) == (Outcome.DONE, "after 3 attempts")
    [dismissed] = told([*ALL[:3], taken_over, *ALL[4:]]).failed
    assert dismissed.detail == "dismissed"


def test_a_page_is_judged_by_the_first_one_and_by_whom_it_reached() -> None:
    reserve = done(EffectKind.PAGE_NATIVE, 120)
    page = told([*ALL, reserve]).of(Step.PAGE)
    assert page is not None
    assert page.took == 2
    nobody = Entry(kind=EntryKind.PAGER, at=NOW, text=f"Paged level 1 of default: {NOBODY_REACHED}")
    [failed] = told(ALL, WHOLE, STARTED, nobody, ACKNOWLEDGED).failed
    assert failed.step is Step.PAGE
    reached = replace(nobody, text="Paged level 1 of default: Ben")
    assert told(ALL, WHOLE, STARTED, reached, nobody, ACKNOWLEDGED).failed == ()


@pytest.mark.parametrize(
    ("entries", "why"),
    [
        ([replace(ACKNOWLEDGED, actor=MUSTER)], "nobody did, so the drill did it itself"),
        ([Entry(kind=EntryKind.RESOLVED, at=NOW)], "nobody acknowledged it"),
    ],
)
def test_a_page_nobody_answered_is_a_finding(entries: list[Entry], why: str) -> None:
    [failed] = told(ALL, WHOLE, STARTED, *entries).failed
    assert (failed.step, failed.detail) == (Step.ACKNOWLEDGED, why)


def test_what_was_not_to_be_done_is_left_out() -> None:
    alone = replace(WHOLE, pager=PagerLink(kind=PagerKind.NOBODY), ticket=None)
    by_itself = Drill(incident=1, started_at=NOW)
    found = told(
        ALL[:6] + ALL[9:10] + ALL[12:], alone, by_itself, replace(ACKNOWLEDGED, actor=MUSTER)
    )
    out = {r.step for r in found.results if r.outcome is Outcome.LEFT_OUT}
    assert out == {Step.PAGE, Step.ACKNOWLEDGED, Step.NOTE, Step.ISSUE}
    assert found.failed == ()
    resolved = found.of(Step.RESOLVED)
    assert resolved is not None
    assert resolved.at == 120


def test_a_drill_without_a_channel_says_so() -> None:
    places = Places(in_thread=True, announcement_url="https://slack.example.com/1")
    in_thread = replace(WHOLE, places=places)
    found = told([f for f in ALL if f.kind in {EffectKind.ANNOUNCE, EffectKind.CREATE_CHANNEL,
                  EffectKind.OPEN_PAGE, EffectKind.OPEN_TICKET, EffectKind.CHANGE_PAGE,
                  EffectKind.CHANGE_TICKET, EffectKind.WRITE_CANVAS}], in_thread)  # fmt: skip
    [failed] = found.failed
    assert failed.step is Step.CHANNEL
    assert "thread" in failed.detail


def test_a_step_of_another_version_is_left_out_of_a_kept_report() -> None:
    value = told(ALL).as_value()
    value["results"].append(["telepathy", "done", 1.0, 1.0, ""])
    found = Report.from_value(value)
    assert found is not None
    assert [r.step for r in found.results] == list(Step)
    assert Report.from_value(None) is None
