"""Which side effects follow from what: pure, and the only place that names keys, lanes and ranks.

Lanes of one incident: ``announce`` (the announcement and its edits), ``channel`` (creation), ``card`` (the card in
the channel and its edits), ``talk`` (messages in the channel), ``pager`` and ``ticket`` (strict order at the
vendor). Decoration has lanes of its own, so that a slow bookmark delays nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain import drill
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import Actor, EntryKind, Incident, PagerKind, Urgency

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.incident import Entry
    from bot.domain.lifecycle import EscalationTarget

#: PRODUCT.md, "Precisely": when PagerDuty has not taken the incident after this long, the native policy pages.
PAGER_GRACE = timedelta(minutes=2)

#: Entries that are news to the people in the channel (the others show on the card or were just typed there).
SILENT = {
    EntryKind.TRIGGERED,
    EntryKind.MESSAGE,
    EntryKind.ACTION_ITEM,  # an action item has a message of its own, edited in place
    EntryKind.ACTION_DONE,
    EntryKind.ACTION_REOPENED,
    EntryKind.ACTION_OWNER,
    EntryKind.ACTION_CHANGED,
    EntryKind.FOLLOW_UP,
    EntryKind.REMOVED,
    EntryKind.AUDIT,
    EntryKind.OTHER,
    EntryKind.ALERT,
    EntryKind.PAGER,  # a page has a message of its own, edited in place
}
#: Entries that are written on the GitHub issue as well.
ON_TICKET = {
    EntryKind.ACKNOWLEDGED,
    EntryKind.REASSIGNED,
    EntryKind.ESCALATED,
    EntryKind.RESPONDER_ADDED,
    EntryKind.RESOLVED,
    EntryKind.REOPENED,
    EntryKind.ANNOTATED,
    EntryKind.SEVERITY,
    EntryKind.STATUS_UPDATE,
    EntryKind.MERGED,
}


def actor_data(actor: Actor | None) -> dict[str, Any] | None:
    """An actor as JSON, without what is not known."""
    if actor is None:
        return None
    pairs = {
        "name": actor.name,
        "slack_id": actor.slack_id,
        "email": actor.email,
        "pagerduty_id": actor.pagerduty_id,
        "github": actor.github,
    }
    return {k: v for k, v in pairs.items() if v or k == "name"}


def actor_from(data: dict[str, Any] | None) -> Actor | None:
    """The reverse of ``actor_data``."""
    return Actor(**data) if data else None


def start(incident: Incident) -> tuple[Effect, ...]:
    """The steps of a new incident that depend on nothing: announcement, channel, pager, ticket."""
    effects = [*announce(incident)]
    if incident.opens_channel:
        effects += open_channel(incident)
        effects += open_page(incident)
        if incident.ticket is not None:
            effects.append(open_ticket(incident))
    return tuple(effects)


def ticket_key(incident: Incident) -> str:
    """Our key for the issue, which is its hidden marker.

    One that became private gets another issue, if any; so does one whose issue was deleted.
    """
    which = ":private" if incident.private and incident.places.private_since else ""
    if incident.places.lost_issue:
        which += f":after:{incident.places.lost_issue}"
    return f"{incident.name}/ticket/open{which}"


def open_ticket(incident: Incident) -> Effect:
    """Open its issue."""
    return replace(_ticket(incident, EffectKind.OPEN_TICKET, "open"), key=ticket_key(incident))


def retitle_page(incident: Incident, by: Actor | None) -> Effect:
    """The pager's title follows: of a private incident it says nothing."""
    return Effect(
        kind=EffectKind.CHANGE_PAGE,
        key=f"{incident.name}/page/title@{incident.version}",
        lane=f"{incident.name}/pager",
        incident=incident.number,
        payload={"verb": "title", "by": actor_data(by)},
        rank=Rank.PAGE,
        after=_opened_first(incident),
    )


def announce(incident: Incident) -> tuple[Effect, ...]:
    """The announcement card; a private incident has none, one listed in the storm's summary neither."""
    if incident.private or incident.places.listed:
        return ()
    high = incident.urgency is Urgency.HIGH and not incident.drill
    return (
        Effect(
            kind=EffectKind.ANNOUNCE,
            key=f"{incident.name}/announce",
            lane=f"{incident.name}/announce",
            incident=incident.number,
            rank=Rank.ANNOUNCE_HIGH if high else Rank.ANNOUNCE_LOW,
        ),
    )


