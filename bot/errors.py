"""Everything Muster raises on purpose.

MusterError
├── UserError            a person can mend it; its text is shown to them as it is (plain text, not yet escaped)
│   ├── AlreadyDone      somebody did that before; carries who and when
│   ├── NeedsAccount     an account has to be linked first; carries the click that is completed then
│   ├── FieldError       one field of a form or request is wrong; carries the field's name
│   └── Busy             nothing was changed; the same press works again in a moment
├── ProviderError        a vendor refused, failed or did not answer; carries a closed reason
└── SettingsError        settings or muster.yml are wrong; carries every problem at once
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


class MusterError(Exception):
    """Base of every error raised on purpose."""


class UserError(MusterError):
    """A rule was broken and the person can do something about it.

    The text is a full sentence in plain text that says what to do next; whoever shows it escapes it.
    """


class AlreadyDone(UserError):
    """The wished state is there already; ``who`` (a mention-free name), ``slack_id`` and ``at`` say how it came."""

    def __init__(self, text: str, *, who: str, slack_id: str | None, at: datetime) -> None:
        """Keep the facts beside the sentence, so that builders can render a mention and a date."""
        super().__init__(text)
        self.who = who
        self.slack_id = slack_id
        self.at = at


class FieldError(UserError):
    """One field of a form or request is wrong; ``field`` is its name in the form."""

    def __init__(self, field: str, text: str) -> None:
        """Name the field that is wrong and say what would be right."""
        super().__init__(text)
        self.field = field


class NeedsAccount(UserError):
    """Somebody took something at PagerDuty without an account we know; linking theirs completes the click.

    ``verb`` is what they wished (``reassign``, ``escalate``), ``text`` what they wrote along.
    """

    def __init__(self, text: str, *, number: int, verb: str, written: str = "") -> None:
        """Keep the click beside the sentence."""
        super().__init__(text)
        self.number = number
        self.verb = verb
        self.written = written


class NotFound(UserError):
    """The person named something that does not exist (or that they may not know of)."""


class NotVisible(NotFound):
    """The incident with that number does not exist, or is private: nobody outside can tell one from the other."""

    def __init__(self, number: int) -> None:
        """Say the same for every number."""
        super().__init__(
            f"There is no INC-{number} that you can see. /incident list shows the open ones. "
            "If you were told about it, ask to be let in."
        )
        self.number = number


class Busy(UserError):
    """The database did not take the change within two seconds; nothing was changed."""

    def __init__(self) -> None:
        """Say what every busy answer says."""
        super().__init__("I am busy just now and nothing was changed. Please press again.")


class Reason(StrEnum):
    """Why a vendor call failed; closed list, used as metric label and by the retry policy."""

    AUTH = "auth"
    RATE_LIMITED = "rate_limited"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    INVALID = "invalid"
    UNAVAILABLE = "unavailable"
    UNKNOWN_OUTCOME = "unknown_outcome"


class ProviderError(MusterError):
    """A vendor call failed.

    ``reason`` is one of the closed list, ``retry_after`` seconds when the vendor named a time, ``detail`` a
    sentence without secrets, ``code`` the vendor's own error code (``name_taken``, ``1008``, ``410``).
    ``UNKNOWN_OUTCOME`` means the vendor may have done it: look before doing it again.
    """

    def __init__(
        self,
        provider: str,
        reason: Reason,
        detail: str = "",
        *,
        retry_after: float | None = None,
        code: str = "",
    ) -> None:
        """Keep the facts; the text is for logs and the run log, never with a secret in it."""
        super().__init__(f"{provider}: {detail or reason.value}")
        self.provider = provider
        self.reason = reason
        self.detail = detail
        self.retry_after = retry_after
        self.code = code


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with the settings, and how to mend it."""

    where: str
    what: str
    mend: str


class SettingsError(MusterError):
    """Settings or muster.yml are wrong; every problem is listed at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        """Join all problems into one readable text."""
        super().__init__("\n".join(f"{p.where}: {p.what} {p.mend}".rstrip() for p in problems))
        self.problems = tuple(problems)
