"""The parts of ``muster.yml`` about incidents themselves: severities, roles, routing, services."""

from __future__ import annotations

import re
from string import Formatter
from typing import TYPE_CHECKING

from bot.config_file import formats
from bot.config_file.reader import nearest
from bot.domain.catalog import Reactions, Role, Rule, Service, Severity
from bot.domain.incident import Urgency

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from bot.config_file.reader import Section, Value

SEVERITY_KEYS = ("name", "emoji", "description", "pagerduty_priority", "update_every", "urgency")
SERVICE_KEYS = (
    "title",
    "repo",
    "private_repo",
    "owners",
    "pagerduty_service",
    "escalation_policy",
    "depends_on",
    "runbook",
    "slack_group",
    "statuspage_components",
    "skills",
)
PLACEHOLDERS = ("number", "slug", "date", "external_id", "severity")
PAGERDUTY_DO = ("channel", "announce", "ignore")
ALERTS_DO = ("incident", "page", "announce", "ignore")
PERMISSIONS = ("declare", "resolve", "severity", "publish", "private", "rosters")
EVERYONE = "everyone"
#: Severities and roles are typed in commands, so they are single words.
WORD = re.compile(r"[\w-]{1,30}")
EMOJI = re.compile(r"[\w+'-]{1,100}")


class Once:
    """Reports a name that was used before."""

    def __init__(self, what: str) -> None:
        """Know nothing yet; ``what`` is said of the second use."""
        self.what = what
        self.seen: dict[str, Value] = {}

    def check(self, name: str | None, value: Value | None) -> None:
        """Remember ``name``; report it when it is there already (case does not matter)."""
        if not name or value is None:
            return
        first = self.seen.setdefault(name.casefold(), value)
        if first is not value:
            what = f"is the {self.what} {name!r} a second time (first in line {first.line})."
            value.problem(what, "Keep one of them.")


def read_severities(value: Value) -> tuple[Severity, ...]:
    """The first is the worst."""
    names, priorities = Once("severity"), Once("PagerDuty priority")
    found = []
    for item in value.items():
        section = item.section(SEVERITY_KEYS)
        name = _word(section.need("name"))
        names.check(name, section.get("name"))
        priorities.check(section.text("pagerduty_priority"), section.get("pagerduty_priority"))
        if name is None:
            continue
        severity = Severity(
            name=name,
            description=section.text("description") or "",
            pagerduty_priority=section.text("pagerduty_priority"),
            update_every=formats.duration(section.get("update_every")),
            urgency=_urgency(section.get("urgency")),
            **({"emoji": emoji} if (emoji := section.text("emoji")) else {}),
        )
        found.append(severity)
    _not_empty(value)
    return tuple(found)


def _urgency(value: Value | None) -> str:
    found = value.choice([each.value for each in Urgency]) if value else None
    return found or Severity(name="").urgency


def read_reactions(value: Value) -> Reactions:
    """The emoji that put messages into the timeline, with or without colons; each means one thing."""
    keys = ("timeline", "action_item", "follow_up", "confirm")
    section = value.section(keys)
    given = {}
    for key in keys:
        name = (section.text(key) or getattr(Reactions(), key)).strip(":")
        if EMOJI.fullmatch(name):
            given[key] = name
        elif wrong := section.get(key):
            wrong.problem(f"is {wrong.raw!r}, which is no emoji.", "Write its name: pushpin.")
    names = [given.get(key, "") for key in keys]
    if twice := [name for name in given.values() if names.count(name) > 1]:
        value.problem(f"gives :{twice[0]}: two meanings.", "Choose an emoji for each.")
    return Reactions(**given)


def read_roles(value: Value) -> tuple[Role, ...]:
    """The roles people can take; none is allowed."""
    names = Once("role")
    found = []
    for item in value.items():
        section = item.section(("name", "briefing"))
        name = _word(section.need("name"))
        names.check(name, section.get("name"))
        if name:
            found.append(Role(name=name, briefing=section.text("briefing") or ""))
    return tuple(found)


def read_channel_name(value: Value) -> str | None:
    """A template with our placeholders and nothing else in braces."""
    if (text := value.text()) is None:
        return None
    try:
        fields = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError:
        value.problem(f"is {value.raw!r}.", "Every { needs its }.")
        return None
    mend = f"It can hold {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}."
    for _, name, spec, conversion in fields:
        if name not in PLACEHOLDERS or spec or conversion:
            value.problem(f"holds the unknown {{{name}}}.", mend)
            return None
    if not {"number", "external_id"} & {name for _, name, _, _ in fields}:
        value.problem("gives every incident the same name.", "Put {number} into it.")
        return None
    return text


