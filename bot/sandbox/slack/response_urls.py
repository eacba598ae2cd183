"""``response_url``: five answers within thirty minutes of what a person did.

https://docs.slack.dev/interactivity/handling-user-interaction#message_responses
"""

import secrets
from dataclasses import dataclass

from bot.sandbox.slack import messages
from bot.sandbox.slack.blockkit import check_message
from bot.sandbox.slack.blocks import initial_state, normalise
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.model import Channel, Json, Message
from bot.sandbox.slack.workspace import Workspace

MAX_USES = 5
MAX_SECONDS = 30 * 60


@dataclass(slots=True)
class _Grant:
    channel: Channel
    user: str
    message: Message | None
    issued: float
    uses: int = 0


class ResponseUrls:
    """Issues response_urls and does what is posted to them."""

    def __init__(self, ws: Workspace) -> None:
        """Start without any address."""
        self._ws = ws
        self._grants: dict[str, _Grant] = {}

    def issue(self, channel: Channel, user: str, message: Message | None = None) -> str:
        """A new address.

        Args:
            channel: where answers go.
            user: who sees ephemeral answers.
            message: the message acted upon, which may be replaced or deleted.
        """
        token = secrets.token_urlsafe(12)
        self._grants[token] = _Grant(channel, user, message, self._ws.clock.monotonic())
        return f"{self._ws.base_url}/slack/response/{token}"

    def respond(self, token: str, body: Json) -> None:
        """Do what was posted.

        Raises:
            SlackError: ``expired_url``, ``used_url``, or what is wrong with the message.
        """
        grant = self._grants.get(token)
        if grant is None or self._ws.clock.monotonic() - grant.issued > MAX_SECONDS:
            raise SlackError("expired_url")
        if grant.uses >= MAX_USES:
            raise SlackError("used_url")
        grant.uses += 1
        if body.get("delete_original"):
            if grant.message is not None and _still_there(grant):
                messages.delete(self._ws, grant.channel, grant.message)
            return
        post_answer(self._ws, grant.channel, grant.user, body, original=grant.message)


def _still_there(grant: _Grant) -> bool:
    ts = grant.message.ts if grant.message else ""
    return ts in grant.channel.messages or ts in grant.channel.ephemerals


def post_answer(
    ws: Workspace, channel: Channel, user: str, body: Json, *, original: Message | None = None
) -> Message:
    """Post or replace a message the way answers to interactions do.

    Answers need no membership and no scope. They are ephemeral unless ``response_type`` is
    ``in_channel``; ``replace_original`` changes the message acted upon, ephemeral ones too.

    Raises:
        SlackError: ``no_text``, ``invalid_blocks``.
    """
    text = str(body.get("text") or "")
    blocks = check_message(text, body.get("blocks"))
    stored = normalise(blocks)
    if original is not None and body.get("replace_original"):
        state = initial_state(stored, original.state)
        messages.change(ws, channel, original, {"text": text, "blocks": stored, "state": state})
        return original
    message = Message(
        ws.new_ts(),
        ws.bot.id,
        text,
        blocks=stored,
        by_app=True,
        thread_ts=body.get("thread_ts"),
        metadata=body.get("metadata"),
        state=initial_state(stored),
        ephemeral_to=None if body.get("response_type") == "in_channel" else user,
    )
    return messages.post(ws, channel, message)
