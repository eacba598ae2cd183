"""The use cases of skills: who knows what and is there now, asking them in, and what people say of themselves."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.domain import plan_identity
from bot.domain.experts import (
    MOST_SKILLS,
    SKILL_LIMIT,
    Expert,
    Skill,
    cleaned,
    folded,
    on_duty_at_pagerduty,
    sorted_by_reach,
)
from bot.domain.permissions import Right
from bot.domain.person_setting import PersonSetting
from bot.domain.presence import is_working, zone_of
from bot.errors import FieldError, UserError
from bot.services import audit, rosters
from bot.services.members import member
from bot.services.people import DUTY, owners_of, reached
from bot.services.permissions import require
from bot.store import identities, person_settings
from bot.store.work import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from bot.domain.catalog import Catalog
    from bot.domain.identities import Link, Vendor
    from bot.domain.incident import Incident
    from bot.services.base import House, SlackUser
    from bot.store.people import Person
    from bot.store.tx import Tx

CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
#: How a skill is known.
CONFIGURED, THEMSELVES = "muster.yml", "they say so themselves"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Somebody's own settings, where they are, who they are elsewhere, and all skills there are."""

    setting: PersonSetting
    tz: str
    links: Mapping[Vendor, Link]
    skills: tuple[str, ...]


class Experts:
    """Skills come from muster.yml, the services somebody owns, and what people set in Home."""

    def __init__(self, house: House) -> None:
        """Given the shared parts."""
        self._house = house
        self._work = house.work

    async def skills(self) -> list[str]:
        """Every skill somebody has, as it is called, by name."""
        return await self._work.read(lambda tx: _labels(_known(tx, self._house.catalog)))

    async def named(self, words: str) -> tuple[str, list[Expert]] | None:
        """The skill as it is called and who has it, who is most likely to answer first; None for none of that name."""

        def look(tx: Tx) -> tuple[str, list[Expert]] | None:
            skill = _known(tx, self._house.catalog).get(folded(words))
            if skill is None:
                return None
            duty = _on_duty(tx, self._house.catalog)
            people = ((tx.people.by_slack(user), sources) for user, sources in skill.people.items())
            found = [
                _expert(person, sources, duty, tx.now)
                for person, sources in people
                if person and not person.deleted and not person.is_bot
            ]
            return skill.label, sorted_by_reach(found)

        return await self._work.read(look)

    async def invite(
        self, number: int, slack_id: str, skill: str, *, by: SlackUser, once: str
    ) -> Incident:
        """Ask somebody to help with what they know: a briefing, and an invitation; once per person and incident.

        UserError for who cannot be brought in, was asked before, or is asked for an incident that is over.
        """

        def change(tx: Tx) -> Incident:
            incident = tx.incident(number)
            if not tx.remember(once, number):
                return incident
            require(self._house, tx, Right.ACT, by, incident)
            who = tx.people.actor(by.id, by.name)
            person = member(tx, incident, slack_id, who)
            if not incident.is_open:
                msg = f"{incident.name} is resolved, so nobody was asked. Reopen it first."
                raise UserError(msg)
            if not tx.remember(f"expert/{incident.name}/{slack_id}", number):
                msg = (
                    f"{person.name} was asked to help with {incident.name} already. "
                    f"To ask again, use /incident page {incident.name} @{person.name}."
                )
                raise UserError(msg)
            audit.did(tx, incident, by, f"asked {person.name} to help with {skill}")
            tx.emit(plan_identity.expert_asked(incident, person, skill, who))
            return incident

        return await self._work.write(change, patience=PATIENCE)

    # --- what people set for themselves ------------------------------------------------------------------------

    async def settings(self, by: SlackUser) -> Settings:
        """One's own settings."""

        def look(tx: Tx) -> Settings:
            person = tx.people.by_slack(by.id)
            return Settings(
                setting=person_settings.of(tx, by.id),
                tz=person.tz if person else "UTC",
                links=identities.of(tx, by.id),
                skills=tuple(_labels(_known(tx, self._house.catalog))),
            )

        return await self._work.read(look)

    async def set(
        self, *, skills: tuple[str, ...], quiet: tuple[str, str], by: SlackUser
    ) -> PersonSetting:
        """Keep one's own settings as a whole; the same again changes nothing. FieldError for what cannot be."""
        setting = PersonSetting(skills=checked_skills(skills), quiet=checked_quiet(*quiet))

        def change(tx: Tx) -> PersonSetting:
            require(self._house, tx, Right.ACT, by, None)
            person_settings.save(tx, by.id, setting)
            return setting

        return await self._work.write(change, patience=PATIENCE)


