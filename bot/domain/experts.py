"""Who knows what, and who of them is there now. Pure, standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bot.domain.incident import Actor

SKILL_LIMIT: Final = 60
MOST_SKILLS: Final = 30
#: What PagerDuty said of who is on call holds until the shift ends; without an end for so long.
DUTY_HOLDS: Final = timedelta(hours=2)


def folded(skill: str) -> str:
    """How skills are compared: case and spaces do not matter."""
    return " ".join(skill.split()).casefold()


def cleaned(skills: Iterable[str]) -> tuple[str, ...]:
    """Skills as people wrote them, one of each, none empty."""
    found: dict[str, str] = {}
    for skill in skills:
        name = " ".join(skill.split())
        if name:
            found.setdefault(folded(name), name)
    return tuple(found.values())


@dataclass
class Skill:
    """A skill as it is called first, and who has it: Slack id to how that is known."""

    label: str
    people: dict[str, list[str]] = field(default_factory=dict)

    def has(self, slack_id: str, source: str) -> None:
        """Somebody has it, and how that is known."""
        sources = self.people.setdefault(slack_id, [])
        if source not in sources:
            sources.append(source)


@dataclass(frozen=True, kw_only=True)
class Expert:
    """Somebody who knows it: what they are on call for, whether they work now, what their status says."""

    person: Actor
    sources: tuple[str, ...] = ()
    on_call: tuple[str, ...] = ()
    working: bool = False
    away: bool = False
    status: str = ""  # what they say of themselves, as text
    local_time: str = ""  # 14:05


def sorted_by_reach(experts: Iterable[Expert]) -> list[Expert]:
    """On call first, then who works now, then the rest; who says that they are away after those who do not."""

    def rank(expert: Expert) -> tuple[int, bool, str]:
        if expert.on_call:
            return 0, expert.away, expert.person.name.casefold()
        return (
            1 if expert.working and not expert.away else 2,
            expert.away,
            expert.person.name.casefold(),
        )

    return sorted(experts, key=rank)


# --- who is on call at PagerDuty, remembered -------------------------------------------------------------------


def on_duty_at_pagerduty(known: Mapping[str, Any] | None, now: datetime) -> dict[str, list[str]]:
    """PagerDuty's user id to the policies they are on call for, as far as what is remembered still holds."""
    found: dict[str, list[str]] = {}
    if not known:
        return found
    fresh = datetime.fromisoformat(str(known["at"])) + DUTY_HOLDS
    for each in known["people"]:
        until = datetime.fromisoformat(each["until"]) if each["until"] else fresh
        if now < until:
            policies = found.setdefault(str(each["user"]), [])
            if each["policy"] not in policies:
                policies.append(str(each["policy"]))
    return found
