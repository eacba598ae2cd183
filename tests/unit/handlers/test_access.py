"""Every command, press, form and shortcut by a guest and by somebody of another workspace, as the table says.

The walk takes what the builders show: whoever adds a button or form shows it in tests/architecture/test_ids.py,
decides in handlers/access.py, and is tested here without another line.
"""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel

from blocks.ids import ActionId, CallbackId
from bot.domain.escalation import Page
from bot.domain.incident import Phase, Places, Status
from bot.ports import Member
from bot.services.people import IDENTITY
from bot.store import pages
from handlers import access, commands
from handlers.access import Asks, Free, Leads
from handlers.actions import ACTIONS
from handlers.events import EVENTS
from handlers.options import OPTIONS
from handlers.shortcuts import SHORTCUTS
from handlers.views import VIEWS
from tests.architecture.test_ids import SHOWN
from tests.unit.blocks.alert_samples import a_group
from tests.unit.blocks.samples import incident as an_alike
from tests.unit.store.house import ANA, NOW, an_incident, an_item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from handlers.turn import Handler
    from tests.unit.handlers.desk import Counter

GUEST, STRANGER, HOME = "U0GRACE", "U0ZOE", "T1"
NUMBER = an_incident().number
#: What follows ``INC-n`` in each command; a command that needs nothing is not named.
WORDS = {
    "oncall": "override <@U0BEN> primary for 4h",
    "declare": "Another one",
    "reassign": "<@U0BEN>",
    "escalate": "2",
    "severity": "SEV2",
    "status": "identified",
    "role": "scribe",
    "service": "add db",
    "page": "<@U0BEN>",
    "times": "detected 09:00",
    "merge": f"into INC-{NUMBER + 1}",
}
#: Proved where their effects are carried out: tests/scenarios/test_marks.py.
MARKS = {"reaction_added", "reaction_removed", "pin_added", "pin_removed"}
#: Only for incidents that are over.
AFTERWARDS = {
    "postmortem", "archive", ActionId.POSTMORTEM, ActionId.KEEP_OPEN, CallbackId.POSTMORTEM
}  # fmt: skip
TABLES = [
    ("commands", commands.COMMANDS, access.COMMANDS),
    ("buttons and inputs", ACTIONS, access.ACTIONS),
    ("forms", VIEWS, access.VIEWS),
    ("shortcuts", SHORTCUTS, access.SHORTCUTS),
    ("completions", OPTIONS, access.OPTIONS),
    ("events", EVENTS, access.EVENTS),
]


@pytest.mark.parametrize(("what", "handled", "decided"), TABLES, ids=[t[0] for t in TABLES])
def test_whoever_handles_something_decided_who_may_do_it(
    what: str, handled: Any, decided: Any
) -> None:
    assert set(handled) == set(decided), f"decide about these {what} in handlers/access.py"
    assert all(d.why for d in decided.values() if isinstance(d, Free))


def test_the_events_that_change_something_are_the_marks() -> None:
    assert {e for e, d in access.EVENTS.items() if isinstance(d, Asks)} == MARKS


# --- what people can meet --------------------------------------------------------------------------


def _elements(shown: Any) -> Iterator[dict[str, Any]]:
    if isinstance(shown, dict):
        if isinstance(shown.get("action_id"), str):
            yield shown
        for value in shown.values():
            yield from _elements(value)
    elif isinstance(shown, list | tuple):
        for value in shown:
            yield from _elements(value)


def _met() -> tuple[dict[str, tuple[str, dict[str, Any] | None]], dict[str, dict[str, Any]]]:
    """A press of every button (its value, and the form it stands in), and every form."""
    presses: dict[str, tuple[str, dict[str, Any] | None]] = {}
    forms: dict[str, dict[str, Any]] = {}
    for shown in SHOWN:
        view = shown if isinstance(shown, dict) else None
        if view and view.get("submit"):
            forms.setdefault(str(view["callback_id"]), view)
        blocks = view["blocks"] if view else list(shown.blocks)
        for element in _elements(blocks):
            inside = view if view and view.get("type") == "modal" else None
            presses.setdefault(element["action_id"], (str(element.get("value") or ""), inside))
    return presses, forms


