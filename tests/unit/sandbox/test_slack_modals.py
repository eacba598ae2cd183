"""Modals, Home and selects through the real Bolt: triggers, values, answers to submissions."""

import asyncio
from typing import Any

import pytest
from slack_bolt.async_app import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.unit.sandbox.slack_world import (
    Json,
    World,
    button,
    error_of,
    field,
    frame,
    modal,
    plain,
    until,
    world,
)

pytestmark = pytest.mark.asyncio

TITLE = field("Title", {"type": "plain_text_input", "action_id": "title"}, "title")


def opt(text: str) -> Json:
    return {"text": plain(text), "value": text.lower()}


async def trigger(here: World, user: str = "alice") -> str:
    """A fresh trigger_id, from a command nobody acknowledges."""
    return here.running.sandbox.slack.installed.triggers.issue(
        here.running.sandbox.slack.ws.user(user).id  # type: ignore[union-attr]
    )


async def opened(here: World, view: Json) -> Json:
    answer = await here.call("views.open", trigger_id=await trigger(here), view=view)
    assert answer["ok"], answer
    return dict(answer["view"])


async def test_declare_form_from_command_to_close() -> None:
    async with world() as here:
        app, submitted = here.app(), []

        @app.command("/incident")
        async def command(ack: AsyncAck, command: Json, client: AsyncWebClient) -> None:
            await client.views_open(trigger_id=command["trigger_id"], view=modal(TITLE))
            await ack()

        @app.view("declare")
        async def declare(ack: AsyncAck, view: Json) -> None:
            title = view["state"]["values"]["title"]["title"]["value"]
            submitted.append(title)
            if title == "bad":
                await ack(response_action="errors", errors={"title": "Try another"})
            else:
                await ack()

        async with here.bolt(app):
            answer = await here.act("command", user="alice", channel="ops", text="/incident")
            assert answer["ok"]
            (view,) = (await here.state())["views"]
            assert (view["title"], view["submit"]) == ("Declare", "Go")
            assert (await here.state("bob"))["views"] == []

            empty = await here.act("submit", user="alice", values={})
            assert empty["error"] == "client_validation"
            assert empty["errors"] == {"title": "Please complete this required field."}

            refused = await here.act("submit", user="alice", values={"Title": "bad"})
            assert refused["ok"]
            assert refused["errors"] == {"title": "Try another"}
            assert refused["view"]["errors"] == {"title": "Try another"}

            done = await here.act("submit", user="alice", values={"title": "Broken"})
            assert (done["ok"], done["view"], done["errors"]) == (True, None, {})
        assert submitted == ["bad", "Broken"]
        assert await here.problems() == []


async def test_update_push_and_clear_as_answers() -> None:
    async with world() as here:
        app = here.app()
        answers: list[Json] = [
            {"response_action": "update", "view": modal(TITLE, title="Second")},
            {"response_action": "push", "view": modal(TITLE, title="Third")},
            {"response_action": "clear"},
        ]

        @app.view("declare")
        async def declare(ack: AsyncAck) -> None:
            await ack(**answers.pop(0))

        async with here.bolt(app):
            first = await opened(here, modal(TITLE))
            step = await here.act("submit", user="alice", values={"Title": "kept"})
            assert step["view"]["title"] == "Second"
            assert step["view"]["id"] == first["id"]
            assert step["view"]["state"]["title"]["title"]["value"] == "kept"
            step = await here.act("submit", user="alice", values={"Title": "x"})
            assert [view["title"] for view in (await here.state())["views"]] == ["Second", "Third"]
            step = await here.act("submit", user="alice", values={"Title": "x"})
            assert step["view"] is None
            assert (await here.state())["views"] == []


BAD_ANSWERS: list[Json] = [
    {"response_action": "errors", "errors": {"nothing": "x"}},
    {"response_action": "errors", "errors": {}},
    {"response_action": "update", "view": {"type": "modal"}},
    {"response_action": "dance"},
]


