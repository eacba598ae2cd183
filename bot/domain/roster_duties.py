"""What a roster does by itself: which hand-overs and gaps are told, who belongs into its user group. Pure.

Everything is judged by the clock and by what was told last, so that any replica may look at any time and a bot that
was away says late what still holds, and nothing of what is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.domain.alert_groups import GroupView
    from bot.domain.catalog import Catalog, Roster
    from bot.domain.incident import Actor, Incident
    from bot.domain.roster import Shift

#: A gap is told so long before it begins.
AHEAD: Final = timedelta(hours=24)
#: How far the shifts must be known for that: the gap's end as well.
HORIZON: Final = AHEAD + timedelta(days=8)
#: What was told longer ago than this is looked for no further back.
LOOKED_BACK: Final = timedelta(days=60)
#: Gaps of one shape (every evening from 17:00 to 09:00) are told ahead once in a week, not every day.
AGAIN: Final = timedelta(days=6, hours=12)


class NewsKind(StrEnum):
    """What is told of a roster."""

    HAND_OVER = "handover"
    GAP = "gap"  # nobody is on call now
    GAP_AHEAD = "ahead"  # nobody will be


@dataclass(frozen=True, kw_only=True)
class News:
    """Something to tell: what holds from ``since`` to ``until``, and who was on call before."""

    kind: NewsKind
    since: datetime
    until: datetime
    before: tuple[str, ...] = ()
    people: tuple[str, ...] = ()

    @property
    def ends(self) -> datetime:
        """From when on it is not told any more."""
        return self.since if self.kind is NewsKind.GAP_AHEAD else self.until


@dataclass(frozen=True, kw_only=True)
class Told:
    """What a message about a roster says, as things stand when it is sent."""

    roster: str
    kind: NewsKind
    since: datetime
    until: datetime | None
    announce_in: str | None
    ending: tuple[Actor, ...] = ()
    starting: tuple[Actor, ...] = ()
    incidents: tuple[Incident, ...] = ()
    alerts: tuple[GroupView, ...] = ()

    def is_over(self, now: datetime) -> bool:
        """Whether it is too late to say it: the shift has ended, the gap that was ahead is there."""
        if self.kind is NewsKind.GAP_AHEAD:
            return now >= self.since
        return self.until is not None and now >= self.until


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What was told of a roster: ``at`` the newest boundary, ``people`` on call since, gaps told ahead by shape."""

    at: datetime
    people: tuple[str, ...] = ()
    ahead: Mapping[str, datetime] = field(default_factory=dict)

    def as_value(self) -> dict[str, Any]:
        """For the database."""
        ahead = {shape: at.isoformat() for shape, at in self.ahead.items()}
        return {"at": self.at.isoformat(), "people": list(self.people), "ahead": ahead}

    @classmethod
    def from_value(cls, value: Mapping[str, Any] | None) -> Memory | None:
        """As it was stored; None when nothing was."""
        if not value:
            return None
        ahead = {str(k): datetime.fromisoformat(at) for k, at in value["ahead"].items()}
        at = datetime.fromisoformat(value["at"])
        return cls(at=at, people=tuple(value["people"]), ahead=ahead)


def window(memory: Memory | None, now: datetime) -> tuple[datetime, datetime]:
    """From when to when the shifts must be known to judge what is to be told."""
    since = max(memory.at, now - LOOKED_BACK) if memory else now
    return min(since, now), now + HORIZON


def look(
    memory: Memory | None, shifts: Sequence[Shift], now: datetime, time_zone: str
) -> tuple[list[News], Memory]:
    """What is to be told now, and what is remembered of it. ``shifts`` cover ``window``.

    Of boundaries passed since the last look only the newest counts: the shift that still runs. A roster that is seen
    for the first time tells nothing of the past, but a gap it is in.
    """
    current = next((s for s in shifts if s.since <= now < s.until), None)
    if current is None:
        return [], memory or Memory(at=now)
    told, after = _boundary(memory, shifts, current, now)
    news = [told] if told else []
    ahead = {shape: at for shape, at in after.ahead.items() if now - at < LOOKED_BACK}
    for gap in shifts:
        if gap.people or not now < gap.since <= now + AHEAD:
            continue
        shape = _shape(gap, time_zone)
        last = ahead.get(shape)
        if last is None or gap.since - last >= AGAIN:
            ahead[shape] = gap.since
            news.append(News(kind=NewsKind.GAP_AHEAD, since=gap.since, until=gap.until))
    return news, replace(after, ahead=ahead)


