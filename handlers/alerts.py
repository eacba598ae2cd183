"""Alerts: the buttons of their cards, the forms, ``/incident alerts``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from blocks import alerts, notices, text
from blocks.forms import attach_alerts, silence_alerts
from blocks.ids import ActionId, AlertsButton, AlertsIncidentButton, CallbackId
from handlers.command import Command

if TYPE_CHECKING:
    from handlers.turn import Handler, Turn


async def show_alerts(turn: Turn, rest: str) -> None:
    """``alerts [all|<service>|<words>]``; alone in an incident's channel those of that incident."""
    words = text.plain(rest).strip()
    here = await turn.desk.incidents.in_channel(turn.channel) if turn.channel else None
    if not words and here is not None:
        views = await turn.desk.alerts.of_incident(here.number)
        title, total = f"Alerts of {here.name}", len(views)
    elif words.casefold() in {"", "firing"}:
        views, total = await turn.desk.alerts.listed("")
        title = "Firing alerts"
    elif words.casefold() == "all":
        views, total = await turn.desk.alerts.listed("", firing=False)
        title = "All alerts"
    else:
        service = turn.desk.catalog.service(words)
        views, total = await turn.desk.alerts.listed(service.id if service else words)
        title = f"Firing alerts: {service.title if service else words}"
    await turn.say(alerts.alert_list(views, total=total, title=title))


def _group(turn: Turn) -> int:
    return AlertsButton.decode(turn.action.get("value")).group


async def open_incident(turn: Turn) -> None:
    """Declare an incident with everything the alerts say."""
    opened = await turn.desk.alerts.open_incident(_group(turn), by=turn.user, once=turn.once)
    if opened.again:
        await turn.incident(opened.incident.number)
    await turn.say(notices.declared(opened.incident, again=opened.again))
    if turn.view.get("type") == "home":
        await turn.desk.open_home(turn.user.id)


async def ask_attach(turn: Turn) -> None:
    """Which incident do they belong to?"""
    await turn.open(attach_alerts.build(await turn.desk.alerts.view(_group(turn))))


async def submit_attach(turn: Turn) -> None:
    """Attach them."""
    form = attach_alerts.parse(turn.view)
    await _attach(turn, form.group, form.number)


async def attach_to(turn: Turn) -> None:
    """Attach them to the incident that looks the same."""
    target = AlertsIncidentButton.decode(turn.action.get("value"))
    await _attach(turn, target.group, target.number)


async def _attach(turn: Turn, group: int, number: int) -> None:
    await turn.incident(number)
    after = await turn.desk.alerts.attach(group, number, by=turn.user, once=turn.once)
    if turn.kind == "view":
        await turn.done()
        await turn.desk.open_home(turn.user.id)  # it may have been asked for on Home
    else:
        await turn.say(notices.said(f"The alerts belong to {after.name} now.", about=after))


async def take_ownership(turn: Turn) -> None:
    """The incident is mine."""
    incident = await turn.target()
    after = await turn.desk.alerts.take_ownership(incident.number, by=turn.user, once=turn.once)
    await turn.say(notices.said(f"{after.name} is yours now.", about=after))


async def acknowledge(turn: Turn) -> None:
    """I look at these alerts: nobody else is paged."""
    await turn.desk.alerts.acknowledge(_group(turn), by=turn.user, once=turn.once)
    await turn.say(notices.said("Acknowledged: nobody else is paged for these alerts."))


async def ask_silence(turn: Turn) -> None:
    """For how long?"""
    await turn.open(silence_alerts.build(await turn.desk.alerts.view(_group(turn))))


async def submit_silence(turn: Turn) -> None:
    """Silence them."""
    form = silence_alerts.parse(turn.view)
    await turn.desk.alerts.silence(form.group, form.span, by=turn.user, once=turn.once)


async def unsilence(turn: Turn) -> None:
    """Hear of them again."""
    await turn.desk.alerts.silence(_group(turn), None, by=turn.user, once=turn.once)
    await turn.done()


COMMANDS: dict[str, Command] = {
    "alerts": Command(
        "alerts [all|<service>|<words>]", "alerts that fire, and what can be done", show_alerts
    ),
}
ACTIONS: dict[ActionId, Handler] = {
    ActionId.ALERTS_OPEN: open_incident,
    ActionId.ALERTS_ATTACH: ask_attach,
    ActionId.ALERTS_ATTACH_TO: attach_to,
    ActionId.ALERTS_ACKNOWLEDGE: acknowledge,
    ActionId.ALERTS_SILENCE: ask_silence,
    ActionId.ALERTS_UNSILENCE: unsilence,
    ActionId.TAKE_OWNERSHIP: take_ownership,
}
VIEWS: dict[CallbackId, Handler] = {
    CallbackId.ATTACH_ALERTS: submit_attach,
    CallbackId.SILENCE_ALERTS: submit_silence,
}
