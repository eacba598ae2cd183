"""What people do and see: typed text, unread marks, ephemerals, response_url, events, commands."""

import ast
import asyncio
import sys
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncAck, AsyncRespond

from tests.unit.sandbox.slack_world import Json, World, button, frame, plain, until, world

pytestmark = pytest.mark.asyncio

ROOT = Path(__file__).resolve().parents[3]


async def test_the_seed() -> None:
    async with world() as here:
        state = await here.state()
        names = {user["name"]: user for user in state["users"]}
        assert set(names) >= {"alice", "bob", "carol", "dave", "erin", "grace", "frank", "muster"}
        assert names["frank"]["deleted"]
        assert names["grace"]["is_restricted"]
        assert {channel["name"] for channel in state["channels"]} == {"general", "ops", "random"}
        assert state["commands"][0]["command"] == "/incident"
        assert state["me"] == "U0ALICE00"
        assert state["ready"] is False


async def test_typed_text_is_stored_escaped_with_links() -> None:
    async with world() as here:
        typed = "a<b & @bob in #ops, @oncall @here https://x.example/?a=1&b=2 mail@bob me@x"
        answer = await here.act("message", user="alice", channel="ops", text=typed)
        assert answer["ok"]
        stored = (
            "a&lt;b &amp; <@U0BOB0000> in <#C0OPS00000|ops>, <!subteam^S0ONCALL0> <!here> "
            "<https://x.example/?a=1&amp;b=2> mail@bob me@x"
        )
        assert await here.seen("bob", "C0OPS00000") == [stored]
        (message,) = (await here.state("bob"))["messages"]["C0OPS00000"]
        assert message["blocks"][0]["type"] == "rich_text"


async def test_unread_marks_and_mentions() -> None:
    async with world() as here:

        async def marks(user: str) -> tuple[int, int]:
            channels = (await here.state(user))["channels"]
            ops = next(channel for channel in channels if channel["id"] == "C0OPS00000")
            return ops["unread"], ops["mentions"]

        await here.act("message", user="alice", channel="ops", text="hello")
        await here.act("message", user="alice", channel="ops", text="hello @bob")
        await here.act("message", user="alice", channel="ops", text="hello @payments")
        assert await marks("alice") == (0, 0)
        assert await marks("bob") == (3, 2)
        assert await marks("carol") == (3, 1)
        await here.act("read", user="bob", channel="ops")
        assert await marks("bob") == (0, 0)
        assert await marks("grace") == (0, 0)


async def test_private_channels_are_seen_by_members_only() -> None:
    async with world() as here:
        await here.act("create_channel", user="alice", name="secret", is_private=True)
        await here.act("make_private", user="alice", channel="ops")
        for user, sees in (("alice", {"secret", "ops"}), ("bob", {"ops"}), ("grace", set())):
            channels = (await here.state(user))["channels"]
            private = {channel["name"] for channel in channels if channel["is_private"]}
            assert private == sees
        refused = await here.act("message", user="bob", channel="secret", text="x")
        assert refused == {"ok": False, "error": "bob sees no channel 'secret'"}


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("message", {"user": "nobody", "channel": "ops", "text": "x"}, "nobody here is called"),
        ("message", {"user": "frank", "channel": "ops", "text": "x"}, "frank has left"),
        ("message", {"user": "grace", "channel": "ops", "text": "x"}, "grace is not in #ops"),
        ("message", {"user": "alice", "channel": "ops", "text": " "}, "no_text"),
        ("message", {"user": "alice", "text": "x"}, "the body lacks 'channel'"),
        ("join", {"user": "alice", "channel": "ops"}, "already_in_channel"),
        ("join", {"user": "grace", "channel": "ops"}, "user_is_restricted"),
        ("leave", {"user": "alice", "channel": "general"}, "cant_leave_general"),
        ("archive", {"user": "alice", "channel": "general"}, "cant_archive_general"),
        ("rename", {"user": "alice", "channel": "ops", "name": "random"}, "name_taken"),
        ("react", {"user": "alice", "channel": "ops", "ts": "1.1", "name": "x"}, "sees no message"),
        ("press", {"user": "alice", "channel": "ops"}, "say what to press"),
        ("press", {"user": "alice", "channel": "ops", "label": "Go"}, "no message in #ops has"),
        ("press", {"user": "alice", "where": "home", "label": "Go"}, "no Home tab yet"),
        ("press", {"user": "alice", "where": "view", "label": "Go"}, "no modal open"),
        ("submit", {"user": "alice"}, "no modal open"),
        ("user", {"deleted": True}, "say who"),
        ("user", {"id": "U404", "deleted": True}, "somebody new needs an email"),
        ("user", {"id": "U0BOB0000", "shoe_size": 44}, "a person has no"),
    ],
)
async def test_what_people_cannot_do(path: str, body: Json, words: str) -> None:
    async with world() as here:
        answer = await here.act(path, **body)
        assert answer["ok"] is False
        assert words in answer["error"]


