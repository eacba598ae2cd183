"""The same story on both pagers, in the same words: PagerDuty's, and Muster's own with the same people and policies."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, Service
from tests.contracts.pagers import policy, roster
from tests.stage import ALICE, BOB, CAROL, GENERAL, Json, Stage, stage
from tests.workspace import (
    buttons,
    card_of,
    pages,
    room_of,
    said_in,
    text_of,
    told,
    told_directly,
    told_with,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

ERIN, DAVE = "U0ERIN000", "U0DAVE000"
WEB, PAY, SEARCH = "Checkout API escalation", "Payments escalation", "Search escalation"
SERVICES = {
    "checkout": Service(
        id="checkout", title="Checkout API", pagerduty_service="PCHECKO", escalation_policy=WEB
    ),
    "search": Service(
        id="search", title="Search", pagerduty_service="PSEARCH", escalation_policy=SEARCH
    ),
}


def last_handoff() -> str:
    """The Monday the present week of the rotations began, as PagerDuty's were set up here."""
    now = datetime.now(UTC)
    monday = now - timedelta(days=now.weekday())
    begins = monday.replace(hour=9, minute=0, second=0, microsecond=0)
    return f"{(begins if begins <= now else begins - timedelta(weeks=1)):%Y-%m-%d}"


NATIVE = Catalog(
    services=SERVICES,
    policies={
        WEB: policy(WEB, "roster:Checkout API primary", "person:bob@example.com",
                    "person:carol@example.com"),
        PAY: policy(PAY, "roster:Payments primary", "person:carol@example.com"),
        SEARCH: policy(SEARCH, "roster:Search primary", "person:erin@example.com"),
    },
    rosters={
        "Checkout API primary": roster("Checkout API primary", "alice", "bob", "carol", start=last_handoff()),
        "Payments primary": roster("Payments primary", "bob", "carol", "erin", start=last_handoff()),
        "Search primary": roster("Search primary", "carol", "erin", "alice", start=last_handoff()),
    },
)  # fmt: skip
OFF = dict.fromkeys(
    ("PAGERDUTY_API_TOKEN", "PAGERDUTY_FROM_EMAIL", "PAGERDUTY_SERVICE_ID",
     "PAGERDUTY_WEBHOOK_SECRET")
)  # fmt: skip


@dataclass
class Both:
    """One of the two stages."""

    s: Stage
    vendor: bool

    @property
    def by_pager(self) -> str:
        """The only words that differ."""
        return "by PagerDuty and by direct message" if self.vendor else "by direct message"

    async def declared(self, title: str, service: str = "Checkout API") -> tuple[str, Json]:
        """An incident of the service, by the form: its name and channel, once the pager has it."""
        await self.s.command("/incident declare")
        await self.s.until(lambda state: state["views"])
        answer = await self.s.submit({"Title": title, "Service": service})
        assert answer["errors"] == {}
        name = await self.s.announced(title)
        room = room_of(await self.s.settled(name), name)
        assert room
        return name, room

    async def type(self, words: str, room: Json | None = None, user: str = ALICE) -> str:
        """What a command is answered at once."""
        channel = room["id"] if room else GENERAL
        answer = await self.s.command(f"/incident {words}", channel=channel, user=user)
        return text_of(answer["ack"])

    async def answered(self, words: str, part: str, room: Json | None = None) -> str:
        """The whole answer, whether it comes at once or PagerDuty has to be asked."""
        before = Counter(told(await self.s.state(), part))
        at_once = await self.type(words, room)
        if not self.vendor:
            assert part in at_once
            return at_once
        assert "the answer comes in a moment." in at_once
        found = await self.s.until(lambda state: Counter(told(state, part)) - before)
        [answer] = found
        return str(answer)

    async def pressed(self, label: str, part: str) -> str:
        """The whole answer to the newest button of that label."""
        before = Counter(told(await self.s.state(), part))
        pressed = await self.s.press(label, **told_with(await self.s.state(), label))
        assert pressed["ok"], pressed
        [answer] = await self.s.until(lambda state: Counter(told(state, part)) - before)
        return str(answer)

    async def card(self, name: str) -> str:
        """The card once everything is settled."""
        return text_of(card_of(await self.s.settled(name), name) or {"text": ""})


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["native", "pagerduty"])
async def both_house(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Both]:
    vendor = request.param == "pagerduty"
    catalog = Catalog(services=SERVICES) if vendor else NATIVE
    off = {"GITHUB_TOKEN": None, **({} if vendor else OFF)}
    async with stage(tmp_path_factory.mktemp(request.param), catalog=catalog, **off) as running:
        yield Both(running, vendor)


@pytest_asyncio.fixture(loop_scope="module")
async def b(both_house: Both) -> Both:
    await both_house.s.fresh()
    return both_house


