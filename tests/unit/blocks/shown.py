"""Messages and views as a person reads them: one line per block, for snapshots."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DATE = re.compile(r"<!date\^\d+\^([^|]*)\|\S+ (\S+) UTC>")


def shown(blocks: Iterable[Mapping[str, Any]]) -> str:
    """One line per fact, button row and field."""
    return told("\n".join(line for block in blocks for line in _lines(block)))


def told(words: str) -> str:
    """Lines short enough for a source file, dates as ``{time}11:48``."""
    lines = _DATE.sub(lambda date: f"{date[1].rpartition(' ')[2]}{date[2]}", words).split("\n")
    wrapped = (
        textwrap.wrap(line, 84, subsequent_indent="  ", break_long_words=False) for line in lines
    )
    return "\n".join(part for parts in wrapped for part in parts)


def _lines(block: Mapping[str, Any]) -> Iterable[str]:
    kind = block["type"]
    if kind == "header":
        yield f"# {block['text']['text']}"
    elif kind == "section":
        yield from [block["text"]["text"]] if "text" in block else []
        yield from (field["text"] for field in block.get("fields", ()))
        if "accessory" in block:
            yield f"[{block['accessory']['text']['text']}]"
    elif kind == "context":
        yield from (f"({element['text']})" for element in block["elements"])
    elif kind == "actions":
        yield " ".join(f"[{element['text']['text']}]" for element in block["elements"])
    elif kind == "input":
        star = "" if block.get("optional") else "*"
        yield f"{block['label']['text']}{star}: <{block['element']['type']}>"
    else:
        yield "---"
