"""Every id has a place, and the control panel offers what can be done."""

from __future__ import annotations

from dataclasses import replace

from blocks import alerts, home, notices, updates
from blocks.card import CardContext, FailedStep, card
from blocks.forms import (
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
    reassign,
    resolve,
    services,
    silence_alerts,
)
from blocks.ids import ActionId, CallbackId, IncidentButton
from blocks.mention import form_offer
from blocks.reminder import reminder
from blocks.service import Neighbour, ServiceFacts, service_message
from blocks.timeline import timeline_view
from bot.domain.catalog import Service
from bot.domain.incident import Entry, EntryKind
from bot.domain.moments import Said
from bot.domain.reminders import Facts, Reminder
from tests.unit.blocks.alert_samples import alert_views
from tests.unit.blocks.limits import buttons
from tests.unit.blocks.samples import ANA, CONTEXT, NOW, QUIET, incident

SEVERITIES = [("SEV1", "SEV1")]
ROLES = [("commander", "Commander")]

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
        "Timeline",
        "Merge",
        "Make private",
    ]
    assert buttons(everything["blocks"])[-10:] == contract
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
        ]
    )
    missing = [each for each in (*ActionId, *CallbackId) if f"'{each.value}'" not in rendered]
    assert missing == []
