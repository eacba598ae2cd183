"""The parts of ``muster.yml`` about who is paged: people, rosters, escalation policies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from bot.config_file import formats
from bot.config_file.ways import read_addresses, read_quiet_hours
from bot.domain import roster
from bot.domain.catalog import EscalationPolicy, Level, Person, Roster, RosterLayer
from bot.domain.hours import Hours

if TYPE_CHECKING:
    from bot.config_file.reader import Section, Value

PERSON_KEYS = ("pagerduty", "github", "skills", "notify", "quiet_hours", "time_zone")
ROSTER_KEYS = ("time_zone", "layers", "overrides", "user_group", "announce_in", "ical")
LAYER_KEYS = ("people", "rotate", "handover", "start", "only")
ROTATIONS = ("daily", "weekly")
#: A turn of its own length: shorter ones would be noise, and years are no rotation.
SHORTEST, LONGEST = timedelta(hours=1), timedelta(weeks=52)
MOST_LEVELS = 20
MOST_REPEATS = 100


def read_people(value: Value | None) -> dict[str, Person]:
    """Keyed by e-mail address in lower case."""
    people: dict[str, Person] = {}
    for key, each in (value.section().pairs if value else {}).items():
        email = key.casefold()
        if not formats.EMAIL.fullmatch(email):
            each.problem("is not an e-mail address.", "People are named by their e-mail address.")
        elif email in people:
            each.problem("is there twice (upper and lower case are the same).", "Keep one.")
        else:
            people[email] = _person(email, each)
    return people


def _person(email: str, value: Value) -> Person:
    section = value.section(PERSON_KEYS)
    return Person(
        email=email,
        pagerduty=formats.email(section.get("pagerduty")),
        github=section.text("github"),
        skills=section.texts("skills"),
        notify=read_addresses(section.get("notify")),
        quiet_hours=read_quiet_hours(section.get("quiet_hours")),
        time_zone=formats.time_zone(section.get("time_zone")),
    )


def read_rosters(value: Value | None) -> dict[str, Roster]:
    """Keyed by name."""
    pairs = value.section().pairs if value else {}
    return {name: _roster(name, each) for name, each in pairs.items()}


def _roster(name: str, value: Value) -> Roster:
    section = value.section(ROSTER_KEYS)
    layers, overrides, ical = section.get("layers"), section.get("overrides"), section.get("ical")
    if value.is_mapping and (layers is None) == (ical is None):
        value.problem("needs either layers or ical.", "Keep exactly one of the two.")
    return Roster(
        name=name,
        time_zone=formats.time_zone(section.get("time_zone")) or "UTC",
        layers=tuple(_layer(item) for item in layers.items()) if layers else (),
        overrides=tuple(_override(item) for item in overrides.items()) if overrides else (),
        user_group=formats.handle(section.get("user_group")),
        announce_in=formats.handle(section.get("announce_in")),
        ical=formats.address(ical, ("https", "http", "webcal")),
        line=value.key_line or value.line,
    )


def _layer(value: Value) -> RosterLayer:
    section = value.section(LAYER_KEYS)
    rotate = section.text("rotate") or "weekly"
    length = rotate in ROTATIONS or formats.DURATION.fullmatch(rotate)
    if not length or not SHORTEST <= roster.length_of(rotate) <= LONGEST:
        where = section.get("rotate") or value
        where.problem(f"is {where.raw!r}.", "Write daily, weekly or a duration from 1h to 52w.")
    default = "Mon 09:00" if rotate == "weekly" else "09:00"
    return RosterLayer(
        people=_emails(section, "people"),
        rotate=rotate,
        handover=formats.handover(section.get("handover"), rotate) or default,
        start=formats.moment(section.need("start")) or "",
        only=_only(section.get("only")),
    )


def _emails(section: Section, key: str) -> tuple[str, ...]:
    value = section.need(key)
    items = value.items() if value else []
    if value and value.is_empty_list:
        value.problem("is empty.", "Name at least one person.")
    return tuple(email for item in items if (email := formats.email(item)))


def _only(value: Value | None) -> dict[str, object] | None:
    if value is None:
        return None
    section = value.section(("days", "from", "to"))
    days = section.get("days")
    chosen = [item.choice(formats.DAYS) for item in days.items()] if days else []
    read: dict[str, object] = {"days": tuple(day for day in chosen if day)} if chosen else {}
    for key in ("from", "to"):
        if text := formats.clock(section.get(key)):
            read[key] = text
    return read


def _override(value: Value) -> dict[str, object]:
    section = value.section(("person", "from", "until"))
    begin, end = (formats.moment(section.need(key)) for key in ("from", "until"))
    if begin and end and not _before(begin, end):
        value.problem("ends before it begins.", "Correct from or until.")
    read = {"person": formats.email(section.need("person")), "from": begin, "until": end}
    return {key: text for key, text in read.items() if text is not None}


def _before(begin: str, end: str) -> bool:
    """Times without a zone are in the roster's; only like is compared with like."""
    first, last = datetime.fromisoformat(begin), datetime.fromisoformat(end)
    return (first.tzinfo is None) != (last.tzinfo is None) or first < last


def read_policies(value: Value | None) -> dict[str, EscalationPolicy]:
    """Keyed by name. Rosters may be made in Slack: whether a name is one of any is known with the database."""
    pairs = value.section().pairs if value else {}
    return {name: _policy(name, each) for name, each in pairs.items()}


def _policy(name: str, value: Value) -> EscalationPolicy:
    section = value.section(("repeat", "acknowledge_expires", "time_zone", "levels"))
    zone = formats.time_zone(section.get("time_zone")) or "UTC"
    levels = section.need("levels")
    items = levels.items() if levels else []
    if levels and not 0 < len(items) <= MOST_LEVELS:
        levels.problem(f"has {len(items)} levels.", f"Write 1 to {MOST_LEVELS}.")
    repeat = section.get("repeat")
    return EscalationPolicy(
        name=name,
        levels=tuple(_level(item, zone) for item in items),
        repeat=(repeat.whole(0, MOST_REPEATS) if repeat else None) or 0,
        acknowledge_expires=formats.duration(section.get("acknowledge_expires")),
        line=value.key_line or value.line,
    )


def _level(value: Value, zone: str) -> Level:
    section = value.section(("notify", "wait", "only"))
    kinds = {"person": None, "roster": None, "group": None, "channel": None}
    notify = section.need("notify")
    found = [formats.reference(item, kinds) for item in notify.items()] if notify else []
    if notify and not found:
        notify.problem("names nobody.", "Write at least one of person:, roster:, group:, channel:.")
    return Level(
        notify=tuple(each for each in found if each),
        wait=formats.duration(section.get("wait")) or timedelta(minutes=5),
        only=_hours(section.get("only"), zone),
    )


def _hours(value: Value | None, zone: str) -> Hours | None:
    """When a level is there, in its own time zone or the policy's."""
    if value is None:
        return None
    section = value.section(("days", "from", "to", "time_zone"))
    days = section.get("days")
    chosen = [item.choice(formats.DAYS) for item in days.items()] if days else []
    return Hours(
        days=tuple(day for day in chosen if day),
        begin=formats.clock(section.get("from")) or "00:00",
        end=formats.clock(section.get("to")) or "00:00",
        time_zone=formats.time_zone(section.get("time_zone")) or zone,
    )
