"""The incident's channel: creation that never fails for its name, topic, purpose, bookmarks, invitations."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from bot.domain import plan
from bot.errors import ProviderError, Reason
from bot.services import steps
from bot.services.naming import channel_name

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from bot.ports import Channel
    from bot.store.effects import Claimed
    from bot.worker.world import Settle, World

log = structlog.get_logger()

#: Slack's answers that mean "no channels for this app here"; the incident then runs in a thread.
REFUSALS = {
    "restricted_action",
    "user_is_restricted",
    "no_permission",
    "team_access_not_granted",
    "not_allowed",
}
COLLISIONS = 5
OLDER = timedelta(minutes=2)


async def create(world: World, effect: Claimed) -> Settle | None:
    """Create the channel under its reserved name, with a suffix when Slack knows that name already.

    A retaken effect that meets its own channel takes it: same name, made by us, since the first attempt.
    """
    incident = await world.load(effect.incident)
    if incident.places.channel and incident.places.channel != incident.places.previous_channel:
        return None
    try:
        channel = await _create(world, effect, incident)
    except ProviderError as error:
        if error.code in REFUSALS or (
            error.code == "missing_scope" and error.reason is Reason.INVALID
        ):
            code = error.code  # the name is gone when the settlement runs
            return lambda tx: steps.channel_refused(tx, incident.number, code)
        raise
    return lambda tx: steps.channel_created(tx, incident.number, channel)


async def adopt(world: World, effect: Claimed) -> Settle | None:
    """Use the channel people chose: join it. Where that cannot be, the incident gets one of its own and says why."""
    incident = await world.load(effect.incident)
    chosen = incident.places.adopts
    if incident.places.channel or chosen is None:
        return None
    try:
        found = await world.chat.channel_info(chosen)
        why = _unfit(found)
        if not why and not found.is_member:
            await world.chat.join(chosen)
    except ProviderError as error:
        if error.reason not in {Reason.INVALID, Reason.NOT_FOUND, Reason.CONFLICT}:
            raise
        why = f"Slack does not let me in ({error.code})"
    if why:
        words = why
        return lambda tx: steps.adoption_refused(tx, incident.number, words)
    return lambda tx: steps.channel_adopted(tx, incident.number, found)


def _unfit(channel: Channel) -> str:
    if channel.is_private:
        return "it is private"
    if channel.is_general:
        return "everybody in the workspace is in it"
    return "it is archived" if channel.is_archived else ""


async def _create(world: World, effect: Claimed, incident: Incident) -> Channel:
    name = incident.places.channel_name or channel_name(world.catalog.channel_name, incident)
    for nth in range(1, COLLISIONS + 1):
        wanted = name if nth == 1 else f"{name[:74]}-{nth}"
        try:
            return await world.chat.create_channel(wanted, private=incident.private)
        except ProviderError as error:
            if error.code.startswith("invalid_name"):
                name = _plain_name(incident)
                continue
            if error.code != "name_taken":
                raise
        if effect.attempt > 1:
            found = await world.chat.find_channel(wanted)
            if found is not None and _ours(world, effect, incident, found):
                return found
    return await world.chat.create_channel(
        f"{_plain_name(incident)}-{effect.id}-{effect.attempt}", private=incident.private
    )


def _plain_name(incident: Incident) -> str:
    """A name of what cannot be refused."""
    return f"{'drill' if incident.drill else 'incident'}-{incident.number}"


def _ours(world: World, effect: Claimed, incident: Incident, found: Channel) -> bool:
    if found.is_private is not incident.private or found.id == incident.places.previous_channel:
        return False  # the one it has just left may be as young
    if found.is_archived or (world.bot_user and found.creator and found.creator != world.bot_user):
        return False
    return found.created is None or found.created >= effect.first_tried_at - OLDER


async def set_topic(world: World, effect: Claimed) -> Settle | None:
    """Keep the topic equal to severity, status, owner and roles."""
    incident = await world.load(effect.incident)
    words = topic(incident)
    if incident.places.channel is None or words == incident.places.topic:
        return None  # Slack tells the whole channel of every topic, also of the same one
    if effect.attempt > 1:
        now = await world.chat.channel_info(incident.places.channel)
        if html.unescape(now.topic) == words:
            return lambda tx: steps.topic_set(tx, incident.number, words)
    await _fine_when_archived(world.chat.set_topic(incident.places.channel, words))
    return lambda tx: steps.topic_set(tx, incident.number, words)


def topic(incident: Incident) -> str:
    """``SEV2 · acknowledged · owner: Ana · commander: Ben``, plain text of at most 250 characters."""
    owner = incident.owner.name if incident.owner else "nobody yet"
    parts = ["DRILL"] if incident.drill else []
    parts += [incident.severity or "no severity", incident.status.value, f"owner: {owner}"]
    parts += [f"{role}: {holder.name}" for role, holder in incident.roles.items()]
    return _calling_nobody(" · ".join(parts))[:250]


def _calling_nobody(words: str) -> str:
    """Slack repeats topic and purpose in the channel as they are: ``<!channel>`` must mean nothing there."""
    return re.sub(r"<(?=[!@#])", "\u2039", words)


async def set_purpose(world: World, effect: Claimed) -> Settle | None:
    """Say what the channel is for; a retaken effect looks whether it does (Slack tells the channel each time)."""
    incident = await world.load(effect.incident)
    channel, words = (
        incident.places.channel,
        _calling_nobody(f"{incident.name}: {incident.title}")[:250],
    )
    if channel is None:
        return None
    if effect.attempt > 1:
        now = await world.chat.channel_info(channel)
        if html.unescape(now.purpose) == words:
            return None
    await _fine_when_archived(world.chat.set_purpose(channel, words))
    return None


async def _fine_when_archived(call: object) -> None:
    try:
        await call  # type: ignore[misc]
    except ProviderError as error:
        if error.code != "is_archived":
            raise


async def add_bookmark(world: World, effect: Claimed) -> Settle | None:
    """One link in the bookmark bar; a retaken effect looks whether it is there."""
    incident = await world.load(effect.incident)
    channel = incident.places.channel
    which = {
        "pager": ("PagerDuty", incident.pager.url, ":rotating_light:"),
        "ticket": ("GitHub issue", incident.ticket.url if incident.ticket else None, ":memo:"),
        "announcement": ("Announcement", incident.places.announcement_url, ":mega:"),
    }
    title, link, emoji = which[effect.payload["link"]]
    if channel is None or not link:
        return None
    if effect.attempt > 1 and title in await world.chat.bookmarks(channel):
        return None
    await _fine_when_archived(world.chat.add_bookmark(channel, title, link, emoji=emoji))
    return None


async def invite(world: World, effect: Claimed) -> Settle | None:
    """Invite the reporter, whoever is on call or owns it, and the service's owners (or those named).

    While PagerDuty does not say who is on call, the others are in already; that part is tried again on its own.
    """
    incident = await world.load(effect.incident)
    channel = incident.places.channel
    if channel is None:
        return None
    users: list[str] = effect.payload.get("users") or []
    unknown = False
    if effect.payload.get("on_call"):
        users = await _on_call(world, incident)
    elif effect.payload.get("merged"):
        users = [*users, *await _members(world, effect.payload.get("from_channel"))]
    elif not users:
        users, unknown = await _everybody(world, incident)
    users = [u for u in dict.fromkeys(users) if u != world.bot_user]
    if users:
        await world.chat.invite(channel, users)
    return (lambda tx: tx.emit([plan.invite_on_call(incident)])) if unknown else None


async def _everybody(world: World, incident: Incident) -> tuple[list[str], bool]:
    """Whoever it concerns, and whether PagerDuty did not say who is on call.

    A drill that pages nobody else disturbs nobody else.
    """
    drill = await world.drills.of(incident)
    if drill is not None and not drill.pages:
        return list(drill.invited), False
    users = [*await world.people.concerned(incident), *(drill.invited if drill else ())]
    try:
        return [*users, *await _on_call(world, incident)], False
    except ProviderError as error:
        log.warning("on_call.unknown", reason=error.reason.value)
        return users, True


async def _members(world: World, channel: str | None) -> list[str]:
    """Who is in the merged incident's channel; one that is gone has nobody in it."""
    if channel is None:
        return []
    try:
        return list(await world.chat.channel_members(channel))
    except ProviderError as error:
        if error.reason not in {Reason.NOT_FOUND, Reason.INVALID, Reason.CONFLICT}:
            raise
        return []


async def _on_call(world: World, incident: Incident) -> list[str]:
    """Who is on call; a key PagerDuty refuses is no reason to stop Slack, whose step this is."""
    try:
        return await world.people.on_call(incident, world.on_calls(incident))
    except ProviderError as error:
        lasting = error.reason in {Reason.INVALID, Reason.NOT_FOUND, Reason.CONFLICT}
        reason = error.reason if lasting else Reason.UNAVAILABLE
        detail = f"PagerDuty does not say who is on call: {error.detail}"
        raise ProviderError(error.provider, reason, detail, code=error.code) from None
