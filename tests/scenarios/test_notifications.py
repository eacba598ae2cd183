"""Notifications beyond Slack: configured addresses hear what they asked for, nobody else, and no secret leaks."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from bot.domain.catalog import Address, Catalog, EscalationPolicy, Level, Notification, Person
from bot.store.tables import EffectRow
from tests.mailbox import SECRET, mailbox
from tests.stage import BOB, Stage, stage
from tests.workspace import card_of, messages_in, room_of, text_of

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.mailbox import Mailbox


async def everything_kept(s: Stage) -> str:
    """All effects as the database holds them."""
    from sqlalchemy import select

    assert s.bot
    rows = await s.bot.work.read(lambda tx: list(tx.session.execute(select(EffectRow)).scalars()))
    return str([(r.key, r.payload, r.last_detail) for r in rows])


def listening(box: Mailbox, **more: Any) -> Catalog:
    first = Notification(
        url=box.url(), events=("declared", "update", "resolved"), severities=("SEV1", "SEV2")
    )
    return Catalog(notifications=(first, Notification(url=box.url("all"))), **more)


async def test_an_address_hears_the_events_and_severities_it_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with mailbox() as box, stage(tmp_path, catalog=listening(box)) as s:
        name = await s.declare("SEV1 The shop is closed")
        room = room_of(await s.settled(name), name)
        assert room
        await s.command("/incident ack", user=BOB, channel=room["id"])
        await s.settled(name)
        await s.command("/incident update Half of it is back", user=BOB, channel=room["id"])
        await s.settled(name)
        small = await s.declare("SEV4 A small thing")
        await s.settled(small)
        await s.command(f"/incident resolve {name} done", user=BOB)
        await s.settled(name)
        assert box.told() == [
            f"{name} is declared",
            f"{name}: Bob Martin posted an update",
            f"{name} is resolved",
        ]
        update = next(m for m in box.got if "update" in m["title"])
        assert "Half of it is back" in update["message"]
        assert "SEV1 The shop is closed" in update["message"]
        assert f"{small} is declared" in box.told("/all")
        assert f"Bob Martin acknowledged {name}" in box.told("/all")
        assert SECRET not in await everything_kept(s)
        assert SECRET not in str(await s.state())
        assert await s.problems() == []
    assert SECRET not in capsys.readouterr().out


async def test_a_refused_notification_is_tried_again_and_shows_on_the_card(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with mailbox() as box, stage(tmp_path, catalog=listening(box)) as s:
        box.refuse = True
        name = await s.declare("SEV1 Nobody listens")
        card = await s.until(
            lambda state: next(
                (
                    m
                    for m in messages_in(state, room_of(state, name))
                    if "Notification" in text_of(m) and "not taken" in text_of(m)
                ),
                None,
            ),
            timeout=30,
        )
        assert SECRET not in text_of(card)
        assert SECRET not in await everything_kept(s)
        box.refuse = False
        await s.until(lambda _: f"{name} is declared" in box.told(), timeout=30)
        assert await s.problems() == []
    assert SECRET not in capsys.readouterr().out


async def test_a_private_incident_is_told_to_nobody_beyond(tmp_path: Path) -> None:
    async with mailbox() as box, stage(tmp_path, catalog=listening(box)) as s:
        await s.declare_private("Secret", Severity="SEV1 Customers cannot work")
        assert box.got == []
        assert await s.problems() == []


async def test_a_page_reaches_the_persons_own_addresses(tmp_path: Path) -> None:
    async with mailbox() as box:
        carol = Person(email="carol@example.com", notify=(Address(box.url("carol")),))
        catalog = Catalog(
            people={"carol@example.com": carol},
            policies={
                "default": EscalationPolicy(
                    name="default",
                    levels=(Level(notify=("person:carol@example.com",), wait=timedelta(hours=1)),),
                )
            },
        )
        async with stage(tmp_path, catalog=catalog, PAGERDUTY_API_TOKEN=None) as s:
            name = await s.declare("SEV2 Wake up")
            await s.settled(name)
            await s.until(lambda _: box.told("/carol"))
            assert box.told("/carol") == [f"{name}: you are paged"]
            assert card_of(await s.state(), name)
            assert await s.problems() == []
