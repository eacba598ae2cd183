"""The plain fields of incidents: title, priority, urgency, service, conference bridge, type.

https://support.pagerduty.com/main/docs/edit-incidents and .../incident-priority.
"""

from bot.sandbox.pagerduty import events
from bot.sandbox.pagerduty.account import Account
from bot.sandbox.pagerduty.journal import Journal, named
from bot.sandbox.pagerduty.model import Agent, Incident, Json, Priority, Service


class Fields:
    """The changes that leave status and assignment alone."""

    def __init__(self, account: Account, journal: Journal) -> None:
        """Keep the account and where history is written."""
        self.account, self.journal = account, journal

    def set_priority(self, incident: Incident, priority: Priority | None, by: Agent) -> None:
        """Change the priority; null clears it. Nothing happens when it is the same."""
        old, incident.priority = incident.priority, priority
        if old is priority:
            return
        names = [one.name if one else "None" for one in (old, priority)]
        text = f'Priority changed from "{names[0]}" to "{names[1]}" by {named(by)}.'
        self.journal.log(incident, "priority_change", by, text)
        self.journal.tell(incident, "priority_updated", by)

    def set_urgency(self, incident: Incident, urgency: str, by: Agent) -> None:
        """Change the urgency. There is no webhook event for it: only reading shows it."""
        if incident.urgency != urgency:
            incident.urgency = urgency
            text = f"Urgency changed to {urgency} by {named(by)}."
            self.journal.log(incident, "urgency_change", by, text)

    def set_title(self, incident: Incident, title: str, by: Agent) -> None:
        """Change the title. There is no webhook event for it: only reading shows it."""
        if incident.title != title:
            incident.title = title
            text = f'Title changed to "{title}" by {named(by)}.'
            self.journal.log(incident, "field_value_change", by, text)

    def move(self, incident: Incident, service: Service, by: Agent) -> None:
        """Move it to another service; its policy and assignees stay."""
        if incident.service is not service:
            incident.service = service
            text = f"Service changed to {service.name} by {named(by)}."
            self.journal.log(incident, "field_value_change", by, text)
            self.journal.tell(incident, "service_updated", by)

    def set_bridge(self, incident: Incident, bridge: Json | None, by: Agent) -> None:
        """Set how responders meet."""
        if incident.bridge != bridge:
            incident.bridge, incident.updated_at = bridge, self.account.now()
            data = events.conference_bridge(self.journal.render, incident)
            self.journal.tell_of(incident, "conference_bridge.updated", by, data)

    def set_type(self, incident: Incident, name: str, by: Agent) -> None:
        """Change the incident type."""
        if incident.type_name != name:
            incident.type_name, incident.updated_at = name, self.account.now()
            self.journal.tell(incident, "incident_type.changed", by)
