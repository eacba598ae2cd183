"""What it means that a way did not take a page: try again, or say in words why it failed. Pure."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from bot.domain.ways import SLACK
from bot.errors import Reason

if TYPE_CHECKING:
    from datetime import datetime

    from bot.errors import ProviderError

#: An address beyond Slack that does not take a page is tried again for so long; then somebody else is asked.
PATIENCE: Final = timedelta(minutes=1)
#: Outcomes that say nothing of the person. Slack is waited for: it comes back for everybody at once.
PASSING: Final = frozenset(
    {Reason.UNAVAILABLE, Reason.UNKNOWN_OUTCOME, Reason.RATE_LIMITED, Reason.AUTH}
)
#: A refusal of one call that says nothing about the key as a whole.
_ONE_CALL: Final = frozenset({"missing_scope"})
#: https://docs.slack.dev/reference/methods/conversations.open and chat.postMessage
_WORDS: Final = {
    "user_not_found": "Slack does not know this person",
    "users_not_found": "Slack does not know this person",
    "user_disabled": "their Slack account is deactivated",
    "user_not_visible": "Slack does not show this person to the bot",
    "cannot_dm_bot": "that is a bot, which reads no messages",
    "messages_tab_disabled": "the Messages tab of this app is switched off in Slack",
    "channel_not_found": "there is no such channel, or the bot is not in it",
    "not_in_channel": "the bot is not in that channel",
    "is_archived": "that channel is archived",
    "restricted_action": "this workspace does not let the bot write there",
    "missing_scope": "the bot lacks a permission in Slack: muster doctor says which",
}


def is_final(error: ProviderError, *, way: str, first_tried: datetime, now: datetime) -> bool:
    """Whether trying this way again cannot help, or would take too long."""
    if error.code in _ONE_CALL or error.reason not in PASSING:
        return True
    waits = way in {SLACK, "channel"}
    return not waits and now - first_tried >= PATIENCE


def words(error: ProviderError) -> str:
    """Why, for the proof: a few words without a secret."""
    return _WORDS.get(error.code) or error.detail or error.reason.value.replace("_", " ")
