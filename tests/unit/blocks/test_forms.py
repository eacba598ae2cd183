"""Modals: exact labels, what was typed comes back, and every wrong field is told at once."""

from __future__ import annotations

from typing import Any

import pytest
from inline_snapshot import snapshot

from blocks.forms import (
    FieldErrors,
    add_note,
    assign_role,
    change_phase,
    change_severity,
    change_summary,
    change_title,
    declare,
    escalate,
    field_errors,
    post_update,
    reassign,
    resolve,
)
from blocks.ids import DeclareOrigin
from bot.domain.incident import Phase
from bot.errors import FieldError, UserError
from tests.unit.blocks.limits import buttons
from tests.unit.blocks.samples import ANA, incident
from tests.unit.blocks.shown import shown

SEVERITIES = [("SEV1", "SEV1 Customers cannot work"), ("SEV2", "SEV2")]
ROLES = [("commander", "Commander"), ("scribe", "Scribe")]


def submitted(view: dict[str, Any], **answers: Any) -> dict[str, Any]:
    """The view as Slack sends it back; ``answers`` by the end of the block id."""
    values: dict[str, Any] = {}
    for block in view["blocks"]:
        if block["type"] != "input":
            continue
        element = block["element"]
        answer = answers.pop(block["block_id"].removeprefix("field."), None)
        kind = element["type"]
        state: dict[str, Any] = {"type": kind}
        if kind == "plain_text_input":
            state["value"] = answer
        elif kind == "static_select":
            state["selected_option"] = {"value": answer} if answer else None
        elif kind == "users_select":
            state["selected_user"] = answer
        else:
            state["selected_options"] = element["options"] if answer else []
        values[block["block_id"]] = {element["action_id"]: state}
    assert not answers, f"no such field: {answers}"
    return {**view, "id": "V1", "state": {"values": values}}


def labels(view: dict[str, Any]) -> str:
    return f"{view['title']['text']}\n{shown(view['blocks'])}"


def test_declare() -> None:
    origin = DeclareOrigin(channel="C1", message_ts="1.2")
    view = declare.build(
        severities=SEVERITIES,
        services=[("checkout-api", "Checkout API")],
        prefill=declare.Form(title="It broke", description="from a message", origin=origin),
        similar=[incident(), incident(number=13, private=True)],
    )
    assert labels(view) == snapshot("""\
Declare an incident
Title*: <plain_text_input>
*INC-12* looks the same: join it?
Checkout is down · 🚨 Triggered
[Join INC-12]
Severity: <static_select>
Service: <static_select>
What is happening?: <plain_text_input>
Private incident: <checkboxes>\
""")
    assert view["submit"]["text"] == "Declare"
    form = declare.parse(
        submitted(
            view,
            title=" Checkout\n is &lt;down&gt; ",
            severity="SEV1",
            description="R&D",
            private=True,
        )
    )
    assert form == declare.Form(
        title="Checkout is <down>",
        severity="SEV1",
        description="R&D",
        private=True,
        origin=origin,
    )


def test_declare_says_what_is_wrong_and_keeps_what_was_typed() -> None:
    view = declare.build(severities=SEVERITIES)
    for title in (None, "", "  "):
        with pytest.raises(FieldErrors) as none:
            declare.parse(submitted(view, title=title))
        assert none.value.errors == {"field.title": "Please say what is broken."}
    with pytest.raises(FieldErrors) as long:
        declare.parse(submitted(view, title="x" * 501))
    assert "501 characters" in long.value.errors["field.title"]
    draft = declare.draft(submitted(view, title="x" * 501, private=True))
    assert (draft.title, draft.private) == ("x" * 501, True)


def test_the_title_asks_for_similar_ones_and_keeps_its_place() -> None:
    """Slack keeps what is typed over an update only where block and action ids stay the same."""
    plain, offered = declare.build(), declare.build(similar=[incident()])
    title = plain["blocks"][0]
    assert title["dispatch_action"] is True
    assert title["element"]["dispatch_action_config"] == {
        "trigger_actions_on": ["on_enter_pressed"]
    }
    inputs = [b["block_id"] for b in plain["blocks"] if b["type"] == "input"]
    assert inputs == [b["block_id"] for b in offered["blocks"] if b["type"] == "input"]
    assert buttons(offered["blocks"]) == ["Join INC-12"]


def test_reassign() -> None:
    view = reassign.build(incident())
    assert labels(view) == snapshot("""\
Reassign
(*INC-12* Checkout is down)
Assign to*: <users_select>
Message: <plain_text_input>\
""")
    form = reassign.parse(submitted(view, person="UBEN", message="please"))
    assert form == reassign.Form(number=12, person="UBEN", message="please")
    with pytest.raises(FieldErrors):
        reassign.parse(submitted(view))


def test_escalate() -> None:
    view = escalate.build(incident(), choices=[("level:2", "Level 2"), ("policy:P2", "Backup")])
    assert labels(view) == snapshot("""\
Escalate
(*INC-12* Checkout is down)
Escalate to: <static_select>
Or page a person: <users_select>
Message: <plain_text_input>\
""")
    assert escalate.parse(submitted(view, target="level:2")).target == "level:2"
    assert escalate.parse(submitted(view, person="UBEN")).person == "UBEN"
    with pytest.raises(FieldErrors) as nobody:
        escalate.parse(submitted(view))
    assert list(nobody.value.errors) == ["field.person"]
    assert "Escalate to" not in labels(escalate.build(incident()))


