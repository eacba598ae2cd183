"""A strict judge of Slack payloads, written from Slack's reference and not from our builders.

It shares no constant with ``blocks/``: a limit believed wrongly there is noticed here. Lengths are
counted in UTF-16 units. Source: docs.slack.dev/reference/block-kit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

JSON = Mapping[str, Any]

# Everything in angle brackets that we may ever produce.
_ALLOWED_TOKEN = re.compile(
    r"<@[UW][A-Z0-9]+>"
    r"|<#[CGD][A-Z0-9]+>"
    r"|<!date\^-?\d+\^[^<>|^]+\|[^<>|]+>"
    r"|<https?://[^\s<>|]+(?:\|[^<>|]+)?>"
)
_ENTITY = re.compile(r"&(?:amp|lt|gt);")
_SHOUT = re.compile(r"@(?:here|channel|everyone|group)\b", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]")
_MENTION = re.compile(r"<@([A-Z0-9]+)>")


def units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def check_markup(text: str, known: Iterable[str] | None = None) -> None:
    """No markup but ours, no ping but of people we know, nothing half cut."""
    rest = _ALLOWED_TOKEN.sub("", text)
    assert "<" not in rest, f"foreign markup in {text!r}"
    assert ">" not in re.sub(r"^> ?", "", rest, flags=re.MULTILINE), f"foreign markup in {text!r}"
    assert "&" not in _ENTITY.sub("", rest), f"unescaped or cut entity in {text!r}"
    assert not _SHOUT.search(rest), f"a shout in {text!r}"
    assert not _CONTROL.search(text), f"control characters in {text!r}"
    if known is not None:
        assert set(_MENTION.findall(text)) <= set(known), f"foreign mention in {text!r}"


def check_message(message: Any, known: Iterable[str] | None = None) -> None:
    """A ``Message`` that Slack takes for posting and for updating."""
    assert message.text.strip(), "no fallback text"
    assert units(message.text) <= 3900, "chat.update refuses more than 4,000 characters"
    check_markup(message.text, known)
    assert len(message.blocks) <= 50
    _check_blocks(message.blocks, "message", known)
    texts = [text for block in message.blocks for text in all_texts(block)]
    assert sum(map(units, texts)) <= 13_000, "msg_blocks_too_long"
    json.dumps(list(message.blocks)).encode()


def check_view(view: JSON, known: Iterable[str] | None = None) -> None:
    """A modal or Home view that Slack takes."""
    assert view["type"] in {"modal", "home"}
    assert 1 <= len(view["blocks"]) <= 100
    assert len(json.dumps(view).encode()) <= 250_000
    assert len(view.get("callback_id") or "") <= 255
    assert units(view.get("private_metadata") or "") <= 3000
    if view["type"] == "modal":
        _plain(view["title"], 24)
        for key in ("submit", "close"):
            if key in view:
                _plain(view[key], 24)
    else:
        assert not {"title", "submit", "close"} & set(view)
    if any(block["type"] == "input" for block in view["blocks"]):
        assert view["type"] == "home" or view.get("submit"), "inputs need submit"
    _check_blocks(view["blocks"], view["type"], known)


def all_texts(node: Any) -> Iterable[str]:
    """Every text object's text below a node."""
    if isinstance(node, Mapping):
        if node.get("type") in {"plain_text", "mrkdwn"}:
            yield node["text"]
        for child in node.values():
            yield from all_texts(child)
    elif isinstance(node, list | tuple):
        for child in node:
            yield from all_texts(child)


def buttons(blocks: Iterable[JSON]) -> list[str]:
    """The labels of all buttons, in order."""
    found = []
    for block in blocks:
        elements = [*block.get("elements", ()), block.get("accessory")]
        found += [e["text"]["text"] for e in elements if e and e.get("type") == "button"]
    return found


def _check_blocks(blocks: Iterable[JSON], surface: str, known: Iterable[str] | None) -> None:
    ids = [block["block_id"] for block in blocks if block.get("block_id")]
    assert len(ids) == len(set(ids)), f"block_id twice: {ids}"
    assert all(len(block_id) <= 255 for block_id in ids)
    focused = 0
    kinds = [block["type"] for block in blocks]
    assert kinds.count("data_visualization") <= 2
    for block in blocks:
        _BLOCKS[block["type"]](block, known)
        assert surface == "message" or not block["type"].startswith("data_")
        assert block["type"] != "input" or surface != "message", "no inputs in messages"
        actions = [a for a in _action_ids(block) if a]
        assert len(actions) == len(set(actions)), f"action_id twice in a block: {actions}"
        assert all(len(a) <= 255 for a in actions)
        focused += json.dumps(block).count('"focus_on_load": true')
    assert focused <= 1


def _action_ids(block: JSON) -> list[str | None]:
    elements = [*block.get("elements", ()), block.get("accessory"), block.get("element")]
    return [element.get("action_id") for element in elements if element]


def _plain(text: JSON, limit: int, least: int = 1) -> None:
    assert text["type"] == "plain_text"
    assert least <= units(text["text"]) <= limit, f"{units(text['text'])} > {limit}: {text}"
    assert text["text"].strip()
    assert not _CONTROL.search(text["text"])


def _text(text: JSON, limit: int, known: Iterable[str] | None) -> None:
    if text["type"] == "plain_text":
        _plain(text, limit)
        return
    assert text["type"] == "mrkdwn"
    assert text.get("verbatim") is True, "Slack would look for names and channels by itself"
    assert 1 <= units(text["text"]) <= limit
    check_markup(text["text"], known)


