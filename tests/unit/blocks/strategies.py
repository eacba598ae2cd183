"""Incidents as nobody would wish them: every text absurd, every field there or not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from blocks.card import CardContext, FailedStep, Link
from blocks.timeline import Step, StepState
from bot.domain.action_item import ActionItem
from bot.domain.incident import (
    Actor,
    Affected,
    Entry,
    EntryKind,
    Incident,
    Origin,
    PagerKind,
    PagerLink,
    Phase,
    Places,
    Status,
    TicketLink,
    Urgency,
)
from bot.domain.report import Group, Statistics

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
KNOWN = ("UANA", "UBEN", "W0CARLA")

_ODD_TEXTS = [
    "",
    " ",
    "\n\n",
    "\u200b",
    "<!channel> <!here|here> <!everyone>",
    "@here @channel @Everyone",
    "<@UEVIL> <@UEVIL|eve> <#CEVIL> <!subteam^SEVIL>",
    "<https://evil.example/|click>",
    "https://a.example/?a=1&b=<2>|x, and (https://b.example/@here).",
    "*bold* _it_ ~gone~ `code` ```fence",
    "&amp; &lt;!channel&gt; &",
    "שלום עולם 123 مرحبا",
    "\u202eevil\u202c \u2066x",
    "\x00\x07\x1b[31mred\x85",
    "👩‍👩‍👧‍👦🇩🇪👍🏽" * 40,
    "e" + "\u0301" * 300,
    "x" * 10_000,
    "&" * 10_000,
    "\U0001d518" * 10_000,
    "<" * 4000,
    "line\n" * 2000,
    "* " * 3000,
    "> quote\n>>> more",
    "{target} {who} {0} %s",
    "@here" * 1500,
    "http://" + "a" * 5000,
    "\ud800 lone",
]


class Odd(str):
    """A text that does not fill the screen when a failing example is printed."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Odd({self[:40]!r}… {len(self)})"


# By index: a strategy that holds the texts prints all of them with every failure.
_ODD = st.integers(0, len(_ODD_TEXTS) - 1).map(lambda index: _ODD_TEXTS[index])
texts = st.one_of(
    _ODD, st.text(max_size=60), st.lists(_ODD, min_size=2, max_size=3).map(" ".join)
).map(Odd)
maybe = st.none() | texts
times = st.integers(-5_000_000, 5_000_000).map(lambda s: NOW + timedelta(seconds=s))
slack_ids = st.none() | st.sampled_from(KNOWN) | st.sampled_from(["UX|<!here>", "", "evil>", "u1"])
actors = st.builds(Actor, name=texts, slack_id=slack_ids)
urls = (
    st.none()
    | texts
    | st.sampled_from(
        ["https://x.example/a?b=1&c=2", "javascript:alert(1)", "https://x.example/|<!here>"]
    )
)
channels = st.none() | st.sampled_from(["C0123456789", "G1", "C<!here>", ""])
numbers = st.integers(1, 10**12)

incidents = st.builds(
    Incident,
    number=numbers,
    title=texts,
    status=st.sampled_from(Status),
    phase=st.sampled_from(Phase),
    severity=maybe,
    urgency=st.sampled_from(Urgency),
    priority=maybe,
    service=maybe,
    service_title=maybe,
    more_services=st.lists(st.builds(Affected, id=texts, title=texts), max_size=8).map(tuple),
    description=texts,
    private=st.booleans(),
    drill=st.booleans(),
    origin=st.sampled_from(Origin),
    reporter=st.none() | actors,
    owners=st.lists(actors, max_size=3).map(tuple),
    roles=st.dictionaries(st.just("commander") | texts, actors, max_size=4),
    opens_channel=st.booleans(),
    pager=st.builds(
        PagerLink, kind=st.sampled_from(PagerKind), url=urls, number=st.none() | numbers
    ),
    ticket=st.none() | st.builds(TicketLink, repo=texts, number=st.none() | numbers, url=urls),
    places=st.builds(
        Places,
        announcement_url=urls,
        channel=channels,
        channel_name=maybe,
        in_thread=st.booleans(),
        previous_channel=channels,
        postmortem_url=urls,
    ),
    started_at=times,
    created_at=times,
    updated_at=times,
    resolved_at=st.none() | times,
    resolved_by=st.none() | actors,
    resolution=texts,
    merged_into=st.none() | numbers,
)
failures = st.builds(
    FailedStep,
    effect_id=st.integers(1, 30),
    label=texts,
    reason=texts,
    provider=texts | st.just("github"),
    stopped=st.booleans(),
)
contexts = st.builds(
    CardContext,
    now=times,
    severities=st.dictionaries(texts, st.just(":red_circle:") | texts, max_size=3),
    failures=st.lists(failures, max_size=12).map(tuple),
    waiting=maybe,
    notes=st.lists(texts, max_size=7).map(tuple),
    links=st.lists(st.builds(Link, label=texts, url=urls.map(lambda u: u or "")), max_size=12).map(
        tuple
    ),
    actions=st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
    postmortem_available=st.booleans(),
    subscribe_available=st.booleans(),
)
entries = st.builds(
    Entry,
    kind=st.sampled_from(EntryKind),
    at=times,
    actor=st.none() | actors,
    origin=st.sampled_from(Origin),
    target=texts | st.just("C0123456789"),
    text=texts,
    actor_target=st.none() | actors,
)
steps = st.builds(
    Step,
    label=texts,
    state=st.sampled_from(StepState),
    effect_id=st.integers(1, 30),
    reason=texts,
    at=st.none() | times,
    provider=texts,
    stopped=st.booleans(),
)
items = st.builds(
    ActionItem,
    id=st.integers(1, 10**6),
    incident=st.just(12),
    text=texts,
    owner=st.none() | actors,
    created_at=times,
    created_by=st.none() | actors,
    done_at=st.none() | times,
    done_by=st.none() | actors,
    withdrawn_at=st.none() | times,
    said_by=st.none() | actors,
    link=urls.map(lambda u: u or ""),
    ticket=st.none() | st.builds(TicketLink, repo=texts, number=st.none() | numbers, url=urls),
)
# Repeated in the tests: ninety different ones find no more than three, and cost thirty times.
few_incidents = st.lists(incidents, max_size=3)
repeats = st.sampled_from([1, 30])

_means = st.none() | st.floats(0, 1e10, allow_nan=False)
_groups = st.builds(
    Group,
    label=st.just("") | texts,
    count=st.integers(1, 10**7),
    open=st.integers(0, 10**7),
    seconds_to_acknowledge=_means,
    seconds_to_resolve=_means,
)


def _of_days(drawn: tuple[int, list[Group], list[Group], list[tuple[int, int]]]) -> Statistics:
    days, severities, services, when = drawn
    names = [group.label for group in severities] or [""]
    return Statistics(
        days=days,
        since=NOW - timedelta(days=days),
        until=NOW,
        total=Group(label="", count=sum(g.count for g in severities)),
        severities=tuple({g.label: g for g in severities}.values()),
        services=tuple({g.label: g for g in services}.values()),
        declared={
            (NOW.date() - timedelta(days=ago % (days + 1)), names[ago % len(names)]): count
            for ago, count in when
        },
    )


statistics = st.tuples(
    st.integers(1, 366),
    st.lists(_groups, max_size=12),
    st.lists(_groups, max_size=30),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 10**6)), max_size=20),
).map(_of_days)
