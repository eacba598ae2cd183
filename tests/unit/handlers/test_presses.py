"""Buttons, forms, shortcuts and events; and that each is bound to Bolt."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.request.async_request import AsyncBoltRequest

from blocks.forms import (
    add_note,
    change_phase,
    change_severity,
    declare,
    escalate,
    reassign,
    resolve,
)
from blocks.ids import ActionId, CallbackId, DeclareButton, IncidentButton, ShortcutId, StepButton
from bot.domain.incident import PagerKind, PagerLink, Places, Status, Urgency
from bot.store import effects as store
from handlers import COMMAND, panel, register
from handlers.actions import ACTIONS
from handlers.events import EVENTS, member_from
from handlers.shortcuts import SHORTCUTS
from handlers.views import VIEWS
from tests.unit.store.house import an_incident
from tests.unit.worker.fakes import refused_by_slack

if TYPE_CHECKING:
    from tests.unit.handlers.desk import Counter

ONE = IncidentButton(number=1).encode()


async def press(counter: Counter, action: ActionId, value: str = ONE, **how: Any) -> dict[str, Any]:
    body = counter.pressed(action.value, value, **how)
    return await counter.serve("action", ACTIONS[action], body)


def filled(view: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """A rendered form as Slack sends it back."""
    state: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element, typed = block["element"], values.get(block["label"]["text"])
        kind = element["type"]
        answer: dict[str, Any] = {"type": kind, "value": typed}
        if kind == "static_select":
            answer = {"selected_option": {"value": typed} if typed else None}
        elif kind == "users_select":
            answer = {"selected_user": typed}
        elif kind == "checkboxes":
            answer = {"selected_options": [{"value": "x"}] if typed else []}
        state[block["block_id"]] = {element["action_id"]: answer}
    return {**view, "id": "V1", "state": {"values": state}}


async def submit(
    counter: Counter, form: CallbackId, view: dict[str, Any], **values: Any
) -> dict[str, Any]:
    given = {name.replace("_", " "): value for name, value in values.items()}
    counter.turns += 1
    sent = {**filled(view, given), "id": f"V{counter.turns}"}
    body = {"user": {"id": "U0ANA", "username": "ana"}, "view": sent, "trigger_id": "t"}
    return await counter.serve("view", VIEWS[form], body)


# --- buttons --------------------------------------------------------------------------------------


async def test_acknowledging_on_a_card_changes_the_card_only(counter: Counter) -> None:
    await counter.declare()
    assert await press(counter, ActionId.ACKNOWLEDGE) == {}
    assert (await counter.home.incident()).status is Status.ACKNOWLEDGED
    assert counter.views.calls == []
    await press(counter, ActionId.ACKNOWLEDGE, user="U0BEN")
    assert "<@U0ANA>" in counter.chat.named("respond")[0][2]


async def test_the_same_press_twice_is_one(counter: Counter) -> None:
    await counter.declare()
    await press(counter, ActionId.ACKNOWLEDGE, ts="5.5")
    await press(counter, ActionId.ACKNOWLEDGE, ts="5.5")
    assert counter.chat.calls == []


async def test_in_the_panel_the_panel_shows_the_result(counter: Counter) -> None:
    await counter.declare()
    await counter.home.incidents.resolve(1, by=(await _ana()), once="r")
    await press(counter, ActionId.REOPEN, view={"type": "modal", "id": "V9"})
    name, facts = counter.views.calls[-1]
    assert (name, facts["view_id"]) == ("update", "V9")
    assert ActionId.ACKNOWLEDGE.value in json.dumps(facts["view"])


async def _ana() -> Any:
    from tests.unit.store.house import ANA

    return ANA


@pytest.mark.parametrize(
    ("action", "form"),
    [
        (ActionId.RESOLVE, "resolve"),
        (ActionId.REASSIGN, "reassign"),
        (ActionId.ESCALATE, "escalate"),
        (ActionId.MORE, "panel"),
        (ActionId.CHANGE_SEVERITY, "change_severity"),
        (ActionId.CHANGE_PHASE, "change_phase"),
        (ActionId.ADD_NOTE, "add_note"),
        (ActionId.TIMELINE, "timeline"),
        (ActionId.DECLARE, "declare"),
    ],
)
async def test_buttons_that_ask_first(counter: Counter, action: ActionId, form: str) -> None:
    await counter.declare()
    await press(counter, action)
    assert [name for name, _ in counter.views.calls] == ["open"]
    assert counter.views.last["callback_id"] == form
    await press(counter, action, view={"type": "modal", "id": "V9"})
    assert counter.views.calls[-1][0] == "push", "on top of the modal it came from"


async def test_a_form_slack_does_not_show_is_told(counter: Counter) -> None:
    await counter.declare()
    counter.views.fail = [refused_by_slack("expired_trigger_id")]
    await press(counter, ActionId.RESOLVE)
    assert "try once more" in counter.chat.named("respond")[0][2]


async def test_a_button_of_another_version_does_nothing(counter: Counter) -> None:
    await counter.declare()
    for action in (ActionId.ACKNOWLEDGE, ActionId.RETRY, ActionId.DISMISS, ActionId.DECLARE_ANYWAY):
        await press(counter, action, "{}")
    assert len([c for c in counter.chat.calls if "older version" in str(c)]) == 4


async def test_declaring_anyway_is_one_incident_however_often(counter: Counter) -> None:
    value = DeclareButton(title="Disk", severity="SEV1", asked="command/t1").encode()
    await press(counter, ActionId.DECLARE_ANYWAY, value)
    await press(counter, ActionId.DECLARE_ANYWAY, value)
    assert (await counter.home.incidents.listed()).total == 1
    said = [c[2] for c in counter.chat.named("respond")]
    assert "is declared" in said[0]
    assert "was declared already" in said[1]


async def test_a_channel_on_demand(counter: Counter) -> None:
    await counter.declare()
    await counter.home.change(opens_channel=False, places=Places())
    await press(counter, ActionId.OPEN_CHANNEL)
    assert (await counter.home.incident()).opens_channel


async def test_joining(counter: Counter) -> None:
    await counter.declare()
    await press(counter, ActionId.JOIN)
    assert "invited" in counter.chat.named("respond")[0][2]
    await press(counter, ActionId.JOIN, view={"type": "modal", "id": "V9"})
    assert counter.views.calls[-1][0] == "update"
    assert "invited" in json.dumps(counter.views.last)


async def test_a_title_that_was_typed_before_is_offered(counter: Counter) -> None:
    view = filled(declare.build(), {"Title": "Checkout is DOWN", "What is happening?": "all"})
    await press(counter, ActionId.TITLE_TYPED, "", view=view)
    assert counter.views.calls == []
    await counter.declare()
    await press(counter, ActionId.TITLE_TYPED, "", view=view)
    shown = json.dumps(counter.views.last)
    assert "INC-1" in shown
    assert "Checkout is DOWN" in shown
    assert "all" in shown


async def test_retrying_and_dismissing_a_step(counter: Counter) -> None:
    await counter.declare()
    value = StepButton(effect_id=1, number=1).encode()
    await counter.home.work.write(lambda tx: store.give_up(tx.session, 1, tx.now, "invalid", "no"))
    await press(counter, ActionId.RETRY, value)
    assert (await counter.home.effects())[0].state == "pending"
    await counter.home.work.write(lambda tx: store.settle(tx.session, 1, tx.now))
    await press(counter, ActionId.RETRY, value)
    assert "not waiting for a retry" in counter.chat.named("respond")[0][2]
    await counter.home.work.write(lambda tx: store.give_up(tx.session, 1, tx.now, "invalid", "no"))
    await press(counter, ActionId.DISMISS, value)
    assert (await counter.home.effects())[0].state == "cancelled"


# --- what the panel offers ------------------------------------------------------------------------


def test_the_panel_offers_what_can_be_done() -> None:
    opened, taken = an_incident(), an_incident(status=Status.ACKNOWLEDGED)
    closed = an_incident(status=Status.RESOLVED)
    assert ActionId.ACKNOWLEDGE in panel.available(opened)
    assert ActionId.ACKNOWLEDGE not in panel.available(taken)
    assert ActionId.RESOLVE in panel.available(taken)
    assert ActionId.REOPEN not in panel.available(taken)
    assert ActionId.REOPEN in panel.available(closed)
    assert ActionId.RESOLVE not in panel.available(closed)
    assert ActionId.OPEN_CHANNEL not in panel.available(opened)
    assert ActionId.OPEN_CHANNEL in panel.available(replace(opened, opens_channel=False))
    assert ActionId.OPEN_CHANNEL not in panel.available(replace(closed, opens_channel=False))


@pytest.mark.parametrize(
    ("pager", "urgency", "choices"),
    [
        (PagerLink(), Urgency.HIGH, []),
        (
            PagerLink(kind=PagerKind.NATIVE, policy_name="default"),
            Urgency.HIGH,
            ["level:2", "level:3", "level:1"],
        ),
        (PagerLink(kind=PagerKind.NATIVE, policy_name="gone"), Urgency.HIGH, ["policy:default"]),
        (
            PagerLink(kind=PagerKind.PAGERDUTY, policy_id="E1"),
            Urgency.HIGH,
            ["level:2", "policy:E2"],
        ),
        (PagerLink(kind=PagerKind.PAGERDUTY, policy_id="E1"), Urgency.LOW, ["policy:E2"]),
        (
            PagerLink(kind=PagerKind.PAGERDUTY, policy_id="EX"),
            Urgency.HIGH,
            ["level:2", "level:3", "policy:E2", "policy:E1"],
        ),
    ],
)
async def test_escalation_offers_only_what_the_pager_can_do(
    counter: Counter, pager: PagerLink, urgency: Urgency, choices: list[str]
) -> None:
    turn = counter.turn("action", {})
    incident = an_incident(pager=pager, urgency=urgency)
    found = await panel.escalation_choices(turn, incident)
    assert [value for value, _ in found] == choices


# --- forms ----------------------------------------------------------------------------------------


async def test_the_declare_form(counter: Counter) -> None:
    view = declare.build(
        severities=counter.desk.severity_choices(), services=counter.desk.service_choices()
    )
    values = {"Title": "Down", "Severity": "SEV1", "Service": "web", "What is happening?": "x"}
    sent = {**filled(view, values), "id": "V1"}
    body = {"user": {"id": "U0ANA"}, "view": sent}
    assert await counter.serve("view", VIEWS[CallbackId.DECLARE], body) == {}
    incident = await counter.home.incident()
    assert (incident.title, incident.severity, incident.service) == ("Down", "SEV1", "web")
    again = await counter.serve("view", VIEWS[CallbackId.DECLARE], body)
    assert again["response_action"] == "update"
    assert "INC-1" in json.dumps(again)
    assert (await counter.home.incidents.listed()).total == 1


async def test_a_wrong_form_says_where(counter: Counter) -> None:
    ack = await submit(counter, CallbackId.DECLARE, declare.build(), Title="")
    assert ack["response_action"] == "errors"
    assert "field.title" in ack["errors"]


async def test_the_other_forms(counter: Counter) -> None:
    incident = await counter.declare()
    severities = counter.desk.severity_choices()
    steps: list[tuple[CallbackId, dict[str, Any], dict[str, Any]]] = [
        (CallbackId.CHANGE_SEVERITY, change_severity.build(incident, severities=severities), {"Severity": "SEV3"}),
        (CallbackId.CHANGE_PHASE, change_phase.build(incident), {"Phase": "monitoring"}),
        (CallbackId.ADD_NOTE, add_note.build(incident), {"Note": "DNS"}),
        (CallbackId.REASSIGN, reassign.build(incident), {"Assign_to": "U0BEN", "Message": "yours"}),
        (CallbackId.ESCALATE, escalate.build(incident, choices=[("level:2", "Level 2")]),
         {"Escalate_to": "level:2"}),
        (CallbackId.ESCALATE, escalate.build(incident, choices=[("level:2", "Level 2")]),
         {"Or_page_a_person": "U0BEN"}),
        (CallbackId.RESOLVE, resolve.build(incident), {"What_fixed_it?": "Rolled back"}),
    ]  # fmt: skip
    for form, view, values in steps:
        assert await submit(counter, form, view, **values) == {}, form
    after = await counter.home.incident()
    assert (after.severity, after.status, after.resolution) == (
        "SEV3",
        Status.RESOLVED,
        "Rolled back",
    )
    assert (await counter.home.entries())[1:] == [
        "severity_changed", "phase_changed", "annotated", "reassigned", "escalated", "responder_added",
        "resolved",
    ]  # fmt: skip


async def test_a_form_that_comes_too_late_says_so_in_place(counter: Counter) -> None:
    incident = await counter.declare()
    await counter.home.incidents.resolve(1, by=await _ana(), once="r")
    ack = await submit(counter, CallbackId.RESOLVE, resolve.build(incident))
    assert ack["response_action"] == "update"
    assert "resolved already" in json.dumps(ack)


# --- shortcuts and events -------------------------------------------------------------------------


async def test_the_global_shortcut_opens_the_form(counter: Counter) -> None:
    body = {"user": {"id": "U0ANA"}, "trigger_id": "t"}
    await counter.serve("shortcut", SHORTCUTS[ShortcutId.DECLARE], body)
    assert counter.views.last["callback_id"] == "declare"


async def happen(counter: Counter, name: str, **event: Any) -> None:
    body = {"event": {"type": name, **event}, "event_id": "E1"}
    assert await counter.serve("event", EVENTS[name], body) == {}


async def test_home_is_published_for_who_opens_it(counter: Counter) -> None:
    await happen(counter, "app_home_opened", user="U0ANA", tab="messages")
    assert await counter.home.effects("slack.publish_home") == []
    await happen(counter, "app_home_opened", user="U0ANA", tab="home")
    [home] = await counter.home.effects("slack.publish_home")
    assert home.payload == {"user": "U0ANA"}


async def test_the_mirror_follows(counter: Counter) -> None:
    user = {"id": "U0NEW", "name": "new", "profile": {"email": "new@x", "real_name": "New"}}
    await happen(counter, "team_join", user=user)
    await happen(counter, "user_change", user={**user, "deleted": True})
    await happen(counter, "user_change", user="U0NEW")
    person = await counter.home.work.read(lambda tx: tx.people.by_slack("U0NEW"))
    assert person is not None
    assert (person.name, person.email, person.deleted) == ("New", "new@x", True)
    for name in ("subteam_created", "subteam_updated", "subteam_members_changed"):
        await happen(counter, name)
    assert counter.mirrored == 3


def test_a_member_as_slack_describes_one() -> None:
    guest = member_from({"id": "U1", "is_ultra_restricted": True, "profile": None})
    assert (guest.name, guest.is_guest, guest.email, guest.tz) == ("U1", True, None, "UTC")


async def test_a_channel_renamed_by_hand(counter: Counter) -> None:
    await counter.declare()
    await counter.home.change(places=Places(channel="C7", channel_name="old"))
    await happen(counter, "channel_rename", channel={"id": "C7", "name": "new"})
    await happen(counter, "group_rename", channel="C7")
    assert (await counter.home.incident()).places.channel_name == "new"


# --- the once-key, and Bolt -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "body", "once"),
    [
        ("command", {"trigger_id": "1.2"}, "command/1.2"),
        ("view", {"view": {"id": "V1"}}, "view/V1"),
        ("view", {}, "view/"),
        ("shortcut", {"trigger_id": "1.2"}, "shortcut/1.2"),
        ("event", {"event_id": "E1"}, "event/E1"),
        (
            "action",
            {"container": {"message_ts": "9.9"}, "actions": [{"action_id": "a", "action_ts": "7"}]},
            "press/9.9/a/7",
        ),
        (
            "action",
            {"container": {"view_id": "V1"}, "actions": [{"action_id": "a"}], "trigger_id": "t"},
            "press/V1/a/t",
        ),
        ("action", {"actions": "odd"}, "press///"),
    ],
)
def test_what_identifies_a_press(
    counter: Counter, kind: str, body: dict[str, Any], once: str
) -> None:
    assert counter.turn(kind, body).once == once


@pytest.mark.parametrize(
    ("kind", "body", "user", "channel"),
    [
        ("command", {"user_id": "U1", "user_name": "n", "channel_id": "C1"}, ("U1", "n"), "C1"),
        (
            "action",
            {"user": {"id": "U1", "username": "n"}, "channel": {"id": "C1"}},
            ("U1", "n"),
            "C1",
        ),
        ("action", {"user": {"id": "U1"}, "container": {"channel_id": "C2"}}, ("U1", ""), "C2"),
        ("event", {"event": {"user": "U1"}}, ("U1", ""), None),
        ("event", {"event": {"user": {"id": "U1", "name": "n"}}}, ("U1", "n"), None),
        ("event", {}, ("", ""), None),
    ],
)
def test_who_and_where(
    counter: Counter, kind: str, body: dict[str, Any], user: tuple[str, str], channel: str | None
) -> None:
    turn = counter.turn(kind, body)
    assert ((turn.user.id, turn.user.name), turn.channel) == (user, channel)
    assert turn.view == {}
    assert turn.response_url is None


async def test_bolt_finds_a_listener_for_everything(counter: Counter) -> None:
    async def authorize(**_: Any) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id="T1", bot_token="xoxb-x", bot_user_id="UBOT", bot_id="B1"
        )

    app = AsyncApp(
        authorize=authorize, request_verification_enabled=False, ssl_check_enabled=False,
        ignoring_self_events_enabled=False,
    )  # fmt: skip
    seen: list[tuple[str, float]] = []
    register(app, counter.desk, lambda kind, seconds: seen.append((kind, seconds)))

    async def send(body: dict[str, Any]) -> int:
        request = AsyncBoltRequest(body=json.dumps(body), mode="socket_mode")
        return int((await app.async_dispatch(request)).status)

    base = {"team": {"id": "T1"}, "user": {"id": "U0ANA"}, "trigger_id": "t", "token": "x"}
    envelopes: list[dict[str, Any]] = [
        {
            "command": COMMAND,
            "text": "help",
            "user_id": "U0ANA",
            "team_id": "T1",
            "trigger_id": "t",
        },
        {"type": "shortcut", "callback_id": ShortcutId.DECLARE.value, **base},
        {"type": "block_actions", "actions": [{"action_id": "unknown", "block_id": "b"}], **base},
        {"type": "event_callback", "event": {"type": "reaction_added"}, "team_id": "T1"},
    ]
    envelopes += [
        {"type": "block_actions", "actions": [{"action_id": a.value, "block_id": "b"}], **base}
        for a in ACTIONS
    ]
    envelopes += [
        {
            "type": "view_submission",
            "view": {"type": "modal", "callback_id": c.value, "id": "V"},
            **base,
        }
        for c in VIEWS
    ]
    envelopes += [
        {"type": "event_callback", "event": {"type": name}, "team_id": "T1"} for name in EVENTS
    ]
    assert [await send(body) for body in envelopes] == [200] * len(envelopes)
    async with asyncio.timeout(10):
        # Events are answered before they are handled.
        while len(seen) < len(envelopes):  # noqa: ASYNC110
            await asyncio.sleep(0)
    assert all(seconds >= 0 for _, seconds in seen)
