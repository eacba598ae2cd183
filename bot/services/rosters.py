"""Who is on call in a roster, whichever way it was made: in ``muster.yml``, in Slack, or as a calendar.

People are e-mail addresses in lower case, moments aware UTC. Overrides and swaps made in Slack are applied. All of
these run inside a transaction, so a use case sees one consistent answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from bot.domain.postmortem import lasting
from bot.domain.roster import Duty, Rota, Shift
from bot.errors import Problem
from bot.store import roster_versions as versions
from bot.store import rosters as store

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.catalog import Catalog, EscalationPolicy, Roster
    from bot.store.tx import Tx
#: How many entries nobody can be found for are named; the others are counted.
SOME: Final = 5


def find(tx: Tx, catalog: Catalog, name: str) -> Roster | None:
    """The roster of that name."""
    return catalog.rosters.get(name) or store.made(tx, name)


def names(tx: Tx, catalog: Catalog) -> list[str]:
    """The names of all rosters, those of muster.yml first."""
    return list(dict.fromkeys((*catalog.rosters, *store.made_names(tx))))


def rota(tx: Tx, catalog: Catalog, name: str) -> Rota | None:
    """The roster with its overrides and calendar, to be asked more than once; None when there is none."""
    roster = find(tx, catalog, name)
    return rota_of(tx, roster) if roster else None


def rota_of(tx: Tx, roster: Roster, *, plain: bool = False) -> Rota:
    """The same for a roster at hand; ``plain``: without what was changed in Slack."""
    kept = [] if plain else [each.override for each in store.overrides(tx, roster.name)]
    stints = store.copy_of(tx, roster).stints if roster.ical else ()
    return Rota(roster, kept, stints)


def on_duty(tx: Tx, catalog: Catalog, name: str, at: datetime) -> tuple[str, ...]:
    """Who is on call at that moment; nobody in a gap, and nobody in a roster that is not there."""
    found = rota(tx, catalog, name)
    return found.on_duty(at) if found else ()


def keep_file(tx: Tx, catalog: Catalog) -> None:
    """Remember how the rosters of muster.yml are now."""
    versions.keep_file(tx, catalog.rosters)


def names_at(tx: Tx, catalog: Catalog, at: datetime) -> list[str]:
    """The names of all rosters, and of those there were at that moment."""
    today = names(tx, catalog)
    if at >= tx.now:
        return today
    gone = (name for name in sorted(versions.known(tx) - set(today)) if _was_there(tx, name, at))
    return [*today, *gone]


def _was_there(tx: Tx, name: str, at: datetime) -> bool:
    version = versions.at(tx, name, at)
    return version is not None and version.since <= at and version.value is not None


def on_duty_then(
    tx: Tx, catalog: Catalog, name: str, at: datetime
) -> tuple[tuple[str, ...], datetime | None]:
    """Who is or was on call at that moment, by the roster as it was then.

    Before anything was known of it, it is taken as it was known first, and since when that is comes along.
    """
    today = find(tx, catalog, name)
    version = versions.at(tx, name, at) if at < tx.now else None
    if version is None:
        return (rota_of(tx, today).on_duty(at) if today else ()), None
    roster = version.roster(name, today)
    people = rota_of(tx, roster).on_duty(at) if roster else ()
    return people, version.since if version.since > at else None


def current(tx: Tx, catalog: Catalog, name: str, at: datetime) -> Duty:
    """Who is on call at that moment, and until when (None: no change in sight)."""
    found = rota(tx, catalog, name)
    return found.current(at) if found else Duty()


def shifts(tx: Tx, catalog: Catalog, name: str, since: datetime, until: datetime) -> list[Shift]:
    """Everything between the two moments without a hole; a gap is a shift of nobody."""
    found = rota(tx, catalog, name)
    return found.shifts(since, until) if found else []


def calendar_problem(tx: Tx, roster: Roster) -> str | None:
    """What is wrong with the copy of a roster's calendar: a sentence, None when all is well."""
    copy = store.copy_of(tx, roster)
    if copy.problem is not None:
        if copy.fetched_at is None:
            return f"the calendar could not be fetched yet: {copy.problem}"
        age = lasting(tx.now - copy.fetched_at)
        return f"the calendar cannot be fetched ({copy.problem}); this is its copy of {age} ago"
    if copy.fetched_at is None:
        return "the calendar was not fetched yet"
    if copy.unmapped:
        some = ", ".join(copy.unmapped[:SOME])
        more = f" and {len(copy.unmapped) - SOME} more" if len(copy.unmapped) > SOME else ""
        return f"I do not know who is meant by: {some}{more}"
    return None


def examined(tx: Tx, catalog: Catalog) -> list[tuple[str, str | None]]:
    """Every roster's name and what is wrong with it, None when nothing is."""
    both = set(catalog.rosters) & set(store.made_names(tx))
    found = []
    for name in names(tx, catalog):
        roster = find(tx, catalog, name)
        problem = calendar_problem(tx, roster) if roster and roster.ical else None
        if name in both:
            problem = "there are two of that name, in muster.yml and made in Slack"
        found.append((name, problem))
    return [
        *found,
        *((problem.where, problem.what.rstrip(".")) for problem in unknown(tx, catalog)),
    ]


def clashes(tx: Tx, catalog: Catalog, file: str = "muster.yml") -> list[Problem]:
    """Rosters of muster.yml (``file``) with the name of one made in Slack: nobody could tell which is meant."""
    return [
        Problem(
            f"{file}:{catalog.rosters[name].line}",
            f"rosters.{name} is also the name of a roster made in Slack.",
            "Rename it here, or delete the other one in Slack first.",
        )
        for name in store.made_names(tx)
        if name in catalog.rosters
    ]


def unknown(tx: Tx, catalog: Catalog, file: str = "muster.yml") -> list[Problem]:
    """Policies that name a roster neither muster.yml (``file``) nor anybody in Slack made: it would page nobody."""
    known = names(tx, catalog)
    there = f"There are {', '.join(known)}." if known else "There is none yet."
    return [
        Problem(
            f"{file}:{policy.line}",
            f"escalation_policies.{policy.name} names the unknown roster {name!r}.",
            f"Write it under rosters:, or make it in Slack before it is named here. {there}",
        )
        for policy in catalog.policies.values()
        for name in sorted(_rosters_of(policy) - set(known))
    ]


def _rosters_of(policy: EscalationPolicy) -> set[str]:
    targets = (target for level in policy.levels for target in level.notify)
    return {target.removeprefix("roster:") for target in targets if target.startswith("roster:")}