def open_channel(incident: Incident) -> tuple[Effect, ...]:
    """Create the incident's channel, or use the one people chose; ``-2`` after one that is archived."""
    nth = "" if incident.places.previous_channel is None else f":{incident.places.previous_channel}"
    return (
        Effect(
            kind=EffectKind.ADOPT_CHANNEL if incident.places.adopts else EffectKind.CREATE_CHANNEL,
            key=f"{incident.name}/channel{nth}",
            lane=f"{incident.name}/channel",
            incident=incident.number,
            rank=Rank.CHANNEL,
        ),
    )


def page_key(incident: Incident) -> str:
    """Our key for the page, and PagerDuty's ``incident_key``.

    With the moment of declaring, because the numbers of another installation (or of a database that was started
    anew) begin at one again, and PagerDuty remembers keys for ever.
    """
    return f"{incident.name}/page/{incident.created_at:%Y%m%d%H%M%S%f}"


def open_page(incident: Incident) -> tuple[Effect, ...]:
    """Open it at the pager that is responsible, unless it came from there."""
    if incident.pager.kind is PagerKind.PAGERDUTY and incident.pager.id is None:
        page = Effect(
            kind=EffectKind.OPEN_PAGE,
            key=page_key(incident),
            lane=f"{incident.name}/pager",
            incident=incident.number,
            rank=Rank.PAGE,
        )
        if incident.pager.only:  # a policy would page others
            return (page,)
        return (
            page,
            page_natively(
                incident,
                level=1,
                why="pagerduty_unavailable",
                due=incident.created_at + PAGER_GRACE,
            ),
        )
    if incident.pager.kind is PagerKind.NATIVE:
        return (page_natively(incident, level=1, why="started"),)
    return ()


@dataclass(frozen=True, kw_only=True)
class PageWish:
    """What somebody wants of the native pager: ``person`` before the policy, ``policy`` instead of the incident's own.

    ``by`` wants it and wrote ``text``; ``aside``: beside whoever owns the incident.
    """

    person: Actor | None = None
    policy: str = ""
    by: Actor | None = None
    text: str = ""
    aside: bool = False

    def data(self) -> dict[str, Any]:
        """As JSON, without what is not wished (``bot.services.escalating`` reads it)."""
        people = {"person": actor_data(self.person), "by": actor_data(self.by)}
        wished = {**people, "policy": self.policy, "text": self.text, "aside": self.aside}
        return {name: value for name, value in wished.items() if value}


#: Nobody wished anything: the incident's own policy pages.
NO_WISH = PageWish()


def page_natively(
    incident: Incident,
    *,
    level: int,
    why: str,
    due: datetime | None = None,
    wish: PageWish = NO_WISH,
) -> Effect:
    """Have the native pager page for it; judged again when it is due."""
    moment = incident.updated_at if wish.aside else incident.status_changed_at
    stamp = f"{moment or incident.created_at:%Y%m%d%H%M%S%f}"
    whom = wish.policy or (wish.person.slack_id if wish.person else None) or ""
    aside = f"/{whom}" if wish.aside else ""
    return Effect(
        kind=EffectKind.PAGE_NATIVE,
        key=f"{incident.name}/native/{level}/{why}/{stamp}{aside}",
        lane=f"{incident.name}/native/{why}{aside}",
        incident=incident.number,
        payload={"level": level, "why": why, **wish.data()},
        rank=Rank.PAGE,
        due=due,
    )


def page_person(
    incident: Incident, person: Actor, why: str, by: Actor, text: str, *, aside: bool
) -> tuple[Effect, ...]:
    """Page one person natively (``aside``: beside whoever owns it), and invite them to the channel."""
    wish = PageWish(person=person, by=by, text=text, aside=aside)
    page = page_natively(incident, level=1, why=why, wish=wish)
    if not person.slack_id or not incident.places.channel:
        return (page,)
    return (page, *invite(incident, person.slack_id, f"{why}@{incident.version}"))


