"""By which ways somebody is told: what muster.yml, Slack and they themselves say, taken together."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from bot.domain.catalog import Address, Catalog, Person
from bot.domain.incident import Urgency
from bot.domain.person_setting import PersonSetting
from bot.domain.quiet import QuietHours
from bot.ports import Member
from bot.services.page_ways import Paged, timed
from bot.store import person_settings
from tests.unit.store.house import SetClock, open_work

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.ways import PlannedWay
    from bot.store.tx import Tx

NIGHT = datetime(2026, 3, 3, 23, 30, tzinfo=UTC)
PERSON = Person(
    email="ana@example.com",
    notify=(Address("json://a"), Address("json://b", ("high",))),
    quiet_hours=QuietHours(time(22), time(7)),
)
ALL = ("slack", "apprise:1", "apprise:2")


async def planned(
    folder: Path,
    urgency: str,
    *,
    ways: tuple[str, ...] = ALL,
    slack_id: str | None = "U0ANA",
    quiet: tuple[str, str] | None = None,
    tz: str = "UTC",
) -> dict[str, str]:
    work = open_work(folder, SetClock(NIGHT))
    catalog = Catalog(people={"ana@example.com": PERSON})

    def write(tx: Tx) -> list[PlannedWay]:
        tx.people.save_members(
            [Member(id="U0ANA", name="ana", email="ana@example.com", tz=tz)], NIGHT
        )
        if quiet:
            person_settings.save(tx, "U0ANA", PersonSetting(quiet=quiet))
        paged = Paged(email="Ana@Example.com", slack_id=slack_id, ways=ways)
        return timed(tx, catalog, paged, Urgency(urgency))

    found = await work.write(write)
    work.close()
    return {way.way: f"{way.due:%H:%M}" for way in found}


async def test_high_urgency_goes_out_at_once_by_all_ways(tmp_path: Path) -> None:
    assert await planned(tmp_path, "high") == dict.fromkeys(ALL, "23:30")


async def test_low_urgency_waits_in_the_hours_of_muster_yml(tmp_path: Path) -> None:
    assert await planned(tmp_path, "low") == {"slack": "07:00", "apprise:1": "07:00"}


async def test_the_zone_of_their_slack_profile_counts(tmp_path: Path) -> None:
    found = await planned(tmp_path, "low", tz="America/New_York")  # 18:30 there
    assert found == {"slack": "23:30", "apprise:1": "23:30"}


async def test_what_they_set_in_slack_wins(tmp_path: Path) -> None:
    found = await planned(tmp_path, "low", quiet=("23:00", "23:45"))
    assert found == {"slack": "23:45", "apprise:1": "23:45"}


async def test_hours_without_an_extent_are_none_of_their_own(tmp_path: Path) -> None:
    found = await planned(tmp_path, "low", quiet=("07:00", "07:00"))
    assert found == {"slack": "07:00", "apprise:1": "07:00"}


async def test_ways_that_do_not_lead_to_them_are_left_out(tmp_path: Path) -> None:
    found = await planned(tmp_path, "high", ways=("apprise:2",), slack_id=None)
    assert found == {"apprise:2": "23:30"}
    assert await planned(tmp_path, "low", ways=("apprise:2",), slack_id=None) == {}
