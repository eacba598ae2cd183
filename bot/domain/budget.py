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
#: Of chat.update for the cards: in a storm there is always room for its summary, which says how long others wait.
CARDS = Limit(40, 60 + MARGIN)
#: "about one message per second per channel", plus a workspace allowance Slack does not publish.
PER_CHANNEL = Limit(1, 1.1)
POSTING = Limit(230, 60 + MARGIN)
#: PagerDuty counts requests per key, 960 a minute, whatever they are for; what is left out here is for looking up
#: people and who is on call. https://developer.pagerduty.com/docs/rest-api-rate-limits
PER_KEY = Limit(900, 60 + MARGIN)
#: Of them for pages that are read again, so that a storm of those leaves room for what people do and for polling.
READING = Limit(540, 60 + MARGIN)
#: Of those again for importing the past, which nobody waits for.
IMPORTING = Limit(420, 60 + MARGIN)
#: https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api (secondary limits)
WRITING = Limit(75, 60 + MARGIN)

#: The limit each effect draws on: of Slack the Web API method it calls.
METHODS: Mapping[EffectKind, tuple[str, Limit]] = {
    EffectKind.ANNOUNCE: ("chat.postMessage", POSTING),
    EffectKind.POST_CARD: ("chat.postMessage", POSTING),
    EffectKind.POST_ENTRY: ("chat.postMessage", POSTING),
    EffectKind.TELL_ADMINS: ("chat.postMessage", POSTING),
    EffectKind.DRILL_NEWS: ("chat.postMessage", POSTING),
    EffectKind.SEND_DIRECT: ("chat.postMessage", POSTING),
    EffectKind.BRIEF: ("chat.postMessage", POSTING),
    EffectKind.BRIEF_EXPERT: ("chat.postMessage", POSTING),
    EffectKind.LIST_UNREACHABLE: ("chat.postMessage", POSTING),
    EffectKind.SHOW_SERVICE: ("chat.postMessage", POSTING),
    EffectKind.MIRROR_UPDATE: ("chat.postMessage", POSTING),
    EffectKind.TELL_SUBSCRIBER: ("chat.postMessage", POSTING),
    EffectKind.SHOW_ACTION: ("chat.postMessage", POSTING),  # edited later as well
    EffectKind.REMIND: ("chat.postMessage", POSTING),  # edited later, which has a limit of its own
    EffectKind.DELIVER_PAGE: ("chat.postMessage", POSTING),
    EffectKind.CORRECT_PAGE: ("chat.update.cards", CARDS),
    EffectKind.SHOW_PAGE: ("chat.postMessage", POSTING),  # edited later as well
    EffectKind.TELL_PAGE: ("chat.postMessage", POSTING),
    EffectKind.SHARE_POSTMORTEM: ("chat.postMessage", POSTING),
    EffectKind.NOTICE_ARCHIVING: ("chat.postMessage", POSTING),
    EffectKind.ARCHIVE_CHANNEL: ("conversations.archive", TIER_2),
    EffectKind.WRITE_CANVAS: ("conversations.canvases.create", TIER_2),
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
    EffectKind.REFRESH_ANNOUNCEMENT: ("chat.update.cards", CARDS),
    EffectKind.REFRESH_CARD: ("chat.update.cards", CARDS),
    EffectKind.SUMMARISE: ("chat.update", TIER_3),
    EffectKind.VEIL_CARD: ("chat.update", TIER_3),
    EffectKind.REMOVE_ANNOUNCEMENT: ("chat.delete", TIER_3),
    EffectKind.LEAVE_CHANNEL: ("conversations.archive", TIER_2),
    EffectKind.MIRROR_MEMBERS: ("conversations.members", TIER_4),
    EffectKind.ASK_ACCESS: ("chat.postMessage", POSTING),  # edited once, when it is answered
    EffectKind.TELL_ACCESS: ("chat.postMessage", POSTING),
    EffectKind.TELL: ("chat.postEphemeral", TIER_4),
    EffectKind.SHOW_ON_CALL: ("chat.postEphemeral", TIER_4),
    EffectKind.SHOW_OVERRIDES: ("chat.postEphemeral", TIER_4),
    EffectKind.OFFER_LINK: ("chat.postEphemeral", TIER_4),
    EffectKind.WELCOME: ("chat.postEphemeral", TIER_4),
    EffectKind.LOOK_AT_MESSAGE: ("conversations.history", TIER_3),
    EffectKind.CONFIRM_MESSAGE: ("reactions.add", TIER_3),
    EffectKind.ANSWER_MESSAGE: ("chat.postMessage", POSTING),
    EffectKind.PUBLISH_HOME: ("views.publish", TIER_4),
    EffectKind.SEND_REPORT: ("chat.postMessage", POSTING),
    EffectKind.TELL_ROSTER: ("chat.postMessage", POSTING),
    EffectKind.SYNC_GROUP: ("usergroups.users.update", TIER_2),
    EffectKind.READ_PAGE: ("pagerduty.read", READING),
    EffectKind.OPEN_PAGE: ("pagerduty", PER_KEY),
    EffectKind.CHANGE_PAGE: ("pagerduty", PER_KEY),
    EffectKind.MERGE_PAGE: ("pagerduty", PER_KEY),
    EffectKind.NOTE_PAGE: ("pagerduty", PER_KEY),
    EffectKind.PUBLISH_UPDATE: ("pagerduty", PER_KEY),
    EffectKind.OVERRIDE_SCHEDULE: ("pagerduty", PER_KEY),
    EffectKind.REMOVE_OVERRIDE: ("pagerduty", PER_KEY),
    EffectKind.POLL_PAGER: ("pagerduty", PER_KEY),
    EffectKind.OPEN_TICKET: ("github.write", WRITING),
    EffectKind.REFRESH_TICKET: ("github.write", WRITING),
    EffectKind.COMMENT_TICKET: ("github.write", WRITING),
    EffectKind.CHANGE_TICKET: ("github.write", WRITING),
    EffectKind.WITHDRAW_TICKET: ("github.write", WRITING),
    EffectKind.PROPOSE_POSTMORTEM: ("github.write", WRITING),
    EffectKind.OPEN_ACTION: ("github.write", WRITING),
    EffectKind.CHANGE_ACTION: ("github.write", WRITING),
}

