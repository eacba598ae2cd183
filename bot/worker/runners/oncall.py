"""Who is on call at PagerDuty: asked once, answered either way, remembered for when it does not answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from blocks import notices
from blocks.home import Duty
from blocks.oncall import OnDuty, on_call_message
from blocks.standing_in import at_moment
from bot.domain.incident import Actor
from bot.domain.plan import actor_data, actor_from
from bot.domain.roster_views import RosterNow
from bot.errors import ProviderError, Reason
from bot.services.asking import native_duty
from bot.worker.runners.talk import tell_privately

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.ports import Message, OnCall, PagerUser
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


log = structlog.get_logger()

#: Under this name what PagerDuty said of everybody is remembered, and for Home it is good for so long.
EVERYBODY = "pagerduty.on_call:all"
FRESH = timedelta(minutes=5)
#: A schedule is asked for a period, never for a moment.
A_MOMENT = timedelta(minutes=1)
#: What PagerDuty would answer again.
LASTING = {Reason.INVALID, Reason.NOT_FOUND}


async def show(world: World, effect: Claimed) -> Settle | None:
    """Ask PagerDuty and answer privately; when it does not answer, the last known answer with its age."""
    payload = effect.payload
    if payload.get("at"):
        await _show_at(world, effect, datetime.fromisoformat(payload["at"]))
        return None
    name = f"pagerduty.on_call:{payload['service_id'] or 'all'}"
    title = payload["title"]
    native = [] if payload["service_id"] else await _natively(world)
    try:
        found = await world.the_pager().on_call(payload["service_id"])
    except ProviderError as error:
        known = await world.work.read(lambda tx: tx.value(name))
        await _answer(world, effect, _remembered(known, title, error, native))
        return None
    duties = await _duties(world, found)
    kept = _value(duties, world.work.clock.now())
    await _answer(world, effect, on_call_message([*native, *duties], title=title))
    return lambda tx: tx.set_value(name, kept)


async def _natively(world: World, levels: int | None = None) -> list[OnDuty]:
    """The policies of muster.yml, all levels or so many of them."""

    def look(tx: Tx) -> list[OnDuty]:
        return [
            OnDuty(**vars(native_duty(tx, world.catalog, policy, n)))
            for policy in world.catalog.policies.values()
            for n in range(1, len(policy.levels[:levels]) + 1)
        ]

    return await world.work.read(look)


async def _show_at(world: World, effect: Claimed, at: datetime) -> None:
    """Who was (or will be) on call at a moment: level by level, or in one schedule."""
    payload, title = effect.payload, effect.payload["title"]
    ahead = at > world.work.clock.now()
    try:
        pager = world.the_pager()
        if payload["schedule"]:
            shifts = await pager.shifts(payload["schedule"], at, at + A_MOMENT)
            there = await _people(world, shifts[0].users)
            message = at_moment([RosterNow(name=title, people=there)], at, ahead=ahead)
        else:
            duties = await _duties(world, await pager.on_call(payload["service_id"], at=at))
            message = on_call_message(duties, title=title, at=at, ahead=ahead)
    except ProviderError as error:
        if error.reason not in LASTING:
            raise
        why = f"PagerDuty does not say who is on call then: {error.detail or error.reason.value}."
        message = notices.said(why)
    await _answer(world, effect, message)


async def _people(world: World, users: Sequence[PagerUser]) -> tuple[Actor, ...]:
    return await world.work.read(lambda tx: tuple(actor_of(tx, user) for user in users))


async def for_home(world: World) -> list[Duty]:
    """Level 1 of every policy, the native ones first; PagerDuty is asked every few minutes at most.

    While it does not answer, what it said last is shown: Home is no place to wait.
    """
    native = await _natively(world, levels=1)
    if world.pager is None:
        return _homely(native)
    known = await world.work.read(lambda tx: tx.value(EVERYBODY))
    now = world.work.clock.now()
    if known is None or now - datetime.fromisoformat(str(known["at"])) > FRESH:
        try:
            known = _value(await _duties(world, await world.pager.on_call(None)), now)
        except ProviderError as error:
            log.warning("on_call.unknown", reason=error.reason.value)
        else:
            fresh = known
            await world.work.write(lambda tx: tx.set_value(EVERYBODY, fresh))
    return _homely([*native, *(duty for duty in _from_value(known) if duty.level == 1)])


def _homely(duties: Sequence[OnDuty]) -> list[Duty]:
    return [Duty(label=d.policy, people=tuple(d.people), until=d.until) for d in duties]


def _value(duties: Sequence[OnDuty], at: datetime) -> dict[str, Any]:
    return {
        "at": at.isoformat(),
        "duties": [
            {
                "policy": duty.policy,
                "level": duty.level,
                "people": [actor_data(person) for person in duty.people],
                "until": duty.until.isoformat() if duty.until else None,
                "schedules": list(duty.schedules),
            }
            for duty in duties
        ],
    }


def _from_value(known: Mapping[str, Any] | None) -> list[OnDuty]:
    return [
        OnDuty(
            policy=str(each["policy"]),
            level=int(each["level"]),
            people=[a for a in map(actor_from, each["people"]) if a],
            until=datetime.fromisoformat(each["until"]) if each["until"] else None,
            schedules=tuple(each.get("schedules", ())),
        )
        for each in (known or {}).get("duties", ())
    ]


async def _answer(world: World, effect: Claimed, message: Message) -> None:
    channel, user = effect.payload["channel"], effect.payload["user"]
    await tell_privately(world, channel, user, message, key=effect.key)


async def _duties(world: World, found: Sequence[OnCall]) -> list[OnDuty]:
    people = await _people(world, [each.user for each in found])
    duties: dict[tuple[str, int], OnDuty] = {}
    for each, person in zip(found, people, strict=True):
        before = duties.get((each.policy_id, each.level))
        duties[each.policy_id, each.level] = OnDuty(
            policy=each.policy_name,
            level=each.level,
            people=(*(before.people if before else ()), person),
            until=before.until if before else each.until,
            schedules=_joined(before.schedules if before else (), each.schedule),
        )
    return list(duties.values())


def _joined(names: Sequence[str], name: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, *((name,) if name else ()))))


def actor_of(tx: Tx, user: PagerUser) -> Actor:
    """The member who is that PagerDuty user, else what PagerDuty says of them."""
    known = tx.people.by_pagerduty(user.id) or tx.people.by_email(user.email)
    return known.actor if known else Actor(name=user.name, email=user.email or None)


def _remembered(
    known: Mapping[str, Any] | None, title: str, error: ProviderError, native: Sequence[OnDuty]
) -> Message:
    why = error.detail or error.reason.value
    if not known:
        note = f"PagerDuty does not say who is on call: {why}. Please ask again in a moment."
        return on_call_message(native, title=title, note=note)
    at = datetime.fromisoformat(str(known["at"]))
    note = (
        f"PagerDuty does not answer just now ({why}); this is what it said {at:%Y-%m-%d %H:%M} UTC."
    )
    return on_call_message([*native, *_from_value(known)], title=title, note=note)
