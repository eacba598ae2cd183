"""All ways in lead to the same steps, each incident starts once, and its channel always gets a name."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, Service
from tests.stage import ALICE, API_TOKEN, BOB, GENERAL, Json, Stage, stage
from tests.workspace import (
    buttons,
    card_of,
    cards,
    cards_of,
    header,
    issues,
    messages_in,
    pages,
    room_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

pytestmark = pytest.mark.asyncio(loop_scope="module")

CATALOG = Catalog(
    services={
        "checkout-api": Service(
            id="checkout-api",
            title="Checkout API",
            repo="acme/checkout-api",
            owners=("carol@example.com",),
            pagerduty_service="PCHECKO",
        ),
        "nowhere": Service(id="nowhere", title="Nowhere", repo="acme/does-not-exist"),
        "no-issues": Service(id="no-issues", title="No issues", repo="acme/no-issues"),
        "locked": Service(id="locked", title="Locked", repo="acme/search"),
        "read-only": Service(id="read-only", title="Read only", repo="acme/read-only"),
    }
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("house"), catalog=CATALOG) as running:
        yield running


async def by_command(s: Stage, title: str) -> None:
    await s.declare(title)


async def by_shortcut(s: Stage, title: str) -> None:
    await s.act("shortcut", user=ALICE, name="Declare an incident")
    await s.until(lambda state: state["views"])
    answer = await s.submit({"Title": title, "Service": "Checkout API"})
    assert answer["ok"], answer
    assert answer["view"] is None


async def by_api(s: Stage, title: str) -> None:
    answer = await declare_at_api(s, {"title": title, "service": "checkout-api"})
    assert answer["id"].startswith("INC-")


async def by_webhook(s: Stage, title: str) -> None:
    await s.pagerduty("trigger", title=title, service="PCHECKO", urgency="high")


async def by_polling(s: Stage, title: str) -> None:
    await s.act("settings", webhooks=False)
    await s.pagerduty("trigger", title=title, service="PCHECKO", urgency="high")
    await s.poll()


async def declare_at_api(s: Stage, body: Json, key: str | None = None) -> Json:
    headers = {"Authorization": f"Bearer {API_TOKEN}"} | ({"Idempotency-Key": key} if key else {})
    answer = await s.http.post(f"{s.bot_url}/api/incidents", json=body, headers=headers)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def name_of(state: Json, title: str) -> str | None:
    """The incident announced under that title."""
    found = [header(card) for card in cards(state) if title in header(card)]
    return re.search(r"INC-\d+", found[0])[0] if found else None  # type: ignore[index]


@pytest.mark.parametrize(
    ("way", "from_pagerduty"),
    [
        (by_command, False),
        (by_shortcut, False),
        (by_api, False),
        (by_webhook, True),
        (by_polling, True),
    ],
)
async def test_every_way_in_leads_to_the_same_steps(
    s: Stage, way: Callable[[Stage, str], Awaitable[None]], from_pagerduty: bool
) -> None:
    title = f"Orders are lost {way.__name__}"
    await way(s, title)
    name = await s.until(lambda state: name_of(state, title))
    state = await s.settled(name)

    [card] = cards_of(state, name)
    assert buttons(card) == ["Acknowledge", "Reassign", "Escalate", "Resolve", "More"]
    channel = room_of(state, name)
    assert channel
    [pinned] = cards_of(state, name, channel["name"])
    assert channel["pins"] == [pinned["ts"]]
    assert "triggered" in channel["topic"]
    assert title in channel["purpose"]
    titles = [bookmark["title"] for bookmark in channel["bookmarks"]]
    assert sorted(titles) == ["Announcement", "GitHub issue", "PagerDuty"]
    [page] = pages(state, title)
    assert [n["content"] for n in page["notes"] if channel["name"] in n["content"]]
    [issue] = issues(state, name)
    labels = {label["name"] for label in issue["labels"]}
    assert labels == {"bug", "incident", *(["pagerduty"] if from_pagerduty else [])}
    assert page["html_url"] in issue["body"]
    assert channel["id"] in issue["body"]
    assert page["html_url"] in text_of(card)
    assert issue["html_url"] in text_of(card)
    assert await s.problems() == []


async def test_whoever_is_concerned_is_invited(s: Stage) -> None:
    """The reporter, who is on call at PagerDuty, and the service's owners."""
    await s.command("/incident", user=BOB)
    await s.until(lambda state: state["views"], user=BOB)
    await s.submit({"Title": "Invite them all", "Service": "Checkout API"}, user=BOB)
    name = await s.until(lambda state: name_of(state, "Invite them all"))
    state = await s.settled(name)
    channel = room_of(state, name)
    on_call = {
        user["email"]
        for entry in state["pagerduty"]["oncalls"]
        if entry["escalation_policy"]["id"] == "PEPCHKO" and entry["escalation_level"] == 1
        for user in state["pagerduty"]["users"]
        if user["id"] == entry["user"]["id"]
    }
    members = {u["email"] for u in state["users"] if channel and u["id"] in channel["members"]}
    assert {"bob@example.com", "carol@example.com", *on_call} <= members
    assert await s.problems() == []


