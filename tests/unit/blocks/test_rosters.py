"""Rosters as they are shown: inside Slack's limits for any roster, nobody pinged by typed text, YAML as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks import rosters
from blocks.forms import FieldErrors
from blocks.forms import roster as form
from bot.domain import roster_yaml
from bot.domain.catalog import Roster, RosterLayer
from bot.domain.incident import Actor
from bot.domain.roster_draft import MAX_LAYERS, MAX_PEOPLE, Draft, LayerDraft, Listed, Saved
from bot.domain.roster_duties import NewsKind, Told
from tests.unit.blocks import strategies as odd
from tests.unit.blocks.alert_samples import alert_views
from tests.unit.blocks.limits import buttons, check_message, check_view
from tests.unit.domain.test_roster_text import odd_names
from tests.unit.domain.test_roster_text import rosters as valid
from tests.unit.handlers.test_presses import filled

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.ports import Message

thorough = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
KNOWN = odd.KNOWN
ALERTS = tuple(alert_views())


@thorough
@given(
    st.sampled_from(NewsKind),
    odd.texts,
    st.none() | odd.times,
    st.lists(odd.actors, max_size=3),
    st.sampled_from([1, 40]),
    odd.few_incidents,
    odd.repeats,
)
def test_hand_overs_and_gaps(
    kind: NewsKind, name: str, until: Any, people: Any, times: int, few: list[Incident], more: int
) -> None:
    told = Told(
        roster=name, kind=kind, since=odd.NOW, until=until, announce_in=name,
        ending=tuple(people * times), starting=tuple(people * times),
        incidents=tuple(few * more), alerts=ALERTS * times,
    )  # fmt: skip
    check_message(rosters.told(told, odd.NOW), KNOWN)


layers = st.builds(
    RosterLayer,
    people=st.lists(odd.texts, max_size=3).map(tuple),
    rotate=odd.texts,
    handover=odd.texts,
    start=odd.texts,
    only=st.none() | st.just({"days": ("Mon", "Tue", "Wed", "Sun"), "from": "09:00"}),
)
made = st.builds(
    Roster,
    name=odd.texts,
    time_zone=odd.texts,
    layers=st.lists(layers, max_size=3).map(tuple),
    user_group=odd.maybe,
    announce_in=odd.maybe,
    ical=st.none() | st.just("https://calendar.example.com/a.ics"),
)


@thorough
@given(made, st.lists(odd.actors, max_size=3), odd.maybe, odd.actors, st.sampled_from([0, 1, 60]))
def test_the_list_and_what_was_saved(
    roster: Roster, people: Any, file: str | None, by: Any, times: int
) -> None:
    if file is None:  # made in Slack, where names are short
        roster = replace(roster, name="night-\U0001f319-<b>")
    members = [people * times for _ in roster.layers]
    listed = Listed(
        roster=roster, people=people * times, members=members, until=odd.NOW, file=file,
        changed_by=by, changed_at=odd.NOW,
    )  # fmt: skip
    check_message(rosters.roster_list([listed] * times, odd.NOW), KNOWN)
    saved = Saved(listed=listed, unreachable=[(roster.name, roster.time_zone)] * times)
    check_message(rosters.saved(saved, odd.NOW), KNOWN)
    check_message(rosters.deleting("night-<b>"), KNOWN)


def test_the_fallback_of_the_list_names_people_as_slack_shows_them() -> None:
    listed = Listed(
        roster=Roster(name="db & web"), people=[Actor(name="Ana", slack_id="U0ANA")], file="m.yml"
    )
    assert rosters.roster_list([listed], odd.NOW).text == "Rosters (1)\ndb &amp; web: <@U0ANA>"


def yaml_in(messages: list[Message]) -> str:
    """What somebody copies out of the code blocks."""
    fenced = [
        block["text"]["text"]
        for message in messages
        for block in message.blocks
        if "```" in str(block)
    ]
    shown = "\n".join(text.removeprefix("```").removesuffix("```") for text in fenced)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


@thorough
@given(valid, st.sampled_from([1, 8]))
def test_what_is_exported_is_copied_as_it_is(roster: Roster, times: int) -> None:
    document = roster_yaml.document([replace(roster, layers=roster.layers * times)])
    messages = rosters.exported(document)
    for message in messages:
        check_message(message)
    if "That is more" not in str(messages):
        assert yaml_in(messages) == document.rstrip("\n")


def test_a_large_roster_comes_in_several_messages_and_a_larger_one_says_that_it_does_not_fit() -> (
    None
):
    people = tuple(f"somebody.{n:03d}@a-long-domain.example.com" for n in range(100))
    layer = RosterLayer(people=people, start="2026-01-05")
    many = roster_yaml.document([Roster(name="many", layers=(layer,) * 6)])
    messages = rosters.exported(many)
    assert len(messages) > 1
    assert yaml_in(messages) == many.rstrip("\n")
    more = rosters.exported(roster_yaml.document([Roster(name="many", layers=(layer,) * 60)]))
    assert len(more) == rosters.MAX_MESSAGES
    assert "more than fits" in str(more[-1])


drafts = st.builds(
    Draft,
    name=odd_names,
    time_zone=odd.texts,
    layers=st.lists(
        st.builds(
            LayerDraft,
            key=st.just("l1"),
            people=st.lists(st.sampled_from(KNOWN), max_size=3, unique=True).map(tuple),
            rotate=odd.texts,
            handover=odd.texts,
            start=st.sampled_from(["", "2026-01-05", "2026-01-05T09:00", "never"]),
            hours=odd.texts,
        ),
        min_size=1,
        max_size=MAX_LAYERS,
    ).map(lambda few: tuple(replace(each, key=f"l{n}") for n, each in enumerate(few))),
    user_group=odd.texts,
    announce_in=st.none() | st.just("C0OPS"),
    version=st.integers(0, 3),
)


@thorough
@given(drafts, st.lists(odd.texts, max_size=20))
def test_the_form(draft: Draft, gone: list[str]) -> None:
    view = form.build(draft, gone=gone)
    check_view(view, KNOWN)
    assert ("Delete roster" in buttons(view["blocks"])) == bool(draft.version)
    assert ("Add a layer" in buttons(view["blocks"])) == (len(draft.layers) < MAX_LAYERS)


def test_the_one_layer_case_is_a_plain_form_filled_in_but_for_name_and_people() -> None:
    draft = Draft(time_zone="Europe/Berlin", layers=(LayerDraft(key="l1", start="2026-03-02"),))
    view = form.build(draft)
    inputs = [b for b in view["blocks"] if b["type"] == "input"]
    assert [b["label"]["text"] for b in inputs] == [
        "Name", "Time zone", "People", "Rotation", "Hand-over", "Start", "Hours",
        "User group", "Announce in",
    ]  # fmt: skip
    assert "Remove layer" not in buttons(view["blocks"])
    needed = [b for b in inputs if not b.get("optional")]
    empty = [b["label"]["text"] for b in needed if not any("initial" in k for k in b["element"])]
    assert empty == ["Name", "People"]


def sent(view: dict[str, Any], **layer: Any) -> dict[str, Any]:
    """The form as it was shown, with people and a day in every layer."""
    shown = {
        b["label"]["text"]: b["element"].get("initial_value")
        for b in view["blocks"]
        if b["type"] == "input"
    }
    state = filled(view, shown | layer)
    for block, value in state["state"]["values"].items():
        if block.startswith("field.people"):
            value["value"] = {"selected_users": layer.get("People", ["U0ANA", "U0BEN"])}
        if block.startswith("field.start"):
            value["value"] = {"selected_date": "2026-03-02"}
    return state


def test_what_is_sent_is_read() -> None:
    draft = Draft(
        name="primary", time_zone="europe/berlin", user_group="@OnCall", announce_in="C0OPS",
        layers=(LayerDraft(key="l1", hours="sat, sun 9-21", rotate="every day"),),
    )  # fmt: skip
    read = form.parse(sent(form.build(draft)))
    [layer] = read.draft.layers
    assert (layer.people, layer.rotate, layer.handover) == (("U0ANA", "U0BEN"), "daily", "09:00")
    assert read.only == {"l1": {"days": ("Sat", "Sun"), "from": "09:00", "to": "21:00"}}
    assert (read.draft.time_zone, read.draft.user_group) == ("Europe/Berlin", "oncall")


def test_everything_wrong_is_told_at_once_each_beside_its_field() -> None:
    draft = Draft(
        name="two words", time_zone="Berln", user_group="a b",
        layers=(LayerDraft(key="l1", rotate="often", handover="soon", hours="x" * 201),),
    )  # fmt: skip
    view = sent(form.build(draft), People=[])
    with pytest.raises(FieldErrors) as raised:
        form.parse(view)
    errors = raised.value.errors
    assert set(errors) == {
        "field.name", "field.time_zone", "field.user_group", "field.people.l1",
        "field.rotation.l1", "field.handover.l1", "field.hours.l1",
    }  # fmt: skip
    assert all(text.endswith(".") for text in errors.values())
    crowd = sent(form.build(draft), People=[f"U{n}" for n in range(MAX_PEOPLE + 1)])
    assert form.draft(crowd).layers[0].rotate == "often", "as typed"