@pytest.mark.parametrize("answer", BAD_ANSWERS, ids=lambda answer: str(answer)[:60])
async def test_a_wrong_answer_leaves_the_modal_and_is_a_problem(answer: Json) -> None:
    async with world() as here:
        socket = await here.wire(patient=True)
        await opened(here, modal(TITLE))
        submitting = asyncio.create_task(here.act("submit", user="alice", values={"Title": "x"}))
        envelope = await frame(socket, of="interactive")
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": answer})
        assert (await submitting)["view"]["title"] == "Declare"
        assert await here.problems() == ["bad_ack"]
        assert (await here.state())["notices"][-1]["text"].startswith("We had some trouble")


async def test_a_submission_nobody_takes_keeps_the_modal() -> None:
    async with world() as here:
        await opened(here, modal(TITLE))
        answer = await here.act("submit", user="alice", values={"Title": "x"})
        assert answer["error"] == "dispatch_failed"
        assert answer["view"]["pending"] is False
        assert answer["view"]["state"]["title"]["title"]["value"] == "x"


async def test_trigger_lives_three_seconds_and_once() -> None:
    async with world() as here:
        first = await trigger(here)
        assert (await here.call("views.open", trigger_id=first, view=modal(TITLE)))["ok"]
        again = await here.call("views.open", trigger_id=first, view=modal(TITLE))
        assert again["error"] == "exchanged_trigger_id"
        late = await trigger(here)
        here.clock.move(3.1)
        expired = await here.call("views.open", trigger_id=late, view=modal(TITLE))
        assert expired["error"] == "expired_trigger_id"
        unknown = await here.call("views.open", trigger_id="1.2.3", view=modal(TITLE))
        assert unknown["error"] == "invalid_trigger_id"
        assert await here.problems() == [
            "exchanged_trigger_id",
            "expired_trigger_id",
            "invalid_trigger_id",
        ]


async def test_a_refused_view_does_not_use_up_the_trigger_and_says_why() -> None:
    async with world() as here:
        one = await trigger(here)
        with pytest.raises(SlackApiError) as refusal:
            await here.client().views_open(trigger_id=one, view=modal(TITLE, title="x" * 25))
        assert error_of(refusal.value) == "invalid_arguments"
        assert refusal.value.response["response_metadata"]["messages"] == [
            "[ERROR] must be less than 25 characters [json-pointer:/view/title/text]"
        ]


async def test_at_most_three_modals_are_stacked() -> None:
    async with world() as here:
        root = await opened(here, modal(TITLE))
        for _ in range(2):
            pushed = await here.call(
                "views.push", trigger_id=await trigger(here), view=modal(TITLE)
            )
            assert pushed["view"]["root_view_id"] == root["id"]
        full = await here.call("views.push", trigger_id=await trigger(here), view=modal(TITLE))
        assert full["error"] == "push_limit_reached"
        nobody = await here.call(
            "views.push", trigger_id=await trigger(here, "bob"), view=modal(TITLE)
        )
        assert nobody["error"] == "not_found"


async def test_update_by_id_and_external_id_with_hash() -> None:
    async with world() as here:
        view = await opened(here, modal(TITLE, external_id="mine"))
        fresh = await here.call(
            "views.update", view_id=view["id"], hash=view["hash"], view=modal(TITLE, title="New")
        )
        assert fresh["view"]["title"]["text"] == "New"
        stale = await here.call(
            "views.update", view_id=view["id"], hash=view["hash"], view=modal(TITLE)
        )
        assert stale["error"] == "hash_conflict"
        gone = await here.call("views.update", external_id="mine", view=modal(TITLE))
        assert gone["error"] == "not_found"
        missing = await here.call("views.update", view_id="V404", view=modal(TITLE))
        assert missing["error"] == "not_found"


async def test_an_external_id_is_unique() -> None:
    async with world() as here:
        await opened(here, modal(TITLE, external_id="mine"))
        twice = await here.call(
            "views.push", trigger_id=await trigger(here), view=modal(TITLE, external_id="mine")
        )
        assert twice["error"] == "duplicate_external_id"


