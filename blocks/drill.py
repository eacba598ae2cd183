"""Fire drills: the mark on the cards, what starting one answers, the report, and the button that offers one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId
from bot.domain.drill_report import LABELS, MENDS, Outcome
from bot.domain.incident import PagerKind
from bot.ports import Message

if TYPE_CHECKING:
    from slack_sdk.models.blocks import Block

    from bot.domain.catalog import Drills
    from bot.domain.drill import Drill
    from bot.domain.drill_report import Report, Result
    from bot.domain.incident import Incident

MARK: Final = "🧯"
#: Up to here tenths of a second are worth telling.
TENTHS: Final = 10.0
#: Two times this far apart are told both, seconds.
APART: Final = 1.0


def banner() -> Block:
    """On every card of a drill."""
    return kit.section(
        f"{MARK} *This is a drill.* Nothing is broken. Do here what you would do in a real incident."
    )


def started(incident: Incident, drill: Drill, rules: Drills, *, again: bool = False) -> Message:
    """What starting one did: who is paged, where it is told, when it ends."""
    verb = "was started already, here it is" if again else "begins"
    ends = text.duration(rules.end_after.total_seconds())
    line = (
        f"{MARK} Drill {kit.home_link(incident)} {verb}. {_paged(incident, drill)} It is announced in "
        f"#{text.inline(rules.channel, 80)} and ends by itself after {ends}; resolve it when you are done before. "
        "Its report follows there and under `/incident drill report`."
    )
    return kit.message(line, [kit.section(line)])


def _paged(incident: Incident, drill: Drill) -> str:
    pager = incident.pager
    if drill.pages and pager.kind is not PagerKind.NOBODY:
        who = text.inline(pager.policy_name, 80) if pager.policy_name else "the service"
        where = "PagerDuty" if pager.kind is PagerKind.PAGERDUTY else f"the policy {who}"
        return f"{where} pages as in a real incident."
    alone = "Nobody would be paged in a real incident, so only you are paged."
    return alone if drill.pages else "Only you are paged."


def report_message(incident: Incident, report: Report, before: Report | None = None) -> Message:
    """Every step: whether it worked, how long it took, what failed and how to mend it, beside the drill before."""
    wanted = [r for r in report.results if r.outcome is not Outcome.LEFT_OUT]
    failed, count = report.failed, len(wanted)
    verdict = f"all {count} steps worked"
    if failed:
        verdict = f"{len(failed)} of {text.plural(count, 'step')} did not work"
    heading = f"{MARK} Drill {incident.name}: {verdict}"
    lasted = text.duration(report.lasted)
    about = f"{kit.home_link(incident)} {text.inline(incident.title, 300)}"
    lines = [_line(result, before.of(result.step) if before else None) for result in wanted]
    blocks: list[Block] = [
        kit.header(heading),
        kit.section(f"{about}\nIt lasted {lasted}. Times count from its start."),
        *kit.paragraphs(lines),
    ]
    blocks += [kit.context(each) for each in _beside(report, before)]
    return kit.message("\n".join([heading, *lines]), blocks)


def _line(result: Result, before: Result | None) -> str:
    label = LABELS[result.step]
    if result.outcome is Outcome.FAILED:
        was = " It worked last time." if before and before.outcome is Outcome.DONE else ""
        why = text.inline(result.detail, 300, empty="it did not work")
        return f"❌ *{label}*: {why}.{was} {MENDS[result.step]}"
    words = f"✅ *{label}*: {_seconds(result.at)}"
    if result.at is not None and result.took is not None and result.at - result.took > APART:
        words += f", {_seconds(result.took)} after it was asked for"
    if result.detail:
        words += f", {text.inline(result.detail, 120)}"
    return f"{words}{_last_time(before)}"


def _last_time(before: Result | None) -> str:
    if before is None or before.outcome is Outcome.LEFT_OUT:
        return ""
    if before.outcome is Outcome.FAILED:
        return " (failed last time)"
    return f" (last time {_seconds(before.took)})"


def _seconds(seconds: float | None) -> str:
    if seconds is None:
        return "done"
    return f"{seconds:.1f} s" if seconds < TENTHS else text.duration(seconds)


def _beside(report: Report, before: Report | None) -> list[str]:
    """What was left out and why; that there is nothing to compare with."""
    out = [
        f"{LABELS[r.step]} ({text.inline(r.detail, 100)})"
        for r in report.results
        if r.outcome is Outcome.LEFT_OUT
    ]
    told = [f"Left out: {' · '.join(out)}"] if out else []
    return (
        told if before else [*told, "This was the first drill: the next one is compared with it."]
    )


def running(incident: Incident) -> str:
    """That one is going on, as a line of markup."""
    return f"{MARK} Drill {kit.home_link(incident)} is going on; its report comes when it is over."


def with_running(incident: Incident, message: Message) -> Message:
    """The last report, and before it that another drill is going on."""
    line = running(incident)
    section = kit.section(line).to_dict()
    blocks = [section, *message.blocks][: kit.MESSAGE_BLOCKS]
    return Message(text=text.truncate(f"{line}\n{message.text}", kit.FALLBACK_LIMIT), blocks=blocks)


def none_yet(going_on: Incident | None) -> Message:
    """No drill has a report yet."""
    line = running(going_on) if going_on else (
        "There was no drill yet. `/incident drill` starts one: a test incident that pages only you unless you "
        "say otherwise."
    )  # fmt: skip
    return kit.message(line, [kit.section(line)])


def offered(message: Message) -> Message:
    """An answer with the button that starts a drill below it."""
    button = kit.button("Run a fire drill", ActionId.DRILL)
    row = kit.actions([button], "drill.offer").to_dict()
    return Message(text=message.text, blocks=[*message.blocks[: kit.MESSAGE_BLOCKS - 1], row])
