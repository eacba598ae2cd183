"""PagerDuty's subscription: what is told, what ``--fix`` does, and that nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.doctor.webhook import EVENTS
from bot.errors import ProviderError, Reason
from bot.ports import Subscription

if TYPE_CHECKING:
    from datetime import datetime

    from tests.unit.doctor.house import House

URL = "https://muster.example.com/webhooks/pagerduty"
OLD = Subscription(
    id="SOLD",
    url="https://old.example.com/webhooks/pagerduty",
    active=True,
    events=EVENTS,
    description="Muster, the incident bot",
)
GOOD = replace(OLD, id="SGOOD", url=URL)


async def confirmed(since: datetime) -> bool:
    return since.tzinfo is not None


async def unconfirmed(since: datetime) -> bool:
    return since.tzinfo is None


async def test_without_a_public_address_polling_is_enough(house: House) -> None:
    del house.environ["PUBLIC_URL"]
    finding = await house.about("PagerDuty", "webhook")
    assert (finding.state, finding.text) == ("skip", "off; PagerDuty is asked every 60 seconds.")


async def test_neither_webhook_nor_polling_is_a_problem(house: House) -> None:
    del house.environ["PUBLIC_URL"]
    house.environ["PAGERDUTY_POLL_SECONDS"] = "0"
    finding = await house.about("PagerDuty", "webhook")
    assert finding.state == "fail"
    assert "PUBLIC_URL" in finding.mend


async def test_without_a_secret_the_endpoint_refuses_everybody(house: House) -> None:
    del house.environ["PAGERDUTY_WEBHOOK_SECRET"]
    finding = await house.about("PagerDuty", "webhook secret")
    assert finding.state == "fail"
    assert "refuses everybody" in finding.text
    assert "--fix" in finding.mend


@pytest.mark.parametrize(
    ("there", "text"),
    [
        ([], f"PagerDuty has no subscription for {URL}."),
        ([OLD], f"goes to {OLD.url}, not to {URL}."),
        ([replace(GOOD, events=EVENTS[:-1])], "does not send: service.deleted."),
        ([replace(GOOD, disabled=True)], "PagerDuty switched it off after failed deliveries."),
        ([replace(GOOD, active=False)], "Switched off."),
        (
            [replace(OLD, description="somebody else's")],
            f"PagerDuty has no subscription for {URL}.",
        ),
    ],
)
async def test_looking_changes_nothing(house: House, there: list[Subscription], text: str) -> None:
    house.pager.subscribed = there
    finding = await house.about("PagerDuty", "webhook")
    assert (finding.state, finding.text) == ("fail", text)
    assert finding.mend == "Run muster doctor --fix."
    assert house.pager.calls == []


async def test_fix_creates_it_and_tells_the_secret_once(house: House) -> None:
    house.pager.subscribed = []
    house.given = {"fix": True}
    findings = await house.findings()
    assert house.pager.calls == [("subscribe", URL, EVENTS)]
    assert house.told == ["PAGERDUTY_WEBHOOK_SECRET=new-one"]
    assert "new-one" not in str(findings)
    told = next(f for f in findings if f.name == "webhook secret")
    assert ".env" in told.mend


async def test_fix_enables_a_disabled_one(house: House) -> None:
    house.pager.subscribed = [replace(GOOD, disabled=True, active=False)]
    house.given = {"fix": True}
    finding = await house.about("PagerDuty", "webhook")
    assert finding.state == "ok"
    assert house.pager.calls == [("enable", "SGOOD")]


async def test_fix_leaves_a_good_one_alone(house: House) -> None:
    house.given = {"fix": True}
    assert (await house.about("PagerDuty", "webhook")).state == "ok"
    assert house.pager.calls == []


async def test_a_wrong_address_is_replaced_only_after_a_signed_ping(house: House) -> None:
    house.pager.subscribed = [OLD]
    house.given = {"fix": True, "pinged": confirmed}
    finding = await house.about("PagerDuty", "old webhook")
    assert finding.state == "ok"
    assert [call[:2] for call in house.pager.calls] == [
        ("subscribe", URL),
        ("ping", "SNEW"),
        ("unsubscribe", "SOLD"),
    ]
    # Both stay valid: the old one may still deliver what it has.
    assert house.told == ["PAGERDUTY_WEBHOOK_SECRET=new-one,old-secret"]


async def test_without_the_ping_the_old_one_is_kept_and_said_so(house: House) -> None:
    house.pager.subscribed = [OLD]
    for pinged in (unconfirmed, None):
        house.pager.calls.clear()
        house.given = {"fix": True, "pinged": pinged}
        finding = await house.about("PagerDuty", "old webhook")
        assert finding.state == "warn"
        assert "is kept" in finding.text
        assert not [call for call in house.pager.calls if call[0] == "unsubscribe"]


async def test_the_second_run_finishes_the_replacement(house: House) -> None:
    house.pager.subscribed = [OLD, GOOD]
    house.given = {"fix": True, "pinged": confirmed}
    await house.findings()
    assert house.pager.calls == [("ping", "SGOOD"), ("unsubscribe", "SOLD")]
    assert house.told == []


async def test_two_at_once_are_only_told_without_fix(house: House) -> None:
    house.pager.subscribed = [OLD, GOOD]
    finding = await house.about("PagerDuty", "old webhook")
    assert finding.state == "warn"
    assert "another installation" in finding.mend
    assert house.pager.calls == []


async def test_the_person_can_keep_the_old_one(house: House) -> None:
    async def no(question: str) -> bool:
        assert OLD.url in question
        return False

    house.pager.subscribed = [OLD, GOOD]
    house.given = {"fix": True, "pinged": confirmed, "agree": no}
    finding = await house.about("PagerDuty", "old webhook")
    assert finding.state == "skip"
    assert house.pager.calls == [("ping", "SGOOD")]


async def test_missing_events_are_mended_by_a_new_one(house: House) -> None:
    house.pager.subscribed = [replace(GOOD, events=("incident.triggered",))]
    house.given = {"fix": True, "pinged": confirmed}
    await house.findings()
    assert [call[0] for call in house.pager.calls] == ["subscribe", "ping", "unsubscribe"]


async def test_a_refusal_is_told_and_nothing_deleted(house: House) -> None:
    house.pager.subscribed = [OLD]
    house.pager.made = ProviderError("pagerduty", Reason.AUTH, "not allowed")
    house.given = {"fix": True, "pinged": confirmed}
    finding = await house.about("PagerDuty", "webhook")
    assert finding.state == "fail"
    assert "account key" in finding.mend
    assert [call[0] for call in house.pager.calls] == ["subscribe"]
