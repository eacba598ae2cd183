"""A roster as YAML that ``muster.yml`` takes as it is: the same roster is read from it. Pure.

Whatever could be read as something else stands in double quotes; ``${NAME}`` is doubled, or the environment would be
put in.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.domain.catalog import Roster, RosterLayer

_VARIABLE: Final = re.compile(r"\$(?=\{[A-Za-z_][A-Za-z0-9_]*\})")
#: What may stand without quotes: no word YAML reads as something else, no sign it gives a meaning.
_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_/+@.-]*[A-Za-z]")
_BYTE, _WORD = 0xFF, 0xFFFF
_WORDS: Final = {"true", "false", "null", "yes", "no", "on", "off", "nan", "inf"}


def document(rosters: Iterable[Roster]) -> str:
    """The section ``rosters:`` with all of them."""
    lines = ["rosters:"]
    for roster in rosters:
        lines += ["  " + line for line in _roster(roster)]
    return "\n".join(lines) + "\n"


def _roster(roster: Roster) -> list[str]:
    lines = [f"{_scalar(roster.name)}:", f"  time_zone: {_scalar(roster.time_zone)}"]
    if roster.ical:
        lines.append(f"  ical: {_scalar(roster.ical)}")
    if roster.layers:
        lines.append("  layers:")
        for layer in roster.layers:
            lines += _layer(layer)
    if roster.overrides:
        lines.append("  overrides:")
        lines += [f"    - {_mapping(each)}" for each in roster.overrides]
    if roster.user_group:
        lines.append(f"  user_group: {_scalar(roster.user_group)}")
    if roster.announce_in:
        lines.append(f"  announce_in: {_scalar(roster.announce_in)}")
    return lines


def _layer(layer: RosterLayer) -> list[str]:
    lines = ["    - people:"]
    lines += [f"        - {_scalar(person)}" for person in layer.people]
    lines.append(f"      rotate: {_scalar(layer.rotate)}")
    lines.append(f"      handover: {_scalar(layer.handover)}")
    lines.append(f"      start: {_scalar(layer.start)}")
    if layer.only:
        lines.append(f"      only: {_mapping(layer.only)}")
    return lines


def _mapping(values: Mapping[str, Any]) -> str:
    return "{" + ", ".join(f"{key}: {_value(value)}" for key, value in values.items()) + "}"


def _value(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_scalar(str(each)) for each in value) + "]"
    return _scalar(str(value))


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    return '"' + "".join(map(_quoted, _VARIABLE.sub("$$", text))) + '"'


def _quoted(char: str) -> str:
    """YAML's escapes, which differ from JSON's beyond 16 bits."""
    if char in '"\\':
        return f"\\{char}"
    if " " <= char <= "~" and char != "`":  # three of those would end a code block in Slack
        return char
    code = ord(char)
    return (
        f"\\x{code:02x}"
        if code <= _BYTE
        else f"\\u{code:04x}"
        if code <= _WORD
        else f"\\U{code:08x}"
    )
