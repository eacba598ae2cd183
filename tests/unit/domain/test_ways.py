"""How a page reaches a person: which ways, when, and that quiet hours never hold back what is urgent."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.domain.catalog import Address, Catalog, Person, Severity
from bot.domain.incident import Urgency
from bot.domain.quiet import QuietHours, clock_time, zone_named
from bot.domain.ways import address_of, beyond, first_due, label, plan_ways, spoken, urgency_of

NIGHT = QuietHours(time(22), time(7))
MAIL, SMS, LATE = Address("mailto://a"), Address("twilio://b", ("high",)), timedelta(minutes=2)
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)
MIDNIGHT = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata",
         "America/Sao_Paulo", "Pacific/Auckland", "Africa/Casablanca")  # fmt: skip


def ana(*notify: Address, quiet: QuietHours | None = None, zone: str | None = None) -> Person:
    return Person(email="ana@example.com", notify=notify, quiet_hours=quiet, time_zone=zone)


def due(
    person: Person | None, urgency: str, now: datetime, zone: str = "UTC"
) -> dict[str, datetime]:
    return {way.way: way.due for way in plan_ways(person, Urgency(urgency), now, zone)}


# --- which ways ------------------------------------------------------------------------------------------------


def test_somebody_muster_yml_does_not_know_has_slack() -> None:
    assert due(None, "high", NOON) == {"slack": NOON}
    assert due(ana(), "low", NOON) == {"slack": NOON}


def test_an_address_without_conditions_takes_every_page_at_once() -> None:
    assert due(ana(MAIL), "low", NOON) == {"slack": NOON, "apprise:1": NOON}


def test_an_address_for_high_urgency_takes_no_low_one_and_keeps_its_place() -> None:
    person = ana(SMS, MAIL)
    assert due(person, "low", NOON) == {"slack": NOON, "apprise:2": NOON}
    assert set(due(person, "high", NOON)) == {"slack", "apprise:1", "apprise:2"}
    assert address_of(person, "apprise:2") == MAIL


def test_an_address_may_wait_for_whether_somebody_acknowledges() -> None:
    [slack, later] = plan_ways(ana(Address("x://y", after=LATE)), Urgency.HIGH, NOON, "UTC")
    assert (slack.way, slack.due, slack.why) == ("slack", NOON, "")
    assert (later.way, later.due) == ("apprise:1", NOON + LATE)
    assert later.why == "if nobody acknowledged within 2 min"


@pytest.mark.parametrize(
    "way", ["slack", "channel", "apprise:0", "apprise:2", "apprise:x", "apprise:²", "apprise:", "1"]
)
def test_a_way_that_is_no_address_of_theirs_means_none(way: str) -> None:
    assert address_of(ana(MAIL), way) is None
    assert address_of(None, "apprise:1") is None


def test_what_is_shown_of_an_address_is_its_kind() -> None:
    person = ana(MAIL, Address("tgram://token/chat"), Address("weird://secret"))
    words = [
        label(person, each)
        for each in ("slack", "apprise:1", "apprise:2", "apprise:3", "apprise:10")
    ]
    assert words == ["Slack", "e-mail", "Telegram", "weird", "an address that is gone"]
    assert "token" not in repr(person)
    assert "secret" not in repr(plan_ways(person, Urgency.HIGH, NOON, "UTC"))


LOW = Catalog(severities=(Severity(name="SEV1"), Severity(name="SEV4", urgency="low")))


@pytest.mark.parametrize(
    ("severity", "own", "urgency"),
    [
        ("SEV1", "high", "high"),
        ("SEV1", "low", "low"),
        ("SEV4", "high", "low"),
        ("sev4", "high", "low"),
        (None, "high", "high"),
        (None, "low", "low"),
        ("gone", "high", "high"),
    ],
)
def test_a_page_is_as_urgent_as_its_incident_and_severity(
    severity: str | None, own: str, urgency: str
) -> None:
    assert urgency_of(LOW, severity, Urgency(own)).value == urgency


# --- quiet hours -----------------------------------------------------------------------------------------------


def test_low_urgency_waits_for_the_end_of_the_quiet_hours_and_says_so() -> None:
    ways = plan_ways(ana(MAIL, quiet=NIGHT), Urgency.LOW, MIDNIGHT, "UTC")
    assert {way.due for way in ways} == {datetime(2026, 3, 3, 7, tzinfo=UTC)}
    assert {way.why for way in ways} == {"quiet hours until 07:00 (UTC)"}


def test_the_quiet_hours_are_those_where_they_live() -> None:
    person = ana(quiet=NIGHT)
    assert due(person, "low", MIDNIGHT, "America/New_York") == {"slack": MIDNIGHT}  # 19:30 there
    assert due(person, "low", MIDNIGHT, "Asia/Kolkata") == {"slack": MIDNIGHT + timedelta(hours=1)}
    assert due(ana(quiet=NIGHT, zone="UTC"), "low", MIDNIGHT, "America/New_York") == {
        "slack": datetime(2026, 3, 3, 7, tzinfo=UTC)
    }


def test_a_zone_nobody_knows_is_utc() -> None:
    assert due(ana(quiet=NIGHT), "low", MIDNIGHT, "Middle/Earth")["slack"].hour == 7
    assert str(zone_named("")) == str(zone_named("../etc")) == "UTC"


def test_what_they_set_in_slack_wins_over_muster_yml() -> None:
    noon = QuietHours(time(12), time(13))
    [way] = plan_ways(ana(quiet=NIGHT), Urgency.LOW, NOON, "UTC", noon)
    assert way.due == NOON + timedelta(hours=1)
    [way] = plan_ways(ana(quiet=NIGHT), Urgency.LOW, MIDNIGHT, "UTC", noon)
    assert way.due == MIDNIGHT
    [way] = plan_ways(None, Urgency.LOW, NOON, "UTC", noon)
    assert way.due == NOON + timedelta(hours=1)


def test_a_way_that_waits_into_the_quiet_hours_waits_for_their_end() -> None:
    before = datetime(2026, 3, 3, 21, 59, tzinfo=UTC)
    person = ana(Address("x://y", after=LATE), quiet=NIGHT)
    assert due(person, "low", before) == {
        "slack": before,
        "apprise:1": datetime(2026, 3, 4, 7, tzinfo=UTC),
    }
    assert due(person, "high", before) == {"slack": before, "apprise:1": before + LATE}


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        ("21:59:59", "21:59:59"),
        ("22:00:00", "07:00:00"),
        ("23:59:59.5", "07:00:00"),
        ("00:00:00", "07:00:00"),
        ("06:59:59", "07:00:00"),
        ("07:00:00", "07:00:00"),
    ],
)
def test_the_edges_of_hours_across_midnight(at: str, ends: str) -> None:
    now = datetime.combine(NOON.date(), time.fromisoformat(at), UTC)
    assert NIGHT.next_moment(now, UTC).time() == time.fromisoformat(ends)


BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("hours", "at", "ends"),
    [
        # The clock goes from 02:00 to 03:00 on 29 March 2026: 02:30 is never shown, the quiet ends with the change.
        (QuietHours(time(22), time(2, 30)), "2026-03-29T00:30+01:00", "2026-03-29T03:00+02:00"),
        # ... and a night is an hour shorter.
        (NIGHT, "2026-03-28T22:00+01:00", "2026-03-29T07:00+02:00"),
        # It goes back from 03:00 to 02:00 on 25 October 2026: a night is an hour longer.
        (NIGHT, "2026-10-24T22:00+02:00", "2026-10-25T07:00+01:00"),
        # 02:30 is shown twice: the first time ends the quiet, the second hour from 02:00 is quiet again.
        (QuietHours(time(22), time(2, 30)), "2026-10-25T00:30+02:00", "2026-10-25T02:30+02:00"),
        (QuietHours(time(22), time(2, 30)), "2026-10-25T02:10+01:00", "2026-10-25T02:30+01:00"),
    ],
)
def test_the_nights_the_clocks_change(hours: QuietHours, at: str, ends: str) -> None:
    now = datetime.fromisoformat(at).astimezone(UTC)
    assert hours.next_moment(now, BERLIN) == datetime.fromisoformat(ends)


def quiet_hours() -> st.SearchStrategy[QuietHours]:
    clock = st.integers(0, 1439).map(lambda minute: time(minute // 60, minute % 60))
    return (
        st.tuples(clock, clock)
        .filter(lambda two: two[0] != two[1])
        .map(lambda two: QuietHours(*two))
    )


def moments() -> st.SearchStrategy[datetime]:
    return st.integers(0, 6 * 365 * 86400).map(
        lambda seconds: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
    )


def addresses() -> st.SearchStrategy[Address]:
    urgency = st.sampled_from([(), ("high",), ("low",), ("low", "high")])
    return st.builds(
        Address, st.just("x://y"), urgency, st.timedeltas(timedelta(), timedelta(days=1))
    )


@given(quiet_hours(), moments(), st.sampled_from(ZONES))
@example(
    QuietHours(time(3), time(2)), datetime(2026, 4, 4, 14, 59, tzinfo=UTC), "Australia/Lord_Howe"
)
@settings(max_examples=150, deadline=None)
def test_the_end_is_the_first_minute_that_is_not_quiet(
    hours: QuietHours, now: datetime, zone: str
) -> None:
    place = ZoneInfo(zone)
    ends = hours.next_moment(now, place)
    assert not hours.cover(ends.astimezone(place).time())
    assert now <= ends <= now + timedelta(hours=26)
    if ends == now:
        return
    assert (ends.second, ends.microsecond) == (0, 0)
    before = ends - MINUTE
    while before >= now:  # every minute until then is quiet
        assert hours.cover(before.astimezone(place).time())
        before -= MINUTE


@given(st.lists(addresses(), max_size=5), quiet_hours(), moments(), st.sampled_from(ZONES))
@settings(max_examples=150, deadline=None)
def test_high_urgency_is_never_held_back_and_low_urgency_never_comes_in_quiet_hours(
    notify: list[Address], hours: QuietHours, now: datetime, zone: str
) -> None:
    person = ana(*notify, quiet=hours)
    high = due(person, "high", now, zone)
    assert high == due(ana(*notify), "high", now, zone)
    assert high["slack"] == now
    low = due(person, "low", now, zone)
    assert "slack" in low
    for way, at in low.items():
        address = address_of(person, way)
        assert at >= now + (address.after if address else timedelta())
        assert not hours.cover(at.astimezone(ZoneInfo(zone)).time())
    for name, urgency, found in (("high", Urgency.HIGH, high), ("low", Urgency.LOW, low)):
        expected = {beyond(n) for n, address in enumerate(notify, 1) if address.takes(name)}
        assert set(found) == {"slack"} | expected
        planned = plan_ways(person, urgency, now, zone)
        assert first_due(planned, now) == min(found.values()) == planned[0].due


def test_nobody_to_tell_is_due_now() -> None:
    assert first_due((), NOON) == NOON


def test_times_are_as_people_write_them() -> None:
    assert (str(NIGHT), clock_time("24:00"), clock_time("07:30")) == (
        "22:00 to 07:00", time(0), time(7, 30)
    )  # fmt: skip
    spans = (timedelta(minutes=2), timedelta(seconds=90), timedelta(hours=2))
    assert [spoken(span) for span in spans] == ["2 min", "90 s", "2 h"]
