"""Whoever acts without an account we know links theirs, and the click is completed in their name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import (
    Catalog,
    EscalationPolicy,
    Level,
    Person,
    Roster,
    RosterLayer,
    Service,
)
from bot.domain.identities import Domains
from tests.scenarios.test_reminders import LateClock
from tests.stage import ALICE, BOB, CAROL, DAVE, GENERAL, Json, Stage, agents, stage
from tests.workspace import (
    buttons,
    channel_named,
    issues,
    messages_in,
    pages,
    room_of,
    text_of,
    told,
    told_directly,
)

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.asyncio(loop_scope="module")

ERIN, GRACE = "U0ERIN000", "U0GRACE00"
QUESTION = "You have no PagerDuty account that I know of"


async def somebody(s: Stage, email: str, pager: str, name: str) -> str:
    """A new colleague, known to PagerDuty under another address; their Slack id once both are mirrored."""
    await s.pagerduty("add_user", email=pager, real_name=f"{name} at PagerDuty")
    user = (await s.act("user", email=email, real_name=name))["user"]
    assert s.bot
    s.bot.sweeps.mirror_soon()

    async def known() -> bool:
        return bool(await accounts(s, pager)) and await mirrored(s, user)

    await s.wait(known, what="the mirror")
    return str(user)


async def accounts(s: Stage, words: str) -> list[Any]:
    assert s.bot
    return await s.bot.world.linking.suggested(words)


async def mirrored(s: Stage, user: str) -> bool:
    assert s.bot
    return await s.bot.work.read(lambda tx: tx.people.by_slack(user) is not None)


async def asked(s: Stage, user: str) -> tuple[str, Json]:
    """The question somebody was asked: its channel and message.

    In the incident's channel for their eyes only, or directly while they have not been invited there yet.
    """

    def found(state: Json) -> Any:
        return next(
            (
                (channel, message)
                for channel, messages in state["messages"].items()
                for message in reversed(messages)
                if QUESTION in text_of(message)
            ),
            None,
        )

    channel, message = await s.until(found, user=user)
    direct = [c["id"] for c in (await s.state(user))["channels"] if c["is_im"]]
    assert message["ephemeral"] or channel in direct
    assert buttons(message) == ["Link account"]
    return channel, message


async def linked(s: Stage, user: str, **values: str) -> str:
    """Submit the open form; what it answered."""
    answer = await s.submit(values, user=user)
    assert not answer["errors"], answer
    return str(answer["view"])


async def test_a_click_done_in_the_bots_name_is_not_done_twice_and_the_next_one_carries_theirs(
    s: Stage,
) -> None:
    zoe = await somebody(s, "zoe@home.example", "z.long@work.example", "Zoe Long")
    name = await s.declare("Zoe helps")
    await s.settled(name)
    await s.on_card(name, "Acknowledge", user=zoe)
    channel, message = await asked(s, zoe)
    assert not told(await s.state(ALICE), QUESTION), "only whom it concerns"
    await s.settled(name)
    await s.press("Link account", user=zoe, channel=channel, ts=message["ts"])
    await s.until(lambda state: state["views"], user=zoe)
    shown = await linked(s, zoe, **{"PagerDuty user": "Zoe Long at PagerDuty"})
    assert "You are Zoe Long at PagerDuty at PagerDuty (linked by hand)." in shown
    assert f"What you pressed on {name} was done already, in my name" in shown
    await s.quiet()
    assert agents(s, "Zoe helps", "acknowledge") == ["Alice Nguyen"], "the bot's own user, once"
    await s.command(f"/incident resolve {name} all good", user=zoe)
    await s.settled(name)
    assert agents(s, "Zoe helps", "resolve") == ["Zoe Long at PagerDuty"]
    [page] = pages(await s.state(), "Zoe helps")
    assert len([n for n in page["notes"] if "by Zoe Long in Slack" in n["content"]]) == 1
    assert await s.problems() == []


async def test_nobody_is_asked_twice_a_day(s: Stage) -> None:
    yan = await somebody(s, "yan@home.example", "yan.b@work.example", "Yan Bo")
    first = await s.declare("Yan acts once")
    await s.settled(first)
    await s.on_card(first, "Acknowledge", user=yan)
    await asked(s, yan)
    second = await s.declare("Yan acts again")
    await s.settled(second)
    await s.on_card(second, "Acknowledge", user=yan)
    state = await s.settled(second)
    assert pages(state, "Yan acts again")[0]["status"] == "acknowledged"
    assert len(told(await s.state(yan), QUESTION)) == 1
    assert await s.problems() == []


async def test_a_click_that_was_refused_is_done_once_the_account_is_linked(s: Stage) -> None:
    wim = await somebody(s, "wim@home.example", "wim@work.example", "Wim Vos")
    name = await s.declare("Wim takes over")
    await s.settled(name)
    answer = await s.command(f"/incident reassign {name} @wim I know this one", user=wim)
    assert "I know no PagerDuty account of yours" in text_of(answer["ack"])
    await s.quiet()
    assert agents(s, "Wim takes over", "assign") != ["Wim Vos at PagerDuty"]
    await s.press("Link account", user=wim, channel=GENERAL)
    await s.until(lambda state: state["views"], user=wim)
    missing = await s.submit({}, user=wim)
    assert "Choose who you are at PagerDuty" in str(missing["errors"])
    shown = await linked(s, wim, **{"PagerDuty user": "Wim Vos at PagerDuty"})
    assert f"{name} is yours now, at PagerDuty as well." in shown
    state = await s.settled(name)
    [page] = pages(state, "Wim takes over")
    assert [one["assignee"]["summary"] for one in page["assignments"]] == ["Wim Vos at PagerDuty"]
    said = [text_of(m) for m in messages_in(state, room_of(state, name))]
    assert any("I know this one" in line for line in said), "what was written is not lost"
    assert await s.problems() == []


async def test_a_click_that_waits_for_pagerduty_goes_out_in_the_name_that_is_linked_meanwhile(
    s: Stage,
) -> None:
    ugo = await somebody(s, "ugo@home.example", "ugo@work.example", "Ugo Re")
    name = await s.declare("PagerDuty is slow")
    await s.settled(name)
    await s.fault("pagerduty.*", "500", times=200)
    await s.on_card(name, "Acknowledge", user=ugo)
    channel, message = await asked(s, ugo)

    async def tried() -> bool:
        return any(e["attempts"] for e in await failing(s))

    await s.wait(tried, what="a first attempt")
    await s.press("Link account", user=ugo, channel=channel, ts=message["ts"])
    await s.until(lambda state: state["views"], user=ugo)
    shown = await linked(s, ugo, **{"PagerDuty user": "Ugo Re at PagerDuty"})
    # Every attempt fails while the form is sent: at that moment the next one waits, or is being made.
    assert re.search(
        rf"pressed on {name} (waits for PagerDuty yet; it|is on its way .* be sent again, it) will carry your name",
        shown,
    )
    await s._call("DELETE", "/api/faults")
    await s.wait(lambda: agents(s, "PagerDuty is slow", "acknowledge"), 60, "PagerDuty to be told")
    assert agents(s, "PagerDuty is slow", "acknowledge") == ["Ugo Re at PagerDuty"]
    await s.settled(name)
    [page] = pages(await s.state(), "PagerDuty is slow")
    assert not [n for n in page["notes"] if "in Slack" in n["content"] and "Ugo" in n["content"]]


async def failing(s: Stage) -> list[Json]:
    return [e for e in await s.unfinished() if "/acknowledge" in e["effect"]]


async def test_accounts_of_others_are_refused_and_admins_link_anybody(s: Stage) -> None:
    await s.command("/incident link", user=ERIN)
    await s.until(lambda state: state["views"], user=ERIN)
    answer = await s.submit({"PagerDuty user": "Bob Martin"}, user=ERIN)
    assert "That account is Bob Martin's (the same e-mail address)" in str(answer["errors"])
    odd = await s.submit({"PagerDuty user": None, "GitHub login": "no such -- login"}, user=ERIN)
    assert "is no GitHub login" in str(odd["errors"])
    s.sandbox.sandbox.slack.ws.modals.clear()
    other = await s.command("/incident link @dave", user=BOB)
    assert "Only admins of the workspace link the accounts of others" in text_of(other["ack"])
    guest = await s.command("/incident link", user=GRACE, channel="C0RANDOM00")
    assert "Guests cannot" in text_of(guest["ack"])
    odd_words = await s.command("/incident link dave", user=ALICE)
    assert "Name the person with @" in text_of(odd_words["ack"])
    await s.command("/incident link @dave", user=ALICE)
    await s.until(lambda state: state["views"])
    shown = await linked(s, ALICE, **{"PagerDuty user": "Dave K."})
    assert "Dave Kim is Dave K. at PagerDuty (linked by hand)." in shown
    name = await s.declare("Dave has an account after all")
    await s.settled(name)
    await s.on_card(name, "Acknowledge", user=DAVE)
    await s.settled(name)
    assert agents(s, "Dave has an account after all", "acknowledge") == ["Dave K."]
    assert not told(await s.state(DAVE), QUESTION)
    await s.command("/incident link @dave", user=ALICE)
    await s.until(lambda state: state["views"])
    cleared = await linked(s, ALICE, **{"PagerDuty user": ""})
    assert "is not linked any more" in cleared
    assert await s.problems() == []


async def test_a_github_account_is_linked_once_github_says_that_it_exists(s: Stage) -> None:
    for typed, answer in (
        ("nobody-of-that-name", "GitHub has no account nobody-of-that-name, so I linked none."),
        ("https://github.com/CAROL", "Your GitHub account carol is linked"),
    ):
        await s.command("/incident link", user=CAROL)
        await s.until(lambda state: state["views"], user=CAROL)
        shown = await linked(s, CAROL, **{"GitHub login": typed})
        assert "I ask GitHub whether" in shown
        await s.until(lambda state, want=answer: told_directly(state, want), user=CAROL)
    name = await s.declare("Carol has things to do")
    room = room_of(await s.settled(name), name)
    assert room
    await s.command("/incident action Rotate the keys @carol", channel=room["id"])
    await s.quiet()
    [item] = [i for i in issues(await s.state(), "") if i["title"] == "Rotate the keys"]
    assert [one["login"] for one in item["assignees"]] == ["carol"]
    await s.command("/incident link", user=BOB)
    await s.until(lambda state: state["views"], user=BOB)
    taken = await s.submit({"GitHub login": "@carol"}, user=BOB)
    assert "That account is Carol Okafor's (linked by hand)" in str(taken["errors"])
    assert await s.problems() == []


CONFIGURED = Catalog(
    services={"shop": Service(id="shop", title="Shop", owners=("group:payments",))},
    people={
        "dave@example.com": Person(email="dave@example.com", pagerduty="dave.kim@pager.example"),
        "erin@example.com": Person(email="erin@example.com", github="erin"),
    },
    rosters={
        "primary": Roster(
            name="primary",
            layers=(
                RosterLayer(
                    people=("bob@example.com", "ivy@example.com", "frank@example.com"),
                    start="2026-01-05",
                ),
            ),
        )
    },
    policies={
        "default": EscalationPolicy(
            name="default",
            levels=(Level(notify=("person:nobody@example.com", "group:no-such-group")),),
        )
    },
    domains=Domains((("example.com", "example.org"),)),
)


async def test_muster_yml_and_equal_domains_say_who_somebody_is(tmp_path: Path) -> None:
    async with stage(tmp_path, catalog=CONFIGURED) as s:
        await s.pagerduty("add_user", email="jon@example.com", real_name="Jon at PagerDuty")
        jon = str((await s.act("user", email="jon@example.org", real_name="Jon"))["user"])
        assert s.bot
        s.bot.sweeps.mirror_soon()

        async def known() -> bool:
            found = await s.bot.world.people.known(jon) if s.bot else None
            return bool(found and found.pagerduty_id)

        await s.wait(known, what="Jon's account")
        name = await s.declare("Two who are known otherwise")
        await s.settled(name)
        await s.on_card(name, "Acknowledge", user=DAVE)
        await s.settled(name)
        assert agents(s, "Two who are known otherwise", "acknowledge") == ["Dave K."]
        await s.command(f"/incident resolve {name} done", user=jon)
        await s.settled(name)
        assert agents(s, "Two who are known otherwise", "resolve") == ["Jon at PagerDuty"]
        await s.command("/incident link", user=DAVE)
        await s.until(lambda state: state["views"], user=DAVE)
        assert "muster.yml says dave.kim@pager.example" in str((await s.state(DAVE))["views"])
        assert not told(await s.state(DAVE), QUESTION)
        assert await s.problems() == []


async def test_who_can_not_be_reached_is_told_weekly_and_by_the_doctor(tmp_path: Path) -> None:
    clock = LateClock()
    settings = {"clock": clock, "SLACK_ADMIN_CHANNEL": "ops"}
    async with stage(tmp_path, catalog=CONFIGURED, **settings) as s:  # type: ignore[arg-type]
        assert s.bot

        def lists(state: Json) -> list[Json]:
            room = channel_named(state, "ops")
            return [m for m in messages_in(state, room) if "cannot be reached or" in text_of(m)]

        await s.bot.sweeps.unreachable()
        [first] = await s.until(lists)
        words = text_of(first)
        for expected in (
            "frank@example.com* is deactivated in Slack",
            "ivy@example.com* is nobody's address in Slack",
            "nobody@example.com* is nobody's address in Slack",
            "group:no-such-group* is no Slack user group with anybody in it",
        ):
            assert expected in words
        assert "bob@example.com" not in words
        asked_doctor = await s.command("/incident doctor")
        assert "Looking at everything" in text_of(asked_doctor["ack"])
        [report] = await s.until(lambda state: told(state, "frank@example.com: is deactivated"))
        assert "ivy@example.com: is nobody's address in Slack." in report
        await s.bot.sweeps.unreachable()
        await s.quiet()
        assert len(lists(await s.state())) == 1, "once a week, whoever looks"
        await s.act("user", email="ivy@example.com", real_name="Ivy")
        await s.wait(lambda: mirrored_email(s, "ivy@example.com"), what="Ivy")
        await s.quiet()
        clock.pass_by(days=7)
        await s.bot.sweeps.unreachable()
        [_, second] = await s.until(lambda state: found if len(found := lists(state)) > 1 else None)
        assert "ivy@example.com* has no PagerDuty account" in text_of(second)
        await s.press(
            "Link account",
            channel=channel_named(await s.state(), "ops")["id"],
            ts=second["ts"],  # type: ignore[index]
        )
        await s.until(lambda state: state["views"])
        answer = await s.submit({"PagerDuty user": "Dave K."})
        assert "Ivy is" in str(answer["view"]) or "That account" in str(answer["errors"])
        assert await s.problems() == []


async def mirrored_email(s: Stage, email: str) -> bool:
    assert s.bot
    return await s.bot.work.read(lambda tx: tx.people.by_email(email) is not None)


async def test_with_everybody_reachable_nothing_is_said(tmp_path: Path) -> None:
    fine = Catalog(services={"shop": Service(id="shop", title="Shop", owners=("bob@example.com",))})
    clock = LateClock()
    async with stage(tmp_path, catalog=fine, clock=clock, SLACK_ADMIN_CHANNEL="ops") as s:
        assert s.bot
        await s.bot.sweeps.unreachable()
        await s.quiet()
        room = channel_named(await s.state(), "ops")
        assert not [m for m in messages_in(await s.state(), room) if "reached" in text_of(m)]
