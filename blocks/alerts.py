"""Alerts as people see them: one card per group, edited in place; lists; the page; the summary of a storm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId, AlertsButton, AlertsIncidentButton, BlockId, IncidentButton
from bot.domain.alerts import AlertStatus

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from slack_sdk.models.blocks import Block, ButtonElement

    from bot.domain.alert_groups import Beside, Counts, Group, GroupView
    from bot.domain.alert_state import Stored
    from bot.domain.incident import Incident
    from bot.ports import Message

SEVERITY_EMOJI: Final = {
    "critical": "🔴",
    "high": "🟠",
    "warning": "🟡",
    "low": "⚪",
    "info": "🔵",
}
STATUS_EMOJI: Final = {
    AlertStatus.FIRING: "🔥",
    AlertStatus.NO_DATA: "❔",
    AlertStatus.ACKNOWLEDGED: "👀",
    AlertStatus.RESOLVED: "✅",
}
#: Labels that say where something is, the first of them that an alert has are shown.
WHERE: Final = (
    "instance",
    "host",
    "pod",
    "node",
    "entity",
    "environment",
    "env",
    "region",
    "cluster",
)
SHOWN_LABELS: Final = 3
MAX_ALERTS: Final = 8
MAX_SIMILAR: Final = 2
MAX_BESIDE: Final = 3


@dataclass(frozen=True, kw_only=True)
class Storm:
    """What the summary of a storm tells: how many groups it lists, the most frequent of them, what still waits."""

    began: datetime
    groups: int
    firing: int
    top: tuple[tuple[str, int], ...] = ()  # a service or title, and how many groups
    waiting: int = 0


def card(view: GroupView, now: datetime) -> Message:
    """The whole card of a group."""
    group, counts = view.group, view.counts
    blocks: list[Block] = [
        kit.header(headline(view), BlockId.HEADER),
        kit.facts(_facts(view), BlockId.FACTS),
        *kit.paragraphs(_alert_lines(view)),
        *_answer(view, now),
    ]
    if view.beside:
        blocks.append(kit.context(_beside(view.beside)))
    notes = _notes(view, now)
    if notes:
        blocks.append(kit.context(" · ".join(notes)))
    buttons = _buttons(view, now)
    if buttons:
        blocks.append(kit.actions(buttons, BlockId.ACTIONS))
    return kit.message(f"{_emoji(counts)} {_spoken(group, counts)}", blocks)


def headline(view: GroupView) -> str:
    """``🔴 QueueTooLong (3)``; a group that is over has a check mark."""
    start = f"{_emoji(view.counts, view.group.severity)} "
    end = f" ({view.counts.total:,})" if view.counts.total > 1 else ""
    room = kit.HEADER_LIMIT - text.size(start) - text.size(end)
    return f"{start}{text.one_line(view.group.title, room)}{end}"


def _emoji(counts: Counts, was: str | None = None) -> str:
    if not counts.open:
        return "✅"
    return SEVERITY_EMOJI.get(counts.severity or was or "", "🔔")


def state_words(counts: Counts) -> str:
    """``🔥 2 firing, 1 resolved``: every status with its number."""
    if not counts.total:
        return "no alerts"
    told = [
        f"{counts.by_status[status]:,} {status.value.replace('_', ' ')}"
        for status in STATUS_EMOJI
        if counts.by_status.get(status)
    ]
    first = next(status for status in STATUS_EMOJI if counts.by_status.get(status))
    return f"{STATUS_EMOJI[first]} {', '.join(told)}"


def _spoken(group: Group, counts: Counts) -> str:
    parts = [f"{text.inline(group.title, 300)}: {state_words(counts)}"]
    if counts.severity:
        parts.append(text.inline(counts.severity, 40))
    if group.service:
        parts.append(f"Service: {text.inline(group.service, 120)}")
    return " · ".join(parts)


def _facts(view: GroupView) -> list[str]:
    group, counts = view.group, view.counts
    severity = counts.severity or group.severity
    service = text.inline(group.service, 120) if group.service else "none"
    return [
        f"*Status:* {state_words(counts)}",
        f"*Severity:* {text.inline(severity, 40) if severity else 'not set'}",
        f"*Service:* {service}",
        f"*Source:* {text.inline(group.source, 80)}",
        f"*Since:* {text.date(group.opened_at)}",
        f"*Last news:* {text.date(group.last_at)}",
    ]


def _alert_lines(view: GroupView) -> list[str]:
    shown = view.alerts[:MAX_ALERTS]
    lines = [_alert_line(each, view.group) for each in shown]
    first = next(
        (each.alert.description for each in shown if text.shows(each.alert.description)), ""
    )
    if first:
        lines.append(text.quote(first, 600))
    hidden = view.counts.total - len(shown)
    if hidden > 0 and shown:
        lines.append(f"and {hidden:,} more")
    return lines


def _alert_line(stored: Stored, group: Group) -> str:
    alert = stored.alert
    places = [f"{name} {alert.labels[name]}" for name in WHERE if alert.labels.get(name)]
    what = alert.title if alert.title != group.title or not places else ""
    words = " · ".join([each for each in (what, *places[:SHOWN_LABELS]) if each])
    name = text.link(alert.url, text.truncate(words, 150)) if alert.url else text.inline(words, 200)
    when = alert.ended_at or stored.changed_at
    since = f"until {text.date(when)}" if not alert.is_open else f"since {text.date(stored.since)}"
    severity = f" · {text.inline(alert.severity, 40)}" if alert.severity else ""
    return f"{STATUS_EMOJI[alert.status]} {name}{severity} · {since}"


def _answer(view: GroupView, now: datetime) -> list[Block]:
    """Is there already an incident for this?"""
    del now
    if view.incident is not None:
        return [kit.section(_incident_words(view.incident))]
    blocks: list[Block] = []
    alike = {each.number: each for each in view.similar if not each.private}
    known = list(alike.values())[:MAX_SIMILAR]
    for incident in known:
        target = AlertsIncidentButton(group=view.group.id, number=incident.number)
        attach = kit.button(f"Attach to {incident.name}", ActionId.ALERTS_ATTACH_TO, target)
        line = f"📣 {kit.home_link(incident)} looks the same: *{text.inline(incident.title, 200)}*"
        blocks.append(kit.section(line, f"similar.{incident.number}", accessory=attach))
    if not known and view.counts.open:
        blocks.append(kit.context("No incident covers this."))
    return blocks


def _beside(others: Sequence[Beside]) -> str:
    """Other alerts of the same service, or of one next to it, in one line."""
    shown = [
        f"{text.link(each.link, text.truncate(each.title, 80))} ({text.inline(each.service, 60)})"
        for each in others[:MAX_BESIDE]
    ]
    more = " and more" if len(others) > MAX_BESIDE else ""
    return f"🔗 Also firing nearby: {', '.join(shown)}{more}"


def _incident_words(incident: Incident) -> str:
    """Its link and where it stands; of a private one nothing but its number."""
    if incident.private:
        return f"🔒 Private incident {incident.name}: {kit.status_words(incident)}"
    words = [f"*{text.inline(incident.title, 200)}*", kit.status_words(incident)]
    if incident.owner:
        words.append(kit.owners(incident))
    return f"📣 {kit.home_link(incident)} " + " · ".join(words)


def _notes(view: GroupView, now: datetime) -> list[str]:
    group, notes = view.group, []
    if view.counts.flapping:
        notes.append(f"🌊 {text.plural(view.counts.flapping, 'alert')} flapping")
    if group.acknowledged_by and group.acknowledged_at:
        who = text.mention(group.acknowledged_by)
        notes.append(f"👀 acknowledged by {who} {text.date(group.acknowledged_at)}")
    elif group.paged_at:
        notes.append(
            "📟 paged" if view.paged else "🔕 nobody is paged: no escalation policy covers it"
        )
    if group.is_silenced(now) and group.silenced_until:
        who = text.mention(group.silenced_by, nobody="somebody")
        done = [text.inline(name, 80) for name, why in view.at_source if not why]
        there = f", also at {' and '.join(done)}" if done else ""
        notes.append(f"🔇 silenced by {who} until {text.date(group.silenced_until)}{there}")
    if group.silenced_until is None or group.is_silenced(now):
        state = "not silenced" if group.silenced_until else "still silenced"
        notes += [
            f"⚠️ {state} at {text.inline(name, 80)}: {text.inline(why, 250)}"
            for name, why in view.at_source
            if why
        ]
    return notes


def _buttons(view: GroupView, now: datetime) -> list[ButtonElement]:
    group, incident = view.group, view.incident
    target = AlertsButton(group=group.id)
    buttons: list[ButtonElement] = []
    if incident is not None and incident.is_open:
        if not incident.private:
            own = IncidentButton(number=incident.number)
            buttons += [
                kit.button("Take ownership", ActionId.TAKE_OWNERSHIP, own, about=incident.name),
                kit.button("Update status", ActionId.POST_UPDATE, own, about=incident.name),
            ]
    else:
        if group.paged_at and not group.acknowledged_at and view.counts.open:
            ack = kit.button("Acknowledge", ActionId.ALERTS_ACKNOWLEDGE, target, style="primary")
            buttons.append(ack)
        style = None if buttons or not view.counts.open else "primary"
        buttons += [
            kit.button("Open incident", ActionId.ALERTS_OPEN, target, style=style),
            kit.button("Attach to...", ActionId.ALERTS_ATTACH, target),
        ]
    if group.is_silenced(now):
        buttons.append(kit.button("Unsilence", ActionId.ALERTS_UNSILENCE, target))
    elif view.counts.open:
        buttons.append(kit.button("Silence", ActionId.ALERTS_SILENCE, target))
    return buttons


# --- elsewhere -----------------------------------------------------------------------------------------------


def line(view: GroupView) -> str:
    """A group in one line of a list."""
    group, counts = view.group, view.counts
    words = [f"*{text.inline(group.title, 150)}*", state_words(counts)]
    severity = counts.severity or group.severity
    words += [text.inline(each, 60) for each in (severity, group.service, group.source) if each]
    if view.incident is not None:
        private = view.incident.private
        words.append(view.incident.name if private else kit.home_link(view.incident))
    return f"{_emoji(counts, group.severity)} " + " · ".join(
        [*words, f"since {text.date(group.opened_at)}"]
    )


def alert_list(views: Sequence[GroupView], *, total: int, title: str) -> Message:
    """``/incident alerts``: groups with what can be done about each."""
    heading = text.inline(title, 150, empty="Alerts")
    if not views:
        return kit.message(f"{heading}: none", [kit.section(f"*{heading}:* none 🎉")])
    blocks: list[Block] = [kit.section(f"*{heading}* ({total:,})")]
    for view in views:
        blocks += group_part(view, "alerts")
    hidden = total - len(views)
    if hidden > 0:
        blocks.append(
            kit.context(f"{hidden:,} more: narrow it down with `/incident alerts &lt;service&gt;`")
        )
    spoken = [f"{heading} ({total:,}):", *(_spoken(each.group, each.counts) for each in views)]
    return kit.message("\n".join(spoken), blocks)


def group_part(view: GroupView, where: str) -> list[Block]:
    """One group with **Open incident** and **Attach**, where it has no open incident."""
    block = f"{where}.{view.group.id}"
    shown: list[Block] = [kit.section(line(view), block)]
    if view.incident is None or not view.incident.is_open:
        target, about = AlertsButton(group=view.group.id), text.one_line(view.group.title, 40)
        buttons = [
            kit.button("Open incident", ActionId.ALERTS_OPEN, target, about=about),
            kit.button("Attach", ActionId.ALERTS_ATTACH, target, about=about),
        ]
        shown.append(kit.actions(buttons, f"{block}.actions"))
    return shown


def note(views: Sequence[GroupView]) -> str:
    """The alerts of an incident, for its card: plain text, empty without any."""
    if not views:
        return ""
    firing, total = sum(v.counts.open for v in views), sum(v.counts.total for v in views)
    titles = [text.one_line(view.group.title, 80) for view in views[:4]]
    rest = f" and {len(views) - 4} more" if len(views) > 4 else ""  # noqa: PLR2004
    state = (
        f"{firing:,} of {text.plural(total, 'alert')} open"
        if firing
        else f"all {text.plural(total, 'alert')} over"
    )
    return f"{'🔥' if firing else '✅'} {state}: {', '.join(titles)}{rest}"


def page_parts(view: GroupView) -> tuple[str, list[Block]]:
    """What a page for the group is about: in one line, and its alerts."""
    return line(view), kit.paragraphs(_alert_lines(view))


def storm_summary(storm: Storm) -> Message:
    """Groups of a storm that have no card of their own, in one edited message."""
    groups = text.plural(storm.groups, "group")
    heading = (
        f"🌪️ *A storm of alerts* since {text.date(storm.began, '{time}')}: {groups} of alerts listed here only, "
        f"{storm.firing:,} still firing. `/incident alerts` shows them."
    )
    top = [
        f"• {text.inline(name, 120)}: {text.plural(count, 'group')}" for name, count in storm.top
    ]
    blocks: list[Block] = [kit.section(heading), *kit.paragraphs(top)]
    waits = ""
    if storm.waiting:
        verb = "waits" if storm.waiting == 1 else "wait"
        seconds = text.duration(storm.waiting * 1.1)
        waits = (
            f"⏳ {text.plural(storm.waiting, 'card')} {verb} for Slack's limits, about {seconds}"
        )
        blocks.append(kit.context(waits))
    return kit.message("\n".join(each for each in (heading, waits) if each), blocks)
