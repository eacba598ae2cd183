"""How a page reaches a person: every way at its time, what became of it, and acknowledging without Slack."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from bot.domain.catalog import Address, Catalog, EscalationPolicy, Level, Person, Severity
from bot.domain.quiet import QuietHours, clock_time
from bot.ports import SystemClock
from bot.store.tables import PageDeliveryRow
from tests.mailbox import SECRET, Mailbox, mailbox
from tests.scenarios.test_slack_alone import ALONE
from tests.stage import ALICE, BOB, CAROL, DAVE, Json, Stage, stage
from tests.workspace import card_of, messages_in, room_of, said_in, text_of, told_directly

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

LATER = timedelta(minutes=2)
PAGED = "You are paged"


def blocks_of(message: str) -> str:
    """The blocks alone, of a message with its fallback text."""
    return json.dumps(json.loads(message)[1], ensure_ascii=False)


class Night:
    """The machine's time as if it were that hour of a coming day, moved on when a story says so."""

    def __init__(self, hour: int = 12) -> None:
        self._clock = SystemClock()
        now = self._clock.now()
        wanted = (now + timedelta(days=1)).replace(hour=hour, minute=0, second=0, microsecond=0)
        self._late = wanted - now

    def now(self) -> datetime:
        return self._clock.now() + self._late

    def monotonic(self) -> float:
        return self._clock.now().timestamp()

    def pass_by(self, **time: float) -> None:
        self._late += timedelta(**time)


def person(name: str, *notify: Address, **more: Any) -> Person:
    return Person(email=f"{name}@example.com", notify=notify, **more)


def catalog(*people: Person, levels: tuple[Level, ...], **more: Any) -> Catalog:
    policy = EscalationPolicy(name="default", levels=levels)
    named = {each.email: each for each in people}
    return Catalog(people=named, policies={"default": policy}, **more)


def level(*names: str, wait: timedelta = timedelta(minutes=5)) -> Level:
    return Level(notify=tuple(f"person:{name}@example.com" for name in names), wait=wait)


class Story:
    """A stage with a public address, a mailbox, and time that passes."""

    def __init__(self, s: Stage, box: Mailbox, clock: Night) -> None:
        self.s, self.box, self.clock = s, box, clock

    async def later(self, **time: float) -> None:
        self.clock.pass_by(**time)
        await self.s.quiet()

    async def proof(self, name: str) -> Json:
        """The message that proves what became of the page."""
        state = await self.s.state()
        found = [m for m in messages_in(state, room_of(state, name)) if "*Page* for" in text_of(m)]
        assert len(found) == 1, found
        return found[0]

    async def says(self, name: str, *words: str, user: str = ALICE) -> str:
        """The proof, once it says all of these."""

        def shown(state: Json) -> str:
            found = [
                m for m in messages_in(state, room_of(state, name)) if "*Page* for" in text_of(m)
            ]
            said = text_of(found[0]) if found else ""
            return said if all(word in said for word in words) else ""

        return str(await self.s.until(shown, user=user))

    async def link(self, path: str) -> str:
        await self.s.wait(lambda: self.box.links(path), what=f"a link for {path}")
        return self.box.links(path)[-1]

    async def open(self, link: str, method: str = "GET") -> tuple[int, str]:
        answer = await self.s.http.request(method, link, follow_redirects=True)
        return answer.status_code, answer.text

    async def paged(self, user: str) -> list[str]:
        return told_directly(await self.s.state(user), PAGED)


@contextlib.asynccontextmanager
async def story(
    folder: Path, box: Mailbox, shelf: Catalog, *, hour: int = 12, public: bool = True
) -> AsyncIterator[Story]:
    clock = Night(hour)
    async with stage(
        folder, catalog=shelf, clock=clock, everywhere=True, start=False, **ALONE
    ) as s:
        await s.start_bot(**({"PUBLIC_URL": s.bot_url} if public else {}))
        await s.ready()
        yield Story(s, box, clock)
        assert await s.problems() == []


