"""The alert sources that ship with us: one YAML file each, with its vendor's documentation and its examples.

These expressions are ours, so they run in this process: all fields of a shape as one program, which is compiled when
it is first used. A failing one is run again field by field, so that the error names its field.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from bot.domain.alert_sources import PRESETS
from bot.mapping.programs import first_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER = Path(__file__).parent
#: What jq raises, through its binding.
JQ_ERRORS = (ValueError, StopIteration, RecursionError)


@dataclass(frozen=True)
class Shape:
    """One of the forms a vendor's payload comes in; with ``ignore`` it holds no alert, for that reason."""

    name: str
    when: str
    prelude: str = field(repr=False)
    each: str = "."
    fields: Mapping[str, str] = field(default_factory=dict)
    ignore: str = ""

    @cached_property
    def _each(self) -> Any:
        return _compiled(self.prelude + self.each)

    @cached_property
    def _fields(self) -> Any:
        pairs = (f"{name}: ({program})" for name, program in self.fields.items())
        return _compiled(f"{self.prelude}{{{', '.join(pairs)}}}")

    def items(self, payload: Any) -> list[Any]:
        """What stands for one alert each; ValueError says why there is none."""
        return list(self._each.input_value(payload))

    def values(self, item: Any) -> tuple[dict[str, Any], dict[str, str]]:
        """The value of every field, and the error of every field that has none."""
        try:
            return dict(self._fields.input_value(item).first()), {}
        except JQ_ERRORS:
            values: dict[str, Any] = {}
            errors: dict[str, str] = {}
            for name, program in self.fields.items():
                try:
                    values[name] = _compiled(self.prelude + program).input_value(item).first()
                except JQ_ERRORS as error:
                    errors[name] = first_line(str(error)) if str(error) else "gives no result"
            return values, errors


@dataclass(frozen=True)
class Example:
    """A payload, and for every alert in it the fields that are promised."""

    name: str
    payload: Any
    alerts: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Preset:
    """One vendor: its shapes in the order they are tried, and what its payload must look like."""

    source: str
    docs_url: str
    wanted: str
    setup: str
    shapes: tuple[Shape, ...]
    examples: tuple[Example, ...] = field(repr=False)

    @cached_property
    def _choice(self) -> Any:
        """One program for the conditions of all shapes."""
        branches = " ".join(
            f"{'if' if n == 0 else 'elif'} ({shape.when}) then {n}"
            for n, shape in enumerate(self.shapes)
        )
        return _compiled(f"{self.shapes[0].prelude}{branches} else null end")

    def shape(self, payload: Any) -> Shape | None:
        """The first shape the payload has; None when it has none, which only an object can have."""
        if not isinstance(payload, dict):
            return None
        try:
            number = self._choice.input_value(payload).first()
        except JQ_ERRORS:
            return None
        return None if number is None else self.shapes[number]


@cache
def preset(name: str) -> Preset:
    """The preset of that name, read when it is first asked for."""
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(FOLDER / f"{name}.yaml")
    prelude = data.get("prelude", "")
    return Preset(
        source=data["source"],
        docs_url=data["docs_url"],
        wanted=" ".join(data["wanted"].split()),
        setup=data["setup"].strip(),
        shapes=tuple(Shape(prelude=prelude, **shape) for shape in data["shapes"]),
        examples=tuple(
            Example(each["name"], each["in"], tuple(each["out"])) for each in data["examples"]
        ),
    )


def wrong_examples(names: tuple[str, ...] = PRESETS) -> list[str]:
    """What no preset should ever have: examples it does not map as it says. Empty means all is well."""
    from bot.mapping.alerts import map_by_preset  # noqa: PLC0415 - which needs this module

    wrong = []
    for name in names:
        for example in preset(name).examples:
            mapped = map_by_preset(preset(name), example.payload, source=name)
            where = f"{name}, {example.name}"
            if mapped.failures or mapped.odd:
                wrong.append(f"{where}: {mapped.reason}")
            elif len(mapped.alerts) != len(example.alerts):
                wrong.append(f"{where}: {len(mapped.alerts)} alerts, not {len(example.alerts)}")
            for alert, expected in zip(mapped.alerts, example.alerts, strict=False):
                shown = alert.as_json() | {"updated_at": _iso(alert.updated_at)}
                wrong += [
                    f"{where}: {key} is {shown[key]!r}, not {value!r}"
                    for key, value in expected.items()
                    if shown[key] != value
                ]
    return wrong


def _iso(at: Any) -> str | None:
    return at.isoformat() if at else None


def _compiled(program: str) -> Any:
    import jq  # noqa: PLC0415 - two megabytes that not every process needs

    compile_: Callable[[str], Any] = jq.compile
    return compile_(program)
