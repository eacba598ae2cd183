"""The proof of a page: one message, edited in place, with what became of telling whom and what happens next."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from blocks import kit, text
from bot.domain import escalation
from bot.domain.escalation import DeliveryState, Next, PageState
from bot.domain.incident import Actor

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from bot.domain.catalog import EscalationPolicy
    from bot.domain.escalation import Delivery, Page
    from bot.ports import Message

#: People of one level that are told of one by one; the others are counted.
EACH: Final = 20
_EMOJI: Final = {
    DeliveryState.PLANNED: "🕓",
    DeliveryState.SENT: "📨",
    DeliveryState.DELIVERED: "📬",
    DeliveryState.SEEN: "👁️",
    DeliveryState.ACKNOWLEDGED: "👀",
    DeliveryState.FAILED: "❌",
    DeliveryState.SKIPPED: "🚫",
}
#: Those worth reading come first where not all fit.
_FIRST: Final = (
    DeliveryState.ACKNOWLEDGED, DeliveryState.FAILED, DeliveryState.PLANNED, DeliveryState.SEEN,
    DeliveryState.DELIVERED, DeliveryState.SENT, DeliveryState.SKIPPED,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Proof:
    """All a proof tells. ``struggling`` says of deliveries on their way why they are not there yet, by key."""

    page: Page
    deliveries: Sequence[Delivery]
    policy: EscalationPolicy | None
    subject: str  # mrkdwn of ours, nothing secret
    private: bool = False
    struggling: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)  # what addresses are called, by delivery


def proof(told: Proof) -> Message:
    """The whole message, within Slack's limits however many deliveries there are; the newest level comes first."""
    page = told.page
    policy = f" · {text.inline(page.policy, 80)}" if page.policy else ""
    heading = f"📟 *Page* for {told.subject}{policy} · {_standing(page)}"
    if page.by is not None:
        heading += f"\nasked for by {text.mention(page.by)}"
    levels = [_level(told, list(some)) for _, some in groupby(told.deliveries, _place)]
    lines = [line for level in reversed(levels) for line in level]
    kept, hidden = kit.fit(lines, kit.MESSAGE_ROOM - 3500)
    if hidden:
        kept.append(f"and {hidden:,} earlier lines: `/incident timeline` has who was paged when")
    then = _next(told)
    blocks = [kit.section(heading), *kit.paragraphs(kept)]
    if then:
        blocks.append(kit.context(then))
    spoken = (
        "📟 A page" if told.private else "\n".join(each for each in (heading, then, *kept) if each)
    )
    return kit.message(spoken, blocks)


def _standing(page: Page) -> str:
    if page.state is PageState.ACKNOWLEDGED:
        when = f" {text.date(page.acknowledged_at)}" if page.acknowledged_at else ""
        return f"👀 acknowledged by {text.mention(page.acknowledged_by)}{when}"
    if page.state is PageState.EXHAUSTED:
        return f"🚨 *{text.inline(page.ended, 80, empty='nobody answered')}*"
    if page.state is PageState.CLOSED:
        return f"✅ over: {text.inline(page.ended, 120, empty='nobody is needed any more')}"
    return "⏳ nobody has acknowledged yet"


def _place(delivery: Delivery) -> tuple[int, int]:
    return (delivery.round, delivery.level)


def _level(told: Proof, some: list[Delivery]) -> list[str]:
    """One level of one round: its name, then everybody with each way."""
    first = some[0]
    name = f"Level {first.level}" if first.level else "Asked directly"
    turn = f", round {first.round}" if first.round > 1 else ""
    lines = [f"*{name}{turn}* {text.date(first.planned_at)}"]
    people: dict[str, list[Delivery]] = {}
    for each in some:
        people.setdefault(each.recipient, []).append(each)
    ordered = sorted(people.values(), key=lambda ways: min(_FIRST.index(w.state) for w in ways))
    lines += [_person(told, ways) for ways in ordered[:EACH]]
    if len(ordered) > EACH:
        lines.append(
            f"and {text.plural(len(ordered) - EACH, 'more', 'more')}: {_counted(ordered[EACH:])}"
        )
    return lines


def _counted(people: Iterable[list[Delivery]]) -> str:
    states = [way.state for ways in people for way in ways]
    return ", ".join(f"{states.count(each):,} {each.value}" for each in _FIRST if each in states)


def _person(told: Proof, ways: list[Delivery]) -> str:
    first = ways[0]
    if first.slack_id:
        who = text.mention(Actor(name=first.name, slack_id=first.slack_id))
    else:
        who = text.inline(first.name, 80, empty="somebody")
    return f"• {who}: {' · '.join(_way(told, each) for each in ways[:8])}"


def _way(told: Proof, delivery: Delivery) -> str:
    way, emoji = (
        text.inline(told.kinds.get(delivery.key, ""), 40, empty=way_words(delivery.way)),
        _EMOJI[delivery.state],
    )
    state, at = delivery.state, None
    moments = {
        DeliveryState.SENT: delivery.sent_at,
        DeliveryState.DELIVERED: delivery.delivered_at,
        DeliveryState.SEEN: delivery.seen_at,
        DeliveryState.ACKNOWLEDGED: delivery.acknowledged_at,
    }
    at = moments.get(state)
    if at is not None:
        return f"{emoji} {way} {state.value} {text.date(at, '{time}')}"
    if (
        state is DeliveryState.PLANNED
        and delivery.due is not None
        and delivery.key not in told.struggling
    ):
        when = text.date(delivery.due, "{date_short_pretty} {time}")
        return (
            f"{emoji} {way} at {when}: {text.inline(delivery.reason, 120, empty='kept for later')}"
        )
    if state is DeliveryState.PLANNED:
        why = told.struggling.get(delivery.key)
        return f"{emoji} {way} {f'waits: {text.inline(why, 120)}' if why else 'on its way'}"
    word = "failed" if state is DeliveryState.FAILED else "not sent"
    return f"{emoji} {way} {word}: {text.inline(delivery.reason, 160, empty='no reason given')}"


def way_words(way: str) -> str:
    """How people call a way."""
    if way == "slack":
        return "direct message"
    if way == "channel":
        return "channel"
    return f"notification {way.partition(':')[2]}".strip()


def _next(told: Proof) -> str:
    """What happens next, with its time."""
    page = told.page
    if page.next is None or page.next_at is None:
        return ""
    at = text.date(page.next_at, "{date_short_pretty} {time_secs}")
    who = text.mention(page.acknowledged_by)
    if page.next is Next.ASK:
        return f"⏭️ Next: {at} I ask whether {who} is still on it"
    if page.next is Next.EXPIRE:
        return f"⏭️ Next: {at} the policy pages again, unless there is a sign of {who}"
    return f"⏭️ Next: {at} {_step(told, page.next_at)}, unless somebody acknowledges"


def _step(told: Proof, at: datetime) -> str:
    page = told.page
    rung = escalation.rung_of(page, told.policy, at)
    if rung is None:
        return "everybody is told that nobody answered"
    turn = f" (round {rung.round})" if rung.round > 1 else ""
    return f"level {rung.level} is paged{turn}" if rung.level else "they are paged"
