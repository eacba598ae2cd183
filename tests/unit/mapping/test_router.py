"""Routing rules: the first match decides, a failing rule is reported, the defaults cost nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bot.domain.catalog import DEFAULT_ROUTING, Rule
from bot.mapping.router import RuleRouter

if TYPE_CHECKING:
    from bot.mapping.engine import Engine
    from bot.ports import Router


def rules(*pairs: tuple[str, str]) -> list[Rule]:
    return [Rule(when=when, do=do, line=10 + n) for n, (when, do) in enumerate(pairs)]


async def test_the_default_rules_run_without_a_helper(engine: Engine) -> None:
    router: Router = RuleRouter(DEFAULT_ROUTING, engine)
    assert await router.route({"urgency": "high"}) == "channel"
    assert await router.route({"urgency": "low"}) == "announce"
    assert await router.route({}) == "announce"
    assert engine.pid is None


async def test_the_first_match_decides(engine: Engine) -> None:
    router = RuleRouter(
        rules(('.service == "a"', "ignore"), (".urgency", "channel"), ("true", "announce")), engine
    )
    assert await router.route({"service": "a", "urgency": "high"}) == "ignore"
    assert await router.route({"service": "b", "urgency": "high"}) == "channel"
    assert await router.route({"service": "b", "urgency": None}) == "announce"
    assert router.problems == ()


async def test_shipped_and_own_rules_keep_their_order(engine: Engine) -> None:
    router = RuleRouter(
        rules(
            ('.urgency == "high"', "channel"),
            ('.title | test("test"; "i")', "ignore"),
            ("true", "announce"),
        ),
        engine,
    )
    assert await router.route({"urgency": "high", "title": "Test"}) == "channel"
    assert await router.route({"urgency": "low", "title": "A TEST"}) == "ignore"
    assert await router.route({"urgency": "low", "title": "real"}) == "announce"


@pytest.mark.parametrize("configured", [[], [("false", "channel")], [("null", "channel")]])
async def test_what_nothing_matches_is_announced(
    engine: Engine, configured: list[tuple[str, str]]
) -> None:
    router = RuleRouter(rules(*configured), engine)
    assert await router.route({"urgency": "high"}) == "announce"
    assert await router.decide({}) is None


@pytest.mark.parametrize(
    "broken", ['.title | test("x")', "empty", "last(range(1e12))", 'error("no")', "[repeat(1)]"]
)
async def test_a_failing_rule_does_not_match_and_is_reported_once(
    engine: Engine, broken: str
) -> None:
    router = RuleRouter(rules((broken, "ignore"), (".urgency", "channel")), engine)
    for _ in range(3):
        assert await router.route({"title": 5, "urgency": "high"}) == "channel"
    (problem,) = router.problems
    assert problem.where == "muster.yml:10"
    assert broken in problem.what
    assert "did not match" in problem.what


async def test_a_rule_behind_the_match_is_not_even_asked(engine: Engine) -> None:
    router = RuleRouter(rules((".a", "channel"), ('error("never")', "ignore")), engine)
    assert await router.route({"a": True}) == "channel"
    assert router.problems == ()


async def test_a_broken_shipped_rule_cannot_stop_the_routing(engine: Engine) -> None:
    router = RuleRouter(DEFAULT_ROUTING, engine)
    # Indexing a list by a name is an error in jq.
    assert await router.route([1]) == "announce"  # type: ignore[arg-type]
    assert len(router.problems) == 1


async def test_values_that_are_not_json_are_sent_as_text(engine: Engine) -> None:
    from datetime import UTC, datetime

    router = RuleRouter(rules(('.at | startswith("2026")', "channel")), engine)
    assert await router.route({"at": datetime(2026, 1, 5, tzinfo=UTC)}) == "channel"
    await router.close()
    assert engine.pid is None