#: A limit that is part of another: who draws on the first draws on the second as well.
PART_OF: Mapping[str, str] = {"pagerduty.read": "pagerduty", "chat.update.cards": "chat.update"}

#: Requests an effect may make, where it is more than one: the look before it acts, and both again in the bot's name
#: when PagerDuty does not know the person.
REQUESTS: Mapping[EffectKind, int] = {
    EffectKind.READ_PAGE: 3,  # the incident, its log, its notes
    EffectKind.OPEN_PAGE: 6,
    EffectKind.CHANGE_PAGE: 4,
    EffectKind.MERGE_PAGE: 4,
    EffectKind.NOTE_PAGE: 3,
    EffectKind.PUBLISH_UPDATE: 2,
    EffectKind.OVERRIDE_SCHEDULE: 4,  # who it is, both lists of overrides, and the override
    EffectKind.REMOVE_OVERRIDE: 3,  # when it is refused, both lists tell what became of it
    EffectKind.POLL_PAGER: 60,  # in a storm; 100 log entries and 100 incidents are one request
}

_TO_ONE_PERSON = {
    EffectKind.SEND_DIRECT,
    EffectKind.SEND_REPORT,
    EffectKind.TELL_SUBSCRIBER,
    EffectKind.BRIEF,
    EffectKind.BRIEF_EXPERT,
    EffectKind.TELL_ACCESS,
    EffectKind.DELIVER_PAGE,
    EffectKind.TELL_PAGE,  # has a lane of its own, and must not wait behind the talk of its channel
    EffectKind.TELL_ROSTER,
}
_INTO_THE_CHANNEL = {
    EffectKind.POST_CARD,
    EffectKind.POST_ENTRY,
    EffectKind.REMIND,
    EffectKind.SHOW_ACTION,
    EffectKind.SHOW_SERVICE,
    EffectKind.SHARE_POSTMORTEM,
    EffectKind.NOTICE_ARCHIVING,
    EffectKind.ASK_ACCESS,
    EffectKind.SHOW_PAGE,
}
_INTO_ROOMS = {
    EffectKind.ANNOUNCE: "announcements",
    EffectKind.MIRROR_UPDATE: "announcements",
    EffectKind.POST_ALERTS: "alerts",
    EffectKind.TELL_ADMINS: "admins",
    EffectKind.LIST_UNREACHABLE: "admins",
    EffectKind.DRILL_NEWS: "drills",
}

