"""Who may do what (``permissions`` in muster.yml). Standard library only, pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from bot.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

EVERYONE: Final = "everyone"


class Right(StrEnum):
    """What can be restricted; ``JOIN`` and ``ACT`` (every other change) and ``FOLLOW`` cannot.

    Following is one's own affair: guests may do it as well.
    """

    DECLARE = "declare"
    RESOLVE = "resolve"
    SEVERITY = "severity"
    PUBLISH = "publish"
    PRIVATE = "private"
    ROSTERS = "rosters"
    JOIN = "join"
    FOLLOW = "follow"
    ACT = "act"


#: How a sentence names what was refused.
_WISH: Final = {
    Right.DECLARE: "declare incidents",
    Right.RESOLVE: "resolve or reopen incidents",
    Right.SEVERITY: "change the severity",
    Right.PUBLISH: "publish updates",
    Right.PRIVATE: "see private incidents",
    Right.ROSTERS: "change who is on call",
    Right.JOIN: "join incidents",
    Right.FOLLOW: "follow incidents",
    Right.ACT: "change incidents",
}


class NotAllowed(UserError):
    """Somebody wished what they may not; the sentence names who may."""


@dataclass(frozen=True, kw_only=True)
class Who:
    """What is known of the person: ``known`` in the mirrored workspace, a ``guest`` or a ``stranger`` there."""

    known: bool = True
    guest: bool = False
    stranger: bool = False
    email: str = ""
    groups: Collection[str] = ()
    roles: Collection[str] = ()


def check(right: Right, rules: Mapping[str, Sequence[str]], who: Who) -> None:
    """Raise NotAllowed when the rules do not let that person do it.

    What no rule names is open to every full member. A rule that names somebody (their group, their role in this
    incident, their address) lets them in even as a guest; people of other workspaces are never let in.
    """
    wanted = tuple(rules.get(right.value, (EVERYONE,)))
    if who.stranger:
        msg = (
            f"Only members of this workspace can {_WISH[right]}. Ask somebody of it in the channel."
        )
        raise NotAllowed(msg)
    if any(_names(rule, who) for rule in wanted):
        return
    if EVERYONE in wanted:
        if not who.guest or right is Right.FOLLOW:
            return
        msg = f"Guests cannot {_WISH[right]} here. Ask a full member in the channel."
        raise NotAllowed(msg)
    if not who.known:
        msg = f"I do not know you yet, and not everybody may {_WISH[right]}. Please try again in a minute."
        raise NotAllowed(msg)
    msg = f"Only {_list(wanted)} may {_WISH[right]}. Ask one of them."
    raise NotAllowed(msg)


def named(right: Right, rules: Mapping[str, Sequence[str]], who: Who) -> bool:
    """Whether a rule names that very person (by group, role or address), which "everyone" does not."""
    return not who.stranger and any(_names(rule, who) for rule in rules.get(right.value, ()))


def groups_named(rules: Mapping[str, Sequence[str]], right: Right) -> tuple[str, ...]:
    """Handles of the user groups that matter for a right."""
    found = (rule.partition(":") for rule in rules.get(right.value, ()))
    return tuple(value.lstrip("@") for kind, _, value in found if kind == "group")


def _names(rule: str, who: Who) -> bool:
    kind, _, value = rule.partition(":")
    if kind == "role":
        return value in who.roles
    if kind == "group":
        return value.lstrip("@") in who.groups
    return kind == "person" and bool(value) and value.casefold() == who.email.casefold()


def _list(rules: Sequence[str]) -> str:
    words = {"role": "the {} of the incident", "group": "members of @{}", "person": "{}"}
    parts = (rule.partition(":") for rule in rules)
    named = [words[kind].format(value.lstrip("@")) for kind, _, value in parts if kind in words]
    return " or ".join(named) or "nobody"
