"""Socket Mode: tickets, acknowledgements in time, late or never, redelivery, broken connections."""

import asyncio
import time
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from tests.unit.sandbox.slack_world import FAST, Json, button, frame, until, world

pytestmark = pytest.mark.asyncio


async def silent_for(socket: aiohttp.ClientWebSocketResponse, seconds: float) -> bool:
    """Whether no envelope comes for a while."""
    try:
        await frame(socket, seconds)
    except TimeoutError:
        return True
    return False


async def test_a_ticket_opens_one_connection() -> None:
    async with world() as here:
        opened = await here.call("apps.connections.open", token="xapp-1")
        socket = await here.http.ws_connect(opened["url"])
        hello = await socket.receive_json()
        assert hello["type"] == "hello"
        assert hello["num_connections"] == 1
        assert hello["connection_info"]["app_id"].startswith("A")
        assert (await here.state())["ready"] is True
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await here.http.ws_connect(opened["url"])
        assert await here.problems() == ["socket_ticket"]
        await socket.close()
        await until(lambda: not here.running.sandbox.slack.socket.connected)
        assert (await here.state())["ready"] is False


async def test_an_old_ticket_is_refused() -> None:
    async with world() as here:
        opened = await here.call("apps.connections.open", token="xapp-1")
        here.clock.move(31)
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await here.http.ws_connect(opened["url"])


async def test_the_eleventh_connection_is_sent_away() -> None:
    async with world() as here:
        sockets = [await here.wire() for _ in range(10)]
        opened = await here.call("apps.connections.open", token="xapp-1")
        eleventh = await here.http.ws_connect(opened["url"])
        assert (await frame(eleventh))["reason"] == "too_many_websockets"
        assert len(sockets) == here.running.sandbox.slack.socket.connections.__len__()


async def test_a_command_as_slack_sends_it() -> None:
    async with world() as here:
        socket = await here.wire(patient=True)
        typed = asyncio.create_task(
            here.act(
                "command", user="alice", channel="ops", text="/incident page @bob <now> & #ops"
            )
        )
        envelope = await frame(socket)
        payload = envelope["payload"]
        assert envelope["type"] == "slash_commands"
        assert envelope["accepts_response_payload"] is True
        assert payload["command"] == "/incident"
        assert payload["text"] == "page <@U0BOB0000|bob> &lt;now&gt; &amp; <#C0OPS00000|ops>"
        assert payload["is_enterprise_install"] == "false"
        assert payload["channel_name"] == "ops"
        assert payload["response_url"].startswith(here.running.url)
        answer = {"envelope_id": envelope["envelope_id"], "payload": {"text": "done"}}
        await socket.send_json(answer)
        assert await typed == {
            "ok": True,
            "envelope_id": envelope["envelope_id"],
            "ack": {"text": "done"},
        }
        assert await here.seen("alice", "C0OPS00000") == ["done"]
        assert await here.seen("bob", "C0OPS00000") == []


async def test_envelopes_take_turns() -> None:
    async with world() as here:
        sockets = [await here.wire(), await here.wire()]
        for _ in range(2):
            await here.act("command", user="alice", channel="ops", text="/incident")
        for socket in sockets:
            assert (await frame(socket))["type"] == "slash_commands"
            assert await silent_for(socket, 0.02)


async def test_time_in_which_slack_stood_still_itself_is_not_the_apps() -> None:
    async with world() as here:
        socket = await here.wire()
        asked = here.act("command", user="alice", channel="ops", text="/incident")
        typed = asyncio.ensure_future(asked)
        envelope = await frame(socket)
        until_later = time.monotonic() + 2 * here.running.sandbox.slack.socket.ack_seconds
        while time.monotonic() < until_later:
            pass  # nothing else runs in this process meanwhile
        for _ in range(5):
            await asyncio.sleep(0)  # an app of this process answers a few turns later
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        assert (await typed)["ok"]
        assert await here.problems() == []


async def test_a_late_acknowledgement_is_a_timeout_and_a_problem() -> None:
    async with world() as here:
        socket = await here.wire()
        answer = await here.act("command", user="alice", channel="ops", text="/incident")
        assert (answer["ok"], answer["error"]) == (False, "operation_timeout")
        notices = (await here.state())["notices"]
        assert notices[-1]["text"] == '/incident failed with the error "operation_timeout"'
        late = {"envelope_id": answer["envelope_id"], "payload": {"text": "too late"}}
        await socket.send_json(late)
        await until(lambda: len(here.running.sandbox.problems.entries) == 2)
        assert await here.problems() == ["no_ack", "late_ack"]
        assert await here.seen("alice", "C0OPS00000") == []