async def test_the_form_opens_at_once_while_the_vendors_hang(s: Stage) -> None:
    await s.fault("pagerduty.*", "hold_before", times=50)
    await s.fault("github.*", "hold_before", times=50)
    await s.declare("Vendors hang")
    await s.wait(lambda: held(s), what="calls that hang")
    answer = await s.command("/incident")
    assert answer["ok"]
    state = await s.state()
    assert [view["title"] for view in state["views"]] == ["Declare an incident"]
    await s._call("DELETE", "/api/faults")
    await s.quiet()
    assert await s.problems() == []


async def held(s: Stage) -> bool:
    return any(fault["kind"] == "held" for fault in (await s.state())["faults"])


async def test_a_submission_delivered_twice_gives_one_incident_and_its_link(s: Stage) -> None:
    await s.command("/incident")
    await s.until(lambda state: state["views"])
    answer = await s.submit({"Title": "Submitted twice"}, repeat=1)
    assert answer["ok"]
    name = await s.until(lambda state: name_of(state, "Submitted twice"))
    state = await s.settled(name)
    assert len([c for c in cards(state) if "Submitted twice" in header(c)]) == 1
    assert len(pages(state, "Submitted twice")) == 1
    assert len(issues(state, name)) == 1
    assert len([c for c in state["channels"] if "submitted-twice" in c["name"]]) == 1


async def test_a_redelivered_command_names_the_first_incident(s: Stage) -> None:
    answer = await s.command("/incident declare Typed once delivered twice", repeat=1)
    state = await s.settled(await s.until(lambda st: name_of(st, "Typed once delivered twice")))
    found = [c for c in cards(state) if "Typed once delivered twice" in header(c)]
    assert len(found) == 1
    names = set(re.findall(r"INC-\d+", str(answer)))
    assert names == set(re.findall(r"INC-\d+", header(found[0])))


async def test_the_same_idempotency_key_gets_the_first_incident(s: Stage) -> None:
    body = {"title": "Called twice", "severity": "SEV3", "detected_by": "a probe"}
    both = await asyncio.gather(*(declare_at_api(s, body, key="one") for _ in range(2)))
    assert both[0]["number"] == both[1]["number"]
    state = await s.settled(both[0]["id"])
    again = await declare_at_api(s, body, key="one")
    assert again["number"] == both[0]["number"]
    room = room_of(state, again["id"])
    assert room
    assert again["links"]["channel"] == room["id"]
    assert again["links"]["pagerduty"] == pages(state, "Called twice")[0]["html_url"]
    assert again["links"]["github"] == issues(state, again["id"])[0]["html_url"]
    other = await declare_at_api(s, body, key="two")
    assert other["number"] != again["number"]
    await s.settled(other["id"])
    assert await s.problems() == []


async def test_a_webhook_delivered_twice_starts_one_incident(s: Stage) -> None:
    await s.pagerduty("trigger", title="Told twice", service="PCHECKO", deliver="twice")
    name = await s.until(lambda state: name_of(state, "Told twice"))
    state = await s.settled(name)
    assert len([c for c in cards(state) if "Told twice" in header(c)]) == 1
    assert len(issues(state, name)) == 1
    assert await s.problems() == []


@pytest.mark.parametrize(
    ("title", "part"),
    [
        ("A title of five hundred characters " * 13, "a-title-of-five-hundred"),
        ("Платежи не проходят", "platezhi-ne-prokhodyat"),
        ("支付失败", ""),
        ("فشل الدفع", ""),
        ("決済が失敗する", ""),
        ("🔥🔥🔥", ""),
        ("!!! ??? ---", ""),
        ("a\tb  &  <c> |d| *e*", "a-b-c-d-e"),
    ],
)
async def test_every_title_makes_a_channel_name(s: Stage, title: str, part: str) -> None:
    await declare_at_api(s, {"title": title})
    number = await last_number(s)
    state = await s.settled(f"INC-{number}")
    channel = room_of(state, f"INC-{number}")
    assert channel
    assert re.fullmatch(r"[a-z0-9_-]{1,80}", channel["name"])
    assert part in channel["name"]
    assert await s.problems() == []


async def last_number(s: Stage) -> int:
    headers = {"Authorization": f"Bearer {API_TOKEN}"}
    answer = await s.http.get(f"{s.bot_url}/api/incidents?status=all&limit=1", headers=headers)
    return int(answer.json()["incidents"][0]["number"])


async def test_a_taken_channel_name_gets_a_suffix(s: Stage) -> None:
    taken = f"incident-{await last_number(s) + 1}-somebody-was-faster"
    await s.act("create_channel", user=ALICE, name=taken)
    name = await s.declare("Somebody was faster")
    state = await s.settled(name)
    channel = room_of(state, name)
    assert channel
    assert channel["name"] == f"{taken}-2"
    assert len(cards_of(state, name, channel["name"])) == 1


