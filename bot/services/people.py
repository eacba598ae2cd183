"""Who is who: the mirrored workspace, PagerDuty accounts, and who concerns an incident."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from bot.domain.identities import Vendor, configured
from bot.domain.incident import PagerKind
from bot.domain.reach import Policy
from bot.errors import ProviderError
from bot.services import rosters
from bot.services.readings import UNSEEN, Readings
from bot.store import identities

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime
    from typing import Any

    from bot.domain.catalog import Catalog, Service
    from bot.domain.incident import Actor, Incident
    from bot.ports import Chat, Member, Pager, UserGroup
    from bot.ports_pager import OnCall, OnCalls
    from bot.services.base import House
    from bot.store.tx import Tx

log = structlog.get_logger()

#: What Slack said of itself when we introduced ourselves (``auth.test``).
IDENTITY = "slack.identity"
#: PagerDuty's schedules as mirrored: names by id.
SCHEDULES = "pagerduty.schedules"
#: That PagerDuty's users were read, and how many they are.
PAGER_USERS = "pagerduty.users"
#: Whom PagerDuty said to be on call when it was read last.
DUTY = "pagerduty.duty"
#: That the members of the workspace were read, and how many they and its groups are (None: unreadable).
MIRRORED = "people.mirrored"
#: How long somebody we do not know may hold back an answer while Slack is asked who they are.
LOOK_UP = 1.0


def owners_of(service: Service) -> list[str]:
    """A service's owners as targets: ``person:<e-mail>`` or ``group:<handle>``."""
    return [owner if ":" in owner else f"person:{owner}" for owner in service.owners]


def reached(tx: Tx, catalog: Catalog, notify: Sequence[str]) -> list[tuple[str, str]]:
    """Slack id and name of everybody that ``person:``, ``group:`` and ``roster:`` targets mean now."""
    found: dict[str, str] = {}
    for target in notify:
        kind, _, value = target.partition(":")
        if kind in {"person", "roster"}:
            people = [value] if kind == "person" else rosters.on_duty(tx, catalog, value, tx.now)
            for person in filter(None, map(tx.people.by_email, people)):
                found[person.slack_id] = person.name
        elif kind == "group":
            for user in tx.people.group(value):
                found[user] = tx.people.actor(user).name
    return list(found.items())


def _duty_value(duty: Sequence[OnCall], now: datetime) -> dict[str, Any]:
    """Whom PagerDuty said to be on call first (``bot.domain.experts`` reads it)."""
    people = [
        {
            "user": each.user.id,
            "policy": each.policy_name,
            "until": each.until.isoformat() if each.until else None,
        }
        for each in duty
        if each.level == 1
    ]
    return {"at": now.isoformat(), "people": people}


def groups_known(tx: Tx) -> bool:
    """Whether Slack told us of its user groups, so that one we do not know is none."""
    return (tx.value(MIRRORED) or {}).get("groups") is not None


def _home(tx: Tx) -> str:
    """This workspace's id; empty while Slack has not told it."""
    return str((tx.value(IDENTITY) or {}).get("team_id") or "")


def _ours(member: Member, home: str) -> bool:
    """Whether they belong to this workspace, as far as Slack says."""
    return not home or not member.teams or home in member.teams


