"""The form *Times*: only what people touched is a correction."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from blocks.forms import times as form
from bot.domain.times import Moment
from tests.unit.blocks.samples import incident

AT = datetime(2026, 3, 1, 10, 7, 42, tzinfo=UTC)


def sent(view: dict[str, Any], **touched: int | None) -> dict[str, Any]:
    """The view as Slack sends it: pickers hold what they were shown, unless somebody changed them."""
    values = {}
    for block in (b for b in view["blocks"] if b["type"] == "input"):
        word = block["label"]["text"].lower()
        stamp = touched.get(word, block["element"].get("initial_date_time"))
        values[block["block_id"]] = {block["element"]["action_id"]: {"selected_date_time": stamp}}
    return {**view, "state": {"values": values}}


def test_what_was_left_as_shown_is_no_correction() -> None:
    view = form.build(incident(started_at=AT, created_at=AT))
    assert form.parse(sent(view)).chosen == {}
    floored = int(AT.timestamp()) // 60 * 60
    assert form.parse(sent(view, started=floored)).chosen == {}, "Slack knows minutes only"
    earlier = AT - timedelta(minutes=5)
    chosen = form.parse(sent(view, started=int(earlier.timestamp()))).chosen
    assert chosen == {Moment.STARTED: earlier.replace(microsecond=0)}


def test_an_emptied_picker_is_a_wish() -> None:
    view = form.build(incident(mitigated_at=AT))
    assert form.parse(sent(view, mitigated=None)).chosen == {Moment.MITIGATED: None}
