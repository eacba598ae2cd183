"""Every provider fails the same way: one class of checks, a few lines of data per vendor."""

from __future__ import annotations

import logging
import socket
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.alert_silence import Matcher, Silence
from bot.errors import ProviderError, Reason
from bot.ports import Message, Ticket
from bot.providers import PROVIDERS

if TYPE_CHECKING:
    from tests.contracts.conftest import FaultServer

TOKEN = "s3cr3t-0a1b2c3d4e5f"
BY = "ana@example.com"
TICKET = Ticket(repo="acme/shop", number=7, url="https://github.test/7")

Call = Callable[[Any], Awaitable[Any]]


@dataclass(frozen=True)
class Case:
    """What the checks need to know of one vendor."""

    name: str
    read: Call
    write: Call
    error: Callable[[str], dict[str, Any]]  # the vendor's own way of saying a sentence
    lists: bool = False  # what it reads is a bare list, so an empty one is an answer


SILENCE = Silence(
    matchers=frozenset({Matcher(name="alertname", value="Disk")}),
    ends_at=datetime(2026, 3, 1, tzinfo=UTC),
    by="Ana",
    comment="hello",
)

CASES = {
    "alertmanager": Case(
        "alertmanager",
        read=lambda silences: silences.find("k"),
        write=lambda silences: silences.put(SILENCE, now=SILENCE.ends_at),
        error=lambda words: {"code": 602, "message": words},
        lists=True,
    ),
    "slack": Case(
        "slack",
        read=lambda chat: chat.member("U1"),
        write=lambda chat: chat.post("C1", Message(text="hi"), key="k"),
        error=lambda words: {
            "ok": False,
            "response_metadata": {"messages": [words]},
        },
    ),
    "pagerduty": Case(
        "pagerduty",
        read=lambda pager: pager.page("P1", history=False),
        write=lambda pager: pager.add_note("P1", "hello", by=BY),
        error=lambda words: {"error": {"message": "No", "errors": [words]}},
    ),
    "github": Case(
        "github",
        read=lambda tickets: tickets.login(),
        write=lambda tickets: tickets.comment(TICKET, "hello", key="k"),
        error=lambda words: {"message": words, "documentation_url": "https://docs.github.test"},
    ),
}

#: What is not listed: other 4xx INVALID, 5xx and 408 UNAVAILABLE for reads, unknown for writes.
STATUSES = {401: Reason.AUTH, 404: Reason.NOT_FOUND, 409: Reason.CONFLICT, 429: Reason.RATE_LIMITED}
STATUSES |= {420: Reason.RATE_LIMITED, 425: Reason.UNAVAILABLE}


def test_every_provider_is_under_contract() -> None:
    assert set(CASES) == set(PROVIDERS)


def build(name: str, url: str, timeout: float = 5.0, observe: Any = None) -> Any:
    return PROVIDERS[name].build(TOKEN, url, timeout, observe)


async def failure(call: Call, provider: Any) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await call(provider)
    assert isinstance(raised.value.reason, Reason)
    return raised.value


