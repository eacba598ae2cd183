"""Where alerts come from and what becomes of them, as ``muster.yml`` says. Values only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.catalog import Rule

#: The sources that ship with us (PRODUCT.md, "HTTP").
PRESETS = ("alertmanager", "grafana", "datadog", "dynatrace", "newrelic", "sentry")
DEFAULT_CHANNEL = "alerts"
#: Alerts of one service with the same title belong together.
DEFAULT_GROUP_BY = "[.labels.service, .title]"
DEFAULT_WINDOW = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class AlertAuth:
    """How a sender proves itself: ``bearer``, ``basic`` (user:password) or ``hmac`` over the raw body.

    ``header`` and ``timestamp_header`` are those of the signature, where the sender lets people choose them.
    """

    kind: str
    secret: str = field(repr=False)
    header: str | None = None
    timestamp_header: str | None = None


@dataclass(frozen=True, kw_only=True)
class AlertSource:
    """A sender of alerts: a preset, or jq of its own."""

    name: str
    preset: str | None = None
    auth: AlertAuth | None = None
    api_url: str | None = None
    each: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Alerts:
    """Where alerts go and how they are grouped; ``routing`` is what the rules decide."""

    channel: str = DEFAULT_CHANNEL
    group_by: str = DEFAULT_GROUP_BY
    window: timedelta = DEFAULT_WINDOW
    resolve_incident_when_all_resolved: bool = False
    sources: Mapping[str, AlertSource] = field(default_factory=dict)
    routing: tuple[Rule, ...] = ()
