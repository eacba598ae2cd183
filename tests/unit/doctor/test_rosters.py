"""The doctor's line for each roster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.unit.doctor.house import House


async def test_every_roster_has_its_line_and_what_is_wrong_its_mend(house: House) -> None:
    async def rosters() -> Sequence[tuple[str, str | None]] | None:
        return [("primary", None), ("kept", "the calendar was not fetched yet")]

    house.given = {"rosters": rosters}
    good = await house.about("Rosters", "primary")
    assert (good.state, good.text) == ("ok", "can be asked who is on call.")
    bad = await house.about("Rosters", "kept")
    assert (bad.state, bad.text) == ("warn", "the calendar was not fetched yet.")
    assert "ical address" in bad.mend


async def test_without_rosters_or_a_database_nothing_is_wrong(house: House) -> None:
    async def none() -> Sequence[tuple[str, str | None]] | None:
        return []

    async def unready() -> Sequence[tuple[str, str | None]] | None:
        return None

    for given, told in ((none, "none."), (unready, "the database is not ready")):
        house.given = {"rosters": given}
        found = await house.about("Rosters", "rosters")
        assert found.state == "skip"
        assert told in found.text
