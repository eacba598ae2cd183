"""What is sent to Slack, and what its answers mean."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from bot.errors import ProviderError, Reason
from bot.ports import Message
from bot.providers.slack import SlackChat
from bot.providers.slack.codes import CODES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.unit.providers.conftest import Asked, Vendor

CARD = Message(text="INC-1 Down", blocks=[{"type": "divider"}])
PLAIN = Message(text="INC-1 Down")
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
OK = {"ok": True}


def no(code: str, **more: Any) -> dict[str, Any]:
    return {"ok": False, "error": code} | more


@pytest.fixture
async def chat(vendor: Vendor) -> AsyncIterator[SlackChat]:
    client = SlackChat("xoxb-token", f"{vendor.url}/")
    yield client
    await client.aclose()


async def refused(call: Any) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await call
    return raised.value


def given(asked: Asked) -> dict[str, Any]:
    """The arguments of a call, however the SDK encoded them."""
    if isinstance(asked.body, dict) and asked.body:
        return asked.body
    return {name: values[0] for name, values in asked.query.items()}


class TestMessages:
    async def test_post(self, vendor: Vendor, chat: SlackChat) -> None:
        vendor.answers = {"POST /chat.postMessage": OK | {"ts": "1.5", "channel": "C1"}}
        assert await chat.post("C1", CARD, key="inc-1/announce", thread="1.0") == "1.5"
        sent = given(vendor.asked[0])
        assert vendor.asked[0].headers["Authorization"] == "Bearer xoxb-token"
        assert (sent["channel"], sent["text"], sent["thread_ts"]) == ("C1", "INC-1 Down", "1.0")
        assert _value(sent["blocks"]) == [{"type": "divider"}]
        assert _value(sent["metadata"]) == {
            "event_type": "muster",
            "event_payload": {"key": "inc-1/announce"},
        }
        assert not _value(sent["unfurl_links"])
        assert not _value(sent["unfurl_media"])

    @pytest.mark.parametrize(
        "refusal",
        [
            no("invalid_blocks", response_metadata={"messages": ["[ERROR] must be less than 76"]}),
            no("invalid_blocks_format"),
            no("msg_too_long"),
            no("invalid_arguments", response_metadata={"messages": ["[json-pointer:/blocks/3/x]"]}),
        ],
    )
    async def test_refused_blocks_fall_back_to_the_words_once(
        self, vendor: Vendor, chat: SlackChat, refusal: dict[str, Any]
    ) -> None:
        vendor.answers = {"POST /chat.postMessage": [refusal, OK | {"ts": "2.0"}]}
        with capture_logs() as logs:
            assert await chat.post("C1", CARD, key="k") == "2.0"
        assert [_value(given(one).get("blocks", "[]")) for one in vendor.asked] == [
            [{"type": "divider"}],
            [],
        ]
        assert logs[0]["event"] == "slack.blocks_refused"
        assert refusal["error"] in logs[0]["detail"]
        vendor.answers = {"POST /chat.update": refusal}
        assert (await refused(chat.update("C1", "2.0", CARD, key="k"))).code == refusal["error"]
        assert len(vendor.asked) == 4

    async def test_a_fallback_that_has_to_wait_is_not_forgotten(
        self, vendor: Vendor, chat: SlackChat
    ) -> None:
        limited = (429, no("ratelimited"), {"Retry-After": "1"})
        path = "POST /chat.postMessage"
        vendor.answers = {path: [no("invalid_blocks"), limited, OK | {"ts": "2.0"}]}
        assert (await refused(chat.post("C1", CARD, key="k"))).reason is Reason.RATE_LIMITED
        assert await chat.post("C1", CARD, key="k") == "2.0"
        sent = [_value(given(one).get("blocks", "[]")) for one in vendor.asked]
        assert sent == [[{"type": "divider"}], [], []]
        await chat.post("C1", CARD, key="k")
        assert _value(given(vendor.asked[-1])["blocks"]) == [{"type": "divider"}]

    async def test_other_refusals_do_not(self, vendor: Vendor, chat: SlackChat) -> None:
        wrong = no("invalid_arguments", response_metadata={"messages": ["[json-pointer:/channel]"]})
        vendor.answers = {"POST /chat.postMessage": wrong}
        error = await refused(chat.post("C1", CARD, key="k"))
        assert error.detail == "answered invalid_arguments: [json-pointer:/channel]"
        vendor.answers = {"POST /chat.postMessage": no("invalid_blocks")}
        await refused(chat.post("C1", PLAIN, key="k"))
        assert len(vendor.asked) == 2

    async def test_update_is_cut_to_what_slack_takes(self, vendor: Vendor, chat: SlackChat) -> None:
        vendor.answers = {"POST /chat.update": OK}
        await chat.update("C1", "1.5", Message(text="x" * 5000), key="k")
        sent = given(vendor.asked[0])
        assert len(sent["text"]) == 4000
        assert _value(sent["metadata"])["event_payload"] == {"key": "k"}

    async def test_find_posted(self, vendor: Vendor, chat: SlackChat) -> None:
        def message(ts: str, key: str, kind: str = "muster") -> dict[str, Any]:
            return {"ts": ts, "metadata": {"event_type": kind, "event_payload": {"key": key}}}

        pages = [
            OK
            | {
                "messages": [message("3", "other"), message("2", "k", "theirs"), {"ts": "9"}],
                "response_metadata": {"next_cursor": "abc="},
            },
            OK | {"messages": [message("1", "k")], "response_metadata": {"next_cursor": ""}},
        ]
        vendor.answers = {"GET /conversations.history": pages}
        assert await chat.find_posted("C1", "k", since=AT) == "1"
        first, second = (given(one) for one in vendor.asked)
        assert float(first["oldest"]) <= AT.timestamp()
        assert _value(first["include_all_metadata"])
        assert second["cursor"] == "abc="

    async def test_find_posted_in_a_thread(self, vendor: Vendor, chat: SlackChat) -> None:
        vendor.answers = {"GET /conversations.replies": OK | {"messages": []}}
        assert await chat.find_posted("C1", "k", since=AT, thread="1.0") is None
        assert given(vendor.asked[0])["ts"] == "1.0"
        vendor.answers = {"GET /conversations.replies": no("thread_not_found")}
        assert await chat.find_posted("C1", "k", since=AT, thread="1.0") is None
        vendor.answers = {"GET /conversations.history": no("not_in_channel")}
        assert (await refused(chat.find_posted("C1", "k", since=AT))).code == "not_in_channel"

    async def test_respond(self, vendor: Vendor, chat: SlackChat) -> None:
        vendor.answers = {"POST /respond/1": [OK, (200, None), (404, no("used_url"))]}
        await chat.respond(f"{vendor.url}/respond/1", CARD, replace=True)
        assert vendor.asked[0].body == {
            "text": "INC-1 Down",
            "replace_original": True,
            "response_type": "ephemeral",
            "blocks": [{"type": "divider"}],
        }
        assert "Authorization" not in vendor.asked[0].headers
        await chat.respond(f"{vendor.url}/respond/1", PLAIN)
        error = await refused(chat.respond(f"{vendor.url}/respond/1", PLAIN))
        assert (error.reason, error.code) == (Reason.NOT_FOUND, "used_url")
        assert vendor.url not in str(error)
        vendor.answers = {"POST /respond/1": ["odd", (200, {})]}
        for _ in range(2):
            error = await refused(chat.respond(f"{vendor.url}/respond/1", PLAIN))
            assert error.reason is Reason.UNKNOWN_OUTCOME

    async def test_small_things(self, vendor: Vendor, chat: SlackChat) -> None:
        vendor.answers = {
            "POST /chat.postEphemeral": OK,
            "POST /conversations.open": OK | {"channel": {"id": "D1"}},
            "GET /chat.getPermalink": OK | {"permalink": "https://acme.slack.test/p1"},
            "POST /views.publish": OK,
        }
        await chat.tell("C1", "U1", CARD, thread="1.0")
        assert await chat.direct("U1") == "D1"
        assert await chat.permalink("C1", "1.5") == "https://acme.slack.test/p1"
        await chat.publish_home("U1", {"type": "home", "blocks": []})
        assert _value(given(vendor.asked[-1])["view"]) == {"type": "home", "blocks": []}


@pytest.mark.parametrize(
    ("call", "path", "code"),
    [
        (lambda c: c.delete("C1", "1"), "chat.delete", "message_not_found"),
        (lambda c: c.join("C1"), "conversations.join", "already_in_channel"),
        (lambda c: c.pin("C1", "1"), "pins.add", "already_pinned"),
        (lambda c: c.react("C1", "1", ":eyes:"), "reactions.add", "already_reacted"),
        (lambda c: c.archive("C1"), "conversations.archive", "already_archived"),
    ],
)
async def test_so_already_is_fine(
    vendor: Vendor, chat: SlackChat, call: Any, path: str, code: str
) -> None:
    vendor.answers = {f"POST /{path}": [OK, no(code), no("channel_not_found")]}
    await call(chat)
    await call(chat)
    assert (await refused(call(chat))).reason is Reason.NOT_FOUND


class TestChannels:
    async def test_create(self, vendor: Vendor, chat: SlackChat) -> None:
        made = {"id": "C9", "name": "incident-1", "is_private": True, "is_member": True}
        answers = [OK | {"channel": made}, no("name_taken"), no("invalid_name_specials")]
        vendor.answers = {"POST /conversations.create": answers}
        channel = await chat.create_channel("incident-1", private=True)
        assert (channel.id, channel.is_private) == ("C9", True)
        error = await refused(chat.create_channel("incident-1"))
        assert (error.reason, error.code) == (Reason.CONFLICT, "name_taken")
        error = await refused(chat.create_channel("Incident!"))
        assert (error.reason, error.code) == (Reason.INVALID, "invalid_name_specials")

    async def test_find_pages_through_all(self, vendor: Vendor, chat: SlackChat) -> None:
        wanted = {"id": "C2", "name": "incidents", "is_archived": True, "purpose": {"value": "why"}}
        wanted |= {"creator": "UBOT", "created": 1772366400}
        pages = [
            OK
            | {
                "channels": [{"id": "C1", "name": "incidents-2"}],
                "response_metadata": {"next_cursor": "n"},
            },
            OK | {"channels": [wanted]},
        ]
        vendor.answers = {"GET /conversations.list": pages}
        found = await chat.find_channel("incidents")
        assert found is not None
        assert (found.id, found.is_archived, found.purpose) == ("C2", True, "why")
        assert (found.creator, found.created) == ("UBOT", AT)
        assert not _value(given(vendor.asked[0])["exclude_archived"])
        vendor.answers = {"GET /conversations.list": OK | {"channels": []}}
        assert await chat.find_channel("incidents") is None

    async def test_private_channels_and_threads_page_through_all(
        self, vendor: Vendor, chat: SlackChat
    ) -> None:
        more = {"response_metadata": {"next_cursor": "n"}}
        vendor.answers = {
            "GET /conversations.list": [
                OK | {"channels": [{"id": "C1", "is_private": True}, {"id": "C3", "is_private": False}]} | more,
                OK | {"channels": [{"id": "C2", "is_private": True}, {"id": "C4"}]},
            ],
            "GET /conversations.replies": [
                OK | {"messages": [{"ts": "1.0"}]} | more, OK | {"messages": [{"ts": "1.1"}]},
            ],
        }  # fmt: skip
        assert await chat.private_channels() == {"C1", "C2"}
        assert given(vendor.asked[0])["types"] == "private_channel"
        assert [one["ts"] for one in await chat.replies("C1", "1.0")] == ["1.0", "1.1"]
        vendor.answers = {"GET /conversations.replies": no("thread_not_found")}
        assert await chat.replies("C1", "1.0") == []
        vendor.answers = {"GET /conversations.replies": no("channel_not_found")}
        assert (await refused(chat.replies("C1", "1.0"))).code == "channel_not_found"

    async def test_furnishing(self, vendor: Vendor, chat: SlackChat) -> None:
        bookmark = {"id": "Bk1", "title": "Runbook"}
        vendor.answers = {
            "POST /conversations.setTopic": OK,
            "POST /conversations.setPurpose": OK,
            "POST /bookmarks.add": OK,
            "POST /bookmarks.list": OK | {"bookmarks": [bookmark]},
            "GET /conversations.info": OK | {"channel": {"id": "C1", "name": "x"}},
        }
        await chat.set_topic("C1", "t" * 400)
        assert len(given(vendor.asked[-1])["topic"]) == 250
        await chat.set_purpose("C1", "p")
        await chat.add_bookmark("C1", "Runbook", "https://wiki.test", emoji=":book:")
        assert given(vendor.asked[-1])["type"] == "link"
        assert await chat.bookmarks("C1") == {"Runbook": "Bk1"}
        assert (await chat.channel_info("C1")).name == "x"

    async def test_invite_all_at_once(self, vendor: Vendor, chat: SlackChat) -> None:
        vendor.answers = {"POST /conversations.invite": OK}
        assert await chat.invite("C1", ["U1", "U2", "U1", ""]) == ()
        assert given(vendor.asked[0])["users"] == "U1,U2"
        assert await chat.invite("C1", []) == ()
        assert len(vendor.asked) == 1

    async def test_invite_without_those_slack_names(self, vendor: Vendor, chat: SlackChat) -> None:
        errors = [
            {"user": "U1", "ok": False, "error": "already_in_channel"},
            {"user": "U3", "ok": False, "error": "user_is_restricted"},
        ]
        answers = [no("user_is_restricted", errors=errors), OK]
        vendor.answers = {"POST /conversations.invite": answers}
        assert await chat.invite("C1", ["U1", "U2", "U3"]) == ("U3",)
        assert [given(one)["users"] for one in vendor.asked] == ["U1,U2,U3", "U2"]

    async def test_invite_one_by_one(self, vendor: Vendor, chat: SlackChat) -> None:
        single = {"U1": no("already_in_channel"), "U2": no("user_not_found"), "U3": OK}

        def answer(asked: Asked) -> dict[str, Any]:
            return single.get(given(asked)["users"], no("user_not_found"))

        vendor.answers = {"POST /conversations.invite": answer}
        assert await chat.invite("C1", ["U1", "U2", "U3"]) == ("U2",)

    @pytest.mark.parametrize("code", ["is_archived", "ratelimited", "invalid_auth"])
    async def test_invite_raises_what_concerns_nobody(
        self, vendor: Vendor, chat: SlackChat, code: str
    ) -> None:
        vendor.answers = {"POST /conversations.invite": no(code)}
        assert (await refused(chat.invite("C1", ["U1", "U2"]))).code == code
        assert len(vendor.asked) == 1


class TestPeople:
    async def test_members(self, vendor: Vendor, chat: SlackChat) -> None:
        person = {
            "id": "U1",
            "name": "ana",
            "tz": "Europe/Lisbon",
            "profile": {"display_name": "Ana", "real_name": "Ana Silva", "email": "ana@acme.test"},
        }
        odd = [{"id": "USLACKBOT"}, {"id": "U2", "is_ultra_restricted": True, "tz": None}, {}, "x"]
        vendor.answers = {"GET /users.list": OK | {"members": [person, *odd]}}
        ana, bot, guest, nobody = await chat.members()
        assert (ana.name, ana.real_name, ana.email) == ("Ana", "Ana Silva", "ana@acme.test")
        assert ana.tz == "Europe/Lisbon"
        assert bot.is_bot
        assert (guest.is_guest, guest.tz, guest.name) == (True, "UTC", "U2")
        assert nobody.id == ""

    async def test_member_groups_identity(self, vendor: Vendor, chat: SlackChat) -> None:
        group = {"id": "S1", "handle": "web", "users": ["U1", None]}
        vendor.answers = {
            "GET /users.info": [OK | {"user": {"id": "U1", "name": "ana"}}, no("user_not_found")],
            "GET /usergroups.list": OK | {"usergroups": [group]},
            "POST /auth.test": (
                200,
                OK | {"user_id": "UBOT", "bot_id": "B1", "team_id": "T1"},
                {"x-oauth-scopes": "chat:write, pins:write"},
            ),
        }
        assert (await chat.member("U1")).name == "ana"
        assert (await refused(chat.member("U2"))).reason is Reason.NOT_FOUND
        assert (await chat.user_groups())[0].users == ("U1",)
        identity = await chat.identity()
        assert identity["user_id"] == "UBOT"
        assert identity["scopes"] == ["chat:write", "pins:write"]

    async def test_a_group_is_made_equal(self, vendor: Vendor, chat: SlackChat) -> None:
        changed = {"id": "S1", "handle": "oncall", "users": ["U1", "U2"]}
        vendor.answers = {
            "POST /usergroups.users.update": [OK | {"usergroup": changed}, no("permission_denied")]
        }
        assert (await chat.set_group("S1", ["U1", "U2"])).users == ("U1", "U2")
        refusal = await refused(chat.set_group("S1", ["U1"]))
        assert (refusal.reason, refusal.code) == (Reason.INVALID, "permission_denied")


@pytest.mark.parametrize(
    ("code", "read", "write"),
    [
        ("invalid_auth", Reason.AUTH, Reason.AUTH),
        ("missing_scope", Reason.AUTH, Reason.AUTH),
        ("ratelimited", Reason.RATE_LIMITED, Reason.RATE_LIMITED),
        ("channel_not_found", Reason.NOT_FOUND, Reason.NOT_FOUND),
        ("restricted_action", Reason.INVALID, Reason.INVALID),
        ("service_unavailable", Reason.UNAVAILABLE, Reason.UNAVAILABLE),
        ("internal_error", Reason.UNAVAILABLE, Reason.UNKNOWN_OUTCOME),
        ("fatal_error", Reason.UNAVAILABLE, Reason.UNKNOWN_OUTCOME),
        ("invented_tomorrow", Reason.INVALID, Reason.INVALID),
    ],
)
async def test_codes(
    vendor: Vendor, chat: SlackChat, code: str, read: Reason, write: Reason
) -> None:
    told = no(code, needed="pins:write")
    vendor.answers = {"GET /users.info": told, "POST /chat.postMessage": told}
    error = await refused(chat.member("U1"))
    assert (error.reason, error.code) == (read, code)
    assert "needed: pins:write" in error.detail
    assert (await refused(chat.post("C1", PLAIN, key="k"))).reason is write


async def test_error_headers(vendor: Vendor, chat: SlackChat) -> None:
    vendor.answers = {"POST /chat.postMessage": (429, no("ratelimited"), {"Retry-After": "12"})}
    assert (await refused(chat.post("C1", PLAIN, key="k"))).retry_after == 12.0


async def test_closed_sessions_are_made_anew(vendor: Vendor, chat: SlackChat) -> None:
    vendor.answers = {"GET /users.info": OK | {"user": {"id": "U1"}}}
    await chat.member("U1")
    await chat.aclose()
    assert (await chat.member("U1")).id == "U1"


def test_unknown_outcomes_are_no_code_of_the_table() -> None:
    assert Reason.UNKNOWN_OUTCOME not in CODES.values()


def _value(sent: Any) -> Any:
    """JSON inside a form field, or the thing itself; Slack's forms write booleans as 0 and 1."""
    if not isinstance(sent, str):
        return sent
    try:
        return json.loads(sent.lower() if sent in {"True", "False"} else sent)
    except ValueError:
        return sent
