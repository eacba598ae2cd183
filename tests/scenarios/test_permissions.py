"""Who may do what: user groups and people of muster.yml, guests, and people of other workspaces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from bot.domain.catalog import Catalog
from tests.stage import ALICE, BOB, CAROL, Stage, stage
from tests.workspace import cards_of, pages

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.asyncio(loop_scope="module")

GRACE, RANDOM = "U0GRACE00", "C0RANDOM00"
CATALOG = Catalog(
    permissions={
        "declare": ("everyone",),
        "resolve": ("group:payments", "person:alice@example.com"),
        "severity": ("role:commander", "group:oncall"),
    }
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with stage(tmp_path_factory.mktemp("house"), catalog=CATALOG) as running:
        yield running


async def test_resolving_is_for_those_the_rule_names(s: Stage) -> None:
    title = "Only some may close this"
    name = await s.declare(title, user=BOB)
    await s.quiet()
    refused = await s.command(f"/incident resolve {name} done", user="U0DAVE000")
    assert "Only members of @payments or alice@example.com may resolve" in str(refused["ack"])
    await s.on_card(name, "Resolve", user="U0DAVE000")
    await s.until(lambda state: state["views"], user="U0DAVE000")
    form = await s.submit({"What fixed it?": "mine"}, user="U0DAVE000")
    assert "may resolve" in str(form), "what was typed stays in the form"
    assert pages(await s.state(), title)[0]["status"] == "triggered"
    done = await s.command(f"/incident resolve {name} Turned it off and on", user=CAROL)
    assert f"{name} is resolved" in str(done["ack"])
    again = await s.command(f"/incident reopen {name}", user="U0DAVE000")
    assert "may resolve or reopen" in str(again["ack"])
    assert "reopened" not in str(again["ack"])
    opened = await s.command(f"/incident reopen {name}", user=ALICE)
    assert "is open again" in str(opened["ack"])
    await s.quiet()
    assert await s.problems() == []


async def test_severity_is_for_a_group(s: Stage) -> None:
    name = await s.declare("SEV3 How bad is it", user=BOB)
    refused = await s.command(f"/incident severity {name} SEV1", user=CAROL)
    assert "the commander of the incident or members of @oncall may" in str(refused["ack"])
    done = await s.command(f"/incident severity {name} SEV1", user=BOB)
    assert "SEV1" in str(done["ack"])
    await s.until(lambda state: "SEV1" in str(cards_of(state, name)))
    assert await s.problems() == []


async def test_guests_may_look_and_are_told_politely_that_they_may_not_act(s: Stage) -> None:
    name = await s.declare("A guest comes by", user=ALICE)
    for words in (f"ack {name}", f"note {name} hello", f"reassign {name} @bob", "declare x"):
        answer = await s.command(f"/incident {words}", user=GRACE, channel=RANDOM)
        assert "Guests cannot" in str(answer["ack"]), words
    shown = await s.command(f"/incident show {name}", user=GRACE, channel=RANDOM)
    assert "A guest comes by" in str(shown["ack"])
    await s.command("/incident", user=GRACE, channel=RANDOM)
    await s.until(lambda state: state["views"], user=GRACE)
    form = await s.submit({"Title": "From a guest"}, user=GRACE)
    assert "Guests cannot declare incidents" in str(form)
    await s.quiet()
    state = await s.state()
    assert pages(state, "From a guest") == []
    assert pages(state, "A guest comes by")[0]["status"] == "triggered"
    assert await s.problems() == []
