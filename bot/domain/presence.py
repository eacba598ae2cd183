"""Whether somebody is likely to be there: their Slack status, and the hours where they are. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Slack's own suggestions for people who are not there (the others, like "In a meeting", still answer), and what
#: people choose for the same.
AWAY_EMOJI: Final = frozenset(
    {
        "palm_tree", "face_with_thermometer", "mask", "sneezing_face", "airplane", "desert_island",
        "beach_with_umbrella", "umbrella_on_ground", "bus", "no_entry", "baby", "zzz", "sleeping",
    }
)  # fmt: skip
_AWAY_WORDS = re.compile(
    r"\b(away|ooo|out of (the )?office|vacation(ing)?|holidays?|on leave|parental leave|sick|pto|afk|commuting)\b",
    re.IGNORECASE,
)
#: When people work, in their own time zone, from Monday to Friday.
BEGIN, END, WEEKEND = 9, 18, 5


@dataclass(frozen=True, kw_only=True)
class Status:
    """What somebody says of themselves at Slack; ``until`` None means until they change it."""

    emoji: str = ""
    text: str = ""
    until: datetime | None = None

    def at(self, now: datetime) -> Status:
        """The status that still holds."""
        return Status() if self.until is not None and self.until <= now else self

    def is_away(self, now: datetime) -> bool:
        """Whether it says that they are not there."""
        held = self.at(now)
        name = held.emoji.strip(":").partition("::")[0]
        return name in AWAY_EMOJI or bool(_AWAY_WORDS.search(held.text))


def status_of(profile: Mapping[str, Any]) -> Status:
    """The status in a profile of Slack's; the text is escaped there, 0 means that it does not end."""
    text, emoji = profile.get("status_text"), profile.get("status_emoji")
    until = profile.get("status_expiration")
    words = text if isinstance(text, str) else ""
    for escaped, plain in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")):
        words = words.replace(escaped, plain)
    return Status(
        emoji=emoji if isinstance(emoji, str) else "", text=words[:200], until=_moment(until)
    )


def _moment(value: Any) -> datetime | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; UTC for one this machine does not know."""
    try:
        return ZoneInfo(name or "UTC")
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ZoneInfo("UTC")


def is_working(tz: str, now: datetime) -> bool:
    """Whether it is 9 to 18 from Monday to Friday where they are."""
    there = now.astimezone(zone_of(tz))
    return there.weekday() < WEEKEND and BEGIN <= there.hour < END