async def test_closing_tells_the_app_only_when_it_asked() -> None:
    async with world() as here:
        socket = await here.wire(patient=True)
        await opened(here, modal(TITLE, notify_on_close=True, private_metadata="m"))
        closing = asyncio.create_task(here.act("close", user="alice"))
        envelope = await frame(socket, of="interactive")
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        assert (await closing)["ok"]
        payload = envelope["payload"]
        assert payload["type"] == "view_closed"
        assert payload["is_cleared"] is False
        assert payload["view"]["private_metadata"] == "m"
        await opened(here, modal(TITLE))
        assert await here.act("close", user="alice") == {
            "ok": True,
            "ack": None,
            "envelope_id": None,
        }
        assert (await here.act("close", user="alice"))["ok"] is False


#: label, element, what a person enters, the value Slack sends.
VALUES: list[tuple[Json, Any, Json]] = [
    ({"type": "plain_text_input"}, "t", {"value": "t"}),
    ({"type": "plain_text_input"}, None, {"value": None}),
    ({"type": "number_input", "is_decimal_allowed": False}, 5, {"value": "5"}),
    ({"type": "email_text_input"}, "a@b.example", {"value": "a@b.example"}),
    ({"type": "url_text_input"}, "https://a.b", {"value": "https://a.b"}),
    ({"type": "static_select", "options": [opt("A"), opt("B")]}, "B", {"selected_option": "B"}),
    ({"type": "radio_buttons", "options": [opt("A"), opt("B")]}, "a", {"selected_option": "A"}),
    ({"type": "checkboxes", "options": [opt("A")]}, True, {"selected_options": ["A"]}),
    ({"type": "checkboxes", "options": [opt("A")]}, False, {"selected_options": []}),
    (
        {"type": "multi_static_select", "options": [opt("A"), opt("B")]},
        ["B", "a"],
        {"selected_options": ["B", "A"]},
    ),
    ({"type": "users_select"}, "@bob", {"selected_user": "U0BOB0000"}),
    ({"type": "users_select"}, "bob@example.com", {"selected_user": "U0BOB0000"}),
    (
        {"type": "multi_users_select"},
        ["bob", "carol"],
        {"selected_users": ["U0BOB0000", "U0CAROL00"]},
    ),
    ({"type": "channels_select"}, "#ops", {"selected_channel": "C0OPS00000"}),
    ({"type": "conversations_select"}, "ops", {"selected_conversation": "C0OPS00000"}),
    ({"type": "datepicker"}, "2026-11-20", {"selected_date": "2026-11-20"}),
    ({"type": "timepicker"}, "03:00", {"selected_time": "03:00"}),
    ({"type": "datetimepicker"}, 1_795_000_000, {"selected_date_time": 1_795_000_000}),
    (
        {"type": "datetimepicker"},
        "2026-11-20T03:00:00+00:00",
        {"selected_date_time": 1_795_143_600},
    ),
]


@pytest.mark.parametrize(("element", "entered", "value"), VALUES, ids=lambda one: str(one)[:40])
async def test_values_are_typed(element: Json, entered: Any, value: Json) -> None:
    async with world() as here:
        socket = await here.wire()
        block = field("Field", element | {"action_id": "a"}, "b", optional=True)
        await opened(here, modal(block))
        await here.act("submit", user="alice", values={"Field": entered})
        payload = (await frame(socket, of="interactive"))["payload"]
        held = payload["view"]["state"]["values"]["b"]["a"]
        assert held.pop("type") == element["type"]
        if isinstance(held.get("selected_option"), dict):
            held["selected_option"] = held["selected_option"]["text"]["text"]
        if isinstance(held.get("selected_options"), list):
            held["selected_options"] = [one["text"]["text"] for one in held["selected_options"]]
        assert held == value
        assert payload["type"] == "view_submission"
        assert payload["response_urls"] == []


CLIENT_ERRORS: list[tuple[Json, Any]] = [
    ({"type": "plain_text_input", "min_length": 3}, "ab"),
    ({"type": "plain_text_input", "max_length": 3}, "abcd"),
    ({"type": "email_text_input"}, "nobody"),
    ({"type": "url_text_input"}, "nowhere"),
    ({"type": "number_input", "is_decimal_allowed": False}, "1.5"),
    ({"type": "number_input", "is_decimal_allowed": False, "min_value": "3"}, "2"),
    ({"type": "number_input", "is_decimal_allowed": False, "max_value": "3"}, "4"),
]


