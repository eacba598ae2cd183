"""The errors Slack answers with, and which of them are a mistake of the bot.

Rests on https://docs.slack.dev/apis/web-api/#evaluating-responses.
"""

from typing import Any

#: Errors a correct bot never causes. The others (``name_taken``, ``already_in_channel`` ...) are
#: ordinary answers to an ordinary question, so they are not reported as problems.
MISTAKES = frozenset(
    {
        "duplicate_external_id",
        "exchanged_trigger_id",
        "expired_trigger_id",
        "expired_url",
        "invalid_arguments",
        "invalid_auth",
        "invalid_blocks",
        "invalid_blocks_format",
        "invalid_form_data",
        "invalid_json",
        "invalid_metadata_format",
        "invalid_name",
        "invalid_name_maxlength",
        "invalid_name_punctuation",
        "invalid_name_required",
        "invalid_name_specials",
        "invalid_trigger_id",
        "missing_scope",
        "msg_too_long",
        "no_text",
        "not_allowed_token_type",
        "not_authed",
        "push_limit_reached",
        "ratelimited",
        "too_long",
        "unknown_method",
        "used_url",
        "view_too_large",
    }
)


class SlackError(Exception):
    """A refusal, exactly as Slack words it.

    Attributes:
        error: Slack's error code.
        extra: further fields of the answer, such as ``response_metadata``.
    """

    def __init__(self, error: str, **extra: Any) -> None:
        """Refuse with a code and further fields."""
        super().__init__(error)
        self.error = error
        self.extra = extra

    def body(self) -> dict[str, Any]:
        """The JSON answer."""
        return {"ok": False, "error": self.error, **self.extra}


def invalid_arguments(*messages: str) -> SlackError:
    """Refuse arguments, with the reasons in ``response_metadata.messages``."""
    return SlackError(
        "invalid_arguments",
        response_metadata={"messages": [f"[ERROR] {message}" for message in messages]},
    )