async def test_bodies_must_be_json() -> None:
    async with world() as here:
        for data in ("{", "[]"):
            async with here.http.post("/api/message", data=data) as response:
                assert response.status == 400
                assert (await response.json())["ok"] is False


#: What a person does to a message or channel of the bot, and the events the app gets.
EVENTS: list[tuple[str, Json, list[str]]] = [
    ("message", {"text": "x"}, ["message"]),
    ("react", {"name": ":eyes:"}, ["reaction_added"]),
    ("pin", {}, ["pin_added"]),
    ("rename", {"name": "inc-9"}, ["message", "channel_rename"]),
    ("archive", {}, ["message", "channel_archive"]),
    ("leave", {}, ["message", "member_left_channel"]),
    ("make_private", {}, ["message"]),
]


@pytest.mark.parametrize(("path", "body", "types"), EVENTS, ids=[case[0] for case in EVENTS])
async def test_events_of_what_people_do(path: str, body: Json, types: list[str]) -> None:
    async with world() as here:
        channel, ts = await joined(here)
        socket = await here.wire(patient=True)
        acting = asyncio.create_task(here.act(path, user="alice", channel=channel, ts=ts, **body))
        found = []
        for _ in types:
            envelope = await frame(socket)
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
            found.append(envelope["payload"]["event"]["type"])
        answer = await acting
        assert found == types
        assert answer["delivered"] == ["acknowledged"] * len(types)


async def joined(here: World) -> tuple[str, str]:
    """A channel with alice and a message of the bot; all events of that are settled."""
    channel = await here.channel()
    await here.act("join", user="alice", channel=channel)
    posted = await here.call("chat.postMessage", channel=channel, text="card")
    await here.running.sandbox.slack.idle()
    return channel, str(posted["ts"])


async def test_private_channels_have_group_events() -> None:
    async with world() as here:
        channel, _ = await joined(here)
        await here.act("make_private", user="alice", channel=channel)
        await here.running.sandbox.slack.idle()
        socket = await here.wire()
        acting = asyncio.create_task(here.act("archive", user="alice", channel=channel))
        assert (await frame(socket))["payload"]["event"]["channel_type"] == "group"
        assert (await frame(socket))["payload"]["event"]["type"] == "group_archive"
        await acting


async def test_undoing_and_changing() -> None:
    async with world() as here:
        channel, ts = await joined(here)
        at = {"user": "alice", "channel": channel, "ts": ts}
        for path in ("react", "unreact"):
            assert (await here.act(path, **at, name="eyes"))["ok"]
        for path in ("pin", "unpin"):
            assert (await here.act(path, **at))["ok"]
        reply = await here.act("message", user="alice", channel=channel, text="r", thread_ts=ts)
        shown = (await here.state())["messages"][channel]
        parent = next(message for message in shown if message["ts"] == ts)
        assert (parent["reply_count"], parent["reactions"]) == (1, [])
        child = next(message for message in shown if message["ts"] == reply["ts"])
        assert child["thread_ts"] == ts
        await here.call("chat.update", channel=channel, ts=ts, text="new")
        assert "new" in await here.seen("alice", channel)
        shown = (await here.state())["messages"][channel]
        assert next(message for message in shown if message["ts"] == ts)["edited"] is True


async def test_people_change_join_and_leave_the_workspace() -> None:
    async with world() as here:
        socket = await here.wire()
        left = asyncio.create_task(here.act("user", id="bob", deleted=True))
        event = (await frame(socket))["payload"]["event"]
        assert (event["type"], event["user"]["deleted"]) == ("user_change", True)
        assert (await left)["user"] == "U0BOB0000"
        hired = asyncio.create_task(here.act("user", email="zoe@example.com", tz="Europe/Paris"))
        envelope = await frame(socket)
        while envelope["payload"]["event"]["type"] != "team_join":
            envelope = await frame(socket)
        assert envelope["payload"]["event"]["user"]["name"] == "zoe"
        assert (await hired)["ok"]
        found = await here.call("users.lookupByEmail", email="zoe@example.com")
        assert found["user"]["tz"] == "Europe/Paris"


async def test_the_stream_tells_of_changes() -> None:
    async with world() as here, here.http.get("/api/stream", params={"user": "alice"}) as stream:
        first = await stream.content.readline()
        assert first.startswith(b'data: {"version": ')
        await stream.content.readline()
        version = (await here.state())["version"]
        async with here.http.get("/api/state", params={"since": str(version)}) as response:
            assert await response.json() == {"version": version}
        await here.act("message", user="alice", channel="ops", text="x")
        async with asyncio.timeout(1):
            assert await stream.content.readline() != first