async def test_a_page_goes_by_every_way_that_is_for_it(tmp_path: Path) -> None:
    async with mailbox() as box:
        carol = person(
            "carol",
            Address(box.url("all")),
            Address(box.url("high"), ("high",)),
            Address(box.url("low"), ("low",)),
        )
        async with story(tmp_path, box, catalog(carol, levels=(level("carol"),))) as t:
            name = await t.s.declare("SEV1 The shop is closed")
            await t.s.settled(name)
            await t.s.until(lambda _: box.told("/all") and box.told("/high"))
            assert box.told("/all") == box.told("/high") == [f"{name}: you are paged"]
            assert box.told("/low") == []
            assert box.bodies("/all")[0].startswith("SEV1 The shop is closed\nAcknowledge: http")
            assert len(await t.paged(CAROL)) == 1
            said = await t.says(name, "direct message delivered", "webhook sent")
            assert SECRET not in said


async def test_an_address_kept_for_later_is_used_only_while_nobody_has_acknowledged(
    tmp_path: Path,
) -> None:
    async with mailbox() as box:
        carol = person("carol", Address(box.url("late"), after=LATER))
        async with story(tmp_path, box, catalog(carol, levels=(level("carol"),))) as t:
            first = await t.s.declare("SEV1 Nobody looks")
            await t.s.settled(first)
            await t.says(first, "direct message delivered", "if nobody acknowledged within 2 min")
            assert box.told("/late") == []
            await t.later(minutes=2)
            await t.s.until(lambda _: box.told("/late") == [f"{first}: you are paged"])
            await t.says(first, "webhook sent")
            second = await t.s.declare("SEV1 Somebody looks")
            await t.s.settled(second)
            await t.s.on_card(second, "Acknowledge", user=CAROL)
            await t.says(second, "webhook not sent: Carol", "acknowledged by")
            await t.later(minutes=3)
            assert box.told("/late") == [f"{first}: you are paged"]


async def test_the_link_acknowledges_once_and_opening_it_acknowledges_nothing(
    tmp_path: Path, capsys: Any
) -> None:
    async with mailbox() as box:
        carol, dave = (
            person("carol", Address(box.url("carol"))),
            person("dave", Address(box.url("dave"))),
        )
        shelf = catalog(carol, dave, levels=(level("carol", "dave"),))
        async with story(tmp_path, box, shelf) as t:
            name = await t.s.declare("SEV1 The <shop> is closed")
            await t.s.settled(name)
            link, other = await t.link("/carol"), await t.link("/dave")
            assert link != other
            for method in ("GET", "HEAD", "GET"):
                status, page = await t.open(link, method)
                assert status == 200
            assert "SEV1 The &lt;shop&gt; is closed" in page
            assert page.count("Acknowledge</button>") == 1
            await t.s.quiet()
            assert "nobody has acknowledged yet" in text_of(await t.proof(name))
            await t.says(name, "webhook seen")
            status, page = await t.open(link, "POST")
            assert status == 200
            assert "You acknowledged it at" in page
            assert "<button" not in page
            await t.s.until(lambda st: CAROL in text_of(card_of(st, name) or {}))
            await t.says(name, "acknowledged by", "webhook acknowledged")
            again, page = await t.open(link, "POST")
            assert (again, "You acknowledged it at" in page) == (200, True)
            taken, page = await t.open(other, "POST")
            assert taken == 200
            assert "Carol" in page
            assert "acknowledged it at" in page
            state = await t.s.settled(name)
            told = said_in(state, room_of(state, name))
            assert len([m for m in told if "acknowledged" in m and "*Page*" not in m]) == 1, told
            token = link.rpartition("/")[2]
    assert token not in capsys.readouterr().out


