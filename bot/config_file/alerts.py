"""``alerts:`` of muster.yml: the channel, grouping, and the sources with their secrets and jq."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from bot.config_file import formats
from bot.domain.alert_sources import (
    DEFAULT_CHANNEL,
    DEFAULT_GROUP_BY,
    DEFAULT_WINDOW,
    PRESETS,
    AlertAuth,
    Alerts,
    AlertSource,
)
from bot.domain.alerts import FIELDS, NEEDED

if TYPE_CHECKING:
    from bot.config_file.reader import Value
    from bot.domain.catalog import Rule

ALERT_KEYS = ("channel", "group_by", "window", "resolve_incident_when_all_resolved", "sources")
SOURCE_KEYS = ("preset", "auth", "api_url", "each", "fields")
AUTH_KINDS = ("bearer", "basic", "hmac")
#: A source's name is part of its address.
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
HEADER = re.compile(r"[A-Za-z0-9-]{1,80}")


def read_alerts(value: Value | None, routing: tuple[Rule, ...]) -> Alerts:
    """The section as values; what is not said is the default."""
    if value is None:
        return Alerts(routing=routing)
    section = value.section(ALERT_KEYS)
    resolve = section.get("resolve_incident_when_all_resolved")
    sources = section.get("sources")
    named = sources.section().pairs if sources else {}
    return Alerts(
        channel=formats.handle(section.get("channel")) or DEFAULT_CHANNEL,
        group_by=formats.program(section.get("group_by")) or DEFAULT_GROUP_BY,
        window=formats.duration(section.get("window")) or DEFAULT_WINDOW,
        resolve_incident_when_all_resolved=bool(resolve.boolean()) if resolve else False,
        sources={name: _source(name, each) for name, each in named.items()},
        routing=routing,
    )


def _source(name: str, value: Value) -> AlertSource:
    section = value.section(SOURCE_KEYS)
    if not NAME.fullmatch(name):
        mend = "Use small letters, digits, - and _: it is the last part of its address."
        value.problem(f"has the name {name!r}.", mend)
    given = section.get("preset")
    preset = given.choice(PRESETS) if given else None
    fields = section.get("fields")
    if given is None and name in PRESETS:
        preset = name
    if given is None and preset is None and fields is None:
        mend = f"Add preset ({', '.join(PRESETS)}) or fields."
        value.problem("says neither which preset it is nor its fields.", mend)
    return AlertSource(
        name=name,
        preset=preset,
        auth=_auth(section.need("auth")),
        api_url=formats.address(section.get("api_url")),
        each=formats.program(section.get("each")),
        fields=_fields(fields, needed=preset is None) if fields else {},
    )


def _auth(value: Value | None) -> AlertAuth | None:
    if value is None:
        return None
    section = value.section((*AUTH_KINDS, "header", "timestamp_header"))
    pairs = [(kind, text) for kind in AUTH_KINDS if (text := section.text(kind))]
    if len(pairs) != 1:
        if len(set(section.pairs) & set(AUTH_KINDS)) != 1:
            value.problem(
                "names not exactly one secret.",
                'Write {bearer: "${NAME}"}, {basic: "user:${NAME}"} or {hmac: "${NAME}"}.',
            )
        return None
    kind, secret = pairs[0]
    if kind == "basic" and ":" not in secret:
        value.problem("has a basic secret without a user.", 'Write {basic: "user:${NAME}"}.')
    headers = {name: _header(section.get(name)) for name in ("header", "timestamp_header")}
    if kind != "hmac" and any(headers.values()):
        value.problem("names a header without hmac.", "Only signatures have headers of their own.")
    return AlertAuth(kind=kind, secret=secret, **headers)


def _header(value: Value | None) -> str | None:
    if value is None or (text := value.text()) is None:
        return None
    if HEADER.fullmatch(text):
        return text
    value.problem(f"is {value.raw!r}.", "Write the name of an HTTP header.")
    return None


def _fields(value: Value, *, needed: bool) -> dict[str, str]:
    section = value.section(FIELDS)
    if needed:
        for name in NEEDED:
            section.need(name)
    read = {name: formats.program(section.get(name)) for name in FIELDS}
    return {name: text for name, text in read.items() if text is not None}