def channel_ready(incident: Incident) -> tuple[Effect, ...]:
    """What follows once the channel exists."""
    lane, number = incident.name, incident.number
    channel = incident.places.channel

    def step(kind: EffectKind, name: str, rank: int) -> Effect:
        return Effect(
            kind=kind,
            key=f"{lane}/{name}:{channel}",
            lane=f"{lane}/{name}",
            incident=number,
            rank=rank,
        )

    return (
        step(EffectKind.POST_CARD, "card", Rank.CARD),
        step(EffectKind.INVITE, "invite", Rank.CARD),
        *(
            [step(EffectKind.SET_PURPOSE, "purpose", Rank.DECORATION)]
            if incident.places.adopts != channel  # a channel with a purpose of its own keeps it
            else []
        ),
        topic(incident),
        *bookmarks(incident),
        *refresh(incident, card=False),
        *refresh_ticket(incident),
        *channel_note(incident),
    )


def topic(incident: Incident) -> Effect:
    """Keep the channel's topic equal to the state."""
    lane = f"{incident.name}/topic"
    return Effect(
        kind=EffectKind.SET_TOPIC,
        key=f"{lane}@{incident.version}:{incident.places.channel}",
        lane=lane,
        merge=lane,
        incident=incident.number,
        rank=Rank.DECORATION,
    )


def bookmarks(incident: Incident) -> tuple[Effect, ...]:
    """One bookmark per link that is known by now; the key keeps each from being made twice."""
    if incident.places.channel is None:
        return ()
    links = {
        "pager": incident.pager.url,
        "ticket": incident.ticket.url if incident.ticket else None,
        "announcement": incident.places.announcement_url,
    }
    return tuple(
        Effect(
            kind=EffectKind.ADD_BOOKMARK,
            key=f"{incident.name}/bookmark/{name}:{incident.places.channel}",
            lane=f"{incident.name}/bookmark",
            incident=incident.number,
            payload={"link": name},
            rank=Rank.DECORATION,
        )
        for name, url in links.items()
        if url
    )


def channel_note(incident: Incident) -> tuple[Effect, ...]:
    """Tell the pager which channel it is, once both exist."""
    places, pager = incident.places, incident.pager
    if places.channel is None or pager.kind is not PagerKind.PAGERDUTY or pager.id is None:
        return ()
    return (
        Effect(
            kind=EffectKind.NOTE_PAGE,
            key=f"{incident.name}/page-note/channel:{places.channel}",
            lane=f"{incident.name}/pager",
            incident=incident.number,
            payload={"text": "channel"},
        ),
    )


def refresh_ticket(incident: Incident) -> tuple[Effect, ...]:
    """Write the links of both sides into the issue's body, once it exists."""
    if incident.ticket is None or incident.ticket.number is None:
        return ()
    return (
        Effect(
            kind=EffectKind.REFRESH_TICKET,
            key=f"{incident.name}/ticket/body@{incident.version}",
            lane=f"{incident.name}/ticket",
            merge=f"{incident.name}/ticket/body",
            incident=incident.number,
            rank=Rank.DECORATION,
        ),
    )


def refresh(
    incident: Incident, *, card: bool = True, announcement: bool = True
) -> tuple[Effect, ...]:
    """Render the cards again from the state at send time; waiting refreshes are one."""
    effects = []
    if announcement and not incident.private:
        effects.append(_refresh(incident, EffectKind.REFRESH_ANNOUNCEMENT, "announce"))
    if card and (incident.opens_channel or incident.places.channel):
        effects.append(_refresh(incident, EffectKind.REFRESH_CARD, "card"))
    return tuple(effects)


def _refresh(incident: Incident, kind: EffectKind, lane: str) -> Effect:
    return Effect(
        kind=kind,
        key=f"{incident.name}/{lane}/refresh@{incident.version}",
        lane=f"{incident.name}/{lane}",
        merge=f"{incident.name}/{lane}/refresh",
        incident=incident.number,
        rank=Rank.REFRESH,
    )


