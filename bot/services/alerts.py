"""What a delivery of alerts changes: the alerts, their groups, and by the rules a card, a page or an incident."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from bot.domain import alert_groups, alert_silence, lifecycle, plan, storm
from bot.domain.alert_groups import Group, collects, new_group, stronger
from bot.domain.alert_state import News, Stored, settle
from bot.domain.alert_storm import AlertStorm
from bot.domain.alerts import Mapped, worst
from bot.domain.effects import Effect, EffectKind, Rank
from bot.domain.incident import MUSTER, Actor, Entry, EntryKind, Origin
from bot.domain.lifecycle import Decision
from bot.services.incidents import NewIncident
from bot.store import alerts as store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.alerts import Alert
    from bot.domain.catalog import Rule
    from bot.domain.incident import Incident
    from bot.ports import AlertMapping
    from bot.services.base import House, SlackUser
    from bot.services.incidents import Incidents
    from bot.store.tx import Tx

#: What is said of a delivery in the database and to the admins.
REASON = 1500


@dataclass(frozen=True)
class Prepared:
    """An alert with its group's key and the rule that matched it."""

    alert: Alert
    key: str
    rule: Rule | None


@dataclass(frozen=True)
class Understood:
    """A delivery that was mapped, ready to be applied in a transaction."""

    source: str
    mapped: Mapped
    prepared: tuple[Prepared, ...]
    odd: str = ""

    @property
    def state(self) -> str:
        """What becomes of the kept delivery: one that failed in part is kept until it was applied whole."""
        if self.mapped.failures:
            return "failed"
        return "applied" if self.prepared else "ignored"

    @property
    def reason(self) -> str | None:
        """Why, in one line."""
        return "; ".join(each for each in (self.mapped.reason, self.odd) if each)[:REASON] or None


