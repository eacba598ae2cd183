"""Rosters by themselves and in people's hands: hand-overs, gaps, the user group, the form, as YAML."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from bot.config_file import load_catalog
from bot.domain.catalog import Catalog, EscalationPolicy, Level, Roster, RosterLayer, Service
from tests.scenarios.test_archiving import SharedClock
from tests.stage import ALICE, BOB, CAROL, DAVE, GENERAL, Json, Stage, stage
from tests.workspace import channel_named, messages_in, text_of, told

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Watch:
    """A stage whose clock is ours: a Monday at noon, and an hour later Bob takes over from Alice."""

    def __init__(self, s: Stage, clock: SharedClock) -> None:
        self.s, self.clock = s, clock

    async def later(self, **time: float) -> None:
        """Time passes, and two replicas look."""
        assert self.s.bot
        await self.s.quiet()  # time does not leap over what is under way
        self.clock.pass_by(**time)
        for _ in range(2):
            await asyncio.gather(self.s.bot.sweeps.rosters(), self.s.bot.sweeps.rosters())
            await self.s.quiet()

    async def said(self, part: str, where: str = "ops") -> list[Json]:
        state = await self.s.state()
        messages = messages_in(state, channel_named(state, where))
        return [m for m in messages if part in text_of(m) and not m["ephemeral"]]

    async def group(self, handle: str = "oncall") -> list[str]:
        groups = (await self.s.state())["usergroups"]
        return next(list(g["users"]) for g in groups if g["handle"] == handle)

    async def answer(self, words: str, *, user: str = ALICE) -> str:
        """What ``/incident oncall ...`` is answered with."""
        return str(await self.s.command(f"/incident oncall {words}", user=user))

    async def form(self, user: str = ALICE) -> Json:
        state = await self.s.until(lambda state: state["views"] and state, user=user)
        return dict(state["views"][-1])


def weekly(clock: SharedClock, *people: str) -> RosterLayer:
    """The first person's turn until one o'clock today, then the second one's."""
    start = (clock.now() - 7 * DAY).date().isoformat()
    emails = tuple(f"{name}@example.com" for name in people or ("alice", "bob"))
    return RosterLayer(people=emails, rotate="weekly", handover="Mon 13:00", start=start)


def office(clock: SharedClock) -> RosterLayer:
    """Alice from one to three in the afternoon, every day."""
    return replace(
        weekly(clock, "alice"),
        rotate="daily",
        handover="13:00",
        only={"from": "13:00", "to": "15:00"},
    )


@contextlib.asynccontextmanager
async def watch(
    folder: Path, *, catalog: Any = None, problems: bool = False, **changes: Any
) -> AsyncIterator[Watch]:
    clock = SharedClock()

    def usual(clock: SharedClock) -> Catalog:
        layers = (weekly(clock),)
        primary = Roster(name="primary", layers=layers, user_group="oncall", announce_in="ops")
        return Catalog(rosters={"primary": primary})

    shelf = (catalog or usual)(clock)
    settings = {"PAGERDUTY_API_TOKEN": None, "SLACK_ADMIN_CHANNEL": "random", **changes}
    async with stage(folder, catalog=shelf, clock=clock, everywhere=True, **settings) as s:
        await s.wait(lambda: s.bot and s.bot.sweeps._mirroring and s.bot.sweeps._mirroring.done())
        yield Watch(s, clock)
        if not problems:
            assert await s.problems() == []


async def test_a_hand_over_names_who_ends_and_starts_and_what_is_open_once(tmp_path: Path) -> None:
    async with watch(tmp_path) as x:
        await x.later()
        assert await x.said("Hand-over") == [], "the past is not told"
        assert await x.group() == [ALICE]
        name = await x.s.declare("SEV2 Checkout is down")
        await x.s.settled(name)
        await x.later(minutes=59)
        assert await x.said("Hand-over") == []
        await x.later(minutes=2)
        [told] = await x.said("Hand-over of primary")
        assert f"<@{ALICE}> ends, <@{BOB}> is on call until" in text_of(told)
        assert "Checkout is down" in text_of(told)
        assert await x.group() == [BOB]
        await x.s.stop_bot()
        await x.s.start_bot()
        await x.s.ready()
        await x.later(hours=1)
        assert len(await x.said("Hand-over of primary")) == 1


