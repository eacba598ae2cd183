"""Who is on call at PagerDuty: asked once, answered either way, remembered for when it does not answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from blocks.home import Duty
from blocks.oncall import OnDuty, on_call_message
from bot.domain.plan import actor_data, actor_from
from bot.errors import ProviderError
from bot.services.asking import native_duty
from bot.worker.runners.talk import tell_privately

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.incident import Actor
    from bot.ports import Message, OnCall
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


log = structlog.get_logger()

#: Under this name what PagerDuty said of everybody is remembered, and for Home it is good for so long.
EVERYBODY = "pagerduty.on_call:all"
FRESH = timedelta(minutes=5)


async def show(world: World, effect: Claimed) -> Settle | None:
    """Ask PagerDuty and answer privately; when it does not answer, the last known answer with its age."""
    payload = effect.payload
    name = f"pagerduty.on_call:{payload['service_id'] or 'all'}"
    title = payload["title"]
    try:
        found = await world.the_pager().on_call(payload["service_id"])
    except ProviderError as error:
        known = await world.work.read(lambda tx: tx.value(name))
        await _answer(world, effect, _remembered(known, title, error))
        return None
    duties = await _duties(world, found)
    kept = _value(duties, world.work.clock.now())
    await _answer(world, effect, on_call_message(duties, title=title))
    return lambda tx: tx.set_value(name, kept)


async def for_home(world: World) -> list[Duty]:
    """Level 1 of every policy, the native ones first; PagerDuty is asked every few minutes at most.

    While it does not answer, what it said last is shown: Home is no place to wait.
    """
    policies = [policy for policy in world.catalog.policies.values() if policy.levels]

    def look(tx: Tx) -> list[Duty]:
        found = (native_duty(tx, world.catalog, policy, 1) for policy in policies)
        return [Duty(label=d.policy, people=d.people, until=d.until) for d in found]

    native = await world.work.read(look)
    if world.pager is None:
        return native
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
    first = [duty for duty in _from_value(known) if duty.level == 1]
    return [*native, *(Duty(label=d.policy, people=tuple(d.people), until=d.until) for d in first)]


def _value(duties: Sequence[OnDuty], at: datetime) -> dict[str, Any]:
    return {
        "at": at.isoformat(),
        "duties": [
            {
                "policy": duty.policy,
                "level": duty.level,
                "people": [actor_data(person) for person in duty.people],
                "until": duty.until.isoformat() if duty.until else None,
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
        )
        for each in (known or {}).get("duties", ())
    ]


async def _answer(world: World, effect: Claimed, message: Message) -> None:
    channel, user = effect.payload["channel"], effect.payload["user"]
    await tell_privately(world, channel, user, message, key=effect.key)


async def _duties(world: World, found: Sequence[OnCall]) -> list[OnDuty]:
    def look(tx: Tx) -> list[Actor]:
        return [_actor(tx, each) for each in found]

    people = await world.work.read(look)
    duties: dict[tuple[str, int], OnDuty] = {}
    for each, person in zip(found, people, strict=True):
        before = duties.get((each.policy_id, each.level))
        duties[each.policy_id, each.level] = OnDuty(
            policy=each.policy_name,
            level=each.level,
            people=(*(before.people if before else ()), person),
            until=before.until if before else each.until,
        )
    return list(duties.values())


def _actor(tx: Tx, entry: OnCall) -> Actor:
    known = tx.people.by_pagerduty(entry.user.id) or tx.people.by_email(entry.user.email)
    return known.actor if known else _stranger(entry)


def _stranger(entry: OnCall) -> Actor:
    found = actor_from({"name": entry.user.name, "email": entry.user.email})
    assert found is not None  # noqa: S101 - a name was given
    return found


def _remembered(known: Mapping[str, Any] | None, title: str, error: ProviderError) -> Message:
    why = error.detail or error.reason.value
    if not known:
        note = f"PagerDuty does not say who is on call: {why}. Please ask again in a moment."
        return on_call_message([], title=title, note=note)
    at = datetime.fromisoformat(str(known["at"]))
    note = (
        f"PagerDuty does not answer just now ({why}); this is what it said {at:%Y-%m-%d %H:%M} UTC."
    )
    return on_call_message(_from_value(known), title=title, note=note)
