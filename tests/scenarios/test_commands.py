"""Every /incident subcommand, typed directly and through its form; each says what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from tests.stage import ALICE, BOB, CAROL, GENERAL, Json, Stage
from tests.workspace import (
    card_of,
    channel_named,
    header,
    issues,
    pages,
    room_of,
    said_in,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Talk:
    """Somebody types in an incident's channel, where ``INC-n`` may be left out."""

    def __init__(self, s: Stage, name: str, room: Json) -> None:
        self.s, self.name, self.room = s, name, room

    async def type(self, words: str, *, user: str = ALICE, channel: str | None = None) -> str:
        """What the bot answered, as JSON of text and blocks; nobody else saw it."""
        place = channel or self.room["id"]
        answer = await self.s.command(f"/incident {words}", user=user, channel=place)
        assert answer["ok"], answer
        ack: Any = answer["ack"]
        assert not ack or ack.get("response_type", "ephemeral") == "ephemeral"
        return text_of(ack) if ack and ack.get("text") else ""

    async def view(self, user: str = ALICE) -> Json:
        """The form that is open."""
        return (await self.s.until(lambda state: state["views"], user=user))[-1]  # type: ignore[no-any-return]

    async def shows(self, words: str) -> Json:
        """The announcement once it says so."""
        found = await self.s.until(
            lambda state: words in text_of(card_of(state, self.name) or {"text": ""})
        )
        assert found
        return card_of(await self.s.state(), self.name) or {}

    async def told(self, words: str) -> list[str]:
        """The channel's news with these words, once everything is done."""
        state = await self.s.settled(self.name)
        return [t for t in said_in(state, room_of(state, self.name)) if words in t]


@pytest_asyncio.fixture(loop_scope="module")
async def talk(s: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Talk]:
    """An incident of the story's own, named like the test."""
    title = request.node.name.removeprefix("test_").replace("_", " ")
    name = await s.declare(f"SEV3 {title}")
    room = room_of(await s.settled(name), name)
    assert room
    yield Talk(s, name, room)
    assert await s.problems() == []


async def test_help_lists_every_command(talk: Talk) -> None:
    answer = await talk.type("help")
    for word in ("declare", "list", "show", "ack", "reassign", "escalate", "resolve", "reopen"):
        assert f"/incident {word}" in answer
    for word in ("severity", "status", "title", "summary", "note", "timeline", "help"):
        assert f"/incident {word}" in answer


async def test_an_unknown_word_does_nothing_and_names_the_nearest(talk: Talk) -> None:
    assert "/incident resolve" in await talk.type("resovle")
    assert "/incident help" in await talk.type("xyzzy <!channel> & more")
    state = await talk.s.settled(talk.name)
    assert "triggered" in (card_of(state, talk.name) or {})["text"]


async def test_declare_and_its_other_names(talk: Talk) -> None:
    for word in ("declare", "new", "create"):
        answer = await talk.type(f"{word} sev2 By the word {word}", channel=GENERAL)
        assert "is declared" in answer
        state = await talk.s.settled(await talk.s.announced(f"By the word {word}"))
        [page] = pages(state, f"By the word {word}")
        assert page["priority"]["summary"] == "P2"
    assert not await talk.type("declare")
    assert (await talk.view())["title"] == "Declare an incident"


async def test_list_shows_what_is_open_mine_or_of_a_service(talk: Talk) -> None:
    assert talk.name in await talk.type("list")
    assert talk.name in await talk.type("list mine")
    assert talk.name not in await talk.type("list mine", user=CAROL)
    await talk.type("resolve done")
    assert talk.name not in await talk.type("list open")
    assert talk.name in await talk.type("list all")
    assert "no open incidents of a service nonsense" in await talk.type("list nonsense")
    await talk.s.pagerduty("trigger", title="Listed by service", service="PSEARCH")
    await talk.s.until(lambda state: "Listed by service" in str(state["messages"]))
    assert "Listed by service" in await talk.type("list search")


async def test_show_tells_everything_of_one_incident(talk: Talk) -> None:
    here = await talk.type("show")
    for words in ("Status", "Severity", "SEV3", "Owner", "Commander", "Started", talk.name):
        assert words in here
    elsewhere = await talk.type(f"show {talk.name.lower()}", channel=GENERAL)
    assert talk.name in elsewhere
    assert "There is no INC-99999" in await talk.type("show INC-99999")


async def test_ack_takes_it(talk: Talk) -> None:
    assert "is acknowledged" in await talk.type("ack", user=BOB)
    assert "acknowledged" in (await talk.shows("acknowledged"))["text"]
    assert len(await talk.told("acknowledged")) == 1


async def test_reassign_with_a_person_or_by_the_form(talk: Talk) -> None:
    assert "Carol Okafor" in await talk.type("reassign @carol please look")
    assert len(await talk.told("please look")) == 1
    assert "Name the person with @" in await talk.type("reassign carol")
    await talk.type("reassign")
    assert (await talk.view())["title"] == "Reassign"
    await talk.s.submit({"Assign to": BOB})
    await talk.shows(BOB)
    assert len(await talk.told(f"<@{BOB}>")) == 1