class PeopleDirectory:
    """Mirrors members and groups, and answers who is meant. Look-ups use the mirror, never Slack."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._known: set[str] = set()
        self._asked: dict[str, bool] = {}  # whom we looked up, and whether they are strangers
        self._said = configured(house.catalog)

    async def mirror(self, chat: Chat, pager: Pager | None) -> None:
        """Read everybody from Slack and PagerDuty; ProviderError at the end when something did not answer.

        What cannot be read stays as it is known and holds back nothing else.
        """
        self._asked.clear()
        readings = Readings()
        await self._mirror_slack(chat, readings)
        if pager is not None:
            await self._mirror_pager(pager, readings)
        elif await self._house.work.read(lambda tx: tx.value(PAGER_USERS)):
            await self._house.work.write(lambda tx: tx.set_value(PAGER_USERS, None))
        readings.check()

    async def _mirror_slack(self, chat: Chat, readings: Readings) -> None:
        members = await readings.take("members", chat.members())
        groups = await readings.take("groups", chat.user_groups())
        home = await self._house.work.read(_home)
        if not home and (identity := await readings.take("identity", chat.identity())):
            home = str(identity.get("team_id") or "")
        await self.remember(members or (), groups, home=home, everybody=members is not None)

    async def _mirror_pager(self, pager: Pager, readings: Readings) -> None:
        users = await readings.take("users", pager.users())
        policies = await readings.take("policies", pager.policies())
        duty = await readings.take("on-calls", pager.on_call(None))
        schedules = await readings.take("schedules", pager.schedules())

        def save(tx: Tx) -> None:
            if users is not None:
                identities.save_pager_users(tx, users)
                identities.relink(tx, self._said)
                tx.set_value(PAGER_USERS, {"count": len(users)})
            if policies is not None:
                levels = {i: [name, levels] for i, (name, levels) in policies.items()}
                tx.set_value("pagerduty.policies", levels)
            if duty is not None:
                tx.set_value(DUTY, _duty_value(duty, tx.now))
            if schedules is not None:
                tx.set_value(SCHEDULES, {each.id: each.name for each in schedules})

        await self._house.work.write(save)

    async def policies(self) -> list[Policy]:
        """PagerDuty's escalation policies as mirrored, by name."""
        known = await self._house.work.read(lambda tx: tx.value("pagerduty.policies")) or {}
        found = [
            Policy(id=i, name=str(name), levels=int(levels)) for i, (name, levels) in known.items()
        ]
        return sorted(found, key=lambda p: p.name)

    async def remember(
        self,
        members: Sequence[Member],
        groups: Sequence[UserGroup] | None = (),
        *,
        home: str = "",
        everybody: bool = False,
    ) -> None:
        """Take over what Slack told of people and groups; people of other workspaces are none of ours.

        Who they are elsewhere is decided again when that may have changed, and with ``everybody`` anyway; groups
        that could not be read are None.
        """

        def save(tx: Tx) -> None:
            ours = home or _home(tx)
            changed = tx.people.save_members([m for m in members if _ours(m, ours)], tx.now)
            tx.people.save_groups(groups or ())
            if changed or everybody:
                identities.relink(tx, self._said)
            if everybody:
                read = None if groups is None else len(groups)
                tx.set_value(MIRRORED, {"members": len(members), "groups": read})

        await self._house.work.write(save)

    # --- people nobody told us of ------------------------------------------------------------------------------

    async def stranger(self, chat: Chat, slack_id: str) -> bool:
        """Whether somebody is surely of another workspace.

        Answered from memory for whoever is mirrored; anybody else is looked up at Slack once, within a second.
        """
        if slack_id in self._known or not slack_id:
            return False
        if await self._unknown([slack_id]):
            if slack_id not in self._asked:
                self._asked[slack_id] = False
                try:
                    async with asyncio.timeout(LOOK_UP):
                        await self._look_up(chat, slack_id)
                except (TimeoutError, ProviderError) as error:
                    log.info("people.not_looked_up", error=type(error).__name__)
            return self._asked[slack_id]
        self._known.add(slack_id)
        return False

    async def introduced(self, chat: Chat, slack_ids: Collection[str]) -> None:
        """Have everybody of this workspace among them mirrored; ProviderError when Slack does not say."""
        for slack_id in await self._unknown(sorted(slack_ids)):
            await self._look_up(chat, slack_id)

    async def _unknown(self, slack_ids: Sequence[str]) -> list[str]:
        return await self._house.work.read(
            lambda tx: [one for one in slack_ids if tx.people.by_slack(one) is None]
        )

    async def _look_up(self, chat: Chat, slack_id: str) -> None:
        try:
            found = await chat.member(slack_id)
        except ProviderError as error:
            if error.reason not in UNSEEN:
                raise
            return
        await self.remember([found])
        self._asked[slack_id] = bool(await self._unknown([slack_id]))

    async def at_pager(self, actor: Actor) -> tuple[Actor, str | None]:
        """Somebody as they are known now, and the address they have at PagerDuty.

        Somebody without a known account may be asked for there by the address muster.yml names, or their own.
        """

        def look(tx: Tx) -> tuple[Actor, str | None]:
            told = tx.people.resolve(actor)
            person = tx.people.by_slack(told.slack_id) if told.slack_id else None
            now, known = (person.actor, person.pager_email) if person else (told, None)
            return now, known or self._said.at(Vendor.PAGERDUTY, now.email) or now.email

        return await self._house.work.read(look)

    async def targets(self, notify: Sequence[str]) -> list[tuple[str, str]]:
        """Slack id and name of everybody a level's ``notify`` means."""
        return await self._house.work.read(lambda tx: reached(tx, self._house.catalog, notify))

    async def known(self, slack_id: str) -> Actor:
        """Somebody as the mirror knows them."""
        return await self._house.work.read(lambda tx: tx.people.actor(slack_id))

    async def owners(self, service: Service) -> list[tuple[str, str]]:
        """Slack id and name of a service's owners."""
        return await self.targets(owners_of(service))

    async def concerned(self, incident: Incident) -> list[str]:
        """Slack ids of the reporter, the owners, everybody with a role, and the service's owners."""
        services = (self._house.catalog.service(each.id) for each in incident.services)
        owners = [owner for service in services if service for owner in owners_of(service)]
        people = [
            a.slack_id
            for a in (incident.reporter, *incident.owners, *incident.roles.values())
            if a and a.slack_id
        ]
        people += [user for user, _ in await self.targets(owners)]
        return list(dict.fromkeys(people))

    async def on_call(self, incident: Incident, pager: OnCalls | None) -> list[str]:
        """Slack ids of the first level with anybody on call; ProviderError when the pager does not say."""
        link = incident.pager
        if pager is None or (link.kind is PagerKind.PAGERDUTY and not link.service_id):
            return []
        entries = await pager.on_call(link.service_id)
        if link.kind is PagerKind.NATIVE:  # without a service it is the policy itself that counts
            entries = [entry for entry in entries if entry.policy_id == link.policy_name]
        first = min((entry.level for entry in entries), default=0)

        def look(tx: Tx) -> list[str]:
            found = (
                tx.people.by_pagerduty(entry.user.id) or tx.people.by_email(entry.user.email)
                for entry in entries
                if entry.level == first
            )
            return [person.slack_id for person in found if person]

        return await self._house.work.read(look)

    def repo_of(self, service: Service) -> str | None:
        """``owner/name`` of the repository a service is kept in."""
        return self._house.repo_of(service)

    def fallback_repo(self, incident: Incident) -> str | None:
        """The default repository, when the issue's own was only guessed from the service's name."""
        service = self._house.catalog.service(incident.service or "")
        if service is not None and service.repo:
            return None
        fallback = self._house.ticket_for(None, None, private=incident.private)
        current = incident.ticket.repo if incident.ticket else None
        return fallback.repo if fallback and fallback.repo != current else None
