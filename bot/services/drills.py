"""The use cases of fire drills: start one, let it go on, report it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain import drill as rules
from bot.domain import drill_report, lifecycle, plan, updates
from bot.domain.drill import Act, Drill, Standing
from bot.domain.incident import (
    MUSTER,
    EntryKind,
    Incident,
    Origin,
    PagerKind,
    PagerLink,
    Urgency,
)
from bot.domain.permissions import Right
from bot.errors import UserError
from bot.services.drill_schedule import DrillSchedule
from bot.services.permissions import require
from bot.store import drills, postmortems
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.catalog import Service
    from bot.domain.incident import Actor
    from bot.domain.lifecycle import Decision
    from bot.services.afterwards import Afterwards
    from bot.services.base import House, SlackUser
    from bot.services.incidents import Incidents
    from bot.store.tx import Tx

#: Who may start one at a time: whoever does locks this.
GATE = "drills.gate"
#: No pager of the incident's pages: whoever started the drill is asked instead.
STARTER = "You started this drill, so you are the one who is paged: press Acknowledge."
#: More acts than a drill has in all.
ACTS = 8


@dataclass(frozen=True, kw_only=True)
class NewDrill:
    """What somebody asks for. ``pages``: whoever a real incident would page; else they alone are paged."""

    by: SlackUser
    service: str | None = None
    severity: str | None = None
    pages: bool = False
    urgent: bool = False
    people: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Begun:
    """The incident of a drill and what only a drill has; ``again``: this very press had started it before."""

    incident: Incident
    drill: Drill
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Reported:
    """The last drill with a report, the one before it, and the drill that is running; None when there is none."""

    last: Begun | None = None
    before: Drill | None = None
    running: Begun | None = None


class Drills:
    """Everything a drill does is decided by its rows and the clock, so it goes on wherever and whenever."""

    def __init__(self, house: House, incidents: Incidents, afterwards: Afterwards) -> None:
        """Given the shared parts, how an incident is started, and what belongs to its end."""
        self._house = house
        self._work = house.work
        self._incidents = incidents
        self._afterwards = afterwards
        self._rules = house.catalog.drills
        self.schedule = DrillSchedule(house, self)

    # --- starting ----------------------------------------------------------------------------------------------

    async def start(self, wanted: NewDrill, *, once: str) -> Begun:
        """Start a drill; the same ``once`` key gives the first one again.

        FieldError for an unknown service or severity, NotAllowed, UserError while another drill is running.
        """

        def change(tx: Tx) -> Begun:
            if not tx.remember(once, None):
                return replace(self._begun(tx, tx.declared_by(once)), again=True)
            require(self._house, tx, Right.DRILL, wanted.by, None)
            named = self._incidents
            service = named.service_named(wanted.service) if wanted.service else None
            severity = named.severity_named(wanted.severity) if wanted.severity else None
            self._one_at_a_time(tx)
            who = tx.people.actor(wanted.by.id, wanted.by.name)
            draft = self._draft(tx, service, who, pages=wanted.pages)
            urgency = Urgency.HIGH if wanted.urgent else Urgency.LOW
            begun = self._start(
                tx,
                replace(draft, severity=severity, urgency=urgency),
                Drill(
                    incident=0,
                    started_at=tx.now,
                    by=who,
                    pages=wanted.pages,
                    people=wanted.people,
                ),
            )
            tx.answered(once, begun.incident.number)
            return begun

        return await self._work.write(change, patience=PATIENCE)

    @staticmethod
    def _one_at_a_time(tx: Tx) -> None:
        tx.value_to_change(GATE)
        tx.set_value(GATE, {"at": tx.now.isoformat()})
        going_on = drills.running(tx)
        if going_on is not None:
            name = f"INC-{going_on.incident}"
            msg = f"The drill {name} is not over yet. Resolve it first: /incident resolve {name}."
            raise UserError(msg)

    def _draft(
        self, tx: Tx, service: Service | None, who: Actor | None, *, pages: bool
    ) -> Incident:
        about = f" for {service.title}" if service else ""
        started = f"{who.name} started it" if who else "It was started by its schedule"
        return Incident(
            number=0,
            title=rules.titled(f"Test incident{about}"),
            description=(
                f"{started}. Nothing is broken: do here what you would do in a real incident. "
                "It is resolved by itself if you do not resolve it, and its channel is archived afterwards."
            ),
            service=service.id if service else None,
            service_title=service.title if service else None,
            urgency=Urgency.LOW,
            drill=True,
            origin=Origin.SLACK if who else Origin.MUSTER,
            reporter=who,
            pager=self._pager(service, who, pages=pages),
            ticket=self._house.ticket_for(
                service, service.title if service else None, private=False
            ),
            started_at=tx.now,
            created_at=tx.now,
            updated_at=tx.now,
        )

    def _pager(self, service: Service | None, who: Actor | None, *, pages: bool) -> PagerLink:
        """As in a real incident when that was asked for; else whoever started it alone, if PagerDuty knows them."""
        link = self._house.pager_for(service)
        if pages:
            return link
        if link.kind is PagerKind.PAGERDUTY and who and who.pagerduty_id and not self._opens(who):
            return replace(link, only=who.pagerduty_id)
        return PagerLink(kind=PagerKind.NOBODY)

    def _opens(self, who: Actor) -> bool:
        """Whether PagerDuty opens it in their name: assigned to oneself it pages nobody, it starts acknowledged."""
        email = (who.email or "").casefold()
        alias = self._house.catalog.people.get(email)
        own = self._house.options.pagerduty_from.casefold()
        return own in {email, (alias.pagerduty or "").casefold() if alias else email}

    def _start(self, tx: Tx, draft: Incident, drill: Drill) -> Begun:
        """The start of any incident, and beside it what makes it a drill."""
        incident = self._incidents.start(tx, draft)
        drill = replace(drill, incident=incident.number)
        drills.add(tx, drill)
        tx.involve(incident.number, drill.people)
        if incident.pager.kind is PagerKind.NOBODY and drill.by is not None:
            tx.emit(plan.page_person(incident, drill.by, "asked", MUSTER, STARTER, aside=True))
        self.go_on(tx, incident.number)
        return Begun(incident=incident, drill=drill)

    def start_scheduled(self, tx: Tx, at: datetime) -> None:
        """The drill that was due then: nobody started it, so nobody is paged unless muster.yml says so."""
        service = self._house.catalog.service(self._rules.service or "")
        draft = self._draft(tx, service, None, pages=self._rules.page)
        drill = Drill(incident=0, started_at=tx.now, pages=self._rules.page, scheduled_for=at)
        self._start(tx, draft, drill)

    # --- going on ----------------------------------------------------------------------------------------------

    def go_on(self, tx: Tx, number: int) -> None:
        """Do what is to be done now, and look again when that may be more. The same twice does nothing."""
        for _ in range(ACTS):
            incident = tx.incident(number)
            drill = drills.find(tx, number)
            if drill is None:
                return
            standing = self._standing(tx, incident, drill)
            step = rules.next_act(incident, drill.started_at, standing, self._rules, tx.now)
            if step.act is Act.WAIT:
                if step.again is not None:
                    tx.emit([rules.look(number, f"at/{step.again.isoformat()}", step.again)])
                return
            self._do(tx, incident, drill, step.act)

    @staticmethod
    def _standing(tx: Tx, incident: Incident, drill: Drill) -> Standing:
        entries = tx.entries(incident.number)
        return Standing(
            updated=any(e.kind is EntryKind.STATUS_UPDATE for e in entries),
            drafted=postmortems.exists(tx, incident.number),
            settled=not drills.unsettled(tx, incident.number),
            reported=drill.reported_at is not None,
        )

    def _do(self, tx: Tx, incident: Incident, drill: Drill, act: Act) -> None:
        match act:
            case Act.ACKNOWLEDGE:
                tx.record(_own(lifecycle.acknowledge(incident, MUSTER, tx.now)))
            case Act.UPDATE:
                tx.record(_own(updates.post_update(incident, rules.UPDATE, MUSTER, tx.now)))
            case Act.RESOLVE:
                tx.record(_own(lifecycle.resolve(incident, MUSTER, tx.now, note=rules.OVER)))
            case Act.POSTMORTEM:
                self._afterwards.postmortems.draft_alone(tx, incident)
            case Act.REPORT:
                self._report(tx, incident, drill)
            case Act.WAIT:
                pass

    def _report(self, tx: Tx, incident: Incident, drill: Drill) -> None:
        facts, entries = drills.facts(tx, incident.number), tx.entries(incident.number)
        drills.reported(tx, incident.number, drill_report.report(incident, drill, facts, entries))
        tx.emit([rules.tell(f"report/{incident.number}", number=incident.number)])
        self._afterwards.archiving.archive_soon(tx, incident)

    # --- looking -----------------------------------------------------------------------------------------------

    async def of(self, incident: Incident) -> Drill | None:
        """What only a drill has, None for a real incident."""
        if not incident.drill:
            return None
        return await self._work.read(lambda tx: drills.find(tx, incident.number))

    async def reports(self, number: int | None = None) -> Reported:
        """The drill of that number (else the last one) with the one before it, and the one that is running."""

        def look(tx: Tx) -> Reported:
            last = drills.last_reported(tx) if number is None else drills.find(tx, number)
            going_on = drills.running(tx)
            return Reported(
                last=self._with_incident(tx, last),
                before=drills.last_reported(tx, before=last.incident) if last else None,
                running=self._with_incident(tx, going_on),
            )

        return await self._work.read(look)

    @staticmethod
    def _with_incident(tx: Tx, drill: Drill | None) -> Begun | None:
        if drill is None:
            return None
        return Begun(incident=tx.incident(drill.incident, lock=False), drill=drill)

    @staticmethod
    def _begun(tx: Tx, incident: Incident) -> Begun:
        drill = drills.find(tx, incident.number)
        return Begun(
            incident=incident,
            drill=drill or Drill(incident=incident.number, started_at=incident.created_at),
        )


def _own(decision: Decision) -> Decision:
    """What the drill does of its own accord came from nobody in Slack."""
    entries = tuple(replace(entry, origin=Origin.MUSTER) for entry in decision.entries)
    return replace(decision, entries=entries)