def _boundary(
    memory: Memory | None, shifts: Sequence[Shift], current: Shift, now: datetime
) -> tuple[News | None, Memory]:
    if memory is None:
        first = Memory(at=now, people=current.people)
        return (None, first) if current.people else (_news(current, now, ()), first)
    if current.since > memory.at and current != shifts[0]:  # where the first one began is not known
        earlier = [s for s in shifts if s.until <= current.since]
        before = earlier[-1].people if earlier else memory.people
        return _news(current, current.since, before), replace(
            memory, at=current.since, people=current.people
        )
    if current.people != memory.people:  # the roster was changed under a running shift
        told = _news(current, now, memory.people)
        return told, replace(memory, at=now, people=current.people)
    return None, memory


def _news(current: Shift, since: datetime, before: tuple[str, ...]) -> News:
    kind = NewsKind.HAND_OVER if current.people else NewsKind.GAP
    return News(kind=kind, since=since, until=current.until, before=before, people=current.people)


def _shape(gap: Shift, time_zone: str) -> str:
    local = gap.since.astimezone(ZoneInfo(time_zone))
    return f"{local:%H:%M}+{int((gap.until - gap.since).total_seconds() // 60)}"


# --- user groups -----------------------------------------------------------------------------------------------


def groups(
    rosters: Iterable[Roster], duty: Mapping[str, Sequence[str]]
) -> dict[str, tuple[str, ...]]:
    """Handle to the addresses of everybody on call in any roster that keeps that group; nobody stays an empty one."""
    wanted: dict[str, dict[str, None]] = {}
    for roster in rosters:
        if roster.user_group:
            people = wanted.setdefault(roster.user_group, {})
            people |= dict.fromkeys(duty.get(roster.name, ()))
    return {handle: tuple(sorted(people)) for handle, people in wanted.items()}


#: Slack's answers to ``usergroups.users.update`` that no second try changes, and what mends them
#: (docs.slack.dev/reference/methods/usergroups.users.update).
_MENDS: Final = {
    "permission_denied": (
        "only administrators may change user groups in this workspace",
        "Slack > Workspace settings > Permissions > User Groups: let everybody modify them, which apps count as.",
    ),
    "plan_upgrade_required": (
        "this Slack plan has no user groups",
        "Upgrade the plan, or take user_group out of the roster.",
    ),
    "missing_scope": (
        "the app lacks the scope usergroups:write",
        "Slack app > App Manifest: paste manifest.yml, Save, then OAuth & Permissions > Reinstall to Workspace.",
    ),
    "no_such_subteam": (
        "there is no such user group",
        "Slack > People & user groups > User groups > Create group with that handle (or correct user_group).",
    ),
    "invalid_users": (
        "somebody on call cannot be in a user group (a guest, a bot, or no member any more)",
        "Put a full member into the roster, or take user_group out of it.",
    ),
    "subteam_max_users_exceeded": (
        "that are more people than a user group takes",
        "Keep a group of their own for some of the rosters.",
    ),
}
_SAME: Final = {
    "no_permission": "permission_denied",
    "access_denied": "permission_denied",
    "failed_for_some_users": "invalid_users",
    "invalid_user": "invalid_users",
    "single_channel_guests_cannot_be_added": "invalid_users",
}
#: Refused because of what the app may, which is no reason to stop everything else that is sent to Slack.
LACKS_RIGHT: Final = frozenset({"missing_scope", "not_allowed_token_type"})


def refusal(handle: str, code: str) -> tuple[str, str]:
    """Why Slack does not change a user group, and how to mend it."""
    why, mend = _MENDS.get(
        _SAME.get(code, code), (f"Slack answers {code}", "muster doctor looks at it again.")
    )
    return f"The user group @{handle} cannot be kept equal to who is on call: {why}.", mend


# --- what a roster covers --------------------------------------------------------------------------------------


def covers(catalog: Catalog, roster: str, incident: Incident) -> bool:
    """Whether an open incident is for that roster: its service's policy names it; one no policy names gets all."""
    services: list[str | None] = [each.id for each in incident.services]
    return any(covers_service(catalog, roster, service) for service in services or [None])


def covers_service(catalog: Catalog, roster: str, service: str | None) -> bool:
    """The same for a service (None: of nothing in particular, which is for the default policy)."""
    naming = {
        policy.name
        for policy in catalog.policies.values()
        if any(f"roster:{roster}" in level.notify for level in policy.levels)
    }
    if not naming:
        return True
    policy = catalog.policy_for(catalog.service(service) if service else None)
    return policy is not None and policy.name in naming
