"""Who was on call before a roster was edited: by the roster as it was then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from bot.domain.catalog import Catalog, Roster, RosterLayer
from bot.domain.roster_draft import Draft, LayerDraft
from bot.ports import Member
from bot.services import rosters
from bot.services.roster_editing import RosterEditing
from bot.services.standing_in import StandingIn
from bot.store import roster_versions as versions
from bot.store import sql
from tests.unit.store.house import ANA, NOW, Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime
    from pathlib import Path

    from bot.store.tx import Tx

PEOPLE = ("ana@example.com", "ben@example.com")
CALENDAR = "https://calendar.example.com/secret.ics"
DAY = timedelta(days=1)


def filed(*people: str, name: str = "filed", ical: str | None = None) -> Roster:
    layer = RosterLayer(people=people, start="2020-01-06")
    return Roster(name=name, layers=(layer,), ical=ical)


def made(*people: str, version: int = 0) -> Draft:
    layer = LayerDraft(key="l1", people=people, start="2020-01-06")
    return Draft(name="made", time_zone="UTC", layers=(layer,), version=version)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    built = build_home(tmp_path)
    members = [
        Member(id=f"U0{name[:3].upper()}", name=name, real_name=name, email=email)
        for email in PEOPLE
        for name in (email.partition("@")[0],)
    ]
    await built.people.remember(members, everybody=True)
    yield built
    built.work.close()


async def starts_with(home: Home, *found: Roster) -> Catalog:
    """The bot starts with these rosters in its muster.yml."""
    catalog = Catalog(rosters={each.name: each for each in found})
    await home.work.write(lambda tx: rosters.keep_file(tx, catalog))
    return catalog


def at(home: Home, catalog: Catalog) -> StandingIn:
    return StandingIn(replace(home.house, catalog=catalog))


async def who(home: Home, catalog: Catalog, name: str, moment: datetime) -> list[str]:
    [found] = await at(home, catalog).at([name], moment)
    return [person.name for person in found.people]


async def test_an_edited_muster_yml_changes_nothing_about_the_past(home: Home) -> None:
    await starts_with(home, filed("ana@example.com"))
    home.clock.advance(DAY.total_seconds())
    catalog = await starts_with(home, filed("ben@example.com"))
    home.clock.advance(DAY.total_seconds())
    assert await who(home, catalog, "filed", NOW + DAY / 2) == ["ana"]
    assert await who(home, catalog, "filed", NOW + DAY) == ["ben"], "from the very moment on"
    for ahead in (2, 3):
        assert await who(home, catalog, "filed", NOW + ahead * DAY) == ["ben"]


async def test_before_it_was_known_it_is_shown_as_it_was_known_first(home: Home) -> None:
    await starts_with(home, filed("ana@example.com"))
    home.clock.advance(60)
    catalog = await starts_with(home, filed("ben@example.com"))
    desk = at(home, catalog)
    [before] = await desk.at(["filed"], NOW - DAY)
    assert [person.name for person in before.people] == ["ana"]
    assert before.known_since == NOW
    [then] = await desk.at(["filed"], NOW)
    assert then.known_since is None


async def test_starting_again_unchanged_is_no_other_version(home: Home) -> None:
    for _ in range(3):
        await starts_with(home, filed("ana@example.com"), filed("ben@example.com", name="other"))
        home.clock.advance(60)

    def count(tx: Tx) -> int:
        return len(tx.session.execute(sql.ROSTER_VERSION.select()).all())

    assert await home.work.read(count) == 2


async def test_what_is_edited_and_deleted_in_slack_is_told_as_it_was(home: Home) -> None:
    catalog, editing = Catalog(), RosterEditing(home.house)
    await editing.save(made("U0ANA"), {}, by=ANA, once="1")
    home.clock.advance(DAY.total_seconds())
    await editing.save(made("U0BEN", version=1), {}, by=ANA, once="2")
    home.clock.advance(DAY.total_seconds())
    assert await who(home, catalog, "made", NOW) == ["ana"]
    assert await who(home, catalog, "made", NOW + DAY) == ["ben"]
    await editing.delete("made", by=ANA, once="3")
    await starts_with(home)  # a restart does not bring it back
    home.clock.advance(DAY.total_seconds())
    desk = at(home, catalog)
    assert await desk.names_at(NOW + 3 * DAY) == []
    assert await desk.names_at(NOW + DAY) == ["made"]
    assert await desk.names_at(NOW - DAY) == [], "it was not there yet"
    assert await who(home, catalog, "made", NOW + DAY) == ["ben"]
    assert await who(home, catalog, "made", NOW + 2 * DAY) == []


async def test_one_that_left_muster_yml_is_named_for_the_time_it_was_there(home: Home) -> None:
    await starts_with(home, filed("ana@example.com"))
    home.clock.advance(DAY.total_seconds())
    catalog = await starts_with(home)
    home.clock.advance(DAY.total_seconds())
    desk = at(home, catalog)
    assert await desk.names_at(NOW + DAY / 2) == ["filed"]
    assert await desk.names_at(NOW + DAY) == []
    assert await who(home, catalog, "filed", NOW + DAY / 2) == ["ana"]


async def test_a_calendars_address_is_not_kept(home: Home) -> None:
    catalog = await starts_with(home, filed("ana@example.com", ical=CALENDAR))
    version = await home.work.read(lambda tx: versions.at(tx, "filed", NOW))
    assert version is not None
    assert "secret" not in str(version.value)
    today = catalog.rosters["filed"]
    same = version.roster("filed", today)
    assert same is not None
    assert same.ical == CALENDAR
    other = version.roster("filed", replace(today, ical="https://calendar.example.com/other"))
    assert other is not None
    assert other.ical is None
