"""The one place that turns an error into an answer: people always get a clear sentence, never silence."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import structlog
from slack_sdk.errors import SlackClientError

from blocks import notices
from blocks.forms import FieldErrors, field_errors, message_view
from bot.errors import AlreadyDone, FieldError, ProviderError, UserError
from bot.ports import Message
from handlers.access import admit

if TYPE_CHECKING:
    from handlers.turn import Handler, Turn

log = structlog.get_logger()

#: A trigger lives three seconds; when Slack or we were slower there is no modal.
_UNSHOWN = "Slack did not show the form in time, and nothing was changed. Please try once more."


async def answer_errors(turn: Turn, handler: Handler) -> None:
    """Run a handler; whatever it raises becomes an answer to the person, and the envelope is acknowledged."""
    try:
        await admit(turn)
        await handler(turn)
        await turn.done()
    except FieldErrors as error:
        await _fields(turn, error.errors, Message(text=str(error)))
    except FieldError as error:
        await _fields(turn, field_errors(error), notices.error_message(error))
    except UserError as error:
        await _refuse(
            turn,
            notices.already_done(error)
            if isinstance(error, AlreadyDone)
            else notices.error_message(error),
        )
    except ProviderError as error:
        log.warning("handler.provider", reason=error.reason.value, detail=error.detail)
        await _refuse(turn, notices.provider_error(error))
    except SlackClientError as error:
        log.warning("handler.slack", error=type(error).__name__, code=_code(error))
        await _refuse(turn, notices.said(_UNSHOWN))
    except Exception:
        ref = secrets.token_hex(2).upper()
        log.exception("handler.bug", ref=ref)
        await _refuse(turn, notices.bug(ref))


def _code(error: SlackClientError) -> str:
    data = getattr(getattr(error, "response", None), "data", None)
    return (
        str(data.get("error", "")) if isinstance(data, dict) else ""
    )  # a text when it was no JSON


async def _fields(turn: Turn, errors: dict[str, str] | None, message: Message) -> None:
    """Mark the wrong fields of a form; elsewhere the sentence itself."""
    if turn.kind == "view" and errors and not turn.acked:
        await turn.done(response_action="errors", errors=errors)
    else:
        await _refuse(turn, message)


async def _refuse(turn: Turn, message: Message) -> None:
    """Tell the person privately. A submitted form shows the sentence in place, so nothing is lost silently."""
    if turn.kind == "options":  # nothing can be said there
        await turn.done(options=[])
        return
    try:
        if turn.kind == "view" and not turn.acked:
            await turn.done(
                response_action="update", view=message_view("Nothing was changed", message)
            )
        else:
            await turn.say(message)
    except (ProviderError, SlackClientError) as error:
        log.warning("handler.answer_lost", error=type(error).__name__)
        await turn.done()