PRESSES, FORMS = _met()


def sent(view: dict[str, Any]) -> dict[str, Any]:
    """A form with something in every field that must be filled in (or else a person), as Slack sends it."""
    state: dict[str, Any] = {}
    inputs = [block for block in view["blocks"] if block["type"] == "input"]
    filled = [block for block in inputs if not block.get("optional")]
    people = [block for block in inputs if block["element"]["type"] == "users_select"]
    for block in filled or people or inputs:
        element = block["element"]
        kind, options = element.get("type"), element.get("options") or [{"value": str(NUMBER)}]
        answers = {
            "plain_text_input": {"value": "words"},
            "static_select": {"selected_option": options[0]},
            "external_select": {"selected_option": options[0]},
            "users_select": {"selected_user": "U0BEN"},
            "checkboxes": {"selected_options": []},
            "datetimepicker": {"selected_date_time": int(NOW.timestamp()) + 3600},
        }
        if kind in answers:
            state[block["block_id"]] = {element["action_id"]: answers[kind]}
    return {**view, "id": "V1", "state": {"values": state}}


def everything(user: str, team: str) -> Iterator[tuple[str, Any, str, Handler, dict[str, Any]]]:
    """Table, entry, kind of turn, handler, payload."""
    who = {"user": {"id": user, "name": user.lower(), "team_id": team}, "team": {"id": HOME}}
    for verb in commands.COMMANDS:
        words = WORDS.get(verb, "" if isinstance(access.COMMANDS[verb], Free) else "words")
        text = f"declare {words}" if verb == "declare" else f"{verb} INC-{NUMBER} {words}"
        body = {"text": text, "user_id": user, "channel_id": "C0", "trigger_id": f"t-{verb}"}
        yield "COMMANDS", verb, "command", commands.incident_command, body
    for action, handler in ACTIONS.items():
        value, view = PRESSES[action.value]
        body = {**who, "actions": [{"action_id": action.value, "value": value, "action_ts": "1"}]}
        body |= {"view": sent(view)} if view else {"response_url": "https://hooks.slack.com/1"}
        body |= {"trigger_id": action.value}
        yield "ACTIONS", action, "action", handler, body
    for form, handler in VIEWS.items():
        yield "VIEWS", form, "view", handler, {**who, "view": sent(FORMS[form.value])}
    for shortcut, handler in SHORTCUTS.items():
        said = {"type": "message", "user": "U0BEN", "ts": "1.000001", "text": "words"}
        body = {**who, "message": said, "channel": {"id": "C1"}, "trigger_id": "t"}
        yield "SHORTCUTS", shortcut, "shortcut", handler, body


ENTRIES = [(table, entry) for table, entry, *_ in everything(GUEST, HOME)]


async def prepared(counter: Counter) -> None:
    """The incident that is shown and another one, a guest, and Slack that knows people of elsewhere."""
    home = counter.home
    await home.work.write(lambda tx: tx.set_value(IDENTITY, {"team_id": HOME}))
    guest = Member(id=GUEST, name="grace", is_guest=True, teams=(HOME,))
    await home.people.remember([guest])
    for n in range(max(NUMBER + 1, an_alike().number)):
        await counter.declare(f"Incident {n + 1}")
    await home.change(NUMBER, places=Places(channel="C1"))
    for n in range(a_group().id):
        firing = {"status": "firing", "labels": {"alertname": f"Alert {n}"}, "fingerprint": f"{n}"}
        sent = json.dumps({"alerts": [firing | {"startsAt": NOW.isoformat()}]}).encode()
        understood = await home.intake.understand("alertmanager", sent)
        await home.work.write(partial(home.intake.apply, understood=understood))
    page = Page(incident=NUMBER, started_at=NOW)
    await home.work.write(lambda tx: pages.add(tx, page))
    for n in range(an_item().id):
        await counter.desk.actions.add(
            an_item().incident, f"Item {n + 1}", by=ANA, once=f"item-{n}"
        )

    async def member(user: str) -> Member:
        return Member(id=user, name="zoe", teams=("T2",))

    async def diagnose() -> str:
        return "all is well"

    counter.chat.member = member  # type: ignore[method-assign]
    counter.desk.diagnose = diagnose


