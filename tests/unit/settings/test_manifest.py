"""manifest.yml: Slack accepts it, and it asks for what the code uses and nothing else."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from referencing import Registry, Resource
from ruamel.yaml import YAML

from handlers.events import EVENTS
from handlers.shortcuts import SHORTCUTS

ROOT = Path(__file__).parents[3]
#: Which scopes each Web API method needs (docs.slack.dev/reference/methods), for the conversations we use.
SCOPES: dict[str, set[str]] = {
    "auth.test": set(),
    "bookmarks.add": {"bookmarks:write"},
    "bookmarks.list": {"bookmarks:read"},
    "chat.delete": {"chat:write"},
    "chat.getPermalink": set(),
    "chat.postEphemeral": {"chat:write"},
    "chat.postMessage": {"chat:write"},
    "chat.update": {"chat:write"},
    "conversations.archive": {"channels:manage", "groups:write"},
    "conversations.canvases.create": {"canvases:write"},
    "canvases.edit": {"canvases:write"},
    "conversations.create": {"channels:manage", "groups:write"},
    "conversations.history": {"channels:history", "groups:history", "im:history"},
    "conversations.info": {"channels:read", "groups:read"},
    "conversations.invite": {"channels:manage", "groups:write"},
    "conversations.join": {"channels:join"},
    "conversations.list": {"channels:read", "groups:read"},
    "conversations.members": {"channels:read", "groups:read"},
    "conversations.open": {"im:write"},
    "conversations.replies": {"channels:history", "groups:history", "im:history"},
    "conversations.setPurpose": {"channels:manage", "groups:write"},
    "conversations.setTopic": {"channels:manage", "groups:write"},
    "pins.add": {"pins:write"},
    "reactions.add": {"reactions:write"},
    "reactions.remove": {"reactions:write"},
    "usergroups.list": {"usergroups:read"},
    "usergroups.users.update": {"usergroups:write"},
    "users.info": {"users:read", "users:read.email"},
    "users.list": {"users:read", "users:read.email"},
    "views.open": set(),
    "views.publish": set(),
    "views.push": set(),
    "views.update": set(),
}
#: Scopes events need (docs.slack.dev/reference/events) beyond those of the methods.
EVENT_SCOPES = {
    "reaction_added": "reactions:read",
    "pin_added": "pins:read",
    "app_mention": "app_mentions:read",
}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    loaded: dict[str, Any] = YAML(typ="safe", pure=True).load(ROOT / "manifest.yml")
    return loaded


@pytest.mark.skipif("MUSTER_CONTRACTS" not in os.environ, reason="needs the contract files")
def test_slack_accepts_it(manifest: dict[str, Any]) -> None:
    folder = Path(os.environ["MUSTER_CONTRACTS"]) / "slack-manifest"
    resources: list[tuple[str, Resource[Any]]] = []
    for file in folder.glob("*.json"):
        schema = Resource.from_contents(json.loads(file.read_text()))
        base = "https://raw.githubusercontent.com/slackapi/manifest-schema/v0.5.0/schemas/"
        resources.append((f"{base}{file.name}", schema))
    top = json.loads((folder / "manifest.schema.json").read_text())
    registry: Registry[Any] = Registry().with_resources(resources)
    jsonschema.Draft7Validator(top, registry=registry).validate(manifest)


def test_its_texts_fit_into_slack(manifest: dict[str, Any]) -> None:
    about = manifest["display_information"]
    assert len(about["name"]) <= 35
    assert len(about["description"]) <= 140
    assert 175 <= len(about["long_description"]) <= 4000
    for shortcut in manifest["features"]["shortcuts"]:
        assert len(shortcut["name"]) <= 24
        assert len(shortcut["description"]) <= 150


def test_scopes_are_those_of_the_methods_the_client_calls(manifest: dict[str, Any]) -> None:
    pattern = re.compile(
        r'"((?:auth|bookmarks|canvases|chat|conversations|pins|reactions|usergroups|users)(?:\.\w+)+)"'
    )
    source = "".join(p.read_text() for p in (ROOT / "bot" / "providers" / "slack").glob("*.py"))
    called = set(pattern.findall(source))
    assert called <= set(SCOPES), "say here which scopes a new method needs"
    needed = {scope for method in called for scope in SCOPES[method]} | {"commands"}
    events = manifest["settings"]["event_subscriptions"]["bot_events"]
    needed |= {scope for event, scope in EVENT_SCOPES.items() if event in events}
    scopes = manifest["oauth_config"]["scopes"]["bot"]
    assert sorted(scopes) == sorted(needed)


def test_events_command_and_shortcut_are_those_that_are_handled(manifest: dict[str, Any]) -> None:
    assert set(manifest["settings"]["event_subscriptions"]["bot_events"]) == set(EVENTS)
    shortcuts = {shortcut["callback_id"] for shortcut in manifest["features"]["shortcuts"]}
    assert shortcuts == {shortcut.value for shortcut in SHORTCUTS}
    (command,) = manifest["features"]["slash_commands"]
    assert command["command"] == "/incident"
    assert command["should_escape"] is True


def test_every_scope_and_event_says_what_it_is_for() -> None:
    lines = (ROOT / "manifest.yml").read_text().splitlines()
    silent = [line.strip() for line in lines if re.fullmatch(r"\s+- [a-z_]+(:[a-z_.]+)?", line)]
    # These stand below a comment they share.
    assert silent == [
        "- channels:history",
        "- groups:history",
        "- im:history",
        "- user_change",
        "- subteam_updated",
        "- subteam_members_changed",
        "- channel_archive",
        "- channel_unarchive",
        "- channel_deleted",
        "- group_archive",
        "- group_unarchive",
        "- group_deleted",
    ]


def test_it_needs_no_public_address(manifest: dict[str, Any]) -> None:
    settings = manifest["settings"]
    assert settings["socket_mode_enabled"] is True
    assert settings["interactivity"] == {"is_enabled": True}
    assert settings["token_rotation_enabled"] is False
    assert settings["org_deploy_enabled"] is False
    assert "url" not in json.dumps(manifest)
