"""Who is on call at PagerDuty: asked once, answered either way, remembered for when it does not answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from blocks.oncall import OnDuty, on_call_message
from bot.domain.plan import actor_data, actor_from
from bot.errors import ProviderError
from bot.worker.runners.talk import tell_privately

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.incident import Actor
    from bot.ports import Message, OnCall
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World


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
    kept = {
        "at": world.work.clock.now().isoformat(),
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
    await _answer(world, effect, on_call_message(duties, title=title))
    return lambda tx: tx.set_value(name, kept)


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
    duties = [
        OnDuty(
            policy=str(each["policy"]),
            level=int(each["level"]),
            people=[a for a in map(actor_from, each["people"]) if a],
            until=datetime.fromisoformat(each["until"]) if each["until"] else None,
        )
        for each in known["duties"]
    ]
    at = datetime.fromisoformat(str(known["at"]))
    note = (
        f"PagerDuty does not answer just now ({why}); this is what it said {at:%Y-%m-%d %H:%M} UTC."
    )
    return on_call_message(duties, title=title, note=note)
