"""Pages of the native pager as people see them: the page itself, *Still on it?*, and that nobody answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import alerts, direct, kit, text
from blocks.ids import ActionId, AlertsButton, BlockId, IncidentButton, PageButton
from bot.domain.incident import Status
from bot.domain.page_standing import AS_SENT, Stand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import Block, InteractiveElement

    from bot.domain.alert_groups import GroupView
    from bot.domain.escalation import Page
    from bot.domain.incident import Incident
    from bot.domain.page_standing import Standing
    from bot.ports import Message

#: Who must hear it at three in the morning is not looking at Slack: the mention is ours, never part of a title.
EVERYBODY: Final = "<!channel>"


def for_person(page: Page, incident: Incident, stands: Standing = AS_SENT) -> Message:
    """The page in a direct message: who wants what, or that nobody is wanted any more, and what can be done."""
    return _page(page, incident, _why(page), stands)


def for_channel(page: Page, incident: Incident, stands: Standing = AS_SENT) -> Message:
    """The page in a channel a policy names: everybody there is paged."""
    return _page(page, incident, _why(page, everybody=True), stands, call=f"{EVERYBODY} ")


def _why(page: Page, *, everybody: bool = False) -> str:
    if page.by is not None and page.why in direct.PAGED_AS and not everybody:
        verb = direct.PAGED_AS[page.why]
        return f"📟 *You are paged.* {text.mention(page.by, nobody='Somebody')} {verb}."
    return "📟 *This channel is paged.*" if everybody else "📟 *You are paged.*"


def _page(page: Page, incident: Incident, why: str, stands: Standing, *, call: str = "") -> Message:
    as_sent = stands == AS_SENT
    said = f"{call}{why}" if as_sent else _news(stands, why)
    buttons = _answers(page, incident, stands)
    return direct.about(incident, said, page.text, buttons, status=as_sent)


def _news(stands: Standing, why: str) -> str:
    """What became of a page, in front of what was said when it was sent; that is struck through once it is not true."""
    since = f" {text.date(stands.at)}" if stands.at else ""
    ended = text.inline(stands.why, 150)
    took = "you" if stands.mine else text.mention(stands.by, nobody="somebody")
    news = {
        Stand.WANTED: "",
        Stand.PASSED_ON: "⏫ *Nobody has it yet*, so it went on to whoever is next. *Acknowledge* still takes it.",
        Stand.UNANSWERED: f"🚨 *{ended.capitalize()}*, and nobody is left to page. *Acknowledge* still takes it.",
        Stand.TAKEN: f"👀 *Taken:* {took} acknowledged{since}.",
        Stand.OVER: f"⏹️ *Over*{since}: {ended}. Nothing is asked of you here.",
        Stand.RESOLVED: f"✅ *Resolved*{since}{f', {ended}' if ended else ''}: nothing is asked of you.",
        Stand.REOPENED: f"🔁 Resolved{since}, and *opened again* later. Whoever is wanted now gets another page.",
    }[stands.stand]
    return f"{news}\n{why if stands.is_wanted else f'~{why}~'}".lstrip()


def _answers(page: Page, incident: Incident, stands: Standing) -> list[InteractiveElement]:
    own, about = IncidentButton(number=incident.number), incident.name
    if page.aside:
        mine = PageButton(page=page.id)
        first = kit.button(
            "Acknowledge", ActionId.PAGE_ACKNOWLEDGE, mine, style="primary", about=about
        )
    else:
        first = kit.button("Acknowledge", ActionId.ACKNOWLEDGE, own, style="primary", about=about)
    asks = page.aside or incident.status is Status.TRIGGERED
    shown = [first] if stands.is_wanted and asks else []
    if stands.is_wanted or stands.mine:
        shown.append(kit.button("Escalate", ActionId.ESCALATE, own, about=about))
    return [*shown, kit.button("More", ActionId.MORE, own, about=about)]


def for_alerts(
    page: Page, view: GroupView, *, everybody: bool = False, stands: Standing = AS_SENT
) -> Message:
    """The page for a group of alerts: acknowledge it, or the next level is paged; or what became of it."""
    about, blocks = alerts.page_parts(view)
    why = f"📟 *{'This channel is' if everybody else 'You are'} paged* for alerts."
    call = f"{EVERYBODY} " if everybody else ""
    said = f"{call}{why}" if stands == AS_SENT else _news(stands, why)
    line, target = f"{said}\n{about}", AlertsButton(group=view.group.id)
    buttons: list[InteractiveElement] = []
    if stands.is_wanted:
        buttons.append(
            kit.button("Acknowledge", ActionId.ALERTS_ACKNOWLEDGE, target, style="primary")
        )
    if stands.stand in {Stand.WANTED, Stand.PASSED_ON}:
        buttons.append(kit.button("Escalate", ActionId.PAGE_ESCALATE, PageButton(page=page.id)))
    if stands.is_wanted or stands.stand is Stand.TAKEN:
        buttons.append(kit.button("Open incident", ActionId.ALERTS_OPEN, target))
    row = [kit.actions(buttons, BlockId.ACTIONS)] if buttons else []
    return kit.message(line, [kit.section(line), *blocks, *row])


# --- beside the proof ------------------------------------------------------------------------------------------


def still_on_it(page: Page, subject: str, *, private: bool = False) -> Message:
    """Asked before an acknowledgement expires; any sign of life is an answer."""
    who = text.mention(page.acknowledged_by, nobody="Whoever acknowledged")
    until = f" by {text.date(page.expires_at)}" if page.expires_at else ""
    line = (
        f"⏰ {who}: *still on it?* You acknowledged {subject}. Without a sign of you{until} "
        "the policy pages again."
    )
    button = kit.button(
        "Still on it", ActionId.STILL_ON_IT, PageButton(page=page.id), style="primary"
    )
    spoken = "⏰ Still on it?" if private else line
    return kit.message(spoken, [kit.section(line), kit.actions([button], BlockId.ACTIONS)])


def nobody_answered(
    page: Page, subject: str, tried: Sequence[str], *, number: int | None, private: bool = False
) -> Message:
    """Every level of every round was tried: said to everybody, with who was tried and what to do."""
    rounds = page.round - page.base + 1
    policy = f" of {text.inline(page.policy, 80)}" if page.policy else ""
    kept, hidden = kit.fit(list(tried), 1500)
    names = ", ".join(kept) + (f" and {hidden:,} more" if hidden else "")
    what = text.inline(page.ended, 80, empty="nobody answered")
    times = f"{text.plural(rounds, 'round')}{policy}"
    line = f"{EVERYBODY} 🚨 *{what.capitalize()}* for {subject}: {times} and no acknowledgement."
    help_line = (
        "*What to do:* take it with *Acknowledge*, page somebody else with `/incident page @person`, or call them."
        if number is not None
        else "*What to do:* acknowledge it on its card, open an incident, or call somebody."
    )
    blocks: list[Block] = [
        kit.section(line),
        kit.section(f"*Tried:* {names or 'nobody'}"),
        kit.section(help_line),
    ]
    if number is not None:
        own, about = IncidentButton(number=number), f"INC-{number}"
        buttons = [
            kit.button("Acknowledge", ActionId.ACKNOWLEDGE, own, style="primary", about=about),
            kit.button("Page someone", ActionId.PAGE_SOMEONE, own, about=about),
        ]
        blocks.append(kit.actions(buttons, BlockId.ACTIONS))
    elif page.group is not None:
        target = AlertsButton(group=page.group)
        buttons = [kit.button("Acknowledge", ActionId.ALERTS_ACKNOWLEDGE, target, style="primary")]
        blocks.append(kit.actions(buttons, BlockId.ACTIONS))
    spoken = (
        f"{EVERYBODY} 🚨 {what.capitalize()}" if private else f"{line}\nTried: {names or 'nobody'}"
    )
    return kit.message(spoken, blocks)
