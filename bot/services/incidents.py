"""The use cases of an incident: declare, acknowledge, reassign, escalate, resolve, reopen, edit, look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain import lifecycle, moments, plan, storm
from bot.domain.effects import EffectKind
from bot.domain.incident import (
    Actor,
    EntryKind,
    Incident,
    Origin,
    PagerKind,
    Phase,
    Urgency,
)
from bot.domain.permissions import Right
from bot.domain.reach import natively
from bot.errors import FieldError, MusterError
from bot.services import audit, linking, permissions, steps
from bot.services.members import able, asked_natively
from bot.services.naming import channel_name
from bot.store import queries, runlog
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from bot.domain.catalog import Service
    from bot.domain.incident import Entry
    from bot.domain.lifecycle import Decision, EscalationTarget
    from bot.domain.moments import Said
    from bot.services.base import House, SlackUser
    from bot.store.queries import Page
    from bot.store.runlog import StepRecord
    from bot.store.tx import Tx

#: PRODUCT.md, "Precisely", Storm: while more channels than this wait, further ones open on demand.
CHANNELS_AT_ONCE = 10


class SimilarOpen(MusterError):
    """An open incident looks the same; nothing was declared."""

    def __init__(self, similar: list[Incident]) -> None:
        """Carry them for the question."""
        super().__init__("a similar incident is open")
        self.similar = similar


@dataclass(frozen=True, kw_only=True)
class NewIncident:
    """What somebody (or some program) declares."""

    title: str
    severity: str | None = None
    service: str | None = None
    description: str = ""
    private: bool = False
    origin: Origin = Origin.SLACK
    by: SlackUser | None = None
    reporter: Actor | None = None
    detected_by: str = ""
    said_in: str | None = None
    message: Said | None = None  # the one it was opened from
    channel: str | None = None  # the existing channel it uses instead of one of its own


@dataclass(frozen=True, kw_only=True)
class Declared:
    """The incident, and whether this very submission had declared it before."""

    incident: Incident
    again: bool


@dataclass(frozen=True, kw_only=True)
class View:
    """An incident with its timeline and run log."""

    incident: Incident
    entries: tuple[Entry, ...]
    steps: tuple[StepRecord, ...]


def _using(tx: Tx, draft: Incident, channel: str) -> Incident:
    other = tx.by_channel(channel)
    if other is not None:
        field, text = "use_channel", f"This is the channel of {other.name} already. Untick it."
        raise FieldError(field, text)
    return replace(draft, places=replace(draft.places, adopts=channel))


class Incidents:
    """Every method is one use case: load, decide, save and emit in one transaction."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work

    # --- starting ----------------------------------------------------------------------------------------------

    async def declare(self, new: NewIncident, *, once: str, ask_similar: bool = False) -> Declared:
        """Start an incident; the same ``once`` key gives the first one again.

        Raises FieldError for a bad title, severity or service, SimilarOpen (with ``ask_similar``) when one that
        looks the same is open, Busy when the database is not available.
        """
        draft_of = self._checked(new)

        def change(tx: Tx) -> Declared:
            if not tx.remember(once, None):
                return Declared(incident=tx.declared_by(once), again=True)
            if new.by:
                permissions.require(self._house, tx, Right.DECLARE, new.by, None)
                if new.private:
                    permissions.require(self._house, tx, Right.PRIVATE, new.by, None)
            draft = draft_of(tx)
            if ask_similar and (similar := tx.similar(draft.title, draft.service)):
                raise SimilarOpen(similar)
            if new.channel:
                draft = _using(tx, draft, new.channel)
            incident = self.start(tx, draft)
            if new.message is not None:
                incident = steps.opened_from(tx, incident, new.message)
            tx.answered(once, incident.number)
            return Declared(incident=incident, again=False)

        return await self._work.write(change, patience=PATIENCE)

    def draft(self, tx: Tx, new: NewIncident) -> Incident:
        """The incident that ``declare`` would store, for those who declare inside a transaction of their own."""
        return self._checked(new)(tx)

    def start(self, tx: Tx, draft: Incident) -> Incident:
        """Store a new incident with its first entry and the effects of starting (for every way in)."""
        incident = tx.add(draft)
        if incident.opens_channel:
            incident = self.reserve_name(tx, incident)
        incident = self._weather(tx, incident)
        stored = tx.record(lifecycle.started(incident))
        if stored.pager.kind is PagerKind.PAGERDUTY and stored.pager.id:
            tx.emit([plan.read_page(stored.pager.id, why=f"start/{stored.number}")])
        return stored

    @staticmethod
    def _weather(tx: Tx, incident: Incident) -> Incident:
        """In a storm low urgency is listed in the one summary, and the summary says what waits."""
        if (
            incident.private
            or incident.drill
            or not tx.many_waiting(EffectKind.ANNOUNCE, storm.THRESHOLD)
        ):
            return incident
        state = storm.Storm.from_value(tx.value_to_change(storm.VALUE))
        if not state.began:
            state = storm.begun(tx.now)
        if incident.urgency is Urgency.LOW:
            state = state.joined(incident.number)
            incident = replace(incident, places=replace(incident.places, listed=True))
        tx.set_value(storm.VALUE, state.as_value())
        tx.emit([storm.joined_by_one(state, tx.now)])
        return incident

    def reserve_name(self, tx: Tx, incident: Incident, *, nth: int = 1) -> Incident:
        """Choose the channel's name; no two incidents of ours ever try the same one."""
        name = channel_name(self._house.catalog.channel_name, incident, nth=nth)
        while tx.channel_name_taken(name, incident.number):
            nth += 1
            name = channel_name(self._house.catalog.channel_name, incident, nth=nth)
        return replace(incident, places=replace(incident.places, channel_name=name))

    def _checked(self, new: NewIncident) -> Callable[[Tx], Incident]:
        """Check what was typed now; the draft itself is made in the transaction, with its time and people."""
        title = lifecycle.checked_title(new.title)
        description = lifecycle.checked_text("description", new.description)
        severity = self.severity_named(new.severity) if new.severity else None
        service = self.service_named(new.service) if new.service else None

        def draft(tx: Tx) -> Incident:
            reporter = tx.people.actor(new.by.id, new.by.name) if new.by else new.reporter
            return Incident(
                number=0,
                title=title,
                description=description,
                severity=severity,
                service=service.id if service else None,
                service_title=service.title if service else None,
                urgency=Urgency.HIGH,
                private=new.private,
                origin=new.origin,
                reporter=reporter,
                pager=self._house.pager_for(service),
                ticket=self._house.ticket_for(
                    service, service.title if service else None, private=new.private
                ),
                started_at=tx.now,
                created_at=tx.now,
                updated_at=tx.now,
            )

        return draft

    def severity_named(self, name: str) -> str:
        """The configured severity of that name; FieldError lists them."""
        found = self._house.catalog.severity(name)
        if found is None:
            names = ", ".join(s.name for s in self._house.catalog.severities)
            field, text = "severity", f"There is no severity {name}. Choose one of {names}."
            raise FieldError(field, text)
        return found.name

    def service_named(self, name: str) -> Service:
        """The configured service of that id or title; FieldError lists some."""
        found = self._house.catalog.service(name)
        if found is None:
            names = (
                ", ".join(list(self._house.catalog.services)[:20])
                or "none are configured in muster.yml"
            )
            field, text = "service", f"There is no service {name}. Known: {names}."
            raise FieldError(field, text)
        return found

    async def similar(self, title: str, service: str | None) -> list[Incident]:
        """Open incidents that look the same, for the form's offer."""
        return await self._work.read(lambda tx: tx.similar(title, service))

    # --- changing ----------------------------------------------------------------------------------------------

    async def change(
        self,
        number: int,
        by: SlackUser,
        once: str,
        decide: Callable[[Tx, Incident, Actor], Decision],
        right: Right = Right.ACT,
    ) -> Incident:
        """Load, decide, save; a repeated press (same ``once``) meets its first result. NotAllowed says who may."""

        def change(tx: Tx) -> Incident:
            incident = tx.incident(number)
            if not tx.remember(once, number):
                return incident
            permissions.require(self._house, tx, right, by, incident)
            who = tx.people.actor(by.id, by.name)
            decision = decide(tx, incident, who)
            after = tx.record(decision)
            tx.emit(linking.offers(tx, after, who, decision.effects))
            return after

        return await self._work.write(change, patience=PATIENCE)

    async def acknowledge(self, number: int, *, by: SlackUser, once: str) -> Incident:
        """Take responsibility. AlreadyDone says who did."""
        return await self.change(
            number, by, once, lambda tx, i, who: lifecycle.acknowledge(i, who, tx.now)
        )

    async def resolve(self, number: int, *, by: SlackUser, once: str, note: str = "") -> Incident:
        """Close it."""
        return await self.change(
            number,
            by,
            once,
            lambda tx, i, who: lifecycle.resolve(i, who, tx.now, note=note),
            Right.RESOLVE,
        )

    async def reopen(self, number: int, *, by: SlackUser, once: str) -> Incident:
        """Open a resolved one again; a channel that was archived meanwhile gets a successor (see the worker)."""
        return await self.change(
            number, by, once, lambda tx, i, who: lifecycle.reopen(i, who, tx.now), Right.RESOLVE
        )

    async def reassign(
        self, number: int, *, to: str, by: SlackUser, once: str, message: str = ""
    ) -> Incident:
        """Hand it to the member ``to`` (Slack id); UserError when they cannot take it."""

        def decide(tx: Tx, incident: Incident, who: Actor) -> Decision:
            target = able(tx, incident, to, who, "reassign", message)
            return lifecycle.reassign(incident, target, who, tx.now, message=message)

        return await self.change(number, by, once, decide)

    async def escalate(
        self,
        number: int,
        *,
        to: EscalationTarget,
        person: str | None,
        by: SlackUser,
        once: str,
        message: str = "",
    ) -> Incident:
        """Escalate to a level, a policy, or one more person (Slack id)."""

        def decide(tx: Tx, incident: Incident, who: Actor) -> Decision:
            target = to
            if person:
                them = able(tx, incident, person, who, "escalate", message)
                target = replace(to, person=them)
            if (
                target.level is None
                and not target.policy_id
                and not target.policy_name
                and target.person is None
            ):
                target = replace(target, level=self._level(incident, None))
            elif target.level is not None:
                target = replace(target, level=self._level(incident, target.level))
            people = asked_natively(tx, self._house.catalog, incident, target)
            return lifecycle.escalate(incident, target, who, tx.now, message=message, people=people)

        return await self.change(number, by, once, decide)

    def _level(self, incident: Incident, level: int | None) -> int:
        if incident.pager.kind is PagerKind.NATIVE:
            return natively(self._house.catalog, incident.pager).level_to_page(level)
        return level or incident.pager.level + 1

    async def annotate(self, number: int, text: str, *, by: SlackUser, once: str) -> Incident:
        """Add a note."""
        return await self.change(
            number, by, once, lambda tx, i, who: lifecycle.annotate(i, text, who, tx.now)
        )

    async def set_severity(
        self, number: int, name: str, *, by: SlackUser, once: str, reason: str = ""
    ) -> Incident:
        """Change the severity."""
        value = self.severity_named(name)
        return await self._set(number, EntryKind.SEVERITY, value, by, once, reason)

    async def set_phase(
        self, number: int, name: str, *, by: SlackUser, once: str, reason: str = ""
    ) -> Incident:
        """Change the phase (all but resolved, which is Resolve)."""
        phases = [p.value for p in Phase if p is not Phase.RESOLVED]
        value = name.strip().casefold()
        if value not in phases:
            field, text = (
                "phase",
                f"There is no phase {name}. Choose one of {', '.join(phases)}, or use resolve.",
            )
            raise FieldError(field, text)
        return await self._set(number, EntryKind.PHASE, value, by, once, reason)

    async def set_title(self, number: int, title: str, *, by: SlackUser, once: str) -> Incident:
        """Change the title."""
        return await self._set(number, EntryKind.TITLE, lifecycle.checked_title(title), by, once)

    async def set_summary(self, number: int, text: str, *, by: SlackUser, once: str) -> Incident:
        """Change what is known to be happening."""
        return await self._set(
            number, EntryKind.SUMMARY, lifecycle.checked_text("summary", text), by, once
        )

    async def _set(
        self, number: int, kind: EntryKind, value: str, by: SlackUser, once: str, reason: str = ""
    ) -> Incident:
        return await self.change(
            number,
            by,
            once,
            lambda tx, i, who: lifecycle.set_field(i, kind, value, who, tx.now, reason=reason),
            Right.SEVERITY if kind is EntryKind.SEVERITY else Right.ACT,
        )

    async def open_channel(self, number: int, *, by: SlackUser, once: str) -> Incident:
        """Open the channel of an incident that was only announced."""

        def change(tx: Tx) -> Incident:
            incident = tx.incident(number)
            if incident.places.channel or incident.opens_channel or not tx.remember(once, number):
                return incident
            permissions.require(self._house, tx, Right.ACT, by, incident)
            audit.did(tx, incident, by, "opened a channel for it")
            return self.open_up(tx, incident, by=tx.people.actor(by.id, by.name))

        return await self._work.write(change, patience=PATIENCE)

    def open_up(self, tx: Tx, incident: Incident, *, by: Actor | None) -> Incident:
        """An incident that was only announced gets everything else: channel, ticket, pager."""
        opening = self.reserve_name(
            tx, replace(incident, opens_channel=True, reporter=incident.reporter or by)
        )
        steps = plan.start(opening)[len(plan.announce(opening)) :]
        decision = lifecycle.Decision(
            incident=replace(opening, updated_at=tx.now), effects=(*steps, *plan.refresh(opening))
        )
        return tx.record(decision)

    async def join(self, number: int, *, by: SlackUser, once: str) -> Incident:
        """Take part in an incident instead of declaring another: an invitation to its channel."""

        def change(tx: Tx) -> Incident:
            incident = tx.incident(number)
            if not tx.remember(once, number):
                return incident
            permissions.require(self._house, tx, Right.JOIN, by, incident)
            if incident.places.channel:
                audit.did(tx, incident, by, "joined")
                tx.emit(plan.invite(incident, by.id, once))
            return incident

        return await self._work.write(change, patience=PATIENCE)

    async def open_home(self, slack_id: str) -> None:
        """Have Home published for one person."""

        def change(tx: Tx) -> None:
            tx.emit([plan.publish_home(slack_id, tx.now)])

        await self._work.write(change, patience=PATIENCE)

    # --- steps -------------------------------------------------------------------------------------------------

    async def retry_step(self, effect_id: int, number: int, *, by: SlackUser) -> bool:
        """Somebody pressed Retry; False when there is nothing to retry any more."""

        def change(tx: Tx) -> bool:
            before = runlog.stopped(tx)
            done = self._step_changed(tx, number, effect_id, by, tx.retry, "tried again")
            for provider in before.keys() - runlog.stopped(tx).keys():
                steps.provider_changed(tx, provider)
            self._show_again(tx, number)
            return done

        return await self._work.write(change, patience=PATIENCE)

    async def dismiss_step(self, effect_id: int, number: int, *, by: SlackUser) -> bool:
        """Somebody pressed Dismiss; False when there was nothing to dismiss any more."""

        def change(tx: Tx) -> bool:
            done = self._step_changed(tx, number, effect_id, by, tx.dismiss, "dismissed")
            self._show_again(tx, number)
            return done

        return await self._work.write(change, patience=PATIENCE)

    def _step_changed(
        self,
        tx: Tx,
        number: int,
        effect_id: int,
        by: SlackUser,
        do: Callable[[int], bool],
        did: str,
    ) -> bool:
        """Only a step of this very incident, and whoever did it is on record."""
        incident = tx.incident(number)
        permissions.require(self._house, tx, Right.ACT, by, incident)
        step = runlog.step(tx, number, effect_id)
        if step is None or not do(effect_id):
            return False
        audit.did(tx, incident, by, f"{did}: {step.label}")
        return True

    @staticmethod
    def _show_again(tx: Tx, number: int) -> None:
        """A step changed: the cards are rendered again, under the key of this very version."""
        incident = tx.incident(number)
        tx.record(lifecycle.Decision(incident=incident, effects=plan.refresh(incident)))

    # --- looking -----------------------------------------------------------------------------------------------

    async def get(self, number: int) -> Incident:
        """One incident; NotFound."""
        return await self._work.read(lambda tx: tx.incident(number, lock=False))

    async def may_use(self, channel: str) -> bool:
        """Whether an incident could use that channel: it belongs to none, and is not for announcements."""

        def look(tx: Tx) -> bool:
            rooms = [tx.value(f"room:{role}") or {} for role in ("incidents", "admins")]
            taken = channel in {room.get("id") for room in rooms}
            return not taken and tx.by_channel(channel) is None

        return await self._work.read(look)

    async def may_act(self, by: SlackUser) -> None:
        """Raise NotAllowed for whoever may change nothing; for what concerns no incident."""
        await self._work.read(lambda tx: permissions.require(self._house, tx, Right.ACT, by, None))

    async def related(self, incident: Incident) -> list[Incident]:
        """Other open incidents on its service, or on one that service depends on or serves."""
        services = self._house.catalog.related(incident.service)
        return await self._work.read(
            lambda tx: queries.on_services(tx, services, besides=incident.number)
        )

    async def in_channel(self, channel: str) -> Incident | None:
        """The incident whose channel that is, None elsewhere."""
        return await self._work.read(lambda tx: tx.by_channel(channel))

    async def view(self, number: int) -> View:
        """One incident with everything that happened to it."""

        def look(tx: Tx) -> View:
            incident = tx.incident(number, lock=False)
            return View(
                incident=incident,
                entries=tuple(moments.visible(tx.entries(number))),
                steps=tuple(runlog.steps(tx, number)),
            )

        return await self._work.read(look)

    async def listed(
        self,
        *,
        open_only: bool = True,
        service: str | None = None,
        mine: str | None = None,
        viewer: str | None = None,
        limit: int = 20,
        drills: bool = True,
    ) -> Page:
        """Newest first, with the total; private ones for a ``viewer`` (Slack id) who is in them only."""
        return await self._work.read(
            lambda tx: queries.incidents(
                tx, open_only=open_only, service=service, mine=mine, viewer=viewer, limit=limit,
                drills=drills,
            )
        )  # fmt: skip

    async def suggested(self, words: str, *, to: str) -> list[Incident]:
        """Incidents somebody may mean by ``words`` (a number or part of a title), among those they may see."""
        return await self._work.read(lambda tx: queries.suggested(tx, words, to))

    async def now(self) -> datetime:
        """The house's clock."""
        return self._work.clock.now()
