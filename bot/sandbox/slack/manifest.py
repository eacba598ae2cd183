"""What the app asked for: scopes, commands, shortcuts and events of its manifest.

https://docs.slack.dev/reference/app-manifest
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML


@dataclass(frozen=True, slots=True)
class Command:
    """A slash command."""

    command: str
    description: str = ""
    usage_hint: str = ""
    should_escape: bool = False


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A global or message shortcut."""

    name: str
    type: str
    callback_id: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The part of a manifest Slack enforces.

    ``scopes`` and ``events`` are None when there is no manifest: then everything is granted and
    every event is sent.
    """

    scopes: frozenset[str] | None = None
    events: frozenset[str] | None = None
    commands: tuple[Command, ...] = (
        Command("/incident", "Declare and run incidents", "declare | list | help", True),
    )
    shortcuts: tuple[Shortcut, ...] = ()
    home_tab_enabled: bool = True
    bot_name: str = "Muster"
    provided: str = field(default="", compare=False)

    def grants(self, *scopes: str) -> bool:
        """Whether the bot token carries one of ``scopes``."""
        return self.scopes is None or not scopes or not self.scopes.isdisjoint(scopes)

    def wants(self, event: str) -> bool:
        """Whether the app subscribed to ``event`` (``message.channels``, ``app_mention`` ...)."""
        return self.events is None or event in self.events

    def command(self, name: str) -> Command | None:
        """The slash command called ``name``."""
        return next((item for item in self.commands if item.command == name), None)

    def shortcut(self, name: str) -> Shortcut | None:
        """The shortcut with this callback_id or visible name."""
        fits = (item for item in self.shortcuts if name in (item.callback_id, item.name))
        return next(fits, None)


def load(path: Path | None) -> Manifest:
    """Read a manifest; without the file everything is granted."""
    if path is None or not path.exists():
        return Manifest()
    document: dict[str, Any] = YAML(typ="safe").load(path.read_text(encoding="utf-8")) or {}
    features = document.get("features") or {}
    settings = document.get("settings") or {}
    scopes = ((document.get("oauth_config") or {}).get("scopes") or {}).get("bot") or []
    home = features.get("app_home") or {}
    return Manifest(
        scopes=frozenset(scopes),
        events=frozenset((settings.get("event_subscriptions") or {}).get("bot_events") or []),
        commands=tuple(_command(item) for item in features.get("slash_commands") or []),
        shortcuts=tuple(_shortcut(item) for item in features.get("shortcuts") or []),
        home_tab_enabled=bool(home.get("home_tab_enabled", True)),
        bot_name=str((features.get("bot_user") or {}).get("display_name") or "Muster"),
        provided=",".join(scopes),
    )


def _command(item: dict[str, Any]) -> Command:
    return Command(
        command=str(item["command"]),
        description=str(item.get("description") or ""),
        usage_hint=str(item.get("usage_hint") or ""),
        should_escape=bool(item.get("should_escape", False)),
    )


def _shortcut(item: dict[str, Any]) -> Shortcut:
    return Shortcut(
        name=str(item["name"]),
        type=str(item.get("type") or "global"),
        callback_id=str(item["callback_id"]),
        description=str(item.get("description") or ""),
    )