@pytest.mark.parametrize(("element", "entered"), CLIENT_ERRORS, ids=lambda one: str(one)[:40])
async def test_slacks_client_checks_first(element: Json, entered: Any) -> None:
    async with world() as here:
        await opened(here, modal(field("Field", element | {"action_id": "a"}, "b")))
        answer = await here.act("submit", user="alice", values={"Field": entered})
        assert answer["error"] == "client_validation"
        assert list(answer["errors"]) == ["b"]


async def test_clear_on_close_takes_the_whole_stack() -> None:
    async with world() as here:
        socket = await here.wire(patient=True)
        await opened(here, modal(TITLE, notify_on_close=True))
        top = modal(TITLE, clear_on_close=True)
        await here.call("views.push", trigger_id=await trigger(here), view=top)
        closing = asyncio.create_task(here.act("close", user="alice"))
        envelope = await frame(socket, of="interactive")
        await socket.send_json({"envelope_id": envelope["envelope_id"]})
        assert (await closing)["ok"]
        assert envelope["payload"]["is_cleared"] is True
        assert (await here.state())["views"] == []


async def test_a_conversation_select_brings_its_response_url() -> None:
    async with world() as here:
        socket = await here.wire()
        kind = "conversations_select"
        element = {"type": kind, "action_id": "a", "response_url_enabled": True}
        await opened(here, modal(field("Where", element, "b")))
        await here.act("submit", user="alice", values={"Where": "#ops"})
        (url,) = (await frame(socket, of="interactive"))["payload"]["response_urls"]
        assert (url["block_id"], url["channel_id"]) == ("b", "C0OPS00000")
        async with here.http.post(
            url["response_url"], json={"text": "x", "response_type": "in_channel"}
        ) as response:
            assert response.status == 200
        assert await here.seen("bob", "C0OPS00000") == ["x"]


async def test_a_disabled_submit_button_cannot_be_pressed() -> None:
    async with world() as here:
        await opened(here, modal(TITLE, submit_disabled=True))
        answer = await here.act("submit", user="alice", values={"Title": "x"})
        assert answer["error"] == "the submit button is disabled"


async def test_people_cannot_enter_what_is_not_there() -> None:
    async with world() as here:
        select = {"type": "static_select", "action_id": "a", "options": [opt("A")]}
        await opened(here, modal(field("Field", select, "b")))
        wrong = await here.act("submit", user="alice", values={"Field": "C"})
        assert "'C' is not one of the options ['A']" in wrong["error"]
        missing = await here.act("submit", user="alice", values={"Other": "A"})
        assert "there is no field 'Other' here" in missing["error"]


async def test_external_options_are_asked_for() -> None:
    async with world() as here:
        app = here.app()

        @app.options("service")
        async def options(ack: AsyncAck, body: Json) -> None:
            assert body["type"] == "block_suggestion"
            names = [name for name in ("Checkout", "Search") if body["value"] in name]
            await ack(options=[opt(name) for name in names])

        @app.view("declare")
        async def declare(ack: AsyncAck, view: Json) -> None:
            chosen = view["state"]["values"]["s"]["service"]["selected_option"]
            assert chosen["value"] == "search"
            await ack()

        async with here.bolt(app):
            element = {"type": "external_select", "action_id": "service", "min_query_length": 0}
            await opened(here, modal(field("Service", element, "s")))
            found = await here.act(
                "options", user="alice", where="view", action_id="service", value="Che"
            )
            assert [one["value"] for one in found["options"]] == ["checkout"]
            assert (await here.act("submit", user="alice", values={"Service": "search"}))["ok"]
            assert (await here.state())["views"] == []


