"""Whom the targets of a level mean at this moment, and by which ways each of them is told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain import ways
from bot.domain.alert_groups import severity_for
from bot.domain.escalation import Delivery, DeliveryState
from bot.domain.ways import PlannedWay
from bot.services import page_ways, rosters
from bot.store import alerts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bot.domain.catalog import Catalog
    from bot.domain.escalation import Page, Rung
    from bot.domain.incident import Actor, Urgency
    from bot.store.tx import Tx

#: The ways that lead through Slack: to a person, and into a channel.
SLACK, CHANNEL = "slack", "channel"


@dataclass(frozen=True, kw_only=True)
class Reached:
    """One person or channel with the ways that lead there; without one, why there is none."""

    recipient: str
    name: str
    slack_id: str | None = None
    email: str | None = None
    ways: tuple[str, ...] = ()
    missing: str = ""


def resolve(tx: Tx, catalog: Catalog, notify: Sequence[str]) -> list[Reached]:
    """Everybody the targets mean now, each once; targets nobody stands behind are there with the reason."""
    found: dict[str, Reached] = {}
    for target in notify:
        for each in _of(tx, catalog, target):
            found.setdefault(each.recipient, each)
    return list(found.values())


def people(tx: Tx, catalog: Catalog, notify: Sequence[str]) -> list[Reached]:
    """The same without channels and without those nobody can tell."""
    return [each for each in resolve(tx, catalog, notify) if each.ways and each.slack_id]


def _of(tx: Tx, catalog: Catalog, target: str) -> Iterable[Reached]:
    kind, _, value = target.partition(":")
    if kind == "person":
        yield _person(tx, catalog, value)
    elif kind == "channel":
        yield Reached(recipient=f"#{value}", name=f"#{value}", ways=(CHANNEL,))
    elif kind == "group":
        users = tx.people.group(value)
        yield from (member(tx, catalog, user) for user in users)
        if not users:
            why = "Slack has no user group of that handle with anybody in it"
            yield Reached(recipient=target, name=f"@{value}", missing=why)
    elif kind == "roster":
        emails = rosters.on_duty(tx, catalog, value, tx.now)
        yield from (_person(tx, catalog, email) for email in emails)
        if not emails:
            why = "nobody is on call in it now"
            yield Reached(recipient=target, name=f"roster {value}", missing=why)


def member(tx: Tx, catalog: Catalog, slack_id: str, name: str = "") -> Reached:
    """Somebody named by their Slack id."""
    known = tx.people.by_slack(slack_id)
    if known is None:  # Slack knows them, we not yet
        return Reached(recipient=slack_id, name=name or slack_id, slack_id=slack_id, ways=(SLACK,))
    return _known(catalog, known.email, slack_id, known.name, gone=known.deleted)


def actor(tx: Tx, catalog: Catalog, person: Actor) -> Reached:
    """Somebody a press named."""
    if person.slack_id:
        return member(tx, catalog, person.slack_id, person.name)
    return _person(tx, catalog, person.email or person.name)


def _person(tx: Tx, catalog: Catalog, email: str) -> Reached:
    known = tx.people.by_email(email)
    if known is not None:
        return _known(catalog, email, known.slack_id, known.name, gone=known.deleted)
    return _known(catalog, email, None, email, gone=False)


def _known(
    catalog: Catalog, email: str | None, slack_id: str | None, name: str, *, gone: bool
) -> Reached:
    own = catalog.people.get((email or "").casefold())
    beyond = tuple(f"apprise:{n}" for n, _ in enumerate(own.notify, 1)) if own else ()
    ways = (*((SLACK,) if slack_id and not gone else ()), *(() if gone else beyond))
    why = ""
    if not ways:
        why = (
            "deactivated in Slack"
            if gone
            else "not in this Slack workspace, and no other way is configured"
        )
    recipient = slack_id or (email or name).casefold()
    return Reached(
        recipient=recipient, name=name, slack_id=slack_id, email=email, ways=ways, missing=why
    )


def planned(
    tx: Tx, catalog: Catalog, found: Iterable[Reached], *, page: Page, rung: Rung
) -> list[Delivery]:
    """One delivery per way with its time; who cannot be told by any has one that failed, with the reason."""
    urgency = urgency_of(tx, catalog, page)
    deliveries = []
    for each in found:
        base = Delivery(
            page=page.id,
            round=rung.round,
            level=rung.level,
            recipient=each.recipient,
            name=each.name,
            slack_id=each.slack_id,
            email=each.email,
            planned_at=tx.now,
        )
        timed = _timed(tx, catalog, each, urgency)
        for way in timed:
            due = way.due if way.due > tx.now else None
            deliveries.append(replace(base, way=way.way, due=due, reason=way.why))
        if not timed:
            why = each.missing or f"none of their addresses takes {urgency.value} urgency"
            deliveries.append(
                replace(base, state=DeliveryState.FAILED, reason=why, failed_at=tx.now)
            )
    return deliveries


def _timed(tx: Tx, catalog: Catalog, each: Reached, urgency: Urgency) -> Sequence[PlannedWay]:
    if not each.ways or each.ways == (CHANNEL,):
        return [PlannedWay(way=way, due=tx.now) for way in each.ways]
    paged = page_ways.Paged(email=each.email, slack_id=each.slack_id, ways=each.ways)
    return page_ways.timed(tx, catalog, paged, urgency)


def urgency_of(tx: Tx, catalog: Catalog, page: Page) -> Urgency:
    """How urgent that page is: as its incident or its alerts are, and their severity is configured."""
    if page.incident is not None:
        incident = tx.incident(page.incident, lock=False)
        return ways.urgency_of(catalog, incident.severity, incident.urgency)
    group = alerts.group(tx, page.group or 0, lock=False)
    severity = group.rule_severity or severity_for(catalog, group.severity)
    return ways.urgency_of(catalog, severity)
