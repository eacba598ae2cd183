"""Groups of alerts: which alerts belong together, what the rules want done, what follows from it. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from bot.domain.alerts import AlertStatus, worst
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import EntryKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime, timedelta

    from bot.domain.alert_state import Stored
    from bot.domain.alerts import Alert
    from bot.domain.catalog import Catalog
    from bot.domain.incident import Actor, Entry, Incident

#: What a routing rule can want, the weakest first: a later alert of a group can only make it stronger.
ROUTES = ("ignore", "announce", "page", "incident")
#: So many single alerts of a group are written into its incident's timeline; the card counts the others.
TOLD = 30
#: So many alerts of a group are described to the incident that is opened for it.
DESCRIBED = 10
EXCERPT = 700


@dataclass(frozen=True, kw_only=True)
class Group:
    """Alerts that are shown together on one card. ``route`` is the strongest thing a rule wanted for them."""

    id: int = 0
    key: str
    title: str
    service: str | None = None
    source: str = ""
    severity: str | None = None
    route: str = "announce"
    rule_severity: str | None = None
    opened_at: datetime
    last_at: datetime
    collecting: bool = True
    incident: int | None = None
    silenced_until: datetime | None = None
    silenced_by: Actor | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: Actor | None = None
    paged_at: datetime | None = None
    channel: str | None = None
    ts: str | None = None
    listed: bool = False  # told in the summary of a storm instead of on a card of its own
    told: int = 0
    version: int = 0

    @property
    def name(self) -> str:
        """How effects call it."""
        return f"alerts/{self.id}"

    @property
    def is_shown(self) -> bool:
        """Whether it is worth a card."""
        return self.route != "ignore"

    def is_silenced(self, now: datetime) -> bool:
        """Whether nobody wants to hear of it now."""
        return self.silenced_until is not None and now < self.silenced_until


@dataclass(frozen=True, kw_only=True)
class Counts:
    """How many alerts of a group stand where."""

    by_status: Mapping[AlertStatus, int] = field(default_factory=dict)
    severity: str | None = None  # the worst of those that are open
    flapping: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.by_status.values())

    @property
    def open(self) -> int:
        """Those that are not over."""
        return self.total - self.by_status.get(AlertStatus.RESOLVED, 0)


@dataclass(frozen=True, kw_only=True)
class Beside:
    """Another group that fires, at the same service or next to it; ``link`` leads to its card, if it has one."""

    group: int
    title: str
    service: str
    link: str | None = None


@dataclass(frozen=True, kw_only=True)
class GroupView:
    """A group as it is shown: its counts, some of its alerts, and the incident there is for it already.

    ``similar`` are open incidents that look the same, for a group that has none; ``at_source`` says by source what
    became of its silence there: empty when it was done, else why not; ``beside`` are a few groups that fire nearby.
    """

    group: Group
    counts: Counts
    alerts: tuple[Stored, ...] = ()
    incident: Incident | None = None
    similar: tuple[Incident, ...] = ()
    at_source: tuple[tuple[str, str], ...] = ()
    beside: tuple[Beside, ...] = ()
    paged: bool = True  # whether there is anybody who could be paged


def digest(key: str) -> str:
    """A group's key in a form an index takes."""
    return hashlib.sha256(key.encode("utf-8", "replace")).hexdigest()


def collects(group: Group, now: datetime, window: timedelta, *, any_open: bool) -> bool:
    """Whether a further alert belongs to this group rather than to a new one."""
    return group.collecting and (any_open or now - group.last_at <= window)


def stronger(wanted: str, group: Group) -> bool:
    """Whether a rule wants more for a group than was wanted until now."""
    return ROUTES.index(wanted) > ROUTES.index(group.route)


def new_group(alert: Alert, key: str, route: str, now: datetime) -> Group:
    """The group a first alert opens."""
    return Group(
        key=key,
        title=alert.title,
        service=alert.service,
        source=alert.source,
        severity=alert.severity,
        route=route,
        opened_at=now,
        last_at=now,
    )


def names_nearby(catalog: Catalog, service: str | None) -> frozenset[str]:
    """How alerts may call this service, those it depends on and those that depend on it: folded, empty without one."""
    own = catalog.service(service) if service else None
    if own is None:
        return frozenset({service.casefold()} if service else ())
    near = (catalog.services[name] for name in catalog.related(own.id))
    return frozenset(name.casefold() for each in near for name in (each.id, each.title))


def severity_for(catalog: Catalog, severity: str | None) -> str | None:
    """The incident severity that stands where an alert's does: the worst is the worst."""
    places = {"critical": 0, "high": 1, "warning": 2, "low": 3, "info": 3}
    known = [each.name for each in catalog.severities]
    if severity not in places or not known:
        return None
    return known[min(places[severity], len(known) - 1)]


