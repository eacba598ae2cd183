"""Every button, form and shortcut that people can meet is handled, and nothing is handled that nobody meets."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

from blocks import (
    access,
    alerts,
    archiving,
    drill,
    experts,
    linking,
    lists,
    notices,
    paging,
    reminder,
    rosters,
    standing_in,
    updates,
)
from blocks.action_items import item_message, list_message
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
    choose_skill,
    declare,
    escalate,
    link_account,
    merge,
    message_view,
    my_settings,
    on_call_at,
    override,
    page_someone,
    pick_incident,
    post_update,
    postmortem,
    reassign,
    resolve,
    roster,
    services,
    silence_alerts,
    swap_turns,
    times,
)
from blocks.forms import drill as drill_form
from blocks.home import home_view
from blocks.ids import ELEMENT, ActionId, CallbackId, LinkButton, ShortcutId
from blocks.mention import form_offer
from blocks.oncall import on_call_message
from blocks.service import Neighbour, ServiceFacts, service_message
from blocks.timeline import Step, StepState, timeline_message, timeline_view
from bot.domain.access import AccessState, Request
from bot.domain.catalog import Roster, Service
from bot.domain.escalation import Page
from bot.domain.experts import Expert
from bot.domain.incident import Entry, EntryKind, PagerKind, PagerLink, Places, Status
from bot.domain.moments import Said
from bot.domain.person_setting import PersonSetting
from bot.domain.reminders import Facts, Reminder
from bot.domain.roster_draft import Draft, LayerDraft, Listed
from bot.domain.roster_views import AtPager, RosterNow, StandIn
from bot.errors import NotVisible
from bot.ports import Message
from handlers import panel
from handlers.actions import ACTIONS
from handlers.options import OPTIONS
from handlers.shortcuts import SHORTCUTS
from handlers.views import VIEWS
from tests.unit.blocks.alert_samples import alert_views
from tests.unit.blocks.samples import QUIET
from tests.unit.store.house import ANA_ACTOR, NOW, an_incident, an_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.incident import Incident

#: Ids that wait for the issue that brings them: nobody meets them yet, so nobody handles them.
LATER_ACTIONS = {}
LATER_FORMS: dict[CallbackId, str] = {}
#: Views without a Submit button: nothing comes back from them.
SHOWN_ONLY = {
    CallbackId.PANEL,
    CallbackId.TIMELINE,
    CallbackId.LOADING,
    CallbackId.MESSAGE,
    CallbackId.HOME,
}
LATER_SHORTCUTS: dict[ShortcutId, str] = {}


A_PAGE = Page(id=1, incident=1, started_at=NOW)
NEWS = Entry(kind=EntryKind.STATUS_UPDATE, at=NOW, text="We know more")


def all_incidents() -> Iterator[Incident]:
    for status, kind, opens in product(Status, PagerKind, (True, False)):
        closed = {"resolved_at": NOW, "resolved_by": ANA_ACTOR}
        yield an_incident(
            status=status,
            pager=PagerLink(kind=kind, id="P1"),
            opens_channel=opens,
            places=Places(channel="C1") if opens else Places(),
            **(closed if status is Status.RESOLVED else {}),
        )


def everything_shown() -> Iterator[Any]:
    """What the bot shows as it is configured now, in every state an incident can have."""
    broken = FailedStep(effect_id=3, label="GitHub issue", reason="no", provider="github")
    context = CardContext(
        now=NOW, failures=(broken,), subscribe_available=True, postmortem_available=True
    )
    step = Step(
        label="Page", state=StepState.FAILED, effect_id=3, reason="no", at=NOW, provider="x"
    )
    for incident in all_incidents():
        yield card(incident, context, place="announcement")
        yield card(incident, context, place="channel")
        yield panel.build(incident, context)
        yield timeline_message(incident, (), [step], now=NOW)
        yield timeline_view(incident, (), [step], now=NOW)
        yield home_view(
            mine=[incident], open_incidents=[incident], open_total=1, statistics=QUIET, now=NOW,
            alerts=(list(alert_views()), 1),
        )  # fmt: skip
        yield lists.incident_details(incident, context)
        yield resolve.build(incident)
        yield reassign.build(incident)
        yield escalate.build(incident, choices=[("level:2", "Level 2")])
        yield change_severity.build(incident, severities=[("SEV1", "SEV1")])
        yield change_phase.build(incident)
        yield change_title.build(incident)
        yield change_summary.build(incident)
        yield assign_role.build(
            replace(incident, roles={"scribe": ANA_ACTOR}), roles=[("scribe", "scribe")]
        )
        yield add_note.build(incident)
        yield times.build(incident)
        yield postmortem.build(incident)
        yield archiving.notice(incident, NOW)
        yield merge.build(incident, [incident])
        yield add_message.build(Said(channel="C1", ts="1.1", text="x"), [incident])
        yield post_update.build(incident)
        yield updates.for_subscriber(incident, NEWS)
        yield reminder.reminder(incident, Facts(activity=NOW), list(Reminder), now=NOW)
        yield lists.similar_question("x", [incident], asked="k")
        yield declare.build(
            severities=[("SEV1", "SEV1")], services=[("a", "A")], similar=[incident]
        )
    yield from beside_incidents()
    yield from of_private_ones()
    yield from about_people()
    yield message_view("Title", notices.said("x"))


def beside_incidents() -> Iterator[Any]:
    """Action items, alerts, services."""
    for item in (an_item(), an_item(done_at=NOW)):
        yield item_message(an_incident(), item)
        yield list_message(an_incident(), [item])
        yield action_items.build(an_incident(), [item])
        yield action_owner.build(an_incident(), item)
    for view in alert_views():
        yield alerts.card(view, NOW)
        yield attach_alerts.build(view)
        yield silence_alerts.build(view)
        yield paging.for_alerts(A_PAGE, view)
    for incident in (an_incident(), an_incident(status=Status.ACKNOWLEDGED)):
        for page in (A_PAGE, replace(A_PAGE, aside=True, why="asked", by=ANA_ACTOR)):
            yield paging.for_person(page, incident)
            yield paging.for_channel(page, incident)
            yield paging.nobody_answered(page, "INC-1", ["Ana"], number=1)
            yield paging.still_on_it(page, "INC-1")
    yield form_offer("declare")
    yield pick_incident.build("ack")
    yield drill_form.build(services=[("db", "Database")], severities=[("SEV1", "SEV1")])
    yield drill.offered(notices.said("All is well"))
    yield page_someone.build(an_incident(), policies=[("P1", "Ops")])
    yield from of_rosters()
    affected = an_incident(service="web", service_title="Web")
    yield services.build(affected, services=[("db", "Database")])
    neighbour = Neighbour(id="db", title="Database", has_owners=True)
    facts = ServiceFacts(service=Service(id="web", title="Web"), upstream=[neighbour])
    yield service_message(affected, facts)


def of_rosters() -> Iterator[Any]:
    """Who is on call, and who stands in; the rosters, and how they are changed."""
    yield on_call_message([], rosters=[RosterNow(name="primary")])
    one = StandIn(id=1, roster="primary", person=ANA_ACTOR, instead=(), since=NOW, until=NOW)
    yield standing_in.made(one)
    yield standing_in.made(one, one)
    yield standing_in.override_list([one])
    yield standing_in.override_list(
        [replace(one, at_pager=AtPager(schedule="PS1", id="Q1", user="PANA"))]
    )
    yield override.build(["primary"])
    yield swap_turns.build(["primary"])
    yield on_call_at.build(["primary"])
    yield rosters.roster_list([Listed(roster=Roster(name="made"), changed_at=NOW)], NOW)
    draft = Draft(name="made", layers=(LayerDraft(key="l1", people=("U0ANA",)),), version=1)
    yield roster.build(draft)
    yield roster.build(replace(draft, version=0).with_layer())
    yield rosters.deleting("made")


def about_people() -> Iterator[Any]:
    """Accounts elsewhere, skills, one's own settings."""
    place = link_account.Place(account="P1", name="Ana D.", known="linked by hand")
    click = LinkButton(number=1, change="key")
    yield link_account.build(click, person="U0ANA", own=True, pager=place, github=place)
    yield linking.offer(an_incident(), "key")
    yield linking.unreachable([linking.Missing(email="a@x.de", why="is gone", slack_id="U0ANA")])
    yield experts.found("redis", [Expert(person=ANA_ACTOR)], number=1)
    yield choose_skill.build(an_incident(), ["redis"])
    yield my_settings.build(
        PersonSetting(skills=("redis",)), skills=["redis"], tz="UTC", accounts=[("GitHub", "octo")]
    )


