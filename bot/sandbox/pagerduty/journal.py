"""What every change leaves behind: a log entry, a webhook event, a new `updated_at`."""

from collections.abc import Callable

from bot.sandbox.pagerduty import events, ids
from bot.sandbox.pagerduty.account import Account
from bot.sandbox.pagerduty.events import Event
from bot.sandbox.pagerduty.model import Agent, Incident, Json, LogEntry, Service
from bot.sandbox.pagerduty.render import Render


class Journal:
    """Writes history down and hands events to whoever sends them."""

    def __init__(self, account: Account, render: Render, send: Callable[[Event], None]) -> None:
        """`send` must not wait."""
        self.account, self.render, self.send = account, render, send
        self.client: str | None = None
        self.channel = "api"

    def log(
        self,
        incident: Incident,
        kind: str,
        agent: Agent,
        summary: str,
        channel: Json | None = None,
        note: str | None = None,
        **extra: object,
    ) -> LogEntry:
        """Add a log entry, newest last."""
        now = self.account.now()
        shown = channel or {"type": self.channel}
        own = ids.long("R")
        entry = LogEntry(
            own, f"{kind}_log_entry", now, incident, agent, summary, shown, note, extra
        )
        incident.log.append(entry)
        self.account.log.append(entry)
        incident.updated_at = now
        return entry

    def tell(self, incident: Incident, event_type: str, agent: Agent) -> None:
        """Send an event about the incident itself, as it is now."""
        self.tell_of(incident, event_type, agent, events.incident(self.render, incident))

    def tell_of(self, incident: Incident, event_type: str, agent: Agent, data: Json) -> None:
        """Send an event with its own data."""
        self._send(f"incident.{event_type}", data, agent, incident.service)

    def tell_service(self, service: Service, event_type: str, agent: Agent) -> None:
        """Send an event about a service."""
        data = events.service(self.render, service)
        self._send(f"service.{event_type}", data, agent, service)

    def _send(self, event_type: str, data: Json, agent: Agent, service: Service) -> None:
        now = self.account.now()
        event = events.envelope(self.render, event_type, data, agent, now, self.client)
        event.service = service
        self.send(event)


def named(agent: Agent) -> str:
    """Who did it, for summaries."""
    return "PagerDuty" if agent is None else agent.name
