"""Several readings of vendors that must not hold back each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import structlog

from bot.errors import ProviderError, Reason

if TYPE_CHECKING:
    from collections.abc import Awaitable

log = structlog.get_logger()

#: Answers about what we are not shown: asking again changes nothing.
UNSEEN = {Reason.NOT_FOUND, Reason.INVALID}

T = TypeVar("T")


class Readings:
    """One vendor that is down, or a key that may not read one thing, leaves everything else readable."""

    def __init__(self) -> None:
        """Nothing read yet."""
        self._failed: ProviderError | None = None

    async def take(self, what: str, reading: Awaitable[T]) -> T | None:
        """What was read; None when it was not, and then what was known stays."""
        try:
            return await reading
        except ProviderError as error:
            log.warning("not_read", what=what, provider=error.provider, reason=error.reason.value)
            if error.reason not in UNSEEN:
                self._failed = self._failed or error
            return None

    def check(self) -> None:
        """Raise the first ProviderError that may pass, so that whoever reads tries again."""
        if self._failed is not None:
            raise self._failed
