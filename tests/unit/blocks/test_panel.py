"""Every id has a place, and the control panel offers what can be done."""

from __future__ import annotations

from dataclasses import replace

from blocks import access, alerts, archiving, home, notices, paging, updates
from blocks.action_items import item_message
from blocks.card import CardContext, FailedStep, card
from blocks.forms import (
    action_items,
    action_owner,
    add_message,
    add_note,
    assign_role,
    attach_alerts,
    change_phase,
    change_severity,
    change_summary,
    change_title,
    declare,
    escalate,
    loading,
    merge,
    message_view,
    page_someone,
    panel,
    pick_incident,
    post_update,
    postmortem,
    reassign,
    resolve,
    services,
    silence_alerts,
    times,
)
from blocks.ids import ActionId, CallbackId, IncidentButton
from blocks.mention import form_offer
from blocks.reminder import reminder
from blocks.service import Neighbour, ServiceFacts, service_message
from blocks.timeline import timeline_view
from bot.domain.access import Request
from bot.domain.catalog import Service
from bot.domain.escalation import Page
from bot.domain.incident import Entry, EntryKind, Status
from bot.domain.moments import Said
from bot.domain.postmortem import Postmortem
from bot.domain.reminders import Facts, Reminder
from bot.errors import NotVisible
from tests.unit.blocks.alert_samples import alert_views
from tests.unit.blocks.limits import buttons
from tests.unit.blocks.samples import ANA, CONTEXT, NOW, QUIET, incident
from tests.unit.store.house import an_item

SEVERITIES = [("SEV1", "SEV1")]
ROLES = [("commander", "Commander")]
DRAFTED = Postmortem(incident=12, revision=1, drafted_at=NOW, canvas="F1", pull_url="https://x.y/1")
FACTS = ServiceFacts(
    service=Service(id="web", title="Web"),
    upstream=[Neighbour(id="db", title="Database", has_owners=True)],
)


def test_panel_offers_only_what_is_available() -> None:
    everything = panel.build(incident(), CONTEXT, available=set(ActionId))
    contract = [
        "Post an update",
        "Change severity",
        "Change phase",
        "Assign roles",
        "Services",
        "Page someone",
        "Add a note",
        "Add an action item",
        "Timeline",
        "Times",
        "Merge",
        "Make private",
    ]
    assert buttons(everything["blocks"])[-12:] == contract
    some = panel.build(incident(), CONTEXT, available=[ActionId.TIMELINE, ActionId.ADD_NOTE])
    assert buttons(some["blocks"]) == ["Add a note", "Timeline"]
    assert IncidentButton.decode(some["private_metadata"]) == IncidentButton(12)


def test_every_id_is_rendered_somewhere() -> None:
    """An id nobody renders is a handler nobody reaches."""
    failed = FailedStep(effect_id=1, label="x", reason="y", provider="github")
    context = CardContext(now=NOW, failures=(failed,), subscribe_available=True)
    low = incident(opens_channel=False, places=replace(incident().places, channel=None))
    one = incident()
    rendered = str(
        [
            card(low, context, place="announcement"),
            notices.similar_question("x", [one]),
            home.home_view(mine=[one], open_incidents=[], open_total=1, statistics=QUIET, now=NOW),
            panel.build(one, context, available=set(ActionId)),
            declare.build(services=[("a", "A")]),
            timeline_view(one, [], [], now=NOW),
            *(
                form.build(one)
                for form in (
                    add_note,
                    change_phase,
                    change_summary,
                    change_title,
                    escalate,
                    post_update,
                    reassign,
                    resolve,
                )
            ),
            change_severity.build(one, severities=SEVERITIES),
            assign_role.build(replace(one, roles={"scribe": ANA}), roles=ROLES, role="scribe"),
            page_someone.build(one),
            pick_incident.build("ack"),
            services.build(replace(one, service="web"), services=[("db", "Database")]),
            service_message(one, FACTS),
            loading("x"),
            message_view("x", "y"),
            merge.build(one, [one]),
            form_offer("x"),
            paging.for_person(Page(id=1, aside=True, started_at=NOW), one),
            paging.for_alerts(Page(id=1, started_at=NOW), next(alert_views())),
            paging.still_on_it(Page(id=1, started_at=NOW), "x"),
            item_message(one, an_item()),
            action_items.build(one, [an_item(), an_item(done_at=NOW)]),
            action_owner.build(one, an_item()),
            add_message.build(Said(channel="C1", ts="1.1", text="x"), [one]),
            updates.for_subscriber(one, Entry(kind=EntryKind.STATUS_UPDATE, at=NOW, text="x")),
            *(
                shown
                for view in alert_views()
                for shown in (
                    alerts.card(view, NOW),
                    attach_alerts.build(view),
                    silence_alerts.build(view),
                )
            ),
            reminder(one, Facts(activity=NOW), [Reminder.STALE], now=NOW),
            archiving.notice(one, NOW),
            times.build(one),
            times.build(replace(one, status=Status.RESOLVED, resolved_at=NOW)),
            postmortem.build(one, post=DRAFTED),
            access.unseen(NotVisible(9)),
            access.asked(one, Request(incident=12, slack_id="U1", asked_at=NOW)),
        ]
    )
    missing = [each for each in (*ActionId, *CallbackId) if f"'{each.value}'" not in rendered]
    assert missing == []
