"""manifest.yml asks Slack for exactly what the code uses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from handlers import COMMAND
from handlers.events import EVENTS
from handlers.shortcuts import SHORTCUTS

ROOT = Path(__file__).parents[2]
MANIFEST: dict[str, Any] = YAML(typ="safe").load((ROOT / "manifest.yml").read_text("utf-8"))

#: Bot scopes by Web API method (docs.slack.dev/reference/methods); methods on conversations need
#: the scope for each kind of conversation the bot uses them on.
METHOD_SCOPES: dict[str, set[str]] = {
    "auth.test": set(),
    "views.open": set(),
    "views.push": set(),
    "views.update": set(),
    "views.publish": set(),
    "chat.postMessage": {"chat:write"},
    "chat.postEphemeral": {"chat:write"},
    "chat.update": {"chat:write"},
    "chat.delete": {"chat:write"},
    "chat.getPermalink": set(),
    "conversations.create": {"channels:manage", "groups:write"},
    "conversations.archive": {"channels:manage", "groups:write"},
    "conversations.invite": {"channels:manage", "groups:write"},
    "conversations.setTopic": {"channels:manage", "groups:write"},
    "conversations.setPurpose": {"channels:manage", "groups:write"},
    "conversations.join": {"channels:join"},
    "conversations.open": {"im:write"},
    "conversations.list": {"channels:read", "groups:read"},
    "conversations.info": {"channels:read", "groups:read"},
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    "conversations.canvases.create": {"canvases:write"},
    "canvases.edit": {"canvases:write"},
    "pins.add": {"pins:write"},
    "bookmarks.add": {"bookmarks:write"},
    "bookmarks.list": {"bookmarks:read"},
    "reactions.add": {"reactions:write"},
    "reactions.remove": {"reactions:write"},
    "conversations.members": {"channels:read", "groups:read"},
    "users.list": {"users:read", "users:read.email"},
    "users.info": {"users:read", "users:read.email"},
    "usergroups.list": {"usergroups:read"},
    "usergroups.users.update": {"usergroups:write"},
}
#: Scopes by event (docs.slack.dev/reference/events).
EVENT_SCOPES: dict[str, set[str]] = {
    "app_home_opened": set(),
    "team_join": {"users:read"},
    "user_change": {"users:read"},
    "subteam_created": {"usergroups:read"},
    "subteam_updated": {"usergroups:read"},
    "subteam_members_changed": {"usergroups:read"},
    "channel_rename": {"channels:read"},
    "group_rename": {"groups:read"},
    "reaction_added": {"reactions:read"},
    "reaction_removed": {"reactions:read"},
    "pin_added": {"pins:read"},
    "pin_removed": {"pins:read"},
    "app_mention": {"app_mentions:read"},
    "member_joined_channel": {"channels:read", "groups:read"},
    "member_left_channel": {"channels:read", "groups:read"},
    "group_left": {"groups:read"},
    "message.groups": {"groups:history"},
    **{f"channel_{what}": {"channels:read"} for what in ("archive", "unarchive", "deleted")},
    **{f"group_{what}": {"groups:read"} for what in ("archive", "unarchive", "deleted")},
}


def called_methods() -> set[str]:
    """Methods the Slack provider and the handlers name."""
    named: set[str] = set()
    for path in (ROOT / "bot" / "providers" / "slack").glob("*.py"):
        named |= set(re.findall(r'"([a-z]+(?:\.[a-zA-Z]+)+)"', path.read_text("utf-8")))
    for path in (ROOT / "handlers").glob("*.py"):
        found = re.findall(r"\.(views_[a-z]+)\b", path.read_text("utf-8"))
        named |= {name.replace("_", ".") for name in found}
    return {name for name in named if name.partition(".")[0] in FAMILIES}


FAMILIES = {name.partition(".")[0] for name in METHOD_SCOPES}


def scopes() -> set[str]:
    return set(MANIFEST["oauth_config"]["scopes"]["bot"])


def test_every_method_that_is_called_is_known_here() -> None:
    assert called_methods() - set(METHOD_SCOPES) == set()


def test_every_scope_is_needed_and_none_is_missing() -> None:
    needed = {"commands"}
    for method in called_methods():
        needed |= METHOD_SCOPES[method]
    for event in EVENTS:
        needed |= EVENT_SCOPES[event]
    assert scopes() - needed == set(), "asked for, but not used"
    assert needed - scopes() == set(), "used, but not asked for"


def test_no_scope_twice() -> None:
    listed = MANIFEST["oauth_config"]["scopes"]["bot"]
    assert len(listed) == len(set(listed))


def test_events_are_those_that_are_handled() -> None:
    assert set(MANIFEST["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)


def test_the_command_and_the_shortcuts_are_those_that_are_handled() -> None:
    assert [c["command"] for c in MANIFEST["features"]["slash_commands"]] == [COMMAND]
    shortcuts = MANIFEST["features"]["shortcuts"]
    assert {s["callback_id"] for s in shortcuts} == {one.value for one in SHORTCUTS}
    assert all(len(s["name"]) <= 24 for s in shortcuts)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        (("settings", "socket_mode_enabled"), True),
        (("settings", "interactivity", "is_enabled"), True),
        (("features", "app_home", "home_tab_enabled"), True),
        (("features", "app_home", "messages_tab_enabled"), True),
    ],
)
def test_what_the_bot_relies_on_is_switched_on(where: tuple[str, ...], value: object) -> None:
    found: Any = MANIFEST
    for name in where:
        found = found[name]
    assert found is value


def test_people_in_commands_arrive_as_ids() -> None:
    [command] = MANIFEST["features"]["slash_commands"]
    assert command["should_escape"] is True
