"""Post-mortems: drafted from the timeline, into the channel's canvas and a pull request; people's work is kept."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Catalog, Service
from tests.scenarios.test_reminders import NOTHING, LateClock
from tests.stage import ALICE, BOB, CAROL, Json, Stage, stage
from tests.workspace import buttons, card_of, messages_in, room_of, text_of, told_directly

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CATALOG = Catalog(
    services={
        "checkout-api": Service(
            id="checkout-api", title="Checkout API", repo="acme/checkout-api",
            private_repo="acme/incidents",
        ),
        "ghost": Service(id="ghost", title="Ghost"),
    }
)  # fmt: skip


class Afterwards:
    """A stage with one incident that is over."""

    def __init__(self, s: Stage, name: str, room: Json) -> None:
        self.s, self.name, self.room = s, name, room

    async def channel(self) -> Json:
        state = await self.s.settled(self.name)
        return next(c for c in state["channels"] if c["id"] == self.room["id"])

    async def said(self, part: str) -> list[str]:
        await self.s.quiet()
        messages = messages_in(await self.s.state(), self.room)
        return [text_of(m) for m in messages if part in text_of(m) and not m["ephemeral"]]

    async def pulls(self, repo: str = "acme/checkout-api") -> list[Json]:
        state = await self.s.state()
        [found] = [r for r in state["github"]["repositories"] if r["full_name"] == repo]
        return [i for i in found["issues"] if i["title"].startswith("Post-mortem")]

    async def draft(self, user: str = BOB, **values: Any) -> None:
        await self.s.command("/incident postmortem", user=user, channel=self.room["id"])
        await self.s.until(lambda state: state["views"], user=user)
        await self.s.submit(values, user=user)
        await self.s.settled(self.name)


@contextlib.asynccontextmanager
async def afterwards(
    folder: Path, *, service: str = "Checkout API", catalog: Catalog = CATALOG, **changes: Any
) -> AsyncIterator[Afterwards]:
    async with stage(folder, catalog=catalog, PAGERDUTY_API_TOKEN=None, **changes) as s:
        await s.command("/incident declare")
        await s.until(lambda state: state["views"])
        values = {
            "Title": "Checkout is down",
            "Severity": "SEV2",
            "What is happening?": "Nobody can pay.",
        }
        await s.submit({**values, "Service": service} if service else values)
        name = await s.announced("Checkout is down")
        room = room_of(await s.settled(name), name)
        assert room
        await s.command("/incident ack", user=BOB, channel=room["id"])
        await s.command(
            "/incident note # Found it: <b>pool</b> @everyone https://grafana.test/d/1",
            user=BOB,
            channel=room["id"],
        )
        await s.command("/incident role commander @carol", user=BOB, channel=room["id"])
        await s.command("/incident resolve Rolled back", user=BOB, channel=room["id"])
        await s.settled(name)
        yield Afterwards(s, name, room)


async def test_drafted_from_the_card_into_canvas_and_pull_request(tmp_path: Path) -> None:
    async with afterwards(tmp_path) as a:
        card = card_of(await a.s.state(), a.name)
        assert card
        assert buttons(card)[:2] == ["Reopen", "Post-mortem"]
        await a.s.on_card(a.name, "Post-mortem", user=BOB)
        [view] = await a.s.until(lambda state: state["views"], user=BOB)
        form = str(view)
        assert "Nobody can pay." in form, "prefilled with what is known"
        assert "Rolled back" in form
        assert "Checkout API affected" in form
        assert "acme/checkout-api" in form, "says where it goes"
        assert f"<#{a.room['id']}>" in form
        await a.s.submit(
            {"Summary": "The pool was too small.", "Impact": "# Nobody could pay"}, user=BOB
        )
        canvas = (await a.channel())["canvas"]
        for section in (
            "# Post-mortem", "## Summary", "The pool was too small.", "## Impact", r"\#" + "\u2060 Nobody could pay",
            "## Times", "| Resolved |", "## Timeline", "## Responders", "(commander)", "## What went well",
            "## What went wrong", "## Where we got lucky", "## Action items", "## Links",
        ):  # fmt: skip
            assert section in canvas, section
        assert "https://grafana.test/d/1" in canvas
        assert "<b>" not in canvas
        [pull] = await a.pulls()
        assert pull["title"] == f"Post-mortem {a.name}: Checkout is down"
        assert pull["files"] == {f"postmortems/{a.name}.md": canvas}
        assert "Slack channel" in pull["body"]
        card = card_of(await a.s.state(), a.name)
        assert pull["html_url"] in text_of(card or {}), "the card links it"
        assert pull["html_url"] in str(await a.s.command(f"/incident show {a.name}"))
        assert len(await a.said("drafted the post-mortem")) == 1
        assert await a.s.problems() == []


async def test_drafting_again_updates_the_same_file_and_keeps_the_canvas_unless_asked(
    tmp_path: Path,
) -> None:
    async with afterwards(tmp_path) as a:
        await a.draft(Summary="First words")
        await a.s.command(f"/incident postmortem {a.name} Second words", user=CAROL)
        canvas = (await a.channel())["canvas"]
        assert "First words" in canvas, "people may have written in it"
        [pull] = await a.pulls()
        [text] = pull["files"].values()
        assert "Second words" in text
        assert pull["html_url"] in text, "by now it can link itself"
        await a.draft(Summary="Third words", Canvas=["replace"])
        assert "Third words" in (await a.channel())["canvas"]
        [pull] = await a.pulls()
        assert "Third words" in str(pull["files"])
        assert len(await a.said("pull request acme")) == 1


async def test_a_file_people_changed_is_never_overwritten(tmp_path: Path) -> None:
    async with afterwards(tmp_path) as a:
        await a.draft(Summary="Ours")
        path, branch = f"postmortems/{a.name}.md", f"postmortem/{a.name}"
        edit = {"repo": "acme/checkout-api", "branch": branch, "path": path, "content": "# Theirs"}
        push = {"as": "bob@example.com", "action": "push", **edit}
        assert (await a.s._call("POST", "/api/github", push))["ok"]
        await a.draft(Summary="Ours again")
        [pull] = await a.pulls()
        assert pull["files"] == {path: "# Theirs"}
        await a.s.command("/incident postmortem", user=BOB, channel=a.room["id"])
        views = await a.s.until(lambda state: state["views"], user=BOB)
        assert "changes I did not make" in str(views), "the form says so beforehand"
        [line] = await a.said("changes I did not make")
        assert "delete the file on that branch and draft again" in line


@pytest.mark.parametrize(("act", "words"), [("merge", "is merged"), ("close", "was closed")])
async def test_a_pull_request_that_is_done_is_left_as_it_is(
    tmp_path: Path, act: str, words: str
) -> None:
    async with afterwards(tmp_path) as a:
        await a.draft(Summary="Ours")
        [pull] = await a.pulls()
        before = pull["files"]
        done = {
            "as": "bob@example.com",
            "action": act,
            "repo": "acme/checkout-api",
            "number": pull["number"],
        }
        assert (await a.s.act("github", **done))["ok"]
        await a.draft(Summary="Too late")
        assert len(await a.said(words)) == 1
        [pull] = await a.pulls()
        assert pull["files"] == before


async def test_without_the_right_to_write_the_step_fails_with_retry_and_the_canvas_is_there(
    tmp_path: Path,
) -> None:
    async with afterwards(tmp_path) as a:
        grant = {"action": "access", "repo": "acme/checkout-api"}
        await a.s.act("github", value="read", **grant)
        await a.draft(Summary="Where to")
        assert "Where to" in (await a.channel())["canvas"]
        log = str(await a.s.command("/incident timeline", user=BOB, channel=a.room["id"]))
        assert "Post-mortem pull request" in log
        assert "Contents and Pull requests: read and write" in log
        card = next(m for m in messages_in(await a.s.state(), a.room) if "Retry" in buttons(m))
        await a.s.act("github", value="write", **grant)
        await a.s.press("Retry", user=BOB, channel=a.room["id"], ts=card["ts"])
        await a.s.settled(a.name)
        assert len(await a.pulls()) == 1


async def test_a_plan_without_canvases_gets_messages_and_is_told_why(tmp_path: Path) -> None:
    async with afterwards(tmp_path) as a:
        await a.s.act(
            "canvases", user=ALICE, refused_with="team_tier_cannot_create_channel_canvases"
        )
        await a.draft(Summary="In messages")
        assert (await a.channel())["canvas"] is None
        [why] = await a.said("no canvas:")
        assert "plan has no canvases in channels" in why
        [headline] = await a.said("Post-mortem of")
        thread = [t for t in await a.said("## ") if "In messages" in t]
        assert len(thread) == 1
        assert "draft 1" in headline
        log = str(await a.s.command("/incident timeline", user=BOB, channel=a.room["id"]))
        assert "Post-mortem canvas" not in log, "what was not done is not shown as done"
        assert "Post-mortem message" in log
        await a.draft(Summary="In the same messages")
        assert len(await a.said("Post-mortem of")) == 1, "edited in place"
        assert len([t for t in await a.said("## ") if "In the same messages" in t]) == 1
        assert not [t for t in await a.said("## ") if "In messages" in t]
        assert await a.s.problems() == []


async def test_a_canvas_of_the_peoples_own_is_left_alone(tmp_path: Path) -> None:
    async with afterwards(tmp_path) as a:
        written = await a.s.act(
            "canvas", user=ALICE, channel=a.room["id"], markdown="# Our runbook"
        )
        assert written["ok"]
        await a.draft(Summary="Beside it")
        assert (await a.channel())["canvas"] == "# Our runbook"
        assert "canvas of your own" in (await a.said("no canvas:"))[0]
        assert await a.said("Beside it")


async def test_a_guessed_repository_falls_back_to_the_default_one(tmp_path: Path) -> None:
    async with afterwards(tmp_path, service="Ghost") as a:
        await a.draft(Summary="Nobody's repository")
        assert len(await a.pulls("acme/incidents")) == 1


async def test_slack_alone_has_the_canvas_only(tmp_path: Path) -> None:
    async with afterwards(tmp_path, GITHUB_TOKEN=None) as a:
        await a.draft(Summary="Alone")
        channel = await a.channel()
        assert "Alone" in channel["canvas"]
        assert "/docs/" in text_of(card_of(await a.s.state(), a.name) or {})


async def test_a_private_incident_goes_into_the_private_repository_or_nowhere(
    tmp_path: Path,
) -> None:
    for service, pulls in (("Checkout API", 1), ("Ghost", 0)):
        folder = tmp_path / service
        folder.mkdir()
        async with stage(folder, catalog=CATALOG, PAGERDUTY_API_TOKEN=None) as s:
            await s.command("/incident declare")
            await s.until(lambda state: state["views"])
            await s.submit({"Title": "Secret", "Service": service, "Private incident": True})
            room = await s.until(
                lambda state: next((c for c in state["channels"] if "secret" in c["name"]), None)
            )
            await s.quiet()
            await s.command("/incident resolve", channel=room["id"])
            await s.command("/incident postmortem Hush", channel=room["id"])
            await s.quiet()
            state = await s.state()
            [found] = [c for c in state["channels"] if c["id"] == room["id"]]
            assert "Hush" in found["canvas"]
            by_repo = {
                r["full_name"]: [i for i in r["issues"] if "Post-mortem" in i["title"]]
                for r in state["github"]["repositories"]
            }
            assert len(by_repo.pop("acme/incidents")) == pulls
            assert not any(by_repo.values())


async def test_only_what_is_over_has_a_post_mortem(tmp_path: Path) -> None:
    async with stage(tmp_path, PAGERDUTY_API_TOKEN=None, GITHUB_TOKEN=None) as s:
        name = await s.declare("SEV2 Still burning")
        await s.settled(name)
        assert "Resolve it first" in str(await s.command(f"/incident postmortem {name}"))
        assert "Resolve it first" in str(await s.command(f"/incident postmortem {name} words"))
        card = card_of(await s.state(), name)
        assert "Post-mortem" not in buttons(card or {})


async def test_without_a_channel_it_is_in_the_thread_of_the_announcement(tmp_path: Path) -> None:
    async with stage(tmp_path, GITHUB_TOKEN=None) as s:
        await s.pagerduty("trigger", title="Low and slow", service="PCHECKO", urgency="low")
        name = await s.announced("Low and slow")
        await s.settled(name)
        await s.command(f"/incident resolve {name}", user=BOB)
        await s.settled(name)
        await s.command(f"/incident postmortem {name} Nothing much", user=BOB)
        state = await s.settled(name)
        replies = [t for c in state["messages"].values() for t in c if "Nothing much" in text_of(t)]
        assert len(replies) == 1
        assert replies[0]["thread_ts"]


async def test_the_same_press_drafts_once_and_everything_is_there_once_after_lost_answers(
    tmp_path: Path,
) -> None:
    async with afterwards(tmp_path) as a:
        for target in (
            "slack.conversations.canvases.create",
            "github.POST /repos/acme/checkout-api/git/refs",
            "github.PUT /repos/acme/checkout-api/contents/postmortems/*",
            "github.POST /repos/acme/checkout-api/pulls",
        ):
            await a.s.fault(target, "lost")
        await a.s.command("/incident postmortem Once", user=BOB, channel=a.room["id"], repeat=2)
        await a.s.quiet(60, ahead=30)
        assert "Once" in (await a.channel())["canvas"]
        [pull] = await a.pulls()
        assert "Once" in str(pull["files"])
        assert len(await a.said("drafted the post-mortem")) == 1
        assert len(await a.said("in this channel's canvas")) == 1


async def test_the_reminder_offers_it_and_ends_when_it_exists(tmp_path: Path) -> None:
    clock = LateClock()
    rules = replace(NOTHING, postmortem_due=timedelta(days=3))
    async with afterwards(tmp_path, catalog=replace(CATALOG, reminders=rules), clock=clock) as a:
        assert a.s.bot
        clock.pass_by(days=3, hours=1)
        await a.s.bot.sweeps.remind()
        await a.s.quiet()
        [one] = [
            m for m in messages_in(await a.s.state(), a.room) if "post-mortem is due" in text_of(m)
        ]
        assert "Post-mortem" in buttons(one)
        await a.s.press("Post-mortem", user=CAROL, channel=a.room["id"], ts=one["ts"])
        await a.s.until(lambda state: state["views"], user=CAROL)
        await a.s.submit({"Summary": "Here it is"}, user=CAROL)
        await a.s.settled(a.name)
        await a.s.bot.sweeps.remind()
        await a.s.quiet()
        assert await a.said("is open any more")
        clock.pass_by(days=9)
        await a.s.bot.sweeps.remind()
        await a.s.quiet()
        assert not await a.said("post-mortem is due")
        assert not told_directly(await a.s.state(CAROL), "post-mortem")
