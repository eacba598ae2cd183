"""Every Block Kit limit: the largest allowed passes, one more is refused where Slack says so."""

from collections.abc import Callable
from typing import Any

import pytest

from bot.sandbox.slack.blockkit import check_attachments, check_message, check_view
from bot.sandbox.slack.errors import SlackError
from tests.unit.sandbox.slack_world import Json, button, field, modal, mrkdwn, plain

Maker = Any


def section(**more: Any) -> Json:
    return {"type": "section", **({"text": mrkdwn("x")} if not more else {}), **more}


def actions(*elements: Json, **more: Any) -> Json:
    return {"type": "actions", "elements": list(elements), **more}


def option(number: int = 1, text: str = "", value: str = "", **more: Any) -> Json:
    return {"text": plain(text or f"o{number}"), "value": value or f"v{number}", **more}


def options(count: int) -> list[Json]:
    return [option(number) for number in range(count)]


def select(**more: Any) -> Json:
    return {"type": "static_select", "action_id": "s", "options": options(2), **more}


def confirm(**more: Any) -> Json:
    base = {"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n")}
    return base | more


def image(**more: Any) -> Json:
    return {"type": "image", "image_url": "https://a.example/i.png", "alt_text": "i"} | more


def text_input(**more: Any) -> Json:
    return {"type": "plain_text_input", "action_id": "i", **more}


def pie(count: int = 2, **more: Any) -> Json:
    segments = [{"label": f"s{number}", "value": 1} for number in range(count)]
    return {"type": "data_visualization", "title": "t"} | {
        "chart": {"type": "pie", "segments": segments},
        **more,
    }


def bars(series: int = 1, *, names: str = "", labels: str = "ab", categories: str = "ab") -> Json:
    entries = [
        {
            "name": names or f"s{number}",
            "data": [{"label": label, "value": number} for label in labels],
        }
        for number in range(series)
    ]
    axis = {"categories": list(categories)}
    return pie(chart={"type": "bar", "series": entries, "axis_config": axis})


def cell(text: str = "c") -> Json:
    return {"type": "raw_text", "text": text}


def rich(text: str = "r") -> Json:
    parts = [{"type": "rich_text_section", "elements": [{"type": "text", "text": text}]}]
    return {"type": "rich_text", "elements": parts}


def table(rows: int = 2, columns: int = 2, text: str = "c") -> Json:
    return {"type": "table", "rows": [[cell(text)] * columns] * rows}


def data_table(rows: int = 2, columns: int = 2, **more: Any) -> Json:
    return {"type": "data_table", "caption": "c", "rows": [[cell()] * columns] * rows} | more


def container(*children: Json, **more: Any) -> Json:
    return {"type": "container", "title": plain("t"), "child_blocks": list(children)} | more


def confirmed(**more: Any) -> Json:
    return actions(button(confirm=confirm(**more)))


def overflow(count: int) -> Json:
    return {"type": "overflow", "action_id": "o", "options": options(count)}


def choice(kind: str, count: int) -> Json:
    return {"type": kind, "action_id": "c", "options": options(count)}


def grouped(count: int) -> Json:
    groups = [{"label": plain("g"), "options": [option(number)]} for number in range(count)]
    return {"type": "static_select", "action_id": "s", "option_groups": groups}


def rich_option() -> Json:
    return {"text": mrkdwn("*b*"), "value": "1"}


def complaints(blocks: Any, text: str = "fallback") -> list[str]:
    refusal = refused(lambda: check_message(text, blocks), "invalid_blocks")
    messages: list[str] = refusal.get("response_metadata", {}).get("messages", [])
    assert refusal.get("errors", []) == [one.removeprefix("[ERROR] ") for one in messages]
    return messages


def view_complaints(view: Any, kind: str = "modal") -> list[str]:
    refusal = refused(lambda: check_view(view, kind), "invalid_arguments")
    messages: list[str] = refusal.get("response_metadata", {}).get("messages", [])
    return messages


def refused(check: Callable[[], object], error: str) -> Json:
    try:
        check()
    except SlackError as refusal:
        if refusal.error != error:
            raise
        return refusal.extra
    return {}