def changed(
    incident: Incident,
    verb: str,
    by: Actor,
    *,
    to: Actor | None = None,
    target: EscalationTarget | None = None,
    text: str = "",
) -> tuple[Effect, ...]:
    """A change of state made here: cards at once, then the pager in the person's name, then the ticket."""
    effects = [*refresh(incident)]
    if incident.places.channel:
        effects.append(topic(incident))
    person = to or (target.person if target else None)
    if incident.pager.kind is PagerKind.PAGERDUTY:
        effects.append(_change_page(incident, verb, by, to=to, target=target, text=text))
        if person and person.slack_id:
            effects += tell_person(incident, person, verb, by, text)
    elif person is not None:
        if not person.is_same(by):
            why = "reassigned" if to else "escalated"
            effects += page_person(incident, person, why, by, text, aside=to is None)
    elif target is not None:
        wish = PageWish(policy=target.policy_name or "", by=by, text=text)
        level = target.level or 1
        effects.append(page_natively(incident, level=level, why="escalated", wish=wish))
    elif verb == "reopen" and incident.pager.kind is PagerKind.NATIVE:
        effects.append(page_natively(incident, level=1, why="reopened"))
    if incident.ticket is not None and verb in {"resolve", "reopen"}:
        effects.append(change_ticket(incident, verb))
    return tuple(effects)


def change_ticket(incident: Incident, verb: str) -> Effect:
    """Close the issue with a summary, or open it again."""
    return _ticket(incident, EffectKind.CHANGE_TICKET, f"{verb}@{incident.version}", verb=verb)


def tell_person(
    incident: Incident, person: Actor, verb: str, by: Actor, text: str
) -> tuple[Effect, ...]:
    """A direct message to whom it was handed, and an invitation to the channel."""
    payload = {"user": person.slack_id, "verb": verb, "by": actor_data(by), "text": text}
    direct = Effect(
        kind=EffectKind.SEND_DIRECT,
        key=f"{incident.name}/direct/{person.slack_id}@{incident.version}",
        lane=f"{incident.name}/direct/{person.slack_id}",
        incident=incident.number,
        payload=payload,
        rank=Rank.PAGE,
    )
    invite = Effect(
        kind=EffectKind.INVITE,
        key=f"{incident.name}/invite/{person.slack_id}@{incident.version}",
        lane=f"{incident.name}/invite",
        incident=incident.number,
        payload={"users": [person.slack_id]},
    )
    return (direct, invite) if incident.places.channel else (direct,)


def invite(incident: Incident, slack_id: str, once: str) -> tuple[Effect, ...]:
    """Invite one person."""
    return (
        Effect(
            kind=EffectKind.INVITE,
            key=f"{incident.name}/invite/{slack_id}/{once}",
            lane=f"{incident.name}/invite",
            incident=incident.number,
            payload={"users": [slack_id]},
        ),
    )


def invite_on_call(incident: Incident) -> Effect:
    """Invite whoever is on call, once the pager says who; a lane of its own, so that nobody else waits."""
    return Effect(
        kind=EffectKind.INVITE,
        key=f"{incident.name}/invite/on-call:{incident.places.channel}",
        lane=f"{incident.name}/invite/on-call",
        incident=incident.number,
        payload={"on_call": True},
    )


def publish_home(slack_id: str, now: datetime) -> Effect:
    """Publish Home for one person; waiting ones are one."""
    return Effect(
        kind=EffectKind.PUBLISH_HOME,
        key=f"home/{slack_id}/{now.isoformat()}",
        lane=f"home/{slack_id}",
        merge=f"home/{slack_id}",
        payload={"user": slack_id},
        rank=Rank.ANSWER,
    )


def _change_page(
    incident: Incident,
    verb: str,
    by: Actor,
    *,
    to: Actor | None,
    target: EscalationTarget | None,
    text: str,
) -> Effect:
    payload: dict[str, Any] = {
        "verb": verb,
        "by": actor_data(by),
        "text": "" if incident.private else text,
    }
    if to:
        payload["to"] = actor_data(to)
    if target:
        payload |= {
            "level": target.level,
            "policy_id": target.policy_id,
            "person": actor_data(target.person),
        }
    return Effect(
        kind=EffectKind.CHANGE_PAGE,
        key=f"{incident.name}/page/{verb}@{incident.version}",
        lane=f"{incident.name}/pager",
        incident=incident.number,
        payload=payload,
        rank=Rank.PAGE,
        after=_opened_first(incident),
    )


