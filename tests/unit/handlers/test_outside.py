"""Nobody outside can tell a private incident from a number nobody used: every command, button and form.

The lists below must be complete: whatever is added to the tables of the handlers is tried here as well.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

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
    escalate,
    link_account,
    merge,
    page_someone,
    pick_incident,
    post_update,
    postmortem,
    reassign,
    resolve,
    services,
    times,
)
from blocks.ids import (
    AccessButton,
    ActionId,
    AlertsIncidentButton,
    AskedButton,
    CallbackId,
    ExpertButton,
    IncidentButton,
    ItemButton,
    LinkButton,
    RoleButton,
    ServiceButton,
    StepButton,
)
from bot.domain.incident import Places
from bot.domain.moments import Said
from bot.store import members
from handlers.actions import ACTIONS
from handlers.commands import COMMANDS
from handlers.events import EVENTS
from handlers.options import OPTIONS
from handlers.views import VIEWS
from tests.unit.blocks.alert_samples import a_view
from tests.unit.handlers.test_presses import filled
from tests.unit.store.house import NOW, an_item

if TYPE_CHECKING:
    from bot.domain.incident import Incident
    from tests.unit.handlers.desk import Counter

SECRET = "Salaries on a public page"
#: The private incident, and a number nobody used.
PRIVATE, NOBODYS = 1, 4
ROOM = "C7"

#: What follows the verb; ``{}`` is the incident. None: the command names no incident.
WORDS: dict[str, str | None] = {
    "declare": None,
    "list": None,
    "show": "{}",
    "ack": "{}",
    "reassign": "{} <@U0BEN> yours",
    "escalate": "{} 2",
    "resolve": "{} done",
    "reopen": "{}",
    "severity": "{} SEV1",
    "status": "{} monitoring",
    "title": "{} Another",
    "summary": "{} Another",
    "role": "{} commander",
    "service": "{} add db",
    "page": "{} <@U0BEN> help",
    "oncall": "{} override <@U0BEN> for 4h",
    "expert": "{} redis",
    "link": None,
    "note": "{} text",
    "merge": "{} into INC-2",
    "private": "{}",
    "alerts": None,
    "update": "{} text",
    "timeline": "{}",
    "action": "{} text",
    "actions": "{}",
    "times": "{} detected 09:00",
    "postmortem": "{} text",
    "archive": "{}",
    "report": None,
    "drill": None,
    "doctor": None,
    "help": None,
}
#: What a button carries. None: it names no incident.
VALUES: dict[ActionId, Any] = {
    **dict.fromkeys(
        (
            ActionId.ACKNOWLEDGE, ActionId.REASSIGN, ActionId.ESCALATE, ActionId.RESOLVE,
            ActionId.REOPEN, ActionId.MORE, ActionId.OPEN_CHANNEL, ActionId.CHANGE_SEVERITY,
            ActionId.CHANGE_PHASE, ActionId.ADD_NOTE, ActionId.TIMELINE, ActionId.JOIN,
            ActionId.MERGE, ActionId.POST_UPDATE, ActionId.SUBSCRIBE, ActionId.SNOOZE,
            ActionId.ASSIGN_ROLES, ActionId.SERVICES, ActionId.PAGE_SOMEONE, ActionId.MAKE_PRIVATE,
            ActionId.UNSUBSCRIBE, ActionId.REQUEST_ACCESS, ActionId.PROPOSED,
            ActionId.TAKE_OWNERSHIP, ActionId.ADD_ACTION_ITEM, ActionId.TIMES, ActionId.POSTMORTEM, ActionId.KEEP_OPEN,
        ),
        lambda n: IncidentButton(number=n),
    ),
    ActionId.RETRY: lambda n: StepButton(effect_id=1, number=n),
    ActionId.DISMISS: lambda n: StepButton(effect_id=1, number=n),
    ActionId.TAKE_ROLE: lambda n: RoleButton(number=n, role="commander"),
    ActionId.FREE_ROLE: lambda n: RoleButton(number=n, role="commander"),
    ActionId.REMOVE_SERVICE: lambda n: ServiceButton(number=n, service="web"),
    ActionId.INVITE_OWNERS: lambda n: ServiceButton(number=n, service="db"),
    ActionId.LET_IN: lambda n: AccessButton(number=n, user="U0BEN"),
    ActionId.DECLINE_ACCESS: lambda n: AccessButton(number=n, user="U0BEN"),
    ActionId.ACTION_DONE: lambda n: ItemButton(number=n, item=1),
    ActionId.ACTION_REOPEN: lambda n: ItemButton(number=n, item=1),
    ActionId.ACTION_OWNER: lambda n: ItemButton(number=n, item=1),
    ActionId.ALERTS_ATTACH_TO: lambda n: AlertsIncidentButton(group=1, number=n),
    ActionId.LINK_ACCOUNT: lambda n: LinkButton(number=n, verb="reassign"),
    ActionId.INVITE_EXPERT: lambda n: ExpertButton(number=n, user="U0BEN", skill="redis"),
    ActionId.MY_SETTINGS: None,
    ActionId.OPEN_FORM: lambda n: AskedButton(words=f"show INC-{n}"),
    ActionId.PAGE_ACKNOWLEDGE: None,
    ActionId.PAGE_ESCALATE: None,
    ActionId.STILL_ON_IT: None,
    ActionId.ROSTER_NEW: None,
    ActionId.ROSTER_EDIT: None,
    ActionId.ROSTER_DELETE: None,
    ActionId.ROSTER_ADD_LAYER: None,
    ActionId.ROSTER_REMOVE_LAYER: None,
    ActionId.DRILL: None,
    ActionId.ALERTS_OPEN: None,
    ActionId.ALERTS_ATTACH: None,
    ActionId.ALERTS_ACKNOWLEDGE: None,
    ActionId.ALERTS_SILENCE: None,
    ActionId.ALERTS_UNSILENCE: None,
    ActionId.OVERRIDE: None,
    ActionId.SWAP_TURNS: None,
    ActionId.ON_CALL_AT: None,
    ActionId.OVERRIDES: None,
    ActionId.REMOVE_OVERRIDE: None,
    ActionId.REMOVE_AT_PAGER: None,
    ActionId.DECLARE: None,
    ActionId.DECLARE_ANYWAY: None,
    ActionId.CHARTS: None,
    ActionId.TITLE_TYPED: None,
    ActionId.SERVICE_CHOSEN: None,
}  # fmt: skip
#: Who is answered the same, but not that there is no such incident: they may hear of it.
OTHER_WORDS = {ActionId.UNSUBSCRIBE, ActionId.REQUEST_ACCESS}


def forms(
    one: Incident, other: Incident
) -> dict[CallbackId, tuple[dict[str, Any], dict[str, Any]]]:
    """Every form about an incident, and what is filled in."""
    said = Said(channel="C0", ts="1.1", text="x")
    return {
        CallbackId.RESOLVE: (resolve.build(one), {"What fixed it?": "x"}),
        CallbackId.REASSIGN: (reassign.build(one), {"Assign to": "U0BEN"}),
        CallbackId.ESCALATE: (
            escalate.build(one, choices=[("level:2", "Level 2")]),
            {"Escalate to": "level:2"},
        ),
        CallbackId.ADD_NOTE: (add_note.build(one), {"Note": "x"}),
        CallbackId.CHANGE_SEVERITY: (
            change_severity.build(one, severities=[("SEV1", "SEV1")]),
            {"Severity": "SEV1"},
        ),
        CallbackId.CHANGE_PHASE: (change_phase.build(one), {"Phase": "monitoring"}),
        CallbackId.CHANGE_TITLE: (change_title.build(one), {"Title": "x"}),
        CallbackId.CHANGE_SUMMARY: (change_summary.build(one), {"What is happening?": "x"}),
        CallbackId.ASSIGN_ROLE: (
            assign_role.build(one, roles=[("commander", "commander")]),
            {"Role": "commander", "Person": "U0BEN"},
        ),
        CallbackId.POST_UPDATE: (post_update.build(one), {"Update": "x"}),
        CallbackId.SERVICES: (
            services.build(one, services=[("db", "Database")]),
            {"Add a service": "db"},
        ),
        CallbackId.PAGE_SOMEONE: (page_someone.build(one, policies=[]), {"Person": "U0BEN"}),
        CallbackId.MERGE: (merge.build(one, [other]), {"Merge with": "2", "Keep": "this"}),
        CallbackId.ADD_MESSAGE: (
            add_message.build(said, [one]),
            {"Incident": str(one.number), "Text": "x"},
        ),
        CallbackId.ACTION_ITEMS: (action_items.build(one, []), {"What is to be done?": "x"}),
        CallbackId.ACTION_OWNER: (
            action_owner.build(one, an_item(incident=one.number)),
            {"Owner": "U0BEN"},
        ),
        CallbackId.ATTACH_ALERTS: (attach_alerts.build(a_view()), {"Incident": str(one.number)}),
        CallbackId.TIMES: (times.build(one), {}),
        CallbackId.CHOOSE_SKILL: (choose_skill.build(one, ["redis"]), {"Skill": "redis"}),
        CallbackId.LINK_ACCOUNT: (
            link_account.build(
                LinkButton(number=one.number, verb="reassign"),
                person="U0BEN",
                own=True,
                github=link_account.Place(),
            ),
            {"GitHub login": "octo"},
        ),
        CallbackId.POSTMORTEM: (postmortem.build(one), {"Summary": "x"}),
        CallbackId.PICK_INCIDENT: (
            pick_incident.build("show"),
            {"Incident": str(one.number)},
        ),
    }


#: Forms that name no incident.
NO_FORM = {
    CallbackId.DECLARE, CallbackId.SILENCE_ALERTS, CallbackId.OVERRIDE, CallbackId.SWAP_TURNS, CallbackId.ON_CALL_AT,
    CallbackId.MY_SETTINGS, CallbackId.ROSTER, CallbackId.DRILL,
}  # fmt: skip


@pytest.fixture
async def outside(counter: Counter) -> Counter:
    """Ana's private incident with its channel, and a public one; Ben is outside, and the channel's members known."""
    await counter.declare(SECRET, private=True, service="web")
    await counter.declare("A public one")
    await counter.home.change(places=Places(channel=ROOM, channel_name="salaries", card_ts="1.0"))
    await know(counter, "U0ANA")
    await counter.home.dismiss_all()
    return counter


async def know(counter: Counter, *inside: str) -> None:
    incident = await counter.home.incident()
    began = counter.home.clock.now()
    await counter.home.work.write(lambda tx: members.were_read(tx, incident, ROOM, inside, began))


async def told(counter: Counter, kind: str, handler: Any, body: dict[str, Any]) -> str:
    """Everything one turn said or showed, in whatever way."""
    chats, views = len(counter.chat.calls), len(counter.views.calls)
    ack = await counter.serve(kind, handler, body)
    said = [ack, counter.chat.calls[chats:], counter.views.calls[views:]]
    return re.sub(r'"trigger_id": "t\d+"', "", json.dumps(said, default=str, sort_keys=True))


async def untouched(counter: Counter, before: tuple[Incident, list[str], int]) -> None:
    after = await standing(counter)
    assert after[0] == before[0]
    assert after[1] == before[1]


async def standing(counter: Counter) -> tuple[Incident, list[str], int]:
    incident = await counter.home.incident(PRIVATE)
    effects = [
        row for row in await counter.home.effects(state="pending") if row.incident == PRIVATE
    ]
    return incident, await counter.home.entries(PRIVATE), len(effects)


def same(one: str, other: str) -> None:
    """Both answers are the same but for the number that was named."""
    assert SECRET not in one
    folded = other.replace(f"INC-{NOBODYS}", f"INC-{PRIVATE}")
    folded = folded.replace(f'number\\\\\\":{NOBODYS}', f'number\\\\\\":{PRIVATE}')
    folded = folded.replace(f'number\\":{NOBODYS}', f'number\\":{PRIVATE}')
    assert one == folded


def test_the_lists_are_complete() -> None:
    assert set(WORDS) == set(COMMANDS)
    assert set(VALUES) == set(ACTIONS)
    assert set(OPTIONS) == {ActionId.PICK_INCIDENT, ActionId.PICK_PAGER_USER}


async def test_the_forms_are_complete(outside: Counter) -> None:
    one, other = await outside.home.incident(), await outside.home.incident(2)
    assert set(forms(one, other)) | NO_FORM == set(VIEWS)


def command(words: str, turn: int) -> dict[str, Any]:
    return {
        "text": words, "user_id": "U0BEN", "user_name": "ben", "channel_id": "C0",
        "trigger_id": f"t{turn}", "response_url": "https://hooks.slack.com/commands/1",
    }  # fmt: skip


@pytest.mark.parametrize("verb", [verb for verb, words in WORDS.items() if words])
async def test_no_command_tells_one_from_the_other(outside: Counter, verb: str) -> None:
    from handlers.commands import incident_command

    before = await standing(outside)
    said = []
    for number in (PRIVATE, NOBODYS):
        words = f"{verb} {(WORDS[verb] or '').format(f'INC-{number}')}"
        said.append(await told(outside, "command", incident_command, command(words, number)))
    assert f"There is no INC-{PRIVATE}" in said[0]
    assert "Request access" in said[0]
    same(*said)
    await untouched(outside, before)


@pytest.mark.parametrize("words", ["list", "list all", "list mine", "list web", "report", "oncall"])
async def test_no_list_and_no_number_names_it(outside: Counter, words: str) -> None:
    from handlers.commands import incident_command

    said = await told(outside, "command", incident_command, command(words, 1))
    assert SECRET not in said
    assert "INC-1" not in said


@pytest.mark.parametrize("where", ["message", "modal"])
@pytest.mark.parametrize("action", [action for action, value in VALUES.items() if value])
async def test_no_button_tells_one_from_the_other(
    outside: Counter, action: ActionId, where: str
) -> None:
    before, said = await standing(outside), []
    for number in (PRIVATE, NOBODYS):
        value = VALUES[action](number).encode()
        view = None
        if where == "modal" or action is ActionId.PROPOSED:
            metadata = IncidentButton(number=number).encode()
            view = {"type": "modal", "id": "V1", "private_metadata": metadata}
            view["callback_id"] = CallbackId.CHANGE_PHASE.value
        body = outside.pressed(action.value, value, view=view, user="U0BEN", ts="9.9")
        said.append(await told(outside, "action", ACTIONS[action], body))
    if where == "message" and action not in OTHER_WORDS | {ActionId.PROPOSED}:
        assert f"There is no INC-{PRIVATE}" in said[0]
    same(*said)
    await untouched(outside, before)
    if action is not ActionId.REQUEST_ACCESS:
        assert (await standing(outside))[2] == before[2]


@pytest.mark.parametrize(
    "form", [form for form in CallbackId if form in VIEWS and form not in NO_FORM]
)
async def test_no_form_tells_one_from_the_other(outside: Counter, form: CallbackId) -> None:
    before, said = await standing(outside), []
    other = await outside.home.incident(2)
    for number in (PRIVATE, NOBODYS):
        one = replace(before[0], number=number)
        view, values = forms(one, other)[form]
        sent = {**filled(view, values), "id": f"V{number}"}
        if form in {CallbackId.PICK_INCIDENT, CallbackId.ATTACH_ALERTS}:
            chosen = {"selected_option": {"value": str(number)}}
            sent["state"] = {"values": {"field.incident": {ActionId.PICK_INCIDENT.value: chosen}}}
        body = {"user": {"id": "U0BEN", "username": "ben"}, "view": sent, "trigger_id": "t"}
        said.append(await told(outside, "view", VIEWS[form], body))
    assert f"There is no INC-{PRIVATE}" in said[0], said[0]
    same(*said)
    await untouched(outside, before)


@pytest.mark.parametrize("typed", ["", "1", "INC-1", "salaries", "public"])
async def test_completion_offers_it_to_its_members_only(outside: Counter, typed: str) -> None:
    async def offered(user: str) -> str:
        body = {"user": {"id": user}, "value": typed}
        return await told(outside, "options", OPTIONS[ActionId.PICK_INCIDENT], body)

    assert SECRET not in await offered("U0BEN")
    assert SECRET in await offered("U0ANA")


async def test_a_member_without_any_part_in_it_sees_and_acts_until_they_leave(
    outside: Counter,
) -> None:
    await know(outside, "U0ANA", "U0BEN")
    assert SECRET in await shown(outside)
    assert "is acknowledged" in await outside.command("ack INC-1", user="U0BEN")
    for which in ("list", "list all", "list mine"):
        assert "INC-1" in await outside.command(which, user="U0BEN")
    now = outside.home.clock.advance(60)
    await outside.desk.rooms.left(ROOM, "U0BEN", now)
    assert "There is no INC-1" in await outside.command("show INC-1", user="U0BEN")
    assert "INC-1" not in await outside.command("list mine", user="U0BEN"), "although it is his"
    late = now - timedelta(seconds=30)
    await outside.desk.rooms.joined(ROOM, "U0BEN", late)
    assert "There is no INC-1" in await outside.command("show INC-1", user="U0BEN")
    await outside.desk.rooms.joined(ROOM, "U0BEN", now + timedelta(seconds=1))
    assert SECRET in await shown(outside)


async def shown(counter: Counter) -> str:
    from handlers.commands import incident_command

    return await told(
        counter, "command", incident_command, command("show INC-1", counter.turns + 50)
    )


async def test_a_panel_that_is_open_is_of_no_use_to_who_left(outside: Counter) -> None:
    await know(outside, "U0ANA", "U0BEN")
    await outside.desk.rooms.left(ROOM, "U0BEN", NOW + timedelta(seconds=1))
    metadata = IncidentButton(number=PRIVATE).encode()
    view = {"type": "modal", "id": "V1", "callback_id": "panel", "private_metadata": metadata}
    body = outside.pressed(ActionId.ACKNOWLEDGE.value, metadata, view=view, user="U0BEN")
    before = await standing(outside)
    await told(outside, "action", ACTIONS[ActionId.ACKNOWLEDGE], body)
    await untouched(outside, before)


# --- what Slack tells of the channel --------------------------------------------------------------


async def happen(counter: Counter, name: str, **event: Any) -> None:
    counter.turns += 1
    body = {"event": {"type": name, **event}, "event_id": f"E{counter.turns}"}
    body["authorizations"] = [{"user_id": "UBOT"}]  # type: ignore[assignment]
    await counter.serve("event", EVENTS[name], body)


async def ben_sees_it(counter: Counter) -> bool:
    return SECRET in await shown(counter)


async def test_joining_and_leaving_are_followed_at_once(outside: Counter) -> None:
    at = NOW.timestamp()
    await happen(outside, "member_joined_channel", user="U0BEN", channel=ROOM, event_ts=f"{at}")
    assert await ben_sees_it(outside)
    await happen(outside, "member_left_channel", user="U0BEN", channel="C0", event_ts=f"{at + 1}")
    assert await ben_sees_it(outside), "another channel"
    await happen(outside, "member_left_channel", user="U0BEN", channel=ROOM, event_ts=f"{at + 2}")
    assert not await ben_sees_it(outside)
    outside.home.clock.advance(60)
    for odd in ("", "soon", "1e999", None):
        await happen(outside, "member_joined_channel", user="U0BEN", channel=ROOM, event_ts=odd)
        assert await ben_sees_it(outside), "a time that cannot be read is now"


async def test_a_channel_we_are_taken_out_of_is_open_to_nobody(outside: Counter) -> None:
    await know(outside, "U0ANA", "U0BEN")
    await happen(outside, "group_left", channel="C0")
    assert await ben_sees_it(outside)
    await happen(outside, "group_left", channel=ROOM)
    assert not await ben_sees_it(outside)
    assert "is acknowledged" in await outside.command("ack", user="U0ANA", channel=ROOM), (
        "whoever acts inside of it is in it"
    )


async def test_only_slacks_own_word_makes_an_incident_private(outside: Counter) -> None:
    await outside.home.change(2, places=Places(channel="C8", channel_name="x"))
    said = {"channel": "C8", "user": "U0BEN", "text": "made this channel *private*"}
    for event in (
        said,
        {**said, "subtype": "channel_topic"},
        {**said, "subtype": "bot_message"},
        {**said, "subtype": "channel_convert_to_private", "channel": "C0"},
    ):
        await happen(outside, "message.groups", **event)
        assert not (await outside.home.incident(2)).private
    await happen(outside, "message.groups", **said, subtype="channel_convert_to_private")
    await happen(outside, "message.groups", **said, subtype="channel_convert_to_private")
    assert (await outside.home.incident(2)).private
    assert (await outside.home.entries(2)).count("made_private") == 1