async def test_without_a_connection_a_command_fails_at_once() -> None:
    async with world() as here:
        answer = await here.act("command", user="alice", channel="ops", text="/incident")
        assert answer["error"] == "dispatch_failed"
        assert "dispatch_failed" in (await here.state())["notices"][-1]["text"]
        assert await here.problems() == []


@pytest.mark.parametrize(
    ("text", "kind"), [("{}", "bad_frame"), ('{"envelope_id":"x"}', "unknown_envelope")]
)
async def test_nonsense_from_the_app_is_a_problem(text: str, kind: str) -> None:
    async with world() as here:
        socket = await here.wire()
        await socket.send_str(text)
        await until(lambda: here.running.sandbox.problems.entries)
        assert await here.problems() == [kind]


async def test_repeat_delivers_the_same_envelope_again() -> None:
    async with world() as here:
        socket = await here.wire(patient=True)
        typed = asyncio.create_task(
            here.act("command", user="alice", channel="ops", text="/incident", repeat=2)
        )
        envelopes = [await frame(socket) for _ in range(3)]
        assert envelopes[0] == envelopes[1] == envelopes[2]
        for number in range(3):
            answer = {"envelope_id": envelopes[0]["envelope_id"], "payload": {"text": f"{number}"}}
            await socket.send_json(answer)
        answered = await typed
        assert answered["ack"] == {"text": "0"}
        assert [ack["text"] for ack in answered["acks"]] == ["0", "1", "2"]
        assert await here.seen("alice", "C0OPS00000") == ["0"]


async def test_an_event_is_sent_again_until_it_is_acknowledged() -> None:
    async with world() as here:
        channel = await here.channel()
        await here.running.sandbox.slack.idle()
        socket = await here.wire()
        await here.act("join", user="alice", channel=channel)
        seen: list[tuple[str, int, str]] = []
        ids: set[str] = set()
        for _ in range(6):
            envelope = await frame(socket)
            assert envelope["type"] == "events_api"
            assert envelope["accepts_response_payload"] is False
            payload = envelope["payload"]
            ids.add(payload["event_id"])
            seen.append(
                (payload["event"]["type"], envelope["retry_attempt"], envelope["retry_reason"])
            )
        assert len(ids) == 2
        assert sorted(seen) == sorted(
            (kind, attempt, "timeout" if attempt else "")
            for kind in ("message", "member_joined_channel")
            for attempt in range(3)
        )
        assert await silent_for(socket, 0.2)


async def test_an_acknowledged_event_comes_once_in_its_wrapper() -> None:
    async with world() as here:
        channel = await here.channel()
        await here.act("join", user="alice", channel=channel)
        await here.running.sandbox.slack.idle()
        socket = await here.wire(patient=True)
        typed = asyncio.create_task(
            here.act("message", user="alice", channel=channel, text="look @muster")
        )
        payloads = []
        for _ in range(2):
            envelope = await frame(socket)
            await socket.send_json({"envelope_id": envelope["envelope_id"]})
            payloads.append(envelope["payload"])
        assert (await typed)["delivered"] == ["acknowledged"] * 2
        assert await silent_for(socket, 0.2)
        message, mention = (payload["event"] for payload in payloads)
        assert payloads[0]["type"] == "event_callback"
        assert payloads[0]["authorizations"][0]["user_id"] == "U0MUSTER00"
        assert message["channel_type"] == "channel"
        assert message["text"] == "look <@U0MUSTER00>"
        assert mention["type"] == "app_mention"
        assert "channel_type" not in mention


async def test_refresh_warns_and_then_ends_the_old_connection() -> None:
    async with world() as here:
        old = await here.wire()
        assert (await here.act("socket", action="warning"))["connections"] == 1
        assert (await frame(old))["reason"] == "warning"
        await here.act("socket", action="refresh")
        assert (await frame(old))["reason"] == "refresh_requested"
        fresh = await here.wire()
        await here.act("command", user="alice", channel="ops", text="/incident")
        assert (await frame(fresh))["type"] == "slash_commands"
        async with asyncio.timeout(1):
            while not old.closed:
                await old.receive()


async def test_drop_resets_the_connection() -> None:
    async with world() as here:
        socket = await here.wire()
        await here.act("socket", action="drop")
        async with asyncio.timeout(1):
            while not socket.closed:
                await socket.receive()
        await until(lambda: not here.running.sandbox.slack.socket.connected)


