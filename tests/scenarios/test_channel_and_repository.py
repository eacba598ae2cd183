"""A channel always gets a name, and a repository that cannot be used stops nothing else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog, Service
from tests.stage import ALICE, API_TOKEN, Json, Stage, stage
from tests.workspace import (
    buttons,
    card_of,
    cards_of,
    issues,
    messages_in,
    pages,
    room_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

CATALOG = Catalog(
    services={
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
    await s.declare_at_api({"title": title})
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
    found = answer.json()["incidents"]
    return int(found[0]["number"]) if found else 0


async def test_a_taken_channel_name_gets_a_suffix(s: Stage) -> None:
    last = await last_number(s)
    for number in range(last + 1, last + 6):  # PostgreSQL may leave numbers out
        taken = f"incident-{number}-somebody-was-faster"
        await s.act("create_channel", user=ALICE, name=taken)
    name = await s.declare("Somebody was faster")
    state = await s.settled(name)
    channel = room_of(state, name)
    assert channel
    assert channel["name"] == f"incident-{name[4:]}-somebody-was-faster-2"
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
    made = await s.declare_at_api({"title": f"Repository {service}", "service": service})
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
    made = await s.declare_at_api({"title": "May only look", "service": "read-only"})
    state = await s.settled(made["id"])
    [issue] = issues(state, made["id"])
    assert issue["repo"] == "acme/read-only"


async def test_a_service_muster_does_not_know_gets_the_default_repository(s: Stage) -> None:
    await s.pagerduty("add_service", name="Fancy Thing", policy="PEPCHKO")
    state = await s.state()
    [service] = [x for x in state["pagerduty"]["services"] if x["name"] == "Fancy Thing"]
    await s.pagerduty("trigger", title="Fancy thing fails", service=service["id"])
    name = await s.announced("Fancy thing fails")
    state = await s.settled(name)
    [issue] = issues(state, name)
    assert issue["repo"] == "acme/incidents"
    assert "Fancy Thing" in text_of(card_of(state, name) or {})
