"""Fire drills from the first word to the report, as people see them: with every vendor, and with Slack alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.catalog import Catalog, Drills, EscalationPolicy, Level, Notification, Service
from tests.scenarios.test_archiving import SharedClock
from tests.scenarios.test_reminders import NOTHING
from tests.scenarios.test_slack_alone import ALONE
from tests.stage import ALICE, API_TOKEN, BOB, CAROL, Json, Stage, stage
from tests.workspace import (
    buttons,
    cards,
    channel_named,
    header,
    issues,
    messages_in,
    pages,
    text_of,
    told_directly,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

TITLE = "[DRILL] Test incident for Checkout API"
POLICY = EscalationPolicy(name="default", levels=(Level(notify=("person:carol@example.com",)),))
SERVICE = Service(
    id="checkout", title="Checkout API", pagerduty_service="PCHECKO", owners=("carol@example.com",)
)
RULES = Drills(acknowledge_after=timedelta(minutes=10), end_after=timedelta(minutes=30))


@dataclass
class Ground:
    """A stage whose clock is ours."""

    s: Stage
    clock: SharedClock
    name: str = ""  # of the drill that was begun last

    async def drill(self, words: str, *, user: str = ALICE) -> Json:
        """``/incident drill``, once all that follows at once is done; the answer."""
        answer = await self.s.command(f"/incident drill {words}", user=user)
        found = re.search(r"INC-\d+", text_of(answer["ack"]))
        assert found, answer
        self.name = found[0]
        await self.s.quiet()
        return answer

    async def later(self, **time: float) -> None:
        """Time passes for everybody, and what is due by then is done."""
        await self.s.quiet()  # time must not leap over what is under way: its lease would be over
        self.clock.pass_by(**time)
        await self.s.quiet()

    async def said(self, room: str) -> list[str]:
        state = await self.s.state()
        return [m["text"] for m in messages_in(state, channel_named(state, room))]

    async def reports(self) -> list[Json]:
        return [m for m in cards(await self.s.state(), "fire-drill") if "step" in header(m)]

    async def report(self, count: int = 1) -> Json:
        """The newest report, once there are so many."""

        async def there() -> Json | None:
            found = await self.reports()
            return found[-1] if len(found) >= count else None

        return dict(await self.s.wait(there, what=f"{count} reports"))


@contextlib.asynccontextmanager
async def ground(
    folder: Path, *, rules: Drills = RULES, problems: bool = True, **changes: Any
) -> AsyncIterator[Ground]:
    clock = SharedClock()
    catalog = Catalog(
        drills=rules,
        services={"checkout": SERVICE},
        policies={"default": POLICY},
        reminders=NOTHING,
        **changes.pop("catalog", {}),
    )
    async with stage(folder, catalog=catalog, clock=clock, everywhere=True, **changes) as s:
        yield Ground(s, clock)
        if problems:
            assert await s.problems() == []


def members(state: Json, room: Json) -> set[str]:
    return set(next(c for c in state["channels"] if c["id"] == room["id"])["members"])


def drill_room(state: Json) -> Json:
    rooms = [c for c in state["channels"] if c["name"].startswith("drill-")]
    assert len(rooms) == 1, rooms
    return rooms[0]


async def marked_everywhere(g: Ground) -> tuple[Json, Json]:
    """The announcement and the channel of the drill that was just started, by which nobody can be misled."""
    state = await g.s.state()
    [announced] = cards(state, "fire-drill")
    assert TITLE in header(announced)
    assert "This is a drill" in text_of(announced)
    assert "Subscribe" not in buttons(announced)
    assert cards(state, "incidents") == []
    room = drill_room(state)
    assert room["name"] == f"drill-{g.name[4:]}-test-incident-for-checkout-api"
    assert room["topic"].startswith("DRILL · SEV1")
    assert {ALICE, BOB, CAROL} <= members(state, room)
    [card] = cards(state, room["name"])
    assert "This is a drill" in text_of(card)
    [page] = pages(state, TITLE)
    assert page["urgency"] == "low"
    assert not page.get("priority"), "no stakeholder rule of PagerDuty fires"
    [issue] = [i for i in issues(state, "") if "DRILL" in i["title"]]
    assert [label["name"] for label in issue["labels"]] == ["drill"]
    assert "This is a drill" in issue["body"]
    return announced, room


async def test_a_whole_drill_with_pagerduty_and_github(tmp_path: Path) -> None:
    told_beyond = {"notifications": (Notification(url="json://127.0.0.1:9/never"),)}
    async with ground(tmp_path, catalog=told_beyond) as g:
        answer = await g.drill("checkout SEV1 page @bob")
        said = text_of(answer["ack"])
        assert "PagerDuty pages as in a real incident" in said
        assert "#fire-drill" in said
        announced, room = await marked_everywhere(g)
        # People work in it as in a real one.
        await g.later(minutes=2)
        board = channel_named(await g.s.state(), "fire-drill")
        assert board
        await g.s.press("Acknowledge", user=BOB, channel=board["id"], ts=announced["ts"])
        await g.s.quiet()
        in_room = json.dumps(messages_in(await g.s.state(), room), ensure_ascii=False)
        assert "This is a drill: nothing is broken. I post this" in in_room
        await g.later(minutes=5)
        await g.s.command(f"/incident resolve {g.name} Practised", user=BOB)
        await g.s.quiet()
        await g.later(seconds=3)
        report = await g.report()
        words = text_of(report)
        assert "all 13 steps worked" in header(report), words
        assert words.count("✅") == 2 * 13, "in the blocks and in the text for notifications"
        assert "✅ *Acknowledged*: 2 min, by Bob" in words, words
        state = await g.s.state()
        [page] = pages(state, TITLE)
        assert page["status"] == "resolved"
        [issue] = [i for i in issues(state, "") if "DRILL" in i["title"]]
        assert issue["state"] == "closed"
        assert await g.s.calls("status_updates") == [], "nobody outside is told"
        assert await g.s.calls("github.create_pull") == []
        # The channel goes the usual way.
        assert "will be archived" in json.dumps(messages_in(state, room), ensure_ascii=False)
        await g.later(hours=25)
        assert g.s.bot
        await g.s.bot.sweeps.remind()
        await g.s.quiet()
        archived = [c["id"] for c in (await g.s.state())["channels"] if c["is_archived"]]
        assert archived == [room["id"]]


async def test_left_alone_it_ends_by_itself_and_pages_only_whoever_started_it(
    tmp_path: Path,
) -> None:
    async with ground(tmp_path, **ALONE) as g:
        answer = await g.drill("now")
        assert "Only you are paged" in text_of(answer["ack"])
        state = await g.s.state()
        [paged] = told_directly(state, "pages you")
        assert "DRILL" in paged
        for user in (BOB, CAROL):
            assert told_directly(await g.s.state(user)) == []
        assert members(state, drill_room(state)) == {ALICE, "U0MUSTER00"}
        await g.later(minutes=10)
        await g.later(minutes=20)
        await g.later(seconds=3)
        report = await g.report()
        words = text_of(report)
        assert "1 of 11 steps did not work" in header(report), words
        assert "❌ *Acknowledged*: nobody did, so the drill did it itself" in words
        assert "Ask whoever was paged" in words
        assert "Left out: PagerDuty note (it is not at PagerDuty)" in words
        assert "This was the first drill" in words
        # Shown again to whoever asks.
        again = await g.s.command("/incident drill report", user=CAROL)
        assert "1 of 11 steps did not work" in text_of(again["ack"])
        assert await g.s.calls("pagerduty.") == []
        assert await g.s.calls("github.") == []


async def test_the_native_policy_pages_when_that_was_asked_for(tmp_path: Path) -> None:
    async with ground(tmp_path, **ALONE) as g:
        answer = await g.drill("page")
        assert "the policy default pages as in a real incident" in text_of(answer["ack"])
        [page] = told_directly(await g.s.state(CAROL), "You are paged")
        assert "DRILL" in page
        assert told_directly(await g.s.state(ALICE), "paged") == []
        await g.s.command(f"/incident ack {g.name}", user=CAROL)
        await g.s.command(f"/incident resolve {g.name}", user=CAROL)
        await g.s.quiet()
        await g.later(seconds=3)
        words = text_of(await g.report())
        assert "✅ *Page*" in words
        assert "by Carol" in words


async def test_at_pagerduty_a_drill_for_one_is_given_to_them_alone(tmp_path: Path) -> None:
    async with ground(tmp_path) as g:
        await g.drill("checkout high", user=BOB)
        [page] = pages(await g.s.state(), TITLE)
        assert (page["urgency"], page["status"]) == ("high", "triggered")
        [given] = page["assignments"]
        assert given["assignee"]["summary"].startswith("Bob")
        for user in (ALICE, CAROL):
            assert told_directly(await g.s.state(user)) == []
        await g.s.pagerduty("acknowledge", by="bob@example.com", incident=page["id"])
        await g.s.quiet()
        await g.s.command(f"/incident resolve {g.name}", user=BOB)
        await g.s.quiet()
        await g.later(seconds=3)
        words = text_of(await g.report())
        assert "all 13 steps worked" in words, words


async def test_pagerduty_would_not_page_whoever_its_key_acts_for(tmp_path: Path) -> None:
    async with ground(
        tmp_path
    ) as g:  # the key acts as Alice, and what she gives herself is acknowledged
        await g.drill("checkout", user=ALICE)
        assert pages(await g.s.state(), TITLE) == []
        assert told_directly(await g.s.state(), "pages you")
        await g.s.command(f"/incident resolve {g.name}")
        await g.s.quiet()


async def test_the_form_the_second_drill_and_what_is_refused(tmp_path: Path) -> None:
    async with ground(tmp_path, **ALONE) as g:
        nothing = await g.s.command("/incident drill report")
        assert "There was no drill yet" in text_of(nothing["ack"])
        await g.drill("now")
        going_on = await g.s.command("/incident drill report")
        assert "is going on" in text_of(going_on["ack"])
        refused = await g.s.command("/incident drill now", user=BOB)
        assert f"The drill {g.name} is not over yet" in text_of(refused["ack"])
        unknown = await g.s.command("/incident drill nothing-like-it", user=BOB)
        assert "There is no service nothing-like-it" in text_of(unknown["ack"])
        private = await g.s.command(f"/incident private {g.name}")
        assert "is a drill" in text_of(private["ack"])
        await g.s.command(f"/incident resolve {g.name}")
        await g.s.quiet()
        reopen = await g.s.command(f"/incident reopen {g.name}")
        assert "Start another with /incident drill" in text_of(reopen["ack"])
        await g.later(seconds=3)
        await g.report()
        # The second one by the form, from the doctor's answer.
        await g.s.command("/incident drill", user=BOB)
        await g.s.until(lambda state: state["views"], user=BOB)
        sent = await g.s.submit(
            {"Service": "Checkout API", "Severity": "SEV2", "Who takes part": [CAROL]}, user=BOB
        )
        assert sent["ok"], sent
        shown = await g.s.until(lambda state: state["views"], user=BOB)
        assert "Only you are paged" in json.dumps(shown)
        await g.s.quiet()
        state = await g.s.state()
        first = f"drill-{g.name[4:]}-"
        rooms = [c for c in state["channels"] if c["name"].startswith("drill-")]
        [room] = [c for c in rooms if not c["name"].startswith(first)]
        assert members(state, room) == {BOB, CAROL, "U0MUSTER00"}
        listed = await g.s.command("/incident list", user=CAROL)
        assert TITLE in text_of(listed["ack"])
        await g.s.command(f"/incident resolve INC-{room['name'].split('-')[1]}", user=BOB)
        await g.s.quiet()
        await g.later(seconds=3)
        words = text_of(await g.report(2))
        assert "(last time " in words
        assert "first drill" not in words


async def test_the_doctor_offers_one(tmp_path: Path) -> None:
    async with ground(tmp_path, **ALONE) as g:
        await g.s.command("/incident doctor")

        def offered(state: Json) -> Json | None:
            messages = [m for room in state["messages"].values() for m in room]
            return next((m for m in messages if "Run a fire drill" in buttons(m)), None)

        message = await g.s.until(offered)
        await g.s.press("Run a fire drill", channel="C0GENERAL0", ts=message["ts"])
        await g.s.until(lambda state: "Who takes part" in json.dumps(state["views"]))
        await g.s.submit({"Urgency": True})
        await g.s.quiet()
        assert drill_room(await g.s.state())


async def test_programs_are_told_of_a_drill_only_when_they_ask(tmp_path: Path) -> None:
    async with ground(tmp_path, **ALONE) as g:
        await g.drill("now")
        headers = {"Authorization": f"Bearer {API_TOKEN}"}
        url = f"{g.s.bot_url}/api/incidents"
        assert (await g.s.http.get(url, headers=headers)).json()["total"] == 0
        [one] = (await g.s.http.get(f"{url}?drills=true", headers=headers)).json()["incidents"]
        assert one["drill"] is True
        assert one["title"].startswith("[DRILL]")
        assert (await g.s.http.get(f"{url}/{g.name[4:]}", headers=headers)).json()["drill"] is True
        report = await g.s.command("/incident report")
        assert "*Declared:* 0" in text_of(report["ack"])


async def test_what_fails_is_told_with_how_to_mend_it(tmp_path: Path) -> None:
    async with ground(tmp_path, problems=False) as g:
        await g.s.fault("slack.bookmarks.add", "error:restricted_action", times=50)
        await g.s.fault("github.POST /repos/*/*/issues", "error:Validation Failed", times=50)
        await g.drill("checkout")
        await g.s.command(f"/incident ack {g.name}")
        await g.s.command(f"/incident resolve {g.name}")
        await g.s.quiet()
        await g.later(minutes=6)
        words = text_of(await g.report())
        assert "❌ *GitHub issue*" in words, words
        assert "it checks GITHUB_TOKEN and the repository" in words
        assert "❌ *Bookmarks*" in words, words
        assert "it names the missing scope" in words


async def test_one_goes_on_after_the_bot_was_away(tmp_path: Path) -> None:
    async with ground(tmp_path, **ALONE) as g:
        await g.drill("now")
        await g.s.stop_bot()
        g.clock.pass_by(minutes=31)
        await g.s.start_bot()
        await g.s.ready(people=False)
        await g.s.quiet()
        await g.later(seconds=3)
        words = text_of(await g.report())
        assert "Acknowledged*: nobody acknowledged it" in words


async def test_a_scheduled_drill_comes_once_for_all_replicas(tmp_path: Path) -> None:
    rules = Drills(
        schedule="0 13 * * *",
        service="checkout",
        acknowledge_after=timedelta(minutes=2),
        end_after=timedelta(minutes=5),
    )
    async with ground(tmp_path, rules=rules, SLACK_ADMIN_CHANNEL="ops", **ALONE) as g:
        await g.s.act("invite", user=ALICE, channel="C0OPS00000", who="U0MUSTER00")
        bot = g.s.bot
        assert bot
        await bot.sweeps.drill()
        now = g.clock.now()
        one_o_clock = datetime.combine(now.date(), datetime.min.time(), UTC) + timedelta(hours=13)
        g.clock.pass_by(seconds=(one_o_clock - now).total_seconds() + 60)
        await asyncio.gather(*(bot.sweeps.drill() for _ in range(3)))
        await g.s.quiet()
        state = await g.s.state()
        [announced] = cards(state, "fire-drill")
        assert TITLE in header(announced)
        assert members(state, drill_room(state)) == {"U0MUSTER00"}
        assert told_directly(state) == []
        for minutes in (3, 3, 1):
            await g.later(minutes=minutes)
        words = text_of(await g.report())
        assert "Left out: Page (this drill pages nobody)" in words
        # The next day a real incident is open: it is left out with a word.
        real = await g.s.declare("SEV1 It is real")
        await g.s.quiet()  # time must not leap over what is under way
        g.clock.pass_by(hours=24)
        await bot.sweeps.drill()
        await g.s.quiet()
        said = await g.said("fire-drill")
        assert any(f"left out: {real} (SEV1) is open" in text for text in said), said
        # And while the bot is down for longer than an hour it is missed.
        await g.s.stop_bot()
        g.clock.pass_by(hours=27)
        await g.s.start_bot()
        await g.s.ready(people=False)
        await g.s.quiet()
        ops = await g.said("ops")
        assert len([text for text in ops if "did not take place" in text]) == 1, ops
        assert len(cards(await g.s.state(), "fire-drill")) == 2, "the report and one announcement"
