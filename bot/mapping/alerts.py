"""From a payload to alerts: by a preset in this process, by configured jq in the guarded helper."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from bot.domain.alert_sources import DEFAULT_GROUP_BY, PRESETS, AlertSource
from bot.domain.alerts import FIELDS, Alert, Failure, Mapped, Unusable, normalized
from bot.mapping.engine import Engine, ExpressionError
from bot.mapping.presets import JQ_ERRORS, Preset, preset
from bot.mapping.programs import first_line
from bot.mapping.router import RuleRouter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.alert_sources import Alerts
    from bot.domain.catalog import Rule
    from bot.errors import Problem

#: More alerts in one delivery than this are refused: no sender of ours groups so many.
MOST = 1000


class AlertMapper:
    """All sources: those of ``muster.yml`` and the presets, with grouping and routing by jq."""

    def __init__(self, alerts: Alerts, engine: Engine | None = None) -> None:
        """``engine`` is shared with other users of configured jq if there are any."""
        self._alerts = alerts
        self._engine = engine or Engine()
        self._router = RuleRouter(alerts.routing, self._engine)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Routing rules that failed since the start."""
        return self._router.problems

    def source(self, name: str) -> AlertSource | None:
        """The source of that name: as configured, else the preset."""
        configured = self._alerts.sources.get(name)
        if configured is None and name in PRESETS:
            return AlertSource(name=name, preset=name)
        return configured

    def refusal(self, name: str, payload: Any) -> str | None:
        """Why a payload cannot be this source's at all, None when it may be."""
        source = self.source(name)
        if source is None or source.preset is None:
            return None
        made = preset(source.preset)
        return None if made.shape(payload) else f"This is not {made.wanted}."

    async def map(self, name: str, payload: Any) -> Mapped:
        """The alerts in a payload; every field that failed is named, the other alerts are still there."""
        source = self.source(name)
        if source is None:
            return _failed("source", f"there is no alert source {name!r} in muster.yml")
        if source.preset is None:
            return await self._by_own_fields(source, payload)
        if not source.each and not source.fields:
            return map_by_preset(preset(source.preset), payload, source=name)
        return await self._by_both(source, preset(source.preset), payload)

    async def _by_own_fields(self, source: AlertSource, payload: Any) -> Mapped:
        try:
            items = await self._items(source.each, payload)
        except ExpressionError as error:
            return _failed("each", error.errors["each"])
        found = [await self._own_values(source.fields, item) for item in items]
        return _gathered(source.name, items, found)

    async def _by_both(self, source: AlertSource, made: Preset, payload: Any) -> Mapped:
        """A preset of which some fields were written anew."""
        shape = made.shape(payload)
        if shape is None or shape.ignore:
            return map_by_preset(made, payload, source=source.name)
        try:
            items = await self._items(source.each, payload) if source.each else shape.items(payload)
        except ExpressionError as error:
            return _failed("each", error.errors["each"])
        except JQ_ERRORS as error:
            return _failed("each", first_line(str(error)))
        found = []
        for item in items:
            values, errors = shape.values(item)
            own_values, own_errors = await self._own_values(source.fields, item)
            left = {name: text for name, text in errors.items() if name not in source.fields}
            found.append((values | own_values, left | own_errors))
        return _gathered(source.name, items, found)

    async def _items(self, each: str | None, payload: Any) -> list[Any]:
        return [payload] if each is None else await self._engine.every("each", each, payload)

    async def _own_values(
        self, fields: Mapping[str, str], item: Any
    ) -> tuple[dict[str, Any], dict[str, str]]:
        try:
            return await self._engine.evaluate(fields, item), {}
        except ExpressionError as error:
            return {}, error.errors

    async def group_key(self, alert: Alert) -> tuple[str, str | None]:
        """What an alert is grouped by, as text; and why the configured expression failed, if it did.

        An alert whose key cannot be computed is grouped as by default: it must not be lost.
        """
        program = self._alerts.group_by
        default = _key([alert.service, alert.title])
        if program == DEFAULT_GROUP_BY:
            return default, None
        try:
            values = await self._engine.evaluate({"group_by": program}, alert.as_json())
        except ExpressionError as error:
            return default, error.errors["group_by"]
        return _key(values["group_by"]), None

    async def decide(self, alert: Alert) -> Rule | None:
        """The first routing rule that matches; None: announce it."""
        return await self._router.decide(alert.as_json()) if self._alerts.routing else None

    async def close(self) -> None:
        """End the helper."""
        await self._engine.close()


def map_by_preset(made: Preset, payload: Any, *, source: str) -> Mapped:
    """What a preset makes of a payload."""
    shape = made.shape(payload)
    if shape is None:
        return _failed("payload", f"is not {made.wanted}")
    if shape.ignore:
        return Mapped(ignored=shape.ignore)
    try:
        items = shape.items(payload)
    except JQ_ERRORS as error:
        return _failed("each", first_line(str(error)) if str(error) else "gives no result")
    return _gathered(source, items, [shape.values(item) for item in items])


def _gathered(
    source: str, items: Sequence[Any], found: Sequence[tuple[dict[str, Any], dict[str, str]]]
) -> Mapped:
    """Alerts of what was found for each item; those with an error are left out and named."""
    if len(items) > MOST:
        return _failed("each", f"gives {len(items):,} alerts; {MOST:,} is the most")
    alerts: list[Alert] = []
    failures: list[Failure] = []
    odd: list[Failure] = []
    for number, (item, (values, errors)) in enumerate(zip(items, found, strict=True), start=1):
        if errors:
            names = sorted(errors, key=FIELDS.index)
            failures += [Failure(item=number, field=name, error=errors[name]) for name in names]
            continue
        try:
            alert, strange = normalized(values, source=source, payload=item, item=number)
        except Unusable as error:
            failures.append(Failure(item=number, field=error.field, error=str(error)))
            continue
        alerts.append(alert)
        odd += strange
    ignored = "" if items else "it holds no alert"
    return Mapped(alerts=tuple(alerts), failures=tuple(failures), odd=tuple(odd), ignored=ignored)


def _failed(field: str, error: str) -> Mapped:
    return Mapped(failures=(Failure(item=0, field=field, error=error),))


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