def checked_skills(skills: tuple[str, ...]) -> tuple[str, ...]:
    """Skills as they were written, one of each. FieldError for too long or too many."""
    found = cleaned(skills)
    long = next((skill for skill in found if len(skill) > SKILL_LIMIT), None)
    if long is not None:
        msg = f"“{long[:40]}…” is longer than {SKILL_LIMIT} characters. Write skills in a word or two, with commas."
        raise FieldError("more_skills", msg)
    if len(found) > MOST_SKILLS:
        msg = f"Those are {len(found)} skills; {MOST_SKILLS} are possible."
        raise FieldError("more_skills", msg)
    return found


def checked_quiet(begin: str, end: str) -> tuple[str, str] | None:
    """Quiet hours; none when both are empty. FieldError for half of them."""
    if not begin and not end:
        return None
    for field, clock in (("quiet_from", begin), ("quiet_to", end)):
        if not CLOCK.fullmatch(clock):
            raise FieldError(field, "Choose from when and until when, or leave both empty.")
    if begin == end:
        raise FieldError(
            "quiet_to", "That is no time at all. Choose another end, or leave both empty."
        )
    return begin, end


def _known(tx: Tx, catalog: Catalog) -> dict[str, Skill]:
    """Every skill somebody in Slack has, by its folded name."""
    found: dict[str, Skill] = {}

    def has(skill: str, slack_id: str, source: str) -> None:
        if folded(skill):
            found.setdefault(folded(skill), Skill(" ".join(skill.split()))).has(slack_id, source)

    for configured in catalog.people.values():
        person = tx.people.by_email(configured.email) if configured.skills else None
        for skill in configured.skills if person else ():
            has(skill, person.slack_id if person else "", CONFIGURED)
    for service in catalog.services.values():
        owners = reached(tx, catalog, owners_of(service)) if service.skills else []
        for skill in service.skills:
            for user, _ in owners:
                has(skill, user, f"owns {service.title}")
    for user, setting in person_settings.everybody(tx).items():
        for skill in setting.skills:
            has(skill, user, THEMSELVES)
    return found


def _labels(known: Mapping[str, Skill]) -> list[str]:
    return [known[name].label for name in sorted(known)]


def _on_duty(tx: Tx, catalog: Catalog) -> dict[str, list[str]]:
    """Slack id to what they are on call for now: rosters, and policies of PagerDuty as it said last."""
    found: dict[str, list[str]] = {}
    for name in rosters.names(tx, catalog):
        for email in rosters.on_duty(tx, catalog, name, tx.now):
            if person := tx.people.by_email(email):
                found.setdefault(person.slack_id, []).append(name)
    for user, policies in on_duty_at_pagerduty(tx.value(DUTY), tx.now).items():
        if person := tx.people.by_pagerduty(user):
            found.setdefault(person.slack_id, []).extend(policies)
    return found


def _expert(
    person: Person, sources: list[str], duty: Mapping[str, list[str]], now: datetime
) -> Expert:
    status = person.status.at(now)
    return Expert(
        person=person.actor,
        sources=tuple(sources),
        on_call=tuple(duty.get(person.slack_id, ())),
        working=is_working(person.tz, now),
        away=status.is_away(now),
        status=status.text,
        local_time=f"{now.astimezone(zone_of(person.tz)):%a %H:%M}",
    )
