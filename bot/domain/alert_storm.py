"""A storm of alerts: more new groups than cards can be posted for. One edited message lists the others. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, ClassVar

from bot.domain.effects import Effect, EffectKind, Rank

#: Seconds between two edits of the summary, and after how long without a new group the storm is over.
EVERY = 15
OVER_AFTER = 120


@dataclass(frozen=True, kw_only=True)
class AlertStorm:
    """One storm: when it began, and where its summary is."""

    VALUE: ClassVar[str] = "alert_storm"

    began: str = ""
    channel: str | None = None
    ts: str | None = None

    @classmethod
    def begun(cls, now: datetime) -> AlertStorm:
        """A new storm."""
        return cls(began=now.isoformat())

    @classmethod
    def from_value(cls, value: dict[str, Any] | None) -> AlertStorm:
        """As remembered in the database."""
        if not value:
            return cls()
        return cls(began=value["began"], channel=value.get("channel"), ts=value.get("ts"))

    def as_value(self) -> dict[str, Any]:
        """To be remembered in the database."""
        return {"began": self.began, "channel": self.channel, "ts": self.ts}

    @property
    def since(self) -> datetime:
        """When it began."""
        return datetime.fromisoformat(self.began)

    def posted(self, channel: str, ts: str) -> AlertStorm:
        """The summary is there."""
        return replace(self, channel=channel, ts=ts)

    def summarise(self, *, due: datetime | None = None) -> Effect:
        """Post or edit the summary; waiting edits are one."""
        return Effect(
            kind=EffectKind.SUMMARISE_ALERTS,
            key=f"alert-storm/{self.began}/{due.isoformat() if due else 'first'}",
            lane="alert-storm",
            merge="alert-storm",
            rank=Rank.CARD,
            due=due,
        )
