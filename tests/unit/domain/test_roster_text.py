"""What people type about rosters is read as it is meant, and shown so that it can be typed again; YAML comes back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.config_file import load_catalog
from bot.domain import roster_text as words
from bot.domain import roster_yaml
from bot.domain.catalog import Roster, RosterLayer
from bot.domain.roster_draft import Draft, LayerDraft, draft_of, roster_of

if TYPE_CHECKING:
    from pathlib import Path

ALL = words.DAYS


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("", None),
        ("  ", None),
        ("always", None),
        ("09:00-17:00", {"from": "09:00", "to": "17:00"}),
        ("9-17", {"from": "09:00", "to": "17:00"}),
        ("22:00 \u2013 06:00", {"from": "22:00", "to": "06:00"}),
        ("00:00-24:00", {"from": "00:00", "to": "24:00"}),
        ("Sat, Sun", {"days": ("Sat", "Sun")}),
        ("Sat, Sun 09:00-21:00", {"days": ("Sat", "Sun"), "from": "09:00", "to": "21:00"}),
        ("mon-fri 9:00-17:30", {"days": ALL[:5], "from": "09:00", "to": "17:30"}),
        ("Mon - Fri", {"days": ALL[:5]}),
        ("Fri-Mon", {"days": ("Mon", "Fri", "Sat", "Sun")}),
        ("wed and thurs from 9 to 17", {"days": ("Wed", "Thu"), "from": "09:00", "to": "17:00"}),
        ("Monday, Tuesday", {"days": ("Mon", "Tue")}),
    ],
)
def test_hours(typed: str, read: dict[str, object] | None) -> None:
    assert words.hours(typed) == read


@pytest.mark.parametrize(
    "typed", ["now", "25:00-26:00", "9", "Mon Tues 9:75-10", "9-10 11-12", "T 9-10", "Mon--Fri"]
)
def test_hours_that_are_none(typed: str) -> None:
    with pytest.raises(ValueError, match=r"[A-Z].*\."):
        words.hours(typed)


clocks = st.builds("{:02d}:{:02d}".format, st.integers(0, 23), st.integers(0, 59))
days = st.sets(st.sampled_from(ALL), min_size=1).map(lambda d: tuple(x for x in ALL if x in d))
only = st.none() | st.one_of(
    st.fixed_dictionaries({"days": days}),
    st.fixed_dictionaries({"from": clocks, "to": clocks | st.just("24:00")}),
    st.fixed_dictionaries({"days": days, "from": clocks, "to": clocks | st.just("24:00")}),
)


@given(only)
def test_hours_are_shown_as_they_are_typed(value: dict[str, object] | None) -> None:
    assert words.hours(words.hours_text(value)) == value


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("weekly", "weekly"), ("Daily", "daily"), ("every week", "weekly"), ("12h", "12h"),
        ("every 10 days", "10d"), ("2 weeks", "2w"), ("1d 12h", "1d12h"), ("90 minutes", "90m"),
    ],
)  # fmt: skip
def test_rotations(typed: str, read: str) -> None:
    assert words.rotation(typed) == read


@pytest.mark.parametrize(
    "typed", ["", "fortnightly", "2 months", "0h", "5m", "9000d", "12", "-1d", "12h x", "h"]
)
def test_rotations_that_are_none(typed: str) -> None:
    with pytest.raises(ValueError, match=r"[A-Z].*\."):
        words.rotation(typed)


@pytest.mark.parametrize(
    ("typed", "rotate", "read"),
    [
        ("mon 9", "weekly", "Mon 09:00"), ("Friday 17:30", "weekly", "Fri 17:30"),
        ("9:00", "daily", "09:00"), ("Mon 09:00", "daily", "09:00"), ("9.15", "12h", "09:15"),
        ("Tue 08:00", "2w", "Tue 08:00"),
    ],
)  # fmt: skip
def test_handovers(typed: str, rotate: str, read: str) -> None:
    assert words.handover(typed, rotate) == read


@pytest.mark.parametrize(
    ("typed", "rotate"),
    [("", "weekly"), ("09:00", "weekly"), ("Mon", "weekly"), ("24:00", "daily"), ("M 9", "weekly"),
     ("Mon Tue 09:00", "weekly"), ("noon", "daily")],
)  # fmt: skip
def test_handovers_that_are_none(typed: str, rotate: str) -> None:
    with pytest.raises(ValueError, match=r"[A-Z].*\."):
        words.handover(typed, rotate)


def test_time_zones() -> None:
    assert words.time_zone(" europe/berlin ") == "Europe/Berlin"
    assert words.time_zone("New York") == "America/New_York"
    assert words.time_zone("utc") == "UTC"
    with pytest.raises(ValueError, match="Did you mean Europe/Berlin"):
        words.time_zone("Europe/Berln")
    with pytest.raises(ValueError, match="no time zone"):
        words.time_zone("")


@pytest.mark.parametrize("typed", ["", "two words", "a:b", "#x", "@x", "x" * 61])
def test_names_that_are_none(typed: str) -> None:
    with pytest.raises(ValueError, match="one word"):
        words.name(typed)


def test_groups() -> None:
    assert words.group(" @OnCall ") == "oncall"
    assert words.group("") == ""
    with pytest.raises(ValueError, match="one word"):
        words.group("two words")


# --- as YAML -------------------------------------------------------------------------------------------------------

emails = st.from_regex(r"\A[a-z0-9_+.${}'\"`*&!%|-]{1,12}@[a-z0-9-]{1,8}\.[a-z]{2,4}\Z").filter(
    lambda e: ":" not in e
)
odd_names = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp")), min_size=1, max_size=20
).filter(lambda n: words.NAME.fullmatch(n) is not None)
rotations = st.sampled_from(["daily", "weekly", "12h", "2w", "1d12h"])
handles = st.from_regex(r"\A[a-z0-9_.-]{1,20}\Z") | odd_names
layers = st.builds(
    RosterLayer,
    people=st.lists(emails, min_size=1, max_size=4).map(tuple),
    rotate=rotations,
    handover=st.builds("{} {}".format, st.sampled_from(ALL), clocks),
    start=st.dates().map(lambda d: d.isoformat()),
    only=only,
)
rosters = st.builds(
    Roster,
    name=odd_names
    | st.sampled_from(["on", "null", "1", "0x1F", "~", "- a", "yes"]).filter(
        lambda n: " " not in n
    ),
    time_zone=st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Etc/GMT+5"]),
    layers=st.lists(layers, min_size=1, max_size=3).map(tuple),
    user_group=st.none() | handles,
    announce_in=st.none() | handles,
)


@settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(rosters, min_size=1, max_size=3, unique_by=lambda r: r.name))
def test_what_is_exported_is_what_muster_yml_reads(tmp_path: Path, made: list[Roster]) -> None:
    file = tmp_path / "muster.yml"
    file.write_text(roster_yaml.document(made), encoding="utf-8")
    read = load_catalog(file, {"A": "secret"})
    assert dict(read.rosters) == {roster.name: roster for roster in made}


def test_overrides_are_exported_too(tmp_path: Path) -> None:
    override: dict[str, Any] = {
        "person": "c@example.com", "from": "2026-12-24T09:00", "until": "2026-12-27T09:00",
    }  # fmt: skip
    layer = RosterLayer(people=("a@example.com",), start="2026-01-05")
    made = Roster(name="primary", layers=(layer,), overrides=(override,))
    file = tmp_path / "muster.yml"
    file.write_text(roster_yaml.document([made]), encoding="utf-8")
    assert load_catalog(file, {}).rosters["primary"] == made


# --- drafts --------------------------------------------------------------------------------------------------------


def test_a_form_that_is_not_touched_changes_nothing() -> None:
    layer = RosterLayer(
        people=("a@example.com", "b@example.com"), rotate="12h", handover="09:00",
        start="2026-01-05", only={"days": ("Sat", "Sun")},
    )  # fmt: skip
    roster = Roster(
        name="primary", time_zone="Asia/Tokyo", layers=(layer, layer), user_group="oncall",
        announce_in="C1",
    )  # fmt: skip
    ids = {"a@example.com": "U1", "b@example.com": "U2"}
    draft = draft_of(roster, ids, 3)
    read = {layer.key: words.hours(layer.hours) for layer in draft.layers}
    assert roster_of(draft, {v: k for k, v in ids.items()}, read) == roster


def test_layers_come_and_go_and_keep_their_keys() -> None:
    draft = Draft(layers=(LayerDraft(key="l1", start="2026-01-05"),))
    assert draft.without_layer("l1") == draft, "the last one stays"
    three = draft.with_layer().with_layer()
    assert [layer.key for layer in three.layers] == ["l1", "l2", "l3"]
    assert three.layers[2].start == "2026-01-05"
    left = three.without_layer("l2")
    assert [layer.key for layer in left.layers] == ["l1", "l3"]
    assert [layer.key for layer in left.with_layer().layers] == ["l1", "l3", "l2"]
    many = draft
    for _ in range(20):
        many = many.with_layer()
    assert len({layer.key for layer in many.layers}) == len(many.layers) == 10
