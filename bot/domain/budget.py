"""Slack's rate limits as a client-side budget: which effects share which limit, and who may go now. Pure.

Limits are Slack's documented ones (docs.slack.dev/apis/web-api/rate-limits), kept as sliding windows with a little
room for clocks and slow networks, so that whatever way Slack counts it is never asked too often. Budgets live in
the database, so that replicas share one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain.effects import EffectKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Seconds a window is widened by: a call may reach Slack later than it was counted here.
MARGIN = 2.0


@dataclass(frozen=True)
class Limit:
    """At most ``calls`` in any ``seconds``."""

    calls: int
    seconds: float


TIER_2 = Limit(19, 60 + MARGIN)
TIER_3 = Limit(48, 60 + MARGIN)
TIER_4 = Limit(95, 60 + MARGIN)
#: "about one message per second per channel", plus a workspace allowance Slack does not publish.
PER_CHANNEL = Limit(1, 1.1)
POSTING = Limit(230, 60 + MARGIN)

#: The Web API method each effect calls, with its limit.
METHODS: Mapping[EffectKind, tuple[str, Limit]] = {
    EffectKind.ANNOUNCE: ("chat.postMessage", POSTING),
    EffectKind.POST_CARD: ("chat.postMessage", POSTING),
    EffectKind.POST_ENTRY: ("chat.postMessage", POSTING),
    EffectKind.TELL_ADMINS: ("chat.postMessage", POSTING),
    EffectKind.SEND_DIRECT: ("chat.postMessage", POSTING),
    EffectKind.BRIEF: ("chat.postMessage", POSTING),
    EffectKind.SHOW_SERVICE: ("chat.postMessage", POSTING),
    EffectKind.PAGE_NATIVE: ("chat.postMessage", POSTING),
    EffectKind.CREATE_CHANNEL: ("conversations.create", TIER_2),
    EffectKind.SET_TOPIC: ("conversations.setTopic", TIER_2),
    EffectKind.SET_PURPOSE: ("conversations.setPurpose", TIER_2),
    EffectKind.PIN_CARD: ("pins.add", TIER_2),
    EffectKind.ADD_BOOKMARK: ("bookmarks.add", TIER_2),
    EffectKind.INVITE: ("conversations.invite", TIER_3),
    EffectKind.REFRESH_ANNOUNCEMENT: ("chat.update", TIER_3),
    EffectKind.REFRESH_CARD: ("chat.update", TIER_3),
    EffectKind.SUMMARISE: ("chat.update", TIER_3),
    EffectKind.TELL: ("chat.postEphemeral", TIER_4),
    EffectKind.SHOW_ON_CALL: ("chat.postEphemeral", TIER_4),
    EffectKind.PUBLISH_HOME: ("views.publish", TIER_4),
}

LIMITS: Mapping[str, Limit] = dict(METHODS.values())


def channel_budget(kind: EffectKind, incident: int | None, lane: str) -> str | None:
    """The per-channel budget an effect draws on besides its method's, None when it posts nothing."""
    if kind is EffectKind.ANNOUNCE:
        return "post:announcements"
    if kind is EffectKind.TELL_ADMINS:
        return "post:admins"
    if kind in {EffectKind.SEND_DIRECT, EffectKind.BRIEF}:
        return f"post:{lane}"
    if kind in {EffectKind.POST_CARD, EffectKind.POST_ENTRY, EffectKind.SHOW_SERVICE}:
        return f"post:INC-{incident}"
    return None


def limit_of(name: str) -> Limit:
    """The limit of a budget by its name."""
    return LIMITS.get(name, PER_CHANNEL)


@dataclass
class Budget:
    """When the calls of one budget were made (epoch seconds, oldest first)."""

    name: str
    stamps: list[float]
    blocked_until: float = 0.0
    drawn: bool = False  # it differs from what was stored

    def free_at(self, now: float) -> float:
        """When the next call may go: ``now`` or later."""
        limit = limit_of(self.name)
        self.stamps = [s for s in self.stamps if s > now - limit.seconds]
        at = now if len(self.stamps) < limit.calls else self.stamps[-limit.calls] + limit.seconds
        return max(at, self.blocked_until, now)

    def take(self, now: float) -> None:
        """Count one call."""
        self.stamps.append(now)
        self.drawn = True

    def block(self, until: float) -> None:
        """Closed until then, or until the later time it is closed for already."""
        self.blocked_until = max(self.blocked_until, until)
        self.drawn = True

    def is_idle(self, now: float) -> bool:
        """Whether nothing it remembers matters any more."""
        window = limit_of(self.name).seconds
        return self.blocked_until <= now and all(s <= now - window for s in self.stamps)


@dataclass(frozen=True)
class Candidate:
    """An effect that could go now, as far as its lane and time are concerned."""

    id: int
    kind: EffectKind
    channel: str | None

    @property
    def budgets(self) -> tuple[str, ...]:
        """Names of the budgets it draws on."""
        method = METHODS.get(self.kind)
        names = (method[0] if method else None, self.channel)
        return tuple(n for n in names if n)


@dataclass(frozen=True)
class Choice:
    """Who goes, which budgets are used up, and when the first of them is free again."""

    ids: tuple[int, ...]
    exhausted: frozenset[str]
    free_at: float | None


def choose(candidates: Iterable[Candidate], budgets: dict[str, Budget], now: float) -> Choice:
    """Let candidates go in their order while their budgets allow; takes from ``budgets``."""
    ids: list[int] = []
    exhausted: dict[str, float] = {}
    for candidate in candidates:
        needed = [budgets.setdefault(n, Budget(n, [])) for n in candidate.budgets]
        late = {b.name: b.free_at(now) for b in needed}
        blocking = {n: at for n, at in late.items() if at > now}
        if blocking:
            exhausted |= blocking
            continue
        for budget in needed:
            budget.take(now)
        ids.append(candidate.id)
    return Choice(tuple(ids), frozenset(exhausted), min(exhausted.values(), default=None))
