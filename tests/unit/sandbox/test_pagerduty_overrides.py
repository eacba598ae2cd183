"""Overrides of schedules at the PagerDuty stand-in, and what they do to who is on call."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.sandbox.test_pagerduty_rest import Lab, code_of, lab

__all__ = ["lab"]
pytestmark = pytest.mark.asyncio
PATH = "/schedules/PSCHKOX"
WEEK = {"since": "2026-03-02", "until": "2026-03-09"}


async def made(lab: Lab, *wishes: tuple[str, str, str]) -> list[dict[str, Any]]:
    """Overrides by (name, start, end); what PagerDuty answers to each."""
    body = [
        {
            "user": {"id": (await lab.user(name))["id"], "type": "user_reference"},
            "start": start,
            "end": end,
        }
        for name, start, end in wishes
    ]
    answer = await lab.client.post(f"{PATH}/overrides", json={"overrides": body})
    assert answer.status_code == 201, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def listed(lab: Lab, **more: str) -> list[dict[str, Any]]:
    answer = await lab.client.get(f"{PATH}/overrides", params=WEEK | more)
    assert answer.status_code == 201
    found: list[dict[str, Any]] = answer.json()["overrides"]
    return found


async def rendered(lab: Lab) -> list[tuple[str, str, str]]:
    shown = (await lab.get(PATH, **WEEK))["schedule"]["final_schedule"]
    return [
        (one["user"]["summary"], one["start"][5:13], one["end"][5:13])
        for one in shown["rendered_schedule_entries"]
    ]


async def on_call_now(lab: Lab) -> tuple[str, str]:
    params = {"escalation_policy_ids[]": "PEPCHKO", "include[]": "users"}
    first = (await lab.get("/oncalls", **params))["oncalls"][0]
    return first["user"]["name"], first["end"]


async def test_an_override_wins_and_the_last_one_wins_most(lab: Lab) -> None:
    [own] = [one["id"] for one in (await lab.get("/schedules", query="Checkout"))["schedules"]]
    assert PATH.endswith(own)
    assert await on_call_now(lab) == ("Alice", "2026-03-09T09:00:00Z")
    [first, second] = await made(
        lab,
        ("Bob", "2026-03-04T10:00:00Z", "2026-03-05T10:00:00Z"),
        ("Carol", "2026-03-04T11:00:00Z", "2026-03-04T13:00:00Z"),
    )
    assert [one["status"] for one in (first, second)] == [201, 201]
    assert await on_call_now(lab) == ("Carol", "2026-03-04T13:00:00Z")
    assert await rendered(lab) == [
        ("Carol", "03-02T00", "03-02T09"),
        ("Alice", "03-02T09", "03-04T10"),
        ("Bob", "03-04T10", "03-04T11"),
        ("Carol", "03-04T11", "03-04T13"),
        ("Bob", "03-04T13", "03-05T10"),
        ("Alice", "03-05T10", "03-09T00"),
    ]


async def test_one_that_can_not_be_is_refused_for_itself(lab: Lab) -> None:
    good, bad = await made(
        lab,
        ("Bob", "2026-03-05T10:00:00Z", "2026-03-05T12:00:00Z"),
        ("Bob", "2026-03-05T10:00:00Z", "2026-03-05T10:00:00Z"),
    )
    assert (good["status"], bad["status"]) == (201, 400)
    assert bad["errors"] == ["Override must end after its start"]
    nobody = {"user": {"id": "PNOBODY", "type": "user_reference"}}
    span = {"start": "2026-03-05T10:00:00Z", "end": "2026-03-05T12:00:00Z"}
    answer = await lab.client.post(f"{PATH}/overrides", json={"overrides": [nobody | span]})
    assert answer.json()[0]["errors"] == ["User not found"]
    for wish in (span, nobody, "x", nobody | {"start": "soon", "end": "later"}):
        answer = await lab.client.post(f"{PATH}/overrides", json={"overrides": [wish]})
        assert code_of(answer) == (400, 2001), wish
    assert len(await listed(lab)) == 1


@pytest.mark.parametrize("body", [{}, {"overrides": []}, {"overrides": {}}])
async def test_no_overrides_are_no_request(lab: Lab, body: dict[str, Any]) -> None:
    assert code_of(await lab.client.post(f"{PATH}/overrides", json=body)) == (400, 2001)


async def test_unknown_ids_are_not_found_and_a_period_is_required(lab: Lab) -> None:
    assert code_of(await lab.client.post("/schedules/PNONE/overrides", json={})) == (404, 2100)
    assert code_of(await lab.client.delete(f"{PATH}/overrides/QNONE")) == (404, 2100)
    assert code_of(await lab.client.get(f"{PATH}/overrides")) == (400, 2001)
    turned = {"since": WEEK["until"], "until": WEEK["since"]}
    assert code_of(await lab.client.get(f"{PATH}/overrides", params=turned)) == (400, 2001)


async def test_ids_are_told_of_editable_ones_only(lab: Lab) -> None:
    await made(
        lab,
        ("Bob", "2026-03-03T10:00:00Z", "2026-03-03T12:00:00Z"),
        ("Bob", "2026-03-04T10:00:00Z", "2026-03-04T18:00:00Z"),
        ("Carol", "2026-03-08T10:00:00Z", "2026-03-12T12:00:00Z"),
    )
    everything = await listed(lab)
    assert [("id" in one, one["end"]) for one in everything] == [
        (False, "2026-03-03T12:00:00Z"),
        (False, "2026-03-04T18:00:00Z"),
        (False, "2026-03-09T00:00:00Z"),
    ]
    [editable] = await listed(lab, editable="true", overflow="true")
    assert (bool(editable["id"]), editable["end"]) == (True, "2026-03-12T12:00:00Z")


async def test_what_has_begun_is_cut_short_and_what_is_over_stays(lab: Lab) -> None:
    past, running, future = await made(
        lab,
        ("Bob", "2026-03-03T10:00:00Z", "2026-03-03T12:00:00Z"),
        ("Bob", "2026-03-04T10:00:00Z", "2026-03-04T18:00:00Z"),
        ("Bob", "2026-03-06T10:00:00Z", "2026-03-06T12:00:00Z"),
    )
    codes = [
        (await lab.client.delete(f"{PATH}/overrides/{one['override']['id']}")).status_code
        for one in (past, running, future)
    ]
    assert codes == [400, 200, 204]
    lab.now += timedelta(minutes=1)
    assert (await on_call_now(lab))[0] == "Alice"
    assert [one["end"] for one in await listed(lab)] == [
        "2026-03-03T12:00:00Z",
        "2026-03-04T12:00:00Z",
    ]