def of_private_ones() -> Iterator[Any]:
    """What is shown around private incidents."""
    yield notices.error_message(NotVisible(99))
    yield access.requested(99)
    yield access.veiled(an_incident(private=True))
    for state in AccessState:
        asks = Request(incident=1, slack_id="U0BEN", asked_at=NOW, state=state)
        yield access.asked(an_incident(private=True), asks)
        yield access.told(an_incident(private=True), let_in=state is AccessState.LET_IN)


def found(shown: Any, name: str) -> Iterator[str]:
    if isinstance(shown, Message):
        shown = list(shown.blocks)
    if isinstance(shown, dict):
        if isinstance(shown.get(name), str):
            yield shown[name]
        for value in shown.values():
            yield from found(value, name)
    elif isinstance(shown, list | tuple):
        for value in shown:
            yield from found(value, name)


SHOWN = list(everything_shown())


def test_every_button_people_can_meet_is_handled_and_no_other() -> None:
    met = {one for shown in SHOWN for one in found(shown, "action_id")} - {ELEMENT}
    handled = {one.value for one in ACTIONS}
    assert met - handled - {one.value for one in OPTIONS} == set(), "a button that does nothing"
    assert handled - met == set(), "a handler nobody can reach"
    assert {one.value for one in OPTIONS} <= met, "a completion nobody can reach"


