"""Alerts from the first webhook to the incident and back: by the front door, judged by what people see."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from bot.domain.alert_sources import AlertAuth, Alerts, AlertSource
from bot.domain.catalog import Catalog, EscalationPolicy, Level, Rule, Service
from tests.stage import ALICE, BOB, CAROL, Json, Stage, buttons, stage
from tests.workspace import (  # fmt: skip
    cards,
    channel_named,
    header,
    name_of,
    pages,
    room_of,
    text_of,
    told_directly,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bot.domain.incident import Incident

pytestmark = pytest.mark.asyncio(loop_scope="module")

TOKEN = "a-token-for-alerts"
CATALOG = Catalog(
    services={
        "checkout": Service(id="checkout", title="Checkout", repo="acme/checkout"),
        "mailer": Service(id="mailer", title="Mailer"),
        "shop": Service(id="shop", title="Shop", depends_on=("stock",)),
        "stock": Service(id="stock", title="Stock"),
    },
    policies={
        "default": EscalationPolicy(
            name="default",
            levels=(
                Level(notify=("person:bob@example.com",), wait=timedelta(minutes=5)),
                Level(notify=("person:carol@example.com",)),
            ),
        )
    },
    alerts=Alerts(
        window=timedelta(seconds=2),
        resolve_incident_when_all_resolved=True,
        sources={
            "backups": AlertSource(
                name="backups",
                auth=AlertAuth(kind="bearer", secret="s-backups"),
                each=".jobs[]",
                fields={
                    "external_id": ".id",
                    "title": '"Backup of " + .host',
                    "status": ".state",
                    "labels": "{service: .service}",
                },
            )
        },
        routing=(
            Rule(when='.labels.team == "nobody"', do="ignore"),
            Rule(when='.severity == "critical" and .labels.env == "prod"', do="incident", severity="SEV2"),
            Rule(when='.labels.page == "yes"', do="page"),
        ),
    ),
)  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("alerts")
    async with stage(folder, catalog=CATALOG, ALERTS_TOKEN=TOKEN) as running:
        yield running


def moment(minutes: float = 0) -> str:
    return (datetime.now(UTC) + timedelta(minutes=minutes)).isoformat()


START = moment(-1)


def one(name: str, status: str = "firing", *, mark: str = "", **labels: str) -> Json:
    """An alert as Alertmanager tells it."""
    return {
        "status": status,
        "labels": {"alertname": name, **labels},
        "annotations": {"summary": f"{name} is wrong"},
        "startsAt": START,
        "endsAt": moment() if status == "resolved" else "0001-01-01T00:00:00Z",
        "generatorURL": "http://prom.example.com/graph",
        "fingerprint": f"{name}{mark}",
    }


async def send(s: Stage, *alerts: Json, source: str = "alertmanager", token: str = TOKEN) -> Json:
    """Alertmanager's webhook."""
    body: Any = {"version": "4", "groupKey": "g", "status": "firing", "alerts": list(alerts)}
    return await send_body(s, body, source, token)