@pytest.mark.parametrize(
    ("service", "says", "spoil", "mend"),
    [
        ("nowhere", "404", None, None),
        (
            "no-issues",
            "410",
            {"action": "issues", "repo": "acme/no-issues", "on": False},
            {"action": "issues", "repo": "acme/no-issues", "on": True},
        ),
        (
            "locked",
            "404",
            {"action": "access", "repo": "acme/search", "value": "none"},
            {"action": "access", "repo": "acme/search", "value": "write"},
        ),
    ],
)
async def test_without_a_usable_repository_the_incident_goes_on_and_retry_mends_it(
    s: Stage, service: str, says: str, spoil: Json | None, mend: Json | None
) -> None:
    if spoil is not None:
        await s.act("github", **{"as": None}, **spoil)
    made = await declare_at_api(s, {"title": f"Repository {service}", "service": service})
    name = made["id"]
    state = await s.settled(name)
    assert issues(state, name) == []
    assert pages(state, f"Repository {service}")
    channel = room_of(state, name)
    assert channel
    [card] = cards_of(state, name, channel["name"])
    assert "GitHub issue" in text_of(card)
    assert "Retry" in buttons(card)
    await s.command("/incident timeline", channel=channel["id"])
    shown = [m for m in messages_in(await s.state(), channel) if m["ephemeral"]]
    assert "GitHub issue" in text_of(shown[-1])
    assert says in text_of(shown[-1])
    if mend is not None:
        await s.act("github", **{"as": None}, **mend)
        await s.press("Retry", channel=channel["id"], ts=card["ts"])
        [issue] = await s.until(lambda state: issues(state, name))
        assert issue["repo"] == mend["repo"]
        await s.quiet()
        [after] = cards_of(await s.state(), name, channel["name"])
        assert "Retry" not in buttons(after)
    assert not [p for p in await s.problems() if p["vendor"] == "slack"]


async def test_a_repository_that_drops_labels_still_gets_the_issue(s: Stage) -> None:
    """GitHub drops labels without a word when the token may not push."""
    made = await declare_at_api(s, {"title": "May only look", "service": "read-only"})
    state = await s.settled(made["id"])
    [issue] = issues(state, made["id"])
    assert issue["repo"] == "acme/read-only"


async def test_a_service_muster_does_not_know_gets_the_default_repository(s: Stage) -> None:
    await s.pagerduty("add_service", name="Fancy Thing", policy="PEPCHKO")
    state = await s.state()
    [service] = [x for x in state["pagerduty"]["services"] if x["name"] == "Fancy Thing"]
    await s.pagerduty("trigger", title="Fancy thing fails", service=service["id"])
    name = await s.until(lambda state: name_of(state, "Fancy thing fails"))
    state = await s.settled(name)
    [issue] = issues(state, name)
    assert issue["repo"] == "acme/incidents"
    assert "Fancy Thing" in text_of(card_of(state, name) or {})


async def test_a_similar_open_incident_is_asked_about_and_never_declared_by_itself(
    s: Stage,
) -> None:
    first = await s.declare("Look alike number 1")
    await s.settled(first)
    answer = await s.command("/incident declare look ALIKE number 22", user=BOB)
    question: Any = answer["ack"]
    assert "Nothing is declared yet" in question["text"]
    assert f"Join {first}" in str(question["blocks"])
    await s.quiet()
    assert pages(await s.state(), "look ALIKE number 22") == []
    ts = await s.until(
        lambda state: [
            m["ts"] for m in state["messages"][GENERAL] if "Nothing is declared" in m["text"]
        ],
        user=BOB,
    )
    await s.press("Declare anyway", user=BOB, channel=GENERAL, ts=ts[-1])
    name = await s.until(lambda state: name_of(state, "look ALIKE number 22"))
    assert name != first
    await s.press("Declare anyway", user=BOB, channel=GENERAL, ts=ts[-1])
    state = await s.settled(name)
    assert len(pages(state, "look ALIKE number 22")) == 1
    assert await s.problems() == []


async def test_the_form_offers_a_similar_incident_to_join(s: Stage) -> None:
    first = await s.declare("Twin trouble")
    await s.settled(first)
    await s.command("/incident", user=BOB)
    await s.until(lambda state: state["views"], user=BOB)
    await s.press("Title", user=BOB, where="view", choose="twin TROUBLE")
    view = await s.until(
        lambda state: [v for v in state["views"] if first in str(v["blocks"])], user=BOB
    )
    assert "looks the same" in str(view)
    await s.press(f"Join {first}", user=BOB, where="view")
    await s.quiet()
    channel = room_of(await s.state(BOB), first)
    assert channel
    assert BOB in channel["members"]
    assert await s.problems() == []
