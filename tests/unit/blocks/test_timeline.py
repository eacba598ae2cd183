"""The timeline says who did what, whole and in order."""

from __future__ import annotations

from datetime import timedelta

import pytest
from inline_snapshot import snapshot

from blocks.timeline import Step, StepState, entry_message, timeline_message, timeline_view
from bot.domain.incident import MUSTER, Entry, EntryKind, Origin, TicketLink
from tests.unit.blocks.limits import all_texts, buttons, check_message
from tests.unit.blocks.samples import ANA, BEN, NOW, incident
from tests.unit.blocks.shown import shown, told


def test_every_kind_with_and_without_an_actor() -> None:
    def line(kind: EntryKind, **fields: object) -> str:
        entry = Entry(kind=kind, at=NOW, **fields)  # type: ignore[arg-type]
        return entry_message(incident(), entry).text.removeprefix("INC-12 ")

    assert {
        kind.value: (
            line(kind, actor=ANA, origin=Origin.SLACK, target="that", text="why"),
            line(kind, origin=Origin.PAGERDUTY),
        )
        for kind in EntryKind
    } == snapshot(
        {
            "triggered": (
                "🚨 <@UANA> declared the incident: why",
                "🚨 Incident triggered · from PagerDuty",
            ),
            "annotated": ("📝 <@UANA> noted: why", "📝 Note · from PagerDuty"),
            "acknowledged": ("👀 <@UANA> acknowledged: why", "👀 Acknowledged · from PagerDuty"),
            "reassigned": (
                "👉 <@UANA> reassigned it to that: why",
                "👉 Reassigned to somebody else · from PagerDuty",
            ),
            "escalated": (
                "⏫ <@UANA> escalated it to that: why",
                "⏫ Escalated to the next level · from PagerDuty",
            ),
            "reopened": ("🔁 <@UANA> reopened the incident: why", "🔁 Reopened · from PagerDuty"),
            "resolved": ("✅ <@UANA> resolved the incident: why", "✅ Resolved · from PagerDuty"),
            "unacknowledged": (
                "⏰ <@UANA> took the acknowledgement back: why",
                "⏰ No longer acknowledged: triggered again · from PagerDuty",
            ),
            "delegated": (
                "🤝 <@UANA> delegated it to that: why",
                "🤝 Delegated to somebody else · from PagerDuty",
            ),
            "priority_updated": (
                "🔢 <@UANA> set the priority to that: why",
                "🔢 Priority is now none · from PagerDuty",
            ),
            "urgency_updated": (
                "🔔 <@UANA> set the urgency to that: why",
                "🔔 Urgency is now none · from PagerDuty",
            ),
            "severity_changed": (
                "🌡️ <@UANA> set the severity to that: why",
                "🌡️ Severity is now none · from PagerDuty",
            ),
            "phase_changed": (
                "🧭 <@UANA> set the phase to that: why",
                "🧭 Phase is now none · from PagerDuty",
            ),
            "title_changed": (
                "✏️ <@UANA> changed the title to “that”: why",
                "✏️ Title is now “nothing” · from PagerDuty",
            ),
            "summary_changed": (
                "🗒️ <@UANA> changed the summary: why",
                "🗒️ Summary changed · from PagerDuty",
            ),
            "service_changed": (
                "🧩 <@UANA> changed the service to that: why",
                "🧩 Service is now none · from PagerDuty",
            ),
            "service_added": (
                "🧩 <@UANA> added the service that: why",
                "🧩 Service without a name added · from PagerDuty",
            ),
            "service_removed": (
                "🧩 <@UANA> removed the service that: why",
                "🧩 Service without a name removed · from PagerDuty",
            ),
            "role_assigned": (
                "🎖️ <@UANA> assigned *that*: why",
                "🎖️ Assigned a role · from PagerDuty",
            ),
            "responder_added": (
                "📟 <@UANA> asked that to join: why",
                "📟 somebody was asked to join · from PagerDuty",
            ),
            "responder_replied": (
                "💬 <@UANA> replied to the request to join: why",
                "💬 A responder replied · from PagerDuty",
            ),
            "status_update": (
                "📣 <@UANA> posted an update · that: why",
                "📣 Status update · from PagerDuty",
            ),
            "message": ("📌 Message by <@UANA>: why", "📌 Message · from PagerDuty"),
            "action_item": (
                "⚡ Action item, said by <@UANA>: why",
                "⚡ Action item · from PagerDuty",
            ),
            "action_item_done": (
                "☑️ <@UANA> completed an action item (that): why",
                "☑️ Action item done · from PagerDuty",
            ),
            "action_item_reopened": (
                "↩️ <@UANA> reopened an action item (that): why",
                "↩️ Action item open again · from PagerDuty",
            ),
            "action_item_assigned": (
                "🙋 <@UANA> gave an action item to that: why",
                "🙋 Action item given to nobody · from PagerDuty",
            ),
            "action_item_changed": (
                "✏️ <@UANA> changed an action item (that): why",
                "✏️ Action item changed · from PagerDuty",
            ),
            "ticket": (
                "🐙 <@UANA> that the incident's issue: why",
                "🐙 The incident's issue was changed · from PagerDuty",
            ),
            "follow_up": (
                "⏩ To follow up, said by <@UANA>: why",
                "⏩ To follow up · from PagerDuty",
            ),
            "removed": (
                "🧹 <@UANA> removed an entry: why",
                "🧹 An entry was removed · from PagerDuty",
            ),
            "merged": (
                "🔀 <@UANA> merged that into it: why",
                "🔀 another incident was merged into it · from PagerDuty",
            ),
            "audit": ("🔹 <@UANA>: that: why", "🔹 something done · from PagerDuty"),
            "time_changed": (
                "🕰️ <@UANA> corrected when it was that: why",
                "🕰️ Time in question corrected · from PagerDuty",
            ),
            "postmortem": (
                "🎓 <@UANA> drafted the post-mortem: why",
                "🎓 Post-mortem · from PagerDuty",
            ),
            "alerts": (
                "🔔 <@UANA> attached alerts: that: why",
                "🔔 Alerts: a group · from PagerDuty",
            ),
            "alert": ("🔔 <@UANA>: alert that: why", "🔔 Alert without a name · from PagerDuty"),
            "channel": ("💬 <@UANA>: channel that: why", "💬 Channel changed · from PagerDuty"),
            "pager": ("📟 <@UANA>: that: why", "📟 pager changed · from PagerDuty"),
            "made_private": (
                "🔒 <@UANA> made the incident private: why",
                "🔒 The incident became private · from PagerDuty",
            ),
            "other": ("🔹 <@UANA>: that: why", "🔹 something changed · from PagerDuty"),
        }
    )


