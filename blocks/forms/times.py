"""*Times*: when it started, was detected, acknowledged, mitigated and resolved."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import DateTimePickerElement

from blocks import kit
from blocks.forms.base import Answers, about, labelled, modal
from blocks.ids import ELEMENT, BlockId, CallbackId, IncidentButton
from bot.domain import times
from bot.domain.incident import Status
from bot.domain.times import MEANINGS, Moment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.domain.incident import Incident

FIELDS: Final = {moment: BlockId(f"field.{moment.value}") for moment in Moment}
#: Slack's picker takes ten digits.
EARLIEST, LATEST = 1_000_000_000, 9_999_999_999


@dataclass(frozen=True, kw_only=True)
class Form:
    """What people chose; a picker they left as it was shown is not among them, an emptied one is None."""

    number: int
    chosen: Mapping[Moment, datetime | None]


def build(incident: Incident) -> dict[str, Any]:
    """A picker for each time the incident can have by now, holding the one that counts."""
    blocks = [about(incident)]
    for moment, at in times.values(incident).items():
        if _comes_later(incident, moment):
            blocks.append(kit.context(f"*{moment.value.capitalize()}:* not yet"))
            continue
        stamp = int(at.timestamp()) if at else None
        shown = stamp if stamp and EARLIEST <= stamp <= LATEST else None
        picker = DateTimePickerElement(action_id=ELEMENT, initial_date_time=shown)
        label = moment.value.capitalize()
        blocks.append(labelled(label, FIELDS[moment], picker, hint=MEANINGS[moment].capitalize()))
    blocks.append(kit.context("In your own time zone. The timeline keeps who changed what."))
    metadata = IncidentButton(number=incident.number)
    return modal("Times", CallbackId.TIMES, blocks, submit="Save", metadata=metadata)


def _comes_later(incident: Incident, moment: Moment) -> bool:
    if moment is Moment.RESOLVED:
        return incident.is_open
    return moment is Moment.ACKNOWLEDGED and incident.status is Status.TRIGGERED


def parse(view: Mapping[str, Any]) -> Form:
    """What was submitted.

    A picker that was not touched says nothing: the time may have been corrected since the form was opened.
    """
    answers = Answers(view)
    shown = {
        str(block.get("block_id")): (block.get("element") or {}).get("initial_date_time")
        for block in view.get("blocks") or ()
    }
    chosen = {
        moment: _moment(stamp)
        for moment, field in FIELDS.items()
        if field.value in shown and not _as_shown(stamp := answers.stamp(field), shown[field.value])
    }
    number = IncidentButton.decode(view.get("private_metadata")).number
    return Form(number=number, chosen=chosen)


def _as_shown(stamp: int | None, shown: int | None) -> bool:
    """Slack's picker knows minutes only: it may give back what it was shown without the seconds."""
    return stamp == shown or (stamp is not None and shown is not None and stamp == shown // 60 * 60)


def _moment(stamp: int | None) -> datetime | None:
    return datetime.fromtimestamp(stamp, UTC) if stamp is not None else None
