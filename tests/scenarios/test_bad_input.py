"""Bad input gets a clear refusal and leaves nothing behind; absurd words ping nobody."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from typing import Any

import pytest
from sqlalchemy import func, select

from bot.store.tables import InboundRow, IncidentRow
from tests.stage import ALICE, API_TOKEN, BOB, GENERAL, PAGERDUTY_SECRET, Json, Stage, stage
from tests.workspace import card_of, cards, header, issues, pages, room_of, said_in

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVENT: Json = {
    "event": {
        "id": "01BADINPUT",
        "event_type": "incident.triggered",
        "resource_type": "incident",
        "occurred_at": "2026-11-20T10:00:00Z",
        "agent": None,
        "client": None,
        "data": {
            "id": "PBADINP",
            "type": "incident",
            "number": 99,
            "status": "triggered",
            "title": "Sent by hand",
            "urgency": "high",
            "service": {"id": "PCHECKO", "type": "service_reference", "summary": "Checkout API"},
            "assignees": [],
        },
    }
}


def signed(body: bytes, *secrets: str) -> dict[str, str]:
    digests = [hmac.new(s.encode(), body, hashlib.sha256).hexdigest() for s in secrets]
    return {"X-PagerDuty-Signature": ",".join(f"v1={digest}" for digest in digests)}


async def send(s: Stage, body: bytes, headers: Any = None) -> tuple[int, str]:
    own = signed(body, PAGERDUTY_SECRET) if headers is None else headers
    answer = await s.http.post(f"{s.bot_url}/webhooks/pagerduty", content=body, headers=own)
    return answer.status_code, answer.text


def event(**changes: Any) -> bytes:
    return json.dumps({"event": EVENT["event"] | changes}).encode()


async def stored(s: Stage) -> tuple[int, int]:
    """How many webhooks and incidents are on disk."""
    assert s.bot is not None

    def count(tx: Any) -> tuple[int, int]:
        tables = (InboundRow, IncidentRow)
        counts = [tx.session.execute(select(func.count()).select_from(t)).scalar() for t in tables]
        return counts[0], counts[1]

    return await s.bot.work.read(count)


WRONG = {
    "unsigned": (event(), {}, 401),
    "wrongly signed": (event(), signed(event(), "another secret"), 401),
    "signed in another scheme": (event(), {"X-PagerDuty-Signature": "v0=abc"}, 401),
    "signature of another body": (event(), signed(b"{}", PAGERDUTY_SECRET), 401),
    "signature with odd bytes": (event(), {"X-PagerDuty-Signature": "v1=é".encode()}, 401),
    "truncated": (event()[:-20], None, 400),
    "empty": (b"", None, 400),
    "not JSON": (b"hello there", None, 400),
    "not UTF-8": (b'{"event": "\xff\xfe"}', None, 400),
    "huge": (b'{"event": "' + b"a" * 600_000 + b'"}', None, 413),
    "deeply nested": (b"[" * 100_000 + b"]" * 100_000, None, 400),
    "a list": (b"[1, 2]", None, 422),
    "a number": (b"12", None, 422),
    "no event": (b"{}", None, 422),
    "an event that is text": (b'{"event": "boom"}', None, 422),
    "no id": (event(id=None), None, 422),
    "an id that is an object": (event(id={"a": 1}), None, 422),
    "no type": (event(event_type=None), None, 422),
    "a type that is a number": (event(event_type=12), None, 422),
    "no data": (event(data=None), None, 422),
    "data that is a list": (event(data=[1]), None, 422),
}


@pytest.mark.parametrize("case", WRONG)
async def test_a_wrong_webhook_is_refused_with_a_reason_and_not_stored(s: Stage, case: str) -> None:
    body, headers, status = WRONG[case]
    before = await stored(s)
    answered, text = await send(s, body, headers)
    assert answered == status, text
    assert json.loads(text)["error"]
    assert "Traceback" not in text
    assert await stored(s) == before


async def test_a_body_without_length_is_cut_off_when_it_grows_too_large(s: Stage) -> None:
    async def endless() -> Any:
        for _ in range(40):
            yield b"x" * 65536

    answer = await s.http.post(f"{s.bot_url}/webhooks/pagerduty", content=endless(), headers={})
    assert answer.status_code == 413


async def test_a_signed_event_of_an_unknown_type_is_kept_and_accepted(s: Stage) -> None:
    before = await stored(s)
    body = event(id="01UNKNOWN", event_type="incident.teleported")
    assert (await send(s, body))[0] == 202
    assert (await send(s, body))[0] == 202  # delivered again: known
    await s.quiet()
    kept, incidents = await stored(s)
    assert kept == before[0] + 1
    assert incidents == before[1]


ODD = {
    "no title": {"title": None},
    "title of a wrong type": {"title": ["a", "list"]},
    "no urgency": {"urgency": None},
    "status of a wrong type": {"status": 12},
    "service that is text": {"service": "Checkout"},
    "assignees that are numbers": {"assignees": [1, None, "x"]},
    "priority that is text": {"priority": "P1"},
    "number that is text": {"number": "many"},
}


@pytest.mark.parametrize("case", ODD)
async def test_a_signed_event_with_odd_fields_is_taken(s: Stage, case: str) -> None:
    """PagerDuty disables a subscription after three refusals, so only the envelope is refused."""
    own = "POD" + hashlib.sha256(case.encode()).hexdigest()[:5].upper()
    data = EVENT["event"]["data"] | {"id": own} | ODD[case]
    status, text = await send(s, event(id=f"01{own}", data=data))
    assert status == 202, text
    await s.quiet()
    assert s.bot is not None
    own_row = select(InboundRow).where(InboundRow.event_id == f"01{own}")  # type: ignore[arg-type]
    row = await s.bot.work.read(lambda tx: tx.session.execute(own_row).scalar_one())
    assert row.state == "applied", row.reason
    # PagerDuty does not know this incident, which is all that may have gone wrong.
    failed = [e for e in await s.unfinished() if e["state"] == "dead"]
    assert all("404" in e["why"] for e in failed), failed


async def test_every_secret_of_a_rotation_opens_the_door(s: Stage) -> None:
    body = event(id="01ROTATED", event_type="pagey.ping", data={"message": "Hello"})
    both = signed(body, "the old one", PAGERDUTY_SECRET)
    assert (await send(s, body, both))[0] == 202


async def test_two_configured_secrets_are_both_taken(tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("secrets")
    async with stage(folder, PAGERDUTY_WEBHOOK_SECRET="first one, second one") as s:
        for number, secret in enumerate(("first one", "second one", "third one")):
            body = event(id=f"01S{number}", event_type="pagey.ping", data={})
            status, _ = await send(s, body, signed(body, secret))
            assert status == (202 if number < 2 else 401)


async def test_an_endpoint_without_secret_refuses_everybody(tmp_path_factory: Any) -> None:
    folder = tmp_path_factory.mktemp("no-secret")
    async with stage(folder, PAGERDUTY_WEBHOOK_SECRET=None, API_TOKEN=None) as s:
        assert (await send(s, event(), signed(event(), "")))[0] == 401
        headers = {"Authorization": "Bearer None"}
        answer = await s.http.get(f"{s.bot_url}/api/incidents", headers=headers)
        assert answer.status_code == 401


PINGS = "<!channel> <!here> <!everyone> <@U0BOB0000> <!subteam^S0ONCALL0> @here"
ABSURD = {
    "pings": PINGS,
    "emoji": "🔥🧯 :boom: 🏳️‍🌈",
    "right to left": "\u202eفشل الدفع\u202c (backwards)",
    "markup": "*bold* _it_ ~no~ `code` ```block``` <https://evil.example|click>",
    "entities": "&amp;lt;!channel&amp;gt; &lt;!here&gt; & < >",
    "control characters": "tab\tand\u0000null\u2028line",
    "one long word": "x" * 480,
}


def mrkdwn(part: Any) -> list[str]:
    """Every text of a message in which Slack would obey markup."""
    if isinstance(part, list):
        return [text for one in part for text in mrkdwn(one)]
    if not isinstance(part, dict):
        return []
    own = [part["text"]] if "ts" in part or part.get("type") == "mrkdwn" else []
    return own + [text for one in part.values() for text in mrkdwn(one)]


@pytest.mark.parametrize("case", ABSURD)
async def test_an_absurd_title_is_shown_as_it_is_and_pings_nobody(s: Stage, case: str) -> None:
    title = ABSURD[case]
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    answer = await s.http.post(
        f"{s.bot_url}/api/incidents",
        json={"title": title, "description": title, "detected_by": title[:150]},
        headers=headers,
    )
    assert answer.status_code == 202, answer.text
    name = answer.json()["id"]
    state = await s.settled(name)
    note = f"/incident note {name} {title}"
    await s.command(note, user=BOB)
    state = await s.settled(name)
    room = room_of(state, name)
    assert room
    for message in [m for c in state["messages"].values() for m in c]:
        if name in message["text"] and message["user"] != ALICE:
            words = " ".join(mrkdwn(message))
            assert not re.search(r"<!(channel|here|everyone|subteam)", words)
            assert "|click>" not in words or message["subtype"]  # nobody is called by a link
    assert room["mentions"] == 0
    [page] = pages(state, " ".join(title.replace("\0", "").split()))
    assert page["status"] == "triggered"
    [issue] = issues(state, name)
    assert "@here" not in issue["body"]
    assert await s.problems() == []


async def test_titles_nobody_can_use_are_refused_with_a_sentence(s: Stage) -> None:
    before = await stored(s)
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    url = f"{s.bot_url}/api/incidents"
    refused: list[Any] = [
        {},
        {"title": ""},
        {"title": "   \n "},
        {"title": "x" * 10_000},
        {"title": None},
        {"title": 12},
        {"title": "ok", "severity": "SEV99"},
        {"title": "ok", "service": "nobody knows it"},
        {"title": "ok", "description": "y" * 20_000},
        {"title": "ok", "unknown": "field"},
        [],
        "text",
    ]
    for body in refused:
        answer = await s.http.post(url, json=body, headers=headers)
        assert answer.status_code == 422, (body, answer.text)
        assert answer.json()["detail"]
    answer = await s.http.post(url, content=b"{not json", headers=headers)
    assert answer.status_code in {400, 422}
    for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Basic abc"}):
        answer = await s.http.post(url, json={"title": "no"}, headers=wrong)
        assert answer.status_code == 401
    assert await stored(s) == before


async def test_a_title_of_ten_thousand_characters_is_refused_in_slack_too(s: Stage) -> None:
    before = await stored(s)
    answer = await s.command(f"/incident declare {'long ' * 2000}")
    assert "the most" in str(answer["ack"])
    await s.command("/incident")
    await s.until(lambda state: state["views"])
    blank = await s.submit({"Title": "   "})
    assert blank["errors"], blank
    assert "title" in str(blank["errors"]).lower()
    assert await stored(s) == before


async def test_a_page_with_a_title_of_ten_thousand_characters_is_shown_cut(s: Stage) -> None:
    data = EVENT["event"]["data"] | {"id": "PLONGTI", "title": "word " * 2000}
    assert (await send(s, event(id="01LONG", data=data)))[0] == 202
    found = await s.until(lambda state: [c for c in cards(state) if "word word" in header(c)])
    assert len(header(found[0])) <= 150
    await s.quiet()
    assert await s.problems() == []


async def test_unknown_people_channels_and_numbers_are_answered_with_a_sentence(s: Stage) -> None:
    name = await s.declare("Nobody knows them")
    await s.settled(name)
    for words, says in (
        (f"reassign {name} @nobody.at.all", "Name the person with @"),
        (f"reassign {name} <@U0NOBODY0>", "Name the person with @"),
        ("ack INC-424242", "There is no INC-424242"),
        ("show INC-99999999999999", "INC-"),
        ("ack", "Say which incident"),
        ("ack #general", "Say which incident"),
    ):
        answer = await s.command(f"/incident {words}", channel=GENERAL)
        assert says in str(answer["ack"]), (words, answer)
    state = await s.settled(name)
    assert said_in(state, room_of(state, name)) == []
    assert "triggered" in (card_of(state, name) or {})["text"]
    assert await s.problems() == []
