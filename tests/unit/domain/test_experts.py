"""Who of those that know something is most likely to answer."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bot.domain.experts import Expert, Skill, cleaned, folded, on_duty_at_pagerduty, sorted_by_reach
from bot.domain.incident import Actor
from tests.unit.store.house import NOW

experts = st.builds(
    Expert,
    person=st.builds(Actor, name=st.sampled_from(["Ana", "ben", "Cat"])),
    on_call=st.sampled_from([(), ("primary",)]),
    working=st.booleans(),
    away=st.booleans(),
)


@given(st.lists(experts, max_size=8))
def test_on_call_then_working_then_the_rest(some: list[Expert]) -> None:
    found = sorted_by_reach(some)
    ranks = [0 if e.on_call else 1 if e.working and not e.away else 2 for e in found]
    assert ranks == sorted(ranks)
    assert sorted(map(repr, found)) == sorted(map(repr, some)), "nobody is lost"
    for rank in (0, 2):
        gone = [e.away for e, r in zip(found, ranks, strict=True) if r == rank]
        assert gone == sorted(gone), "who is away comes after who is not"


def test_skills_are_one_whatever_the_case_and_spaces() -> None:
    assert cleaned([" Redis ", "REDIS", "", "  ", "k8s  ops", "K8S OPS"]) == ("Redis", "k8s ops")
    assert folded(" K8s   Ops ") == "k8s ops"
    skill = Skill("redis")
    skill.has("U1", "a")
    skill.has("U1", "a")
    skill.has("U1", "b")
    assert skill.people == {"U1": ["a", "b"]}


def test_what_pagerduty_said_holds_until_the_shift_ends() -> None:
    known = {
        "at": NOW.isoformat(),
        "people": [
            {"user": "P1", "policy": "Web", "until": (NOW + timedelta(hours=30)).isoformat()},
            {"user": "P1", "policy": "Web", "until": None},
            {"user": "P1", "policy": "Db", "until": None},
            {"user": "P2", "policy": "Web", "until": (NOW - timedelta(hours=1)).isoformat()},
        ],
    }
    assert on_duty_at_pagerduty(known, NOW) == {"P1": ["Web", "Db"]}
    assert on_duty_at_pagerduty(known, NOW + timedelta(hours=3)) == {"P1": ["Web"]}
    assert on_duty_at_pagerduty(known, NOW + timedelta(hours=31)) == {}
    assert on_duty_at_pagerduty(None, NOW) == {}
