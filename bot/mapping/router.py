"""Decides by the rules in ``muster.yml`` what becomes of an incident: the first match wins."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import structlog

from bot.domain.catalog import DEFAULT_ROUTING
from bot.errors import Problem
from bot.mapping.engine import Engine, Outcome
from bot.mapping.programs import compiled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bot.domain.catalog import Rule

log = structlog.get_logger()

#: What no rule decides is announced.
OTHERWISE = "announce"
#: These ship with us, so they run in this process: a bot without own rules needs no helper.
SHIPPED = frozenset(rule.when for rule in DEFAULT_ROUTING)


class RuleRouter:
    """The rules of one section; ``problems`` keeps the last error of each rule for the doctor."""

    def __init__(
        self, rules: Sequence[Rule], engine: Engine | None = None, *, file: str = "muster.yml"
    ) -> None:
        """Take the rules in order; ``engine`` is shared with other users of jq if there are any."""
        self.rules = tuple(rules)
        self.engine = engine or Engine()
        self.file = file
        self._problems: dict[int, Problem] = {}

    @property
    def problems(self) -> tuple[Problem, ...]:
        """One per rule that has failed since the start, in the order of the rules."""
        return tuple(self._problems[n] for n in sorted(self._problems))

    async def route(self, subject: Mapping[str, Any]) -> str:
        """The ``do`` of the first rule that matches."""
        rule = await self.decide(subject)
        return rule.do if rule else OTHERWISE

    async def decide(self, subject: Mapping[str, Any]) -> Rule | None:
        """The first rule that matches; one that fails does not match and is reported."""
        for shipped, group in groupby(enumerate(self.rules), lambda each: each[1].when in SHIPPED):
            numbered = list(group)
            outcomes = await self._outcomes(
                [rule for _, rule in numbered], subject, shipped=shipped
            )
            for (number, rule), outcome in zip(numbered, outcomes, strict=False):
                if outcome.error:
                    self._report(number, rule, outcome.error)
                if outcome.is_true:
                    return rule
        return None

    async def close(self) -> None:
        """End the helper process, if one was started."""
        await self.engine.close()

    async def _outcomes(
        self, rules: Sequence[Rule], subject: Mapping[str, Any], *, shipped: bool
    ) -> Iterable[Outcome]:
        if not shipped:
            return await self.engine.until_true([rule.when for rule in rules], subject)
        return (_here(rule.when, subject) for rule in rules)

    def _report(self, number: int, rule: Rule, error: str) -> None:
        where = f"{self.file}:{rule.line}" if rule.line else f"{self.file}, rule {number + 1}"
        what = f"the routing rule {rule.when!r} failed and did not match: {error}."
        if number not in self._problems:
            log.warning("router.rule_failed", where=where, rule=rule.when, error=error)
        self._problems[number] = Problem(where, what, "Correct its jq.")


def _here(expression: str, subject: Mapping[str, Any]) -> Outcome:
    """Run an expression that ships with us."""
    try:
        return Outcome(compiled(expression)(subject))
    except ValueError as error:
        return Outcome(error=str(error))
