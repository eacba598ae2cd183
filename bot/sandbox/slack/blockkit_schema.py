"""Small parts the Block Kit tables are built from.

A check looks at one value and reports what Slack would say about it, with a JSON pointer.
Messages follow those seen in ``response_metadata.messages``.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sandbox.slack.model import Json


@dataclass(slots=True)
class Report:
    """What is wrong with a payload.

    Attributes:
        surface: ``message``, ``modal`` or ``home``; some blocks exist on some surfaces only.
        errors: Slack's sentences, pointers included.
    """

    surface: str
    errors: list[str] = field(default_factory=list)

    def error(self, text: str, pointer: str) -> None:
        """Add one complaint."""
        self.errors.append(f"{text} [json-pointer:{pointer}]")


Check = Callable[[Report, Any, str], None]
Rule = Callable[[Report, Json, str], None]


def string(most: int, least: int = 1) -> Check:
    """Text of bounded length."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, str):
            report.error("must provide a string", pointer)
        elif len(value) > most:
            report.error(f"must be less than {most + 1} characters", pointer)
        elif len(value) < least:
            report.error(f"must be more than {least - 1} characters", pointer)

    return check


def integer(least: int, most: int) -> Check:
    """A whole number within bounds."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            report.error("must provide an integer", pointer)
        elif not least <= value <= most:
            report.error(f"must be between {least} and {most}", pointer)

    return check


def number(report: Report, value: Any, pointer: str) -> None:
    """Any number."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        report.error("must provide a number", pointer)


def boolean(report: Report, value: Any, pointer: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        report.error("must provide a boolean", pointer)


def one_of(*allowed: str) -> Check:
    """One of a few words."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if value not in allowed:
            report.error("must be a valid enum value", pointer)

    return check


def pattern(matches: Callable[[str], object], what: str) -> Check:
    """Text of a certain form."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, str) or not matches(value):
            report.error(f"must be {what}", pointer)

    return check


def array(item: Check, most: int, least: int = 1) -> Check:
    """A list of bounded length."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, list):
            report.error("must provide an array", pointer)
            return
        if len(value) > most:
            report.error(f"no more than {most} items allowed", pointer)
        elif len(value) < least:
            report.error(f"no less than {least} items allowed", pointer)
        for index, entry in enumerate(value):
            item(report, entry, f"{pointer}/{index}")

    return check


def shape(
    required: Mapping[str, Check], optional: Mapping[str, Check] | None = None, *rules: Rule
) -> Check:
    """An object with these keys and no others.

    Args:
        required: keys that must be there.
        optional: keys that may be there.
        rules: what holds between keys; only asked about an object whose keys are in order.
    """
    fields = {**required, **(optional or {})}

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            report.error("must provide an object", pointer)
            return
        before = len(report.errors)
        for key in required:
            if key not in value:
                report.error(f"missing required field: {key}", pointer)
        for key, entry in value.items():
            if key in fields:
                fields[key](report, entry, f"{pointer}/{key}")
            else:
                report.error(f"invalid additional property: {key}", pointer)
        if len(report.errors) == before:
            for rule in rules:
                rule(report, value, pointer)

    return check


def typed(table: Mapping[str, Check], names: Iterable[str] | None = None) -> Check:
    """An object whose ``type`` chooses the check.

    Args:
        table: check by type.
        names: which of them are allowed here; all when None.
    """
    allowed = set(table if names is None else names)

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            report.error("must provide an object", pointer)
            return
        kind = value.get("type")
        if not isinstance(kind, str):
            report.error("missing required field: type", pointer)
        elif kind not in allowed:
            report.error(f"unsupported type: {kind}", f"{pointer}/type")
        else:
            table[kind](report, value, pointer)

    return check


def either(*keys: str) -> Rule:
    """Exactly one of these keys."""

    def rule(report: Report, value: Json, pointer: str) -> None:
        if sum(key in value for key in keys) != 1:
            names = " or ".join(f"`{key}`" for key in keys)
            report.error(f"must define either {names}", pointer)

    return rule


def at_least_one(*keys: str) -> Rule:
    """One or more of these keys."""

    def rule(report: Report, value: Json, pointer: str) -> None:
        if not any(key in value for key in keys):
            names = " or ".join(f"`{key}`" for key in keys)
            report.error(f"must define either {names}", pointer)

    return rule


TYPE = string(255)


def text(most: int, *kinds: str) -> Check:
    """A text object.

    https://docs.slack.dev/reference/block-kit/composition-objects/text-object

    Args:
        most: longest text.
        kinds: ``plain_text`` and/or ``mrkdwn``; both when none is given.
    """
    fields = {"type": TYPE, "text": string(most)}
    table = {
        "plain_text": shape(fields, {"emoji": boolean}),
        "mrkdwn": shape(fields, {"verbatim": boolean}),
    }
    return typed(table, kinds or table)


def plain(most: int) -> Check:
    """A ``plain_text`` object."""
    return text(most, "plain_text")
