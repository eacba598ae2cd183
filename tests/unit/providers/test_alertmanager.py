"""What is sent to Alertmanager, and what its answers mean."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.alert_silence import Matcher, Silence
from bot.domain.alert_sources import Alerts, AlertSource
from bot.errors import ProviderError, Reason
from bot.providers import build_silences
from bot.providers.alertmanager import Alertmanager

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.providers.conftest import Vendor

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SILENCE = Silence(
    matchers=frozenset(
        {
            Matcher(name="instance", value="db-1|db-2", is_regex=True),
            Matcher(name="alertname", value="Disk"),
        }
    ),
    ends_at=NOW + timedelta(hours=1),
    by="Ana",
    comment="Silenced in Slack: Disk [muster alerts/1 abc]",
)


@pytest.fixture
async def silences(vendor: Vendor) -> AsyncIterator[Alertmanager]:
    client = Alertmanager("", vendor.url.removesuffix("/api"))
    yield client
    await client.aclose()


def listed(**changes: Any) -> dict[str, Any]:
    """As version 0.25 answers."""
    return {
        "id": "s-1",
        "status": {"state": "active"},
        "updatedAt": "2026-03-01T12:00:00.000Z",
        "comment": SILENCE.comment,
        "createdBy": "Ana",
        "endsAt": "2026-03-01T13:00:00.000Z",
        "matchers": [
            {"isEqual": True, "isRegex": False, "name": "alertname", "value": "Disk"},
            {"isEqual": True, "isRegex": True, "name": "instance", "value": "db-1|db-2"},
        ],
        "startsAt": "2026-03-01T12:00:00.000Z",
        **changes,
    }


async def test_a_silence_says_what_for_whom_and_until_when(
    vendor: Vendor, silences: Alertmanager
) -> None:
    vendor.answers = {"POST /v2/silences": {"silenceID": "s-1"}}
    assert await silences.put(SILENCE, now=NOW) == "s-1"
    await silences.put(replace(SILENCE, id="s-1"), now=NOW)
    first, second = (asked.body for asked in vendor.asked)
    assert first == {
        "matchers": [
            {"name": "alertname", "value": "Disk", "isRegex": False, "isEqual": True},
            {"name": "instance", "value": "db-1|db-2", "isRegex": True, "isEqual": True},
        ],
        "startsAt": "2026-03-01T12:00:00+00:00",
        "endsAt": "2026-03-01T13:00:00+00:00",
        "createdBy": "Ana",
        "comment": SILENCE.comment,
    }
    assert second == {**first, "id": "s-1"}
    assert "Authorization" not in vendor.asked[0].headers


async def test_its_own_are_found_while_they_last(vendor: Vendor, silences: Alertmanager) -> None:
    old = listed(id="old", status={"state": "expired"})
    odd = [listed(id="x", comment="somebody else's"), listed(id="y", comment=None), "nonsense"]
    soon = listed(id="s-2", status={"state": "pending"}, endsAt="no time")
    vendor.answers = {"GET /v2/silences": [[old, *odd, listed(), soon]]}
    found = await silences.find("[muster alerts/1 abc]")
    assert found[0] == replace(SILENCE, id="s-1")
    assert (found[1].id, found[1].ends_at.year) == ("s-2", 1970)
    assert len(found) == 2


async def test_what_somebody_excluded_there_stays_excluded(
    vendor: Vendor, silences: Alertmanager
) -> None:
    except_for = {"isEqual": False, "isRegex": False, "name": "env", "value": "prod"}
    mine = listed(matchers=[*listed()["matchers"], except_for])
    vendor.answers = {"GET /v2/silences": [[mine]], "POST /v2/silences": {"silenceID": "s-1"}}
    [found] = await silences.find("[muster alerts/1 abc]")
    assert found.matchers - SILENCE.matchers == {Matcher(name="env", value="prod", negative=True)}
    await silences.put(found, now=NOW)
    assert except_for in vendor.asked[-1].body["matchers"]


async def test_a_silence_is_ended(vendor: Vendor, silences: Alertmanager) -> None:
    vendor.answers = {"DELETE /v2/silence/s-1": (200, None)}
    await silences.expire("s-1")
    assert vendor.calls() == ["DELETE /v2/silence/s-1"]


async def test_what_fires_and_since_when_it_knows(vendor: Vendor, silences: Alertmanager) -> None:
    vendor.answers = {
        "GET /v2/alerts": [[{"fingerprint": "a1"}, {"fingerprint": "b2"}, "nonsense"]],
        "GET /v2/status": {"uptime": "2026-03-01T13:00:00.000+01:00"},
    }
    assert await silences.firing() == {"a1", "b2"}
    assert await silences.running_since() == NOW
    vendor.answers = {"GET /v2/alerts": {}, "GET /v2/status": {"uptime": "long"}}
    for call in (silences.firing(), silences.running_since()):
        with pytest.raises(ProviderError) as refused:
            await call
        assert refused.value.reason is Reason.UNAVAILABLE


async def test_a_refusal_says_why(vendor: Vendor, silences: Alertmanager) -> None:
    vendor.answers = {"POST /v2/silences": (400, "end time can't be in the past")}
    with pytest.raises(ProviderError, match="end time can't be in the past") as refused:
        await silences.put(SILENCE, now=NOW)
    assert refused.value.reason is Reason.INVALID


async def test_a_password_in_the_address_is_sent_as_such_and_never_told(vendor: Vendor) -> None:
    url = vendor.url.removesuffix("/api").replace("http://", "http://ana:s3cret%2Fword@")
    source = AlertSource(name="prometheus", preset="alertmanager", api_url=url)
    built = build_silences(Alerts(sources={"prometheus": source}))["prometheus"]
    vendor.answers = {"GET /v2/silences": (401, "no s3cret/word")}
    with pytest.raises(ProviderError) as refused:
        await built.find("k")
    assert vendor.asked[0].headers["Authorization"] == "Basic YW5hOnMzY3JldC93b3Jk"
    assert refused.value.reason is Reason.AUTH
    assert "s3cret" not in f"{refused.value!s}{refused.value.detail}"
    await built.aclose()