#: name, blocks with a size, the largest size, where the complaint points when it is one more.
LIMITS: list[tuple[str, Maker, int, str]] = [
    ("blocks", lambda n: [{"type": "divider"}] * n, 50, "/blocks"),
    ("header", lambda n: [{"type": "header", "text": plain("x" * n)}], 150, "/blocks/0/text/text"),
    ("section text", lambda n: [section(text=mrkdwn("x" * n))], 3000, "/blocks/0/text/text"),
    ("fields", lambda n: [section(fields=[mrkdwn("x")] * n)], 10, "/blocks/0/fields"),
    ("field", lambda n: [section(fields=[plain("x" * n)])], 2000, "/blocks/0/fields/0/text"),
    ("context", lambda n: [{"type": "context", "elements": [plain("x")] * n}], 10, "/elements"),
    ("actions", lambda n: [actions(*[button(action_id=f"{i}") for i in range(n)])], 25, "elements"),
    ("button", lambda n: [actions(button("x" * n))], 75, "/blocks/0/elements/0/text/text"),
    ("value", lambda n: [actions(button(value="x" * n))], 2000, "/elements/0/value"),
    ("url", lambda n: [actions(button(url="x" * n))], 3000, "/elements/0/url"),
    ("action_id", lambda n: [actions(button(action_id="x" * n))], 255, "/action_id"),
    ("block_id", lambda n: [section(text=plain("x"), block_id="x" * n)], 255, "/block_id"),
    ("confirm title", lambda n: [confirmed(title=plain("x" * n))], 100, "/confirm/title/text"),
    ("confirm text", lambda n: [confirmed(text=mrkdwn("x" * n))], 300, "/confirm/text/text"),
    ("confirm yes", lambda n: [confirmed(confirm=plain("x" * n))], 30, "/confirm/confirm/text"),
    ("confirm no", lambda n: [confirmed(deny=plain("x" * n))], 30, "/confirm/deny/text"),
    ("options", lambda n: [actions(select(options=options(n)))], 100, "/options"),
    ("option text", lambda n: [actions(select(options=[option(text="x" * n)]))], 75, "/text/text"),
    ("option value", lambda n: [actions(select(options=[option(value="x" * n)]))], 150, "/value"),
    (
        "option description",
        lambda n: [actions(select(options=[option(description=plain("x" * n))]))],
        75,
        "/options/0/description/text",
    ),
    ("groups", lambda n: [actions(grouped(n))], 100, "/option_groups"),
    ("placeholder", lambda n: [actions(select(placeholder=plain("x" * n)))], 150, "/placeholder"),
    ("overflow", lambda n: [section(text=plain("x"), accessory=overflow(n))], 5, "/options"),
    ("checkboxes", lambda n: [actions(choice("checkboxes", n))], 10, "/options"),
    ("radio", lambda n: [actions(choice("radio_buttons", n))], 10, "/options"),
    ("alt_text", lambda n: [image(alt_text="x" * n)], 2000, "/alt_text"),
    ("image title", lambda n: [image(title=plain("x" * n))], 2000, "/title/text"),
    ("markdown", lambda n: [{"type": "markdown", "text": "x" * n}], 12_000, "/blocks/0/text"),
    ("table rows", lambda n: [table(rows=n, columns=1)], 100, "/blocks/0/rows"),
    ("table columns", lambda n: [table(rows=1, columns=n)], 20, "/blocks/0/rows/0"),
    ("table text", lambda n: [table(rows=1, columns=1, text="x" * n)], 10_000, "/blocks/0/rows"),
    ("tables", lambda n: [table()] * n, 1, "/blocks"),
    ("data rows", lambda n: [data_table(rows=n)], 101, "/blocks/0/rows"),
    ("data columns", lambda n: [data_table(columns=n)], 20, "/blocks/0/rows/0"),
    ("page size", lambda n: [data_table(page_size=n)], 100, "/page_size"),
    ("chart title", lambda n: [pie(title="x" * n)], 50, "/blocks/0/title"),
    ("pie", lambda n: [pie(n)], 6, "/blocks/0/chart/segments"),
    ("series", lambda n: [bars(n)], 6, "/blocks/0/chart/series"),
    ("charts", lambda n: [pie()] * n, 2, "/blocks"),
    ("container title", lambda n: [container(section(), title=plain("x" * n))], 150, "/title/text"),
    ("children", lambda n: [container(*[section()] * n)], 10, "/blocks/0/child_blocks"),
    ("card title", lambda n: [{"type": "card", "title": plain("x" * n)}], 150, "/title/text"),
    ("card body", lambda n: [{"type": "card", "body": mrkdwn("x" * n)}], 200, "/body/text"),
    ("label", lambda n: [field("x" * n, text_input())], 2000, "/label/text"),
    ("hint", lambda n: [field("l", text_input(), hint=plain("x" * n))], 2000, "/hint/text"),
    ("initial", lambda n: [field("l", text_input(initial_value="x" * n))], 3000, "/initial_value"),
    ("max_length", lambda n: [field("l", text_input(max_length=n))], 3000, "/max_length"),
]


