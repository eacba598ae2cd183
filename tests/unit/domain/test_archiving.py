"""When a channel is archived: never unannounced, never too soon, always in the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain import archiving
from bot.domain.archiving import Memory, Step
from bot.domain.incident import Incident, Places, Status
from tests.unit.store.house import NOW, an_incident

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OVER = an_incident(status=Status.RESOLVED, resolved_at=NOW, places=Places(channel="C1"))
AFTER = timedelta(days=14)


@pytest.mark.parametrize(
    ("incident", "memory", "after", "wanted"),
    [
        (OVER, Memory(), AFTER, True),
        (OVER, Memory(), None, False),
        (OVER, Memory(asked_at=NOW), None, True),
        (replace(OVER, status=Status.TRIGGERED), Memory(asked_at=NOW), AFTER, False),
        (replace(OVER, places=Places()), Memory(asked_at=NOW), AFTER, False),
        (replace(OVER, places=Places(channel="C1", archived=True)), Memory(), AFTER, False),
        (replace(OVER, places=Places(channel="C1", adopts="C1")), Memory(), AFTER, False),
        (
            replace(OVER, places=Places(channel="C1", adopts="C1")),
            Memory(asked_at=NOW),
            AFTER,
            True,
        ),
        (replace(OVER, places=Places(channel="C2", adopts="C1")), Memory(), AFTER, True),
        (replace(OVER, private=True), Memory(), AFTER, True),
    ],
)
def test_which_channels_it_concerns(
    incident: Incident, memory: Memory, after: timedelta | None, *, wanted: bool
) -> None:
    assert archiving.concerns(incident, memory, after) is wanted


def test_the_memory_survives_the_database() -> None:
    memory = Memory(
        said_at=NOW,
        kept_at=NOW,
        kept_by="Ana",
        noticed_at=NOW,
        channel="C1",
        ts="1.1",
        asked_at=NOW,
    )
    assert Memory.from_value(memory.as_value()) == memory
    assert Memory.from_value(None) == Memory()
    assert Memory.from_value(Memory().as_value()) == Memory()


hours = st.integers(1, 24 * 40).map(lambda n: n * HOUR)


@given(
    after=hours,
    happenings=st.lists(
        st.tuples(st.integers(0, 24 * 60), st.sampled_from(["said", "kept"])), max_size=5
    ),
    looks=st.lists(st.integers(0, 24 * 90), min_size=1, max_size=40),
)
def test_whatever_happens_it_is_announced_first_and_nothing_is_archived_too_soon(
    after: timedelta, happenings: list[tuple[int, str]], looks: list[int]
) -> None:
    memory, activity = Memory(), NOW
    for hour in sorted({*looks, *(h for h, _ in happenings)}):
        now = NOW + hour * HOUR
        for _, what in (one for one in happenings if one[0] == hour):
            if what == "said":
                activity = now
            else:
                memory = archiving.kept(memory, "Ana", now)
        plan = archiving.schedule(OVER, memory, after, activity)
        step = archiving.step(memory, plan, now)
        if step is Step.NOTICE:
            assert now >= plan.since + after - min(DAY, after / 2)
            memory = replace(memory, noticed_at=now)
        elif step is Step.ARCHIVE:
            assert memory.noticed_at
            assert memory.noticed_at >= plan.since, "announced since the last thing that happened"
            assert now - memory.noticed_at >= min(DAY, after / 2)
            assert now - plan.since >= after
            return
        else:
            assert archiving.next_look(memory, plan, now) > now


@given(hours)
def test_with_nothing_happening_it_ends(after: timedelta) -> None:
    memory, now = Memory(), NOW
    for _ in range(4):
        plan = archiving.schedule(OVER, memory, after, NOW)
        match archiving.step(memory, plan, now):
            case Step.NOTICE:
                memory = replace(memory, noticed_at=now)
            case Step.ARCHIVE:
                assert now == NOW + after
                return
            case _:
                now = archiving.next_look(memory, plan, now)
    pytest.fail("never archived")


def test_asked_for_it_is_a_day_from_then() -> None:
    plan = archiving.schedule(OVER, Memory(asked_at=NOW + 5 * DAY), AFTER, NOW)
    assert (plan.notice_at, plan.archive_at) == (NOW + 5 * DAY, NOW + 6 * DAY)
    assert archiving.kept(Memory(asked_at=NOW), "Ana", NOW).asked_at is None
