"""Who may do what, for every kind of rule and person."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.permissions import NotAllowed, Right, Who, check, groups_named

MEMBER, GUEST = Who(email="ana@example.com"), Who(guest=True, email="grace@partner.example")
STRANGER, UNKNOWN = Who(stranger=True, known=False), Who(known=False)
rights = st.sampled_from(list(Right))


@given(rights)
def test_what_no_rule_names_is_open_to_full_members(right: Right) -> None:
    check(right, {}, MEMBER)
    check(right, {right.value: ["everyone"]}, MEMBER)
    check(right, {}, UNKNOWN)
    with pytest.raises(NotAllowed):
        check(right, {}, STRANGER)
    if right is Right.FOLLOW:  # one's own affair
        check(right, {}, GUEST)
        return
    with pytest.raises(NotAllowed):
        check(right, {}, GUEST)


@given(
    rights, st.sampled_from(["group:pay", "group:@pay", "role:scribe", "person:Ana@Example.com"])
)
def test_a_rule_lets_in_whom_it_names_and_nobody_else(right: Right, rule: str) -> None:
    rules = {right.value: ["group:other", rule]}
    named = Who(groups=["pay"], roles=["scribe"], email="ana@example.com")
    check(right, rules, named)
    for who in (Who(email=""), Who(groups=["x"], roles=["pay"], email="b@example.com"), UNKNOWN):
        with pytest.raises(NotAllowed):
            check(right, rules, who)


@given(rights)
def test_a_guest_is_let_in_by_name_only_and_a_stranger_never(right: Right) -> None:
    rules = {right.value: ["everyone", "person:grace@partner.example"]}
    check(right, rules, GUEST)
    with pytest.raises(NotAllowed, match="members of this workspace"):
        check(right, rules, Who(stranger=True, email="grace@partner.example"))


def test_sentences_say_who_may() -> None:
    rules = {"publish": ["role:communications", "group:security-team", "person:ana@example.com"]}
    with pytest.raises(NotAllowed) as refused:
        check(Right.PUBLISH, rules, MEMBER.__class__(email="x@example.com"))
    assert str(refused.value) == (
        "Only the communications of the incident or members of @security-team or ana@example.com may publish updates. "
        "Ask one of them."
    )
    with pytest.raises(NotAllowed, match="Guests cannot resolve or reopen incidents here"):
        check(Right.RESOLVE, {}, GUEST)
    with pytest.raises(NotAllowed, match="try again in a minute"):
        check(Right.RESOLVE, {"resolve": ["group:pay"]}, UNKNOWN)
    with pytest.raises(NotAllowed, match="Only nobody may"):
        check(Right.RESOLVE, {"resolve": []}, MEMBER)


def test_the_groups_that_matter() -> None:
    rules = {"resolve": ["group:@a", "role:b", "group:c"], "publish": ["group:d"]}
    assert groups_named(rules, Right.RESOLVE) == ("a", "c")
    assert groups_named(rules, Right.ACT) == ()
