"""The doctor and what rosters do by themselves: groups and channels that are not there, and what Slack refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Catalog, Roster
from bot.errors import ProviderError, Reason
from bot.ports import Channel

if TYPE_CHECKING:
    from bot.doctor import Finding
    from tests.unit.doctor.house import House

PRIMARY = Roster(name="primary", user_group="oncall", announce_in="ops")


async def about(house: House, roster: Roster = PRIMARY, refused: str | None = None) -> Finding:
    async def kept() -> list[tuple[Roster, str | None]]:
        return [(Roster(name="quiet"), None), (roster, refused)]

    house.given = {"handovers": kept}
    [found] = [f for f in await house.findings() if f.area == "Hand-overs"]
    return found


async def test_all_is_there(house: House) -> None:
    found = await about(house)
    assert (found.name, found.state) == ("primary", "ok")
    assert found.text == "keeps @oncall and announces in ops."


async def test_rosters_of_the_file_are_looked_at_without_a_database(house: House) -> None:
    house.given = {"catalog": Catalog(rosters={"primary": PRIMARY})}
    assert (await house.about("Hand-overs", "primary")).state == "ok"


async def test_what_slack_refused_is_told_with_its_mend(house: House) -> None:
    found = await about(house, refused="permission_denied")
    assert found.state == "warn"
    assert "only administrators" in found.text
    assert "User Groups" in found.mend


async def test_a_group_that_is_not_there(house: House) -> None:
    house.chat.groups = []
    found = await about(house)
    assert "no such user group" in found.text


async def test_a_slack_that_does_not_answer_is_told_once_for_the_groups(house: House) -> None:
    house.chat.groups = ProviderError("slack", Reason.UNAVAILABLE, "down")
    roster = Roster(name="primary", user_group="oncall")
    house.given = {"catalog": Catalog(rosters={"primary": roster})}
    assert (await house.about("Hand-overs", "user groups")).state == "fail"


@pytest.mark.parametrize(
    ("channel", "says"),
    [
        (None, "is not to be seen by me"),
        (Channel(id="C1", name="ops", is_archived=True, is_member=True), "is archived"),
        (Channel(id="C1", name="ops", is_private=True), "is not to be seen by me"),
        (ProviderError("slack", Reason.NOT_FOUND, "no"), "is not to be seen by me"),
    ],
)
async def test_a_channel_that_is_closed_to_us(house: House, channel: Any, says: str) -> None:
    house.chat.channels["team"] = channel
    found = await about(house, Roster(name="primary", announce_in="team"))
    assert found.state == "warn"
    assert says in found.text
    assert "/invite @Muster" in found.mend