async def test_a_link_that_is_wrong_or_too_old_says_so_and_does_nothing(tmp_path: Path) -> None:
    async with mailbox() as box:
        carol = person("carol", Address(box.url("carol")))
        async with story(tmp_path, box, catalog(carol, levels=(level("carol"),))) as t:
            name = await t.s.declare("SEV1 Old news")
            await t.s.settled(name)
            link = await t.link("/carol")
            for wrong in (link[:-1], link[:-1] + ("A" if link[-1] != "A" else "B"), link + "x"):
                status, page = await t.open(wrong, "POST")
                assert status == 404
                assert "This link is not valid" in page
                assert name not in page
            t.clock.pass_by(hours=25)
            status, page = await t.open(link, "POST")
            assert status == 410
            assert "This link was good until" in page
            assert "<button" not in page
            card = card_of(await t.s.state(), name) or {}
            assert "triggered" in card["text"]


async def test_without_a_public_address_pages_carry_no_link(tmp_path: Path) -> None:
    async with mailbox() as box:
        carol = person("carol", Address(box.url("carol")))
        async with story(
            tmp_path, box, catalog(carol, levels=(level("carol"),)), public=False
        ) as t:
            name = await t.s.declare("SEV1 No address")
            await t.s.settled(name)
            await t.s.until(lambda _: box.told("/carol"))
            assert "Acknowledge" not in box.bodies("/carol")[0]


async def test_of_a_private_incident_only_its_number_is_told(tmp_path: Path) -> None:
    async with mailbox() as box:
        carol = person("carol", Address(box.url("carol")))
        async with story(tmp_path, box, catalog(carol, levels=(level("carol"),))) as t:
            name, _ = await t.s.declare_private("The merger", Severity="SEV1 Customers cannot work")
            link = await t.link("/carol")
            assert box.told("/carol") == [f"Private incident {name}: you are paged"]
            assert box.bodies("/carol") == [
                f"Open Slack for what it is about.\nAcknowledge: {link}"
            ]
            status, page = await t.open(link)
            assert status == 200
            assert f"Private incident {name}" in page
            assert "merger" not in page
            _, page = await t.open(link, "POST")
            assert "You acknowledged it" in page
            assert "merger" not in page


async def test_while_slack_is_down_pages_go_on_and_are_acknowledged_and_it_is_filled_in_afterwards(
    tmp_path: Path,
) -> None:
    async with mailbox() as box:
        people = (
            person("carol", Address(box.url("carol"))),
            person("dave", Address(box.url("dave"))),
        )
        shelf = catalog(*people, levels=(level("carol"), level("dave")))
        async with story(tmp_path, box, shelf) as t:
            await t.s.fault("slack.*", "500", times=100_000)
            declared = await t.s.declare_at_api({"title": "Slack is down", "severity": "SEV1"})
            name = str(declared["id"])
            await t.s.until(lambda _: box.told("/carol") == [f"{name}: you are paged"])
            assert box.told("/dave") == []
            t.clock.pass_by(minutes=5)
            await t.s.until(lambda _: box.told("/dave") == [f"{name}: you are paged"])
            _, page = await t.open(box.links("/dave")[-1], "POST")
            assert "You acknowledged it at" in page
            await t.s._call("DELETE", "/api/faults")
            t.clock.pass_by(minutes=2)
            await t.says(name, "acknowledged by", "webhook sent", "webhook acknowledged")
            spared = "direct message not sent: it was acknowledged before"
            await t.s.wait(lambda: _times(t, name, spared, 2), what="both to be spared in Slack")
            state = await t.s.settled(name)
            assert await t.paged(CAROL) == []
            assert await t.paged(DAVE) == []
            room = messages_in(state, room_of(state, name))
            texts = [m["text"] for m in room if not m["subtype"]]
            places = [
                next(n for n, text in enumerate(texts) if word in text)
                for word in ("Slack is down", "acknowledged")
            ]
            assert places == sorted(places), texts


