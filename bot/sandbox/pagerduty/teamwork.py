"""Working together on an incident: notes, responders, status updates, merging.

https://support.pagerduty.com/main/docs/add-responders, .../communicate-with-stakeholders,
.../alerts#merge-incidents.
"""

from typing import Literal

from bot.sandbox.pagerduty import errors, events, ids
from bot.sandbox.pagerduty.account import Account
from bot.sandbox.pagerduty.journal import Journal, named
from bot.sandbox.pagerduty.lifecycle import Lifecycle
from bot.sandbox.pagerduty.model import (
    Agent,
    Incident,
    Json,
    Note,
    Policy,
    Responder,
    ResponderRequest,
    Service,
    StatusUpdate,
    User,
)

MAX_NOTES = 2000
MAX_ALERTS = 1000


class Teamwork:
    """The changes that leave status and assignment alone."""

    def __init__(self, account: Account, journal: Journal, lifecycle: Lifecycle) -> None:
        """Keep the account, the history and the lifecycle (merging resolves)."""
        self.account, self.journal, self.lifecycle = account, journal, lifecycle

    def annotate(self, incident: Incident, content: str, by: Agent) -> Note:
        """Add a note."""
        if len(incident.notes) >= MAX_NOTES:
            raise errors.invalid("Incident has reached the maximum number of notes")
        now = self.account.now()
        user, service = (
            (by, None) if isinstance(by, User) else (None, by if isinstance(by, Service) else None)
        )
        note = Note(ids.short(), user, content, now, now, service)
        incident.notes.append(note)
        channel = {"type": "note", "summary": content}
        self.journal.log(incident, "annotate", by, f"Note added by {named(by)}.", channel, content)
        data = events.note(self.journal.render, incident, note)
        self.journal.tell_of(incident, "annotated", by, data)
        return note

    def ask(
        self, incident: Incident, targets: list[User | Policy], message: str, requester: User | None
    ) -> ResponderRequest:
        """Ask people for help; asking a target again replaces the earlier request."""
        now = self.account.now()
        asked: list[tuple[User | Policy, list[Responder]]] = []
        for target in targets:
            users = self._reached(target)
            incident.responders = [r for r in incident.responders if r.user not in users]
            policy = target if isinstance(target, Policy) else None
            fresh = [Responder(u, requester, message, now, now, policy=policy) for u in users]
            incident.responders += fresh
            asked.append((target, fresh))
        request = ResponderRequest(requester, message, now, asked)
        incident.requests.append(request)
        for responder in (one for _, fresh in asked for one in fresh):
            text = f"{named(requester)} requested help of {responder.user.name}."
            self.journal.log(
                incident, "responder_request", requester, text, None, message, user=responder.user
            )
            self._tell(incident, responder, "responder.added", requester)
        return request

    def _reached(self, target: User | Policy) -> list[User]:
        if isinstance(target, User):
            return [target]
        return self.account.on_call(target, self.account.first_level(target))

    def reply(
        self, incident: Incident, user: User, state: Literal["accepted", "declined"]
    ) -> Responder:
        """Say yes or no to a request for help."""
        found = next((r for r in incident.responders if r.user is user), None)
        if found is None:
            raise errors.invalid(f"{user.name} was not asked to respond to this incident")
        found.state, found.updated_at = state, self.account.now()
        text = f"{user.name} {state} the request for help."
        self.journal.log(incident, "responder_reply", user, text, user=user)
        self._tell(incident, found, "responder.replied", user)
        return found

    def _tell(self, incident: Incident, responder: Responder, what: str, by: Agent) -> None:
        data = events.responder(self.journal.render, incident, responder)
        self.journal.tell_of(incident, what, by, data)

    def cancel(self, incident: Incident, targets: list[Json]) -> list[Json]:
        """Withdraw requests that nobody answered; one result per target."""
        return [
            {
                "type": target["type"],
                "id": target["id"],
                "result": self._cancel(incident, target["id"]),
            }
            for target in targets
        ]

    def _cancel(self, incident: Incident, target: str) -> str:
        found = [
            one
            for one in incident.responders
            if one.user.id == target or (one.policy is not None and one.policy.id == target)
        ]
        if not found:
            return "not_found"
        pending = [one for one in found if one.state == "pending"]
        if not pending:
            return "joined" if found[0].state == "accepted" else "declined"
        incident.responders = [one for one in incident.responders if one not in pending]
        incident.updated_at = self.account.now()
        return "cancelled"

    def publish(
        self,
        incident: Incident,
        message: str,
        by: User | None,
        subject: str | None = None,
        html_message: str | None = None,
    ) -> StatusUpdate:
        """Tell stakeholders."""
        now = self.account.now()
        update = StatusUpdate(ids.short(), message, by, now, subject, html_message)
        incident.status_updates.append(update)
        incident.updated_at = now
        data = events.status_update(self.journal.render, incident, update)
        self.journal.tell_of(incident, "status_update_published", by, data)
        return update

    def check_merge(self, target: Incident, sources: list[Incident]) -> None:
        """Refuse what cannot be merged."""
        if not target.open:
            raise errors.already_resolved()
        for source in sources:
            if source is target:
                raise errors.invalid("An incident cannot be merged into itself")
            if source.merged_into is not None:
                raise errors.already_merged()
            if not source.mergeable:
                raise errors.invalid(
                    f"Incident {source.id} has no alerts and was not created manually"
                )
        if len(target.alerts) + sum(len(one.alerts) for one in sources) > MAX_ALERTS:
            raise errors.invalid(f"An incident cannot have more than {MAX_ALERTS} alerts")

    def merge(self, target: Incident, sources: list[Incident], by: Agent) -> None:
        """Move the alerts of the sources over and resolve them."""
        self.check_merge(target, sources)
        for source in sources:
            for alert in source.alerts:
                alert.incident = target
                self.account.keys.setdefault(alert.key, []).append(target)
            target.alerts += source.alerts
            source.alerts = []
            source.merged_into = target
            if source.open:
                self.lifecycle.resolve(source, by)
            text = f"Merged incident #{source.number} by {named(by)}."
            self.journal.log(target, "merge", by, text)
