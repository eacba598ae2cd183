"""Identifiers that look like PagerDuty's."""

import hashlib
import secrets

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def short(prefix: str = "P") -> str:
    """A seven-character id, as users, services and notes have.

    Random, so that a restarted sandbox never hands out the ids of an earlier run again.
    """
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(6))


def long(prefix: str = "Q") -> str:
    """A fourteen-character id, as newer incidents and log entries have."""
    return prefix + "".join(secrets.choice(ALPHABET) for _ in range(13))


def event(milliseconds: int) -> str:
    """A 26-character ULID-like id, as webhook events have: it sorts by time."""
    stamp = ""
    for _ in range(10):
        milliseconds, digit = divmod(milliseconds, 32)
        stamp = CROCKFORD[digit] + stamp
    return stamp + "".join(secrets.choice(CROCKFORD) for _ in range(16))


def stable(text: str) -> str:
    """A seven-character id that is the same in every run, for seeded people and policies."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    letters = ""
    for _ in range(6):
        number, digit = divmod(number, len(ALPHABET))
        letters += ALPHABET[digit]
    return "P" + letters