async def test_what_a_roster_does_not_cover_is_not_told(tmp_path: Path) -> None:
    def catalog(clock: SharedClock) -> Catalog:
        primary = Roster(name="primary", layers=(weekly(clock),), announce_in="ops")
        level = Level(notify=("roster:primary",))
        return Catalog(
            rosters={"primary": primary},
            policies={"web": EscalationPolicy(name="web", levels=(level,))},
            services={
                "web": Service(id="web", title="Web", escalation_policy="web"),
                "db": Service(id="db", title="Database"),
            },
        )

    async with watch(tmp_path, catalog=catalog) as x:
        await x.later()
        for service in ("Web", "Database"):
            await x.s.command("/incident declare")
            await x.form()
            await x.s.submit({"Title": f"{service} is slow", "Service": service})
            await x.s.announced(f"{service} is slow")
        await x.s.quiet()
        await x.later(hours=2)
        [told] = await x.said("Hand-over of primary")
        assert "Web is slow" in text_of(told)
        assert "Database is slow" not in text_of(told)


async def test_down_over_hand_overs_only_the_shift_that_runs_is_told(tmp_path: Path) -> None:
    async with watch(tmp_path) as x:
        await x.later()
        await x.s.stop_bot()
        x.clock.pass_by(days=15)
        await x.s.start_bot()
        await x.s.ready()
        await x.later()
        [told] = await x.said("Hand-over of primary")
        assert f"<@{BOB}> is on call" in text_of(told)
        assert await x.group() == [BOB]


async def test_an_override_is_a_hand_over_and_the_group_follows(tmp_path: Path) -> None:
    async with watch(tmp_path) as x:
        await x.later()
        await x.answer("override @carol primary for 30m")
        await x.later(seconds=1)
        assert await x.group() == [CAROL]
        [told] = await x.said("Hand-over of primary")
        assert f"<@{CAROL}> is on call" in text_of(told)
        await x.later(minutes=31)
        assert await x.group() == [ALICE]
        assert len(await x.said("Hand-over of primary")) == 2


@pytest.mark.parametrize("refusal", ["permission_denied", "plan_upgrade_required"])
async def test_a_group_slack_refuses_to_change_is_said_once_and_kept_when_that_is_mended(
    tmp_path: Path, refusal: str
) -> None:
    async with watch(tmp_path) as x:
        await x.later()
        await x.s.act("usergroups", user=ALICE, refused_with=refusal)
        await x.later(hours=2)
        await x.later(hours=2)
        assert len(await x.said("Hand-over of primary")) == 1, "the roster goes on"
        [told] = await x.said("cannot be kept equal", "random")
        assert "The roster goes on without it" in text_of(told)
        assert await x.group() == [ALICE]
        assert "cannot be kept equal" in await x.s.bot._diagnose()  # type: ignore[union-attr]
        await x.s.act("usergroups", user=ALICE, refused_with="")
        await x.later(hours=1)
        assert await x.group() == [BOB]
        assert "cannot be kept equal" not in await x.s.bot._diagnose()  # type: ignore[union-attr]
        assert len(await x.said("cannot be kept equal", "random")) == 1


async def test_a_gap_is_told_a_day_before_and_when_it_begins_and_the_group_stays(
    tmp_path: Path,
) -> None:
    def catalog(clock: SharedClock) -> Catalog:
        until = (clock.now() + 2 * DAY).replace(hour=13, minute=0)
        layer = office(clock)
        stand_in = {
            "person": "bob@example.com",
            "from": clock.now().isoformat(),
            "until": until.isoformat(),
        }
        primary = Roster(
            name="primary", layers=(layer,), overrides=(stand_in,), user_group="oncall", announce_in="ops",
        )  # fmt: skip
        return Catalog(rosters={"primary": primary})

    async with watch(tmp_path, catalog=catalog) as x:
        await x.later()  # Bob until Wednesday at one, Alice until three, then nobody
        await x.later(days=1, hours=2)
        assert await x.said("Nobody will be") == []
        await x.later(hours=2)
        [ahead] = await x.said("Nobody will be on call in primary")
        assert await x.said("Nobody is on call") == []
        await x.later(hours=22)
        assert await x.group() == [ALICE]
        await x.later(hours=2)
        [now] = await x.said("Nobody is on call in primary")
        assert now["ts"] > ahead["ts"]
        assert await x.group() == [ALICE], "it stays as it is"
        assert len(await x.said("Nobody will be on call in primary")) == 1


