"""Where an incident can be escalated to: only what its pager can do, the same way for every pager. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bot.domain.lifecycle import EscalationTarget
from bot.errors import UserError

if TYPE_CHECKING:
    from bot.domain.catalog import Catalog
    from bot.domain.incident import PagerLink

#: Longer numbers name no level of any policy.
LEVEL_DIGITS: Final = 3
#: More names than this help nobody.
NAMES: Final = 10


@dataclass(frozen=True, kw_only=True)
class Policy:
    """An escalation policy: PagerDuty's, or one of ``muster.yml``, whose ``id`` is its name."""

    id: str
    name: str
    levels: int


@dataclass(frozen=True, kw_only=True)
class Reach:
    """What the pager of one incident offers: ``own`` pages for it now, ``policies`` are all of them.

    ``level`` is the one that is paged now. ``levels`` is off where the pager has none: at PagerDuty for low urgency.
    ``guessed`` levels are offered while nobody told yet how many the policy has.
    """

    own: Policy | None = None
    policies: tuple[Policy, ...] = ()
    level: int = 1
    levels: bool = True
    guessed: int = 0

    def choices(self) -> list[tuple[str, str]]:
        """Value and label for a form: the levels, the next one on top, then the other policies."""
        name = self.own.name if self.own else "its policy"
        found = [(f"level:{n}", f"Level {n} of {name}") for n in self._order()]
        others = (p for p in self.policies if self.own is None or p.id != self.own.id)
        return [*found, *((f"policy:{p.id}", p.name) for p in others)]

    def target(self, words: str) -> EscalationTarget:
        """What was typed or chosen: ``level:2``, ``2``, ``level 2``, ``policy:ID``, a policy's name.

        UserError names what there is when there is no such thing.
        """
        kind, _, value = words.partition(":")
        level = (value if kind == "level" else words.casefold().removeprefix("level")).strip()
        if level.isascii() and level.isdigit() and len(level) <= LEVEL_DIGITS:
            return EscalationTarget(level=self._level(int(level)))
        wanted = (value if kind == "policy" else words).strip().casefold()
        for policy in self.policies:
            if wanted in {policy.id.casefold(), policy.name.casefold()}:
                return EscalationTarget(policy_id=policy.id, policy_name=policy.name)
        raise UserError(f"I know no policy or level {words}. {self._instead()}")

    def level_to_page(self, level: int | None) -> int:
        """The level that is paged: the one named, else the next, after the last the first again.

        UserError for one the policy does not have.
        """
        if level is None:
            return next(iter(self._order()), 1)
        return self._level(level)

    def _order(self) -> tuple[int, ...]:
        """The levels there are, the next one first."""
        count = self.own.levels if self.own else self.guessed
        count = count if self.levels else 0
        now = min(self.level, count)
        return (*range(now + 1, count + 1), *range(1, now + 1))

    def _level(self, level: int) -> int:
        if not self.levels:
            raise UserError(
                "PagerDuty escalates by level only what is of high urgency. "
                f"{self._instead(levels=False)}"
            )
        if self.own is not None and not 1 <= level <= self.own.levels:
            count = f"{self.own.levels} level{'s' if self.own.levels != 1 else ''}"
            raise UserError(f"{self.own.name} has {count}, no level {level}. {self._instead()}")
        return level

    def _instead(self, *, levels: bool = True) -> str:
        names = ", ".join(p.name for p in self.policies[:NAMES])
        also = f", or one of {names}" if names else ""
        level = "a level (2), " if levels and self.levels else ""
        return f"Use {level}a person (@ana){also}."


def natively(catalog: Catalog, pager: PagerLink) -> Reach:
    """What the native pager offers an incident that has that link to it."""
    native = {
        name: Policy(id=name, name=name, levels=len(policy.levels))
        for name, policy in sorted(catalog.policies.items())
    }
    own = native.get(pager.policy_name or "")
    return Reach(own=own, policies=tuple(native.values()), level=pager.level)
