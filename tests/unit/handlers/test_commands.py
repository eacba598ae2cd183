"""Every direct form, typed: it does one thing and says what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.incident import Phase, Places, Status
from handlers.commands import COMMANDS

if TYPE_CHECKING:
    from tests.unit.handlers.desk import Counter


async def test_every_verb_of_a_life(counter: Counter) -> None:
    said = [
        await counter.command(text)
        for text in (
            "declare SEV2 Checkout &amp; cart fail",
            "ack INC-1",
            "severity INC-1 1 customers call",
            "status INC-1 identified",
            "title INC-1 Cart fails",
            "summary INC-1 All carts",
            "note INC-1 DNS",
            "reassign INC-1 <@U0BEN|ben> yours",
            "escalate INC-1 2",
            "resolve INC-1 Rolled back",
            "reopen 1",
        )
    ]
    for words, expected in zip(
        said,
        [
            "INC-1",
            "INC-1 is acknowledged",
            "INC-1 is SEV1 (was SEV2)",
            "INC-1 is identified (was investigating)",
            "is called: Cart fails",
            "summary of INC-1",
            "Noted on INC-1",
            "INC-1 is with Ben now",
            "INC-1 is escalated",
            "INC-1 is resolved",
            "INC-1 is open again",
        ],
        strict=True,
    ):
        assert expected in words
    incident = await counter.home.incident()
    assert (incident.title, incident.severity, incident.pager.level) == ("Cart fails", "SEV1", 2)
    first = (await counter.home.work.read(lambda tx: tx.entries(1)))[0]
    assert first.text == "Checkout & cart fail", "what Slack escapes is read as typed"


async def test_in_its_channel_the_number_may_be_left_out(counter: Counter) -> None:
    await counter.declare()
    await counter.home.change(places=Places(channel="C7"))
    assert "acknowledged" in await counter.command("ack", channel="C7")
    assert not await counter.command("ack", channel="C0")
    assert counter.views.last["callback_id"] == "pick_incident"
    too_long = await counter.command("note " + "x" * 3000, channel="C0")
    assert "Say which incident" in too_long, "what was typed would not fit into the form"
    assert "There is no INC-9" in await counter.command("ack INC-9", channel="C7")


async def test_somebody_elses_acknowledgement_is_told(counter: Counter) -> None:
    await counter.declare()
    await counter.command("ack 1", user="U0BEN")
    assert "<@U0BEN>" in await counter.command("ack 1")


async def test_a_repeated_envelope_is_answered_the_same(counter: Counter) -> None:
    first = await counter.command("declare Down", trigger="t")
    again = await counter.command("declare Down", trigger="t")
    assert "was declared already" in again
    assert "INC-1" in first
    assert (await counter.home.incidents.listed()).total == 1


async def test_a_similar_one_is_asked_about(counter: Counter) -> None:
    await counter.command("declare Disk 91% full")
    asked = await counter.command("declare disk 92% full")
    assert "Nothing is declared yet" in asked
    assert "INC-1" in asked
    assert (await counter.home.incidents.listed()).total == 1


@pytest.mark.parametrize("text", ["declare", "new", "create", "declare SEV1", ""])
async def test_the_form_opens(counter: Counter, text: str) -> None:
    assert await counter.command(text) == ""
    assert counter.views.calls[0][0] == "open"
    assert counter.views.last["callback_id"] == "declare"


async def test_bare_in_an_incidents_channel_is_the_panel(counter: Counter) -> None:
    await counter.declare()
    await counter.home.change(places=Places(channel="C7"))
    await counter.command("", channel="C7")
    assert counter.views.last["callback_id"] == "panel"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("reassign 1", "pick_incident"),
        ("reassign INC-1", "reassign"),
        ("escalate INC-1", "escalate"),
        ("severity INC-1", "change_severity"),
        ("status INC-1", "change_phase"),
        ("title INC-1", "change_title"),
        ("summary INC-1", "change_summary"),
        ("note INC-1", "add_note"),
        ("role INC-1", "assign_role"),
    ],
)
async def test_without_a_target_the_form_opens(counter: Counter, text: str, form: str) -> None:
    await counter.declare()
    await counter.command(text)
    shown = [view["view"]["callback_id"] for _, view in counter.views.calls]
    assert shown == [form]


async def test_a_number_alone_is_no_severity(counter: Counter) -> None:
    await counter.command("declare 2 servers are down")
    incident = await counter.home.incident()
    assert (incident.title, incident.severity) == ("2 servers are down", None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lst", "Did you mean"),
        ("xyzzyplugh", "I do not know"),
        ("declare " + "x" * 501, "501 characters"),
        ("severity INC-1 SEV9", "There is no severity SEV9"),
        ("status INC-1 resolved", "or use resolve"),
        ("reassign INC-1 @ben", "Name the person with @"),
        ("reassign INC-1 <@U0NEW>", "do not know that person"),
        ("escalate INC-1 nonsense", "I know no policy or level nonsense"),
        ("escalate INC-1 ²", "I know no policy or level"),
        ("list nothing", "no open incidents of a service nothing"),
        ("show INC-77", "There is no INC-77"),
        ("doctor", "muster doctor"),
    ],
)
async def test_what_is_wrong_is_said_and_nothing_is_done(
    counter: Counter, text: str, says: str
) -> None:
    await counter.declare()
    before = await counter.home.incident()
    assert says in await counter.command(text)
    assert await counter.home.incident() == before


async def test_lists(counter: Counter) -> None:
    await counter.declare("First", service="web")
    await counter.declare("Second")
    await counter.command("resolve INC-2")
    assert "INC-1" in await counter.command("list")
    assert "INC-2" not in await counter.command("list open")
    assert "INC-2" in await counter.command("list ALL")
    assert "INC-1" in await counter.command("list mine")
    assert "none" in await counter.command("list mine", user="U0BEN")
    assert "Web Shop" in await counter.command("list web shop")
    assert "none" in await counter.command("list database")


async def test_looking(counter: Counter) -> None:
    await counter.declare()
    assert "Checkout is down" in await counter.command("show 1")
    timeline = await counter.command("timeline INC-1")
    assert "INC-1" in timeline
    words = await counter.command("help")
    assert all(f"/incident {name}" in words for name in COMMANDS)


async def test_the_doctor_answers_in_a_moment(counter: Counter) -> None:
    async def diagnose() -> str:
        return "All is well."

    counter.desk.diagnose = diagnose
    await counter.command("doctor")
    assert "moment" in str(counter.acks[-1])
    assert "All is well." in counter.chat.named("respond")[0][2]


async def test_escalating_to_a_person_or_a_policy(counter: Counter) -> None:
    await counter.declare()
    await counter.command("escalate INC-1 <@U0BEN> help me")
    await counter.command("escalate INC-1 default")
    entries = await counter.home.work.read(lambda tx: tx.entries(1))
    assert [e.target for e in entries[1:]] == ["Ben", "default"]
    assert entries[1].text == "help me"


async def test_a_private_incident_is_not_there_for_others(counter: Counter) -> None:
    await counter.declare(private=True)
    await counter.home.change(places=Places(channel="C7"))
    assert "There is no INC-1" in await counter.command("show INC-1", user="U0BEN")
    assert "INC-1" in await counter.command("show INC-1", user="U0ANA")
    assert "acknowledged" in await counter.command("ack", user="U0BEN", channel="C7")
    assert "Checkout" not in await counter.command("list", user="U0BEN")


async def test_phases_are_set(counter: Counter) -> None:
    await counter.declare()
    await counter.command("phase INC-1 monitoring looks fine")
    incident: Any = await counter.home.incident()
    assert (incident.phase, incident.status) == (Phase.MONITORING, Status.TRIGGERED)
