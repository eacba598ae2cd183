"""Slack's error codes as data.

Slack answers 200 with ``{"ok": false, "error": code}``; the codes of each method are on its page
under https://docs.slack.dev/reference/methods, the common ones at
https://docs.slack.dev/apis/web-api#errors
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.errors import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

#: What is not here is INVALID, with Slack's code kept.
CODES: Mapping[str, Reason] = {
    **dict.fromkeys(
        # The token is of no use, or lacks a scope (then ``code`` is missing_scope, not the token).
        (
            "invalid_auth",
            "not_authed",
            "token_revoked",
            "token_expired",
            "account_inactive",
            "missing_scope",
            "org_login_required",
            "ekm_access_denied",
            "team_access_not_granted",
            "accesslimited",
        ),
        Reason.AUTH,
    ),
    **dict.fromkeys(("ratelimited", "rate_limited", "message_limit_exceeded"), Reason.RATE_LIMITED),
    **dict.fromkeys(
        (
            "channel_not_found",
            "message_not_found",
            "thread_not_found",
            "user_not_found",
            "users_not_found",
            "bookmark_not_found",
            "canvas_not_found",
            "no_such_subteam",
            "used_url",
            "expired_url",
        ),
        Reason.NOT_FOUND,
    ),
    **dict.fromkeys(
        (
            "name_taken",
            "is_archived",
            "already_archived",
            "already_in_channel",
            "already_pinned",
            "already_reacted",
            "hash_conflict",
            "channel_canvas_already_exists",
        ),
        Reason.CONFLICT,
    ),
    # Refused before anything was done.
    **dict.fromkeys(
        ("service_unavailable", "request_timeout", "team_added_to_org"), Reason.UNAVAILABLE
    ),
}
#: "It's possible some aspect of the operation succeeded before the error was raised" (Slack).
MAYBE_DONE = frozenset({"fatal_error", "internal_error"})
