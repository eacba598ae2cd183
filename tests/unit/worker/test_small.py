"""Rooms, Markdown, metrics and sweeps."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.incident import Actor, Entry, EntryKind, PagerLink, Places
from bot.errors import ProviderError, Reason
from bot.metrics import Metrics
from bot.ports import Channel
from bot.worker import markdown
from bot.worker import sweeps as sweeps_module
from bot.worker.rooms import Rooms
from bot.worker.sweeps import Sweeps
from tests.unit.store.house import NOW, an_incident
from tests.unit.worker.fakes import refusal

if TYPE_CHECKING:
    from tests.unit.worker.fakes import Shop


# --- rooms ----------------------------------------------------------------------------------------


async def test_the_announcement_channel_is_made_once_and_remembered(shop: Shop) -> None:
    assert await shop.world.rooms.announcements() == "C0"
    assert await shop.world.rooms.announcements() == "C0"
    assert [c[0] for c in shop.chat.calls] == ["create_channel", "set_purpose", "channel_info"]
    shop.chat.calls.clear()
    later = Rooms(shop.home.work, shop.chat, incidents="#incidents", admins=None)  # type: ignore[arg-type]
    assert await later.announcements() == "C0"
    assert await later.admins() is None
    assert shop.chat.calls == []


async def test_another_name_is_looked_up_anew(shop: Shop) -> None:
    await shop.world.rooms.announcements()
    other = Rooms(shop.home.work, shop.chat, incidents="war-room", admins=None)  # type: ignore[arg-type]
    assert await other.announcements() == "C1"


async def test_one_that_is_there_is_joined(shop: Shop) -> None:
    shop.chat.channels["incidents"] = Channel(id="C9", name="incidents")
    assert await shop.world.rooms.announcements() == "C9"
    assert shop.chat.named("join") == [("join", "C9")]


async def test_an_id_is_taken_as_it_is(shop: Shop) -> None:
    shop.chat.channels["x"] = Channel(id="C0ABCDEFG", name="x", is_member=True)
    rooms = Rooms(shop.home.work, shop.chat, incidents="C0ABCDEFG", admins=None)  # type: ignore[arg-type]
    assert await rooms.announcements() == "C0ABCDEFG"
    assert [c[0] for c in shop.chat.calls] == ["channel_info"]


async def test_one_that_cannot_be_seen_says_how_to_mend_it(shop: Shop) -> None:
    shop.chat.fail["create_channel"] = [refusal("name_taken", Reason.CONFLICT)]
    with pytest.raises(ProviderError, match="Invite me there") as caught:
        await shop.world.rooms.announcements()
    assert caught.value.reason is Reason.NOT_FOUND
    assert "Invite me there" in (shop.world.rooms.problem or "")
    assert await shop.world.rooms.announcements() == "C0"
    assert shop.world.rooms.problem is None


@pytest.mark.parametrize("reason", [Reason.UNAVAILABLE, Reason.UNKNOWN_OUTCOME])
async def test_a_slack_that_does_not_answer_is_no_missing_channel(
    shop: Shop, reason: Reason
) -> None:
    shop.chat.fail["create_channel"] = [refusal("", reason)]
    with pytest.raises(ProviderError) as caught:
        await shop.world.rooms.announcements()
    assert caught.value.reason is reason, "anything else would give the announcement up"


async def test_a_lost_answer_finds_its_own_channel(shop: Shop) -> None:
    shop.chat.channels["incidents"] = Channel(id="C7", name="incidents", is_member=True)
    shop.chat.fail["create_channel"] = [refusal("", Reason.UNKNOWN_OUTCOME)]
    assert await shop.world.rooms.announcements() == "C7"


async def test_the_admin_channel_is_never_made(shop: Shop) -> None:
    with pytest.raises(ProviderError, match="admins"):
        await shop.world.rooms.admins()
    shop.chat.channels["admins"] = Channel(id="C5", name="admins", is_member=True)
    assert await shop.world.rooms.admins() == "C5"
    assert shop.chat.named("create_channel") == []


async def test_a_forgotten_room_is_looked_up_again(shop: Shop) -> None:
    await shop.world.rooms.announcements()
    shop.chat.calls.clear()
    await shop.world.rooms.forget("incidents")
    assert await shop.world.rooms.announcements() == "C0"
    assert shop.chat.named("find_channel")


# --- markdown -------------------------------------------------------------------------------------


@given(
    st.text(max_size=80)
    | st.lists(st.sampled_from(["@acme/ops", "#12", "<!--x-->", "a@b", " "])).map("".join)
)
def test_text_from_outside_mentions_nobody_on_github(words: str) -> None:
    import re

    quiet = markdown.quiet(words)
    assert not re.search(r"@\w|#\d|<!--", quiet)
    assert quiet.replace("\u2060", "") == words.replace("\u2060", "")


def test_the_body_links_both_ways() -> None:
    incident = an_incident(
        severity="SEV1",
        description="all of\n@acme/ops #3",
        reporter=Actor(name="Ana @home"),
        places=Places(
            channel="C1", channel_name="incident-1", announcement_url="https://acme.slack.com/p1"
        ),
        pager=PagerLink(url="https://pd/P1"),
    )
    body = markdown.issue_body(incident, "https://acme.slack.com/")
    assert "**INC-1** · SEV1 · started 2026-03-01 12:00 UTC" in body
    assert "[#incident-1](https://acme.slack.com/archives/C1)" in body
    assert "https://acme.slack.com/p1" in body
    assert "https://pd/P1" in body
    assert "> all of" in body
    assert "@acme" not in body
    assert "Ana @\u2060home" in body
    bare = markdown.issue_body(an_incident(), "")
    assert "no severity" in bare
    assert "Slack channel" not in bare
    assert "- Slack channel: #incident-1" in markdown.issue_body(incident, "")


@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_entry_can_be_a_comment(kind: EntryKind) -> None:
    entry = Entry(kind=kind, at=NOW, target="@ops", text="see #4", actor=Actor(name="Ana"))
    words = markdown.comment(an_incident(), entry)
    assert words.startswith("**Ana** ")
    assert "2026-03-01 12:00 UTC" in words
    assert "@ops" not in words
    assert "#4" not in words
    assert "**somebody**" in markdown.comment(an_incident(), replace(entry, actor=None))


def test_the_resolution_says_how_long_it_took() -> None:
    ended = an_incident(resolved_at=NOW + timedelta(minutes=42, seconds=50))
    words = markdown.comment(ended, Entry(kind=EntryKind.RESOLVED, at=NOW))
    assert "INC-1 lasted 42 min" in words


# --- metrics --------------------------------------------------------------------------------------


def test_operators_see_what_happens() -> None:
    metrics = Metrics()
    metrics.effect("slack.announce", "done", 0.2)
    metrics.vendor("slack", "chat.postMessage", "ok", 0.1)
    metrics.ack("command", 0.02)
    metrics.webhook("pagerduty", "202")
    metrics.provider("github", up=False)
    metrics.waiting([("slack.announce", "pending", 3, 12.5)])
    text = metrics.text().decode()
    for line in (
        'muster_effects_total{kind="slack.announce",outcome="done"} 1.0',
        'muster_effects_waiting{kind="slack.announce",state="pending"} 3.0',
        'muster_effects_oldest_seconds{kind="slack.announce",state="pending"} 12.5',
        'muster_provider_up{provider="github"} 0.0',
        'muster_webhooks_total{outcome="202",source="pagerduty"} 1.0',
    ):
        assert line in text
    metrics.waiting([])
    assert "muster_effects_waiting{" not in metrics.text().decode()


# --- sweeps ---------------------------------------------------------------------------------------


async def test_a_start_catches_up(shop: Shop) -> None:
    sweeps = Sweeps(shop.world, shop.worker, poll_seconds=60)
    await sweeps.start()
    [poll] = await shop.home.effects("pagerduty.poll")
    assert poll.key.startswith("poll/start/")
    assert sweeps._mirroring is not None
    await sweeps._mirroring
    await sweeps.stop()
    assert shop.chat.named("members")
    assert await shop.home.work.read(lambda tx: tx.value("pagerduty.users")) == {"count": 1}


async def test_replicas_share_one_poll_per_slot(shop: Shop) -> None:
    sweeps = Sweeps(shop.world, shop.worker, poll_seconds=60)
    for _ in range(3):
        await sweeps._poll()
        await shop.home.dismiss_all()
    assert len(await shop.home.effects("pagerduty.poll")) == 1
    shop.home.clock.advance(60)
    await sweeps._poll()
    assert len(await shop.home.effects("pagerduty.poll")) == 2
    await sweeps.stop()


async def test_the_mirror_is_tried_until_it_works(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    async def pause(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr("bot.worker.sweeps.asyncio.sleep", pause)
    sweeps = Sweeps(shop.world, shop.worker, poll_seconds=0)
    shop.chat.fail["members"] = [
        refusal("", Reason.UNAVAILABLE),
        ProviderError("slack", Reason.RATE_LIMITED, retry_after=7),
    ]
    shop.pager.fail["users"] = [refusal("", Reason.AUTH, "pagerduty")]
    await sweeps._mirror()
    assert waits == [5.0, 7], "PagerDuty's refusal was met in the first round already"
    assert sweeps.down == {}


async def test_a_stopped_provider_is_asked_whether_it_takes_the_key_again(shop: Shop) -> None:
    sweeps = Sweeps(shop.world, shop.worker, poll_seconds=0)
    shop.world.stopped.update(slack="no", pagerduty="no", github="no")
    for vendor, method in (
        (shop.chat, "identity"),
        (shop.pager, "abilities"),
        (shop.tickets, "login"),
    ):
        vendor.fail[method] = [refusal("", Reason.AUTH), refusal("", Reason.UNAVAILABLE)]
    await sweeps._probe()
    await sweeps._probe()
    assert set(shop.world.stopped) == {"slack", "pagerduty", "github"}
    shop.tickets.fail["login"] = [refusal("", Reason.INVALID)]
    await sweeps._probe()
    assert shop.world.stopped == {}


async def test_a_vendor_is_down_from_a_call_without_answer_until_one_that_succeeds(
    shop: Shop,
) -> None:
    sweeps = Sweeps(shop.world, shop.worker, poll_seconds=0)
    sweeps.heard("pagerduty", "ok")
    assert sweeps.down == {}
    for outcome in ("unavailable", "unknown_outcome", "auth"):
        sweeps.heard("pagerduty", outcome)
        assert list(sweeps.down) == ["pagerduty"]
    sweeps.heard("github", "unavailable")
    sweeps.heard("pagerduty", "not_found")  # an answer all the same
    assert list(sweeps.down) == ["github"]
    await sweeps._probe()
    assert shop.tickets.named("login")


async def test_old_rows_are_deleted(shop: Shop) -> None:
    sweeps = Sweeps(shop.world, shop.worker, poll_seconds=0)
    await shop.home.work.write(lambda tx: tx.remember("old", None))
    await sweeps._prune()
    assert not await shop.home.work.write(lambda tx: tx.remember("old", None))
    shop.home.clock.advance(sweeps_module.KEEP.total_seconds() + 1)
    await sweeps._prune()
    assert await shop.home.work.write(lambda tx: tx.remember("old", None))


async def test_without_a_pager_nothing_is_polled(alone: Shop) -> None:
    sweeps = Sweeps(alone.world, alone.worker, poll_seconds=60)
    await sweeps.start()
    assert await alone.home.effects("pagerduty") == []
    await sweeps.stop()


async def test_what_changes_while_people_are_read_is_read_once_more(shop: Shop) -> None:
    sweeps = Sweeps(shop.world, shop.worker, poll_seconds=0)
    read = []

    async def mirror(_chat: object, _pager: object) -> None:
        read.append(len(read))
        if len(read) == 1:
            sweeps.mirror_soon()
            sweeps.mirror_soon()

    shop.world.people.mirror = mirror  # type: ignore[method-assign]
    sweeps.mirror_soon()
    assert sweeps._mirroring is not None
    await sweeps._mirroring
    assert read == [0, 1], "and not a third time"
    sweeps.mirror_soon()
    await sweeps._mirroring
    assert read == [0, 1, 2]
