"""How incidents live: triggered, acknowledged, resolved, and who they are assigned to.

https://support.pagerduty.com/main/docs/incidents, .../reassign-incidents and the descriptions of
`PUT /incidents/{id}` in the API reference. Each function changes the incident, logs and sends the
event; what is impossible raises an ApiError before anything changed.
"""

from dataclasses import dataclass
from datetime import timedelta

from bot.sandbox.pagerduty import errors, ids
from bot.sandbox.pagerduty.account import Account
from bot.sandbox.pagerduty.journal import Journal, named
from bot.sandbox.pagerduty.model import (
    Agent,
    Alert,
    Incident,
    Json,
    Origin,
    Policy,
    Priority,
    Service,
    Stamp,
    Status,
    User,
)


@dataclass
class Draft:
    """What a new incident is made from."""

    title: str
    service: Service
    urgency: str = "high"
    priority: Priority | None = None
    key: str | None = None
    body: str | None = None
    policy: Policy | None = None
    assignee: User | None = None
    bridge: Json | None = None
    type_name: str = "incident_default"
    origin: Origin = "api"
    alerts: tuple[Json, ...] = ()


class Lifecycle:
    """The changes of status, assignment and fields."""

    def __init__(self, account: Account, journal: Journal) -> None:
        """Keep the account and where history is written."""
        self.account, self.journal = account, journal

    # --- status

    def trigger(self, draft: Draft, by: Agent) -> Incident:
        """Open an incident; assigned to oneself it starts acknowledged."""
        policy = draft.policy or draft.service.policy
        if draft.key and self.account.open_with_key(draft.service, draft.key):
            raise errors.duplicate_key()
        level = 1 if draft.assignee else self.account.first_level(policy)
        incident = self._made(draft, policy, level, by)
        self._add_alerts(incident, draft.alerts)
        self.account.add(incident)
        how = {"api": "the API", "web": "the website", "integration": draft.service.name}
        channel = {
            "type": "web_trigger" if draft.origin == "web" else "api",
            "summary": draft.title,
            "subject": draft.title,
            "details": draft.body,
        }
        text = f"Triggered through {how[draft.origin]}."
        self.journal.log(incident, "trigger", by, text, channel)
        users = [draft.assignee] if draft.assignee else self.account.on_call(policy, level)
        self._assign(incident, users, by)
        self.journal.tell(incident, "triggered", by)
        if draft.assignee is not None and draft.assignee is by:
            self.acknowledge(incident, by)
        return incident

    def _made(self, draft: Draft, policy: Policy, level: int, by: Agent) -> Incident:
        """The new incident. With alerts it has no key of its own, else always one."""
        now = self.account.now()
        random_key = ids.long("").lower() + ids.long("").lower()
        return Incident(
            id=ids.long(),
            number=self.account.next_number(),
            title=draft.title,
            service=draft.service,
            policy=policy,
            created_at=now,
            updated_at=now,
            changed_at=now,
            changed_by=by,
            urgency=draft.urgency,
            key=draft.key or (None if draft.alerts else random_key),
            priority=draft.priority,
            origin=draft.origin,
            body=draft.body,
            bridge=draft.bridge,
            type_name=draft.type_name,
            level=level,
            direct=draft.assignee is not None,
        )

    def _add_alerts(self, incident: Incident, alerts: tuple[Json, ...]) -> None:
        for given in alerts:
            key = str(given.get("alert_key") or given.get("dedup_key") or ids.long("").lower())
            incident.alerts.append(
                Alert(
                    id=ids.long(),
                    summary=str(given.get("summary") or incident.title),
                    key=key,
                    severity=str(given.get("severity") or "critical"),
                    details=given.get("details") or {},
                    service=incident.service,
                    incident=incident,
                    created_at=incident.created_at,
                )
            )

    def acknowledge(self, incident: Incident, by: Agent) -> None:
        """Claim it. Several people may; the same person only once."""
        if not incident.open:
            raise errors.already_resolved()
        if isinstance(by, User):
            if any(stamp.user is by for stamp in incident.acknowledgements):
                raise errors.already_acknowledged()
            self._acknowledged(incident, by)
        self.journal.tell(incident, "acknowledged", by)

    def _acknowledged(self, incident: Incident, by: User) -> None:
        now = self.account.now()
        self.journal.log(incident, "acknowledge", by, f"Acknowledged by {by.name}.")
        if not any(stamp.user is by for stamp in incident.assignments):
            # Whoever claims it owns it: nobody else is paged for it any more.
            kept = incident.assignments if incident.acknowledgements else []
            incident.assignments = [*kept, Stamp(now, by)]
        incident.acknowledgements.append(Stamp(now, by))
        self._status(incident, "acknowledged", by)

    def unacknowledge(self, incident: Incident, by: Agent) -> None:
        """Back to triggered, by hand or because the acknowledgement timed out."""
        if incident.status != "acknowledged":
            raise errors.invalid_status()
        why = f"by {by.name}" if by else "due to timeout"
        self._retrigger(incident, by)
        channel = None if by else {"type": "timeout"}
        self.journal.log(incident, "unacknowledge", by, f"Unacknowledged {why}.", channel)
        self.journal.tell(incident, "unacknowledged", by)

    def resolve(
        self, incident: Incident, by: Agent, resolution: str | None = None, channel: str = ""
    ) -> None:
        """Close it: resolved incidents are assigned to nobody."""
        if not incident.open:
            raise errors.already_resolved()
        now = self.account.now()
        incident.assignments, incident.acknowledgements = [], []
        incident.resolved_at, incident.snoozed_until = now, None
        for alert in incident.alerts:
            alert.status = "resolved"
        self._status(incident, "resolved", by)
        shown = {"type": channel} if channel else None
        text = f"Resolved by {named(by)}."
        self.journal.log(incident, "resolve", by, text, shown, resolution)
        self.journal.tell(incident, "resolved", by)

    def reopen(
        self,
        incident: Incident,
        by: Agent,
        *,
        acknowledged: bool = False,
        users: list[User] | None = None,
        policy: Policy | None = None,
    ) -> None:
        """Open it again: to the given people or policy, else its policy; acknowledged: to `by`."""
        if incident.open:
            raise errors.invalid_status()
        policy = policy or incident.policy
        level = 1 if users or acknowledged else self.account.first_level(policy)
        incident.policy, incident.level = policy, level
        incident.resolved_at, incident.merged_into = None, None
        incident.reopened_at = self.account.now()
        incident.direct = bool(users)
        self._status(incident, "triggered", by)
        self.journal.log(incident, "reopen", by, f"Reopened by {named(by)}.")
        if acknowledged and isinstance(by, User):
            self._acknowledged(incident, by)
        else:
            self._assign(incident, users or self.account.on_call(policy, level), by)
        self.journal.tell(incident, "reopened", by)

    def snooze(self, incident: Incident, seconds: int, by: User) -> None:
        """Acknowledge it until later."""
        if not incident.open:
            raise errors.already_resolved()
        was_triggered = incident.status == "triggered"
        if was_triggered:
            self._acknowledged(incident, by)
        incident.snoozed_until = self.account.now() + timedelta(seconds=seconds)
        text = f"Snoozed by {by.name} for {seconds // 60} minutes."
        self.journal.log(incident, "snooze", by, text)
        if was_triggered:
            self.journal.tell(incident, "acknowledged", by)

    # --- assignment

    def reassign(self, incident: Incident, users: list[User], by: Agent) -> None:
        """Give it to people directly: it leaves its policy and has to be acknowledged again."""
        if not incident.open:
            raise errors.already_resolved()
        self._retrigger(incident, by)
        incident.direct = True
        self._assign(incident, users, by)
        self.journal.tell(incident, "reassigned", by)

    def delegate(self, incident: Incident, policy: Policy, by: Agent) -> None:
        """Give it to another policy, from its first level."""
        if not incident.open:
            raise errors.already_resolved()
        level = self.account.first_level(policy)
        self._retrigger(incident, by)
        incident.policy, incident.level, incident.direct = policy, level, False
        users = self.account.on_call(policy, level)
        names = ", ".join(user.name for user in users)
        text = f"Delegated to {policy.name} ({names}) by {named(by)}."
        self._assign(incident, users, by, quiet=True)
        self.journal.log(incident, "delegate", by, text, None, assignees=list(users))
        self.journal.tell(incident, "delegated", by)

    def check_level(self, incident: Incident, level: int) -> list[User]:
        """Who a level leads to; low urgency and closed incidents have no levels."""
        if not incident.open:
            raise errors.cannot_escalate("Incident is resolved")
        if incident.urgency == "low":
            raise errors.cannot_escalate("Low urgency incidents cannot be escalated")
        if not 1 <= level <= len(incident.policy.rules):
            raise errors.cannot_escalate(f"Escalation level {level} does not exist")
        users = self.account.on_call(incident.policy, level)
        if not users:
            raise errors.nobody_on_call()
        return users

    def escalate(self, incident: Incident, level: int, by: Agent) -> None:
        """Move it to a level of its policy, by hand or because nobody acknowledged in time."""
        users = self.check_level(incident, level)
        self._retrigger(incident, by)
        incident.level, incident.direct = level, False
        self._assign(incident, users, by, quiet=True)
        names = ", ".join(user.name for user in users)
        why = f"by {by.name}" if by else "due to timeout"
        channel = None if by else {"type": "timeout"}
        self.journal.log(
            incident, "escalate", by, f"Escalated to {names} {why}.", channel, assignees=list(users)
        )
        self.journal.tell(incident, "escalated", by)

    def _assign(
        self, incident: Incident, users: list[User], by: Agent, *, quiet: bool = False
    ) -> None:
        now = self.account.now()
        incident.assignments = [Stamp(now, user) for user in users]
        if not quiet:
            names = ", ".join(user.name for user in users)
            self.journal.log(
                incident, "assign", by, f"Assigned to {names}.", None, assignees=list(users)
            )
        for user in users:
            channel = {"type": "auto", "notification": {"type": "push", "status": "success"}}
            self.journal.log(incident, "notify", by, f"Notified {user.name}.", channel, user=user)

    def _retrigger(self, incident: Incident, by: Agent) -> None:
        """Whoever had acknowledged it no longer has it."""
        incident.acknowledgements, incident.snoozed_until = [], None
        if incident.status != "triggered":
            self._status(incident, "triggered", by)

    def _status(self, incident: Incident, status: Status, by: Agent) -> None:
        now = self.account.now()
        incident.status, incident.changed_at, incident.changed_by = status, now, by
        incident.updated_at = now