async def test_a_page_nobody_acknowledged_meanwhile_reaches_slack_when_it_is_back(
    tmp_path: Path,
) -> None:
    async with mailbox() as box:
        carol = person("carol", Address(box.url("carol")))
        async with story(tmp_path, box, catalog(carol, levels=(level("carol"),))) as t:
            await t.s.fault("slack.*", "500", times=100_000)
            name = str(
                (await t.s.declare_at_api({"title": "Still open", "severity": "SEV1"}))["id"]
            )
            await t.s.until(lambda _: box.told("/carol"))
            await t.s._call("DELETE", "/api/faults")
            t.clock.pass_by(minutes=2)
            await t.s.until(lambda st: told_directly(st, PAGED), user=CAROL)
            await t.says(name, "direct message delivered")
            await t.s.settled(name)
            assert len(await t.paged(CAROL)) == 1


async def test_a_level_that_has_slack_alone_is_not_waited_for_while_slack_is_down(
    tmp_path: Path,
) -> None:
    async with mailbox() as box:
        dave = person("dave", Address(box.url("dave")))
        hour = timedelta(hours=1)
        levels = (level("carol", wait=hour), level("dave", wait=hour))
        async with story(tmp_path, box, catalog(dave, levels=levels)) as t:
            assert t.s.bot
            await t.s.fault("slack.*", "500", times=100_000)
            name = str((await t.s.declare_at_api({"title": "Who hears", "severity": "SEV1"}))["id"])
            await t.s.wait(lambda: _planned(t, CAROL), what="Carol's page to be planned")
            await t.s.bot.sweeps.audit_pages()
            assert box.told("/dave") == []
            t.clock.pass_by(seconds=61)
            await t.s.bot.sweeps.audit_pages()
            await t.s.until(lambda _: box.told("/dave") == [f"{name}: you are paged"])
            await t.s.bot.sweeps.audit_pages()
            await t.s._call("DELETE", "/api/faults")
            t.clock.pass_by(minutes=2)
            await t.says(name, "Level 2", "webhook sent", "direct message delivered")
            assert box.told("/dave") == [f"{name}: you are paged"]


async def _planned(t: Story, user: str) -> bool:
    assert t.s.bot
    return bool(
        await t.s.bot.work.read(
            lambda tx: tx.session.execute(
                select(PageDeliveryRow).where(PageDeliveryRow.slack_id == user)  # type: ignore[arg-type]
            ).first()
        )
    )


async def test_an_address_that_refuses_has_failed_and_the_next_level_is_paged_at_once(
    tmp_path: Path,
) -> None:
    async with mailbox() as box:
        box.refuse = True
        outside = Person(email="zoe@elsewhere.example", notify=(Address(box.url("zoe")),))
        shelf = catalog(
            outside, levels=(Level(notify=("person:zoe@elsewhere.example",)), level("dave"))
        )
        async with story(tmp_path, box, shelf) as t:
            name = await t.s.declare("SEV1 Zoe cannot be reached")
            await t.says(
                name, "zoe@elsewhere.example", "waits: the json notification was not taken"
            )
            assert await t.paged(DAVE) == []
            t.clock.pass_by(minutes=1)
            await t.s.until(lambda st: told_directly(st, PAGED), user=DAVE)
            await t.says(name, "webhook failed: the json notification was not taken", "Level 2")


async def test_somebody_who_is_not_in_slack_acknowledges_by_the_link(tmp_path: Path) -> None:
    async with mailbox() as box:
        outside = Person(email="zoe@elsewhere.example", notify=(Address(box.url("zoe")),))
        shelf = catalog(
            outside, levels=(Level(notify=("person:zoe@elsewhere.example",)), level("dave"))
        )
        async with story(tmp_path, box, shelf) as t:
            name = await t.s.declare("SEV1 Zoe takes it")
            await t.s.settled(name)
            _, page = await t.open(await t.link("/zoe"), "POST")
            assert "You acknowledged it at" in page
            await t.says(name, "acknowledged by zoe@elsewhere.example", "webhook acknowledged")
            await t.later(minutes=10)
            assert await t.paged(DAVE) == []


