"""Action items: added by command, form and emoji; an issue each, assigned to its owner; done, reopened, handed over."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, Person, Service
from bot.domain.moments import time_of
from bot.errors import AlreadyDone
from bot.services.base import SlackUser
from bot.services.incidents import NewIncident
from tests.stage import ALICE, BOB, CAROL, DAVE, Json, Stage, stage
from tests.workspace import buttons, cards, issues, messages_in, room_of, text_of, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.action_item import ActionItem

pytestmark = pytest.mark.asyncio(loop_scope="module")

CATALOG = Catalog(
    services={
        "checkout": Service(id="checkout", title="Checkout API", repo="acme/checkout-api"),
        "vault": Service(id="vault", title="Vault", private_repo="acme/payments"),
    },
    people={
        "bob@example.com": Person(email="bob@example.com", github="bob"),
        "dave@example.com": Person(email="dave@example.com", github="nobody-of-that-name"),
    },
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """A stage where Bob's GitHub account is known, Carol's is not, and Dave's is wrong."""
    async with stage(tmp_path_factory.mktemp("house"), catalog=CATALOG) as running:
        yield running


class Work:
    """An incident and what there is to do because of it."""

    def __init__(self, s: Stage, name: str, room: Json) -> None:
        self.s, self.name, self.room = s, name, room
        self.number = int(name.removeprefix("INC-"))

    async def command(self, words: str, *, user: str = ALICE, **more: Any) -> Json:
        return await self.s.command(words, user=user, channel=self.room["id"], **more)

    async def add(self, words: str, *, user: str = ALICE) -> Json:
        """The item's issue, once everything is done."""
        answer = await self.command(f"/incident action {words}", user=user)
        assert "The action item is added" in str(answer), answer
        await self.s.quiet()
        return await self.issue(words.partition(" @")[0])

    async def issue(self, title: str) -> Json:
        [found] = [i for i in issues(await self.s.state(), "") if i["title"] == title]
        return found

    async def items(self) -> list[ActionItem]:
        assert self.s.bot is not None
        return await self.s.bot.work.read(lambda tx: tx.action_items(self.number))

    async def message(self, words: str) -> Json:
        """The item's one message."""
        state = await self.s.state()
        start = f"{self.name} action item: "
        found = [m for m in messages_in(state, self.room) if m["text"].startswith(start)]
        [message] = [m for m in found if words in m["text"]]
        return message

    async def press(self, label: str, words: str, *, user: str = BOB) -> Json:
        message = await self.message(words)
        answer = await self.s.press(
            label, user=user, channel=self.room["id"], ts=message["ts"], nth=0
        )
        await self.s.quiet()
        return answer

    async def timeline(self) -> str:
        shown = await self.command("/incident timeline")
        return text_of({"text": "", "blocks": shown["ack"]["blocks"]})


def logins(issue: Json) -> list[str]:
    return [one["login"] for one in issue["assignees"]]


@pytest_asyncio.fixture(loop_scope="module")
async def work(s: Stage, request: pytest.FixtureRequest) -> AsyncIterator[Work]:
    """An incident of the story's own, named like the test, with everybody in its channel."""
    name = await s.declare(f"SEV3 {request.node.name.replace('_', ' ')}")
    room = room_of(await s.settled(name), name)
    assert room
    for who in (BOB, CAROL, DAVE):
        await s.act("join", user=who, channel=room["id"])
    await s.quiet()
    yield Work(s, name, room)
    assert await s.problems() == []
    dead = [one for one in await s.unfinished() if one["state"] == "dead"]
    assert [one for one in dead if "nobody-of-that-name" not in str(one["why"])] == []


async def test_an_action_item_becomes_an_issue_assigned_to_its_owner(work: Work) -> None:
    issue = await work.add("Alert on the queue's length @bob")
    [own] = issues(await work.s.state(), work.name)
    assert issue["repo"] == "acme/incidents"
    assert {label["name"] for label in issue["labels"]} == {"action-item", "incident"}
    assert logins(issue) == ["bob"]
    assert own["html_url"] in issue["body"]
    assert f"/archives/{work.room['id']}" in issue["body"]
    message = await work.message("Alert on the queue")
    shown = text_of(message)
    assert f"<@{BOB}>" in shown
    assert issue["html_url"] in shown
    assert buttons(message) == ["Mark done", "Change owner"]
    assert "added an action item" in await work.timeline()
    [card] = cards(await work.s.state(), work.room["name"])
    assert "Action items: 0 of 1 done" in text_of(card)
    listed = text_of((await work.command("/incident actions"))["ack"])
    assert "0 of 1 done" in listed
    assert "Alert on the queue" in listed