def _header(block: JSON, _: Iterable[str] | None) -> None:
    _plain(block["text"], 150)


def _section(block: JSON, known: Iterable[str] | None) -> None:
    assert block.get("text") or block.get("fields")
    if block.get("text"):
        _text(block["text"], 3000, known)
    assert len(block.get("fields", ())) <= 10
    for field in block.get("fields", ()):
        _text(field, 2000, known)
    if block.get("accessory"):
        _element(block["accessory"], known)


def _context(block: JSON, known: Iterable[str] | None) -> None:
    assert 1 <= len(block["elements"]) <= 10
    for element in block["elements"]:
        _text(element, 3000, known)


def _actions(block: JSON, known: Iterable[str] | None) -> None:
    assert 1 <= len(block["elements"]) <= 25
    for element in block["elements"]:
        _element(element, known)


def _input(block: JSON, known: Iterable[str] | None) -> None:
    _plain(block["label"], 2000)
    if block.get("hint"):
        _plain(block["hint"], 2000)
    assert block["block_id"], "a field nobody can read"
    _element(block["element"], known)


def _data_table(block: JSON, _: Iterable[str] | None) -> None:
    rows = block["rows"]
    assert block["caption"].strip()
    assert 2 <= len(rows) <= 101
    assert len({len(row) for row in rows}) == 1
    assert 1 <= len(rows[0]) <= 20
    assert 1 <= block["page_size"] <= 100
    cells = [cell for row in rows for cell in row]
    assert sum(units(cell["text"]) for cell in cells) <= 10_000
    for cell in cells:
        assert cell["type"] in {"raw_text", "raw_number"}
        assert (cell["type"] == "raw_number") is ("value" in cell)
        assert cell["text"]


def _chart(block: JSON, _: Iterable[str] | None) -> None:
    assert 1 <= units(block["title"]) <= 50
    chart = block["chart"]
    if chart["type"] == "pie":
        assert 1 <= len(chart["segments"]) <= 6
        assert all(point["value"] > 0 for point in chart["segments"])
        labels = [point["label"] for point in chart["segments"]]
        assert len(set(labels)) == len(labels)
    else:
        assert chart["type"] == "bar"
        labels = chart["axis_config"]["categories"]
        assert 1 <= len(labels) <= 20
        assert len(set(labels)) == len(labels)
        assert 1 <= len(chart["series"]) <= 6
        names = [series["name"] for series in chart["series"]]
        assert len(set(names)) == len(names)
        assert all(1 <= units(name) <= 20 for name in names)
        for series in chart["series"]:
            assert [point["label"] for point in series["data"]] == labels
    assert all(1 <= units(label) <= 20 for label in labels)


def _divider(_block: JSON, _known: Iterable[str] | None) -> None:
    pass


def _element(element: JSON, known: Iterable[str] | None) -> None:
    assert element["action_id"]
    if element.get("placeholder"):
        _plain(element["placeholder"], 150)
    kind = element["type"]
    if kind == "button":
        _button(element, known)
    elif kind == "plain_text_input":
        assert units(element.get("initial_value") or "x") in range(1, 3001)
        assert 1 <= element.get("max_length", 3000) <= 3000
    elif kind in {"static_select", "multi_static_select", "checkboxes", "radio_buttons"}:
        _options(element, 100 if kind.endswith("static_select") else 10)
    elif kind == "timepicker":
        assert len(element.get("initial_time", "22:00")) == 5
    elif kind == "datetimepicker":
        assert "placeholder" not in element
        assert 10**9 <= element.get("initial_date_time", 10**9) < 10**10
    elif kind == "datepicker":
        assert re.fullmatch(r"\d{4}-\d\d-\d\d", element.get("initial_date", "2026-01-05"))
    elif kind == "multi_users_select":
        chosen = element.get("initial_users", ["U1"])
        assert 1 <= len(set(chosen)) == len(chosen) <= 100
        assert all(chosen)
        assert element.get("max_selected_items", 1) >= 1
    else:
        assert kind in {"users_select", "external_select", "conversations_select"}, kind
        assert element.get("initial_user") != ""
        assert element.get("initial_conversation") != ""


def _button(element: JSON, known: Iterable[str] | None) -> None:
    _plain(element["text"], 75)
    assert units(element.get("value") or "") <= 2000
    assert units(element.get("url") or "") <= 3000
    assert units(element.get("accessibility_label") or "x") <= 75
    assert element.get("style") in {None, "primary", "danger"}
    confirm = element.get("confirm")
    if confirm:
        _plain(confirm["title"], 100)
        _text(confirm["text"], 300, known)
        _plain(confirm["confirm"], 30)
        _plain(confirm["deny"], 30)


def _options(element: JSON, most: int) -> None:
    options = element["options"]
    assert 1 <= len(options) <= most
    values = [option["value"] for option in options]
    assert len(values) == len(set(values)), "two options with one value"
    for option in options:
        _plain(option["text"], 75)
        assert 1 <= units(option["value"]) <= 150
        if option.get("description"):
            _plain(option["description"], 75)
    initial = element.get("initial_option")
    chosen = [initial] if initial else element.get("initial_options", ())
    assert all(option in options for option in chosen)


_BLOCKS = {
    "header": _header,
    "section": _section,
    "context": _context,
    "actions": _actions,
    "input": _input,
    "divider": _divider,
    "data_table": _data_table,
    "data_visualization": _chart,
}
