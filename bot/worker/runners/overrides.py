"""Who stands in at PagerDuty: asked about each schedule, answered either way; the last answer is remembered."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from blocks import notices
from blocks.standing_in import override_list
from bot.domain.roster_views import AtPager, StandIn
from bot.errors import ProviderError, Reason
from bot.ports import PagerUser
from bot.worker.runners.oncall import actor_of
from bot.worker.runners.talk import tell_privately

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.ports import Message, Pager
    from bot.ports_pager import Override
    from bot.store.effects import Claimed
    from bot.store.tx import Tx
    from bot.worker.world import Settle, World

#: What was made from here, by schedule: of what has begun PagerDuty tells no id.
MADE: Final = "pagerduty.overrides:made"
ALL: Final = "all"
#: So far ahead PagerDuty is asked.
AHEAD: Final = timedelta(days=90)
#: So many schedules are asked about at once, and all of them together have so many seconds.
AT_ONCE: Final = 5
SECONDS: Final = 10.0
WHERE: Final = " at PagerDuty"


async def show(world: World, effect: Claimed) -> Settle | None:
    """Ask PagerDuty and answer privately; when it does not answer, the last known answer with its age."""
    payload, now = effect.payload, world.work.clock.now()
    schedules = [(str(own), str(name)) for own, name in payload["schedules"]]
    name = _remembered_as(schedules, payload["hidden"])
    found, errors = await _read(world, schedules, now)
    notes = [f"{payload['hidden']:,} more schedules: name one behind /incident oncall overrides."]
    notes = notes if payload["hidden"] else []
    if errors and len(errors) == len(schedules):
        await _answer(world, effect, await _last_known(world, name, errors, notes, now))
        return None
    told = "; ".join(f"{name} ({why})" for name, why in errors.items())
    notes += [f"PagerDuty did not say who stands in in {told}."] if errors else []
    value = {"at": now.isoformat(), "overrides": found}
    await _answer(world, effect, await _listed(world, value, notes, now))
    return None if errors else lambda tx: tx.set_value(name, value)


async def _read(
    world: World, schedules: Sequence[tuple[str, str]], now: datetime
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """What PagerDuty says of each schedule, and by name why it does not."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(pager: Pager, schedule: str) -> Sequence[Override]:
        async with gate:
            return await pager.overrides(schedule, now, now + AHEAD)

    try:
        pager = world.the_pager()
        async with asyncio.timeout(SECONDS):
            answers = await asyncio.gather(
                *(one(pager, own) for own, _ in schedules), return_exceptions=True
            )
    except (ProviderError, TimeoutError) as error:
        answers = [error] * len(schedules)
    found: list[dict[str, Any]] = []
    errors: dict[str, str] = {}
    for (own, name), answer in zip(schedules, answers, strict=True):
        if isinstance(answer, ProviderError):
            gone = answer.reason is Reason.NOT_FOUND
            errors[name] = "it is not there" if gone else answer.detail or answer.reason.value
        elif isinstance(answer, TimeoutError):
            errors[name] = "no answer in time"
        elif isinstance(answer, BaseException):
            raise answer
        else:
            found += [_value(own, name, each) for each in answer if each.until > now]
    return found, errors


def _value(schedule: str, name: str, one: Override) -> dict[str, Any]:
    return {
        "schedule": schedule,
        "name": name,
        "id": one.id,
        "user": {"id": one.user.id, "name": one.user.name, "email": one.user.email},
        "since": one.since.isoformat(),
        "until": one.until.isoformat(),
    }


async def _last_known(
    world: World, name: str, errors: Mapping[str, str], notes: Sequence[str], now: datetime
) -> Message:
    why = next(iter(errors.values()))
    known = await world.work.read(lambda tx: tx.value(name))
    if not known:
        note = f"PagerDuty does not say who stands in: {why}. Please ask again in a moment."
        return notices.said(note)
    at = datetime.fromisoformat(str(known["at"]))
    note = (
        f"PagerDuty does not answer just now ({why}); this is what it said {at:%Y-%m-%d %H:%M} UTC."
    )
    return await _listed(world, known, [note, *notes], now)


async def _listed(
    world: World, known: Mapping[str, Any], notes: Sequence[str], now: datetime
) -> Message:
    def look(tx: Tx) -> list[StandIn]:
        ids = {_mark(each): str(each["id"]) for each in (tx.value(MADE) or {}).get("made", ())}
        shown = (_stand_in(tx, each, ids) for each in known["overrides"])
        return sorted((one for one in shown if one.until > now), key=lambda one: one.since)

    horizon = f"As far as PagerDuty was asked: {AHEAD.days} days ahead."
    return override_list(await world.work.read(look), where=WHERE, notes=[*notes, horizon])


def _stand_in(tx: Tx, value: Mapping[str, Any], ids: Mapping[tuple[str, ...], str]) -> StandIn:
    user = PagerUser(**value["user"])
    place = AtPager(
        schedule=value["schedule"], id=value["id"] or ids.get(_mark(value), ""), user=user.id
    )
    since, until = (datetime.fromisoformat(value[at]) for at in ("since", "until"))
    person = actor_of(tx, user)
    return StandIn(
        id=0, roster=value["name"], person=person, instead=(), since=since, until=until,
        at_pager=place,
    )  # fmt: skip


def _mark(value: Mapping[str, Any]) -> tuple[str, ...]:
    """By what an override is known again when its id is not told."""
    user = str(value["user"]["id"])
    return str(value["schedule"]), user, str(value["since"]), str(value["until"])


async def _answer(world: World, effect: Claimed, message: Message) -> None:
    channel, user = effect.payload["channel"], effect.payload["user"]
    await tell_privately(world, channel, user, message, key=effect.key)


def _remembered_as(schedules: Sequence[tuple[str, str]], hidden: int) -> str:
    alone = len(schedules) == 1 and not hidden
    return f"pagerduty.overrides:{schedules[0][0] if alone else ALL}"


# --- what is remembered ----------------------------------------------------------------------------------------


def keep_id(tx: Tx, schedule: str, made: Override) -> None:
    """Remember the id of an override that was made from here, as long as it could be removed by it."""
    known = (tx.value_to_change(MADE) or {}).get("made", ())
    live = [each for each in known if datetime.fromisoformat(each["until"]) > tx.now]
    tx.set_value(MADE, {"made": [*live, _value(schedule, "", made)]})


def forget(tx: Tx, schedule: str) -> None:
    """Something was changed there: the last known answers are wrong now."""
    for name in (ALL, schedule):
        tx.set_value(f"pagerduty.overrides:{name}", None)
