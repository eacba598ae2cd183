"""The Web API: tokens, scopes, channels, messages, pins, canvases, and Slack's error codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

from bot.sandbox.slack.webapi import METHODS
from tests.unit.sandbox.slack_world import Json, World, button, error_of, world

pytestmark = pytest.mark.asyncio

DIVIDER = [{"type": "divider"}]


def manifest(folder: Path, *scopes: str) -> Path:
    path = folder / "manifest.yml"
    path.write_text(json.dumps({"oauth_config": {"scopes": {"bot": list(scopes)}}}))
    return path


async def test_tokens() -> None:
    async with world() as here:
        assert (await here.call("auth.test", token=""))["error"] == "not_authed"
        assert (await here.call("auth.test", token="abc"))["error"] == "invalid_auth"
        assert (await here.call("auth.test", token="xoxb-"))["error"] == "invalid_auth"
        wrong = await here.call("auth.test", token="xapp-1")
        assert wrong["error"] == "not_allowed_token_type"
        wrong = await here.call("apps.connections.open", token="xoxb-1")
        assert wrong["error"] == "not_allowed_token_type"
        assert (await here.call("api.test", token=""))["ok"]


async def test_token_and_arguments_in_a_form() -> None:
    async with world() as here:
        form = {"token": "xoxb-1", "name": "forms", "is_private": "true"}
        async with here.http.post(f"{here.api_url}conversations.create", data=form) as response:
            created = await response.json()
        assert created["channel"]["is_private"] is True
        form = {
            "token": "xoxb-1",
            "channel": created["channel"]["id"],
            "text": "x",
            "blocks": json.dumps(DIVIDER),
        }
        async with here.http.post(f"{here.api_url}chat.postMessage", data=form) as response:
            posted = await response.json()
        assert posted["message"]["blocks"][0]["type"] == "divider"
        form["blocks"] = "[{"
        async with here.http.post(f"{here.api_url}chat.postMessage", data=form) as response:
            assert (await response.json())["error"] == "invalid_blocks_format"


async def test_broken_json_is_refused() -> None:
    async with world() as here:
        for body, error in (("{", "invalid_json"), ("[]", "json_not_object")):
            async with here.http.post(
                f"{here.api_url}auth.test",
                data=body,
                headers={"Content-Type": "application/json", "Authorization": "Bearer xoxb-1"},
            ) as response:
                assert (await response.json())["error"] == error


async def test_an_unknown_method_is_a_problem() -> None:
    async with world() as here:
        answer = await here.call("chat.shout")
        assert (answer["error"], answer["req_method"]) == ("unknown_method", "chat.shout")
        assert await here.problems() == ["unknown_method"]


async def test_auth_test_names_the_bot_and_its_scopes(tmp_path: Path) -> None:
    async with world(manifest=manifest(tmp_path, "chat:write", "pins:write")) as here:
        answer = await here.client().auth_test()
        assert (answer["user_id"], answer["bot_id"]) == ("U0MUSTER00", "B0MUSTER00")
        assert answer.headers["x-oauth-scopes"] == "chat:write,pins:write"


async def test_missing_scope_says_what_is_needed(tmp_path: Path) -> None:
    async with world(manifest=manifest(tmp_path, "channels:manage", "channels:read")) as here:
        channel = await here.channel()
        answer = await here.call("chat.postMessage", channel=channel, text="x")
        assert answer == {
            "ok": False,
            "error": "missing_scope",
            "needed": "chat:write",
            "provided": "channels:manage,channels:read",
        }
        private = await here.call("conversations.create", name="secret", is_private=True)
        assert (private["error"], private["needed"]) == ("missing_scope", "groups:write")
        both = await here.call("conversations.list", types="public_channel,private_channel")
        assert both["needed"] == "groups:read"
        assert await here.problems() == ["missing_scope"] * 3


async def test_email_needs_its_own_scope(tmp_path: Path) -> None:
    async with world(manifest=manifest(tmp_path, "users:read")) as here:
        user = (await here.call("users.info", user="U0ALICE00"))["user"]
        assert "email" not in user["profile"]
        assert user["tz"] == "America/New_York"
        answer = await here.call("users.lookupByEmail", email="alice@example.com")
        assert answer["needed"] == "users:read.email"


async def test_people_are_found() -> None:
    async with world() as here:
        client = here.client()
        found = await client.users_lookupByEmail(email="Bob@example.com")
        assert found["user"]["id"] == "U0BOB0000"
        for email in ("nobody@example.com", "frank@example.com"):
            answer = await here.call("users.lookupByEmail", email=email)
            assert answer["error"] == "users_not_found"
        assert (await here.call("users.info", user="U404"))["error"] == "user_not_found"
        names = []
        async for page in await client.users_list(limit=3):
            assert len(page["members"]) <= 3
            names += [member["name"] for member in page["members"]]
        assert len(names) == len(set(names)) == 8
        assert "frank" in names
        assert (await here.call("users.list", cursor="???"))["error"] == "invalid_cursor"


async def test_user_groups() -> None:
    async with world() as here:
        groups = (await here.call("usergroups.list", include_users=True))["usergroups"]
        oncall = next(group for group in groups if group["handle"] == "oncall")
        assert oncall["users"] == ["U0ALICE00", "U0BOB0000"]
        changed = await here.client().usergroups_users_update(
            usergroup=oncall["id"], users=["U0CAROL00"]
        )
        assert changed["usergroup"]["users"] == ["U0CAROL00"]
        listed = await here.call("usergroups.users.list", usergroup=oncall["id"])
        assert listed["users"] == ["U0CAROL00"]
        for users, error in (
            ("", "no_users_provided"),
            ("U0GRACE00", "invalid_users"),
            ("U0FRANK00", "invalid_users"),
            ("U0MUSTER00", "invalid_users"),
            ("U0CAROL00,U0GRACE00", "invalid_users"),
        ):
            answer = await here.call("usergroups.users.update", usergroup=oncall["id"], users=users)
            assert answer["error"] == error
        answer = await here.call("usergroups.users.update", usergroup="S404", users="U0CAROL00")
        assert answer["error"] == "no_such_subteam"
        listed = await here.call("usergroups.users.list", usergroup=oncall["id"])
        assert listed["users"] == ["U0CAROL00"], "all or nothing"


@pytest.mark.parametrize("refusal", ["permission_denied", "plan_upgrade_required"])
async def test_a_workspace_that_lets_no_app_change_user_groups(refusal: str) -> None:
    async with world() as here:
        asked = {"usergroup": "S0ONCALL0", "users": "U0CAROL00"}
        for refused_with, error in ((refusal, refusal), ("", None)):
            await here.act("usergroups", user="alice", refused_with=refused_with)
            answer = await here.call("usergroups.users.update", **asked)
            assert answer.get("error") == error


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("", "invalid_name_required"),
        ("x" * 81, "invalid_name_maxlength"),
        ("Upper", "invalid_name_specials"),
        ("with space", "invalid_name_specials"),
        ("dot.ted", "invalid_name_specials"),
        ("--", "invalid_name_punctuation"),
        ("general", "name_taken"),
        ("x" * 80, None),
        ("störung-1", None),
    ],
)
async def test_channel_names(name: str, error: str | None) -> None:
    async with world() as here:
        assert (await here.call("conversations.create", name=name)).get("error") == error


async def test_archived_channels_keep_their_name_and_bots_cannot_bring_them_back() -> None:
    async with world() as here:
        channel = await here.channel()
        assert (await here.call("conversations.archive", channel=channel))["ok"]
        again = await here.call("conversations.archive", channel=channel)
        assert again["error"] == "already_archived"
        taken = await here.call("conversations.create", name="inc-1")
        assert taken["error"] == "name_taken"
        back = await here.call("conversations.unarchive", channel=channel)
        assert back["error"] == "not_allowed_token_type"
        for method, more in (
            ("chat.postMessage", {"text": "x"}),
            ("conversations.invite", {"users": "U0BOB0000"}),
            ("conversations.setTopic", {"topic": "x"}),
            ("conversations.rename", {"name": "y"}),
            ("conversations.join", {}),
        ):
            assert (await here.call(method, channel=channel, **more))["error"] == "is_archived"
        assert (await here.act("unarchive", user="alice", channel=channel))["ok"]
        assert (await here.call("chat.postMessage", channel=channel, text="x"))["ok"]


async def test_inviting() -> None:
    async with world() as here:
        channel = await here.channel()

        async def invite(users: str, **more: Any) -> Any:
            return await here.call("conversations.invite", channel=channel, users=users, **more)

        assert (await invite("U0ALICE00,U0BOB0000"))["ok"]
        assert (await invite("U0ALICE00"))["error"] == "already_in_channel"
        assert (await invite("U0MUSTER00"))["error"] == "cant_invite_self"
        assert (await invite("U0FRANK00"))["error"] == "cant_invite"
        assert (await invite(""))["error"] == "no_user"
        mixed = await invite("U0CAROL00,U404")
        assert (mixed["error"], mixed["errors"][0]["user"]) == ("user_not_found", "U404")
        members = (await here.call("conversations.members", channel=channel))["members"]
        assert "U0CAROL00" not in members
        forced = await invite("U0CAROL00,U404", force=True)
        assert forced["ok"]
        members = (await here.call("conversations.members", channel=channel))["members"]
        assert "U0CAROL00" in members
        assert (await invite(",".join(f"U{n}" for n in range(1001))))["error"] == "too_many_users"


async def test_kick_leave_join() -> None:
    async with world() as here:
        channel = await here.channel()
        await here.act("join", user="alice", channel=channel)
        kick = await here.call("conversations.kick", channel=channel, user="U0ALICE00")
        assert kick["ok"]
        kick = await here.call("conversations.kick", channel=channel, user="U0ALICE00")
        assert kick["error"] == "not_in_channel"
        kick = await here.call("conversations.kick", channel=channel, user="U0MUSTER00")
        assert kick["error"] == "cant_kick_self"
        assert (await here.call("conversations.leave", channel=channel))["ok"]
        assert (await here.call("conversations.leave", channel=channel))["not_in_channel"]
        topic = await here.call("conversations.setTopic", channel=channel, topic="x")
        assert topic["error"] == "not_in_channel"
        assert (await here.call("conversations.join", channel=channel))["ok"]
        assert (await here.call("conversations.join", channel=channel))["warning"]


#: method, arguments, Slack's answer; the bot is in C0GENERAL0 and in no direct message.
REFUSALS: list[tuple[str, Json, str]] = [
    ("conversations.archive", {"channel": "C0GENERAL0"}, "cant_archive_general"),
    ("conversations.leave", {"channel": "C0GENERAL0"}, "cant_leave_general"),
    (
        "conversations.kick",
        {"channel": "C0GENERAL0", "user": "U0BOB0000"},
        "cant_kick_from_general",
    ),
    ("conversations.kick", {"channel": "C0GENERAL0", "user": "U404"}, "user_not_found"),
    ("conversations.list", {"types": "secret_channel"}, "invalid_types"),
    ("conversations.list", {"limit": -1}, "invalid_limit"),
    ("conversations.list", {"limit": "many"}, "invalid_arguments"),
    ("conversations.open", {}, "users_list_not_supplied"),
    ("conversations.open", {"users": "U0MUSTER00"}, "cannot_dm_bot"),
    ("conversations.open", {"users": "a,b"}, "method_not_supported_for_channel_type"),
    ("conversations.replies", {"channel": "C0GENERAL0", "ts": "1.1"}, "thread_not_found"),
    ("users.conversations", {"user": "U404"}, "user_not_found"),
    ("views.publish", {"user_id": "U404", "view": {}}, "user_not_found"),
    ("bookmarks.add", {"channel_id": "C0GENERAL0", "type": "file"}, "invalid_bookmark_type"),
    ("canvases.edit", {"canvas_id": "F404", "changes": "[{"}, "canvas_not_found"),
    ("chat.postEphemeral", {"channel": "C0GENERAL0", "user": "U404"}, "user_not_found"),
    ("chat.postMessage", {"channel": "C0GENERAL0", "attachments": "{"}, "invalid_arguments"),
]


@pytest.mark.parametrize(("method", "arguments", "error"), REFUSALS, ids=lambda one: str(one)[:50])
async def test_refusals(method: str, arguments: Json, error: str) -> None:
    async with world() as here:
        await here.call("conversations.join", channel="C0GENERAL0")
        assert (await here.call(method, **arguments))["error"] == error


async def test_listing_can_leave_out_archived_channels() -> None:
    async with world() as here:
        channel = await here.channel()
        await here.call("conversations.archive", channel=channel)
        listed = await here.call("conversations.list", exclude_archived=True, limit=2)
        names = [one["name"] for one in listed["channels"]]
        cursor = listed["response_metadata"]["next_cursor"]
        listed = await here.call("conversations.list", exclude_archived=True, cursor=cursor)
        names += [one["name"] for one in listed["channels"]]
        assert names == ["general", "ops", "random"]
        assert listed["response_metadata"]["next_cursor"] == ""


async def test_a_home_tab_that_is_switched_off(tmp_path: Path) -> None:
    path = tmp_path / "manifest.yml"
    path.write_text(json.dumps({"features": {"app_home": {"home_tab_enabled": False}}}))
    async with world(manifest=path) as here:
        home = {"type": "home", "blocks": []}
        answer = await here.call("views.publish", user_id="U0BOB0000", view=home)
        assert answer["error"] == "not_enabled"


async def test_rename_topic_and_purpose() -> None:
    async with world() as here:
        channel = await here.channel()
        renamed = await here.call("conversations.rename", channel=channel, name="inc-2")
        assert renamed["channel"]["previous_names"] == ["inc-1"]
        assert await here.channel("inc-1")
        taken = await here.call("conversations.rename", channel=channel, name="ops")
        assert taken["error"] == "name_taken"
        topic = await here.call("conversations.setTopic", channel=channel, topic="x" * 250)
        assert topic["topic"] == "x" * 250
        long = await here.call("conversations.setPurpose", channel=channel, purpose="x" * 251)
        assert long["error"] == "too_long"
        await here.call("conversations.join", channel="C0OPS00000")
        foreign = await here.call("conversations.rename", channel="C0OPS00000", name="mine")
        assert foreign["error"] == "not_authorized"


async def test_private_channels_do_not_exist_for_a_bot_outside() -> None:
    async with world() as here:
        made = await here.act("create_channel", user="alice", name="secret", is_private=True)
        info = await here.call("conversations.info", channel=made["channel"])
        assert info["error"] == "channel_not_found"
        listed = await here.call("conversations.list", types="public_channel,private_channel")
        assert "secret" not in [channel["name"] for channel in listed["channels"]]
        await here.act("invite", user="alice", channel="secret", who="U0MUSTER00")
        info = await here.call("conversations.info", channel=made["channel"])
        assert info["channel"]["is_private"]
        taken = await here.call("conversations.create", name="secret")
        assert taken["error"] == "name_taken"


async def test_posting_outside_needs_its_scope(tmp_path: Path) -> None:
    async with world(manifest=manifest(tmp_path, "chat:write")) as here:
        answer = await here.call("chat.postMessage", channel="C0OPS00000", text="x")
        assert answer["error"] == "not_in_channel"
    async with world(manifest=manifest(tmp_path, "chat:write", "chat:write.public")) as here:
        for channel in ("C0OPS00000", "ops", "#ops"):
            assert (await here.call("chat.postMessage", channel=channel, text="x"))["ok"]
        answer = await here.call("chat.postMessage", channel="nowhere", text="x")
        assert answer["error"] == "channel_not_found"
        named = await here.call("chat.postMessage", channel="ops", text="x", username="Y")
        assert named["needed"] == "chat:write.customize"


async def test_update_text_without_blocks_removes_them() -> None:
    async with world() as here:
        channel = await here.channel()
        posted = await here.call("chat.postMessage", channel=channel, text="x", blocks=DIVIDER)
        ts = posted["ts"]
        changed = await here.call("chat.update", channel=channel, ts=ts, text="y")
        assert "blocks" not in changed["message"]
        assert changed["message"]["edited"]["user"] == "U0MUSTER00"
        with pytest.raises(SlackApiError) as refusal:
            await here.client().chat_update(channel=channel, ts=ts, text="x" * 4001)
        assert error_of(refusal.value) == "msg_too_long"
        missing = await here.call("chat.update", channel=channel, ts="1.1", text="x")
        assert missing["error"] == "message_not_found"
        nothing = await here.call("chat.update", channel=channel, ts=ts)
        assert nothing["error"] == "no_text"
        await here.call("conversations.archive", channel=channel)
        frozen = await here.call("chat.update", channel=channel, ts=ts, text="z")
        assert frozen["error"] == "is_inactive"


async def test_other_peoples_messages_are_theirs() -> None:
    async with world() as here:
        channel = await here.channel()
        await here.act("join", user="alice", channel=channel)
        ts = (await here.act("message", user="alice", channel=channel, text="mine"))["ts"]
        changed = await here.call("chat.update", channel=channel, ts=ts, text="x")
        assert changed["error"] == "cant_update_message"
        deleted = await here.call("chat.delete", channel=channel, ts=ts)
        assert deleted["error"] == "cant_delete_message"


async def test_long_text_is_cut() -> None:
    async with world() as here:
        channel = await here.channel()
        posted = await here.call("chat.postMessage", channel=channel, text="x" * 40_001)
        assert len(posted["message"]["text"]) == 40_000
        assert posted["response_metadata"]["warnings"] == ["message_truncated"]


async def test_ephemeral_messages_are_for_one_person_and_never_updated() -> None:
    async with world() as here:
        outside = await here.call(
            "chat.postEphemeral", channel="C0OPS00000", user="U0BOB0000", text="x"
        )
        assert outside["error"] == "not_in_channel"
        channel = await here.channel()
        away = await here.call("chat.postEphemeral", channel=channel, user="U0BOB0000", text="x")
        assert away["error"] == "user_not_in_channel"
        for user in ("alice", "bob"):
            await here.act("join", user=user, channel=channel)
        shown = await here.call(
            "chat.postEphemeral", channel=channel, user="U0BOB0000", text="psst"
        )
        assert await here.seen("bob", channel) == ["psst"]
        assert await here.seen("alice", channel) == []
        ts = shown["message_ts"]
        changed = await here.call("chat.update", channel=channel, ts=ts, text="x")
        assert changed["error"] == "message_not_found"
        history = await here.call("conversations.history", channel=channel)
        assert "psst" not in [message["text"] for message in history["messages"]]


async def test_metadata_comes_back_only_when_asked_for() -> None:
    async with world() as here:
        channel = await here.channel()
        metadata = {"event_type": "effect", "event_payload": {"key": "k"}}
        await here.call("chat.postMessage", channel=channel, text="x", metadata=metadata)
        plain = (await here.call("conversations.history", channel=channel))["messages"][0]
        assert "metadata" not in plain
        full = await here.client().conversations_history(
            channel=channel, include_all_metadata=True, limit=1
        )
        assert full["messages"][0]["metadata"] == metadata
        assert full["has_more"] is True
        wrong = await here.call("chat.postMessage", channel=channel, text="x", metadata={"a": 1})
        assert wrong["error"] == "invalid_metadata_format"


async def test_history_is_newest_first_and_bounded() -> None:
    async with world() as here:
        channel = await here.channel()
        stamps = []
        for number in range(3):
            here.clock.move(1)
            posted = await here.call("chat.postMessage", channel=channel, text=str(number))
            stamps.append(posted["ts"])

        async def texts(**more: Any) -> list[str]:
            answer = await here.call("conversations.history", channel=channel, **more)
            return [message["text"] for message in answer["messages"]]

        assert (await texts())[:3] == ["2", "1", "0"]
        assert await texts(oldest=stamps[0]) == ["2", "1"]
        assert await texts(oldest=stamps[0], latest=stamps[2]) == ["1"]
        assert await texts(oldest=stamps[1], latest=stamps[2], inclusive=True) == ["2", "1"]
        outside = await here.call("conversations.history", channel="C0OPS00000")
        assert outside["error"] == "not_in_channel"


async def test_threads() -> None:
    async with world() as here:
        channel = await here.channel()
        parent = (await here.call("chat.postMessage", channel=channel, text="parent"))["ts"]

        async def reply(thread_ts: str, **more: Any) -> Any:
            return await here.call(
                "chat.postMessage", channel=channel, text="reply", thread_ts=thread_ts, **more
            )

        first = await reply(parent)
        nested = await reply(first["ts"], reply_broadcast=True)
        assert nested["message"]["thread_ts"] == parent
        assert (await reply("1.1"))["error"] == "thread_not_found"
        thread = await here.call("conversations.replies", channel=channel, ts=parent)
        assert [message["text"] for message in thread["messages"]] == ["parent", "reply", "reply"]
        assert thread["messages"][0]["reply_count"] == 2
        history = await here.call("conversations.history", channel=channel)
        shown = [message["ts"] for message in history["messages"]]
        assert nested["ts"] in shown
        assert first["ts"] not in shown
        link = await here.call("chat.getPermalink", channel=channel, message_ts=first["ts"])
        digits = first["ts"].replace(".", "")
        assert link["permalink"] == (
            f"{here.running.url}/archives/{channel}/p{digits}?thread_ts={parent}&cid={channel}"
        )
        await here.call("chat.delete", channel=channel, ts=parent)
        thread = await here.call("conversations.replies", channel=channel, ts=parent)
        assert thread["messages"][0]["subtype"] == "tombstone"
        await here.call("chat.delete", channel=channel, ts=first["ts"])
        thread = await here.call("conversations.replies", channel=channel, ts=parent)
        assert len(thread["messages"]) == 2


async def test_pins_and_reactions() -> None:
    async with world() as here:
        channel = await here.channel()
        ts = (await here.call("chat.postMessage", channel=channel, text="x"))["ts"]
        at = {"channel": channel, "timestamp": ts}
        assert (await here.call("pins.add", **at))["ok"]
        assert (await here.call("pins.add", **at))["error"] == "already_pinned"
        pins = (await here.call("pins.list", channel=channel))["items"]
        assert pins[0]["message"]["pinned_to"] == [channel]
        assert (await here.call("pins.remove", **at))["ok"]
        assert (await here.call("pins.remove", **at))["error"] == "no_pin"
        assert (await here.call("reactions.add", **at, name="eyes"))["ok"]
        assert (await here.call("reactions.add", **at, name="eyes"))["error"] == "already_reacted"
        got = await here.call("reactions.get", **at)
        assert got["message"]["reactions"] == [
            {"name": "eyes", "users": ["U0MUSTER00"], "count": 1}
        ]
        assert (await here.call("reactions.remove", **at, name="eyes"))["ok"]
        assert (await here.call("reactions.remove", **at, name="eyes"))["error"] == "no_reaction"
        missing = await here.call("pins.add", channel=channel, timestamp="1.1")
        assert missing["error"] == "message_not_found"


async def test_bookmarks() -> None:
    async with world() as here:
        channel = await here.channel()
        client = here.client()
        made = await client.bookmarks_add(
            channel_id=channel, title="Issue", type="link", link="https://a.b", emoji=":bug:"
        )
        bookmark = made["bookmark"]["id"]
        await client.bookmarks_edit(channel_id=channel, bookmark_id=bookmark, title="Ticket")
        listed = await client.bookmarks_list(channel_id=channel)
        assert [one["title"] for one in listed["bookmarks"]] == ["Ticket"]
        shown = next(c for c in (await here.state())["channels"] if c["id"] == channel)
        assert shown["bookmarks"][0]["emoji"] == ":bug:"
        await client.bookmarks_remove(channel_id=channel, bookmark_id=bookmark)
        again = await here.call("bookmarks.remove", channel_id=channel, bookmark_id=bookmark)
        assert again["error"] == "not_found"
        wrong = await here.call(
            "bookmarks.add", channel_id=channel, title="x", type="link", link="a.b"
        )
        assert wrong["error"] == "invalid_link"


async def test_canvases() -> None:
    async with world() as here:
        channel = await here.channel()
        content = {"type": "markdown", "markdown": "# One"}
        made = await here.call(
            "conversations.canvases.create", channel_id=channel, document_content=content
        )
        again = await here.call("conversations.canvases.create", channel_id=channel)
        assert again["error"] == "channel_canvas_already_exists"
        end = {
            "operation": "insert_at_end",
            "document_content": {"type": "markdown", "markdown": "Two"},
        }
        canvas = made["canvas_id"]
        assert (await here.call("canvases.edit", canvas_id=canvas, changes=[end]))["ok"]
        twice = await here.call("canvases.edit", canvas_id=canvas, changes=[end, end])
        assert twice["error"] == "invalid_arguments"
        nowhere = await here.call("canvases.edit", canvas_id="F404", changes=[end])
        assert nowhere["error"] == "canvas_not_found"
        lost = {"operation": "delete", "section_id": "temp:C:404"}
        gone = await here.call("canvases.edit", canvas_id=canvas, changes=[lost])
        assert gone["error"] == "section_not_found"
        shown = next(c for c in (await here.state())["channels"] if c["id"] == channel)
        assert shown["canvas"] == "# One\n\nTwo"


@pytest.mark.parametrize(
    ("operation", "on_section", "left"),
    [
        ("insert_at_start", False, "new\n\nold"),
        ("insert_at_end", False, "old\n\nnew"),
        ("insert_before", True, "new\n\nold"),
        ("insert_after", True, "old\n\nnew"),
        ("replace", True, "new"),
        ("replace", False, "new"),
        ("delete", True, ""),
        ("rename", False, "old"),
    ],
)
async def test_canvas_operations(operation: str, *, on_section: bool, left: str) -> None:
    async with world() as here:
        channel = await here.channel()
        old, new = ({"type": "markdown", "markdown": text} for text in ("old", "new"))
        made = await here.call(
            "conversations.canvases.create", channel_id=channel, document_content=old
        )
        canvas = here.running.sandbox.slack.ws.canvases[made["canvas_id"]]
        change = {"operation": operation, "document_content": new, "title_content": new}
        if on_section:
            change["section_id"] = next(iter(canvas.sections))
        assert (await here.call("canvases.edit", canvas_id=canvas.id, changes=[change]))["ok"]
        assert "\n\n".join(canvas.sections.values()) == left
        assert canvas.title == ("new" if operation == "rename" else "")
        wrong = await here.call("canvases.edit", canvas_id=canvas.id, changes=[{"operation": "x"}])
        assert wrong["error"] == "invalid_arguments"


async def test_attachments_carry_buttons_and_stay_on_update() -> None:
    async with world() as here:
        channel = await here.channel()
        blocks = [{"type": "actions", "elements": [button("Ack", "ack")]}]
        bar = [{"color": "#d00", "blocks": blocks}]
        posted = await here.call("chat.postMessage", channel=channel, text="x", attachments=bar)
        at = {"channel": channel, "ts": posted["ts"]}
        changed = await here.call("chat.update", **at, text="y")
        assert changed["message"]["attachments"][0]["color"] == "#d00"
        socket = await here.wire()
        pressed = await here.act("press", user="alice", **at, label="Ack")
        assert pressed["error"] == "operation_timeout"
        assert not socket.closed
        gone = await here.call("chat.update", **at, text="z", attachments=[])
        assert "attachments" not in gone["message"]


async def test_direct_messages() -> None:
    async with world() as here:
        opened = await here.call("conversations.open", users="U0BOB0000")
        room = opened["channel"]["id"]
        assert room.startswith("D")
        posted = await here.call("chat.postMessage", channel="U0BOB0000", text="hi")
        assert posted["channel"] == room
        assert await here.seen("bob", room) == ["hi"]
        assert room not in (await here.state("alice"))["messages"]
        for users, error in (("U404", "user_not_found"), ("U0FRANK00", "user_disabled")):
            assert (await here.call("conversations.open", users=users))["error"] == error


async def test_reads_nobody_else_covers() -> None:
    async with world() as here:
        assert (await here.call("team.info"))["team"]["id"] == "T0SANDBOX"
        assert (await here.call("bots.info", bot="B0MUSTER00"))["bot"]["app_id"] == "A0MUSTER00"
        assert (await here.call("bots.info", bot="B404"))["error"] == "bot_not_found"
        profile = await here.call("users.profile.get", user="U0BOB0000")
        assert profile["profile"]["email"] == "bob@example.com"
        channel = await here.channel()
        mine = await here.call("users.conversations")
        assert [one["id"] for one in mine["channels"]] == [channel]
        posted = await here.call("chat.postMessage", channel=channel, text="x")
        assert (await here.call("conversations.mark", channel=channel, ts=posted["ts"]))["ok"]
        info = await here.call("conversations.info", channel=channel, include_num_members=True)
        assert info["channel"]["num_members"] == 1
        named = await here.call("conversations.info", channel="inc-1")
        assert named["error"] == "channel_not_found"
        assert (await here.call("api.test", error="x"))["error"] == "x"


async def test_every_method_of_the_brief_is_there() -> None:
    wanted = """
        apps.connections.open auth.test team.info bots.info users.list users.info api.test
        users.lookupByEmail users.conversations users.profile.get usergroups.list
        usergroups.users.list usergroups.users.update conversations.create conversations.archive
        conversations.rename conversations.setTopic conversations.setPurpose conversations.list
        conversations.info conversations.invite conversations.kick conversations.join
        conversations.leave conversations.open conversations.history conversations.replies
        conversations.members conversations.mark conversations.canvases.create canvases.edit
        chat.postMessage chat.update chat.delete chat.postEphemeral chat.getPermalink pins.add
        pins.remove pins.list bookmarks.add bookmarks.edit bookmarks.remove bookmarks.list
        reactions.add reactions.remove reactions.get views.open views.push views.update
        views.publish
    """
    assert set(wanted.split()) <= set(METHODS)


@pytest.mark.parametrize("method", sorted(set(METHODS) - {"api.test", "auth.test", "team.info"}))
async def test_no_method_breaks_without_arguments(method: str) -> None:
    async with world() as here:
        token = "xapp-1" if method == "apps.connections.open" else "xoxb-1"
        answer = await here.call(method, token=token)
        assert "ok" in answer


async def limited(here: World, method: str, times: int, **arguments: Any) -> list[str | None]:
    return [(await here.call(method, **arguments)).get("error") for _ in range(times)]


@pytest.mark.parametrize(
    ("method", "most"), [("users.list", 20), ("users.conversations", 50), ("views.publish", 100)]
)
async def test_a_tier_is_a_sliding_minute(method: str, most: int) -> None:
    async with world(limits=True) as here:
        arguments = {"user_id": "U0BOB0000", "view": {"type": "home", "blocks": []}}
        assert await limited(here, method, most, **arguments) == [None] * most
        here.clock.move(59)
        async with here.http.post(
            f"{here.api_url}{method}", headers={"Authorization": "Bearer xoxb-1"}, json=arguments
        ) as response:
            assert response.status == 429
            assert response.headers["Retry-After"] == "1"
            assert await response.json() == {"ok": False, "error": "ratelimited"}
        assert await here.problems() == ["ratelimited"]
        here.clock.move(1)
        assert await limited(here, method, 1, **arguments) == [None]


async def test_posting_is_limited_per_channel_and_workspace() -> None:
    async with world(limits=True) as here:
        channels = [await here.channel(f"c-{number}") for number in range(6)]
        post = {"channel": channels[0], "text": "x"}
        assert await limited(here, "chat.postMessage", 4, **post) == [None] * 3 + ["ratelimited"]
        post["channel"] = channels[1]
        assert await limited(here, "chat.postMessage", 1, **post) == [None]
        for _ in range(19):
            here.clock.move(1.01)
            post["channel"] = channels[0]
            assert await limited(here, "chat.postMessage", 3, **post) == [None] * 3
        here.clock.move(1.01)
        assert await limited(here, "chat.postMessage", 1, **post) == ["ratelimited"]


async def test_limits_can_be_switched_off() -> None:
    async with world(limits=True) as here:
        await here.act("settings", limits=False)
        assert (await here.state())["limits"] == {"on": False}
        assert await limited(here, "users.list", 25) == [None] * 25