def test_people_concerned_are_mentioned() -> None:
    def said(kind: EntryKind, **fields: object) -> str:
        entry = Entry(kind=kind, at=NOW, actor=BEN, origin=Origin.SLACK, **fields)  # type: ignore[arg-type]
        return shown(entry_message(incident(), entry).blocks)

    assert said(EntryKind.REASSIGNED, target="Ana", actor_target=ANA) == (
        "👉 Ben &lt;b&gt; reassigned it to <@UANA>"
    )
    assert said(EntryKind.ROLE, target="commander", actor_target=ANA) == (
        "🎖️ Ben &lt;b&gt; assigned *commander* to <@UANA>"
    )
    assert said(EntryKind.CHANNEL, target="C0123456789").endswith("channel <#C0123456789>")


def test_what_muster_does_is_told_without_naming_it() -> None:
    entry = Entry(kind=EntryKind.PAGER, at=NOW, actor=MUSTER, text="Level 2 was paged")
    assert shown(entry_message(incident(), entry).blocks) == "📟 Level 2 was paged"


def test_a_long_note_is_shown_whole() -> None:
    words = " ".join(f"word{n}" for n in range(1000))
    entry = Entry(kind=EntryKind.ANNOTATED, at=NOW, actor=ANA, text=words)
    message = entry_message(incident(), entry)
    check_message(message)
    whole = " ".join(all_texts(list(message.blocks)))
    assert all(f"word{n}" in whole for n in range(1000))
    assert "…" not in whole