async def test_escalate_to_a_level_a_policy_a_person_or_by_the_form(talk: Talk) -> None:
    assert "is escalated" in await talk.type("escalate 2")
    await talk.s.settled(talk.name)
    assert "is escalated" in await talk.type("escalate Payments escalation")
    await talk.s.settled(talk.name)
    assert "is escalated" in await talk.type("escalate @carol have a look")
    state = await talk.s.settled(talk.name)
    title = talk.room["purpose"].partition(": ")[2]
    [page] = pages(state, title)
    assert page["escalation_policy"]["id"] == "PEPPAYM"
    assert [r["user"]["summary"] for r in page["incidents_responders"]] == ["Carol Okafor"]
    assert "no policy or level nonsense" in await talk.type("escalate nonsense")
    await talk.type("escalate")
    assert (await talk.view())["title"] == "Escalate"


async def test_resolve_and_reopen(talk: Talk) -> None:
    assert "is resolved" in await talk.type("resolve We restarted it", user=BOB)
    await talk.shows("We restarted it")
    assert issues(await talk.s.settled(talk.name), talk.name)[0]["state"] == "closed"
    assert "is open again" in await talk.type("reopen", user=CAROL)
    assert "nothing to reopen" in await talk.type("reopen", user=CAROL)
    assert issues(await talk.s.settled(talk.name), talk.name)[0]["state"] == "open"
    assert len(await talk.told("reopened")) == 1


async def test_severity_changes_everywhere(talk: Talk) -> None:
    assert "is SEV1 (was SEV3)" in await talk.type("severity 1 more customers hurt")
    await talk.shows("SEV1")
    assert len(await talk.told("SEV1")) == 1
    state = await talk.s.settled(talk.name)
    assert "SEV1" in (room_of(state, talk.name) or {})["topic"]
    assert "no severity SEV9" in await talk.type("severity SEV9")
    assert not await talk.type("severity")
    assert "*Severity:* SEV1 / choose another" in str((await talk.view())["blocks"])
    await talk.s.on_card(talk.name, "More")
    await talk.s.press("Change severity", where="view")
    assert (await talk.view())["title"] == "Change severity"
    await talk.s.submit({"Severity": "SEV4", "Reason": "a false alarm"})
    await talk.shows("SEV4")
    assert len(await talk.told("a false alarm")) == 1


@pytest.mark.parametrize("word", ["status", "phase"])
async def test_status_and_phase_are_the_same(talk: Talk, word: str) -> None:
    assert "is identified (was investigating)" in await talk.type(f"{word} identified")
    await talk.shows("identified")
    assert len(await talk.told("identified")) == 1
    assert "no phase done" in await talk.type(f"{word} done")
    assert not await talk.type(word)
    assert "*Phase:* identified / choose another" in str((await talk.view())["blocks"])
    await talk.s.on_card(talk.name, "More")
    await talk.s.press("Change phase", where="view")
    view = await talk.view()
    assert view["title"] == "Change phase"


async def test_title_and_summary(talk: Talk) -> None:
    assert "is called: A better title" in await talk.type("title A better title")
    assert "A better title" in header(await talk.shows("A better title"))
    assert "summary" in await talk.type("summary Cards are declined in Europe")
    state = await talk.s.until(
        lambda st: st if "declined in Europe" in str(st["messages"].get(talk.room["id"])) else None
    )
    assert talk.name in str(state["messages"][talk.room["id"]])
    await talk.s.settled(talk.name)


async def test_a_note_goes_to_channel_pager_and_issue(talk: Talk) -> None:
    assert "Noted on" in await talk.type("note Tried <b>this</b> & that", user=BOB)
    assert len(await talk.told("Tried &lt;b&gt;this&lt;/b&gt; &amp; that")) == 1
    state = await talk.s.settled(talk.name)
    [page] = pages(state, talk.room["purpose"].partition(": ")[2])
    assert [n for n in page["notes"] if n["content"] == "Tried <b>this</b> & that"]
    [issue] = issues(state, talk.name)
    assert any("Tried <b>this</b> & that" in c["body"] for c in issue["comments"])
    assert not await talk.type("note")
    assert (await talk.view())["title"] == "Add a note"
    await talk.s.on_card(talk.name, "More", user=BOB)
    await talk.s.press("Add a note", where="view", user=BOB)
    await talk.s.submit({"Note": "From the form"}, user=BOB)
    assert await talk.s.until(
        lambda st: any("From the form" in t for t in said_in(st, room_of(st, talk.name)))
    )
    await talk.s.settled(talk.name)


async def test_timeline_tells_what_happened_and_the_run_log(talk: Talk) -> None:
    await talk.type("ack", user=BOB)
    await talk.s.settled(talk.name)
    shown = await talk.type("timeline")
    assert "acknowledged" in shown
    for step in ("Announcement", "Channel", "PagerDuty incident", "GitHub issue", "Invitations"):
        assert step in shown
    await talk.s.on_card(talk.name, "More")
    await talk.s.press("Timeline", where="view")
    assert "acknowledged" in str((await talk.view())["blocks"])


async def test_the_number_may_stand_before_or_after_the_word(talk: Talk) -> None:
    assert "is acknowledged" in await talk.type(f"{talk.name} ack", channel=GENERAL)
    number = talk.name.removeprefix("INC-")
    assert talk.name in await talk.type(f"show {number}", channel=GENERAL)
    assert channel_named(await talk.s.state(), f"incident-{number}-")