@pytest.fixture(params=sorted(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture
async def provider(case: Case, server: FaultServer) -> AsyncIterator[Any]:
    built = build(case.name, server.url)
    yield built
    await built.aclose()


class TestFailures:
    async def test_every_status_has_its_reason(
        self, case: Case, server: FaultServer, provider: Any
    ) -> None:
        for status in range(400, 600):
            server.answer(status, case.error("it went wrong"))
            for call, lost in (
                (case.read, Reason.UNAVAILABLE),
                (case.write, Reason.UNKNOWN_OUTCOME),
            ):
                error = await failure(call, provider)
                usual = lost if status >= 500 or status == 408 else Reason.INVALID
                assert error.reason is STATUSES.get(status, usual), (status, error)
                assert error.provider == case.name
                assert error.code == str(status)
                assert "it went wrong" in error.detail

    async def test_no_secret_in_any_text(
        self, case: Case, server: FaultServer, provider: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        leak = f"bad key {TOKEN} xoxb-1-abc Authorization: Bearer {TOKEN} token={TOKEN}"
        server.answer(403, case.error(leak))
        for call in (case.read, case.write):
            error = await failure(call, provider)
            shown = "".join(traceback.format_exception(error))
            for text in (str(error), repr(error), error.detail, repr(vars(error)), shown):
                assert TOKEN not in text
                assert "xoxb-1-abc" not in text
        assert TOKEN not in repr(provider)
        assert not [r for r in caplog.records if r.name.startswith("bot") and TOKEN in str(r)]
        sent = [
            r for r in caplog.records if TOKEN in r.getMessage() and "bad key" not in r.getMessage()
        ]
        assert not sent

    async def test_silence_ends_with_the_timeout(self, case: Case, server: FaultServer) -> None:
        server.silent()
        provider = build(case.name, server.url, timeout=0.1)
        assert (await failure(case.read, provider)).reason is Reason.UNAVAILABLE
        assert (await failure(case.write, provider)).reason is Reason.UNKNOWN_OUTCOME
        await provider.aclose()

    async def test_reset_leaves_a_write_unknown(
        self, case: Case, server: FaultServer, provider: Any
    ) -> None:
        server.reset()
        assert (await failure(case.write, provider)).reason is Reason.UNKNOWN_OUTCOME
        assert len(server.seen) == 1  # nobody tried again behind our back
        assert (await failure(case.read, provider)).reason is Reason.UNAVAILABLE

    async def test_html_with_200_is_no_answer(
        self, case: Case, server: FaultServer, provider: Any
    ) -> None:
        server.html()
        assert (await failure(case.write, provider)).reason is Reason.UNKNOWN_OUTCOME
        assert len(server.seen) == 1
        assert (await failure(case.read, provider)).reason is Reason.UNAVAILABLE

    @pytest.mark.parametrize("body", [[], "text", 5, None, {"unexpected": True}])
    async def test_json_of_another_shape_is_no_answer(
        self, case: Case, server: FaultServer, provider: Any, body: Any
    ) -> None:
        server.answer(200, {} if body is None else body)
        if not (case.lists and body == []):
            assert (await failure(case.read, provider)).reason is Reason.UNAVAILABLE
        assert (await failure(case.write, provider)).reason is Reason.UNKNOWN_OUTCOME

    async def test_refused_connection_means_nothing_was_sent(self, case: Case) -> None:
        with socket.socket() as held:  # bound, not listening: nobody else gets the port
            held.bind(("127.0.0.1", 0))
            provider = build(case.name, f"http://127.0.0.1:{held.getsockname()[1]}/api")
            for call in (case.read, case.write):
                assert (await failure(call, provider)).reason is Reason.UNAVAILABLE
            await provider.aclose()

    async def test_too_many_requests(self, case: Case, server: FaultServer, provider: Any) -> None:
        server.answer(429, case.error("slow down"), {"Retry-After": "7"})
        error = await failure(case.write, provider)
        assert (error.reason, error.retry_after) == (Reason.RATE_LIMITED, 7.0)
        server.answer(429, case.error("slow down"))
        error = await failure(case.write, provider)
        assert (error.reason, error.retry_after) == (Reason.RATE_LIMITED, None)
        assert len(server.seen) == 2

    async def test_unavailable_keeps_the_time_named(
        self, case: Case, server: FaultServer, provider: Any
    ) -> None:
        server.answer(503, case.error("later"), {"Retry-After": "30"})
        assert (await failure(case.read, provider)).retry_after == 30.0

    async def test_building_calls_nobody(self, case: Case, server: FaultServer) -> None:
        provider = build(case.name, server.url)
        await provider.aclose()
        await provider.aclose()
        assert server.seen == []

    async def test_observer_is_told(self, case: Case, server: FaultServer) -> None:
        told: list[tuple[str, str]] = []

        def observe(operation: str, outcome: str, seconds: float) -> None:
            assert 0 <= seconds < 5
            told.append((operation, outcome))

        provider = build(case.name, server.url, observe=observe)
        server.answer(404, case.error("gone"))
        await failure(case.read, provider)
        server.answer(500, case.error("oops"))
        await failure(case.write, provider)
        await provider.aclose()
        assert [outcome for _, outcome in told] == ["not_found", "unknown_outcome"]
        assert all("P1" not in operation and "U1" not in operation for operation, _ in told)
