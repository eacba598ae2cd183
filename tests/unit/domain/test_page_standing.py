"""What the message of a page says by now: only what changes for its reader, and no offer that is not there any more."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import escalation, page_standing
from bot.domain.escalation import Delivery, DeliveryState, Page, PageState
from bot.domain.incident import Incident, Status
from bot.domain.page_standing import AS_SENT, Stand, Standing
from tests.unit.store.house import ANA_ACTOR, BEN_ACTOR, NOW, an_incident

LATER = NOW + timedelta(minutes=9)
RESOLVED = page_standing.of_resolved(an_incident())


def a_page(**more: object) -> Page:
    plain = Page(id=7, incident=1, policy="p", started_at=NOW, round=1, level=2)
    return replace(plain, **more)  # type: ignore[arg-type]


def told(level: int = 2, round_: int = 1, **more: object) -> Delivery:
    plain = Delivery(
        id=level, page=7, round=round_, level=level, recipient="U0ANA", name="Ana", slack_id="U0ANA",
        state=DeliveryState.DELIVERED, planned_at=NOW, channel="DANA", ts=f"{level}.1",
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def ended(why: str) -> Page:
    return a_page(state=PageState.CLOSED, ended=why, ended_at=LATER)


def an_end(status: Status, **more: object) -> Incident:
    return replace(an_incident(), status=status, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("page", "delivery", "incident", "expected"),
    [
        (a_page(), told(), None, AS_SENT),
        (a_page(), told(level=1), None, Standing(stand=Stand.PASSED_ON)),
        (a_page(round=2, base=2, level=1), told(), None, Standing(stand=Stand.PASSED_ON)),
        (
            a_page(state=PageState.EXHAUSTED, ended="nobody answered"), told(), None,
            Standing(stand=Stand.UNANSWERED, why="nobody answered"),
        ),
        (
            escalation.acknowledged(a_page(), BEN_ACTOR, LATER), told(), None,
            Standing(stand=Stand.TAKEN, by=BEN_ACTOR, at=LATER),
        ),
        (
            escalation.acknowledged(a_page(), ANA_ACTOR, LATER), told(), None,
            Standing(stand=Stand.TAKEN, by=ANA_ACTOR, at=LATER, mine=True),
        ),
        (
            escalation.acknowledged(a_page(), ANA_ACTOR, LATER),
            told(way="channel", recipient="#ops", name="#ops", slack_id=None), None,
            Standing(stand=Stand.TAKEN, by=ANA_ACTOR, at=LATER),
        ),
        (
            ended("it was escalated"), told(), an_end(Status.TRIGGERED),
            Standing(stand=Stand.OVER, at=LATER, why="it was escalated"),
        ),
        (
            ended("it was escalated"), told(), an_end(Status.RESOLVED),
            Standing(stand=Stand.OVER, at=LATER, why="it was escalated"),
        ),
        (
            ended("the alerts are over"), told(), None,
            Standing(stand=Stand.OVER, at=LATER, why="the alerts are over"),
        ),
        (ended(RESOLVED), told(), an_end(Status.RESOLVED), Standing(stand=Stand.RESOLVED, at=LATER)),
        (
            ended(RESOLVED), told(), an_end(Status.RESOLVED, merged_into=4),
            Standing(stand=Stand.RESOLVED, at=LATER, why="merged into INC-4"),
        ),
        (ended(RESOLVED), told(), an_end(Status.TRIGGERED), Standing(stand=Stand.REOPENED, at=LATER)),
    ],
)  # fmt: skip
def test_every_state_of_a_page_has_its_words(
    page: Page, delivery: Delivery, incident: Incident | None, expected: Standing
) -> None:
    assert page_standing.standing(page, delivery, incident) == expected


def test_only_messages_that_reached_somebody_and_read_differently_are_edited() -> None:
    before = a_page()
    waiting = told(level=2, id=9, ts=None, channel=None, state=DeliveryState.PLANNED)
    known = [told(level=1), told(level=2), waiting]
    up = escalation.notified(before, escalation.Rung(round=1, level=3), timedelta(minutes=5), LATER)
    assert [each.id for each in page_standing.changed(before, up, known)] == [2], "1 said it before"
    taken = escalation.acknowledged(before, BEN_ACTOR, LATER)
    assert [each.id for each in page_standing.changed(before, taken, known)] == [1, 2]
    assert page_standing.changed(taken, escalation.confirmed(taken, LATER), known) == []
    assert page_standing.changed(taken, escalation.asked(taken, LATER), known) == []
    again = escalation.expired(taken, LATER)
    assert [each.id for each in page_standing.changed(taken, again, known)] == [1, 2]
    assert {page_standing.standing(again, each).stand for each in known} == {Stand.PASSED_ON}


@given(
    st.sampled_from(list(PageState)), st.sampled_from(list(Status)), st.integers(1, 3), st.integers(1, 3),
    st.sampled_from([RESOLVED, "it was reassigned", "nobody answered", ""]),
)  # fmt: skip
def test_somebody_is_wanted_exactly_while_the_page_can_be_taken(
    state: PageState, status: Status, round_: int, level: int, why: str
) -> None:
    by = ANA_ACTOR if state is PageState.ACKNOWLEDGED else None
    page = a_page(state=state, ended=why, ended_at=LATER, acknowledged_by=by)
    stands = page_standing.standing(page, told(level=level, round_=round_), an_end(status))
    assert stands.is_wanted is (state in {PageState.OPEN, PageState.EXHAUSTED})


def test_a_reopened_incident_concerns_only_those_who_read_last_that_it_was_resolved() -> None:
    first = replace(ended(RESOLVED), id=1, ended_at=NOW)
    last, beside = replace(ended(RESOLVED), id=2), replace(ended(RESOLVED), id=3, aside=True)
    others = [replace(ended("it was escalated"), id=4), a_page(id=5)]
    found = page_standing.reopened([first, last, beside, *others], an_end(Status.TRIGGERED))
    assert [page.id for page in found] == [2, 3]
    assert page_standing.reopened(others, an_end(Status.TRIGGERED)) == []
