"""No secret ever reaches a log, whatever shape it has and whichever way it comes."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from bot.logs import Redactor, configure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OWN = "correct-horse-battery"
TOKENS = [
    "xoxb-1234567890-abcdef",
    "xoxp-1-2-3-abc",
    "xoxe.xoxp-1-abc",
    "xapp-1-A012-345-deadbeef",
    "ghp_0123456789abcdef",
    "gho_0123456789abcdef",
    "ghr_0123456789abcdef",
    "ghs_0123456789abcdef",
    "github_pat_11ABC_def",
    "pdus+_0XBPWQQ_1234abcd",
    "pdeu+abc-def_1",
]
PLACES = [
    ("Authorization: Bearer {}", "s3cr3t.value~x"),
    ("authorization: bearer {}", "s3cr3t-value"),
    ("Authorization: Basic {}", "dXNlcjpwYXNz"),
    ("Authorization: Token token={}", "y_NbAkKc66ryYTWUXYEu"),
    ("GET /webhooks/alerts/x?token={}&a=1", "abcdefgh12345"),
    ("wss://wss-primary.slack.com/link/?ticket={}&app_id=1", "13748dac-b866-4ea7"),
    ("postgresql://{}@db.example/muster", "muster:hunter22"),
    ("https://hooks.slack.com/{}", "actions/T1/2/secretpart"),
    ("POST /slack/response/{}", "abc123def"),
    ("https://muster.example.com/pages/{}", "AAAAAAAAAAwAAAAAaabbcc-_0123456789abcdefghi"),
    ("password is {}", OWN),
]


@pytest.fixture
def err(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """What was written to stderr; logging is as before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield lambda: capsys.readouterr().err
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.parametrize("token", TOKENS, ids=range(len(TOKENS)))
def test_a_token_of_any_vendor_is_replaced(token: str) -> None:
    secret = token.partition(".")[2] or token
    for words in (token, f"key={token}", f"'{token}',", f"a {token} b"):
        clean = Redactor([]).text(words)
        assert secret not in clean
        assert "[redacted]" in clean


@pytest.mark.parametrize(("template", "secret"), PLACES, ids=range(len(PLACES)))
def test_a_secret_is_known_by_its_place(template: str, secret: str) -> None:
    clean = Redactor([OWN]).text(template.format(secret))
    assert secret not in clean
    assert "[redacted]" in clean


@pytest.mark.parametrize(
    "words",
    [
        "INC-12 Checkout is down",
        "https://acme.slack.com/archives/C1/p1",
        "token=short",
        "xox is a game",
        "mail ana@example.com",
    ],
)
def test_ordinary_words_are_left_alone(words: str) -> None:
    assert Redactor(["abc"]).text(words) == words


class Holder:
    def __repr__(self) -> str:
        return f"Holder({OWN})"


@pytest.mark.parametrize(
    "value",
    [
        OWN,
        {"a": {"b": [OWN]}},
        {OWN: 1},
        [OWN, (OWN,)],
        {OWN},
        OWN.encode(),
        Holder(),
        ValueError(OWN),
        [Holder()],
    ],
    ids=range(9),
)
def test_a_secret_inside_any_value_is_replaced(value: Any) -> None:
    event = Redactor([OWN])(None, "info", {"event": "x", "value": value, "n": 3, "none": None})
    assert OWN not in repr(event)
    assert (event["n"], event["none"], event["event"]) == (3, None, "x")


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_nothing_secret_is_printed_by_structlog(err: Callable[[], str], fmt: str) -> None:
    configure("debug", fmt, [OWN])
    log = structlog.get_logger()
    structlog.contextvars.bind_contextvars(incident="INC-7", bound=OWN)
    for token in TOKENS:
        about = f"about {token}"
        log.info(about, token=token, nested={"deep": [token]})
    try:
        raise ValueError(f"no access with {OWN}")  # noqa: TRY301
    except ValueError as error:
        log.exception("it broke", error=error)
        log.warning("again", exc_info=error, response=Holder())
    out = err()
    assert OWN not in out
    assert not [t for t in TOKENS if (t.partition(".")[2] or t) in out]
    assert "INC-7" in out
    assert "Traceback" in out
    if fmt == "json":
        lines = [json.loads(line) for line in out.splitlines()]
        assert {line["incident"] for line in lines} == {"INC-7"}
        assert lines[0]["level"] == "info"
        assert lines[0]["timestamp"].endswith("Z")


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_nothing_secret_is_printed_by_libraries(err: Callable[[], str], fmt: str) -> None:
    configure("info", fmt, [OWN])
    library = logging.getLogger("some.library")
    library.warning("connecting with %s to %s", TOKENS[0], {"password": OWN})
    try:
        raise ConnectionError(f"postgresql://muster:{OWN}@db")  # noqa: TRY301
    except ConnectionError:
        library.exception("failed")
    library.info("quiet below warning")
    out = err()
    assert OWN not in out
    assert TOKENS[0] not in out
    assert "some.library" in out
    assert "Traceback" in out
    assert "quiet below" not in out
    if fmt == "json":
        assert [json.loads(line)["level"] for line in out.splitlines()] == ["warning", "error"]


def test_the_level_is_kept(err: Callable[[], str]) -> None:
    configure("warning", "json", [])
    log = structlog.get_logger()
    log.info("unseen")
    log.warning("seen")
    assert [json.loads(line)["event"] for line in err().splitlines()] == ["seen"]
