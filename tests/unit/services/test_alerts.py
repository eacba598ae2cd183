"""What deliveries change: one row per alert, one group per card, and by the rules a page or an incident."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.alert_groups import names_nearby
from bot.domain.alert_sources import Alerts
from bot.domain.alert_state import CALM, News
from bot.domain.catalog import Catalog, Rule, Service
from bot.domain.effects import EffectKind
from bot.domain.incident import EntryKind
from bot.errors import AlreadyDone, NotFound, UserError
from bot.services.merging import Merging
from bot.store import alert_lists
from bot.store import alerts as store
from tests.unit.store.house import ANA, BEN, NOW, Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.domain.alert_groups import Group
    from bot.domain.alert_state import Stored

WINDOW = timedelta(minutes=5)
CATALOG = Catalog(
    services={
        "mailer": Service(id="mailer", title="Mailer", depends_on=("queue",)),
        "queue": Service(id="queue", title="The Queue"),
        "web": Service(id="web", title="Web", depends_on=("mailer",)),
        "far": Service(id="far", title="Far", depends_on=("web",)),
    },
    alerts=Alerts(
        window=WINDOW,
        resolve_incident_when_all_resolved=True,
        routing=(
            Rule(when='.labels.do == "ignore"', do="ignore"),
            Rule(when='.labels.do == "page"', do="page"),
            Rule(when='.labels.do == "incident"', do="incident", severity="SEV2"),
        ),
    ),
)


class Desk:
    """A house, and what senders and the clock do to it."""

    def __init__(self, home: Home) -> None:
        self.home = home

    async def send(self, *alerts: dict[str, Any]) -> Any:
        understood = await self.home.intake.understand(
            "alertmanager", json.dumps({"alerts": alerts}).encode()
        )
        await self.home.work.write(lambda tx: self.home.intake.apply(tx, understood))
        return understood

    def one(
        self,
        mark: str = "1",
        status: str = "firing",
        *,
        name: str = "Disk",
        start: float = 0,
        **labels: str,
    ) -> dict[str, Any]:
        now = self.home.clock.now()
        return {
            "status": status,
            "labels": {"alertname": name, "service": "mailer", **labels},
            "annotations": {},
            "fingerprint": mark,
            "startsAt": (NOW + timedelta(seconds=start)).isoformat(),
            "endsAt": now.isoformat() if status == "resolved" else "0001-01-01T00:00:00Z",
        }

    async def fire(self, mark: str = "1", **more: Any) -> None:
        await self.send(self.one(mark, **more))

    async def over(self, mark: str = "1", **more: Any) -> None:
        await self.send(self.one(mark, "resolved", **more))

    async def alert(self, mark: str = "1") -> Stored:
        found = await self.home.work.read(lambda tx: store.known(tx, "alertmanager", [mark]))
        return found[mark]

    async def groups(self) -> list[Group]:
        views, _ = await self.home.work.read(
            lambda tx: alert_lists.listed(tx, firing=False, limit=100)
        )
        return sorted((view.group for view in views), key=lambda group: group.id)

    def later(self, seconds: float) -> None:
        self.home.clock.advance(seconds)

    async def due(self, kind: EffectKind) -> list[Any]:
        return await self.home.effects(kind.value, "pending")


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    built = build_home(tmp_path, catalog=CATALOG)
    yield Desk(built)
    await built.intake._mapping.close()  # type: ignore[attr-defined]
    built.work.close()


async def test_the_same_alert_again_never_multiplies(desk: Desk) -> None:
    for _ in range(5):
        await desk.fire()
    stored = await desk.alert()
    assert (stored.deliveries, stored.duplicates) == (5, 4)
    [group] = await desk.groups()
    assert group.title == "Disk"
    assert len(await desk.due(EffectKind.POST_ALERTS)) == 1


async def test_applying_a_delivery_twice_changes_nothing_more(desk: Desk) -> None:
    understood = await desk.send(desk.one("1"), desk.one("2", "resolved"), desk.one("3"))
    before = await desk.groups()
    await desk.home.work.write(lambda tx: desk.home.intake.apply(tx, understood))
    assert await desk.groups() == before
    assert (await desk.alert("2")).group is None, "it was over before anybody heard of it"


async def test_alerts_of_one_key_are_one_group_within_the_window(desk: Desk) -> None:
    await desk.send(desk.one("1"), desk.one("2"), desk.one("3", name="Other"))
    assert [g.title for g in await desk.groups()] == ["Disk", "Other"]
    await desk.over("1")
    desk.later(3600)
    await desk.fire("4")
    assert len(await desk.groups()) == 2, "one of them is open still"
    await desk.over("2")
    await desk.over("4")
    desk.later(WINDOW.total_seconds())
    await desk.fire("5", start=4000)
    assert len(await desk.groups()) == 2, "just within the window"
    await desk.over("5", start=4000)
    desk.later(WINDOW.total_seconds() + 1)
    await desk.fire("1", start=9000)
    groups = await desk.groups()
    assert [g.collecting for g in groups] == [False, True, True]
    assert (await desk.alert("1")).group == groups[2].id


async def test_a_group_that_ends_within_one_delivery_and_opens_anew(desk: Desk) -> None:
    await desk.fire("1")
    await desk.over("1")
    desk.later(WINDOW.total_seconds() + 1)
    await desk.send(desk.one("1", start=400), desk.one("2", start=400))
    groups = await desk.groups()
    assert len(groups) == 2
    assert (await desk.alert("1")).group == (await desk.alert("2")).group == groups[1].id


async def test_ignored_alerts_are_kept_and_never_shown_until_a_rule_wants_more(desk: Desk) -> None:
    await desk.fire("1", do="ignore")
    assert await desk.due(EffectKind.POST_ALERTS) == []
    assert await desk.groups() == []
    await desk.fire("2")
    assert [g.route for g in await desk.groups()] == ["announce"]
    assert len(await desk.due(EffectKind.POST_ALERTS)) == 1


async def test_a_rule_opens_one_incident_with_its_severity(desk: Desk) -> None:
    await desk.send(*(desk.one(str(n), do="incident") for n in range(3)))
    incident = await desk.home.incident(1)
    assert (incident.severity, incident.service, incident.title) == ("SEV2", "mailer", "Disk")
    assert incident.reporter is not None
    assert incident.reporter.name == "alertmanager"
    with pytest.raises(NotFound):
        await desk.home.incident(2)
    entries = await desk.home.entries()
    assert entries[:2] == ["triggered", "alerts"]
    assert entries.count("alert") == 3


async def test_an_open_incident_that_looks_the_same_is_used(desk: Desk) -> None:
    await desk.home.declare("disk", service="mailer")
    await desk.fire(do="incident")
    [group] = await desk.groups()
    assert group.incident == 1
    with pytest.raises(NotFound):
        await desk.home.incident(2)


async def test_an_incident_of_alerts_resolves_itself_with_notice(desk: Desk) -> None:
    await desk.send(desk.one("1", do="incident"), desk.one("2", do="incident"))
    await desk.over("1")
    assert await desk.due(EffectKind.END_ALERTS) == []
    await desk.over("2")
    [effect] = await desk.due(EffectKind.END_ALERTS)
    assert effect.due == desk.home.clock.now() + WINDOW
    last = (await desk.home.work.read(lambda tx: tx.entries(1)))[-1]
    assert last.kind is EntryKind.ALERTS
    assert "I resolve it at 12:05 UTC unless one fires again" in last.text

    async def look(stage: str = "resolve") -> bool:
        await desk.home.work.write(lambda tx: desk.home.intake.looked_again(tx, 1, stage))
        return (await desk.home.incident()).is_open

    desk.later(100)
    await desk.fire("1", start=100)
    desk.later(WINDOW.total_seconds() - 100)
    assert await look(), "one fires again"
    await desk.over("1", start=100)
    assert await look(), "the first time was taken back by the second end"
    desk.later(WINDOW.total_seconds())
    assert not await look()
    resolved = await desk.home.incident()
    assert resolved.resolution == "All alerts of this incident have ended."

    # It fires again: the incident that ended by itself goes on.
    await desk.fire("1", start=900, do="incident")
    reopened = await desk.home.incident()
    assert reopened.is_open
    with pytest.raises(NotFound):
        await desk.home.incident(2)


async def test_people_s_incidents_are_theirs_to_resolve(desk: Desk) -> None:
    await desk.home.declare("Somebody saw it")
    await desk.fire("1")
    [group] = await desk.groups()
    await desk.home.alerts.attach(group.id, 1, by=BEN, once="a")
    await desk.over("1")
    assert await desk.due(EffectKind.END_ALERTS) == []
    last = (await desk.home.work.read(lambda tx: tx.entries(1)))[-1]
    assert last.text == "All alerts of this incident have ended."


async def test_flapping_is_damped(desk: Desk) -> None:
    await desk.fire("1", do="incident")
    for n in range(1, 6):
        desk.later(10)
        await desk.over("1", start=(n - 1) * 20)
        desk.later(10)
        await desk.fire("1", start=n * 20)
    before = len(await desk.home.entries())
    for n in range(6, 12):
        desk.later(10)
        await desk.over("1", start=(n - 1) * 20)
        desk.later(10)
        await desk.fire("1", start=n * 20)
    assert len(await desk.home.entries()) == before, "no news while it goes on and off"
    desk.later(10)
    await desk.over("1", start=220)
    calm = await desk.due(EffectKind.END_ALERTS)
    assert {each.payload["stage"] for each in calm} <= {"calm", "resolve"}
    desk.later(CALM.total_seconds() + 1)
    await desk.home.work.write(lambda tx: desk.home.intake.looked_again(tx, 1, "calm"))
    last = (await desk.home.work.read(lambda tx: tx.entries(1)))[-1]
    assert "All alerts of this incident have ended" in last.text


async def test_silence_keeps_pages_and_incidents_away_for_a_time(desk: Desk) -> None:
    await desk.fire("1")
    [group] = await desk.groups()
    await desk.home.alerts.silence(group.id, timedelta(hours=1), by=ANA, once="s")
    await desk.fire("2", do="incident")
    await desk.fire("3", do="page")
    assert await desk.due(EffectKind.PAGE_ALERTS) == []
    with pytest.raises(NotFound):
        await desk.home.incident(1)
    views, total = await desk.home.alerts.without_incident()
    assert (views, total) == ([], 0)
    desk.later(3601)
    await desk.fire("4", do="incident")
    assert (await desk.home.incident(1)).title == "Disk"


async def test_a_page_goes_out_once_and_can_be_acknowledged_once(desk: Desk) -> None:
    await desk.fire("1", do="page")
    await desk.fire("2", do="page")
    [effect] = await desk.due(EffectKind.PAGE_ALERTS)
    assert effect.payload["level"] == 1
    [group] = await desk.groups()
    await desk.home.alerts.acknowledge(group.id, by=ANA, once="k")
    await desk.home.alerts.acknowledge(group.id, by=ANA, once="k")
    with pytest.raises(AlreadyDone, match="acknowledged already"):
        await desk.home.alerts.acknowledge(group.id, by=BEN, once="other")


async def test_two_people_who_open_get_one_incident(desk: Desk) -> None:
    await desk.fire("1", severity="high")
    [group] = await desk.groups()
    first = await desk.home.alerts.open_incident(group.id, by=ANA, once="a")
    second = await desk.home.alerts.open_incident(group.id, by=BEN, once="b")
    assert (first.again, second.again) == (False, True)
    assert first.incident.number == second.incident.number == 1
    assert first.incident.severity == "SEV2"
    with pytest.raises(UserError, match="belong to INC-1 already"):
        await desk.home.alerts.attach(group.id, 1, by=ANA, once="c")


async def test_alerts_move_with_the_incident_they_belong_to(desk: Desk) -> None:
    await desk.fire("1", do="incident")
    await desk.home.declare("Kept")
    await Merging(desk.home.house).merge(1, 2, by=ANA, once="m")
    [group] = await desk.groups()
    assert group.incident == 2
    await desk.over("1")
    assert "alert" in await desk.home.entries(2)


async def test_attaching_elsewhere_leaves_nothing_behind(desk: Desk) -> None:
    await desk.fire("1", do="incident")
    await desk.home.declare("Other one")
    [group] = await desk.groups()
    await desk.home.alerts.attach(group.id, 2, by=ANA, once="x")
    assert await desk.home.alerts.of_incident(1) == []
    assert len(await desk.home.alerts.of_incident(2)) == 1
    await desk.home.incidents.resolve(1, by=ANA, once="r")
    with pytest.raises(UserError, match="is resolved"):
        await desk.home.alerts.attach(group.id, 1, by=ANA, once="y")
    with pytest.raises(NotFound, match="not there any more"):
        await desk.home.alerts.view(99)
    with pytest.raises(NotFound):
        await desk.home.alerts.view(2**40)


async def test_lists_filter_by_what_people_type(desk: Desk) -> None:
    await desk.send(
        desk.one("1", severity="critical"),
        desk.one("2", name="100%_full", service="shop"),
        desk.one("3", "firing", name="Third"),
    )
    await desk.over("3")

    async def titles(words: str, **more: Any) -> set[str]:
        views, total = await desk.home.alerts.listed(words, **more)
        assert total == len(views)
        return {view.group.title for view in views}

    assert await titles("") == {"Disk", "100%_full"}
    assert await titles("", firing=False) == {"Disk", "100%_full", "Third"}
    assert await titles("critical") == {"Disk"}
    assert await titles("SHOP") == {"100%_full"}
    assert await titles("%_") == {"100%_full"}
    assert await titles("%") == {"100%_full"}
    assert await titles("alertmanager") == {"Disk", "100%_full"}
    assert await titles("'; drop table alert; --") == set()


async def test_more_groups_than_cards_can_be_posted_are_listed(desk: Desk) -> None:
    await desk.send(*(desk.one(str(n), name=f"Alert {n}x") for n in range(40)))
    assert len(await desk.due(EffectKind.POST_ALERTS)) == 11
    assert len(await desk.due(EffectKind.SUMMARISE_ALERTS)) == 1
    groups, firing, top = await desk.home.work.read(lambda tx: alert_lists.storm(tx, NOW))
    assert (groups, firing, top) == (29, 29, (("mailer", 29),))
    # What somebody must be called for has a card of its own, storm or not.
    await desk.fire("99", name="Worse", do="page")
    assert len(await desk.due(EffectKind.POST_ALERTS)) == 12


async def test_what_cannot_be_read_is_told_the_admins_once_an_hour(desk: Desk) -> None:
    bad = {"status": "purple", "labels": {"alertname": "x"}, "fingerprint": "f"}
    for _ in range(3):
        understood = await desk.send(bad, desk.one("1"))
        assert understood.state == "failed"
        assert "alert 1, status: is 'purple'" in (understood.reason or "")
    told = await desk.due(EffectKind.TELL_ADMINS)
    assert len(told) == 1
    assert "muster replay" in told[0].payload["text"]
    assert len(await desk.groups()) == 1


async def test_old_alerts_are_forgotten_unless_an_incident_needs_them(desk: Desk) -> None:
    kept = desk.one("2", name="Kept", do="incident")
    await desk.send(desk.one("1"), kept, desk.one("3", name="Fires"))
    over = (("1", "Disk"), ("2", "Kept"), ("9", "Past"))
    await desk.send(*(desk.one(mark, "resolved", name=name) for mark, name in over))
    desk.later(3600)
    before = desk.home.clock.now()
    assert await desk.home.work.write(lambda tx: store.prune(tx, NOW)) == 0
    assert await desk.home.work.write(lambda tx: store.prune(tx, before)) == 3
    left = await desk.home.work.read(lambda tx: store.known(tx, "alertmanager", "1239"))
    assert set(left) == {"2", "3"}
    assert [g.title for g in await desk.groups()] == ["Kept", "Fires"]


def test_news_that_says_nothing_is_not_told() -> None:
    assert {each for each in News if not each.is_told} == {News.DUPLICATE, News.LATE, News.PAST}


async def test_what_fires_at_the_same_service_or_next_to_it_is_shown_beside(desk: Desk) -> None:
    await desk.fire("1", name="Disk")
    for mark, service in enumerate(("mailer", "THE QUEUE", "web", "far", "unknown"), start=2):
        await desk.fire(str(mark), name=f"At {service}", service=service)
    groups = await desk.groups()
    view = await desk.home.alerts.view(groups[0].id)
    assert [each.title for each in view.beside] == ["At web", "At THE QUEUE", "At mailer"]
    assert {each.link for each in view.beside} == {None}
    await desk.over("4", name="At web", service="web")
    view = await desk.home.alerts.view(groups[0].id)
    assert [each.title for each in view.beside] == ["At THE QUEUE", "At mailer"]
    lonely = await desk.home.alerts.view(groups[-1].id)
    assert lonely.beside == ()


async def test_the_way_to_a_card_is_told_and_nothing_of_a_private_incident(desk: Desk) -> None:
    await desk.fire("1", name="Disk")
    await desk.fire("2", name="Queue", service="queue")
    first, second = await desk.groups()

    def posted(tx: Any) -> None:
        tx.set_value("slack.identity", {"url": "https://acme.slack.com/"})
        store.save_group(tx, replace(second, channel="C1", ts="17.5"))

    await desk.home.work.write(posted)
    [beside] = (await desk.home.alerts.view(first.id)).beside
    assert beside.link == "https://acme.slack.com/archives/C1/p175"
    await desk.home.alerts.open_incident(second.id, by=ANA, once="o")
    assert len((await desk.home.alerts.view(first.id)).beside) == 1
    await desk.home.change(1, private=True)
    assert (await desk.home.alerts.view(first.id)).beside == ()


def test_how_alerts_may_call_what_is_nearby() -> None:
    near = names_nearby(CATALOG, "Mailer")
    assert near == {"mailer", "queue", "the queue", "web"}
    assert names_nearby(CATALOG, "Elsewhere") == {"elsewhere"}
    assert names_nearby(CATALOG, None) == frozenset()