async def test_too_many_options_are_a_problem() -> None:
    async with world() as here:
        socket = await here.wire(patient=True)
        element = {"type": "external_select", "action_id": "service"}
        await opened(here, modal(field("Service", element, "s")))
        asking = asyncio.create_task(
            here.act("options", user="alice", where="view", block_id="s", value="x")
        )
        envelope = await frame(socket, of="interactive")
        many = {"options": [opt(f"o{number}") for number in range(101)]}
        await socket.send_json({"envelope_id": envelope["envelope_id"], "payload": many})
        assert (await asking)["options"] == []
        assert await here.problems() == ["bad_ack"]


async def test_home_is_published_and_pressed() -> None:
    async with world() as here:
        app, pressed = here.app(), []

        @app.event("app_home_opened")
        async def home(event: Json, client: AsyncWebClient) -> None:
            blocks = [{"type": "actions", "block_id": "b", "elements": [button("Declare")]}]
            await client.views_publish(
                user_id=event["user"], view={"type": "home", "blocks": blocks}
            )

        @app.action("press")
        async def press(ack: AsyncAck, body: Json) -> None:
            pressed.append(body)
            await ack()

        async with here.bolt(app):
            assert (await here.act("open_home", user="bob"))["ok"]
            await until(lambda: here.running.sandbox.slack.ws.homes)
            assert (await here.state("bob"))["home"]["blocks"][0]["type"] == "actions"
            assert (await here.state("alice"))["home"] is None
            assert (await here.act("press", user="bob", where="home", label="Declare"))["ok"]
        (body,) = pressed
        assert body["container"]["type"] == "view"
        assert body["view"]["type"] == "home"
        assert "response_url" not in body
        assert "channel" not in body


async def test_the_app_hears_which_of_its_tabs_somebody_opens() -> None:
    async with world() as here:
        app, heard = here.app(), []

        @app.event("app_home_opened")
        async def opened(event: Json) -> None:
            heard.append(event)

        async with here.bolt(app):
            await here.act("open_messages", user="bob")
            await here.act("open_home", user="bob")
            await until(lambda: len(heard) == 2)
        assert [each["tab"] for each in heard] == ["messages", "home"]
        assert heard[0]["channel"] == heard[1]["channel"]
        assert heard[0]["channel"].startswith("D")


async def test_a_press_in_a_modal_carries_state_and_can_update_it() -> None:
    async with world() as here:
        app = here.app()

        @app.action("kind")
        async def kind(ack: AsyncAck, body: Json, client: AsyncWebClient) -> None:
            (action,) = body["actions"]
            assert action["selected_option"]["value"] == "b"
            assert body["view"]["state"]["values"]["title"]["title"]["value"] == "typed"
            await client.views_update(
                view_id=body["view"]["id"],
                hash=body["view"]["hash"],
                view=modal(TITLE, title="Updated"),
            )
            await ack()

        select = {"type": "static_select", "action_id": "kind", "options": [opt("A"), opt("B")]}
        async with here.bolt(app):
            await opened(here, modal(TITLE, {"type": "actions", "elements": [select]}))
            answer = await here.act(
                "press",
                user="alice",
                where="view",
                action_id="kind",
                choose="B",
                values={"Title": "typed"},
            )
            assert answer["ok"], answer
            (view,) = (await here.state())["views"]
            assert view["title"] == "Updated"
            assert view["state"] == {
                "title": {"title": {"type": "plain_text_input", "value": "typed"}}
            }


async def test_shortcuts_global_and_on_a_message() -> None:
    async with world() as here:
        channel = await here.channel()
        posted = await here.call("chat.postMessage", channel=channel, text="look")
        await here.running.sandbox.slack.idle()
        socket = await here.wire()
        await here.act("shortcut", user="alice", callback_id="declare")
        payload = (await frame(socket, of="interactive"))["payload"]
        assert (payload["type"], payload["callback_id"]) == ("shortcut", "declare")
        assert "channel" not in payload
        await here.act(
            "shortcut", user="alice", callback_id="add", channel=channel, ts=posted["ts"]
        )
        payload = (await frame(socket, of="interactive"))["payload"]
        assert (payload["type"], payload["message_ts"]) == ("message_action", posted["ts"])
        assert payload["message"]["text"] == "look"
        assert payload["response_url"]
