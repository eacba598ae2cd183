"""What a page says beyond Slack."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.escalation import Page
from bot.domain.incident import Actor, Places, Urgency
from bot.domain.page_words import MOST, Subject, beyond, cut, of_incident
from tests.unit.blocks.samples import incident

NOW = datetime(2026, 3, 3, tzinfo=UTC)
LINK = "https://muster.example.com/pages/token"
PAGE = Page(id=3, incident=7, started_at=NOW, by=Actor(name="Bob"), text="please look")


def seven(**changes: object) -> object:
    return replace(incident(), number=7, title="The shop is closed", severity="SEV1", **changes)


def test_it_says_what_who_and_where_to_acknowledge() -> None:
    places = Places(announcement_url="https://slack/x")
    title, body = beyond(of_incident(seven(places=places)), PAGE, LINK)
    assert title == "INC-7: you are paged"
    assert body.split("\n") == [
        "SEV1 The shop is closed",
        "Bob: please look",
        f"Acknowledge: {LINK}",
        "Slack: https://slack/x",
    ]


def test_without_a_public_address_there_is_no_link() -> None:
    _, body = beyond(Subject(name="Alerts", title="Disk"), replace(PAGE, text="", by=None), "")
    assert body == "Disk"


@given(st.text(min_size=1), st.text(min_size=1), st.sampled_from(list(Urgency)))
def test_of_a_private_incident_only_its_number(title: str, text: str, urgency: Urgency) -> None:
    secret = f"secret {title}"
    places = Places(announcement_url="https://slack/x", channel="C1", channel_name="secret-room")
    private = replace(
        seven(private=True, urgency=urgency, places=places), title=secret, severity="SEV1"
    )
    asked = replace(PAGE, text=f"secret {text}", by=Actor(name="secret Bob"))
    title, body = beyond(of_incident(private), asked, LINK)
    assert title == "Private incident INC-7: you are paged"
    assert body == f"Open Slack for what it is about.\nAcknowledge: {LINK}"


@pytest.mark.parametrize("length", [0, MOST - 1, MOST, MOST + 1, 5000])
def test_long_texts_are_cut(length: int) -> None:
    shown = cut("x" * length)
    assert len(shown) == min(length, MOST)
    assert shown.endswith("…") == (length > MOST)