def test_resolve() -> None:
    view = resolve.build(incident())
    assert labels(view) == snapshot("""\
Resolve
(*INC-12* Checkout is down)
What fixed it?: <plain_text_input>\
""")
    assert resolve.parse(submitted(view)).resolution == ""
    assert resolve.parse(submitted(view, resolution="rollback")).resolution == "rollback"


def test_note_and_title_and_summary() -> None:
    note = add_note.build(incident())
    assert add_note.parse(submitted(note, note="hm")) == add_note.Form(number=12, note="hm")
    with pytest.raises(FieldErrors):
        add_note.parse(submitted(note, note=" "))
    title = change_title.build(incident())
    assert change_title.parse(submitted(title, title="New")).title == "New"
    summary = change_summary.build(incident(description="as it was"))
    assert "as it was" in str(summary)
    assert change_summary.parse(submitted(summary, summary="new")).summary == "new"
    assert [labels(view) for view in (note, title, summary)] == snapshot(
        [
            """\
Add a note
(*INC-12* Checkout is down)
Note*: <plain_text_input>\
""",
            """\
Change the title
(*INC-12* Checkout is down)
Title*: <plain_text_input>\
""",
            """\
Change the summary
(*INC-12* Checkout is down)
Summary: <plain_text_input>\
""",
        ]
    )


def test_a_summary_too_long_for_slack_is_not_filled_in_cut() -> None:
    view = change_summary.build(incident(description="x" * 5000))
    assert "initial_value" not in view["blocks"][1]["element"]
    assert "what you write replaces it" in view["blocks"][1]["hint"]["text"]


def test_severity_and_phase() -> None:
    severity = change_severity.build(incident(), severities=SEVERITIES)
    assert severity["blocks"][1]["element"]["initial_option"]["value"] == "SEV1"
    form = change_severity.parse(submitted(severity, severity="SEV2", reason="fewer hurt"))
    assert form == change_severity.Form(number=12, severity="SEV2", reason="fewer hurt")
    phase = change_phase.build(incident())
    assert change_phase.parse(submitted(phase, phase="monitoring")).phase is Phase.MONITORING
    for wrong in ("resolved", "nonsense", None):
        with pytest.raises(FieldErrors):
            change_phase.parse(submitted(phase, phase=wrong))
    assert [labels(view) for view in (severity, phase)] == snapshot(
        [
            """\
Change severity
(*INC-12* Checkout is down)
Severity*: <static_select>
(*Severity:* SEV1 / choose another)
Reason: <plain_text_input>\
""",
            """\
Change phase
(*INC-12* Checkout is down)
Phase*: <static_select>
(*Phase:* investigating / choose another)
Reason: <plain_text_input>\
""",
        ]
    )


def test_roles() -> None:
    held = incident(roles={"commander": ANA})
    view = assign_role.build(held, roles=ROLES)
    assert labels(view) == snapshot("""\
Assign roles
(*INC-12* Checkout is down)
(*Commander:* <@UANA>)
Role*: <static_select>
Person*: <users_select>
[I'll take it]\
""")
    assert view["blocks"][2]["element"]["initial_option"]["value"] == "scribe", "the free one"
    form = assign_role.parse(submitted(view, role="scribe", person="UBEN"))
    assert form == assign_role.Form(number=12, role="scribe", person="UBEN")
    with pytest.raises(FieldErrors) as wrong:
        assign_role.parse(submitted(view))
    assert set(wrong.value.errors) == {"field.role", "field.person"}


def test_post_update() -> None:
    view = post_update.build(incident(), next_update=1800)
    assert labels(view) == snapshot("""\
Post an update
(*INC-12* Checkout is down)
(No update was posted yet.)
Phase: <static_select>
Update*: <plain_text_input>
Next update in: <static_select>\
""")
    form = post_update.parse(
        submitted(view, phase="identified", update="We know why", next_update="1800")
    )
    assert form == post_update.Form(
        number=12, update="We know why", phase=Phase.IDENTIFIED, next_update=1800
    )
    assert post_update.parse(submitted(view, update="x")).next_update is None
    assert post_update.parse(submitted(view, update="x", next_update="0")).next_update is None
    with pytest.raises(FieldErrors):
        post_update.parse(submitted(view))


def test_more_than_a_hundred_choices_are_told() -> None:
    services = [(f"s{n}", f"Service {n}") for n in range(120)]
    view = declare.build(services=services, prefill=declare.Form(service="s119"))
    service = next(b for b in view["blocks"] if b.get("block_id") == "field.service")
    assert len(service["element"]["options"]) == 100
    assert service["element"]["initial_option"]["value"] == "s119"
    assert service["hint"]["text"].startswith("20 more do not fit here")


def test_foreign_metadata_is_refused_kindly() -> None:
    view = submitted(resolve.build(incident()))
    with pytest.raises(UserError):
        resolve.parse({**view, "private_metadata": "12"})
    with pytest.raises(UserError):
        resolve.parse({})


def test_a_service_may_refuse_a_field() -> None:
    assert field_errors(FieldError("title", "too long")) == {"field.title": "too long"}
    assert field_errors(FieldError("colour", "?")) is None