def options(view: Json) -> list[str]:
    """The labels of a form's first list of choices."""
    lists = [b["element"] for b in view["blocks"] if b["type"] == "input"]
    chosen = next(e for e in lists if e["type"] == "static_select")
    return [option["text"]["text"] for option in chosen["options"]]


async def test_escalate_offers_the_same(b: Both) -> None:
    _, room = await b.declared("Where can it go")
    await b.s.command("/incident escalate", channel=room["id"])
    view = (await b.s.until(lambda state: state["views"]))[-1]
    assert view["title"] == "Escalate"
    assert options(view) == [*(f"Level {n} of {WEB}" for n in (2, 3, 1)), PAY, SEARCH]
    assert (await b.s.submit({"Escalate to": PAY, "Message": "Is it yours?"}))["errors"] == {}
    await b.s.quiet()
    await b.s.command("/incident escalate", channel=room["id"])
    view = (await b.s.until(lambda state: state["views"]))[-1]
    assert options(view) == [*(f"Level {n} of {PAY}" for n in (2, 1)), WEB, SEARCH], (
        "the other policy is its own now"
    )
    assert await b.s.problems() == []


async def test_escalate_to_a_level_and_to_a_policy(b: Both) -> None:
    name, room = await b.declared("Up and over")
    await b.type("ack", room)
    assert "acknowledged" in await b.card(name)
    assert f"{name} is escalated." in await b.type("escalate 2", room)
    card = await b.card(name)
    assert "triggered" in card
    assert f"*Owner:* <@{BOB}>" in card
    shown = card_of(await b.s.state(), name)
    assert shown
    assert "Acknowledge" in buttons(shown)
    assert f"{name} is escalated." in await b.type(f"escalate {PAY}", room)
    assert f"*Owner:* <@{BOB}>" in await b.card(name), "Bob has the week of Payments"
    assert f"{name} is escalated." in await b.type("escalate level 2", room)
    assert f"*Owner:* <@{CAROL}>" in await b.card(name)
    said = [line for line in said_in(await b.s.state(), room) if "escalated it to" in line]
    assert [line.partition("escalated it to ")[2] for line in said] == ["level 2", PAY, "level 2"]
    assert all(f"<@{ALICE}>" in line for line in said)
    assert await b.s.problems() == []


async def test_where_it_can_not_go_is_said_and_nothing_is_done(b: Both) -> None:
    name, room = await b.declared("Nowhere to go")
    before = await b.card(name)
    use = f"Use a level (2), a person (@ana), or one of {WEB}, {PAY}, {SEARCH}."
    for words, answer in (
        ("escalate 4", f"{WEB} has 3 levels, no level 4. {use}"),
        ("escalate 0", f"{WEB} has 3 levels, no level 0. {use}"),
        ("escalate nowhere", f"I know no policy or level nowhere. {use}"),
        ("page nobody here", "I know no policy nobody here, so nobody was paged."),
        ("reassign carol", "Name the person with @"),
        ("reassign @frank", "Frank Left is deactivated and cannot take"),
        ("page @frank", "Frank Left is deactivated and cannot be brought into"),
    ):
        assert answer in await b.type(words, room), words
    await b.s.quiet()
    assert re.sub(r"as of.*", "", await b.card(name)) == re.sub(r"as of.*", "", before)
    assert await b.s.calls("PUT /incidents") == []
    assert await b.s.problems() == []


async def test_reassign_hands_it_over(b: Both) -> None:
    name, room = await b.declared("Carol knows this one")
    await b.type("ack", room, user=BOB)
    await b.s.quiet()
    told_at_once = await b.type("reassign @carol You know it", room)
    assert f"{name} is with Carol Okafor now." in told_at_once
    card = await b.card(name)
    assert "triggered" in card
    assert f"*Owner:* <@{CAROL}>" in card
    [direct] = await b.s.until(lambda state: told_directly(state, "You know it"), user=CAROL)
    assert name in direct
    again = await b.type("reassign @carol", room)
    assert f"{name} is with <@{CAROL}> already" in again
    said = [line for line in said_in(await b.s.state(), room) if "reassigned it to" in line]
    assert len(said) == 1
    if b.vendor:
        [page] = pages(await b.s.state(), "Carol knows this one")
        assert [a["assignee"]["summary"] for a in page["assignments"]] == ["Carol Okafor"]
    assert await b.s.problems() == []


async def test_page_asks_a_person_or_a_policy_beside_whoever_owns_it(b: Both) -> None:
    name, room = await b.declared("One more pair of eyes")
    await b.type("ack", room)
    before = await b.card(name)
    assert f"Erin Costa is paged {b.by_pager}." in await b.type("page @erin Please look", room)
    [direct] = await b.s.until(lambda state: told_directly(state, "Please look"), user=ERIN)
    assert f"<@{ALICE}> pages you" in direct
    assert f"Whoever {PAY} reaches first is paged." in await b.type(f"page {PAY} Your code", room)
    card = await b.card(name)
    for words in ("acknowledged", f"*Owner:* <@{ALICE}>"):
        assert words in before
        assert words in card
    said = [line for line in said_in(await b.s.state(), room) if "to join" in line]
    assert len(said) == 2
    assert PAY in said[1]
    assert await b.s.problems() == []