async def test_a_silent_connection_answers_no_ping_and_carries_nothing() -> None:
    timing = replace(FAST, ping_seconds=5)
    async with world(timing=timing) as here:
        socket = await here.wire()
        await socket.ping(b"one")
        pong = await socket.receive()
        assert (pong.type, bytes(pong.data)) == (aiohttp.WSMsgType.PONG, b"one")
        await here.act("socket", action="silent")
        await socket.ping(b"two")
        answer = await here.act("command", user="alice", channel="ops", text="/incident")
        assert answer["error"] == "operation_timeout"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await socket.receive()


async def test_slack_pings() -> None:
    async with world() as here:
        opened = await here.call("apps.connections.open", token="xapp-1")
        socket = await here.http.ws_connect(opened["url"], autoping=False)
        await socket.receive_json()
        async with asyncio.timeout(1):
            assert (await socket.receive()).type is aiohttp.WSMsgType.PING


async def test_an_unknown_socket_action_is_refused() -> None:
    async with world() as here:
        assert (await here.act("socket", action="explode"))["ok"] is False


async def manifest_events(tmp_path: Any, *events: str) -> Any:
    """A manifest that subscribes to some events."""
    path = tmp_path / "manifest.yml"
    listed = "".join(f"\n      - {event}" for event in events)
    path.write_text(
        "features:\n  bot_user:\n    display_name: Muster\n"
        "  slash_commands:\n    - command: /incident\n      description: Incidents\n"
        "oauth_config:\n  scopes:\n    bot: [channels:manage, chat:write]\n"
        f"settings:\n  event_subscriptions:\n    bot_events:{listed}\n"
    )
    return path


async def test_only_subscribed_events_are_sent(tmp_path: Any) -> None:
    path = await manifest_events(tmp_path, "reaction_added", "channel_archive")
    async with world(manifest=path) as here:
        socket = await here.wire()
        channel = await here.channel()
        posted = await here.call(
            "chat.postMessage", channel=channel, text="x", blocks=[{"type": "divider"}]
        )
        await here.act("join", user="alice", channel=channel)
        reacted = asyncio.create_task(
            here.act("react", user="alice", channel=channel, ts=posted["ts"], name="pushpin")
        )
        event: Json = (await frame(socket))["payload"]["event"]
        assert event["type"] == "reaction_added"
        assert event["item"] == {"type": "message", "channel": channel, "ts": posted["ts"]}
        assert event["item_user"] == "U0MUSTER00"
        await reacted


async def test_a_command_without_escaping_keeps_names_as_typed(tmp_path: Any) -> None:
    path = await manifest_events(tmp_path, "reaction_added")
    async with world(manifest=path) as here:
        socket = await here.wire()
        await here.act("command", user="alice", channel="ops", text="/incident page @bob <b>")
        assert (await frame(socket))["payload"]["text"] == "page @bob &lt;b&gt;"
        refused = await here.act("command", user="alice", channel="ops", text="/other")
        assert refused == {"ok": False, "error": "/other is not a valid command"}


async def test_block_actions_of_a_message_as_slack_sends_them() -> None:
    async with world() as here:
        channel = await here.channel()
        element = button("Acknowledge", "incident.acknowledge", value="7")
        posted = await here.call(
            "chat.postMessage",
            channel=channel,
            text="fallback",
            blocks=[{"type": "actions", "block_id": "b", "elements": [element]}],
            metadata={"event_type": "card", "event_payload": {"n": 7}},
        )
        socket = await here.wire()
        pressed = asyncio.create_task(
            here.act("press", user="bob", channel=channel, label="Acknowledge")
        )
        payload = (await frame(socket, of="interactive"))["payload"]
        await pressed
        assert payload["type"] == "block_actions"
        assert payload["user"] == {
            "id": "U0BOB0000",
            "username": "bob",
            "name": "bob",
            "team_id": "T0SANDBOX",
        }
        assert payload["container"] == {
            "type": "message",
            "message_ts": posted["ts"],
            "channel_id": channel,
            "is_ephemeral": False,
        }
        assert payload["channel"] == {"id": channel, "name": "inc-1"}
        assert payload["message"]["metadata"]["event_payload"] == {"n": 7}
        assert payload["message"]["bot_id"] == "B0MUSTER00"
        assert payload["enterprise"] is None
        assert payload["is_enterprise_install"] is False
        (action,) = payload["actions"]
        assert action.pop("action_ts")
        assert action == {
            "type": "button",
            "action_id": "incident.acknowledge",
            "block_id": "b",
            "value": "7",
            "text": {"type": "plain_text", "text": "Acknowledge", "emoji": True},
        }
