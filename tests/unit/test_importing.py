"""``muster import pagerduty`` waits, asks again, goes on and explains."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from bot.errors import ProviderError, Reason, UserError
from bot.importing import TRIES, UNNAMED_LIMIT, WINDOW, Importer, Result, since_when
from bot.services.past import Past, Taken
from bot.terminal import bar
from tests.unit.store.house import NOW, a_page, build_home

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bot.domain.page import Page
    from tests.unit.store.house import Home

DAY = timedelta(days=1)


class Shelf:
    """The pager as far as importing asks it; what is in ``failing`` is raised first."""

    def __init__(self, pages: list[Page]) -> None:
        self.pages = {page.id: page for page in pages}
        self.failing: list[ProviderError] = []
        self.windows: list[tuple[datetime, datetime | None]] = []
        self.read: list[str] = []

    async def pages_since(self, since: datetime, *, until: datetime | None = None) -> list[Page]:
        if self.failing:
            raise self.failing.pop(0)
        self.windows.append((since, until))
        end = until or NOW + DAY
        return [p for p in self.pages.values() if since <= p.created_at < end]

    async def page(self, page_id: str) -> Page:
        self.read.append(page_id)
        if self.pages[page_id].title == "gone":
            raise refusal(Reason.NOT_FOUND)
        return self.pages[page_id]


class Counted:
    """Progress as numbers."""

    def __init__(self) -> None:
        self.total = self.finished = 0

    def found(self, count: int) -> None:
        self.total += count

    def done(self) -> None:
        self.finished += 1


def refusal(reason: Reason, **more: Any) -> ProviderError:
    return ProviderError("pagerduty", reason, "it said so", **more)


def old_pages(count: int) -> list[Page]:
    return [a_page(f"P{n}", created_at=NOW - (count - n) * 10 * DAY) for n in range(count)]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = build_home(tmp_path)
    yield made
    made.work.close()


class Desk:
    """An importer whose waits are noted and move the clock."""

    def __init__(self, home: Home, shelf: Shelf) -> None:
        self.home = home
        self.shelf = shelf
        self.slept: list[float] = []
        self.progress = Counted()

    async def run(self, days: int = 100) -> Result:
        pager: Any = self.shelf
        past = Past(self.home.house, self.home.paging)
        importer = Importer(pager, past, self.progress, sleep=self.sleep)
        return await importer.run(NOW - days * DAY, NOW)

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.home.clock.advance(seconds)


async def test_month_by_month_the_oldest_first(home: Home) -> None:
    desk = Desk(home, Shelf(old_pages(9)))
    result = await desk.run(100)
    assert str(result) == "9 incidents imported."
    assert desk.shelf.read == [f"P{n}" for n in range(9)]
    assert [w[1] for w in desk.shelf.windows[:-1]] == [w[0] for w in desk.shelf.windows[1:]]
    assert all(end - start <= WINDOW for start, end in desk.shelf.windows[:-1] if end)
    assert desk.shelf.windows[-1][1] is None, "what was created this very second counts as well"
    assert (desk.progress.total, desk.progress.finished) == (9, 9)
    assert (await home.incident(1)).created_at == NOW - 90 * DAY


async def test_interrupted_it_goes_on_and_reads_nothing_twice(home: Home) -> None:
    desk = Desk(home, Shelf(old_pages(9)))
    await desk.run(100)
    desk.shelf.pages["P9"] = a_page("P9", created_at=NOW - DAY)
    desk.shelf.read.clear()
    assert str(await desk.run(100)) == "1 incident imported, 9 known already."
    assert desk.shelf.read == ["P9"]


async def test_it_waits_for_room_instead_of_asking_too_often(home: Home) -> None:
    pages = [a_page(f"P{n:03}", created_at=NOW - DAY) for n in range(300)]
    desk = Desk(home, Shelf(pages))
    result = await desk.run(2)
    assert result.counts[Taken.IMPORTED] == 300
    assert desk.slept, "900 requests do not fit into a minute beside the bot's own"
    assert sum(desk.slept) == pytest.approx(2 * 62, abs=5)


async def test_one_that_is_deleted_meanwhile_is_left_out(home: Home) -> None:
    shelf = Shelf(old_pages(3))
    shelf.pages["P1"] = replace(shelf.pages["P1"], title="gone")
    result = await Desk(home, shelf).run()
    assert str(result) == "2 incidents imported, 1 deleted there meanwhile."


async def test_a_pause_of_the_vendor_is_waited_for(home: Home) -> None:
    shelf = Shelf(old_pages(1))
    shelf.failing = [
        refusal(Reason.RATE_LIMITED, retry_after=7.0),
        refusal(Reason.RATE_LIMITED),
        refusal(Reason.UNAVAILABLE),
        refusal(Reason.UNAVAILABLE),
    ]
    desk = Desk(home, shelf)
    assert (await desk.run()).counts[Taken.IMPORTED] == 1
    assert desk.slept == [7.0, UNNAMED_LIMIT, 4.0, 8.0]


@pytest.mark.parametrize(
    ("reason", "times", "said"),
    [
        (Reason.AUTH, 1, "refused the key: it said so. Check PAGERDUTY_API_TOKEN"),
        (Reason.INVALID, 1, "PagerDuty refused: it said so"),
        (Reason.UNAVAILABLE, TRIES, "does not answer: it said so"),
        (Reason.RATE_LIMITED, TRIES, "the same command goes on"),
    ],
)
async def test_what_does_not_help_is_one_sentence(
    home: Home, reason: Reason, times: int, said: str
) -> None:
    shelf = Shelf(old_pages(1))
    shelf.failing = [refusal(reason)] * times
    with pytest.raises(UserError) as caught:
        await Desk(home, shelf).run()
    assert said in str(caught.value)
    assert shelf.failing == []


@pytest.mark.parametrize(
    ("words", "moment"),
    [
        ("2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
        (" 2026-01-31T08:00 ", datetime(2026, 1, 31, 8, tzinfo=UTC)),
        ("2026-01-31T08:00:00+02:00", datetime(2026, 1, 31, 6, tzinfo=UTC)),
        ("20260131", datetime(2026, 1, 31, tzinfo=UTC)),
    ],
)
def test_a_date_is_what_it_says(words: str, moment: datetime) -> None:
    assert since_when(words, NOW) == moment


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "is no date"),
        ("yesterday", "is no date. Write --since 2026-01-31"),
        ("31.01.2026", "is no date"),
        ("2026-02-30", "is no date"),
        ("0001-01-01T00:00+14:00", "is no date"),
        ("2026-03-02", "is not over yet"),
        ("2008-12-31", "before 2009"),
    ],
)
def test_what_is_no_past_date_is_explained(words: str, said: str) -> None:
    with pytest.raises(UserError) as caught:
        since_when(words, NOW)
    assert said in str(caught.value)


def test_the_bar_shows_on_a_terminal_only() -> None:
    for terminal in (True, False):
        out = io.StringIO()
        with bar("Incidents", Console(file=out, force_terminal=terminal, width=80)) as progress:
            progress.found(2)
            progress.found(1)
            progress.done()
        assert ("1/3" in out.getvalue()) is terminal