async def test_response_url_five_times_in_thirty_minutes() -> None:
    async with world() as here:
        socket = await here.wire(patient=True)
        typing = asyncio.create_task(
            here.act("command", user="alice", channel="ops", text="/incident")
        )
        envelope = await frame(socket)
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        await typing
        url = envelope["payload"]["response_url"]

        async def respond(**body: Any) -> tuple[int, Any]:
            async with here.http.post(url, json=body) as response:
                return response.status, await response.json()

        assert await respond(text="one") == (200, {"ok": True})
        assert await respond(text="all", response_type="in_channel") == (200, {"ok": True})
        assert (await respond(blocks=[{"type": "nonsense"}]))[1]["error"] == "invalid_blocks"
        for _ in range(2):
            await respond(text="more")
        assert await respond(text="six") == (404, {"ok": False, "error": "used_url"})
        here.clock.move(1801)
        assert await respond(text="late") == (404, {"ok": False, "error": "expired_url"})
        assert await here.seen("alice", "C0OPS00000") == ["one", "all", "more", "more"]
        assert await here.seen("bob", "C0OPS00000") == ["all"]
        assert await here.problems() == ["invalid_blocks", "used_url", "expired_url"]


async def test_answers_replace_and_delete_the_original_even_ephemeral_ones() -> None:
    async with world() as here:
        app = here.app()

        @app.command("/incident")
        async def command(ack: AsyncAck) -> None:
            await ack(text="offer", blocks=[{"type": "actions", "elements": [button("Join")]}])

        @app.action("press")
        async def press(ack: AsyncAck, respond: AsyncRespond, body: Json) -> None:
            assert "message" not in body
            assert body["container"]["is_ephemeral"] is True
            await ack()
            await respond("joined", replace_original=True)
            await respond(delete_original=True)

        async with here.bolt(app):
            await here.act("command", user="alice", channel="ops", text="/incident")
            assert await here.seen("alice", "C0OPS00000") == ["offer"]
            refused = await here.act("press", user="bob", channel="ops", label="Join")
            assert refused["ok"] is False
            await here.act("press", user="alice", channel="ops", label="Join")
            room = here.running.sandbox.slack.ws.channels["C0OPS00000"]
            await until(lambda: not room.ephemerals)


async def test_a_wrong_command_answer_is_told() -> None:
    async with world() as here:
        socket = await here.wire(patient=True)
        typing = asyncio.create_task(
            here.act("command", user="alice", channel="ops", text="/incident")
        )
        envelope = await frame(socket)
        bad = {"text": "x", "blocks": [{"type": "nonsense"}]}
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": bad})
        await typing
        assert "invalid_command_response" in (await here.state())["notices"][-1]["text"]
        assert await here.problems() == ["bad_ack"]


async def test_confirm_overflow_and_inputs_in_messages() -> None:
    async with world() as here:
        channel = await here.channel()
        sure = {"title": plain("t"), "text": plain("x"), "confirm": plain("y"), "deny": plain("n")}
        entries = [{"text": plain(name), "value": name} for name in ("one", "two")]
        blocks = [
            {
                "type": "actions",
                "elements": [
                    button("Resolve", "resolve", confirm=sure),
                    {"type": "overflow", "action_id": "more", "options": entries},
                    {"type": "users_select", "action_id": "who", "placeholder": plain("Assign")},
                ],
            },
            {
                "type": "input",
                "block_id": "note",
                "label": plain("Note"),
                "element": {"type": "plain_text_input", "action_id": "text"},
            },
        ]
        await here.call("chat.postMessage", channel=channel, text="x", blocks=blocks)
        await here.running.sandbox.slack.idle()
        socket = await here.wire()
        at = {"user": "alice", "channel": channel}
        refused = await here.act("press", **at, label="Resolve", confirm=False)
        assert refused["cancelled"] is True

        async def pressed(**body: Any) -> Json:
            await here.act("press", **at, **body)
            payload = (await frame(socket))["payload"]
            return {**payload["actions"][0], "state": payload["state"]["values"]}

        action = await pressed(label="Resolve", values={"Note": "fixed"})
        assert action["action_id"] == "resolve"
        assert action["state"]["note"]["text"]["value"] == "fixed"
        assert (await pressed(label="two"))["selected_option"]["value"] == "two"
        assert (await pressed(action_id="more", choose="one"))["selected_option"]["value"] == "one"
        assert (await pressed(label="Assign", choose="@bob"))["selected_user"] == "U0BOB0000"


async def test_the_page_is_served() -> None:
    async with world() as here, here.http.get("/") as response:
        assert response.status == 200


async def test_the_sandbox_is_a_stranger() -> None:
    allowed = {"aiohttp", "ruamel", *sys.stdlib_module_names}
    for path in (ROOT / "bot" / "sandbox").glob("*.py"):
        check_imports(path, allowed)
    for path in (ROOT / "bot" / "sandbox" / "slack").rglob("*.py"):
        check_imports(path, allowed)


def check_imports(path: Path, allowed: set[str]) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [str(node.module)]
        for name in names:
            assert name.startswith("bot.sandbox") or name.split(".")[0] in allowed, (path, name)


async def test_it_runs_as_a_process_until_terminated() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot.sandbox.server", "--port", "0", "--no-limits"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    url = (await process.stdout.readline()).decode().strip()
    async with aiohttp.ClientSession() as http, http.get(f"{url}/api/state") as response:
        state = await response.json()
    assert state["limits"] == {"on": False}
    assert state["pagerduty"]["services"]
    assert state["github"]["repositories"]
    process.terminate()
    assert await process.wait() == 0
