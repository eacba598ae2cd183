"""Making, changing, deleting and exporting rosters in Slack; those of the file are read only."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.catalog import Catalog, Roster, RosterLayer
from bot.domain.permissions import NotAllowed
from bot.domain.roster import Override
from bot.domain.roster_draft import Draft, LayerDraft
from bot.errors import FieldError, NotFound, UserError
from bot.ports import Member, UserGroup
from bot.services.base import SlackUser
from bot.services.people import MIRRORED
from bot.services.roster_editing import RosterEditing
from bot.store import rosters as store
from tests.unit.store.house import ANA, ANA_ACTOR, BEN, NOW, Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.roster_draft import Saved
    from bot.store.tx import Tx

FILED = Roster(
    name="filed", line=7, layers=(RosterLayer(people=("ana@example.com",), start="2026-01-05"),)
)
DRAFT = Draft(
    name="primary",
    time_zone="Europe/Berlin",
    layers=(LayerDraft(key="l1", people=("U0ANA", "U0BEN"), start="2026-02-23"),),
    user_group="ops",
    announce_in="C0OPS",
)
GUEST = SlackUser("U0GUE", "Gus")


class Editor:
    def __init__(self, home: Home) -> None:
        self.home = home
        self.editing = RosterEditing(home.house)

    async def save(
        self, draft: Draft = DRAFT, *, by: SlackUser = ANA, once: str = "", only: Any = None
    ) -> Saved:
        return await self.editing.save(draft, only or {}, by=by, once=once or self.home.press())

    async def kept(self) -> Roster | None:
        return await self.home.work.read(lambda tx: store.made(tx, "primary"))


@pytest.fixture
async def editor(tmp_path: Path) -> AsyncIterator[Editor]:
    home = build_home(tmp_path, catalog=Catalog(rosters={"filed": FILED}))
    members = [
        Member(id="U0ANA", name="ana", real_name="Ana", email="Ana@example.com", tz="Asia/Tokyo"),
        Member(id="U0BEN", name="ben", real_name="Ben", email="ben@example.com"),
        Member(id="U0GUE", name="gus", real_name="Gus", email="gus@example.com", is_guest=True),
        Member(id="U0GON", name="gone", real_name="Gone", email="gone@example.com", deleted=True),
        Member(id="U0BOT", name="bot", real_name="Bot", email="bot@example.com", is_bot=True),
        Member(id="U0NOM", name="nom", real_name="Nomail"),
    ]
    await home.people.remember(members, [UserGroup(id="S1", handle="ops")], everybody=True)
    assert await home.work.read(lambda tx: tx.value(MIRRORED))
    yield Editor(home)
    home.work.close()


async def test_a_roster_is_made_and_somebody_is_on_call_at_once(editor: Editor) -> None:
    saved = await editor.save()
    assert [p.slack_id for p in saved.listed.people] == ["U0ANA"]
    assert saved.listed.changed_by is not None
    assert saved.listed.file is None
    kept = await editor.kept()
    assert kept is not None
    assert kept.layers[0].people == ("ana@example.com", "ben@example.com")
    assert (kept.user_group, kept.announce_in) == ("ops", "C0OPS")


async def test_the_same_submission_again_makes_nothing_again(editor: Editor) -> None:
    first = await editor.save(once="view/V1")
    again = await editor.save(once="view/V1")
    assert first == again


async def test_who_cannot_be_reached_is_told_to_the_editor(editor: Editor) -> None:
    draft = replace(DRAFT, layers=(replace(DRAFT.layers[0], people=("U0ANA", "U0GUE")),))
    [(email, why)] = (await editor.save(draft)).unreachable
    assert email == "gus@example.com"
    assert "guest" in why


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"name": "filed"}, "name", "muster.yml:7"),
        ({"name": "FILED"}, "name", "There is a roster filed"),
        ({"user_group": "opz"}, "user_group", "Did you mean @ops"),
        ({"people": ("U0BOT",)}, "people.l1", "is a bot"),
        ({"people": ("U0GON",)}, "people.l1", "is deactivated"),
        ({"people": ("U0NOM",)}, "people.l1", "no e-mail address"),
        ({"people": ("U0WHO",)}, "people.l1", "do not know"),
    ],
)
async def test_what_is_wrong_is_told_beside_its_field(
    editor: Editor, change: dict[str, Any], field: str, says: str
) -> None:
    people = change.pop("people", DRAFT.layers[0].people)
    draft = replace(DRAFT, layers=(replace(DRAFT.layers[0], people=people),), **change)
    with pytest.raises(FieldError, match=says) as raised:
        await editor.save(draft, once="view/V1")
    assert raised.value.field == field
    assert await editor.kept() is None
    await editor.save(once="view/V1")  # corrected: the same form is sent again
    assert await editor.kept() is not None


async def test_a_name_is_taken_whatever_the_case(editor: Editor) -> None:
    await editor.save()
    with pytest.raises(FieldError, match="There is a roster primary already"):
        await editor.save(replace(DRAFT, name="Primary"))


async def test_it_is_changed_and_who_comes_too_late_is_told_by_whom(editor: Editor) -> None:
    await editor.save()
    draft, gone = await editor.editing.draft("PRIMARY")
    assert draft == replace(DRAFT, version=1)
    assert gone == []
    await editor.save(replace(draft, time_zone="UTC"), by=BEN)
    with pytest.raises(FieldError, match="Ben changed this roster meanwhile"):
        await editor.save(replace(draft, time_zone="Asia/Tokyo"))
    kept = await editor.kept()
    assert kept is not None
    assert kept.time_zone == "UTC"


async def test_who_left_is_left_out_of_the_form_and_named(editor: Editor) -> None:
    await editor.save()
    left = Member(id="U0BEN", name="ben", real_name="Ben", email="ben@example.com", deleted=True)
    await editor.home.people.remember([left])
    draft, gone = await editor.editing.draft("primary")
    assert draft.layers[0].people == ("U0ANA",)
    assert gone == ["ben@example.com"]


async def test_rosters_of_the_file_say_where_they_are_changed(editor: Editor) -> None:
    for attempt in (
        editor.editing.draft("filed"),
        editor.editing.exported("filed"),
        editor.editing.delete("filed", by=ANA, once="x"),
    ):
        with pytest.raises(UserError, match=r"muster\.yml:7 .*Overrides and swaps work here"):
            await attempt
    [listed] = await editor.editing.listed()
    assert listed.file == "muster.yml:7"


async def test_an_unknown_roster_is_answered_with_the_nearest(editor: Editor) -> None:
    await editor.save()
    with pytest.raises(NotFound, match="Did you mean primary"):
        await editor.editing.listed("primry")


async def test_deleting_ends_the_overrides_to_come(editor: Editor) -> None:
    await editor.save()
    span = {"since": NOW, "until": NOW.replace(month=4)}

    def override(tx: Tx) -> None:
        what = Override(person="ben@example.com", **span)
        store.add_overrides(tx, "primary", [what], ANA_ACTOR, "once")

    await editor.home.work.write(override)
    assert await editor.editing.delete("Primary", by=ANA, once="d") == "primary"
    assert await editor.kept() is None
    assert await editor.home.work.read(store.coming) == []
    assert await editor.editing.delete("Primary", by=ANA, once="d"), "pressed twice"
    with pytest.raises(NotFound):
        await editor.editing.delete("primary", by=ANA, once="e")


async def test_guests_and_whom_the_configuration_leaves_out_change_nothing(
    editor: Editor, tmp_path: Path
) -> None:
    with pytest.raises(NotAllowed, match="Guests cannot"):
        await editor.save(by=GUEST)
    await editor.save()
    with pytest.raises(NotAllowed):
        await editor.editing.delete("primary", by=GUEST, once="d")
    few = Catalog(permissions={"rosters": ("person:ben@example.com",)})
    editor.editing = RosterEditing(replace(editor.home.house, catalog=few))
    with pytest.raises(NotAllowed, match=r"Only ben@example\.com may change who is on call"):
        await editor.save(replace(DRAFT, name="other"))
    await editor.save(replace(DRAFT, name="other"), by=BEN)


async def test_a_new_form_begins_with_whoever_asks(editor: Editor) -> None:
    draft = await editor.editing.new_draft(ANA, "primary")
    assert draft.time_zone == "Asia/Tokyo"
    assert draft.layers[0].people == ("U0ANA",)
    assert draft.layers[0].start == "2026-03-01"
    assert (await editor.editing.new_draft(SlackUser("U0WHO"))).layers[0].people == ()


async def test_export_without_a_name_gives_all_that_were_made(editor: Editor) -> None:
    with pytest.raises(UserError, match="No roster was made in Slack"):
        await editor.editing.exported()
    await editor.save()
    await editor.save(replace(DRAFT, name="second"))
    assert [r.name for r in await editor.editing.exported()] == ["primary", "second"]