async def test_who_is_on_call_is_told_alike(b: Both) -> None:
    answer = await b.answered("oncall checkout", "*Who is on call for Checkout API*")
    for line in (
        f"*{WEB}*",
        rf"Level 1: <@{ALICE}> until <!date\^\d+\^[^>]*> \(Checkout API primary\)",
        f"Level 2: <@{BOB}>",
        f"Level 3: <@{CAROL}>",
    ):
        assert re.search(line if "Level 1" in line else re.escape(line), answer), (line, answer)
    assert PAY not in answer
    everything = await b.answered("oncall all", "*Who is on call*")
    for name in (WEB, PAY, SEARCH):
        assert f"*{name}*" in everything
    _, room = await b.declared("Whose is it")
    here = await b.answered("oncall", "*Who is on call for Checkout API*", room)
    assert SEARCH not in here.partition("*Rosters*")[0]
    assert "There is no service serch." in await b.type("oncall serch")
    assert await b.s.problems() == []


async def test_somebody_stands_in_and_is_paged(b: Both) -> None:
    before = await b.answered("oncall search", "*Who is on call for Search*")
    assert f"Level 1: <@{CAROL}> until" in before
    made = await b.answered(
        "oncall override @bob Search primary for 4h", f"✅ <@{BOB}> is on call in Search primary"
    )
    assert " from <!date^" in made
    assert "> until <!date^" in made
    now = await b.answered("oncall search", "*Who is on call for Search*")
    assert re.search(rf"Level 1: <@{BOB}> until <!date\^\d+\^[^>]*> \(Search primary\)", now)
    ahead = await b.answered("oncall at in 2h Search primary", "*Who will be on call*")
    assert f"• Search primary: <@{BOB}>" in ahead
    later = await b.answered("oncall at in 6h Search primary", "*Who will be on call*")
    assert f"• Search primary: <@{BOB}>" not in later
    name, _ = await b.declared("Bob stands in", "Search")
    state = await b.s.settled(name)
    assert BOB in (room_of(state, name) or {})["members"], "he was called in"
    assert CAROL not in (room_of(state, name) or {})["members"]
    if b.vendor:
        [page] = pages(state, "Bob stands in")
        assert [a["assignee"]["summary"] for a in page["assignments"]] == ["Bob Martin"]
    else:
        [paged] = await b.s.until(lambda state: told_directly(state, "Bob stands in"), user=BOB)
        assert name in paged
    refused = await b.type("oncall override @erin Nowhere for 4h")
    assert "There is no roster Nowhere." in refused
    assert "Say until when, or for how long" in await b.type("oncall override @erin Search primary")
    assert await b.s.problems() == []


async def test_who_stands_in_is_listed_and_taken_back(b: Both) -> None:
    made = f"✅ <@{ERIN}> is on call in Payments primary from <!date^"
    ahead = "from tomorrow 9:00 until tomorrow 18:00"
    await b.answered(f"oncall override @erin Payments primary {ahead}", made)
    listed = await b.answered("oncall overrides Payments primary", "in force or to come")
    assert "*1 override in force or to come" in listed
    assert f"<@{ERIN}> is on call in Payments primary from <!date^" in listed
    gone = await b.pressed("Remove", "Override removed: ")
    assert f"✅ Override removed: <@{ERIN}> is on call in Payments primary from <!date^" in gone
    assert "It is not in force any more." in gone
    empty = await b.answered("oncall overrides Payments primary", "No override is in force")
    assert "none is to come" in empty
    assert "There is no roster Nowhere." in await b.type("oncall overrides Nowhere")
    assert await b.s.problems() == []


async def test_whoever_stands_in_already_is_taken_off_from_now_on(b: Both) -> None:
    before = await b.answered("oncall at in 1h Payments primary", "*Who will be on call*")
    made = f"✅ <@{ERIN}> is on call in Payments primary from <!date^"
    await b.answered("oncall override @erin Payments primary for 4h", made)
    instead = await b.answered("oncall at in 1h Payments primary", "*Who will be on call*")
    assert f"• Payments primary: <@{ERIN}>" in instead
    assert f"• Payments primary: <@{ERIN}>" not in before
    listed = await b.answered("oncall overrides Payments primary", "*1 override in force")
    assert "it has begun" not in listed, "it was made from here, and can be taken back here"
    await b.pressed("Remove", "Override removed: ")
    after = await b.answered("oncall at in 1h Payments primary", "*Who will be on call*")
    assert f"• Payments primary: <@{ERIN}>" not in after
    assert await b.s.problems() == []