async def test_a_roster_is_made_in_slack_with_one_layer(tmp_path: Path) -> None:
    async with watch(tmp_path, catalog=lambda _: Catalog()) as x:
        assert "There are no rosters yet" in await x.answer("rosters")
        await x.s.press("New roster", channel=GENERAL)
        form = await x.form()
        assert form["title"] == "New roster"
        values = {"Name": "ops team", "People": ["bob", "alice"], "Rotation": "often"}
        answer = await x.s.submit({**values, "User group": "opz"})
        assert set(answer["errors"]) == {"field.name", "field.rotation.l1"}
        kept = str(answer["view"])
        assert "ops team" in kept
        assert "opz" in kept
        answer = await x.s.submit({"Name": "ops", "Rotation": "daily", "Hand-over": "9:00"})
        assert answer["errors"] == {"field.user_group": answer["errors"]["field.user_group"]}
        assert "no user group @opz" in answer["errors"]["field.user_group"]
        answer = await x.s.submit({"User group": "oncall", "Announce in": "ops"})
        assert answer["errors"] == {}
        assert "Saved" in str(answer["view"])
        listed = await x.answer("rosters")
        assert f"<@{BOB}>, <@{ALICE}>: daily, 09:00" in listed
        assert "keeps @oncall" in listed
        await x.later(hours=3)  # nine o'clock in New York, where Alice is
        assert await x.group() == [BOB]
        await x.later(days=1)
        assert await x.group() == [ALICE]
        assert f"<@{BOB}> ends, <@{ALICE}> is on call" in str(await x.said("Hand-over of ops"))


async def test_layers_are_added_and_removed_and_nothing_typed_is_lost(tmp_path: Path) -> None:
    async with watch(tmp_path, catalog=lambda _: Catalog()) as x:
        await x.answer("roster new sun", user=BOB)
        await x.form(BOB)
        typed = {"People": ["carol"], "Rotation": "2 weeks"}
        await x.s.press("Add a layer", user=BOB, where="view", values=typed)
        form = await x.s.until(
            lambda state: (
                state["views"] and "Layer 2" in str(state["views"]) and state["views"][-1]
            ),
            user=BOB,
        )
        assert "2 weeks" in str(form)
        await x.s.press("Add a layer", user=BOB, where="view")
        await x.s.until(lambda state: "Layer 3" in str(state["views"]), user=BOB)
        await x.s.press(
            "Remove layer", user=BOB, where="view", block_id="roster.layer.l2",
            values={"field.people.l3": ["dave"], "field.hours.l3": "Sat-Sun 9-21"},
        )  # fmt: skip
        await x.s.until(lambda state: "roster.layer.l2" not in str(state["views"]), user=BOB)
        answer = await x.s.submit({}, user=BOB)
        assert answer["errors"] == {}, answer
        listed = await x.answer("rosters sun")
        assert f"<@{CAROL}>: every 2w" in listed
        assert f"<@{DAVE}>: weekly, Mon 09:00 · Sat, Sun 09:00-21:00" in listed


