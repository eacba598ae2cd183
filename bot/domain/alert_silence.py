"""Silencing a group of alerts where they come from: which of them, under which mark, and what became of it. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.effects import Effect, EffectKind, Rank

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.alert_groups import Group
    from bot.domain.alert_sources import Alerts
    from bot.domain.alert_state import Stored

#: So many firing alerts of a group are looked at, and so many values of one label are named.
LOOKED_AT, VALUES = 200, 100
WHY = 200
#: A silence at a source has ended by then as well.
LOOK_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True, order=True)
class Matcher:
    """One condition on a label; a regular expression has to match the whole value, a negative one must not hold."""

    name: str
    value: str
    is_regex: bool = False
    negative: bool = False


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A silence at its source. ``id`` is empty until the source gave it one."""

    matchers: frozenset[Matcher]
    ends_at: datetime
    by: str
    comment: str
    id: str = ""


def sources_of(alerts: Alerts, among: Iterable[str]) -> list[str]:
    """Those sources that take a silence: they are of Alertmanager's kind and their address is known."""
    known = (alerts.sources.get(name) for name in sorted(set(among)))
    return [each.name for each in known if each and each.api_url and each.preset == "alertmanager"]


def mark(group: Group) -> str:
    """What its silences are found by; no other group's, of no other Muster that uses the same source."""
    unique = hashlib.sha256(f"{group.key}|{group.opened_at.isoformat()}".encode()).hexdigest()[:12]
    return f"[muster {group.name} {unique}]"


def _payload(stored: Stored) -> Mapping[str, Any]:
    payload: Any = stored.alert.payload
    if isinstance(payload, str):
        try:
            payload = json.loads(payload)
        except ValueError:
            payload = None
    return payload if isinstance(payload, dict) else {}


def labels_of(stored: Stored) -> Mapping[str, str]:
    """The labels as their sender wrote them: ours are shortened, and a silence has to match to the letter."""
    labels = _payload(stored).get("labels")
    if not isinstance(labels, dict) or not all(isinstance(each, str) for each in labels.values()):
        return stored.alert.labels
    return labels


def matchers(alerts: Sequence[Stored]) -> frozenset[Matcher]:
    """Conditions that all these alerts fulfil, and as few others as possible; empty when there are none.

    A label they share is compared as it is; of a label in which they differ their values are listed. Where they have
    too many values for that, it is left out, but only if they are at least alerts of one name.
    """
    every = [labels_of(each) for each in alerts]
    names = sorted({name for labels in every for name in labels})
    found: set[Matcher] = set()
    left_out = False
    for name in names:
        values = sorted({labels.get(name, "") for labels in every})
        if len(values) == 1:
            found.add(Matcher(name=name, value=values[0]))
        elif len(values) <= VALUES:
            listed = "|".join(re.escape(each) for each in values)
            found.add(Matcher(name=name, value=listed, is_regex=True))
        else:
            left_out = True
    same = {each.name for each in found if not each.is_regex and each.value}
    if not same or (left_out and "alertname" not in same):
        return frozenset()
    return frozenset(found)


def covers(there: Silence, alerts: Sequence[Stored]) -> bool:
    """Whether it silences all of these alerts. One with conditions we would not write does not, as far as we know."""
    every = [labels_of(each) for each in alerts]
    allowed = [(each.name, _values(each)) for each in there.matchers]
    return bool(allowed) and all(
        values is not None and all(labels.get(name, "") in values for labels in every)
        for name, values in allowed
    )


def _values(matcher: Matcher) -> frozenset[str] | None:
    """The values it lists; None when it is anything but a list. Somebody else's expression is never run."""
    if matcher.negative:
        return None
    if not matcher.is_regex:
        return frozenset({matcher.value})
    values, rest = [""], iter(matcher.value)
    for char in rest:
        if char == "|":
            values.append("")
        elif char == "\\":
            values[-1] += next(rest, "")
        else:
            values[-1] += char
    listed = "|".join(re.escape(each) for each in values)
    return frozenset(values) if listed == matcher.value else None


def wanted(group: Group, alerts: Sequence[Stored], there: Silence | None = None) -> Silence | None:
    """The silence there is to be for these alerts of a silenced group; None when nothing can describe them.

    The conditions of the one that is ``there`` already stay as long as they cover all of them.
    """
    conditions = there.matchers if there and covers(there, alerts) else matchers(alerts)
    if not conditions or group.silenced_until is None:
        return None
    by = group.silenced_by.name if group.silenced_by else ""
    return Silence(
        matchers=conditions,
        ends_at=group.silenced_until,
        by=by or "Muster",
        comment=f"Silenced in Slack: {group.title} {mark(group)}",
    )


def silence(group: Group, source: str, *, because: str = "") -> Effect:
    """Bring a source in step with whether the group is silenced; judged when it is carried out.

    ``because``: it was not somebody's press.
    """
    lane = f"{group.name}/silence/{source}"
    return Effect(
        kind=EffectKind.SILENCE_ALERTS,
        key=f"{lane}{because}@{group.version}",
        lane=lane,
        merge=lane,
        payload={"group": group.id, "source": source},
        rank=Rank.ANSWER,
    )


def joined(known: Alerts, group: Group, source: str) -> list[Effect]:
    """A further alert fires in a silenced group: its source is to keep still about that one, too."""
    if group.silenced_until is None or not sources_of(known, [source]):
        return []
    # Its source may be another than those which were silenced with the press.
    return [
        silence(group, source, because="/joined"),
        over(group, source, group.silenced_until),
    ]


def over(group: Group, source: str, ends_at: datetime) -> Effect:
    """Look once, when the silence has run out, what ended meanwhile: its source never tells of that."""
    due = ends_at + LOOK_AFTER
    key = f"{group.name}/silence/{source}/over@{due.isoformat()}"
    return Effect(
        kind=EffectKind.LOOK_AT_SILENCED,
        key=key,
        lane=key,  # one that is due later does not hold it back
        payload={"group": group.id, "source": source},
        rank=Rank.FOLLOW,
        due=due,
    )


def ended(alerts: Iterable[Stored], firing: Collection[str]) -> list[Stored]:
    """Those their source does not know as firing any more; one that is not known by its fingerprint is left alone."""
    return [
        each
        for each in alerts
        if each.is_open
        and each.alert.external_id not in firing
        and _payload(each).get("fingerprint") == each.alert.external_id
    ]


def outcome_name(group_id: int) -> str:
    """Under which name it is remembered what became of it: by source, empty when it was done."""
    return f"alerts/{group_id}/silence"
