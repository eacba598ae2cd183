"""The dead man's switch over real HTTP: heard or not heard, and its address, which is a secret, told to nobody."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from bot.doctor import render
from bot.domain.effects import EffectKind
from bot.errors import ProviderError, Reason
from bot.providers import build_deadman
from bot.providers.deadman import DeadManSwitch
from tests.unit.doctor.house import House
from tests.unit.worker.fakes import build_shop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from bot.doctor import Finding
    from tests.unit.providers.conftest import Vendor

SECRET = "f6a2c1d0-never-told"
PATH = f"GET /ping/{SECRET}"
ROOT = Path(__file__).resolve().parents[3]


def address(vendor: Vendor) -> str:
    return f"{vendor.url}/ping/{SECRET}"


@pytest.fixture
def closed() -> Iterator[str]:
    """An address on this machine that refuses every connection: its port is taken, and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}/ping/{SECRET}"


@pytest.fixture
async def deaf() -> AsyncIterator[str]:
    """An address that takes the connection and never answers."""
    ends = asyncio.Event()

    async def listen(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await ends.wait()
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/{SECRET}"
    ends.set()
    server.close()


@pytest.fixture
async def endless() -> AsyncIterator[str]:
    """An address that says yes and then never stops talking."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        with contextlib.suppress(ConnectionError):
            writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"4\r\nmore\r\n")
                await writer.drain()
                await asyncio.sleep(0)

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/{SECRET}"
    server.close()


async def refused(url: str, seconds: float = 5.0) -> ProviderError:
    """Why that address did not hear us; nothing of the error names it."""
    with pytest.raises(ProviderError) as caught:
        await DeadManSwitch(url, seconds=seconds).ping()
    error = caught.value
    told = [str(error), repr(error), error.detail, *traceback.format_exception(error)]
    assert not any(SECRET in each or "127.0.0.1" in each for each in told)
    return error


@pytest.mark.parametrize("status", [200, 201, 204])
async def test_whatever_says_yes_has_heard_us(vendor: Vendor, status: int) -> None:
    vendor.answers[PATH] = (status, None)
    await DeadManSwitch(address(vendor)).ping()
    assert vendor.calls() == [PATH], "one ping is one request"


async def test_what_it_says_beside_yes_is_not_read(endless: str) -> None:
    await DeadManSwitch(endless).ping()


@pytest.mark.parametrize("status", [400, 401, 404, 410, 429, 500, 502, 503])
async def test_whatever_says_no_has_not_and_is_not_asked_again(vendor: Vendor, status: int) -> None:
    vendor.answers[PATH] = (status, {"detail": SECRET})
    error = await refused(address(vendor))
    assert (error.reason, error.detail) == (Reason.INVALID, f"it answers {status}")
    assert vendor.calls() == [PATH]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed_with_the_secret(vendor: Vendor, status: int) -> None:
    elsewhere = f"{vendor.url}/elsewhere/{SECRET}"
    vendor.answers[PATH] = (status, None, {"Location": elsewhere})
    vendor.answers[f"GET /elsewhere/{SECRET}"] = {}
    assert (await refused(address(vendor))).detail == f"it answers {status}"
    assert vendor.calls() == [PATH]


async def test_a_refused_connection_is_no_answer(closed: str) -> None:
    error = await refused(closed)
    assert (error.reason, error.detail) == (Reason.UNAVAILABLE, "no answer (ConnectError)")


async def test_who_never_answers_is_not_waited_for_for_ever(deaf: str) -> None:
    error = await refused(deaf, seconds=0.2)
    assert error.reason is Reason.UNAVAILABLE
    assert error.detail in {"no answer (ReadTimeout)", "no answer (TimeoutError)"}


@pytest.mark.parametrize(
    "odd", ["http://[::1", "ftp://127.0.0.1/x", "http://a b/", "http://\ud800/"]
)
async def test_an_address_that_is_none_is_no_answer_either(odd: str) -> None:
    with pytest.raises(ProviderError) as caught:
        await DeadManSwitch(odd).ping()
    assert caught.value.reason is Reason.UNAVAILABLE


def test_without_an_address_there_is_no_switch() -> None:
    assert build_deadman(None) is None
    assert isinstance(build_deadman(SecretStr("http://127.0.0.1/x")), DeadManSwitch)


# --- the effect ----------------------------------------------------------------------------------


async def test_the_effect_pings_and_tells_why_it_was_not_heard_but_not_where(
    vendor: Vendor, tmp_path: Path
) -> None:
    shop = build_shop(tmp_path)
    try:
        shop.world.deadman = DeadManSwitch(address(vendor))
        vendor.answers[PATH] = [(200, None), (503, None)]
        with capture_logs() as logs:
            await shop.run(EffectKind.PING_DEADMAN, None)
            assert logs == []
            await shop.run(EffectKind.PING_DEADMAN, None)
    finally:
        shop.home.work.close()
    assert vendor.calls() == [PATH, PATH]
    [said] = logs
    assert (said["event"], said["detail"]) == ("deadman.not_heard", "it answers 503")
    assert SECRET not in str(logs)


# --- what the doctor says ------------------------------------------------------------------------


async def examined(url: str | None, *, tried: bool = True) -> Finding:
    house = House()
    if url is not None:
        house.environ["DEADMAN_URL"] = url
        house.given = {"deadman": DeadManSwitch(url, seconds=1.0) if tried else None}
    findings = await house.findings()
    assert SECRET not in render(findings)
    return next(f for f in findings if (f.area, f.name) == ("Web", "DEADMAN_URL"))


async def test_the_doctor_says_whether_somebody_hears_when_we_fall_silent(
    vendor: Vendor, closed: str
) -> None:
    unset = await examined(None)
    assert (unset.state, unset.text) == ("skip", "not set: nobody hears when Muster falls silent.")
    assert "expects a ping every minute" in unset.mend
    untried = await examined(closed, tried=False)
    assert (untried.state, untried.text) == ("skip", "set, not tried.")
    vendor.answers[PATH] = [(200, None), (404, None), (302, None, {"Location": f"{vendor.url}/x"})]
    heard = await examined(address(vendor))
    assert (heard.state, heard.text) == ("ok", "takes our ping.")
    for text in ("it answers 404.", "it answers 302."):
        failing = await examined(address(vendor))
        assert (failing.state, failing.text) == ("warn", text)
        assert "Check the address" in failing.mend
    gone = await examined(closed)
    assert (gone.state, gone.text) == ("warn", "no answer (ConnectError).")


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ((200, None), "✔ DEADMAN_URL: takes our ping."),
        ((500, None), "! DEADMAN_URL: it answers 500."),
    ],
)
async def test_muster_doctor_pings_once_and_its_output_names_no_address(
    vendor: Vendor, closed: str, tmp_path: Path, answer: tuple[int, Any], line: str
) -> None:
    vendor.answers[PATH] = answer
    slack = f"{closed.partition('/ping')[0]}/api/"
    environ = {
        "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "SLACK_API_URL": slack, "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_APP_TOKEN": "xapp-1", "LOG_LEVEL": "DEBUG", "DEADMAN_URL": address(vendor),
    }  # fmt: skip
    doctor = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "doctor", cwd=tmp_path, env=environ,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await doctor.communicate())[0].decode()
    assert line in said, said
    assert SECRET not in said
    assert vendor.calls() == [PATH]