def test_private_news_are_not_read_out() -> None:
    entry = Entry(kind=EntryKind.ANNOTATED, at=NOW, actor=ANA, text="SECRET")
    assert entry_message(incident(private=True), entry).text == (
        "🔒 News in private incident INC-12"
    )
    message = timeline_message(incident(private=True, title="SECRET"), [entry], [], now=NOW)
    assert "SECRET" not in message.text


def test_timeline_with_run_log() -> None:
    entries = [
        Entry(kind=EntryKind.ACKNOWLEDGED, at=NOW, actor=ANA, origin=Origin.PAGERDUTY),
        Entry(kind=EntryKind.TRIGGERED, at=NOW - timedelta(minutes=5), text="Checkout is down"),
    ]
    steps = [
        Step(label="Announcement", state=StepState.DONE, effect_id=1, at=NOW),
        Step(label="Channel", state=StepState.WAITING, effect_id=2, reason="Slack's limits"),
        Step(label="GitHub issue", state=StepState.FAILED, effect_id=3, reason="410"),
        Step(label="Bookmark", state=StepState.DISMISSED, effect_id=4, reason="refused"),
    ]
    message = timeline_message(incident(), entries, steps, now=NOW)
    assert shown(message.blocks) == snapshot("""\
*INC-12* Checkout is down
🚨 Triggered · started 12 min ago
{time}11:55  🚨 Incident triggered: Checkout is down
{time}12:00  👀 <@UANA> acknowledged · from PagerDuty
*Run log*
✅ Announcement · {time}12:00
⏳ Channel: Slack's limits
🚫 Bookmark: refused (dismissed)
(⚠️ *GitHub issue:* 410.)
[Retry] [Dismiss]\
""")
    assert told(message.text) == snapshot("""\
Timeline of INC-12, 2 entries:
{time}11:55  🚨 Incident triggered: Checkout is down
{time}12:00  👀 <@UANA> acknowledged · from PagerDuty\
""")
    view = timeline_view(incident(), entries, steps, now=NOW)
    assert buttons(view["blocks"]) == ["Retry", "Dismiss"]


@pytest.mark.parametrize("count", [0, 1, 500])
def test_the_newest_are_shown_and_the_rest_is_counted(count: int) -> None:
    entries = [
        Entry(kind=EntryKind.ANNOTATED, at=NOW + timedelta(seconds=n), text=f"note {n}.")
        for n in range(count)
    ]
    texts = "\n".join(all_texts(timeline_view(incident(), entries, [], now=NOW)["blocks"]))
    present = [n for n in range(count) if f"note {n}." in texts]
    assert present == list(range(count))[len(entries) - len(present) :]
    if count == 500:
        assert f"{500 - len(present)} earlier" in texts


@pytest.mark.parametrize("target", ["deleted", "deleted, or moved to where I cannot see it"])
def test_the_issue_was_deleted(target: str) -> None:
    entry = Entry(kind=EntryKind.TICKET, at=NOW, origin=Origin.GITHUB, target=target)
    message = entry_message(incident(ticket=None), entry)
    assert f"The GitHub issue was {target} · from GitHub" in message.text
    assert "no GitHub issue any more" in shown(message.blocks)
    assert buttons(message.blocks) == []


def test_the_issue_was_moved_and_the_link_leads_there() -> None:
    there = TicketLink(repo="acme/new", number=3, url="https://github.test/acme/new/issues/3")
    entry = Entry(
        kind=EntryKind.TICKET, at=NOW, actor=ANA, origin=Origin.GITHUB, target="moved to acme/new#3"
    )
    message = entry_message(incident(ticket=there), entry)
    assert "<@UANA>: the GitHub issue was moved to acme/new#3 · from GitHub" in message.text
    assert "<https://github.test/acme/new/issues/3|acme/new#3>" in shown(message.blocks)
    assert buttons(message.blocks) == []
