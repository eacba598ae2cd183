"""What the runners make of a drill, judged by what Slack, PagerDuty and GitHub were asked."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bot.domain.drill_report import Outcome, Report, Result, Step
from bot.domain.effects import EffectKind as K
from bot.domain.incident import PagerKind, PagerLink, Places, TicketLink, Urgency
from bot.errors import ProviderError
from bot.services.drills import NewDrill
from bot.store import drills
from tests.unit.store.house import ANA
from tests.unit.worker.fakes import Shop, refusal

if TYPE_CHECKING:
    from bot.services.drills import Begun

REPORT = Report(results=(Result(step=Step.CARD, outcome=Outcome.DONE, at=1.0, took=0.5),))


@pytest.fixture
async def begun(shop: Shop) -> Begun:
    return await shop.world.drills.start(NewDrill(by=ANA), once="d")


async def told(shop: Shop, **more: Any) -> None:
    await shop.run(K.DRILL_NEWS, None, key="drill/report/1", **more)


async def test_it_is_announced_in_the_drill_channel_only(shop: Shop, begun: Begun) -> None:
    shop.home.clock.advance(1)
    await shop.run(K.ANNOUNCE)
    await shop.home.declare("A real one")
    await shop.run(K.ANNOUNCE, 2)
    rooms = [c[1] for c in shop.chat.named("create_channel")]
    assert rooms == ["fire-drill", "incidents"]
    drill, real = (await shop.home.incident(1)).places, (await shop.home.incident(2)).places
    assert drill.announcement_channel != real.announcement_channel


async def test_a_drill_channel_that_is_gone_is_looked_for_again(shop: Shop, begun: Begun) -> None:
    shop.chat.fail["post"] = [refusal("is_archived")]
    with pytest.raises(ProviderError):
        await shop.run(K.ANNOUNCE)
    assert await shop.home.work.read(lambda tx: tx.value("room:drills")) is None


async def test_pagerduty_is_told_that_it_is_one_and_whose(shop: Shop, begun: Begun) -> None:
    link = PagerLink(kind=PagerKind.PAGERDUTY, service_id="S1", only="PANA")
    await shop.home.change(1, pager=link, severity="SEV1", urgency=Urgency.LOW)
    await shop.run(K.OPEN_PAGE)
    [(_, request, *_)] = shop.pager.named("open")
    assert request.title.startswith("[DRILL]")
    assert (request.urgency, request.assignee, request.priority) == (Urgency.LOW, "PANA", None)
    assert "a drill that was started in Slack by Ana" in request.details


async def test_the_issue_has_the_label_of_drills_alone(shop: Shop, begun: Begun) -> None:
    await shop.home.change(1, ticket=TicketLink(repo="acme/incidents"))
    await shop.run(K.OPEN_TICKET)
    [call] = shop.tickets.named("open")
    assert ("drill",) in call
    assert any("This is a drill" in str(part) for part in call)


async def test_the_topic_says_drill(shop: Shop, begun: Begun) -> None:
    await shop.home.change(1, places=Places(channel="C1"))
    await shop.run(K.SET_TOPIC)
    [(_, _, topic)] = shop.chat.named("set_topic")
    assert topic.startswith("DRILL · ")


@pytest.mark.parametrize("pages", [False, True])
async def test_only_a_drill_that_pages_calls_others_in(shop: Shop, *, pages: bool) -> None:
    new = NewDrill(by=ANA, pages=pages, people=("U0CARL",))
    await shop.world.drills.start(new, once="d")
    await shop.home.change(1, places=Places(channel="C1"))
    await shop.run(K.INVITE)
    [(_, _, users)] = shop.chat.named("invite")
    assert {"U0ANA", "U0CARL"} <= set(users)
    assert bool(shop.pager.named("on_call")) is pages


async def test_a_name_slack_does_not_take_becomes_a_plain_one(shop: Shop, begun: Begun) -> None:
    shop.chat.fail["create_channel"] = [refusal("invalid_name_specials")]
    await shop.run(K.CREATE_CHANNEL)
    assert (await shop.home.incident()).places.channel_name == "drill-1-2"


async def test_going_on_asks_no_vendor(shop: Shop, begun: Begun) -> None:
    shop.home.clock.advance(31 * 60)
    await shop.run(K.RUN_DRILL)
    assert shop.chat.calls == []
    assert shop.pager.calls == []
    assert not (await shop.home.incident()).is_open


async def test_a_report_is_posted_once_and_compared(shop: Shop, begun: Begun) -> None:
    await shop.home.work.write(lambda tx: drills.reported(tx, 1, REPORT))
    shop.home.clock.advance(60)
    second = await shop.world.drills.start(NewDrill(by=ANA), once="e")
    slower = replace(REPORT.results[0], took=9.0)
    later = replace(REPORT, results=(slower,))
    await shop.home.work.write(lambda tx: drills.reported(tx, second.incident.number, later))
    await told(shop, payload={"drill": 2, "text": ""})
    assert "last time 0.5 s" in shop.chat.texts[-1]
    posted = len(shop.chat.named("post"))
    await told(shop, payload={"drill": 2, "text": ""}, attempt=2)
    assert len(shop.chat.named("post")) == posted, "it is there"
    await shop.run(K.DRILL_NEWS, None, key="x", payload={"drill": None, "text": "Left out."})
    assert "Left out." in shop.chat.texts[-1]
    await shop.run(K.DRILL_NEWS, None, key="y", payload={"drill": 9, "text": ""})
    assert "not there any more" in shop.chat.texts[-1]


async def test_what_nobody_carried_out_is_told_as_not_done(shop: Shop, begun: Begun) -> None:
    shop.home.clock.advance(31 * 60)
    await shop.run(K.RUN_DRILL)
    shop.home.clock.advance(6 * 60)
    await shop.run(K.RUN_DRILL)
    found = await shop.world.drills.reports()
    assert found.last is not None
    report = found.last.drill.report
    assert report is not None
    announced = report.of(Step.ANNOUNCEMENT)
    assert announced is not None
    assert announced.detail == "not done yet"
