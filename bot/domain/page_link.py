"""The signed link on a page beyond Slack: whoever holds it may acknowledge that one page as the person paged. Pure.

A token names one delivery and how long it is good; its signature covers the page, the delivery, the person and that
moment, so none of them can be exchanged. The key is derived from a secret of this installation; with another secret
the links that are out are void.
"""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

#: Longer than any page should stay open, and over before an old message is found by somebody else.
GOOD_FOR = timedelta(hours=24)
PATH = "/pages"
_PURPOSE = b"muster: acknowledge a page, version 1"
_NUMBERS = struct.Struct(">QQ")
_SIGNATURE = 16  # bytes of the digest that are kept: 128 bits cannot be guessed
_LENGTH = _NUMBERS.size + _SIGNATURE
#: Characters of a token, without padding.
_CHARACTERS = (_LENGTH * 8 + 5) // 6


def derived(secret: str) -> bytes:
    """The key for links, from another secret: knowing one tells nothing of the other."""
    return hmac.new(secret.encode(), _PURPOSE, hashlib.sha256).digest()


@dataclass(frozen=True)
class Claim:
    """What a token says of itself; nothing of it is believed before ``valid``."""

    delivery: int
    until: datetime
    signature: bytes = b""

    def expired(self, now: datetime) -> bool:
        """Whether it is good no more."""
        return now >= self.until


def token(key: bytes, *, page: int, delivery: int, person: str, until: datetime) -> str:
    """A token for one delivery to one person, good until then (whole seconds)."""
    seconds = int(until.timestamp())
    signature = _signature(key, page, delivery, person, seconds)
    return urlsafe_b64encode(_NUMBERS.pack(delivery, seconds) + signature).decode().rstrip("=")


def read(text: str) -> Claim | None:
    """What a token claims; None for what is none."""
    if len(text) != _CHARACTERS or not text.isascii():
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        delivery, seconds = _NUMBERS.unpack(raw[: _NUMBERS.size])
        until = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError, struct.error):
        return None
    # Only the spelling we give out: the same bytes can be written in several ways.
    if urlsafe_b64encode(raw).decode().rstrip("=") != text:
        return None
    return Claim(delivery, until, raw[_NUMBERS.size :])


def valid(key: bytes, claim: Claim, *, page: int, person: str) -> bool:
    """Whether we signed exactly this; takes as long for a nearly right signature as for a wrong one."""
    right = _signature(key, page, claim.delivery, person, int(claim.until.timestamp()))
    return hmac.compare_digest(right, claim.signature)


def _signature(key: bytes, page: int, delivery: int, person: str, seconds: int) -> bytes:
    said = b"\0".join((*(str(n).encode() for n in (page, delivery, seconds)), person.encode()))
    return hmac.new(key, said, hashlib.sha256).digest()[:_SIGNATURE]
