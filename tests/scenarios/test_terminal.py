"""``muster import pagerduty``, ``sync``, ``replay`` and ``backup`` beside PagerDuty and a running bot."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.databases import an_empty_database
from tests.stage import GENERAL, Json, Stage, stage
from tests.terminal import muster
from tests.workspace import card_of, cards, room_of, text_of

if TYPE_CHECKING:
    from pathlib import Path

BOB = "bob@example.com"


def days_ago(days: int) -> str:
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"


async def happened(s: Stage, title: str, *, closed: bool) -> str:
    """An incident at PagerDuty alone, worked on by Bob; its id there."""
    made = await s.pagerduty("trigger", title=title, service="PCHECKO", priority="P1")
    page: str = made["incident"]["id"]
    await s.pagerduty("acknowledge", by=BOB, incident=page)
    await s.pagerduty("note", by=BOB, incident=page, text=f"About {title} <b>")
    if closed:
        await s.pagerduty("resolve", by=BOB, incident=page)
    return page


async def exported(s: Stage, name: str) -> Json:
    code, out, complained = await muster(s, "export", name)
    assert (code, complained) == (0, "")
    return dict(json.loads(out))


async def test_the_past_is_imported_once_and_told_to_nobody(tmp_path: Path) -> None:
    async with stage(tmp_path, start=False) as s:
        await happened(s, "Disk was full", closed=True)
        page = await happened(s, "Still slow", closed=False)
        code, out, complained = await muster(s, "import", "pagerduty", "--since", days_ago(40))
        assert (code, out, complained) == (0, "2 incidents imported.\n", "")
        again = await muster(s, "import", "pagerduty", "--since", days_ago(1))
        assert again == (0, "0 incidents imported, 2 known already.\n", "")

        first = await exported(s, "INC-1")
        kinds = [event["kind"] for event in first["events"]]
        assert (kinds[0], kinds[-1]) == ("triggered", "other")
        assert sorted(kinds[1:-1]) == ["acknowledged", "annotated", "resolved"]  # of one second
        assert [e["text"] for e in first["events"] if e["kind"] == "annotated"] == [
            "About Disk was full <b>"
        ]
        assert all(e["vendor_at"] for e in first["events"][:-1])
        assert (first["incident"]["origin"], first["incident"]["status"]) == (
            "pagerduty",
            "resolved",
        )
        code, out, _ = await muster(s, "report", "--days", "2")
        assert code == 0
        assert "2" in out
        assert [c for c in await s.calls("slack.") if c["operation"].startswith("slack.chat")] == []
        assert await s.calls("github.") == []

        await s.start_bot()
        await s.ready()
        await s.quiet()
        state = await s.state()
        assert cards(state) == [], "the first poll knows them"
        await s.pagerduty("resolve", by=BOB, incident=page)
        await s.quiet()
        second = await exported(s, "INC-2")
        assert second["incident"]["status"] == "resolved"
        assert [e["kind"] for e in second["events"]].count("resolved") == 1
        answer = await s.command("/incident show INC-2", channel=GENERAL)
        assert "Still slow" in str(answer["ack"])
        assert cards(await s.state()) == []
        assert await s.problems() == []


async def test_what_is_open_can_be_worked_on_in_slack(tmp_path: Path) -> None:
    async with stage(tmp_path, start=False) as s:
        page = (await s.pagerduty("trigger", title="Left over", service="PCHECKO"))["incident"][
            "id"
        ]
        assert (await muster(s, "import", "pagerduty", "--since", days_ago(1)))[0] == 0
        await s.start_bot()
        await s.ready()
        assert (await s.command("/incident ack INC-1", channel=GENERAL))["ok"]
        await s.until(
            lambda state: any(
                one["id"] == page and one["status"] == "acknowledged"
                for one in state["pagerduty"]["incidents"]
            )
        )
        await s.command("/incident show INC-1", channel=GENERAL)
        await s.press("More", channel=GENERAL)
        await s.until(lambda state: "Open channel" in str(state["views"]))
        await s.press("Open channel", where="view")
        await s.until(lambda state: room_of(state, "INC-1"))
        await s.quiet()
        assert await s.problems() == []


@pytest.mark.parametrize(
    ("words", "changes", "code", "complaint"),
    [
        (("--since", "yesterday"), {}, 1, "'yesterday' is no date. Write --since 2026-01-31"),
        (("--since", "2999-01-01"), {}, 1, "is not over yet"),
        ((), {}, 2, "muster import pagerduty --since"),
        (("--since", "2026-01-01"), {"PAGERDUTY_API_TOKEN": "bad-token"}, 1, "refused the key"),
        (
            ("--since", "2026-01-01"),
            {"PAGERDUTY_API_TOKEN": None, "PAGERDUTY_FROM_EMAIL": None},
            2,
            "PAGERDUTY_API_TOKEN: is missing",
        ),
    ],
)
async def test_what_cannot_be_imported_is_one_sentence(
    tmp_path: Path,
    words: tuple[str, ...],
    changes: dict[str, str | None],
    code: int,
    complaint: str,
) -> None:
    async with stage(tmp_path, start=False) as s:
        ended, out, complained = await muster(s, "import", "pagerduty", *words, **changes)
        assert (ended, out) == (code, "")
        assert complaint in complained
        assert "Traceback" not in complained
        assert "bad-token" not in complained


async def test_sync_finds_what_no_webhook_told(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        await s.act("settings", webhooks=False)
        await s.pagerduty("trigger", title="Nobody told us", service="PCHECKO")
        code, out, complained = await muster(s, "sync")
        assert (code, complained) == (0, "")
        assert "compares everything with PagerDuty now" in out
        await s.announced("Nobody told us")
        code, _, complained = await muster(
            s, "sync", PAGERDUTY_API_TOKEN=None, PAGERDUTY_FROM_EMAIL=None
        )
        assert (code, "PAGERDUTY_API_TOKEN: is missing" in complained) == (2, True)
        await s.quiet()
        assert await s.problems() == []


async def test_a_kept_webhook_is_applied_again_and_doubles_nothing(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        page = await happened(s, "Told by webhook", closed=False)
        name = await s.announced("Told by webhook")
        await s.until(lambda state: "About" in str(room_of(state, name) and state["messages"]))
        await s.quiet()
        before = (await exported(s, name))["events"]
        found = s.bot
        assert found is not None
        [event] = await found.work.read(lambda tx: _kept_acknowledgement(tx, page))
        code, out, _ = await muster(s, "replay", event)
        assert (code, out) == (0, "1 event(s) will be applied again by the running bot.\n")
        await s.quiet()
        assert (await exported(s, name))["events"] == before
        code, _, complained = await muster(s, "replay", "no-such-event")
        assert code == 1
        assert "No kept webhook has the id no-such-event" in complained
        assert "acknowledged" in text_of(card_of(await s.state(), name) or {})
        assert await s.problems() == []


def _kept_acknowledgement(tx: Any, page: str) -> list[str]:
    from sqlalchemy import select

    from bot.store import sql

    kept = sql.INBOUND.c
    query = select(kept.event_id, kept.body).where(kept.event_type == "incident.acknowledged")
    return [event for event, body in tx.session.execute(query) if page in body.decode()]


@pytest.mark.sqlite
async def test_a_backup_is_a_whole_database(tmp_path: Path) -> None:
    async with stage(tmp_path) as s:
        name = await s.declare("Backed up")
        await s.settled(name)
        copy = tmp_path / "copy.db"
        code, out, complained = await muster(s, "backup", str(copy))
        assert (code, complained) == (0, "")
        assert out.startswith(f"Backed up to {copy} (")
        with sqlite3.connect(copy) as base:
            assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            assert base.execute("SELECT title FROM incident").fetchall() == [("Backed up",)]
        code, _, complained = await muster(s, "backup", str(copy))
        assert (code, "exists already; nothing was overwritten" in complained) == (1, True)
        nowhere = tmp_path / "no" / "such" / "folder.db"
        code, _, complained = await muster(s, "backup", str(nowhere))
        assert code == 1
        assert "cannot be written" in complained
        assert "Traceback" not in complained


async def test_an_import_goes_into_whatever_database_is_named(tmp_path: Path) -> None:
    async with stage(tmp_path, start=False) as s:
        await happened(s, "Elsewhere", closed=True)
        (tmp_path / "other").mkdir()
        other = an_empty_database(tmp_path / "other")
        code, out, _ = await muster(
            s, "import", "pagerduty", "--since", days_ago(1), database=other
        )
        assert (code, out) == (0, "1 incident imported.\n")
