"""What the proof of a page says of ways that are kept for later, and of addresses beyond Slack."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blocks.proof import Proof, proof
from bot.domain.escalation import Delivery, DeliveryState, Next, Page
from tests.unit.blocks.limits import check_message

NOW = datetime(2026, 3, 3, 3, tzinfo=UTC)
DUE = NOW + timedelta(hours=4)
PAGE = Page(id=1, incident=7, started_at=NOW, round=1, level=1, next=Next.NOTIFY, next_at=NOW)


def a_delivery(**changes: Any) -> Delivery:
    plain: dict[str, Any] = {
        "page": 1, "round": 1, "level": 1, "recipient": "U1", "name": "Ana", "slack_id": "U1",
        "planned_at": NOW,
    }  # fmt: skip
    return Delivery(**{**plain, **changes})


def said(*deliveries: Delivery, **more: Any) -> str:
    message = proof(Proof(page=PAGE, deliveries=deliveries, policy=None, subject="INC-7", **more))
    check_message(message)
    return json.dumps(
        [dict(b) if isinstance(b, dict) else b for b in message.blocks],
        ensure_ascii=False,
        default=str,
    )


def test_a_way_kept_for_later_says_when_and_why() -> None:
    held = a_delivery(due=DUE, reason="quiet hours until 07:00 (UTC)")
    assert "direct message at <!date^" in said(held)
    assert ": quiet hours until 07:00 (UTC)" in said(held)
    struggling = said(held, struggling={held.key: "answered 500"})
    assert "waits: answered 500" in struggling
    assert "quiet hours" not in struggling


def test_what_went_out_says_nothing_of_having_been_kept() -> None:
    sent = a_delivery(due=DUE, state=DeliveryState.DELIVERED, delivered_at=DUE)
    assert "direct message delivered" in said(sent)
    assert " at <!date" not in said(sent)


def test_an_address_is_called_by_its_kind() -> None:
    mail = a_delivery(way="apprise:1", state=DeliveryState.SENT, sent_at=NOW)
    assert "e-mail sent" in said(mail, kinds={mail.key: "e-mail"})
    assert "notification 1 sent" in said(mail)


@given(st.text(max_size=600), st.text(max_size=80), st.integers(1, 60))
def test_it_stays_within_slacks_limits(reason: str, kind: str, people: int) -> None:
    deliveries = [
        a_delivery(recipient=f"U{n}", way=way, due=DUE, reason=reason)
        for n in range(people)
        for way in ("slack", "apprise:1", "apprise:2")
    ]
    said(*deliveries, kinds={each.key: kind for each in deliveries})