def ask_responder(incident: Incident, by: Actor, target: EscalationTarget, text: str) -> Effect:
    """Ask one more person, or whoever a policy reaches, to join at the pager."""
    asked = _change_page(incident, "escalate", by, to=None, target=target, text=text)
    return replace(asked, payload={**asked.payload, "responder": True})


def priority_later(incident: Incident) -> Effect:
    """The page was opened without the priority it should have, so as not to make it wait: set it now."""
    return Effect(
        kind=EffectKind.CHANGE_PAGE,
        key=f"{incident.name}/page/priority-later",
        lane=f"{incident.name}/pager",
        incident=incident.number,
        payload={"verb": "priority", "if_known": True},
    )


def noted(incident: Incident, text: str, by: Actor) -> tuple[Effect, ...]:
    """A note made here goes to the pager as well."""
    if incident.pager.kind is not PagerKind.PAGERDUTY or incident.private:
        return refresh(incident)  # what is said about a private incident stays in its channel
    note = Effect(
        kind=EffectKind.NOTE_PAGE,
        key=f"{incident.name}/page-note@{incident.version}",
        lane=f"{incident.name}/pager",
        incident=incident.number,
        payload={"text": "note", "note": text, "by": actor_data(by)},
        after=_opened_first(incident),
    )
    return (*refresh(incident), note)


def edited(incident: Incident, kind: EntryKind, by: Actor) -> tuple[Effect, ...]:
    """A field was edited here: cards, topic, ticket body, and the priority at the pager."""
    effects = [*refresh(incident), *refresh_ticket(incident)]
    if incident.places.channel:
        effects.append(topic(incident))
    if kind is EntryKind.SEVERITY and incident.pager.kind is PagerKind.PAGERDUTY:
        effects.append(_change_page(incident, "priority", by, to=None, target=None, text=""))
    return tuple(effects)


def entry_effects(incident: Incident, entry: Entry) -> tuple[Effect, ...]:
    """A saved timeline entry shows in the channel (or thread) and on the ticket."""
    effects = []
    listening = incident.places.card_ts or incident.places.in_thread
    if listening and entry.kind not in SILENT:
        effects.append(
            Effect(
                kind=EffectKind.POST_ENTRY,
                key=f"{incident.name}/entry/{entry.id}",
                lane=f"{incident.name}/talk",
                incident=incident.number,
                payload={"entry": entry.id},
            )
        )
    if incident.ticket is not None and incident.opens_channel and entry.kind in ON_TICKET:
        effects.append(
            _ticket(incident, EffectKind.COMMENT_TICKET, f"entry/{entry.id}", entry=entry.id)
        )
    return (*effects, *drill.heard(incident, entry))


def _opened_first(incident: Incident) -> str | None:
    """What is done to a page waits until it is open (and, when that failed, for its Retry)."""
    return page_key(incident) if incident.pager.id is None else None


def _ticket(incident: Incident, kind: EffectKind, name: str, **payload: Any) -> Effect:
    """Everything about the issue waits until it is open (and, when that failed, for its Retry)."""
    exists = incident.ticket is not None and incident.ticket.number is not None
    first = kind is EffectKind.OPEN_TICKET
    return Effect(
        kind=kind,
        key=f"{incident.name}/ticket/{name}",
        lane=f"{incident.name}/ticket",
        incident=incident.number,
        payload=payload,
        rank=Rank.FOLLOW,
        after=None if first or exists else ticket_key(incident),
    )


def read_page(page_id: str, *, why: str, due: datetime | None = None) -> Effect:
    """Read a page again at the vendor; waiting ones are one."""
    return Effect(
        kind=EffectKind.READ_PAGE,
        key=f"read/{page_id}/{why}",
        lane=f"page/{page_id}",
        merge=f"read/{page_id}",
        payload={"page": page_id},
        rank=Rank.INBOUND,
        due=due,
    )


def bot_acted(incident: Incident, by: Actor, verb: str, effect_id: int) -> Effect:
    """PagerDuty is told who it was when the bot acted for somebody without an account."""
    return Effect(
        kind=EffectKind.NOTE_PAGE,
        key=f"{incident.name}/page-note/acted:{effect_id}",
        lane=f"{incident.name}/pager",
        incident=incident.number,
        payload={"text": "acted", "verb": verb, "who": by.name},
    )
