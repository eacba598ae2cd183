"""A roster while it is made or edited in Slack, and how it is listed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

from bot.domain.catalog import Roster, RosterLayer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from bot.domain.incident import Actor

#: A modal holds 100 blocks; a layer takes seven.
MAX_LAYERS: Final = 10
MAX_PEOPLE: Final = 100


@dataclass(frozen=True, kw_only=True)
class LayerDraft:
    """One layer as it stands in the form: ``key`` names its fields for as long as the form is open.

    ``people`` are Slack ids in their order. Texts are as typed until the form was read.
    """

    key: str
    people: tuple[str, ...] = ()
    rotate: str = "weekly"
    handover: str = "Mon 09:00"
    start: str = ""
    hours: str = ""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """All of the form. ``version`` 0 is a roster that is not there yet."""

    name: str = ""
    time_zone: str = "UTC"
    layers: tuple[LayerDraft, ...] = ()
    user_group: str = ""
    announce_in: str | None = None
    version: int = 0

    def with_layer(self) -> Draft:
        """One more layer, beginning when the last one does."""
        if len(self.layers) >= MAX_LAYERS:
            return self
        used = {layer.key for layer in self.layers}
        key = next(f"l{n}" for n in range(1, MAX_LAYERS + len(used) + 1) if f"l{n}" not in used)
        start = self.layers[-1].start if self.layers else ""
        return replace(self, layers=(*self.layers, LayerDraft(key=key, start=start)))

    def without_layer(self, key: str) -> Draft:
        """That layer gone; the last one stays."""
        left = tuple(layer for layer in self.layers if layer.key != key)
        return replace(self, layers=left) if left else self


def draft_of(roster: Roster, ids: Mapping[str, str], version: int) -> Draft:
    """The form for a roster that is there; ``ids`` are people's Slack ids by address, who has none is left out."""
    from bot.domain.roster_text import hours_text  # noqa: PLC0415 - one direction only

    layers = tuple(
        LayerDraft(
            key=f"l{n}",
            people=tuple(ids[p] for p in layer.people if p in ids),
            rotate=layer.rotate,
            handover=layer.handover,
            start=layer.start,
            hours=hours_text(layer.only),
        )
        for n, layer in enumerate(roster.layers, 1)
    )
    return Draft(
        name=roster.name,
        time_zone=roster.time_zone,
        layers=layers or (LayerDraft(key="l1"),),
        user_group=roster.user_group or "",
        announce_in=roster.announce_in,
        version=version,
    )


def roster_of(
    draft: Draft, emails: Mapping[str, str], only: Mapping[str, Mapping[str, Any] | None]
) -> Roster:
    """The roster a form that was read means; ``emails`` by Slack id, ``only`` (the hours) by layer."""
    layers = tuple(
        RosterLayer(
            people=tuple(emails[user] for user in layer.people),
            rotate=layer.rotate,
            handover=layer.handover,
            start=layer.start,
            only=only.get(layer.key),
        )
        for layer in draft.layers
    )
    return Roster(
        name=draft.name,
        time_zone=draft.time_zone,
        layers=layers,
        user_group=draft.user_group or None,
        announce_in=draft.announce_in or None,
    )


def day_of(start: str) -> str:
    """The day a layer begins, for a date picker; empty for what is none."""
    try:
        return date.fromisoformat(start[:10]).isoformat()
    except ValueError:
        return ""


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A roster in a list: who is on call now, and who made or changed it (None: it stands in ``file``)."""

    roster: Roster
    people: Sequence[Actor] = ()
    members: Sequence[Sequence[Actor]] = ()  # of its layers
    until: datetime | None = None
    file: str | None = None
    changed_by: Actor | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Saved:
    """What became of a form: the roster, who is on call now, and whom nobody could reach (address, why)."""

    listed: Listed
    unreachable: Sequence[tuple[str, str]] = ()
