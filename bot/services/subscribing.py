"""Addresses under which a roster can be subscribed to as a calendar: signed, one token for each roster."""

from __future__ import annotations

import hashlib
import hmac
from typing import Final
from urllib.parse import quote

_PURPOSE: Final = b"muster: roster calendar"


class CalendarLinks:
    """Whoever has the address may read that one roster, and nothing else; another secret ends all addresses."""

    def __init__(self, secret: str, public_url: str | None) -> None:
        """``secret`` is one of the settings; it cannot be found out from the tokens."""
        self._key = hmac.digest(secret.encode(), _PURPOSE, hashlib.sha256)
        self._public_url = public_url

    def token(self, roster: str) -> str:
        """What opens the calendar of that roster."""
        return hmac.new(self._key, roster.encode(), hashlib.sha256).hexdigest()[:40]

    def fits(self, roster: str, token: str) -> bool:
        """Whether it does."""
        return hmac.compare_digest(self.token(roster).encode(), token.encode())

    def link(self, roster: str) -> str | None:
        """The address, None without PUBLIC_URL: nobody could reach it."""
        if not self._public_url:
            return None
        name = quote(roster, safe="")
        return f"{self._public_url.rstrip('/')}/calendars/{name}.ics?token={self.token(roster)}"