class AlertIntake:
    """From a kept delivery to alerts, groups and what follows."""

    def __init__(self, house: House, incidents: Incidents, mapping: AlertMapping) -> None:
        """Given the shared parts, the way to declare, and jq."""
        self._house = house
        self._incidents = incidents
        self._mapping = mapping
        self._rules = house.catalog.alerts
        house.work.entry_listeners.append(self.told)

    @staticmethod
    def told(tx: Tx, incident: Incident, entry: Entry) -> list[Effect]:
        """What follows from a new timeline entry: the cards of the incident's alerts say how it stands."""
        if entry.kind not in alert_groups.MATTERS:
            return []
        return alert_groups.follow(entry, store.of_incident(tx, incident.number))

    async def understand(self, source: str, body: bytes) -> Understood:
        """Map a delivery, and ask the configured jq about each alert; nothing is written yet."""
        mapped = await self._mapping.map(source, json.loads(body))
        prepared: list[Prepared] = []
        odd = ""
        for alert in mapped.alerts:
            key, failed = await self._mapping.group_key(alert)
            odd = f"group_by: {failed}; grouped by service and title" if failed else odd
            rule = await self._mapping.decide(alert) if alert.is_open else None
            prepared.append(Prepared(alert, key, rule))
        return Understood(source, mapped, tuple(prepared), odd)

    def apply(self, tx: Tx, understood: Understood) -> None:
        """Change alerts and groups; applying the same delivery again changes nothing more."""
        touched: dict[int, Group] = {}
        opened: dict[str, int] = {}
        ended: set[int] = set()
        by_source: dict[str, list[Prepared]] = {}
        for each in understood.prepared:
            by_source.setdefault(each.alert.source, []).append(each)
        for source, some in by_source.items():
            known = store.known(tx, source, (each.alert.external_id for each in some))
            for each in some:
                before = known.get(each.alert.external_id)
                news, after = settle(before, each.alert, tx.now)
                group = touched.get(opened.get(each.key, 0)) if news is News.NEW else None
                group = group or self._group_of(tx, before, each, news, touched)
                after = replace(after, group=group.id if group else after.group)
                known[each.alert.external_id] = store.keep(tx, after)
                if group is None or not news.is_told:
                    continue
                touched[group.id] = self._told(tx, group, each, news, after)
                opened[each.key] = group.id
                if news is News.ENDED and group.incident:
                    ended.add(group.incident)
        for group in touched.values():
            self._show(tx, store.save_group(tx, group))
        for number in sorted(ended):
            self.ended(tx, number)
        if understood.mapped.failures:
            tx.emit([_tell_admins(understood, tx)])

    def _group_of(
        self,
        tx: Tx,
        before: Stored | None,
        each: Prepared,
        news: News,
        touched: dict[int, Group],
    ) -> Group | None:
        """The group an alert is in, or comes into when it opens."""
        own = None
        if before and before.group:
            own = touched.get(before.group) or store.group(tx, before.group)
        if news not in {News.NEW, News.AGAIN}:
            return own
        window = self._rules.window
        if own and collects(own, tx.now, window, any_open=store.any_open(tx, own.id)):
            return own
        found = store.collecting(tx, each.key)
        if found is not None:
            found = touched.get(found.id, found)
            if collects(found, tx.now, window, any_open=store.any_open(tx, found.id)):
                return found
            over = store.save_group(tx, replace(found, collecting=False))
            if over.id in touched:
                self._show(tx, over)
                del touched[over.id]  # it is told; what follows is another group's
        route = each.rule.do if each.rule else "announce"
        return store.add_group(tx, new_group(each.alert, each.key, route, tx.now))

    def _told(self, tx: Tx, group: Group, each: Prepared, news: News, after: Stored) -> Group:
        """What one piece of news changes about its group, its incident, and who is called."""
        alert = after.alert
        if alert.is_open:
            group = replace(group, severity=worst([group.severity, alert.severity]))
        group = replace(group, last_at=tx.now)
        flapping = after.is_flapping(tx.now)
        if alert.is_open and not group.is_silenced(tx.now):
            group = self._routed(tx, group, each, after, news, calm=not flapping)
        elif news in {News.NEW, News.AGAIN}:
            tx.emit(alert_silence.joined(self._rules, group, alert.source))
        if group.incident and not flapping and news is not News.CHANGED:
            group = self._noted(tx, group, after, news)
        return group

    def _routed(
        self, tx: Tx, group: Group, each: Prepared, after: Stored, news: News, *, calm: bool
    ) -> Group:
        """Do what the matching rule wants: the strongest that was wanted for the group counts."""
        wanted = each.rule.do if each.rule else "announce"
        if stronger(wanted, group):
            group = replace(group, route=wanted, listed=False)
        if each.rule and each.rule.severity:
            group = replace(group, rule_severity=each.rule.severity)
        anew = news in {News.NEW, News.AGAIN}
        if wanted == "page" and group.paged_at is None:
            group = replace(group, paged_at=tx.now)
            tx.emit([alert_groups.page(group, 1)])
        if wanted == "incident" and calm:
            now = tx.incident_or_none(group.incident) if group.incident else None
            if now is None or (anew and not now.is_open):
                group = self._needs_incident(tx, group, after, now)
        return group

    def _needs_incident(self, tx: Tx, group: Group, after: Stored, was: Incident | None) -> Group:
        """The rules want an incident: the one that ended by itself, one that looks the same, or a new one."""
        if was is not None and was.merged_into is None and was.resolved_by == MUSTER:
            tx.record(lifecycle.reopen(was, MUSTER, tx.now))
            return group
        service = self._house.catalog.service(group.service) if group.service else None
        similar = tx.similar(group.title, service.id if service else None)
        if similar:
            return self.attach(tx, group, similar[0], by=None)
        return self.open(tx, group, [after], by=None, total=1)

    # --- incidents ---------------------------------------------------------------------------------------------

    def open(
        self,
        tx: Tx,
        group: Group,
        alerts: Sequence[Stored],
        *,
        by: SlackUser | None,
        total: int,
    ) -> Group:
        """Declare an incident for a group, with all it knows; the group (to be saved) is attached to it."""
        service = self._house.catalog.service(group.service) if group.service else None
        severity = group.rule_severity or alert_groups.severity_for(
            self._house.catalog, group.severity
        )
        new = NewIncident(
            title=group.title,
            severity=severity,
            service=service.id if service else None,
            description=alert_groups.description(group, alerts, total),
            origin=Origin.ALERT,
            by=by,
            reporter=Actor(name=group.source),
        )
        incident = self._incidents.start(tx, self._incidents.draft(tx, new))
        return self.attach(tx, group, incident, by=None)

    def attach(self, tx: Tx, group: Group, incident: Incident, *, by: Actor | None) -> Group:
        """The group (to be saved) belongs to an incident: that is in its timeline and on its card."""
        incident = tx.incident(incident.number)
        entry = Entry(
            kind=EntryKind.ALERTS,
            at=tx.now,
            actor=by,
            origin=Origin.SLACK if by else Origin.ALERT,
            target=group.title,
            text=_where(group),
        )
        tx.record(Decision(incident=incident, entries=(entry,), effects=plan.refresh(incident)))
        return replace(group, incident=incident.number, told=0)

    def _noted(self, tx: Tx, group: Group, after: Stored, news: News) -> Group:
        """A single alert in the timeline of its group's incident; the card is refreshed in any case."""
        incident = tx.incident_or_none(group.incident or 0)
        if incident is None:
            return group
        words = {News.NEW: "fires", News.AGAIN: "fires again", News.ENDED: "is over"}
        entries: tuple[Entry, ...] = ()
        if group.told < alert_groups.TOLD:
            severity = f" ({after.alert.severity})" if after.alert.severity else ""
            at = after.alert.ended_at if news is News.ENDED else after.since
            text = f"{after.alert.title}{severity} {words[news]}"
            entries = (
                Entry(
                    kind=EntryKind.ALERT,
                    at=min(at or tx.now, tx.now),
                    origin=Origin.ALERT,
                    target=text,
                    text=after.alert.description[:500],
                ),
            )
        tx.record(Decision(incident=incident, entries=entries, effects=plan.refresh(incident)))
        return replace(group, told=group.told + 1)

    def ended(self, tx: Tx, number: int) -> None:
        """An alert of an incident ended: when it was the last, people are told, and what happens next."""
        incident = tx.incident_or_none(number)
        if incident is None or not incident.is_open:
            return
        calm = store.calm_at(tx, number)
        if calm is not None:
            tx.emit([alert_groups.look_again(incident, tx.now, calm, "calm")])
            return
        if store.over_since(tx, number) is None:
            return
        by_itself = (
            self._rules.resolve_incident_when_all_resolved and incident.origin is Origin.ALERT
        )
        then, effects = "", list(plan.refresh(incident))
        if by_itself:
            due = tx.now + self._rules.window
            then = f" I resolve it at {due:%H:%M} UTC unless one fires again."
            effects.append(alert_groups.look_again(incident, tx.now, due, "resolve"))
        entry = Entry(
            kind=EntryKind.ALERTS,
            at=tx.now,
            origin=Origin.MUSTER,
            target="all are over",
            text=f"All alerts of this incident have ended.{then}",
        )
        tx.record(Decision(incident=incident, entries=(entry,), effects=tuple(effects)))

    def looked_again(self, tx: Tx, number: int, stage: str) -> None:
        """The time has come that was set when the last alert ended."""
        if stage == "calm":
            self.ended(tx, number)
            return
        incident = tx.incident_or_none(number)
        over = store.over_since(tx, number)
        if incident is None or not incident.is_open or over is None:
            return
        if (
            over > tx.now - self._rules.window
        ):  # one fired again meanwhile; its end set a time of its own
            return
        note = "All alerts of this incident have ended."
        tx.record(lifecycle.resolve(incident, MUSTER, tx.now, note=note))

    # --- what is shown -----------------------------------------------------------------------------------------

    @staticmethod
    def _show(tx: Tx, group: Group) -> None:
        """The card, or in a storm the summary."""
        # Only a group that is told of for the first time: another has its card, or one on the way.
        fresh = group.route == "announce" and group.version <= 1
        if fresh and tx.many_waiting(EffectKind.POST_ALERTS, storm.THRESHOLD):
            group = store.save_group(tx, replace(group, listed=True))
        if group.listed:
            state = AlertStorm.from_value(tx.value_to_change(AlertStorm.VALUE))
            if not state.began:
                state = AlertStorm.begun(tx.now)
                tx.set_value(AlertStorm.VALUE, state.as_value())
            tx.emit([state.summarise()])
            return
        tx.emit(alert_groups.show(group))


def _where(group: Group) -> str:
    parts = [group.severity or "", group.service or "", f"from {group.source}"]
    return " · ".join(part for part in parts if part)


def _tell_admins(understood: Understood, tx: Tx) -> Effect:
    """Once an hour for the same failure."""
    reason = understood.reason or ""
    mark = hashlib.sha256(reason.encode()).hexdigest()[:16]
    return Effect(
        kind=EffectKind.TELL_ADMINS,
        key=f"alerts/{understood.source}/failed/{mark}/{tx.now:%Y%m%d%H}",
        lane=f"alerts/{understood.source}/failed",
        payload={
            "text": f"A delivery of alerts from {understood.source} could not be read in full, so it is "
            f"kept. {reason}. Correct the expression in muster.yml (muster mapping try shows what it "
            "yields), restart me, then apply it again: muster replay with the id the sender was answered."
        },
        rank=Rank.FOLLOW,
    )
