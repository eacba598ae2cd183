"""When a way has failed for good, and in which words that is said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.way_failed import PASSING, PATIENCE, is_final, words
from bot.errors import ProviderError, Reason

BEGAN = datetime(2026, 3, 3, 3, tzinfo=UTC)


def final(error: ProviderError, way: str, after: timedelta = timedelta()) -> bool:
    return is_final(error, way=way, first_tried=BEGAN, now=BEGAN + after)


@pytest.mark.parametrize("reason", sorted(set(Reason) - PASSING))
@pytest.mark.parametrize("way", ["slack", "channel", "apprise:1"])
def test_a_refusal_of_this_person_is_final(reason: Reason, way: str) -> None:
    assert final(ProviderError("slack", reason, code="user_disabled"), way)


@pytest.mark.parametrize("reason", sorted(PASSING))
@pytest.mark.parametrize("way", ["slack", "channel"])
def test_slack_is_waited_for_however_long_it_is_down(reason: Reason, way: str) -> None:
    assert not final(ProviderError("slack", reason), way, timedelta(hours=20))


@pytest.mark.parametrize("reason", sorted(PASSING))
def test_an_address_is_tried_for_a_minute(reason: Reason) -> None:
    error = ProviderError("apprise", reason)
    assert not final(error, "apprise:1", PATIENCE - timedelta(seconds=1))
    assert final(error, "apprise:1", PATIENCE)


def test_a_missing_permission_does_not_pass_by_waiting() -> None:
    assert final(ProviderError("slack", Reason.AUTH, code="missing_scope"), "slack")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ProviderError("slack", Reason.INVALID, "answered user_disabled", code="user_disabled"),
         "their Slack account is deactivated"),
        (ProviderError("slack", Reason.INVALID, "answered odd_code", code="odd_code"), "answered odd_code"),
        (ProviderError("apprise", Reason.UNAVAILABLE, "the json notification was not taken"),
         "the json notification was not taken"),
        (ProviderError("apprise", Reason.UNKNOWN_OUTCOME), "unknown outcome"),
    ],
)  # fmt: skip
def test_it_is_said_in_words(error: ProviderError, said: str) -> None:
    assert words(error) == said
