"""Drills on a database of their own: who is paged, what is counted, and how they go on and come by themselves."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain import evidence as chain
from bot.domain.catalog import Address, Catalog, Drills, EscalationPolicy, Level, Person, Service
from bot.domain.drill_report import Outcome, Step
from bot.domain.evidence_text import markdown
from bot.domain.incident import EntryKind, Origin, PagerKind, PagerLink, Places, Status, Urgency
from bot.domain.permissions import NotAllowed
from bot.errors import FieldError, UserError
from bot.ports import Member, PagerUser
from bot.services import drills as use_cases
from bot.services.affected import AffectedServices
from bot.services.afterwards import Afterwards
from bot.services.base import House, Options
from bot.services.drills import NewDrill
from bot.store import drills, evidence, identities, queries, reminding
from bot.store import statistics as counted
from tests.unit.store.house import ANA, BEN, NOW, Home, build_home

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tables import EffectRow
    from bot.store.tx import Tx

POLICY = EscalationPolicy(name="default", levels=(Level(notify=("person:ben@example.com",)),))
RULES = Drills(schedule="0 12 * * *", acknowledge_after=timedelta(minutes=5))
CATALOG = Catalog(
    services={"web": Service(id="web", title="Web", pagerduty_service="S1")},
    policies={"default": POLICY},
    people={
        "ana@example.com": Person(email="ana@example.com", notify=(Address(url="json://ana"),))
    },
    permissions={"drill": ("person:ana@example.com",)},
    drills=RULES,
)
AT_PAGERDUTY = Options(
    pagerduty=True,
    pagerduty_service="S1",
    pagerduty_from="bot@example.com",
    github=True,
    github_repo="acme/all",
)


@dataclass
class Room:
    """A house with drills."""

    home: Home
    drills: use_cases.Drills

    async def start(self, **more: Any) -> use_cases.Begun:
        new = NewDrill(by=more.pop("by", ANA), **more)
        return await self.drills.start(new, once=self.home.press())

    async def go_on(self, number: int = 1, *, seconds: float = 0) -> None:
        self.home.clock.advance(seconds)
        await self.home.work.write(lambda tx: self.drills.go_on(tx, number))

    async def waiting(self, kind: str) -> list[EffectRow]:
        return await self.home.effects(kind, "pending")


async def room(folder: Path, **more: Any) -> Room:
    folder.mkdir(exist_ok=True)  # noqa: ASYNC240 - at once, on a local disk
    home = build_home(folder, **{"catalog": CATALOG, **more})
    members = [
        Member(id="U0ANA", name="Ana", real_name="Ana", email="ana@example.com"),
        Member(id="U0BEN", name="Ben", real_name="Ben", email="ben@example.com"),
    ]
    await home.people.remember(members)
    afterwards = Afterwards.of(home.house, home.incidents)
    return Room(home, use_cases.Drills(home.house, home.incidents, afterwards))


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Room]:
    """Slack alone."""
    found = await room(tmp_path)
    yield found
    found.home.work.close()


@pytest.fixture
async def full(tmp_path: Path) -> AsyncIterator[Room]:
    """With PagerDuty, where Ana has an account, and GitHub."""
    found = await room(tmp_path, options=AT_PAGERDUTY)
    users = [PagerUser(id="PANA", name="Ana", email="ana@example.com")]
    await has_accounts(found, users)
    yield found
    found.home.work.close()


async def has_accounts(found: Room, users: list[PagerUser]) -> None:
    """PagerDuty tells of them."""

    def save(tx: Tx) -> None:
        identities.save_pager_users(tx, users)
        identities.relink(tx, found.home.people._said)

    await found.home.work.write(save)


# --- starting ---------------------------------------------------------------------------------------


async def test_it_pages_only_whoever_started_it_unless_they_say_otherwise(alone: Room) -> None:
    begun = await alone.start(service="web", severity="SEV1")
    incident = begun.incident
    assert (incident.title, incident.drill) == ("[DRILL] Test incident for Web", True)
    assert (incident.urgency, incident.severity) == (Urgency.LOW, "SEV1")
    assert incident.places.channel_name == "drill-1-test-incident-for-web"
    assert incident.pager.kind is PagerKind.NOBODY
    [page] = await alone.waiting("muster.page_native")
    assert page.payload["person"]["slack_id"] == "U0ANA"
    assert page.payload["aside"], "no policy follows"
    [look] = await alone.waiting("muster.run_drill")
    assert look.due == NOW + RULES.acknowledge_after


async def test_with_page_it_pages_as_a_real_one_does(alone: Room) -> None:
    begun = await alone.start(pages=True, people=("U0BEN",))
    assert begun.incident.pager.kind is PagerKind.NATIVE
    [page] = await alone.waiting("muster.page_native")
    assert "person" not in page.payload
    assert begun.drill.invited == ("U0ANA", "U0BEN")
    mine = await alone.home.incidents.listed(mine="U0BEN")
    assert [i.number for i in mine.incidents] == [1]


async def test_at_pagerduty_it_is_given_to_whoever_started_it(full: Room) -> None:
    begun = await full.start(urgent=True)
    assert (begun.incident.pager.kind, begun.incident.pager.only) == (PagerKind.PAGERDUTY, "PANA")
    assert begun.incident.urgency is Urgency.HIGH
    assert len(await full.waiting("pagerduty.open")) == 1
    assert await full.home.effects("muster.page_native") == [], "no policy in reserve"
    kept = await full.home.incident()
    assert kept.pager.only == "PANA"


async def test_without_an_account_at_pagerduty_they_are_paged_in_slack(tmp_path: Path) -> None:
    found = await room(tmp_path, options=AT_PAGERDUTY)
    begun = await found.start()
    assert begun.incident.pager.kind is PagerKind.NOBODY
    assert len(await found.waiting("muster.page_native")) == 1
    paging = await room(tmp_path / "two", options=AT_PAGERDUTY)
    asked = await paging.start(pages=True)
    assert asked.incident.pager.kind is PagerKind.PAGERDUTY
    for each in (found, paging):
        each.home.work.close()


@pytest.mark.parametrize("own", ["Ana@example.com", "ana.of.pagerduty@example.com"])
async def test_what_pagerduty_opens_in_their_own_name_would_not_page_them(
    tmp_path: Path, own: str
) -> None:
    known = Person(email="ana@example.com", pagerduty="ana.of.pagerduty@example.com")
    catalog = replace(CATALOG, people={"ana@example.com": known})
    found = await room(tmp_path, catalog=catalog, options=replace(AT_PAGERDUTY, pagerduty_from=own))
    users = [PagerUser(id="PANA", name="Ana", email="ana@example.com")]
    await has_accounts(found, users)
    begun = await found.start()
    assert begun.incident.pager.kind is PagerKind.NOBODY
    assert len(await found.waiting("muster.page_native")) == 1
    found.home.work.close()


async def test_pages_nobody_would_get_go_to_whoever_started_it(tmp_path: Path) -> None:
    found = await room(tmp_path, catalog=Catalog())
    await found.start(pages=True)
    assert len(await found.waiting("muster.page_native")) == 1
    found.home.work.close()


async def test_the_same_press_starts_one(alone: Room) -> None:
    first = await alone.drills.start(NewDrill(by=ANA), once="a")
    again = await alone.drills.start(NewDrill(by=ANA), once="a")
    assert (first.again, again.again) == (False, True)
    assert again.incident.number == first.incident.number
    assert again.drill.by == first.drill.by


async def test_whoever_may_not_is_told_who_may_and_a_wrong_word_is_told(alone: Room) -> None:
    with pytest.raises(NotAllowed, match="run drills"):
        await alone.start(by=BEN)
    with pytest.raises(FieldError, match="There is no service db"):
        await alone.start(service="db")
    with pytest.raises(FieldError, match="There is no severity SEV9"):
        await alone.start(severity="SEV9")
    assert await alone.home.effects() == []


async def test_one_drill_at_a_time(alone: Room) -> None:
    results = await asyncio.gather(*(alone.start() for _ in range(3)), return_exceptions=True)
    refused = [r for r in results if isinstance(r, UserError)]
    assert len(refused) == 2
    assert "The drill INC-1 is not over yet" in str(refused[0])


# --- not counted, not confused ----------------------------------------------------------------------


async def test_it_is_counted_nowhere(alone: Room) -> None:
    await alone.start(severity="SEV1")
    await alone.home.declare("A real one", severity="SEV1")
    work = alone.home.work
    for days in (1, 30):
        found = await work.read(lambda tx, n=days: counted.statistics(tx, days=n))  # type: ignore[misc]
        assert found.total.count == 1
    alone.home.clock.advance(2 * 86400)
    later = await work.read(lambda tx: counted.statistics(tx, days=30))
    assert later.total.count == 1
    await alone.home.change(1, severity="SEV2")
    assert (await work.read(lambda tx: counted.statistics(tx, days=30))).total.count == 1


async def test_lists_show_it_marked_and_programs_must_ask_for_it(alone: Room) -> None:
    await alone.home.declare("One")
    await alone.start()
    await alone.home.declare("Two")
    both = await alone.home.incidents.listed()
    assert [i.title for i in both.incidents] == ["Two", "[DRILL] Test incident", "One"]
    for limit, shown in ((20, [3, 1]), (2, [3, 1]), (1, [3])):
        real = await alone.home.incidents.listed(drills=False, limit=limit)
        assert [i.number for i in real.incidents] == shown
        assert real.total == 2, limit


async def test_nothing_looks_like_it_and_nobody_is_reminded_of_it(alone: Room) -> None:
    begun = await alone.start(service="web")
    title = begun.incident.title
    assert await alone.home.incidents.similar(title, "web") == []
    real = await alone.home.declare("Checkout", service="web")
    assert await alone.home.incidents.related(real) == []
    work = alone.home.work
    worth = await work.read(lambda tx: reminding.worth_a_look(tx, CATALOG.reminders, 10))
    assert worth == [real.number]
    open_ones = await work.read(lambda tx: queries.on_services(tx, ["web"], besides=0))
    assert [i.number for i in open_ones] == [real.number]


async def test_the_evidence_says_that_it_was_a_drill(alone: Room) -> None:
    await alone.start()
    exported = await alone.home.work.read(lambda tx: evidence.read(tx, 1))
    assert exported["incident"]["drill"] is True
    assert "- Drill: a test" in markdown(exported)
    real = await alone.home.declare("Real")
    other = await alone.home.work.read(lambda tx: evidence.read(tx, real.number))
    assert "Drill" not in markdown(other)


async def test_an_export_from_before_there_were_drills_is_restored(alone: Room) -> None:
    real = await alone.home.declare("Real")
    exported = await alone.home.work.read(lambda tx: evidence.read(tx, real.number))
    old = {k: v for k, v in exported["incident"].items() if k != "drill"} | {"number": 7}
    document = chain.document(old, [])
    await alone.home.work.write(lambda tx: evidence.restore(tx, document))
    assert (await alone.home.incident(7)).drill is False


async def test_a_service_that_is_added_opens_no_pager(full: Room) -> None:
    found = full.home
    await full.start()
    await found.change(1, pager=PagerLink(kind=PagerKind.NOBODY))
    await AffectedServices(found.house, found.incidents).add(1, "web", by=ANA, once="y")
    assert (await found.incident()).pager.kind is PagerKind.NOBODY


# --- going on ---------------------------------------------------------------------------------------


async def test_left_alone_it_does_everything_itself_and_reports(alone: Room) -> None:
    home = alone.home
    await alone.start()
    await home.change(1, places=Places(channel="C1", channel_name="drill-1", card_ts="1.0"))
    await alone.go_on(seconds=299)
    assert (await home.incident()).status is Status.TRIGGERED
    await alone.go_on(seconds=1)
    taken = await home.incident()
    assert (taken.status, taken.owner and taken.owner.name) == (Status.ACKNOWLEDGED, "Muster")
    assert await home.entries() == ["triggered", "acknowledged", "status_update"]
    entries = await home.work.read(lambda tx: tx.entries(1))
    assert {e.origin for e in entries[1:]} == {Origin.MUSTER}
    await alone.go_on(seconds=1)
    assert len(await home.entries()) == 3, "the same twice does nothing"
    await alone.go_on(seconds=25 * 60)
    over = await home.incident()
    assert (over.status, over.resolution) == (Status.RESOLVED, "The drill's time was over.")
    assert await home.effects("github.postmortem") == [], "nobody has to review a drill's"
    assert len(await home.effects("slack.write_canvas")) == 1
    assert await alone.waiting("slack.drill_news") == [], "steps are not done yet"
    await alone.go_on(seconds=299)
    assert await alone.waiting("slack.drill_news") == []
    await alone.go_on(seconds=1)
    [news] = await alone.waiting("slack.drill_news")
    assert news.payload["drill"] == 1
    [notice] = await alone.waiting("slack.notice_archiving")
    assert notice.incident == 1
    await alone.go_on(seconds=3600)
    assert len(await home.effects("slack.drill_news")) == 1


async def test_when_all_is_done_the_report_does_not_wait(alone: Room) -> None:
    await alone.start()
    await alone.home.incidents.acknowledge(1, by=BEN, once="a")
    await alone.home.incidents.resolve(1, by=BEN, once="r")
    await alone.home.dismiss_all()
    await alone.go_on(seconds=2)  # update and draft
    await alone.home.dismiss_all()
    await alone.go_on(seconds=2)
    found = await alone.drills.reports()
    assert found.last is not None
    report = found.last.drill.report
    assert report is not None
    assert found.running is None
    acknowledged = report.of(Step.ACKNOWLEDGED)
    assert acknowledged is not None
    assert (acknowledged.outcome, acknowledged.detail) == (Outcome.DONE, "by Ben")
    announced = report.of(Step.ANNOUNCEMENT)
    assert announced is not None
    assert announced.detail == "dismissed"


@pytest.mark.parametrize("kind", [EntryKind.ACKNOWLEDGED, EntryKind.RESOLVED])
async def test_what_people_do_makes_it_go_on_at_once(alone: Room, kind: EntryKind) -> None:
    await alone.start()
    if kind is EntryKind.ACKNOWLEDGED:
        await alone.home.incidents.acknowledge(1, by=BEN, once="a")
    else:
        await alone.home.incidents.resolve(1, by=BEN, once="a")
    looks = await alone.waiting("muster.run_drill")
    assert len([each for each in looks if each.due <= NOW]) == 1
    real = await alone.home.declare("Real")
    await alone.home.incidents.acknowledge(real.number, by=BEN, once="b")
    assert len(await alone.waiting("muster.run_drill")) == len(looks)


async def test_a_report_is_compared_with_the_one_before(alone: Room) -> None:
    for number in (1, 2):
        await alone.start()
        await alone.home.incidents.resolve(number, by=BEN, once=f"r{number}")
        await alone.go_on(number, seconds=1)
        await alone.go_on(number, seconds=301)
    found = await alone.drills.reports()
    assert found.last is not None
    assert found.before is not None
    assert (found.last.incident.number, found.before.incident) == (2, 1)
    first = await alone.drills.reports(1)
    assert first.before is None
    assert (await alone.drills.reports(9)).last is None


# --- by the schedule --------------------------------------------------------------------------------


async def test_a_scheduled_one_comes_once_pages_nobody_and_says_so(alone: Room) -> None:
    schedule = alone.drills.schedule
    began = await schedule.looked()
    assert began == NOW
    at = NOW + timedelta(hours=24)
    alone.home.clock.advance(86400 + 30)
    await asyncio.gather(*(schedule.come_due(at, None) for _ in range(3)))
    incident = await alone.home.incident()
    assert (incident.reporter, incident.origin) == (None, Origin.MUSTER)
    assert incident.pager.kind is PagerKind.NOBODY
    assert await alone.home.effects("muster.page_native") == []
    running = await alone.home.work.read(drills.running)
    assert running is not None
    assert running.scheduled_for == at
    assert await schedule.looked() == at
    assert len((await alone.home.incidents.listed()).incidents) == 1


async def test_one_that_was_missed_is_told_to_the_admins_once(alone: Room) -> None:
    schedule = alone.drills.schedule
    await schedule.looked()
    alone.home.clock.advance(3 * 86400)
    missed = NOW + timedelta(days=1)
    for _ in range(2):
        await schedule.come_due(None, missed)
    [told] = await alone.waiting("slack.tell_admins")
    assert "2026-03-02 12:00 UTC did not take place" in told.payload["text"]
    assert await schedule.looked() == alone.home.clock.time


@pytest.mark.parametrize(
    ("severity", "private", "why"),
    [
        ("SEV1", False, "INC-1 (SEV1) is open"),
        ("SEV2", True, "a private incident is open"),
        ("SEV3", False, ""),
    ],
)
async def test_a_real_one_that_is_bad_comes_first(
    alone: Room, severity: str, private: bool, why: str
) -> None:
    await alone.home.declare("Real", severity=severity, private=private)
    await alone.drills.schedule.looked()
    await alone.drills.schedule.come_due(NOW + timedelta(seconds=1), None)
    news = await alone.waiting("slack.drill_news")
    assert [n.payload["text"] for n in news] == (
        [f"The drill that was due now is left out: {why}."] if why else []
    )
    started = await alone.home.work.read(drills.running)
    assert (started is None) is bool(why)


async def test_another_schedule_begins_anew(alone: Room) -> None:
    await alone.drills.schedule.looked()
    alone.home.clock.advance(7 * 86400)
    home = alone.home
    changed = Catalog(drills=Drills(schedule="0 9 * * *"))
    house = House(work=home.work, catalog=changed, router=home.router, options=home.house.options)
    other = use_cases.Drills(house, home.incidents, Afterwards.of(house, home.incidents))
    assert await other.schedule.looked() == home.clock.time
    assert await other.schedule.looked() == home.clock.time


async def test_a_drill_that_is_going_on_is_not_doubled_by_the_schedule(alone: Room) -> None:
    await alone.start()
    await alone.drills.schedule.looked()
    await alone.drills.schedule.come_due(NOW + timedelta(seconds=1), None)
    [news] = await alone.waiting("slack.drill_news")
    assert "the drill INC-1 is not over yet" in news.payload["text"]
