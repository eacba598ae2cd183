"""The card of a group of alerts: true in every state, and taken by Slack whatever the alerts say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks import alerts, kit, paging
from blocks.forms import attach_alerts, silence_alerts
from blocks.home import home_view
from bot.domain.alert_groups import ROUTES, Beside, Counts, GroupView
from bot.domain.alerts import AlertStatus
from bot.domain.escalation import Page
from tests.unit.blocks import strategies as odd
from tests.unit.blocks.alert_samples import a_group, a_view, alert_views, an_alert, stored
from tests.unit.blocks.limits import buttons, check_message, check_view
from tests.unit.blocks.samples import ANA, NOW, QUIET, START, incident

LABELS = [buttons(alerts.card(view, NOW).blocks) for view in alert_views()]


def test_the_buttons_answer_whether_there_is_an_incident_already() -> None:
    free = ["Open incident", "Attach to...", "Silence"]
    assert [
        free,
        ["Attach to INC-12", *free],
        ["Take ownership", "Update status", "Silence"],
        ["Silence"],
        free,
        ["Acknowledge", *free],
        free,
        ["Acknowledge", *free],
        ["Open incident", "Attach to...", "Unsilence"],
        ["Open incident", "Attach to...", "Unsilence"],
        free,
        ["Open incident", "Attach to..."],
    ] == LABELS


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (a_view(), "🔴 QueueTooLong"),
        (a_view(), "No incident covers this."),
        (a_view(), "instance mx-1"),
        (a_view(), "2,311 mails wait"),
        (a_view(similar=(incident(),)), "looks the same: *Checkout is down*"),
        (a_view(incident=incident()), "*Checkout is down* · 🚨 Triggered · <@UANA>"),
        (a_view(group=a_group(paged_at=START), paged=False), "nobody is paged"),
        (a_view(counts=Counts(by_status={AlertStatus.FIRING: 40})), "and 39 more"),
        (a_view(counts=Counts(by_status={AlertStatus.RESOLVED: 2})), "✅ QueueTooLong (2)"),
    ],
)  # fmt: skip
def test_the_card_says(view: GroupView, words: str) -> None:
    assert words in str(alerts.card(view, NOW).blocks)


def test_the_card_says_where_else_it_is_silenced_and_where_that_failed() -> None:
    told = (("far", "could not connect"), ("near", ""))
    later = NOW.replace(year=2030)
    silenced = a_view(group=a_group(silenced_until=later, silenced_by=ANA), at_source=told)
    said = str(alerts.card(silenced, NOW).blocks)
    assert ", also at near" in said
    assert "⚠️ not silenced at far: could not connect" in said
    ended = str(alerts.card(a_view(at_source=told), NOW).blocks)
    assert "⚠️ still silenced at far: could not connect" in ended
    assert "near" not in ended
    ran_out = a_view(group=a_group(silenced_until=START, silenced_by=ANA), at_source=told)
    assert "far" not in str(alerts.card(ran_out, NOW).blocks)


def test_what_else_fires_nearby_is_one_bounded_line() -> None:
    link = "https://acme.slack.com/archives/C1/p1"
    others = tuple(Beside(group=n, title=f"Alert{n}", service="db", link=link) for n in range(4))
    said = str(alerts.card(a_view(beside=others[:1]), NOW).blocks)
    assert f"🔗 Also firing nearby: <{link}|Alert0> (db)" in said
    assert "and more" not in said
    said = str(alerts.card(a_view(beside=others), NOW).blocks)
    assert "Alert2" in said
    assert "Alert3" not in said
    assert "(db) and more" in said
    assert "nearby" not in str(alerts.card(a_view(), NOW).blocks)


def test_of_a_private_incident_nothing_but_its_number_is_told() -> None:
    secret = incident(private=True, title="Layoffs")
    view = a_view(incident=secret, similar=(secret,))
    for shown in (alerts.card(view, NOW), alerts.alert_list([view], total=1, title="x")):
        assert "Layoffs" not in str(shown)
        assert "C0" not in str(shown)
        assert "INC-12" in str(shown)


def test_the_incidents_card_counts_its_alerts() -> None:
    assert alerts.note([]) == ""
    assert alerts.note([a_view()]) == "🔥 1 of 1 alert open: QueueTooLong"
    over = a_view(counts=Counts(by_status={AlertStatus.RESOLVED: 3}))
    assert alerts.note([over] * 6) == (
        "✅ all 18 alerts over: QueueTooLong, QueueTooLong, QueueTooLong, QueueTooLong and 2 more"
    )


def test_a_storm_says_what_is_listed_and_what_waits() -> None:
    storm = alerts.Storm(began=START, groups=9_989, firing=9_000, top=(("mailer", 80),), waiting=12)
    said = str(alerts.storm_summary(storm))
    assert "9,989 groups" in said
    assert "mailer: 80 groups" in said
    assert "12 cards wait for Slack's limits" in said


TEXTS = odd.texts
STATUSES = st.sampled_from(list(AlertStatus))


NEARBY = st.builds(Beside, group=st.just(1), title=TEXTS, service=TEXTS, link=st.none() | TEXTS)


@st.composite
def odd_views(draw: st.DrawFn) -> GroupView:
    alert = st.builds(
        an_alert,
        title=TEXTS, description=TEXTS, severity=st.none() | TEXTS, status=STATUSES,
        labels=st.dictionaries(st.sampled_from([*alerts.WHERE, "x"]), TEXTS, max_size=4),
        url=st.none() | TEXTS, ended_at=st.none() | st.just(NOW),
    )  # fmt: skip
    made = draw(st.lists(alert.map(stored), max_size=10))
    group = a_group(
        title=draw(TEXTS), service=draw(st.none() | TEXTS), source=draw(TEXTS),
        severity=draw(st.none() | TEXTS), route=draw(st.sampled_from(ROUTES)),
        paged_at=draw(st.none() | st.just(START)),
        silenced_until=draw(st.none() | st.just(NOW.replace(year=2030))), silenced_by=ANA,
    )  # fmt: skip
    counts = Counts(
        by_status=draw(st.dictionaries(STATUSES, st.integers(1, 10**7))),
        severity=draw(st.none() | TEXTS),
        flapping=draw(st.integers(0, 10**6)),
    )
    return GroupView(
        group=group,
        counts=counts,
        alerts=tuple(made),
        incident=draw(st.none() | odd.incidents),
        similar=tuple(draw(st.lists(odd.incidents, max_size=4))),
        at_source=tuple(draw(st.lists(st.tuples(TEXTS, TEXTS), max_size=4))),
        beside=tuple(draw(st.lists(NEARBY, max_size=4))),
        paged=draw(st.booleans()),
    )


thorough = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@thorough
@given(odd_views(), st.lists(odd_views(), max_size=4), TEXTS)
def test_slack_takes_it_whatever_the_alerts_say(
    view: GroupView, others: list[GroupView], title: str
) -> None:
    known = odd.KNOWN
    check_message(alerts.card(view, NOW), known)
    check_message(paging.for_alerts(Page(id=1, group=1, started_at=NOW), view), known)
    numbered = [
        replace(each, group=replace(each.group, id=n))
        for n, each in enumerate([view, *others] * 3, 1)
    ]
    check_message(alerts.alert_list(numbered, total=10**6, title=title), known)
    check_view(attach_alerts.build(view), known)
    check_view(silence_alerts.build(view), known)
    storm = alerts.Storm(began=NOW, groups=3, firing=2, top=((title, 3),) * 10, waiting=10**6)
    check_message(alerts.storm_summary(storm), known)
    home: dict[str, Any] = home_view(
        mine=[], open_incidents=[], open_total=0, statistics=QUIET, now=NOW, alerts=(numbered, 99)
    )
    check_view(home, known)
    assert alerts.note(numbered)
    assert len(alerts.headline(view)) <= kit.HEADER_LIMIT
