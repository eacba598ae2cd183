"""Who and what is in a fresh sandbox. The ids never change, so tests and stories may name them."""

from typing import Any

TEAM_ID = "T0SANDBOX"
TEAM_NAME = "Sandbox"
TEAM_DOMAIN = "sandbox"
APP_ID = "A0MUSTER00"
BOT_ID = "B0MUSTER00"
BOT_USER_ID = "U0MUSTER00"

#: The people, without the bot. ``name``, ``email``, ``real_name`` and ``tz`` also reach the
#: PagerDuty and GitHub stand-ins.
PEOPLE: tuple[dict[str, Any], ...] = (
    {
        "id": "U0ALICE00",
        "name": "alice",
        "real_name": "Alice Nguyen",
        "email": "alice@example.com",
        "tz": "America/New_York",
        "is_admin": True,
    },
    {
        "id": "U0BOB0000",
        "name": "bob",
        "real_name": "Bob Martin",
        "email": "bob@example.com",
        "tz": "Europe/Berlin",
    },
    {
        "id": "U0CAROL00",
        "name": "carol",
        "real_name": "Carol Okafor",
        "email": "carol@example.com",
        "tz": "Africa/Lagos",
    },
    {
        "id": "U0DAVE000",
        "name": "dave",
        "real_name": "Dave Kim",
        "email": "dave@example.com",
        "tz": "Asia/Seoul",
    },
    {
        "id": "U0ERIN000",
        "name": "erin",
        "real_name": "Erin Costa",
        "email": "erin@example.com",
        "tz": "America/Sao_Paulo",
    },
    {
        "id": "U0GRACE00",
        "name": "grace",
        "real_name": "Grace Guest",
        "email": "grace@partner.example",
        "tz": "Europe/London",
        "is_restricted": True,
    },
    {
        "id": "U0FRANK00",
        "name": "frank",
        "real_name": "Frank Left",
        "email": "frank@example.com",
        "tz": "America/Los_Angeles",
        "deleted": True,
    },
)

#: id, handle, name, members.
USERGROUPS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("S0ONCALL0", "oncall", "On call", ("U0ALICE00", "U0BOB0000")),
    ("S0PAYMENT", "payments", "Payments team", ("U0BOB0000", "U0CAROL00")),
)

_STAFF = tuple(str(person["id"]) for person in PEOPLE[:5])

#: id, name, purpose, members. The bot is in none of them and makes its own incidents channel.
CHANNELS: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("C0GENERAL0", "general", "Company-wide announcements", _STAFF),
    ("C0OPS00000", "ops", "Operations", _STAFF),
    ("C0RANDOM00", "random", "Everything else", (*_STAFF, "U0GRACE00")),
)


def people() -> list[dict[str, Any]]:
    """The people as plain values, for the stand-ins beside Slack (nobody who has left)."""
    return [dict(person) for person in PEOPLE if not person.get("deleted")]