#: What importing draws on: no effect, but calls under the same key.
IMPORT_LIMITS = ("pagerduty", "pagerduty.read", "pagerduty.import")

LIMITS: Mapping[str, Limit] = {**dict(METHODS.values()), "pagerduty.import": IMPORTING}


def channel_budget(kind: EffectKind, incident: int | None, lane: str) -> str | None:
    """The per-channel budget an effect draws on besides its method's, None when it posts nothing."""
    if kind in _INTO_ROOMS:
        return f"post:{_INTO_ROOMS[kind]}"
    if kind in _TO_ONE_PERSON:
        return f"post:{lane}"
    if kind in _INTO_THE_CHANNEL:
        return f"post:INC-{incident}" if incident is not None else "post:alerts"
    return None


def limits_on(kind: EffectKind) -> tuple[str, ...]:
    """Names of the budgets every effect of a kind draws on, the widest first."""
    method = METHODS.get(kind)
    if method is None:
        return ()
    whole = PART_OF.get(method[0])
    return (whole, method[0]) if whole else (method[0],)


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

    def free_at(self, now: float, calls: int = 1) -> float:
        """When so many calls more may go: ``now`` or later."""
        limit = limit_of(self.name)
        self.stamps = [s for s in self.stamps if s > now - limit.seconds]
        room = limit.calls - calls
        at = now if len(self.stamps) <= room else self.stamps[-room - 1] + limit.seconds
        return max(at, self.blocked_until, now)

    def take(self, now: float, calls: int = 1) -> None:
        """Count so many calls."""
        self.stamps += [now] * calls
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
        return (*limits_on(self.kind), self.channel) if self.channel else limits_on(self.kind)

    @property
    def calls(self) -> int:
        """How many calls it takes from each of them."""
        return REQUESTS.get(self.kind, 1)


@dataclass(frozen=True)
class Choice:
    """Who goes, which budgets are used up, and when the first of them is free again."""

    ids: tuple[int, ...]
    exhausted: frozenset[str]
    free_at: float | None


def draw_calls(names: Iterable[str], calls: int, budgets: dict[str, Budget], now: float) -> float:
    """Take so many calls from each of them and return 0, or take nothing and return the seconds to wait."""
    needed = [budgets.setdefault(name, Budget(name, [])) for name in names]
    wait = max(budget.free_at(now, calls) for budget in needed) - now
    if wait <= 0:
        for budget in needed:
            budget.take(now, calls)
    return max(wait, 0.0)


def choose(candidates: Iterable[Candidate], budgets: dict[str, Budget], now: float) -> Choice:
    """Let candidates go in their order while their budgets allow; takes from ``budgets``."""
    ids: list[int] = []
    exhausted: dict[str, float] = {}
    for candidate in candidates:
        needed = [budgets.setdefault(n, Budget(n, [])) for n in candidate.budgets]
        late = {b.name: b.free_at(now, candidate.calls) for b in needed}
        blocking = {n: at for n, at in late.items() if at > now}
        if blocking:
            exhausted |= {n: min(at, exhausted.get(n, at)) for n, at in blocking.items()}
            continue
        for budget in needed:
            budget.take(now, candidate.calls)
        ids.append(candidate.id)
    return Choice(tuple(ids), frozenset(exhausted), min(exhausted.values(), default=None))