async def send_body(s: Stage, body: Any, source: str, token: str) -> Json:
    answer = await s.http.post(
        f"{s.bot_url}/webhooks/alerts/{source}",
        json=body,
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def alert_cards(state: Json, title: str) -> list[Json]:
    return [c for c in cards(state, "alerts") if title in header(c)]


async def shown(s: Stage, title: str, *words: str, user: str = ALICE) -> Json:
    """The one card of a group as it stays, once it says all these words."""

    def look(state: Json) -> bool:
        found = alert_cards(state, title)
        return bool(found and all(w in text_of(found[0]) for w in words))

    await s.until(look, user=user)
    await s.quiet()
    [found] = alert_cards(await s.state(user), title)
    return found


async def press(s: Stage, card: Json, label: str, user: str = ALICE) -> Json:
    channel = channel_named(await s.state(), "alerts")
    assert channel
    return await s.press(label, user=user, channel=channel["id"], ts=card["ts"])


async def incident(s: Stage, name: str) -> Incident:
    assert s.bot is not None
    return await s.bot.world.incidents.get(int(name.removeprefix("INC-")))


async def test_alerts_that_belong_together_are_one_card_that_is_edited(s: Stage) -> None:
    await send(s, one("DiskFull", mark="1", service="mailer", severity="warning", instance="db-1"))
    card = await shown(s, "DiskFull", "1 firing", "mailer", "db-1")
    assert header(card).startswith("🟡")
    assert buttons(card) == ["Open incident", "Attach to...", "Silence"]
    await send(s, one("DiskFull", mark="1", service="mailer", severity="warning", instance="db-1"))
    await send(s, one("DiskFull", mark="2", service="mailer", severity="high", instance="db-2"))
    again = await shown(s, "DiskFull", "2 firing", "db-2", "high")
    assert again["ts"] == card["ts"]
    await send(
        s,
        one("DiskFull", "resolved", mark="1", service="mailer"),
        one("DiskFull", "resolved", mark="2", service="mailer"),
    )
    over = await shown(s, "DiskFull", "2 resolved", "until")
    assert header(over).startswith("✅")
    assert await s.problems() == []


async def test_an_incident_is_opened_from_the_card_with_everything_attached(s: Stage) -> None:
    await send(s, one("CheckoutSlow", service="checkout", severity="critical", env="stage"))
    card = await shown(s, "CheckoutSlow", "No incident covers this")
    await press(s, card, "Open incident")
    await press(s, card, "Open incident", user=BOB)
    name = await s.announced("CheckoutSlow")
    found = await incident(s, name)
    assert (found.severity, found.service) == ("SEV1", "checkout")
    assert found.reporter is not None
    assert found.reporter.slack_id == ALICE
    for word in ("CheckoutSlow is wrong", "env=stage", "http://prom.example.com/graph"):
        assert word in found.description
    card = await shown(s, "CheckoutSlow", name, "Take ownership")
    assert buttons(card) == ["Take ownership", "Update status", "Silence"]
    state = await s.settled(name)
    assert len([c for c in cards(state) if "CheckoutSlow" in header(c)]) == 1
    room = room_of(state, name)
    assert room
    own = [m for m in cards(state, room["name"]) if "1 of 1 alert open: CheckoutSlow" in text_of(m)]
    assert len(own) == 1
    assert pages(state, "CheckoutSlow")

    await press(s, card, "Take ownership", user=CAROL)
    await s.quiet()
    owner = (await incident(s, name)).owner
    assert owner is not None
    assert owner.slack_id == CAROL
    await press(s, card, "Update status", user=CAROL)
    answer = await s.submit({"Update": "We look at it"}, user=CAROL)
    assert not answer.get("errors")
    timeline = await s.command(f"/incident timeline {name}")
    assert "Alerts: CheckoutSlow" in str(timeline)
    assert await s.problems() == []


async def test_the_card_says_how_its_incident_stands(s: Stage) -> None:
    await send(s, one("QueueStuck", service="mailer"))
    await press(s, await shown(s, "QueueStuck"), "Open incident")
    name = await s.announced("QueueStuck")
    await shown(s, "QueueStuck", name, "Triggered")
    await s.settled(name)
    await s.command(f"/incident ack {name}", user=BOB)
    await shown(s, "QueueStuck", name, "Acknowledged")
    await s.command(f"/incident title {name} Mails are stuck", user=BOB)
    await shown(s, "QueueStuck", "Mails are stuck")
    await s.settled(name)
    await s.command(f"/incident private {name}", user=BOB)
    card = await shown(s, "QueueStuck", f"Private incident {name}")
    assert "Mails are stuck" not in text_of(card)
    assert buttons(card) == ["Silence"], "nothing for people who are not in it"
    await s.quiet()
    await s.command(f"/incident resolve {name} restarted", user=BOB)
    card = await shown(s, "QueueStuck", f"{name}: ✅ Resolved")
    assert "Open incident" in buttons(card)
    assert await s.problems() == []


async def test_the_rules_open_an_incident_and_its_end_resolves_it(s: Stage) -> None:
    await send(s, one("PaymentsDown", service="checkout", severity="critical", env="prod"))
    name = await s.announced("PaymentsDown")
    found = await incident(s, name)
    assert (found.severity, found.origin.value) == ("SEV2", "alert")
    await shown(s, "PaymentsDown", name)
    # Another alert of the same kind: no second incident.
    await send(
        s, one("PaymentsDown", mark="b", service="checkout", severity="critical", env="prod")
    )
    await shown(s, "PaymentsDown", "2 firing", name)
    await send(s, one("PaymentsDown", "resolved", service="checkout", env="prod"))
    await shown(s, "PaymentsDown", "1 firing, 1 resolved")
    assert (await incident(s, name)).is_open
    await send(s, one("PaymentsDown", "resolved", mark="b", service="checkout", env="prod"))

    async def resolved() -> bool:
        return not (await incident(s, name)).is_open

    await s.wait(resolved, what="the incident to resolve itself")
    state = await s.settled(name)
    said = " ".join(text_of(m) for m in state["messages"][(room_of(state, name) or {})["id"]])
    assert "I resolve it at" in said
    assert (await incident(s, name)).resolution == "All alerts of this incident have ended."
    assert len([c for c in cards(state) if "PaymentsDown" in header(c)]) == 1
    assert await s.problems() == []


async def test_alerts_are_attached_to_an_incident_and_move_with_it(s: Stage) -> None:
    first, second = await s.declare("SEV3 Attach here"), await s.declare("SEV3 Merge into this")
    await s.settled(first)
    await s.settled(second)
    await send(s, one("Related", service="mailer"))
    card = await shown(s, "Related")
    await press(s, card, "Attach to...", user=BOB)
    wanted = {"where": "view", "action_id": "incident.pick", "value": first}
    await s.act("options", user=BOB, **wanted)
    answer = await s.submit({"Incident": f"{first} Attach here"}, user=BOB)
    assert not answer.get("errors"), answer
    await shown(s, "Related", first, "Attach here")
    state = await s.settled(first)
    room = room_of(state, first)
    assert room
    said = " ".join(text_of(m) for m in state["messages"][room["id"]])
    assert "attached alerts: Related" in said
    await s.command(f"/incident merge {first} into {second}", user=ALICE)
    await shown(s, "Related", second, "Merge into this")
    state = await s.settled(second)
    kept = room_of(state, second)
    assert kept
    assert any("Related" in text_of(m) for m in cards(state, kept["name"]))
    listed = await s.command("/incident alerts", channel=kept["id"])
    assert "Related" in text_of(listed["ack"])
    assert await s.problems() == []


async def test_an_open_incident_that_looks_the_same_is_offered(s: Stage) -> None:
    name = await s.declare("SEV3 TwinTrouble")
    await s.settled(name)
    await send(s, one("TwinTrouble"))
    card = await shown(s, "TwinTrouble", f"Attach to {name}")
    await press(s, card, f"Attach to {name}", user=BOB)
    await shown(s, "TwinTrouble", name, "Take ownership")
    assert await s.problems() == []


async def test_a_page_reaches_whoever_is_on_the_policy_until_it_is_acknowledged(s: Stage) -> None:
    await send(s, one("PageMe", service="mailer", severity="high", page="yes"))
    card = await shown(s, "PageMe", "paged")
    assert buttons(card) == ["Acknowledge", "Open incident", "Attach to...", "Silence"]
    state = await s.state(BOB)
    assert len(told_directly(state, "You are paged* for alerts")) == 1
    assert name_of(state, "PageMe") is None, "no incident, no channel"
    await press(s, card, "Acknowledge", user=BOB)
    card = await shown(s, "PageMe", f"acknowledged by <@{BOB}>")
    assert "Acknowledge" not in buttons(card)
    assert s.bot is not None
    assert told_directly(await s.state(CAROL), "You are paged* for alerts") == []
    assert await s.problems() == []


async def test_alerts_that_fire_side_by_side_name_each_other(s: Stage) -> None:
    await send(s, one("ShopSlow", service="shop"))
    first = await shown(s, "ShopSlow")
    assert "nearby" not in text_of(first)
    await send(s, one("StockEmpty", service="stock"))
    second = await shown(s, "StockEmpty", "Also firing nearby", "ShopSlow", "(shop)")
    assert first["ts"].replace(".", "") in text_of(second), "with the way to its card"
    await shown(s, "ShopSlow", "Also firing nearby", "StockEmpty", "(stock)")
    await send(s, one("ShopSlow", "resolved", service="shop"))
    await shown(s, "ShopSlow", "1 resolved")
    await s.until(lambda state: "nearby" not in text_of(alert_cards(state, "StockEmpty")[0]))
    await send(s, one("StockEmpty", "resolved", service="stock"))
    assert "nearby" not in text_of(await shown(s, "StockEmpty", "1 resolved"))


async def test_what_is_ignored_or_silenced_bothers_nobody(s: Stage) -> None:
    await send(s, one("Noise", team="nobody"), one("QuietPlease", severity="low"))
    card = await shown(s, "QuietPlease")
    assert alert_cards(await s.state(), "Noise") == []
    await press(s, card, "Silence", user=BOB)
    await s.submit({"Silence for": "4 hours"}, user=BOB)
    card = await shown(s, "QuietPlease", f"silenced by <@{BOB}>")
    assert "Unsilence" in buttons(card)
    await send(s, one("QuietPlease", mark="2", severity="critical", env="prod"))
    await shown(s, "QuietPlease", "2 firing")
    assert name_of(await s.state(), "QuietPlease") is None
    await press(s, card, "Unsilence", user=BOB)
    await s.until(lambda state: "silenced" not in text_of(alert_cards(state, "QuietPlease")[0]))
    assert await s.problems() == []


async def test_home_and_the_command_list_what_fires_without_an_incident(s: Stage) -> None:
    await send(s, one("HomeAlert", service="mailer", severity="critical"))
    await shown(s, "HomeAlert")
    answer = text_of((await s.command("/incident alerts mailer"))["ack"])
    assert "HomeAlert" in answer
    assert "DiskFull" not in answer
    assert "HomeAlert" in text_of((await s.command("/incident alerts all"))["ack"])
    assert "HomeAlert" in text_of((await s.command("/incident alerts critical"))["ack"])
    await s.act("open_home", user=BOB)
    await s.until(lambda state: "HomeAlert" in json.dumps(state["home"]), user=BOB)
    home = (await s.state(BOB))["home"]
    assert "without an incident" in json.dumps(home)
    name = await s.declare("SEV4 Attached from Home", user=BOB)
    [block] = [
        b["block_id"]
        for b in home["blocks"]
        if b["type"] == "actions" and "HomeAlert" in json.dumps(b)
    ]
    await s.press("Attach", user=BOB, where="home", block_id=block)
    wanted = {"where": "view", "action_id": "incident.pick", "value": name}
    await s.act("options", user=BOB, **wanted)
    answer = await s.submit({"Incident": f"{name} Attached from Home"}, user=BOB)
    assert not answer.get("errors"), answer
    await shown(s, "HomeAlert", name, "Attached from Home")
    await s.until(lambda state: "HomeAlert" not in json.dumps(state["home"]), user=BOB)
    assert await s.problems() == []


async def test_a_source_of_ones_own_says_which_field_failed_and_is_replayed(s: Stage) -> None:
    job = {"id": 7, "host": "db-9", "state": "failed", "service": "mailer"}
    kept = await send_body(s, {"jobs": [job, {"id": 8}]}, "backups", "s-backups")
    await s.quiet()
    assert s.bot is not None
    [(row_id, source)] = await s.bot.work.read(lambda tx: tx.kept(kept["id"]))
    row = await s.bot.work.read(lambda tx: tx.inbound(row_id))
    assert row is not None
    assert (source, row.state) == ("alerts/backups", "failed")
    assert "alert 1, status: is 'failed'" in (row.reason or "")
    assert "alert 2, status: is empty" in (row.reason or "")
    good = {**job, "state": "firing"}
    await send_body(s, {"jobs": [good]}, "backups", "s-backups")
    await shown(s, "Backup of db-9")
    assert await s.bot.world.inbound.replay(kept["id"]) == 1
    await s.quiet()
    assert await s.problems() == []


async def test_a_card_somebody_deleted_comes_back_with_the_next_news(s: Stage) -> None:
    await send(s, one("Deleted", mark="1"))
    card = await shown(s, "Deleted")
    channel = channel_named(await s.state(), "alerts")
    assert channel
    assert s.bot is not None
    await s.bot.chat.delete(channel["id"], card["ts"])
    await send(s, one("Deleted", mark="2"))
    await s.quiet()
    await send(s, one("Deleted", mark="3"))
    await shown(s, "Deleted", "3 firing")


async def test_whoever_has_no_secret_changes_nothing(s: Stage) -> None:
    body = {"alerts": [one("Forged")]}
    for path in ("alertmanager", "alertmanager?token=x", "nobody", "alertmanager/x"):
        answer = await s.http.post(f"{s.bot_url}/webhooks/alerts/{path}", json=body)
        assert answer.status_code == 401
    answer = await s.http.post(f"{s.bot_url}/webhooks/alerts/alertmanager?token={TOKEN}", json=[])
    assert answer.status_code == 422
    await s.quiet()
    assert alert_cards(await s.state(), "Forged") == []