@pytest.mark.parametrize(("name", "make", "most", "pointer"), LIMITS, ids=[x[0] for x in LIMITS])
def test_message_limit(name: str, make: Maker, most: int, pointer: str) -> None:
    assert complaints(make(most)) == []
    found = complaints(make(most + 1))
    assert found, name
    assert all(one.startswith("[ERROR] ") for one in found)
    assert any(pointer in one for one in found), found


#: Everything that is wrong whatever its size.
WRONG: list[tuple[str, list[Any], str]] = [
    ("unknown block", [{"type": "nonsense"}], "unsupported type: nonsense"),
    ("no type", [{}], "missing required field: type"),
    ("no object", ["x"], "must provide an object"),
    ("empty section", [{"type": "section"}], "must define either `text` or `fields`"),
    ("empty text", [section(text=mrkdwn(""))], "must be more than 0 characters"),
    ("empty actions", [actions()], "no less than 1 items allowed"),
    ("empty context", [{"type": "context", "elements": []}], "no less than 1 items allowed"),
    ("empty options", [actions(select(options=[]))], "no less than 1 items allowed"),
    ("unknown key", [section(text=plain("x"), colour="red")], "additional property: colour"),
    ("mrkdwn header", [{"type": "header", "text": mrkdwn("x")}], "unsupported type: mrkdwn"),
    ("mrkdwn button", [actions(button() | {"text": mrkdwn("x")})], "unsupported type: mrkdwn"),
    ("style", [actions(button(style="green"))], "must be a valid enum value"),
    ("empty url", [actions(button(url=""))], "must be more than 0 characters"),
    ("no alt_text", [{"type": "image", "image_url": "https://x.y"}], "required field: alt_text"),
    ("input in actions", [actions(text_input())], "unsupported type: plain_text_input"),
    ("button in input", [field("l", button())], "unsupported type: button"),
    ("both lists", [actions(select(**{**grouped(1), "options": options(1)}))], "either `options`"),
    ("initial", [actions(select(initial_option=option(9)))], "must be one of the options"),
    ("twice a value", [actions(select(options=[option(1), option(1)]))], "must be unique"),
    ("block_id twice", [section(text=plain("x"), block_id="b")] * 2, "`b` already exists"),
    ("action_id twice", [actions(button(), button())], "`press` already exists"),
    ("alert in message", [{"type": "alert", "text": plain("x")}], "unsupported type: alert"),
    ("nested", [container(container(section()))], "unsupported type: container"),
    ("container without title", [{"type": "container", "child_blocks": [section()]}], "`title`"),
    ("collapsed", [container(section(), default_collapsed=True)], "requires is_collapsible"),
    ("empty card", [{"type": "card"}], "must define either `hero_image`"),
    ("header cell", [data_table() | {"rows": [[rich()], [cell()]]}], "not allowed in the header"),
    ("ragged", [data_table() | {"rows": [[cell()], [cell(), cell()]]}], "same number of cells"),
    ("header only", [data_table(rows=1)], "no less than 2 items allowed"),
    ("no caption", [{"type": "data_table", "rows": [[cell()]] * 2}], "required field: caption"),
    ("page size 0", [data_table(page_size=0)], "must be between 1 and 100"),
    ("series twice", [bars(2, names="same")], "series names must be unique"),
    ("categories", [bars(labels="ab", categories="abc")], "must match axis_config.categories"),
    ("date", [actions({"type": "datepicker", "initial_date": "tomorrow"})], "YYYY-MM-DD"),
    ("focus", [field("a", text_input(focus_on_load=True))] * 2, "focus_on_load"),
    ("markdown in total", [{"type": "markdown", "text": "x" * 7000}] * 2, "12001 characters"),
    ("min over max", [field("a", text_input(min_length=5, max_length=2))], "not be greater"),
    ("boolean", [field("a", text_input(multiline="yes"))], "must provide a boolean"),
    ("number input", [field("a", {"type": "number_input"})], "required field: is_decimal_allowed"),
]


