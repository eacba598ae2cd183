"""The vendors' rate limits as a client-side budget: which effects share which limit, and who may go now. Pure.

Limits are the documented ones (docs.slack.dev/apis/web-api/rate-limits, PagerDuty's 960 requests a minute and key,
GitHub's 80 writes a minute), kept as sliding windows with a little room for clocks and slow networks, so that
whatever way a vendor counts it is never asked too often. Budgets live in the database, so that replicas share one.
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
#: PagerDuty's limit in two parts, so that a storm of pages to be read leaves room for what people do. The rest of
#: the 960 is for polling and looking up people. https://developer.pagerduty.com/docs/rest-api-rate-limits
READING = Limit(500, 60 + MARGIN)
ACTING = Limit(250, 60 + MARGIN)
#: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api (secondary limits)
WRITING = Limit(75, 60 + MARGIN)

#: The limit each effect draws on: of Slack the Web API method it calls.
METHODS: Mapping[EffectKind, tuple[str, Limit]] = {
    EffectKind.ANNOUNCE: ("chat.postMessage", POSTING),
    EffectKind.POST_CARD: ("chat.postMessage", POSTING),
    EffectKind.POST_ENTRY: ("chat.postMessage", POSTING),
    EffectKind.TELL_ADMINS: ("chat.postMessage", POSTING),
    EffectKind.SEND_DIRECT: ("chat.postMessage", POSTING),
    EffectKind.BRIEF: ("chat.postMessage", POSTING),
    EffectKind.SHOW_SERVICE: ("chat.postMessage", POSTING),
    EffectKind.MIRROR_UPDATE: ("chat.postMessage", POSTING),
    EffectKind.TELL_SUBSCRIBER: ("chat.postMessage", POSTING),
    EffectKind.REMIND: ("chat.postMessage", POSTING),  # edited later, which has a limit of its own
    EffectKind.PAGE_NATIVE: ("chat.postMessage", POSTING),
    EffectKind.PAGE_ALERTS: ("chat.postMessage", POSTING),
    EffectKind.POST_ALERTS: ("chat.postMessage", POSTING),
    EffectKind.REFRESH_ALERTS: ("chat.update", TIER_3),
    EffectKind.SUMMARISE_ALERTS: ("chat.update", TIER_3),
    EffectKind.CREATE_CHANNEL: ("conversations.create", TIER_2),
    EffectKind.ADOPT_CHANNEL: ("conversations.join", TIER_3),
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
    EffectKind.WELCOME: ("chat.postEphemeral", TIER_4),
    EffectKind.LOOK_AT_MESSAGE: ("conversations.history", TIER_3),
    EffectKind.CONFIRM_MESSAGE: ("reactions.add", TIER_3),
    EffectKind.ANSWER_MESSAGE: ("chat.postMessage", POSTING),
    EffectKind.PUBLISH_HOME: ("views.publish", TIER_4),
    EffectKind.SEND_REPORT: ("chat.postMessage", POSTING),
    EffectKind.READ_PAGE: ("pagerduty.read", READING),
    EffectKind.OPEN_PAGE: ("pagerduty.act", ACTING),
    EffectKind.CHANGE_PAGE: ("pagerduty.act", ACTING),
    EffectKind.NOTE_PAGE: ("pagerduty.act", ACTING),
    EffectKind.OPEN_TICKET: ("github.write", WRITING),
    EffectKind.REFRESH_TICKET: ("github.write", WRITING),
    EffectKind.COMMENT_TICKET: ("github.write", WRITING),
    EffectKind.CHANGE_TICKET: ("github.write", WRITING),
}

_TO_ONE_PERSON = {
    EffectKind.SEND_DIRECT,
    EffectKind.SEND_REPORT,
    EffectKind.TELL_SUBSCRIBER,
    EffectKind.BRIEF,
}
_INTO_THE_CHANNEL = {
    EffectKind.POST_CARD,
    EffectKind.POST_ENTRY,
    EffectKind.REMIND,
    EffectKind.SHOW_SERVICE,
}

LIMITS: Mapping[str, Limit] = dict(METHODS.values())


def channel_budget(kind: EffectKind, incident: int | None, lane: str) -> str | None:
    """The per-channel budget an effect draws on besides its method's, None when it posts nothing."""
    if kind in {EffectKind.ANNOUNCE, EffectKind.MIRROR_UPDATE}:
        return "post:announcements"
    if kind is EffectKind.POST_ALERTS:
        return "post:alerts"
    if kind is EffectKind.TELL_ADMINS:
        return "post:admins"
    if kind in _TO_ONE_PERSON:
        return f"post:{lane}"
    if kind in _INTO_THE_CHANNEL:
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
