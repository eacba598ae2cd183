"""Where an incident can be escalated to."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.catalog import Catalog, EscalationPolicy, Level
from bot.domain.effects import EffectKind
from bot.domain.incident import Actor, PagerKind, PagerLink
from bot.domain.lifecycle import EscalationTarget, escalate
from bot.domain.reach import Policy, Reach, natively
from bot.errors import UserError
from tests.unit.store.house import NOW, an_incident

WEB = Policy(id="PW", name="Web", levels=3)
OPS = Policy(id="PO", name="Ops night", levels=1)
BOTH = Reach(own=WEB, policies=(OPS, WEB))
ANA, BEN = Actor(name="Ana", slack_id="U1"), Actor(name="Ben", slack_id="U2")


def test_levels_the_next_one_on_top_then_the_other_policies() -> None:
    assert BOTH.choices() == [
        ("level:2", "Level 2 of Web"),
        ("level:3", "Level 3 of Web"),
        ("level:1", "Level 1 of Web"),
        ("policy:PO", "Ops night"),
    ]
    later = Reach(own=WEB, level=2).choices()
    assert [value for value, _ in later] == ["level:3", "level:1", "level:2"], "the next one on top"
    assert [value for value, _ in Reach(own=OPS, level=4).choices()] == ["level:1"]
    assert Reach(own=WEB, policies=(OPS, WEB), levels=False).choices() == [
        ("policy:PO", "Ops night")
    ]
    guessed = Reach(policies=(OPS,), guessed=3).choices()
    assert guessed[0] == ("level:2", "Level 2 of its policy")
    assert len(guessed) == 4
    assert Reach().choices() == []


@pytest.mark.parametrize("words", ["2", "level 2", "Level 2", "level:2", " 2 "])
def test_a_level(words: str) -> None:
    assert BOTH.target(words) == EscalationTarget(level=2)


@pytest.mark.parametrize("words", ["ops night", "PO", "policy:po", "Ops Night"])
def test_a_policy(words: str) -> None:
    assert BOTH.target(words) == EscalationTarget(policy_id="PO", policy_name="Ops night")


@pytest.mark.parametrize(
    ("reach", "words", "told"),
    [
        (BOTH, "4", "Web has 3 levels, no level 4. Use a level (2), a person (@ana), or one of"),
        (BOTH, "0", "Web has 3 levels, no level 0."),
        (Reach(own=OPS), "2", "Ops night has 1 level, no level 2."),
        (Reach(own=WEB, levels=False, policies=(OPS,)), "2",
         "of high urgency. Use a person (@ana), or one of Ops night."),
        (BOTH, "nowhere", "I know no policy or level nowhere. Use a level (2), a person (@ana)"),
        (BOTH, "12345", "I know no policy or level 12345."),
        (BOTH, "", "I know no policy or level ."),
        (Reach(), "x", "Use a level (2), a person (@ana)."),
    ],
)  # fmt: skip
def test_what_there_is_not_is_answered_with_what_there_is(
    reach: Reach, words: str, told: str
) -> None:
    with pytest.raises(UserError) as raised:
        reach.target(words)
    assert told in str(raised.value)


@given(st.text(max_size=40))
def test_whatever_is_typed_is_a_target_or_a_sentence(words: str) -> None:
    try:
        found = BOTH.target(words)
    except UserError:
        return
    assert found.policy_id in {"PW", "PO"} or found.level in {1, 2, 3}


@given(st.integers(0, 5), st.integers(0, 9), st.none() | st.integers(-1, 9))
def test_what_is_offered_first_is_what_is_paged_next_and_only_what_is_offered_is_taken(
    levels: int, now: int, wanted: int | None
) -> None:
    several = tuple(Level(notify=("channel:ops",)) for _ in range(levels))
    catalog = Catalog(policies={"web": EscalationPolicy(name="web", levels=several)})
    found = natively(catalog, PagerLink(kind=PagerKind.NATIVE, policy_name="web", level=now))
    offered = [value for value, _ in found.choices()]
    if wanted is None:
        following = now + 1 if now < levels else 1
        assert found.level_to_page(None) == following
        assert offered[:1] == [f"level:{following}"][:levels]
    elif 1 <= wanted <= levels:
        assert found.level_to_page(wanted) == wanted
        assert found.target(str(wanted)) == EscalationTarget(level=wanted)
        assert f"level:{wanted}" in offered
    else:
        with pytest.raises(UserError, match=f"no level {wanted}"):
            found.level_to_page(wanted)
        assert f"level:{wanted}" not in offered


def test_without_a_policy_of_its_own_the_level_named_is_taken_and_all_policies_are_offered() -> (
    None
):
    several = (Level(notify=("channel:ops",)),) * 2
    policies = {name: EscalationPolicy(name=name, levels=several) for name in ("web", "ops")}
    found = natively(Catalog(policies=policies), PagerLink(kind=PagerKind.NATIVE, level=1))
    assert found.choices() == [("policy:ops", "ops"), ("policy:web", "web")]
    assert (found.level_to_page(None), found.level_to_page(7)) == (1, 7)


def test_natively_whoever_is_asked_owns_it_and_another_policy_is_its_own() -> None:
    link = PagerLink(kind=PagerKind.NATIVE, policy_name="web", level=1)
    before = an_incident(pager=link, owners=(ANA,))
    level = escalate(before, EscalationTarget(level=2), ANA, NOW, people=(BEN,)).incident
    assert (level.pager.level, level.pager.policy_name, level.owners) == (2, "web", (BEN,))
    target = EscalationTarget(policy_id="ops", policy_name="ops")
    decision = escalate(level, target, ANA, NOW)
    after = decision.incident
    assert (after.pager.level, after.pager.policy_name, after.owners) == (1, "ops", ())
    [page] = [e for e in decision.effects if e.kind is EffectKind.PAGE_NATIVE]
    assert (page.payload["level"], page.payload["policy"]) == (1, "ops")
    person = escalate(before, EscalationTarget(person=BEN), ANA, NOW)
    assert person.incident.owners == (ANA,)
    [asked] = [e for e in person.effects if e.kind is EffectKind.PAGE_NATIVE]
    assert asked.payload["aside"]
    vendor = an_incident(
        pager=PagerLink(kind=PagerKind.PAGERDUTY, policy_name="Web"), owners=(ANA,)
    )
    kept = escalate(vendor, target, ANA, NOW).incident
    assert (kept.owners, kept.pager.policy_name) == ((ANA,), "Web"), "PagerDuty says"
    assert kept.pager.level == 1