async def test_what_people_do_in_slack_shows_that_they_saw_it(tmp_path: Path) -> None:
    async with mailbox() as box:
        shelf = catalog(levels=(level("carol", "dave", "bob"),))
        async with story(tmp_path, box, shelf) as t:
            name = await t.s.declare("SEV1 Who looks")
            await t.s.settled(name)
            await t.says(name, "direct message delivered")
            assert "seen" not in text_of(await t.proof(name))
            await t.s.act("open_home", user=CAROL)
            await t.s.quiet()
            assert "seen" not in text_of(await t.proof(name))
            await t.s.act("open_messages", user=CAROL)
            await t.says(name, "direct message seen")
            assert await _times(t, name, "direct message seen", 1)
            theirs = await t.s.state(DAVE)
            [direct] = [c for c in theirs["channels"] if c["is_im"] and theirs["messages"][c["id"]]]
            [page] = [m for m in theirs["messages"][direct["id"]] if PAGED in text_of(m)]
            await t.s.press("More", user=DAVE, channel=direct["id"], ts=page["ts"])
            await t.s.wait(lambda: _times(t, name, "direct message seen", 2), what="Dave's sign")
            assert "nobody has acknowledged yet" in text_of(await t.proof(name))


async def _times(t: Story, name: str, words: str, count: int) -> bool:
    return blocks_of(text_of(await t.proof(name))).count(words) == count


SEVERITIES = (Severity(name="SEV1"), Severity(name="SEV4", urgency="low"))
SLEEPS = QuietHours(clock_time("22:00"), clock_time("07:00"))


async def test_low_urgency_waits_for_the_end_of_quiet_hours_and_high_does_not(
    tmp_path: Path,
) -> None:
    async with mailbox() as box:
        carol = person("carol", Address(box.url("carol")), quiet_hours=SLEEPS, time_zone="UTC")
        levels = (level("carol"), level("dave"))
        shelf = catalog(carol, levels=levels, severities=SEVERITIES)
        async with story(tmp_path, box, shelf, hour=23) as t:
            low = await t.s.declare("SEV4 It can wait")
            await t.s.settled(low)
            await t.says(low, "quiet hours until 07:00 (UTC)")
            high = await t.s.declare("SEV1 It cannot")
            await t.s.settled(high)
            await t.s.until(lambda _: box.told("/carol") == [f"{high}: you are paged"])
            await t.s.on_card(high, "Acknowledge", user=BOB)
            await t.later(hours=7)
            assert [m for m in await t.paged(CAROL) if low in m] == []
            assert [m for m in await t.paged(DAVE) if low in m] == []  # nobody is paged instead
            await t.later(hours=1)
            await t.s.until(lambda _: box.told("/carol")[1:] == [f"{low}: you are paged"])
            assert len([m for m in await t.paged(CAROL) if low in m]) == 1
            assert [m for m in await t.paged(DAVE) if low in m] == []
            await t.later(minutes=6)
            await t.s.until(lambda st: told_directly(st, low), user=DAVE)


async def test_what_was_held_back_and_is_over_by_then_is_not_sent(tmp_path: Path) -> None:
    async with mailbox() as box:
        carol = person("carol", quiet_hours=SLEEPS, time_zone="UTC")
        shelf = catalog(carol, levels=(level("carol"),), severities=SEVERITIES)
        async with story(tmp_path, box, shelf, hour=23) as t:
            name = await t.s.declare("SEV4 Over before she wakes")
            await t.s.settled(name)
            await t.says(name, "quiet hours until 07:00 (UTC)")
            await t.s.command(f"/incident resolve {name} gone", user=BOB)
            await t.says(name, f"direct message not sent: {name} is resolved")
            await t.later(hours=9)
            assert await t.paged(CAROL) == []


async def test_a_deactivated_person_is_told_in_words_and_the_next_level_follows(
    tmp_path: Path,
) -> None:
    async with (
        mailbox() as box,
        story(tmp_path, box, catalog(levels=(level("carol"), level("dave")))) as t,
    ):
        await t.s.fault("slack.conversations.open", "error:user_disabled")
        name = await t.s.declare("SEV1 Carol has left")
        await t.s.until(lambda st: told_directly(st, PAGED), user=DAVE)
        await t.says(name, "direct message failed: their Slack account is deactivated", "*Level 2*")
