"""One affected service: who owns it, where its runbook and code are, what changed, what depends on what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from blocks import kit, text
from blocks.ids import ActionId, ServiceButton

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slack_sdk.models.blocks import Block, ButtonElement

    from bot.domain.catalog import Service
    from bot.domain.incident import Incident
    from bot.ports import Activity, Change, Message

MAX_NEIGHBOURS: Final = 8
MAX_OWNERS: Final = 15


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """A service this one depends on, or that depends on it."""

    id: str
    title: str
    has_owners: bool = False
    affected: bool = False


@dataclass(frozen=True, kw_only=True)
class ServiceFacts:
    """Everything known of the service; ``owners`` are Slack ids, ``silent``: GitHub did not say."""

    service: Service
    owners: Sequence[str] = ()
    repo: str | None = None
    activity: Activity | None = None
    silent: bool = False
    upstream: Sequence[Neighbour] = field(default=())
    downstream: Sequence[Neighbour] = field(default=())


def service_message(incident: Incident, facts: ServiceFacts) -> Message:
    """The message; its buttons invite the owners of the neighbours."""
    title = text.inline(facts.service.title, 120, empty="a service")
    blocks: list[Block] = [kit.section("\n".join([f"🧩 *{title}*", *_links(facts)]))]
    if facts.activity:
        blocks += _changes("Recent deployments", facts.activity.deployments)
        blocks += _changes("Open issues", facts.activity.issues)
    elif facts.silent:
        blocks.append(kit.context("GitHub did not say what is new in its repository."))
    blocks += _neighbours("Depends on", facts.upstream, incident.number)
    blocks += _neighbours("Needed by", facts.downstream, incident.number)
    if incident.private:
        return kit.message(f"🔒 A service was added to private incident {incident.name}", blocks)
    return kit.message(f"{incident.name} service {title}", blocks)


def _links(facts: ServiceFacts) -> list[str]:
    service = facts.service
    owners = [f"<@{user}>" for user in facts.owners[:MAX_OWNERS]]
    rest = len(facts.owners) - len(owners)
    named = ", ".join([*owners, *([f"{rest} more"] if rest > 0 else [])])
    lines = [f"*Owners:* {named or 'none are configured'}"]
    places = []
    if service.runbook:
        places.append(text.link(service.runbook, "Runbook"))
    if facts.repo:
        url = facts.activity.url if facts.activity else f"https://github.com/{facts.repo}"
        places.append(text.link(url, facts.repo))
    return [*lines, " · ".join(places)] if places else lines


def _changes(label: str, changes: Sequence[Change]) -> list[Block]:
    if not changes:
        return []
    return kit.paragraphs([f"*{label}*", *(f"• {_change(each)}" for each in changes[:5])])


def _change(change: Change) -> str:
    what = text.link(change.url, change.title) if change.url else text.inline(change.title, 200)
    who = f" by {text.inline(change.by, 60)}" if change.by else ""
    return f"{what}{who}{f' · {text.date(change.at)}' if change.at else ''}"


def _neighbours(label: str, services: Sequence[Neighbour], number: int) -> list[Block]:
    """One line each, with a button that invites the owners of those not affected themselves."""
    blocks: list[Block] = []
    for each in services[:MAX_NEIGHBOURS]:
        title = text.inline(each.title, 120, empty="a service")
        line = f"*{label}:* {title}{' (affected too)' if each.affected else ''}"
        blocks.append(kit.section(line, accessory=_invite(each, number)))
    rest = len(services) - MAX_NEIGHBOURS
    if rest > 0:
        blocks.append(kit.context(f"{label}: {rest} more"))
    return blocks


def _invite(each: Neighbour, number: int) -> ButtonElement | None:
    value = ServiceButton(number=number, service=each.id)
    if not each.has_owners or each.affected or text.size(value.encode()) > kit.BUTTON_VALUE_LIMIT:
        return None
    label = f"Invite owners of {text.one_line(each.title, 50, empty='it')}"
    return kit.button(label, ActionId.INVITE_OWNERS, value)
