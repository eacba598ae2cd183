"""The doctor: a healthy house has no complaint; every fault is told with its mend."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from bot.doctor import Finding, exit_code, render
from bot.doctor.probes import open_socket, reach
from bot.errors import ProviderError, Reason
from bot.ports import Channel
from tests.unit.doctor.faults import FAULTS

if TYPE_CHECKING:
    from tests.unit.doctor.house import House
    from tests.unit.doctor.spoils import Fault


async def test_a_healthy_house_has_no_complaint(house: House) -> None:
    findings = await house.findings()
    complaints = [f for f in findings if f.state in {"warn", "fail"}]
    assert complaints == []
    assert exit_code(findings) == 0
    assert render(findings).endswith("Everything is as it should be.")
    assert ("create_channel", "incidents") not in house.chat.calls


async def test_slack_alone_is_a_healthy_house_too(house: House) -> None:
    house.environ = {name: v for name, v in house.environ.items() if name.startswith("SLACK_")}
    findings = await house.findings()
    assert [f.name for f in findings if f.state in {"warn", "fail"}] == []
    off = {f.area: f for f in findings if f.name == "token"}
    assert off["PagerDuty"].state == off["GitHub"].state == "skip"
    assert "PAGERDUTY_API_TOKEN" in off["PagerDuty"].mend
    assert "GITHUB_TOKEN" in off["GitHub"].mend


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_a_fault_is_told_with_its_mend_and_without_secrets(
    house: House, fault: Fault
) -> None:
    fault.spoil(house)
    findings = await house.findings()
    found = next(f for f in findings if (f.area, f.name) == (fault.area, fault.name))
    assert found.state == fault.state
    assert fault.text in found.text
    assert fault.mend in found.mend
    assert all(f.mend for f in findings if f.state in {"warn", "fail"})
    shown = render(findings)
    for secret in ("xoxb-1", "xapp-1", "key-of-pagerduty", "old-secret", "ghp_1"):
        assert secret not in shown


async def test_an_absent_announcement_channel_is_made_as_a_start_would(house: House) -> None:
    house.chat.channels.pop("incidents")
    finding = await house.about("Slack", "announcement channel")
    assert (finding.state, finding.text) == ("ok", "#incidents was not there and is created.")
    assert house.chat.calls == [("create_channel", "incidents")]


async def test_a_public_channel_is_joined_at_the_start(house: House) -> None:
    house.chat.channels["incidents"] = Channel(id="C1", name="incidents")
    assert (await house.about("Slack", "announcement channel")).state == "ok"


async def test_scopes_beyond_the_manifest_are_worth_a_word(house: House) -> None:
    house.chat.who["scopes"].append("files:write")
    findings = await house.findings()
    assert [f.text for f in findings if f.state == "warn"] == ["more than are used: files:write."]


async def test_what_cannot_be_asked_from_here_is_said(house: House) -> None:
    house.given = {"open_socket": None, "database": None, "reach": None}
    states = await house.states()
    assert states["Slack: app token"] == states["Database: database"] == "skip"
    assert states["Web: PUBLIC_URL"] == states["Slack: command"] == "skip"


def test_rendering_shows_marks_mends_and_a_count() -> None:
    findings = [
        Finding(area="Slack", name="bot token", state="ok", text="works."),
        Finding(area="Slack", name="scopes", state="fail", text="missing: a.", mend="Add a."),
        Finding(area="GitHub", name="token", state="skip", text="off."),
        Finding(area="GitHub", name="repo", state="warn", text="odd.", mend="Look."),
    ]
    assert render(findings).splitlines() == [
        "Slack",
        "  ✔ bot token: works.",
        "  ✖ scopes: missing: a.",
        "      Add a.",
        "",
        "GitHub",
        "  - token: off.",
        "  ! repo: odd.",
        "      Look.",
        "",
        "1 problem, 1 warning.",
    ]
    assert exit_code(findings) == 1
    assert exit_code(findings[2:]) == 0


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(200, json={"ok": False, "error": "invalid_auth"}), Reason.AUTH),
        (httpx.Response(200, json={"ok": False, "error": "socket_mode_off"}), Reason.INVALID),
        (httpx.Response(429, json={"ok": False, "error": "ratelimited"}), Reason.RATE_LIMITED),
        (httpx.Response(502, text="<html>"), Reason.UNAVAILABLE),
    ],
)
async def test_the_app_token_probe_gives_reasons(answer: httpx.Response, reason: Reason) -> None:
    transport = httpx.MockTransport(lambda _: answer)
    with pytest.raises(ProviderError) as caught:
        await open_socket("xapp-1", "https://slack.test/api/", transport=transport)
    assert caught.value.reason is reason
    assert "xapp-1" not in str(caught.value)


async def test_the_app_token_probe_reads_slacks_clock() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        date = {"Date": "Mon, 05 Jan 2026 09:00:00 GMT"}
        return httpx.Response(200, json={"ok": True, "url": "wss://x"}, headers=date)

    date = await open_socket(
        "xapp-1", "https://slack.test/api/", transport=httpx.MockTransport(answer)
    )
    assert date is not None
    assert date.isoformat() == "2026-01-05T09:00:00+00:00"
    assert str(seen[0].url) == "https://slack.test/api/apps.connections.open"
    assert seen[0].headers["authorization"] == "Bearer xapp-1"


async def test_reaching_the_public_address() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host == "gone":
            raise httpx.ConnectError("refused")
        return httpx.Response(200 if request.url.path == "/healthz" else 404)

    transport = httpx.MockTransport(answer)
    assert await reach("https://here/healthz", transport=transport) is None
    assert await reach("https://here/", transport=transport) == "answers 404"
    assert await reach("https://gone/", transport=transport) == "no answer (ConnectError)"