def read_rules(
    value: Value, do: Collection[str], severities: Collection[str] | None
) -> tuple[Rule, ...]:
    """Routing rules in order; only those about alerts have a severity."""
    keys = ("when", "do") if severities is None else ("when", "do", "severity")
    found = []
    for item in value.items():
        section = item.section(keys)
        when = formats.program(section.need("when"))
        action = section.need("do")
        severity = section.get("severity") if severities is not None else None
        chosen = action.choice(do) if action else None
        if when is not None and chosen is not None:
            rule = Rule(
                when=when,
                do=chosen,
                severity=severity.choice(severities or ()) if severity else None,
                line=item.line,
            )
            found.append(rule)
    return tuple(found)


def read_permissions(value: Value | None, roles: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Who may do what; what is not named is open to every full member."""
    pairs = value.section(PERMISSIONS).pairs if value else {}
    kinds = {"role": roles, "group": None, "person": None}
    read = {name: [_who(item, kinds) for item in each.items()] for name, each in pairs.items()}
    return {name: tuple(who for who in found if who) for name, found in read.items()}


def _who(value: Value, kinds: Mapping[str, Collection[str] | None]) -> str | None:
    if value.raw == EVERYONE:
        return EVERYONE
    if ":" in value.raw:
        return formats.reference(value, kinds)
    value.problem(f"is {value.raw!r}.", "It can be: everyone, role:..., group:..., person:....")
    return None


def read_services(
    value: Value | None, policies: Collection[str], owner: str | None
) -> dict[str, Service]:
    """Keyed by id; titles and PagerDuty services must be unique, because people name them so."""
    pairs = value.section().pairs if value else {}
    names, pagers = Once("service"), Once("PagerDuty service")
    found = {}
    for key, each in pairs.items():
        section = each.section(SERVICE_KEYS)
        names.check(key, each)
        title = section.text("title")
        if title and title.casefold() != key.casefold():
            names.check(title, section.get("title"))
        pagers.check(section.text("pagerduty_service"), section.get("pagerduty_service"))
        found[key] = _service(key, section, owner)
        _known(section.get("escalation_policy"), "escalation policy", policies)
        needs = section.get("depends_on")
        for item in needs.items() if needs else ():
            _known(item, "service", [name for name in pairs if name != key])
    return found


def _service(key: str, section: Section, owner: str | None) -> Service:
    owners = section.get("owners")
    return Service(
        id=key,
        title=section.text("title") or key,
        repo=formats.repository(section.get("repo"), owner),
        private_repo=formats.repository(section.get("private_repo"), owner),
        owners=tuple(who for item in owners.items() if (who := _owner(item))) if owners else (),
        pagerduty_service=section.text("pagerduty_service"),
        escalation_policy=section.text("escalation_policy"),
        depends_on=section.texts("depends_on"),
        runbook=formats.address(section.get("runbook")),
        slack_group=formats.handle(section.get("slack_group")),
        statuspage_components=section.texts("statuspage_components"),
        skills=section.texts("skills"),
    )


def _owner(value: Value) -> str | None:
    """An e-mail address, or ``group:`` and the handle of a Slack user group."""
    text = value.text()
    if text is None or formats.EMAIL.fullmatch(text):
        return text.casefold() if text else None
    if text.startswith("group:"):
        return formats.reference(value, {"group": None})
    value.problem(f"is {value.raw!r}.", "Write an e-mail address or group:<handle>.")
    return None


def _known(value: Value | None, what: str, names: Collection[str]) -> None:
    if value is None or (text := value.text()) is None or text in names:
        return
    value.problem(f"names the unknown {what} {value.raw!r}.", nearest(text, names))


def _word(value: Value | None) -> str | None:
    if value is None or (text := value.text()) is None:
        return None
    if WORD.fullmatch(text):
        return text
    value.problem(f"is {value.raw!r}.", "Write one word: letters, digits, - and _.")
    return None


def _not_empty(value: Value) -> None:
    if value.is_empty_list:
        value.problem("is empty.", "Name at least one, or leave the key out.")
