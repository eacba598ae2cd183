"""What people do with alerts: open an incident, attach, acknowledge, silence, look."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from bot.domain import alert_groups, alert_silence, plan
from bot.domain.alert_groups import Beside
from bot.domain.incident import Status
from bot.domain.lifecycle import Decision
from bot.domain.moments import permalink
from bot.domain.permissions import Right
from bot.errors import AlreadyDone, UserError
from bot.services import page_moves, permissions
from bot.services.moments import workspace_url
from bot.store import alert_lists
from bot.store import alerts as store
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.domain.alert_groups import Group, GroupView
    from bot.domain.incident import Incident
    from bot.services.alerts import AlertIntake
    from bot.services.base import House, SlackUser
    from bot.services.incidents import Incidents
    from bot.store.tx import Tx

#: So many alerts of a group are named on its card; the others are counted.
NAMED = 8
#: So many groups in a list, and on Home.
LISTED, AT_HOME = 15, 5
#: So many groups that fire nearby are named on a card, of those there was news of within so long.
NEARBY, NEARBY_FOR = 4, timedelta(days=1)


@dataclass(frozen=True)
class Opened:
    """The incident of a group, and whether it had one before."""

    incident: Incident
    again: bool


class AlertActions:
    """Every method is one use case; a group is locked, so that two people who press get one result."""

    def __init__(self, house: House, incidents: Incidents, intake: AlertIntake) -> None:
        """Given the shared parts, and the ways to declare and attach."""
        self._house = house
        self._work = house.work
        self._incidents = incidents
        self._intake = intake
        known = house.catalog.alerts
        self._silences = bool(alert_silence.sources_of(known, known.sources))

    async def open_incident(self, group_id: int, *, by: SlackUser, once: str) -> Opened:
        """Declare an incident with all the group knows; a group that has an open one gives that again."""

        def change(tx: Tx) -> Opened:
            group = store.group(tx, group_id)
            there = tx.incident_or_none(group.incident) if group.incident else None
            if there is not None and (there.is_open or not tx.remember(once, there.number)):
                return Opened(there, again=True)
            permissions.require(self._house, tx, Right.DECLARE, by, None)
            total = alert_lists.counts(tx, [group.id])[group.id].total
            alerts = store.of_group(tx, group.id, alert_groups.DESCRIBED)
            group = self._intake.open(tx, group, alerts, by=by, total=total)
            self._show(tx, group)
            tx.remember(once, group.incident)
            return Opened(tx.incident(group.incident or 0), again=False)

        return await self._work.write(change, patience=PATIENCE)

    async def attach(self, group_id: int, number: int, *, by: SlackUser, once: str) -> Incident:
        """The group belongs to an open incident; UserError when it belongs to that one already."""

        def change(tx: Tx) -> Incident:
            group = store.group(tx, group_id)
            incident = tx.incident(number)
            if not tx.remember(once, number):
                return incident
            permissions.require(self._house, tx, Right.ACT, by, incident)
            if group.incident == number:
                raise UserError(f"Those alerts belong to {incident.name} already.")
            if not incident.is_open:
                raise UserError(f"{incident.name} is resolved. Reopen it first, or choose another.")
            before = group.incident
            who = tx.people.actor(by.id, by.name)
            group = self._intake.attach(tx, group, incident, by=who)
            self._show(tx, group)
            if before:  # its card must not go on counting them
                left = tx.incident(before)
                tx.record(Decision(incident=left, effects=plan.refresh(left)))
            return tx.incident(number)

        return await self._work.write(change, patience=PATIENCE)

    async def take_ownership(self, number: int, *, by: SlackUser, once: str) -> Incident:
        """Acknowledge, or take it over from whoever has it."""
        incident = await self._incidents.get(number)
        if incident.status is Status.ACKNOWLEDGED and not _owns(incident, by):
            return await self._incidents.reassign(number, to=by.id, by=by, once=once)
        return await self._incidents.acknowledge(number, by=by, once=once)

    async def acknowledge(self, group_id: int, *, by: SlackUser, once: str) -> Group:
        """Somebody looks at it: nobody is paged for it any more. AlreadyDone says who did."""

        def change(tx: Tx, group: Group) -> Group:
            before = group.acknowledged_by
            if before is not None and group.acknowledged_at is not None:
                raise AlreadyDone(
                    f"Those alerts are acknowledged already: {before.name} did that.",
                    who=before.name,
                    slack_id=before.slack_id,
                    at=group.acknowledged_at,
                )
            who = tx.people.actor(by.id, by.name)
            page_moves.acknowledge_group(tx, group, who)
            return replace(group, acknowledged_at=tx.now, acknowledged_by=who)

        return await self._change(group_id, by, once, change)

    async def silence(
        self, group_id: int, span: timedelta | None, *, by: SlackUser, once: str
    ) -> Group:
        """Nobody is paged and no incident opens for a time; None ends that now.

        A source that can be told to keep still follows in a moment; what it answers does not change this.
        """

        def change(tx: Tx, group: Group) -> Group:
            until = tx.now + span if span else None
            who = tx.people.actor(by.id, by.name)
            group = replace(group, silenced_until=until, silenced_by=who if span else None)
            return self._at_source(tx, group)

        return await self._change(group_id, by, once, change)

    def _at_source(self, tx: Tx, group: Group) -> Group:
        """The sources of its alerts that take a silence are brought in step."""
        if not self._silences:
            return group
        own = alert_silence.sources_of(self._house.catalog.alerts, store.senders(tx, group.id))
        if own:
            tx.set_value(alert_silence.outcome_name(group.id), None)  # not known yet
            tx.emit([alert_silence.silence(group, name) for name in own])
            ends_at = group.silenced_until or tx.now
            tx.emit([alert_silence.over(group, name, ends_at) for name in own])
        return group

    async def _change(
        self, group_id: int, by: SlackUser, once: str, change: Callable[[Tx, Group], Group]
    ) -> Group:
        def write(tx: Tx) -> Group:
            group = store.group(tx, group_id)
            if not tx.remember(once, group.incident):
                return group
            permissions.require(self._house, tx, Right.ACT, by, None)
            return self._show(tx, change(tx, group))

        return await self._work.write(write, patience=PATIENCE)

    @staticmethod
    def _show(tx: Tx, group: Group) -> Group:
        saved = store.save_group(tx, group)
        tx.emit(alert_groups.show(saved))
        return saved

    # --- looking -----------------------------------------------------------------------------------------------

    async def view(self, group_id: int) -> GroupView:
        """A group as its card shows it; NotFound."""
        return await self._work.read(lambda tx: self.view_in(tx, group_id))

    def view_in(self, tx: Tx, group_id: int) -> GroupView:
        """The same inside a transaction."""
        group = store.group(tx, group_id, lock=False)
        [view] = alert_lists.views(tx, [group], alerts=NAMED)
        service = self._house.catalog.service(group.service) if group.service else None
        similar: list[Incident] = []
        if view.incident is None or not view.incident.is_open:
            found = tx.similar(group.title, service.id if service else None)
            similar = [each for each in found if each.number != group.incident]
        paged = self._house.catalog.policy_for(service) is not None
        told = tx.value(alert_silence.outcome_name(group.id)) if self._silences else None
        at_source = tuple(sorted((told or {}).items()))
        return replace(
            view,
            similar=tuple(similar),
            paged=paged,
            at_source=at_source,
            beside=self._beside(tx, group),
        )

    def _beside(self, tx: Tx, group: Group) -> tuple[Beside, ...]:
        names = alert_groups.names_nearby(self._house.catalog, group.service)
        found = alert_lists.firing_at(
            tx, names, but=group.id, since=tx.now - NEARBY_FOR, limit=NEARBY
        )
        url = workspace_url(tx)
        return tuple(
            Beside(
                group=each.id,
                title=each.title,
                service=each.service or "",
                link=permalink(url, each.channel, each.ts) if each.channel and each.ts else None,
            )
            for each in found
        )

    async def listed(self, words: str, *, firing: bool = True) -> tuple[list[GroupView], int]:
        """Groups of alerts, newest first, with the total."""
        return await self._work.read(
            lambda tx: alert_lists.listed(tx, firing=firing, words=words, limit=LISTED)
        )

    async def of_incident(self, number: int) -> list[GroupView]:
        """The groups of an incident."""

        def look(tx: Tx) -> list[GroupView]:
            return alert_lists.of_incident(tx, tx.incident(number, lock=False))

        return await self._work.read(look)

    async def without_incident(self) -> tuple[list[GroupView], int]:
        """Firing groups that no open incident covers, for Home."""
        return await self._work.read(
            lambda tx: alert_lists.listed(tx, firing=True, free=True, limit=AT_HOME)
        )


def _owns(incident: Incident, by: SlackUser) -> bool:
    return incident.owner is not None and incident.owner.slack_id == by.id
