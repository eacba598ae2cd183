"""jq from the configuration: guarded in time, memory and output, blind to our secrets."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.mapping import helper
from bot.mapping.engine import STRIKES, Engine, ExpressionError
from bot.mapping.programs import LONGEST, compile_problems

ENDLESS = "last(range(1e12))"
HUGE = '"a" * 1e9 | length'


async def test_nothing_is_started_before_the_first_expression(engine: Engine) -> None:
    assert engine.pid is None
    assert await engine.evaluate({"a": ".x + 1"}, {"x": 1}) == {"a": 2}
    assert engine.pid is not None


async def test_all_fields_come_from_one_request_and_failures_name_their_field(
    engine: Engine,
) -> None:
    fields = {"title": ".title", "at": ".at | fromdate", "labels": "{a: .x}", "none": "empty"}
    with pytest.raises(ExpressionError) as caught:
        await engine.evaluate(fields, {"title": "t", "at": "yesterday"})
    assert set(caught.value.errors) == {"at", "none"}
    assert str(caught.value).startswith("at: date ")
    assert caught.value.errors["none"] == "gives no result"


async def test_each_yields_every_value_up_to_a_limit(engine: Engine) -> None:
    assert await engine.every("each", ".jobs[]", {"jobs": [1, None, {"a": 2}]}) == [
        1,
        None,
        {"a": 2},
    ]
    with pytest.raises(ExpressionError, match=rf"each: gives more than {helper.VALUES} values"):
        await engine.every("each", "range(5000)", None)


@pytest.mark.parametrize("expression", ["env", "$ENV", "[env, $ENV] | map(keys) | add"])
async def test_the_environment_is_empty(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, expression: str
) -> None:
    monkeypatch.setenv("SLACK_BOT_TOKEN", "xoxb-secret")
    assert not (await engine.evaluate({"v": expression}, {}))["v"]


@pytest.mark.parametrize(
    "expression",
    [
        'import "passwd" as $d {search: "/etc"}; $d',
        'include "x" {search: "/tmp"}; 1',
        "input",
        '"x" | input_line_number',
    ],
)
async def test_nothing_else_can_be_read(engine: Engine, expression: str) -> None:
    with pytest.raises(ExpressionError):
        await engine.evaluate({"v": expression}, {})


async def test_a_json_file_cannot_be_imported(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text('{"token": "xoxb-secret"}')
    expression = f'import "secrets" as $d {{search: "{tmp_path}"}}; $d'
    with pytest.raises(ExpressionError) as caught:
        await engine.evaluate({"v": expression}, {})
    assert "xoxb" not in str(caught.value)


@pytest.mark.parametrize("expression", [ENDLESS, HUGE, "def f: 1 + f; f", '[repeat("x")]'])
async def test_excess_is_stopped_and_the_others_still_get_their_answer(
    engine: Engine, expression: str
) -> None:
    await engine.evaluate({"warm": "1"}, {})
    before = engine.pid
    with pytest.raises(ExpressionError) as caught:
        await engine.evaluate({"good": ".x", "bad": expression, "after": ".x"}, {"x": 1})
    assert set(caught.value.errors) == {"bad"}
    assert engine.pid not in {None, before}
    assert await engine.evaluate({"good": ".x"}, {"x": 2}) == {"good": 2}


async def test_what_is_stopped_again_and_again_is_not_run_any_more(engine: Engine) -> None:
    for _ in range(STRIKES):
        with pytest.raises(ExpressionError, match="200 ms"):
            await engine.evaluate({"bad": HUGE}, {})
    await engine.evaluate({"good": "1"}, {})
    pid = engine.pid
    with pytest.raises(ExpressionError, match=f"stopped {STRIKES} times"):
        await engine.evaluate({"good": "1", "bad": HUGE, "after": "2"}, {})
    assert engine.pid == pid


async def test_too_long_an_answer_is_refused(engine: Engine) -> None:
    with pytest.raises(ExpressionError, match="v: gives more than 256 KB"):
        await engine.evaluate({"v": '"x" * 300000'}, {})


async def test_the_event_loop_goes_on_while_an_expression_runs(engine: Engine) -> None:
    await engine.evaluate({"warm": "1"}, {})
    task = asyncio.create_task(engine.evaluate({"bad": ENDLESS}, {}))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    with pytest.raises(ExpressionError):
        await task
    assert turns > 100, "without a clock: a loaded machine gives few turns a second"


async def test_a_helper_killed_from_outside_is_replaced(engine: Engine) -> None:
    await engine.evaluate({"a": "1"}, {})
    assert engine.pid is not None
    os.kill(engine.pid, signal.SIGKILL)
    assert engine._process
    await asyncio.wait_for(engine._process.wait(), 20)
    assert await engine.evaluate({"a": "1"}, {}) == {"a": 1}


async def test_a_cancelled_request_leaves_nothing_behind_for_the_next(engine: Engine) -> None:
    await engine.evaluate({"warm": "1"}, {})
    task = asyncio.create_task(engine.evaluate({"slow": ENDLESS}, {}))
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await engine.evaluate({"a": '"mine"'}, {}) == {"a": "mine"}


async def test_requests_at_the_same_time_get_their_own_answers(engine: Engine) -> None:
    answers = await asyncio.gather(*(engine.evaluate({"v": ".n"}, {"n": n}) for n in range(50)))
    assert [answer["v"] for answer in answers] == list(range(50))


def about(engine: Engine, what: str) -> list[str]:
    return Path(f"/proc/{engine.pid}/{what}").read_text().splitlines()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
async def test_the_helper_is_small(engine: Engine) -> None:
    await engine.evaluate({"a": ".b"}, {"b": 1})
    resident = next(line for line in about(engine, "status") if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 24_000
    assert "pydantic" not in "".join(about(engine, "maps"))
    assert about(engine, "environ") == []


def test_compile_problems_are_one_line_each() -> None:
    found = compile_problems([".a", ".a |", "nosuch(1)", HUGE, ".b", "." * (LONGEST + 1), ".a |"])
    assert set(found) == {".a |", "nosuch(1)", HUGE, "." * (LONGEST + 1)}
    assert found["nosuch(1)"].startswith("nosuch/1 is not defined")
    assert all("\n" not in text and "jq: " not in text for text in found.values())


def test_compiling_nothing_starts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("subprocess.run", None)
    assert compile_problems([]) == {}


JSON = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**31), 2**31),
        st.text(st.characters(codec="utf-8")),
    ),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=6,
)


async def test_any_subject_comes_back_as_it_was(engine: Engine) -> None:
    subjects: list[object] = []

    @settings(
        max_examples=60,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @given(JSON)
    def collect(subject: object) -> None:
        subjects.append(subject)

    collect()
    started = time.monotonic()
    for subject in subjects:
        assert await engine.evaluate({"v": "."}, subject) == {"v": subject}
    assert time.monotonic() - started < 30