def test_every_form_people_can_submit_is_handled_and_no_other() -> None:
    met, submitted = set(), set()
    for shown in SHOWN:
        met |= set(found(shown, "callback_id"))
        if isinstance(shown, dict) and shown.get("submit"):
            submitted.add(shown["callback_id"])
    assert submitted == {one.value for one in VIEWS}
    assert met - submitted == {one.value for one in SHOWN_ONLY - {CallbackId.LOADING}}


def test_an_id_is_handled_or_waits_for_its_issue() -> None:
    assert set(ActionId) == set(ACTIONS) | set(OPTIONS) | set(LATER_ACTIONS)
    assert not set(ACTIONS) & set(LATER_ACTIONS)
    assert set(CallbackId) == set(VIEWS) | set(LATER_FORMS) | SHOWN_ONLY
    assert not set(VIEWS) & set(LATER_FORMS)
    assert set(ShortcutId) == set(SHORTCUTS) | set(LATER_SHORTCUTS)
    assert not set(SHORTCUTS) & set(LATER_SHORTCUTS)


def test_every_label_of_a_button_is_what_people_were_promised() -> None:
    labels = {
        "Acknowledge": ActionId.ACKNOWLEDGE,
        "Reassign": ActionId.REASSIGN,
        "Escalate": ActionId.ESCALATE,
        "Resolve": ActionId.RESOLVE,
        "Reopen": ActionId.REOPEN,
        "More": ActionId.MORE,
        "Change severity": ActionId.CHANGE_SEVERITY,
        "Change phase": ActionId.CHANGE_PHASE,
        "Assign roles": ActionId.ASSIGN_ROLES,
        "Page someone": ActionId.PAGE_SOMEONE,
        "Services": ActionId.SERVICES,
        "Remove": ActionId.REMOVE_SERVICE,
        "Invite owners of Database": ActionId.INVITE_OWNERS,
        "I'll take it": ActionId.TAKE_ROLE,
        "Free the role": ActionId.FREE_ROLE,
        "Add a note": ActionId.ADD_NOTE,
        "Merge": ActionId.MERGE,
        "Add an action item": ActionId.ADD_ACTION_ITEM,
        "Mark done": ActionId.ACTION_DONE,
        "Reopen item": ActionId.ACTION_REOPEN,
        "Change owner": ActionId.ACTION_OWNER,
        "Timeline": ActionId.TIMELINE,
        "Times": ActionId.TIMES,
        "Post-mortem": ActionId.POSTMORTEM,
        "Keep open": ActionId.KEEP_OPEN,
        "Post an update": ActionId.POST_UPDATE,
        "Subscribe": ActionId.SUBSCRIBE,
        "Unsubscribe": ActionId.UNSUBSCRIBE,
        "Open channel": ActionId.OPEN_CHANNEL,
        "Make private": ActionId.MAKE_PRIVATE,
        "Link account": ActionId.LINK_ACCOUNT,
        "My settings": ActionId.MY_SETTINGS,
        "Invite": ActionId.INVITE_EXPERT,
        "Request access": ActionId.REQUEST_ACCESS,
        "Let in": ActionId.LET_IN,
        "Decline": ActionId.DECLINE_ACCESS,
        "Retry": ActionId.RETRY,
        "Dismiss": ActionId.DISMISS,
        "Take ownership": ActionId.TAKE_OWNERSHIP,
        "Update status": ActionId.POST_UPDATE,
        "Open incident": ActionId.ALERTS_OPEN,
        "Attach to...": ActionId.ALERTS_ATTACH,
        "Silence": ActionId.ALERTS_SILENCE,
        "Override": ActionId.OVERRIDE,
        "Swap": ActionId.SWAP_TURNS,
        "Who was on call": ActionId.ON_CALL_AT,
        "Overrides": ActionId.OVERRIDES,
        "Remove swap": ActionId.REMOVE_OVERRIDE,
        "Still on it": ActionId.STILL_ON_IT,
        "Run a fire drill": ActionId.DRILL,
    }
    also = {  # of alerts without an incident, and of somebody who was asked to help
        "Acknowledge": {ActionId.ALERTS_ACKNOWLEDGE.value, ActionId.PAGE_ACKNOWLEDGE.value},
        "Escalate": {ActionId.PAGE_ESCALATE.value},
        "Remove": {
            ActionId.REMOVE_OVERRIDE.value,
            ActionId.REMOVE_AT_PAGER.value,
        },  # of an override
    }
    met: dict[str, set[str]] = {}

    def walk(value: Any) -> None:
        if isinstance(value, Message):
            value = list(value.blocks)
        if isinstance(value, dict):
            if value.get("type") == "button":
                met.setdefault(value["text"]["text"], set()).add(value["action_id"])
            for inner in value.values():
                walk(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                walk(inner)

    walk(SHOWN)
    promised = {label: {action.value} | also.get(label, set()) for label, action in labels.items()}
    assert promised == {label: met[label] for label in promised}