def worst_of(alerts: Sequence[Stored]) -> str | None:
    """The worst severity of the alerts that are open, else of all."""
    open_ones = [each.alert.severity for each in alerts if each.is_open]
    return worst(open_ones or [each.alert.severity for each in alerts])


def description(group: Group, alerts: Sequence[Stored], total: int) -> str:
    """Everything whoever opens the incident would look up first: plain text."""
    lines = []
    for stored in alerts[:DESCRIBED]:
        alert = stored.alert
        severity = f" ({alert.severity})" if alert.severity else ""
        lines.append(f"{alert.title}{severity}, {alert.status.value}, from {alert.source}")
        if alert.description:
            lines.append(alert.description[:EXCERPT])
        if alert.labels:
            pairs = (f"{name}={value}" for name, value in sorted(alert.labels.items()))
            lines.append(", ".join(pairs)[:EXCERPT])
        if alert.url:
            lines.append(alert.url)
        lines.append("")
    if total > DESCRIBED:
        lines.append(f"and {total - DESCRIBED} more alerts of this group")
    return "\n".join(lines).strip()[:8000] or group.title


# --- effects -------------------------------------------------------------------------------------------------


#: What changes of an incident the cards of its alerts tell as well.
MATTERS: Final = frozenset(
    {
        EntryKind.ACKNOWLEDGED, EntryKind.UNACKNOWLEDGED, EntryKind.REASSIGNED, EntryKind.ESCALATED,
        EntryKind.RESOLVED, EntryKind.REOPENED, EntryKind.TITLE, EntryKind.SEVERITY, EntryKind.MERGED,
        EntryKind.MADE_PRIVATE,
    }
)  # fmt: skip
#: So many cards at most follow each change; of a private incident none may go on telling its title.
FOLLOWING: Final = 20


def follow(entry: Entry, groups: Sequence[Group]) -> list[Effect]:
    """What its alerts' cards say of the incident has changed."""
    shown = [group for group in groups if group.ts is not None]
    if entry.kind is not EntryKind.MADE_PRIVATE:
        shown = shown[-FOLLOWING:]
    return [effect for group in shown for effect in show(group, because=f":{entry.id}")]


def show(group: Group, because: str = "") -> tuple[Effect, ...]:
    """Post the card, or edit it in place; waiting edits are one. ``because``: not of the group's own changes."""
    if not group.is_shown or group.listed:
        return ()
    lane = f"{group.name}/card"
    if group.ts is None:
        urgent = group.route in {"page", "incident"}
        return (
            Effect(
                kind=EffectKind.POST_ALERTS,
                key=f"{lane}/post@{group.version}",
                lane=lane,
                merge=f"{lane}/post",
                payload={"group": group.id},
                rank=Rank.CARD if urgent else Rank.ANNOUNCE_LOW,
            ),
        )
    return (
        Effect(
            kind=EffectKind.REFRESH_ALERTS,
            key=f"{lane}@{group.version}{because}",
            lane=lane,
            merge=lane,
            payload={"group": group.id},
            rank=Rank.REFRESH,
        ),
    )


def show_beside(near: Beside, other: Group, what: str) -> Effect:
    """A card that is there is edited, because of ``what`` another group does nearby; nothing about its own changed."""
    lane = f"alerts/{near.group}/card"
    return Effect(
        kind=EffectKind.REFRESH_ALERTS,
        key=f"{lane}/{what}/{other.id}",
        lane=lane,
        merge=lane,
        payload={"group": near.group},
        rank=Rank.REFRESH,
    )


def page(group: Group, level: int, *, due: datetime | None = None) -> Effect:
    """Page one level of the service's escalation policy for a group (judged again when it is due)."""
    stamp = f"{group.paged_at:%Y%m%d%H%M%S%f}" if group.paged_at else "first"
    return Effect(
        kind=EffectKind.PAGE_ALERTS,
        key=f"{group.name}/page/{stamp}/{level}",
        lane=f"{group.name}/page",
        payload={"group": group.id, "level": level, "stamp": stamp},
        rank=Rank.PAGE,
        due=due,
    )


def look_again(incident: Incident, now: datetime, due: datetime, stage: str) -> Effect:
    """Look later whether all alerts of an incident are over: ``calm`` after flapping, ``resolve`` after the notice."""
    return Effect(
        kind=EffectKind.END_ALERTS,
        key=f"{incident.name}/alerts-{stage}/{now.isoformat()}",
        lane=f"{incident.name}/alerts",
        payload={"stage": stage, "stamp": now.isoformat(), "number": incident.number},
        rank=Rank.FOLLOW,
        due=due,
        merge=f"{incident.name}/alerts-calm" if stage == "calm" else None,
    )