async def test_edited_deleted_and_exported(tmp_path: Path) -> None:
    async with watch(tmp_path, catalog=lambda _: Catalog()) as x:
        await x.answer("roster new primary")
        await x.form()
        await x.s.submit({"People": ["alice", "grace"], "Time zone": "berlin", "Hours": "9-17"})
        assert "is a guest in Slack" in str((await x.form())["blocks"]), "who cannot be reached"
        await x.s.act("close", user=ALICE)
        shown = await x.answer("roster export primary")
        yaml = shown.split("```")[1].replace("\\n", "\n").replace("\\\\", "\\")
        file = tmp_path / "muster.yml"
        file.write_text(yaml, encoding="utf-8")
        read = load_catalog(file, {}).rosters["primary"]
        assert read.time_zone == "Europe/Berlin"
        assert read.layers[0].people == ("alice@example.com", "grace@partner.example")
        assert read.layers[0].only == {"from": "09:00", "to": "17:00"}
        await x.answer("rosters")
        await x.s.press("Edit roster", channel=GENERAL)
        form = await x.form()
        assert form["title"] == "Edit roster"
        answer = await x.s.submit({"People": ["bob"], "Hours": ""})
        assert answer["errors"] == {}
        await x.s.act("close", user=ALICE)
        assert f"on call: <@{BOB}>" in await x.answer("rosters primary")
        await x.answer("roster delete primary")
        assert (await x.s.press("Delete roster", channel=GENERAL, confirm=False))["cancelled"]
        await x.s.press("Delete roster", channel=GENERAL)
        await x.s.until(lambda state: told(state, "The roster primary is deleted"))
        assert "There are no rosters yet" in await x.answer("rosters")


async def test_who_was_on_call_before_an_edit_is_told_by_the_roster_as_it_was(
    tmp_path: Path,
) -> None:
    async with watch(tmp_path, catalog=lambda _: Catalog()) as x:
        await x.answer("roster new primary")
        await x.form()
        values = {"People": ["alice"], "Rotation": "daily", "Hand-over": "0:30"}
        assert (await x.s.submit(values))["errors"] == {}
        await x.s.act("close", user=ALICE)
        made = x.clock.now()
        await x.later(hours=2)
        await x.answer("roster edit primary")
        await x.form()
        assert (await x.s.submit({"People": ["bob"]}))["errors"] == {}
        await x.s.act("close", user=ALICE)
        await x.later(hours=2)
        await x.answer("roster delete primary")
        await x.s.press("Delete roster", channel=GENERAL)
        await x.s.until(lambda state: told(state, "The roster primary is deleted"))
        await x.later(hours=2)
        zone = ZoneInfo("America/New_York")  # Alice's

        async def at(hours: float) -> str:
            moment = (made + hours * HOUR).astimezone(zone)
            return await x.answer(f"at {moment:%Y-%m-%d %H:%M}")

        assert f"primary: <@{ALICE}>" in await at(1)
        assert f"primary: <@{BOB}>" in await at(3)
        for never in (-1, 5):
            assert "primary" not in await at(never)
        moment = (made + HOUR).astimezone(zone)
        assert f"primary: <@{ALICE}>" in await x.answer(f"at {moment:%Y-%m-%d %H:%M} Primary")


async def test_a_roster_can_be_deleted_in_its_form(tmp_path: Path) -> None:
    async with watch(tmp_path, catalog=lambda _: Catalog()) as x:
        await x.answer("roster new primary")
        await x.form()
        await x.s.submit({})
        await x.s.act("close", user=ALICE)
        await x.answer("roster edit primary")
        await x.form()
        await x.s.press("Delete roster", where="view")
        await x.s.until(lambda state: "is deleted" in str(state["views"]))


async def test_rosters_of_the_file_are_read_only_and_say_so(tmp_path: Path) -> None:
    async with watch(tmp_path) as x:
        listed = await x.answer("rosters")
        assert "In muster.yml" in listed
        assert "Edit roster" not in listed
        for words in ("roster edit primary", "roster delete primary", "roster export primary"):
            answer = await x.answer(words)
            assert "stands in muster.yml" in answer
            assert "Overrides and swaps work here" in answer
        await x.answer("roster new Primary")
        await x.form()
        answer = await x.s.submit({})
        assert "in muster.yml already" in answer["errors"]["field.name"]


async def test_who_may_edit_rosters_is_configured_and_guests_may_not(tmp_path: Path) -> None:
    rights = {"rosters": ("person:bob@example.com",)}
    async with watch(tmp_path, catalog=lambda _: Catalog(permissions=rights)) as x:
        await x.answer("roster new primary")
        await x.form()
        answer = await x.s.submit({})
        assert "Only bob@example.com may change who is on call" in str(answer["view"])
        await x.answer("roster new primary", user=BOB)
        await x.form(BOB)
        assert (await x.s.submit({}, user=BOB))["errors"] == {}
        assert "primary" in await x.answer("rosters")