async def stored(counter: Counter) -> dict[str, int]:
    """How many rows every table has: no use case changes without adding one."""

    def count(tx: Any) -> dict[str, int]:
        tables = SQLModel.metadata.tables.values()
        return {
            t.name: tx.session.execute(select(func.count()).select_from(t)).scalar() for t in tables
        }

    return await counter.home.work.read(count)


async def answered(counter: Counter, kind: str, handler: Handler, body: dict[str, Any]) -> str:
    """All that was answered, as text."""
    ack = await counter.serve(kind, handler, body)
    said = [call[2] for call in counter.chat.named("respond")]
    said += [call[3] for call in counter.chat.named("tell")]
    shown = [facts["view"] for _, facts in counter.views.calls]
    return json.dumps([ack, said, shown], default=str, ensure_ascii=False)


async def by(counter: Counter, user: str, team: str, table: str, entry: Any) -> str:
    for one, what, kind, handler, body in everything(user, team):
        if (one, what) == (table, entry):
            return await answered(counter, kind, handler, body)
    raise AssertionError(entry)


@pytest.mark.parametrize(("table", "entry"), ENTRIES, ids=[f"{t}-{e}" for t, e in ENTRIES])
async def test_guests_and_people_of_elsewhere(counter: Counter, table: str, entry: Any) -> None:
    await prepared(counter)
    if entry is ActionId.OPEN_CHANNEL:
        await counter.home.change(NUMBER, places=Places(), opens_channel=False)
    if entry in AFTERWARDS:
        await counter.home.change(
            NUMBER, status=Status.RESOLVED, phase=Phase.RESOLVED, resolved_at=NOW
        )
    before = await stored(counter)
    said = await by(counter, STRANGER, "T2", table, entry)
    assert "Only members of this workspace can" in said, "not even reading"
    assert f"Incident {NUMBER}" not in said
    assert await stored(counter) == before, "nothing happened"
    counter.chat.calls.clear()
    counter.views.calls.clear()
    said = await by(counter, GUEST, HOME, table, entry)
    decision = getattr(access, table)[entry]
    after = await stored(counter)
    if isinstance(decision, Asks):
        assert "Guests cannot" in said
        assert after == before, "nothing happened"
        return
    may_carry_out = {ActionId.OPEN_FORM, CallbackId.PICK_INCIDENT}
    assert "Guests cannot" not in said or entry in may_carry_out
    assert "older version" not in said, "the walk presses what is shown today"
    if isinstance(decision, Leads):
        assert after == before, "looking at a form changes nothing"
        assert counter.views.last["callback_id"] == decision.to.value
    own = {"subscription", "entry", "once", "effect"} if "subscription" in str(decision) else {
        "once", "effect",
    }  # fmt: skip
    assert {t for t in after if after[t] != before[t]} <= own


async def test_somebody_unknown_is_looked_up_once_and_let_in_or_not(counter: Counter) -> None:
    await prepared(counter)
    asked: list[str] = []

    async def member(user: str) -> Member:
        asked.append(user)
        return Member(id=user, name="eve", teams=(HOME,) if user == "U0EVE" else ("T2",))

    counter.chat.member = member  # type: ignore[method-assign]
    for _ in range(2):
        assert "Noted" in await counter.command(f"note INC-{NUMBER} words", user="U0EVE")
        refused = await counter.command(f"show INC-{NUMBER}", user="U0ZOE")
        assert "Only members of this workspace" in refused
    assert asked == ["U0EVE", "U0ZOE"]
    known = await counter.home.work.read(lambda tx: tx.people.by_slack("U0EVE"))
    assert known is not None, "of this workspace, and mirrored from now on"
    assert await counter.home.work.read(lambda tx: tx.people.by_slack("U0ZOE")) is None
