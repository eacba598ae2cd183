"""GitHub's webhooks: what the doctor sees, what ``--fix`` makes, and the clicks where the token may not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bot.errors import ProviderError, Reason
from bot.ports import Subscription
from tests.unit.doctor.house import GITHUB_URL

if TYPE_CHECKING:
    from tests.unit.doctor.house import House

NAME = "webhook of acme/incidents"
GOOD = Subscription(id="7", url=GITHUB_URL, active=True, events=("issues",))
MAY_NOT = ProviderError("github", Reason.NOT_FOUND, "answered 404: Not Found", code="404")


async def test_all_is_well(house: House) -> None:
    states = await house.states()
    assert states[f"GitHub: {NAME}"] == states["GitHub: webhook of acme/checkout"] == "ok"
    house.hooks.there["acme/incidents"] = [replace(GOOD, events=("*",))]
    assert (await house.about("GitHub", NAME)).state == "ok"


async def test_without_a_public_address_github_is_asked(house: House) -> None:
    del house.environ["PUBLIC_URL"], house.environ["GITHUB_WEBHOOK_SECRET"]
    finding = await house.about("GitHub", "webhook")
    assert finding.state == "skip"
    assert "asked for changed issues every minute" in finding.text
    assert "/webhooks/github refuses everybody" in finding.text
    assert "PUBLIC_URL" in finding.mend


async def test_without_a_secret_the_endpoint_refuses_everybody(house: House) -> None:
    del house.environ["GITHUB_WEBHOOK_SECRET"]
    finding = await house.about("GitHub", "webhook secret")
    assert finding.state == "warn"
    assert "refuses everybody" in finding.text
    assert "openssl rand -hex 32" in finding.mend
    assert "Settings > Webhooks > Add webhook" in finding.mend


@pytest.mark.parametrize(
    ("there", "state", "words"),
    [
        ([], "warn", "there is none"),
        ([replace(GOOD, url="https://other.example.com/webhooks/github")], "warn", "there is none"),
        ([replace(GOOD, active=False)], "warn", "switched off"),
        ([replace(GOOD, events=("push",))], "warn", "without the event Issues"),
        ([replace(GOOD, description="401")], "fail", "the secrets differ"),
        ([replace(GOOD, description="202")], "ok", "is told of issues"),
        (MAY_NOT, "skip", "may not manage webhooks"),
        (ProviderError("github", Reason.INVALID, "403", code="403"), "skip", "may not"),
        (ProviderError("github", Reason.UNAVAILABLE, "no answer"), "fail", "no answer"),
    ],
)  # fmt: skip
async def test_what_is_odd_is_told_with_the_way_to_mend_it(
    house: House, there: object, state: str, words: str
) -> None:
    house.hooks.there["acme/incidents"] = there
    finding = await house.about("GitHub", NAME)
    assert finding.state == state
    assert words in finding.text
    assert (finding.mend != "") is (state != "ok")
    assert not house.hooks.calls, "nothing is made without --fix"


async def test_fix_makes_the_missing_one_with_the_secret_there_is(house: House) -> None:
    house.hooks.there["acme/incidents"] = []
    house.given = {"fix": True}
    assert (await house.about("GitHub", NAME)).text == f"created for {GITHUB_URL}."
    secret = house.environ["GITHUB_WEBHOOK_SECRET"]
    assert house.hooks.calls == [("create", "acme/incidents", GITHUB_URL, secret, ("issues",))]
    assert house.told == [], "that secret is known already"


async def test_fix_makes_up_a_secret_and_tells_it_once(house: House) -> None:
    del house.environ["GITHUB_WEBHOOK_SECRET"]
    house.hooks.there = {"acme/incidents": [], "acme/checkout": []}
    house.given = {"fix": True}
    findings = await house.findings()
    [line] = house.told
    name, _, secret = line.partition("=")
    assert name == "GITHUB_WEBHOOK_SECRET"
    assert len(secret) == 64
    assert [call[3] for call in house.hooks.calls] == [secret, secret]
    assert secret not in str(findings)
    [told] = [f for f in findings if f.name == "webhook secret"]
    assert "not in use yet" in told.text


@pytest.mark.parametrize("code", ["403", "404"])
async def test_fix_says_the_clicks_where_the_token_may_not(house: House, code: str) -> None:
    house.hooks.there["acme/incidents"] = []
    house.hooks.making = ProviderError("github", Reason.INVALID, "no", code=code)
    house.given = {"fix": True}
    finding = await house.about("GitHub", NAME)
    assert finding.state == "warn"
    for words in ("Add webhook", GITHUB_URL, "application/json", "only Issues"):
        assert words in finding.mend


async def test_fix_tells_what_github_does_not_like(house: House) -> None:
    house.hooks.there["acme/incidents"] = []
    house.hooks.making = ProviderError("github", Reason.INVALID, "url is not supported", code="422")
    house.given = {"fix": True}
    finding = await house.about("GitHub", NAME)
    assert finding.state == "fail"
    assert "PUBLIC_URL" in finding.mend


async def test_in_slack_webhooks_are_not_looked_at(house: House) -> None:
    house.given = {"hooks": None}
    assert (await house.about("GitHub", "webhook")).state == "skip"
