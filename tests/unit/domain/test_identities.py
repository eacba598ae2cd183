"""Who is who: an account belongs to one person, and the first source that knows decides."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.catalog import Catalog, Person
from bot.domain.identities import (
    Account,
    Configured,
    Domains,
    Human,
    KnownBy,
    Vendor,
    at_github,
    at_pagerduty,
    configured,
)

ANA = Human(slack_id="U0ANA", email="Ana@Example.com")
BEN = Human(slack_id="U0BEN", email="ben@example.org")
EQUAL = Domains((("example.com", "example.org"),))
P_ANA, P_BEN = (
    Account(id="PANA", email="ana@example.com"),
    Account(id="PBEN", email="ben@EXAMPLE.com"),
)


def known(found: dict[str, tuple[Account, KnownBy]]) -> dict[str, tuple[str, str]]:
    return {who: (account.id, known_by.value) for who, (account, known_by) in found.items()}


def test_equal_addresses_and_then_equal_domains() -> None:
    found = at_pagerduty([ANA, BEN], [P_ANA, P_BEN], {}, Configured(domains=EQUAL))
    assert known(found) == {"U0ANA": ("PANA", "email"), "U0BEN": ("PBEN", "domain")}
    assert "U0BEN" not in at_pagerduty([ANA, BEN], [P_ANA, P_BEN], {}, Configured())


def test_by_hand_comes_before_addresses_and_muster_yml_before_all() -> None:
    by_hand = {"U0BEN": "PANA"}
    found = known(at_pagerduty([ANA, BEN], [P_ANA, P_BEN], by_hand, Configured()))
    assert found == {"U0BEN": ("PANA", "hand")}, "Ana's own account is taken"
    said = Configured(pagerduty={"ana@example.com": "ana@example.com"}, domains=EQUAL)
    found = known(at_pagerduty([ANA, BEN], [P_ANA, P_BEN], by_hand, said))
    assert found == {"U0ANA": ("PANA", "config"), "U0BEN": ("PBEN", "domain")}


def test_whom_muster_yml_names_is_nobody_else() -> None:
    said = Configured(pagerduty={"ana@example.com": "gone@example.com"})
    assert at_pagerduty([ANA], [P_ANA], {"U0ANA": "PANA"}, said) == {}


def test_what_muster_yml_says_holds_under_an_equal_domain() -> None:
    said = Configured(pagerduty={"ben@example.com": "ana@example.com"}, domains=EQUAL)
    assert known(at_pagerduty([BEN], [P_ANA], {}, said)) == {"U0BEN": ("PANA", "config")}


def test_who_has_left_gives_way_to_who_is_there() -> None:
    left = Human(slack_id="U0A", email="ana@example.com", active=False)
    assert known(at_pagerduty([left, ANA], [P_ANA], {}, Configured())) == {
        "U0ANA": ("PANA", "email")
    }
    assert known(at_pagerduty([left], [P_ANA], {}, Configured())) == {"U0A": ("PANA", "email")}
    inactive = Account(id="PANA", email="ana@example.com", active=False)
    assert at_pagerduty([ANA], [inactive], {"U0ANA": "PANA"}, Configured()) == {}


def test_a_login_is_one_persons_whatever_the_case() -> None:
    said = Configured(github={"ana@example.com": "Octo"})
    found = at_github([ANA, BEN], {"U0BEN": "octo"}, said)
    assert found == {"U0ANA": ("Octo", KnownBy.CONFIG)}
    assert at_github([BEN], {"U0BEN": "octo"}, said) == {"U0BEN": ("octo", KnownBy.HAND)}


def test_what_muster_yml_says_of_people() -> None:
    people = {"a@x.de": Person(email="a@x.de", pagerduty="B@y.de", github="Octo")}
    said = configured(Catalog(people=people, domains=EQUAL))
    assert said.at(Vendor.PAGERDUTY, "A@X.de") == "b@y.de"
    assert said.at(Vendor.GITHUB, "a@x.de") == "Octo"
    assert said.at(Vendor.GITHUB, None) is None


@pytest.mark.parametrize("odd", ["", "@", "ana@", "@example.com", "ana"])
def test_what_is_no_address_is_equal_to_itself_only(odd: str) -> None:
    assert EQUAL.equal(odd) == (odd,)


names = st.sampled_from(["ana", "ben", "cat"])
domains = st.sampled_from(["example.com", "example.org", "x.de"])
emails = st.builds(lambda n, d: f"{n}@{d}", names, domains)
humans = st.lists(
    st.builds(Human, slack_id=st.sampled_from([f"U{n}" for n in range(6)]), email=emails, active=st.booleans()),
    unique_by=lambda h: h.slack_id,
)  # fmt: skip
accounts = st.lists(
    st.builds(Account, id=st.sampled_from([f"P{n}" for n in range(6)]), email=emails, active=st.booleans()),
    unique_by=lambda a: a.id,
)  # fmt: skip
hands = st.dictionaries(
    st.sampled_from([f"U{n}" for n in range(6)]), st.sampled_from([f"P{n}" for n in range(6)])
)


@given(humans, accounts, hands, st.dictionaries(emails, emails), st.booleans())
def test_nobody_shares_an_account_and_nobody_has_a_dead_one(
    people: list[Human],
    there: list[Account],
    by_hand: dict[str, str],
    named: dict[str, str],
    equal: bool,
) -> None:
    said = Configured(pagerduty=named, domains=EQUAL if equal else Domains())
    found = at_pagerduty(people, there, by_hand, said)
    taken = [account.id for account, _ in found.values()]
    assert len(set(taken)) == len(taken)
    assert all(account.active for account, _ in found.values())
    assert set(found) <= {human.slack_id for human in people}
    for who, (account, known_by) in found.items():
        human = next(h for h in people if h.slack_id == who)
        if known_by is KnownBy.HAND:
            assert by_hand[who] == account.id
        elif known_by is KnownBy.EMAIL:
            assert account.email == human.email
    assert found == at_pagerduty(people[::-1], there, by_hand, said) or len(
        {a.email for a in there if a.active}
    ) < len([a for a in there if a.active]), "the order people come in decides nothing"
