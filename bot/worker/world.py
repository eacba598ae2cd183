"""What the runners are given: vendors, use cases, and how to render what people see."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from blocks.alerts import note
from blocks.card import CardContext, FailedStep, Link, card
from bot.errors import ProviderError, Reason
from bot.ports import Chat, Tickets
from bot.ports_documents import Canvases, CodeHost
from bot.store import alert_lists, runlog
from bot.store.action_items import counted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from blocks.card import Place
    from bot.domain.catalog import Catalog
    from bot.domain.incident import Incident
    from bot.ports import DeadMan, Message, Pager, Silences
    from bot.ports_calendars import Calendars
    from bot.services.action_items import ActionItems
    from bot.services.afterwards import Afterwards
    from bot.services.alert_actions import AlertActions
    from bot.services.alerts import AlertIntake
    from bot.services.escalating import Escalating
    from bot.services.inbound import InboundEvents
    from bot.services.incidents import Incidents
    from bot.services.issue_news import IssueFollowing
    from bot.services.moments import MessageTimeline
    from bot.services.page_audit import PageAudit
    from bot.services.page_links import PageLinks
    from bot.services.paging import Paging
    from bot.services.people import PeopleDirectory
    from bot.services.privacy import Privacy
    from bot.services.reminding import Reminding
    from bot.services.reports import Reports
    from bot.services.updates import Updates
    from bot.store.effects import Claimed
    from bot.store.runlog import StepRecord
    from bot.store.tx import Tx
    from bot.store.work import Work
    from bot.worker.rooms import Rooms

    Settle = Callable[[Tx], None]
    Runner = Callable[["World", Claimed], Awaitable[Settle | None]]


class Slack(Chat, Canvases, Protocol):
    """Messages, channels and canvases: all that is done at Slack."""


class GitHub(Tickets, CodeHost, Protocol):
    """Issues, files and pull requests: all that is done at GitHub."""


@dataclass(kw_only=True)
class World:
    """Everything a runner may use. ``pager`` and ``tickets`` are None when their provider is off."""

    work: Work
    catalog: Catalog
    chat: Slack
    pager: Pager | None
    tickets: GitHub | None
    incidents: Incidents
    paging: Paging
    inbound: InboundEvents
    people: PeopleDirectory
    reports: Reports
    updates: Updates
    reminding: Reminding
    afterwards: Afterwards
    rooms: Rooms
    messages: MessageTimeline
    actions: ActionItems
    following: IssueFollowing
    privacy: Privacy
    alerts: AlertActions
    alert_intake: AlertIntake
    escalating: Escalating
    links: PageLinks
    page_audit: PageAudit
    deadman: DeadMan | None = None  # None: nobody else listens
    silences: Mapping[str, Silences] = field(default_factory=dict)  # by the source of the alerts
    calendars: Calendars | None = None
    from_email: str = ""
    workspace_url: str = ""
    bot_user: str = ""
    stopped: dict[str, str] = field(default_factory=dict)  # provider -> why

    def the_pager(self) -> Pager:
        """The pager; a ProviderError when its token was taken away while effects wait for it."""
        if self.pager is None:
            raise ProviderError(
                "pagerduty", Reason.INVALID, "PagerDuty is switched off: no PAGERDUTY_API_TOKEN"
            )
        return self.pager

    def the_tickets(self) -> GitHub:
        """GitHub; a ProviderError when its token was taken away while effects wait for it."""
        if self.tickets is None:
            raise ProviderError("github", Reason.INVALID, "GitHub is switched off: no GITHUB_TOKEN")
        return self.tickets

    async def load(self, number: int | None) -> Incident:
        """The incident as it is now (runners render from the state at send time)."""
        return await self.work.read(lambda tx: tx.incident(number or 0, lock=False))

    async def card(self, number: int | None, place: Place) -> tuple[Incident, Message]:
        """The incident and its card, rendered from the state now."""

        def look(tx: Tx) -> tuple[Incident, list[StepRecord], tuple[int, int], str]:
            incident = tx.incident(number or 0, lock=False)
            n, told = incident.number, note(alert_lists.of_incident(tx, incident))
            return incident, runlog.failing(tx, n), counted(tx, n), told

        incident, failing, actions, told = await self.work.read(look)
        context = replace(
            await self.context(incident),
            subscribe_available=True,
            actions=actions,
            postmortem_available=True,
            notes=(told,) if told else (),
            failures=tuple(_failed(step) for step in failing if not _hopeless(step)),
        )
        return incident, card(incident, context, place=place)

    async def context(self, incident: Incident) -> CardContext:
        """What is shown beside the incident wherever it is told of."""
        return CardContext(
            now=self.work.clock.now(),
            severities={s.name: s.emoji for s in self.catalog.severities},
            links=self._runbooks(incident),
        )

    def _runbooks(self, incident: Incident) -> tuple[Link, ...]:
        known = (self.catalog.service(each.id) for each in incident.services)
        return tuple(
            Link(label=f"Runbook {service.title}", url=service.runbook)
            for service in known
            if service and service.runbook
        )


def _failed(step: StepRecord) -> FailedStep:
    reason = step.detail or step.reason or step.stopped or ""
    if step.state in {"pending", "leased"} and step.stopped is None:
        reason = f"{reason} (tried {step.attempts} times, trying again)"
    return FailedStep(
        effect_id=step.effect_id,
        label=step.label,
        reason=reason,
        provider=step.provider,
        stopped=step.stopped is not None,
    )


def _hopeless(step: StepRecord) -> bool:
    """A refresh of the card itself cannot be shown as failed on that card."""
    return step.kind.value.startswith("slack.refresh")
