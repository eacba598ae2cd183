"""``muster mapping try``: what a source yields for one payload, and which expression failed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.domain.alert_sources import PRESETS
from bot.errors import NotFound
from bot.mapping.alerts import AlertMapper
from bot.mapping.presets import preset
from bot.mapping.router import OTHERWISE

if TYPE_CHECKING:
    from bot.domain.alert_sources import Alerts, AlertSource
    from bot.domain.alerts import Alert

SHOWN = 20


async def trial(alerts: Alerts, source: str, body: bytes) -> tuple[str, bool]:
    """The report, and whether everything could be mapped. NotFound for a source nobody knows."""
    mapper = AlertMapper(alerts)
    _known(alerts, source)
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError) as error:
        return f"The payload is not JSON: {error}", False
    try:
        refusal = mapper.refusal(source, payload)
        if refusal:
            return f"It would be refused (422): {refusal}", False
        mapped = await mapper.map(source, payload)
        lines = [f"{len(mapped.alerts)} alert(s) from {source}"]
        for alert in mapped.alerts[:SHOWN]:
            lines += await _described(mapper, alert)
        if len(mapped.alerts) > SHOWN:
            lines.append(f"... and {len(mapped.alerts) - SHOWN} more")
        if mapped.ignored:
            lines.append(f"Nothing is done with it: {mapped.ignored}.")
        lines += [f"FAILED  {failure}" for failure in mapped.failures]
        lines += [f"odd     {failure}" for failure in mapped.odd]
        lines += [f"odd     {problem.where}: {problem.what}" for problem in mapper.problems]
    finally:
        await mapper.close()
    return "\n".join(lines), not mapped.failures


def instructions(alerts: Alerts, name: str) -> str:
    """How to set a source up at its vendor. NotFound for a source nobody knows."""
    source = _known(alerts, name)
    address = f"Address: <PUBLIC_URL>/webhooks/alerts/{name}"
    if source.preset is None:
        return f"{address}\nIts fields are those of alerts.sources.{name} in muster.yml."
    made = preset(source.preset)
    return f"{address}\n{made.setup}\nDocumentation: {made.docs_url}"


def _known(alerts: Alerts, name: str) -> AlertSource:
    source = AlertMapper(alerts).source(name)
    if source is None:
        known = ", ".join(sorted({*PRESETS, *alerts.sources}))
        msg = f"There is no alert source {name}. Known: {known}. Others are added in muster.yml."
        raise NotFound(msg)
    return source


async def _described(mapper: AlertMapper, alert: Alert) -> list[str]:
    key, failed = await mapper.group_key(alert)
    rule = await mapper.decide(alert)
    decision = rule.do if rule else OTHERWISE
    if rule and rule.severity:
        decision += f" as {rule.severity}"
    pairs = alert.as_json()
    shown = [f"  {name:12} {_value(value)}" for name, value in pairs.items() if value]
    grouped = f"{key}  (group_by failed: {failed})" if failed else key
    return ["", *shown, f"  {'group':12} {grouped}", f"  {'then':12} {decision}"]


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={each}" for name, each in value.items())
    return str(value).replace("\n", "\n" + " " * 15)
