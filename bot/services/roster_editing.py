"""Rosters made and edited in Slack: list, form, save, delete, export. Those of muster.yml are read only here."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from bot.domain import roster_text
from bot.domain.permissions import Right
from bot.domain.roster_draft import Draft, LayerDraft, Listed, Saved, draft_of, roster_of
from bot.errors import FieldError, NotFound, UserError
from bot.services import reachability, rosters
from bot.services.people import groups_known
from bot.services.permissions import require
from bot.services.roster_watch import actors, memory_name
from bot.store import rosters as overrides
from bot.store import rosters_made as made
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.catalog import Roster
    from bot.services.base import House, SlackUser
    from bot.store.rosters_made import Made
    from bot.store.tx import Tx


class RosterEditing:
    """The use cases of making and changing rosters in Slack."""

    def __init__(self, house: House, *, file: str = "muster.yml") -> None:
        """Given the shared parts, and how the configuration file is called."""
        self._house = house
        self._catalog = house.catalog
        self._work = house.work
        self._file = file

    # --- reading -----------------------------------------------------------------------------------------------

    async def listed(self, name: str = "") -> list[Listed]:
        """All rosters, or the one of that name, with who is on call; NotFound with the nearest name."""

        def look(tx: Tx) -> list[Listed]:
            names = [self._named(tx, name)] if name else rosters.names(tx, self._catalog)
            return [self._listed(tx, each) for each in names]

        return await self._work.read(look)

    def _listed(self, tx: Tx, name: str) -> Listed:
        roster = rosters.find(tx, self._catalog, name)
        if roster is None:
            raise self._unknown(tx, name)
        duty = rosters.rota_of(tx, roster).current(tx.now)
        shown = Listed(
            roster=roster,
            people=actors(tx, duty.people),
            members=[actors(tx, layer.people) for layer in roster.layers],
            until=duty.until,
        )
        if name in self._catalog.rosters:
            return replace(shown, file=self._place(name))
        kept = made.one(tx, name)
        if kept is None:
            return shown
        return replace(shown, changed_by=kept.changed_by, changed_at=kept.changed_at)

    def _place(self, name: str) -> str:
        line = self._catalog.rosters[name].line
        return f"{self._file}:{line}" if line else self._file

    def _named(self, tx: Tx, words: str) -> str:
        """The roster that is meant, whatever the case."""
        wanted = words.strip().casefold()
        for name in rosters.names(tx, self._catalog):
            if name.casefold() == wanted:
                return name
        raise self._unknown(tx, words)

    def _unknown(self, tx: Tx, words: str) -> NotFound:
        names = rosters.names(tx, self._catalog)
        near = get_close_matches(words.casefold(), [n.casefold() for n in names], n=1, cutoff=0.6)
        offer = f" Did you mean {near[0]}?" if near else ""
        shown = " ".join(words.split())[:60]
        return NotFound(
            f"There is no roster {shown}.{offer} /incident oncall rosters shows them all."
        )

    def _editable(self, tx: Tx, words: str, *, lock: bool = False) -> Made:
        """The one made in Slack; those of the file say where they are changed."""
        name = self._named(tx, words)
        if name in self._catalog.rosters:
            msg = (
                f"The roster {name} stands in {self._place(name)} and is changed there. "
                "Overrides and swaps work here: /incident oncall override."
            )
            raise UserError(msg)
        found = made.one(tx, name, lock=lock)
        if found is None:
            raise self._unknown(tx, name)
        return found

    async def new_draft(self, by: SlackUser, name: str = "") -> Draft:
        """An empty form in the person's own time zone, beginning today."""

        def look(tx: Tx) -> Draft:
            person = tx.people.by_slack(by.id)
            zone = person.tz if person else "UTC"
            try:
                zone = roster_text.time_zone(zone)
            except ValueError:
                zone = "UTC"
            today = tx.now.astimezone(ZoneInfo(zone)).date().isoformat()
            layer = LayerDraft(key="l1", people=(by.id,) if person else (), start=today)
            return Draft(name=name.strip(), time_zone=zone, layers=(layer,))

        return await self._work.read(look)

    async def draft(self, name: str) -> tuple[Draft, list[str]]:
        """The form for a roster made in Slack, and who in it is no active member any more and would be left out."""

        def look(tx: Tx) -> tuple[Draft, list[str]]:
            found = self._editable(tx, name)
            ids, gone = {}, []
            everybody = (p for layer in found.roster.layers for p in layer.people)
            for email in dict.fromkeys(everybody):
                person = tx.people.by_email(email)
                if person is None or person.deleted:
                    gone.append(email)
                else:
                    ids[email] = person.slack_id
            return draft_of(found.roster, ids, found.version), gone

        return await self._work.read(look)

    async def exported(self, name: str = "") -> list[Roster]:
        """The roster of that name as it was made in Slack, or all that were."""

        def look(tx: Tx) -> list[Roster]:
            if name:
                return [self._editable(tx, name).roster]
            names = (n for n in rosters.names(tx, self._catalog) if n not in self._catalog.rosters)
            found = [kept.roster for n in names if (kept := made.one(tx, n))]
            if not found:
                msg = f"No roster was made in Slack. Those of {self._file} are there already."
                raise UserError(msg)
            return found

        return await self._work.read(look)

    # --- writing -----------------------------------------------------------------------------------------------

    async def save(
        self,
        draft: Draft,
        only: Mapping[str, Mapping[str, Any] | None],
        *,
        by: SlackUser,
        once: str,
    ) -> Saved:
        """Make or change the roster; FieldError for what is wrong. The same submission again changes nothing."""
        return await self._work.write(partial(self._save, draft, only, by, once), patience=PATIENCE)

    def _save(
        self,
        draft: Draft,
        only: Mapping[str, Mapping[str, Any] | None],
        by: SlackUser,
        once: str,
        tx: Tx,
    ) -> Saved:
        require(self._house, tx, Right.ROSTERS, by, None)
        if tx.remember(once, None):
            emails = _emails(tx, draft)
            self._check_group(tx, draft)
            roster = roster_of(draft, emails, only)
            if draft.version:
                self._change(tx, draft, roster, by)
            else:
                self._add(tx, roster, by)
        listed = self._listed(tx, draft.name)
        people = reachability.in_roster(listed.roster)
        return Saved(listed=listed, unreachable=reachability.unreachable(tx, self._catalog, people))

    def _add(self, tx: Tx, roster: Roster, by: SlackUser) -> None:
        taken = [
            n for n in rosters.names(tx, self._catalog) if n.casefold() == roster.name.casefold()
        ]
        if not taken and made.add(tx, roster, tx.people.actor(by.id, by.name)):
            return
        name = taken[0] if taken else roster.name
        where = f" in {self._place(name)}" if name in self._catalog.rosters else ""
        raise FieldError("name", f"There is a roster {name}{where} already. Choose another name.")

    def _change(self, tx: Tx, draft: Draft, roster: Roster, by: SlackUser) -> None:
        kept = self._editable(tx, roster.name, lock=True)
        if kept.version != draft.version:
            who = kept.changed_by.name if kept.changed_by else "Somebody"
            msg = (
                f"{who} changed this roster meanwhile. Nothing of yours was saved; "
                "open Edit roster again to see theirs."
            )
            raise FieldError("time_zone", msg)
        made.change(
            tx, replace(roster, overrides=kept.roster.overrides), tx.people.actor(by.id, by.name)
        )

    @staticmethod
    def _check_group(tx: Tx, draft: Draft) -> None:
        """A group Slack has not told of is most likely mistyped; before the first reading nobody knows."""
        known = tx.people.group_handles()
        if not draft.user_group or draft.user_group in known or not groups_known(tx):
            return
        near = get_close_matches(draft.user_group, known, n=1, cutoff=0.5)
        hint = f" Did you mean @{near[0]}?" if near else " Create it in Slack first."
        raise FieldError(
            "user_group", f"There is no user group @{draft.user_group} in Slack.{hint}"
        )

    async def delete(self, name: str, *, by: SlackUser, once: str) -> str:
        """Delete it with the overrides that are to come; its name."""

        def change(tx: Tx) -> str:
            require(self._house, tx, Right.ROSTERS, by, None)
            if not tx.remember(once, None):
                return name
            found = self._editable(tx, name, lock=True).roster.name
            naming = self._policies_naming(found)
            if naming:
                msg = f"The policy {naming[0]} pages the roster {found}. Take it out there first."
                raise UserError(msg)
            made.drop(tx, found)
            who = tx.people.actor(by.id, by.name)
            for kept in overrides.coming(tx):
                if kept.roster == found:
                    overrides.end_overrides(tx, kept, who)
            tx.set_value(memory_name(found), None)
            return found

        return await self._work.write(change, patience=PATIENCE)

    def _policies_naming(self, name: str) -> list[str]:
        return [
            policy.name
            for policy in self._catalog.policies.values()
            if any(f"roster:{name}" in level.notify for level in policy.levels)
        ]


def _emails(tx: Tx, draft: Draft) -> dict[str, str]:
    """The address of everybody in the form; who cannot be on a roster is told beside the field."""
    found: dict[str, str] = {}
    for layer in draft.layers:
        for user in layer.people:
            person = tx.people.by_slack(user)
            if person is None:
                problem = (
                    "I do not know one of them yet. Ask them to write a message, then save again."
                )
            elif person.deleted or person.is_bot:
                what = "is deactivated" if person.deleted else "is a bot"
                problem = f"{person.name} {what} and cannot be on call."
            elif not person.email:
                problem = f"{person.name} shows no e-mail address in Slack, which a roster needs."
            else:
                found[user] = person.email.lower()
                continue
            raise FieldError(f"people.{layer.key}", problem)
    return found