async def test_done_and_reopened_in_slack_shows_on_github(work: Work) -> None:
    await work.add("Write the runbook")
    await work.press("Mark done", "Write the runbook")
    issue = await work.issue("Write the runbook")
    assert (issue["state"], issue["state_reason"]) == ("closed", "completed")
    message = await work.message("Write the runbook")
    assert f"done by <@{BOB}>" in text_of(message)
    assert buttons(message) == ["Reopen item"]
    [card] = cards(await work.s.state(), work.room["name"])
    assert "Action items: 1 of 1 done" in text_of(card)
    await work.press("Reopen item", "Write the runbook", user=CAROL)
    assert (await work.issue("Write the runbook"))["state"] == "open"
    [item] = await work.items()
    assert item.is_open
    told_of = await work.timeline()
    assert told_of.count("completed an action item") == 1
    assert told_of.count("reopened an action item") == 1
    assert "from GitHub" not in told_of, "our own changes are not echoed"


async def test_pressing_done_twice_is_done_once(work: Work) -> None:
    await work.add("Only once")
    assert work.s.bot is not None
    [item] = await work.items()
    await work.press("Mark done", "Only once")
    with pytest.raises(AlreadyDone, match="done already"):
        await work.s.bot.world.actions.complete(item.id, by=_who(CAROL), once="a late press")
    assert (await work.timeline()).count("completed an action item") == 1


def _who(user: str) -> SlackUser:
    return SlackUser(user, user)


async def test_the_form_adds_and_changes(work: Work) -> None:
    answer = await work.command("/incident action")
    assert answer["ok"], answer
    view = (await work.s.until(lambda state: state["views"]))[-1]
    assert view["title"] == "Action items"
    assert "There are none yet" in str(view["blocks"])
    empty = await work.s.submit({})
    assert "field.action" in str(empty["errors"]), empty
    answer = await work.s.submit({"What is to be done?": "From <the> form", "Owner": BOB})
    assert not answer["errors"], answer
    await work.s.quiet()
    issue = await work.issue("From <the> form")
    assert logins(issue) == ["bob"]
    await work.command("/incident")
    await work.s.until(lambda state: state["views"])
    await work.s.press("Add an action item", where="view")
    view = (await work.s.until(lambda state: len(state["views"]) > 1 and state["views"]))[-1]
    assert "0 of 1 done" in str(view["blocks"])
    await work.s.press("Mark done", where="view")
    await work.s.until(lambda state: "1 of 1 done" in str(state["views"][-1]["blocks"]))
    await work.s.quiet()
    assert (await work.issue("From <the> form"))["state"] == "closed"


async def test_the_owner_changes_in_slack(work: Work) -> None:
    await work.add("Hand me over @bob")
    await work.press("Change owner", "Hand me over", user=ALICE)
    view = (await work.s.until(lambda state: state["views"]))[-1]
    assert view["title"] == "Change owner"
    answer = await work.s.submit({"Owner": CAROL})
    assert not answer["errors"], answer
    await work.s.quiet()
    assert logins(await work.issue("Hand me over")) == [], "Carol is not known there"
    assert f"<@{CAROL}>" in text_of(await work.message("Hand me over"))
    [said] = told(await work.s.state(ALICE), "do not know Carol Okafor's GitHub account")
    assert "carol@example.com: {github: " in said
    assert "gave an action item to" in await work.timeline()


async def test_an_owner_unknown_at_github_is_said_in_the_body_too(work: Work) -> None:
    issue = await work.add("Unknown there @carol", user=DAVE)
    assert logins(issue) == []
    assert "does not know their GitHub account" in issue["body"]
    assert "example.com" not in issue["body"]
    assert told(await work.s.state(DAVE), "add this to muster.yml")


async def test_an_owner_github_refuses_gets_an_issue_all_the_same(work: Work) -> None:
    issue = await work.add("Not assignable @dave")
    assert issue["state"] == "open"
    assert logins(issue) == []
    shown = await work.timeline()
    assert "nobody-of-that-name cannot be assigned in acme/incidents" in shown
    assert "Give them access" in shown


