"""Every error is an answer, and every envelope is acknowledged exactly once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from slack_sdk.errors import SlackClientError

from blocks.forms import FieldErrors
from bot.errors import AlreadyDone, Busy, FieldError, NotFound, ProviderError, Reason, UserError
from tests.unit.store.house import NOW
from tests.unit.worker.fakes import refusal, refused_by_slack

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.handlers.desk import Counter

ERRORS: list[tuple[Exception, str]] = [
    (UserError("Do it otherwise."), "Do it otherwise."),
    (NotFound("There is no INC-9."), "There is no INC-9."),
    (Busy(), "nothing was changed. Please press again."),
    (AlreadyDone("INC-1 is resolved already: Ana did that.", who="Ana", slack_id="U0ANA", at=NOW), "<@U0ANA>"),
    (FieldError("title", "Give it a title."), "Give it a title."),
    (FieldErrors({"field.title": "Give it a title."}), "Give it a title."),
    (ProviderError("pagerduty", Reason.AUTH, "401"), "PagerDuty refused the key"),
    (ProviderError("github", Reason.UNAVAILABLE, "no answer"), "does not answer"),
    (refused_by_slack("expired_trigger_id"), "Please try once more"),
    (SlackClientError("broken"), "Please try once more"),
    (ZeroDivisionError("inner secret"), "Something broke on my side, ref "),
]  # fmt: skip
KINDS = ("command", "action", "view", "shortcut", "event")


def body(kind: str) -> dict[str, Any]:
    if kind == "command":
        return {"user_id": "U0ANA", "channel_id": "C0", "trigger_id": "t"}
    if kind == "view":
        return {"user": {"id": "U0ANA"}, "view": {"id": "V1", "type": "modal"}}
    if kind == "event":
        return {"event": {"user": "U0ANA"}, "event_id": "E1"}
    return {"user": {"id": "U0ANA"}, "channel": {"id": "C0"}, "trigger_id": "t"}


def raising(error: Exception, *, acked: bool = False) -> Callable[[Any], Any]:
    async def handler(turn: Any) -> None:
        if acked:
            await turn.done()
        raise error

    return handler


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(len(ERRORS)))
async def test_every_error_is_answered_in_every_place(
    counter: Counter, kind: str, number: int
) -> None:
    error, words = ERRORS[number]
    ack = await counter.serve(kind, raising(error), body(kind))
    told = str(counter.chat.named("tell"))
    if kind == "command":
        assert words in ack["text"]
    elif kind == "view" and isinstance(error, FieldError | FieldErrors):
        assert ack == {"response_action": "errors", "errors": {"field.title": words}}
    elif kind == "view":
        assert ack["response_action"] == "update"
        assert words in str(ack["view"])
        assert ack["view"]["title"]["text"] == "Nothing was changed"
    elif kind == "event":
        assert ack == {}, "nobody waits for an answer"
    else:
        assert ack == {}
        assert words in told
        assert counter.chat.named("tell")[0][1:3] == ("C0", "U0ANA")
    everything = f"{ack} {told}"
    assert "inner secret" not in everything
    assert "Traceback" not in everything


async def test_an_address_for_the_answer_is_preferred(counter: Counter) -> None:
    where = {**body("action"), "response_url": "https://hooks.slack.com/actions/1"}
    await counter.serve("action", raising(UserError("No.")), where)
    [said] = counter.chat.named("respond")
    assert said[1] == "https://hooks.slack.com/actions/1"
    assert "No." in said[2]
    assert counter.chat.named("tell") == []


@pytest.mark.parametrize("kind", ["command", "action"])
async def test_an_error_after_the_acknowledgement_is_still_told(
    counter: Counter, kind: str
) -> None:
    where = {**body(kind), "response_url": "https://hooks.slack.com/x"}
    await counter.serve(kind, raising(UserError("Too late."), acked=True), where)
    assert "Too late." in counter.chat.named("respond")[0][2]


async def test_a_field_that_is_not_in_the_form_is_told_as_a_sentence(counter: Counter) -> None:
    ack = await counter.serve("view", raising(FieldError("colour", "Not red.")), body("view"))
    assert ack["response_action"] == "update"
    assert "Not red." in str(ack["view"])


@pytest.mark.parametrize("lost", [refusal("channel_not_found"), refused_by_slack("fatal")])
async def test_an_answer_that_is_lost_leaves_no_envelope_unanswered(
    counter: Counter, lost: Exception
) -> None:
    counter.chat.fail["tell"] = [lost]
    assert await counter.serve("action", raising(UserError("No.")), body("action")) == {}


async def test_a_bug_is_logged_with_the_reference_people_see(
    counter: Counter, logs: list[Any]
) -> None:
    ack = await counter.serve("command", raising(KeyError("x")), body("command"))
    [logged] = [line for line in logs if line["event"] == "handler.bug"]
    assert f"ref {logged['ref']}" in ack["text"]


async def test_what_goes_well_is_acknowledged_too(counter: Counter) -> None:
    async def fine(turn: Any) -> None:
        del turn

    assert await counter.serve("event", fine, body("event")) == {}