@pytest.mark.parametrize(("name", "blocks", "words"), WRONG, ids=[case[0] for case in WRONG])
def test_wrong_blocks(name: str, blocks: list[Any], words: str) -> None:
    found = complaints(blocks)
    assert any(words in one for one in found), (name, found)


RIGHT: list[tuple[str, list[Json]]] = [
    ("nothing", []),
    ("rich text", [rich()]),
    ("input in a message", [field("l", text_input())]),
    ("container", [container(section(), actions(button()), is_collapsible=True)]),
    ("carousel", [{"type": "carousel", "elements": [{"type": "card", "title": plain("c")}]}]),
    ("card", [{"type": "card", "body": mrkdwn("b"), "actions": [button()]}]),
    ("bars", [bars(2)]),
    ("radio with mrkdwn", [actions(choice("radio_buttons", 1) | {"options": [rich_option()]})]),
    ("same action in two blocks", [actions(button()), actions(button())]),
    ("overflow with one entry", [section(text=plain("x"), accessory=overflow(1))]),
    ("pickers", [actions({"type": "datepicker", "initial_date": "2026-11-20", "action_id": "d"})]),
    ("users", [section(text=plain("x"), accessory={"type": "users_select", "action_id": "u"})]),
    ("data table with rich text", [data_table() | {"rows": [[cell()], [rich()]]}]),
]


@pytest.mark.parametrize(("name", "blocks"), RIGHT, ids=[case[0] for case in RIGHT])
def test_right_blocks(name: str, blocks: list[Json]) -> None:
    assert complaints(blocks) == [], name


VIEW_LIMITS: list[tuple[str, Maker, int]] = [
    ("blocks", lambda n: modal(*[{"type": "divider"}] * n), 100),
    ("title", lambda n: modal(section(), title="x" * n), 24),
    ("submit", lambda n: modal(section(), submit=plain("x" * n)), 24),
    ("close", lambda n: modal(section(), close=plain("x" * n)), 24),
    ("private_metadata", lambda n: modal(section(), private_metadata="x" * n), 3000),
    ("callback_id", lambda n: modal(section(), callback_id="x" * n), 255),
    ("alert", lambda n: modal({"type": "alert", "text": plain("x" * n)}), 200),
]


@pytest.mark.parametrize(("name", "make", "most"), VIEW_LIMITS, ids=[x[0] for x in VIEW_LIMITS])
def test_modal_limit(name: str, make: Maker, most: int) -> None:
    assert view_complaints(make(most)) == [], name
    assert any("/view/" in one for one in view_complaints(make(most + 1)))


def test_home_takes_100_blocks_and_no_message_blocks() -> None:
    home = {"type": "home", "blocks": [{"type": "divider"}] * 100}
    assert view_complaints(home, "home") == []
    assert view_complaints(home | {"blocks": [{"type": "divider"}] * 101}, "home")
    assert view_complaints(home | {"blocks": [pie()]}, "home")
    assert view_complaints(home | {"blocks": [container(section())]}, "home")
    assert view_complaints(home | {"title": plain("no")}, "home")


def test_inputs_need_a_submit_button() -> None:
    view = modal(field("l", text_input()))
    assert view_complaints(view) == []
    del view["submit"]
    assert view_complaints(view) == [
        "[ERROR] submit is required when an input block is within blocks [json-pointer:/view]"
    ]


def test_a_modal_needs_title_and_blocks() -> None:
    assert view_complaints({"type": "modal"}) == [
        "[ERROR] missing required field: title [json-pointer:/view]",
        "[ERROR] missing required field: blocks [json-pointer:/view]",
    ]
    assert view_complaints(modal())
    assert view_complaints({"type": "home", "blocks": []}, "modal")


def test_a_view_is_at_most_250_kilobytes() -> None:
    many = [section(text=plain("é" * 3000), block_id=str(number)) for number in range(100)]
    with pytest.raises(SlackError, match="view_too_large"):
        check_view(modal(*many), "modal")


def test_a_message_needs_something_to_say() -> None:
    nothing: tuple[Any, ...] = (None, [])
    for blocks in nothing:
        with pytest.raises(SlackError, match="no_text"):
            check_message(" ", blocks)
    assert check_message("", [section()])


def test_blocks_in_attachments_are_checked_too() -> None:
    assert check_attachments([{"color": "#f00", "blocks": [section()]}])
    with pytest.raises(SlackError, match="invalid_attachments"):
        check_attachments([{"blocks": [{"type": "section"}]}])
    with pytest.raises(SlackError, match="invalid_attachments"):
        check_attachments("x")