async def test_zap_makes_an_item_of_a_message_and_taking_it_off_withdraws_it(work: Work) -> None:
    said = await work.s.act(
        "message", user=BOB, channel=work.room["id"], text="Raise the pool & check"
    )
    ts = said["ts"]
    react = {"user": CAROL, "channel": work.room["id"], "ts": ts, "name": "zap"}
    await work.s.act("react", **react)
    await work.s.quiet()
    [item] = await work.items()
    assert item.text == "Raise the pool & check"
    assert item.created_at == time_of(ts)
    assert item.link.endswith(f"/archives/{work.room['id']}/p{ts.replace('.', '')}")
    issue = await work.issue("Raise the pool & check")
    assert item.link in issue["body"]
    assert "said by" in await work.timeline()
    await work.s.act("unreact", **react)
    await work.s.quiet()
    assert await work.items() == []
    issue = await work.issue("Raise the pool & check")
    assert (issue["state"], issue["state_reason"]) == ("closed", "not_planned")
    state = await work.s.state()
    [message] = [m for m in messages_in(state, work.room) if "withdrawn" in text_of(m)]
    assert buttons(message) == []
    assert "Raise the pool" not in await work.timeline()
    await work.s.act("react", **react)
    await work.s.quiet()
    [again] = await work.items()
    assert again.id == item.id
    assert (await work.issue("Raise the pool & check"))["state"] == "open"


async def test_an_item_somebody_works_on_stays(work: Work) -> None:
    said = await work.s.act("message", user=BOB, channel=work.room["id"], text="Begun already")
    react = {"user": CAROL, "channel": work.room["id"], "ts": said["ts"], "name": "zap"}
    await work.s.act("react", **react)
    await work.s.quiet()
    await work.press("Mark done", "Begun already")
    await work.s.act("unreact", **react)
    await work.s.quiet()
    [item] = await work.items()
    assert item.done_at
    assert told(await work.s.state(CAROL), "stays: somebody has worked on it already")
    assert (await work.issue("Begun already"))["state_reason"] == "completed"
    assert "Begun already" in await work.timeline()


async def test_follow_up_stays_an_entry_only(work: Work) -> None:
    said = await work.s.act("message", user=BOB, channel=work.room["id"], text="Look at this later")
    react = {"user": CAROL, "channel": work.room["id"], "ts": said["ts"], "name": "fast_forward"}
    await work.s.act("react", **react)
    await work.s.quiet()
    assert await work.items() == []
    assert "Look at this later" in await work.timeline()


async def test_nothing_is_added_for_words_that_name_nobody(work: Work) -> None:
    answer = await work.command("/incident action Fix it @somebody")
    assert "nothing was added" in str(answer)
    assert await work.items() == []


async def test_long_text_is_cut_in_the_title_and_whole_in_the_body(work: Work) -> None:
    words = " ".join(["Überlänge @channel <!channel> #1"] * 20)
    answer = await work.command(f"/incident action {words}")
    assert "is added" in str(answer), answer
    await work.s.quiet()
    [found] = [i for i in issues(await work.s.state(), "") if i["title"].startswith("Überlänge")]
    assert len(found["title"]) <= 200
    assert found["body"].count("Überlänge") == 20
    assert "@channel" not in found["body"]


async def test_private_incidents_have_issues_only_in_their_private_repository(work: Work) -> None:
    s = work.s
    assert s.bot is not None
    for service, repo in ((None, None), ("vault", "acme/payments")):
        new = NewIncident(title=f"Leak {service}", private=True, service=service, by=_who(ALICE))
        incident = (await s.bot.world.incidents.declare(new, once=f"private/{service}")).incident
        await s.quiet()
        item = await s.bot.world.actions.add(
            incident.number, f"Rotate the keys {service}", by=_who(ALICE), once=f"item/{service}"
        )
        await s.quiet()
        found = [i for i in issues(await s.state(), "") if i["title"] == item.text]
        assert [i["repo"] for i in found] == ([repo] if repo else [])


async def test_items_of_a_service_go_to_its_repository(work: Work) -> None:
    s = work.s
    answer = await s.declare_at_api({"title": "Checkout is slow", "service": "checkout"})
    await s.settled(answer["id"])
    said = await s.command(f"/incident action {answer['id']} Cache the prices")
    assert "acme/checkout-api" in str(said)
    await s.quiet()
    assert (await work.issue("Cache the prices"))["repo"] == "acme/checkout-api"
