"""Channel names that never fail, whatever people call their incident."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.incident import PagerLink
from bot.services.naming import LIMIT, channel_name, slug
from tests.unit.store.house import an_incident

DEFAULT = "incident-{number}-{slug}"
TEMPLATES = [
    DEFAULT,
    "inc_{date}_{number}_{slug}",
    "{slug}-{number}",
    "{number}",
    "{severity}-{number}-{external_id}-{slug}",
    "Incident {number}: {slug}",
    "störung-{number}-{slug}",
    "#{number}-{slug}-" + "x" * 60,
]
titles = st.one_of(
    st.text(max_size=600),
    st.sampled_from(
        ["Ошибка оплаты", "決済が失敗する", "الدفع معطل", "결제 실패", "🔥🔥🔥", "---", "", "a" * 600,
         "Straße & Café", "\u202eevil", "x\x00y", "_" * 90, "\U0001d518" * 50]
    ),
)  # fmt: skip


def named(
    title: str, template: str = DEFAULT, *, number: int = 7, nth: int = 1, **more: Any
) -> str:
    return channel_name(template, an_incident(number=number, title=title, **more), nth=nth)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Checkout is down!", "incident-7-checkout-is-down"),
        ("Ошибка оплаты", "incident-7-oshibka-oplaty"),
        ("Straße & Café", "incident-7-strasse-cafe"),
        ("!!!", "incident-7"),
        ("", "incident-7"),
        ("a" * 600, "incident-7-" + "a" * 69),
    ],
)
def test_a_title_becomes_a_name(title: str, name: str) -> None:
    assert named(title) == name


def test_every_fact_can_be_in_the_name() -> None:
    found = named(
        "Disk full",
        "{severity}_{date}_{number}_{external_id}_{slug}",
        severity="SEV1",
        pager=PagerLink(id="Q1ABC"),
    )
    assert found == "sev1_2026-03-01_7_q1abc_disk-full"
    assert named("Disk full", "{severity}-{number}-{external_id}") == "7"


def test_a_collision_gets_a_number_and_still_fits() -> None:
    assert named("x", nth=2) == "incident-7-x-2"
    long = [named("a" * 600, nth=n) for n in range(1, 12)]
    assert len(set(long)) == 11
    assert {len(name) for name in long} == {LIMIT}


@pytest.mark.parametrize("template", ["{slug}", "_{slug}_", "___", "-"])
def test_a_template_that_yields_nothing_yields_the_number(template: str) -> None:
    assert re.search("[a-z0-9]", named("!!!", template)), "punctuation alone is refused by Slack"


@example(title="\ud800", template=DEFAULT, number=1, nth=1)
@given(
    title=titles,
    template=st.sampled_from(TEMPLATES),
    number=st.integers(1, 10**9),
    nth=st.integers(1, 99),
)
def test_every_title_gives_a_name_slack_takes(
    title: str, template: str, number: int, nth: int
) -> None:
    name = named(title, template, number=number, nth=nth)
    assert re.fullmatch(r"[a-z0-9_-]{1,80}", name)
    assert re.search("[a-z0-9]", name)
    assert str(number) in name, "the number is never cut off"
    assert nth == 1 or name.endswith(f"-{nth}")


@given(st.text(max_size=50))
def test_a_slug_is_words_and_dashes(text: str) -> None:
    assert re.fullmatch(r"([a-z0-9]+(-[a-z0-9]+)*)?", slug(text))
