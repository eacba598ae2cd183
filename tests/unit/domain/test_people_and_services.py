"""Who is brought into an incident: roles, services, pages. Pure decisions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain import affected, asking, lifecycle, roles
from bot.domain.catalog import Catalog, Service
from bot.domain.effects import EffectKind
from bot.domain.incident import (
    Actor,
    Affected,
    EntryKind,
    PagerKind,
    PagerLink,
    Phase,
    Places,
    Status,
    TicketLink,
)
from bot.domain.lifecycle import EscalationTarget
from bot.domain.plan import PAGER_GRACE
from bot.errors import FieldError, UserError
from tests.unit.store.house import ANA_ACTOR as ANA
from tests.unit.store.house import BEN_ACTOR as BEN
from tests.unit.store.house import NOW, an_incident, paged

PAYMENTS = Affected(id="payments", title="Payments")
SEARCH = Affected(id="search", title="Search")
ROOM = Places(channel="C1")


def kinds(decision: lifecycle.Decision) -> list[EffectKind]:
    return [effect.kind for effect in decision.effects]


def test_a_role_is_given_shown_and_briefed() -> None:
    given = roles.assign(an_incident(places=ROOM), "scribe", BEN, ANA, NOW)
    assert given.incident.roles == {"scribe": BEN}
    [entry] = given.entries
    assert (entry.kind, entry.target, entry.actor_target) == (EntryKind.ROLE, "scribe", BEN)
    assert entry.text == ""
    assert {EffectKind.BRIEF, EffectKind.INVITE, EffectKind.SET_TOPIC} <= set(kinds(given))
    handed = roles.assign(given.incident, "scribe", ANA, BEN, NOW)
    assert handed.entries[0].text == "was Ben"
    [brief] = [e for e in handed.effects if e.kind is EffectKind.BRIEF]
    assert brief.payload["before"] == {"name": "Ben", "slack_id": "U0BEN"}


def test_somebody_who_is_not_in_slack_is_not_briefed_there() -> None:
    given = roles.assign(an_incident(places=ROOM), "scribe", Actor(name="Zoe"), ANA, NOW)
    assert EffectKind.BRIEF not in kinds(given)
    assert EffectKind.INVITE not in kinds(given)


def test_a_role_that_is_held_or_free_already_is_said() -> None:
    held = an_incident(roles={"scribe": BEN, "commander": ANA})
    with pytest.raises(UserError, match="Ben is scribe of INC-1 already"):
        roles.assign(held, "scribe", BEN, ANA, NOW)
    freed = roles.release(held, "scribe", ANA, NOW)
    assert freed.incident.roles == {"commander": ANA}
    with pytest.raises(UserError, match="nothing to give up"):
        roles.release(freed.incident, "scribe", ANA, NOW)


def test_the_first_service_is_the_primary_one_and_its_pager_pages_from_now_on() -> None:
    before = an_incident()
    pager = PagerLink(kind=PagerKind.PAGERDUTY, service_id="P9")
    later = NOW + 100 * PAGER_GRACE
    ticket = TicketLink(repo="acme/payments")
    done = affected.add(before, PAYMENTS, ANA, later, pager=pager, ticket=ticket)
    after = done.incident
    assert (after.service, after.service_title, after.more_services) == ("payments", "Payments", ())
    assert (after.pager, after.ticket) == (pager, ticket)
    assert {EffectKind.OPEN_PAGE, EffectKind.OPEN_TICKET} <= set(kinds(done))
    [native] = [e for e in done.effects if e.kind is EffectKind.PAGE_NATIVE]
    assert native.due == later + PAGER_GRACE, "PagerDuty has its two minutes from now"


@pytest.mark.parametrize(
    "before",
    [
        paged(ticket=TicketLink(repo="acme/incidents", number=3)),
        an_incident(status=Status.ACKNOWLEDGED, ticket=TicketLink(repo="acme/incidents")),
        an_incident(status=Status.RESOLVED, ticket=TicketLink(repo="acme/incidents")),
        an_incident(opens_channel=False),
    ],
)
def test_whoever_pages_or_was_not_needed_stays(before: object) -> None:
    incident = before if isinstance(before, type(an_incident())) else an_incident()
    pager = PagerLink(kind=PagerKind.NATIVE, policy_name="web")
    ticket = TicketLink(repo="acme/payments")
    done = affected.add(incident, PAYMENTS, ANA, NOW, pager=pager, ticket=ticket)
    assert done.incident.service == "payments"
    assert (done.incident.pager, done.incident.ticket) == (incident.pager, incident.ticket)
    assert not {EffectKind.OPEN_PAGE, EffectKind.PAGE_NATIVE, EffectKind.OPEN_TICKET} & set(
        kinds(done)
    )


def test_more_services_bring_their_owners_and_are_removed_again() -> None:
    one = an_incident(places=ROOM, service="payments", service_title="Payments")
    two = affected.add(one, SEARCH, ANA, NOW, owners=["U1", "U2"])
    assert [each.id for each in two.incident.services] == ["payments", "search"]
    [invite] = [e for e in two.effects if e.kind is EffectKind.INVITE]
    assert invite.payload["users"] == ["U1", "U2"]
    [shown] = [e for e in two.effects if e.kind is EffectKind.SHOW_SERVICE]
    assert shown.after is None
    with pytest.raises(UserError, match="already"):
        affected.add(two.incident, SEARCH, ANA, NOW)
    left = affected.remove(two.incident, "PAYMENTS", ANA, NOW).incident
    assert (left.service, left.more_services) == ("search", ()), "the next one is primary"
    none = affected.remove(left, "search", ANA, NOW).incident
    assert none.services == ()
    with pytest.raises(FieldError, match="none so far"):
        affected.remove(none, "search", ANA, NOW)


def test_while_the_channel_is_being_made_the_service_waits_for_it() -> None:
    early = affected.add(an_incident(), SEARCH, ANA, NOW, owners=["U1"])
    [shown] = [e for e in early.effects if e.kind is EffectKind.SHOW_SERVICE]
    assert shown.after == "INC-1/channel"
    assert EffectKind.INVITE not in kinds(early), "its making invites the owners"
    nowhere = affected.add(an_incident(opens_channel=False), SEARCH, ANA, NOW)
    assert EffectKind.SHOW_SERVICE not in kinds(nowhere)


def test_there_is_an_end_to_services() -> None:
    many = tuple(Affected(id=f"s{n}", title=f"S{n}") for n in range(affected.MOST))
    with pytest.raises(FieldError, match="the most"):
        affected.add(an_incident(more_services=many), SEARCH, ANA, NOW)


def test_whoever_is_paged_takes_nothing_over() -> None:
    asked = asking.Asked(label="Ben", at_pager=EscalationTarget(person=BEN), people=(BEN,))
    before = paged(places=ROOM, owners=(ANA,), status=Status.ACKNOWLEDGED)
    done = asking.page(before, asked, ANA, NOW, message=" please ")
    assert replace(done.incident, updated_at=before.updated_at) == before
    [entry] = done.entries
    assert (entry.kind, entry.actor_target, entry.text) == (
        EntryKind.RESPONDER_ADDED,
        BEN,
        "please",
    )
    [change] = [e for e in done.effects if e.kind is EffectKind.CHANGE_PAGE]
    assert (change.payload["verb"], change.payload["responder"]) == ("escalate", True)
    assert {EffectKind.SEND_DIRECT, EffectKind.INVITE} <= set(kinds(done))
    with pytest.raises(UserError, match="Reopen it first"):
        asking.page(paged(status=Status.RESOLVED), asked, ANA, NOW)


def test_what_is_written_to_whoever_is_paged_stays_out_of_a_private_incidents_pager() -> None:
    asked = asking.Asked(label="Ben", at_pager=EscalationTarget(person=BEN), people=(BEN,))
    done = asking.page(paged(private=True), asked, ANA, NOW, message="salaries")
    [change] = [e for e in done.effects if e.kind is EffectKind.CHANGE_PAGE]
    assert "salaries" not in str(change.payload)


def test_resolved_is_no_phase_to_be_set() -> None:
    for incident in (an_incident(), an_incident(status=Status.RESOLVED, phase=Phase.RESOLVED)):
        with pytest.raises(UserError, match="use resolve"):
            lifecycle.set_field(incident, EntryKind.PHASE, "resolved", ANA, NOW)


def test_neighbours_follow_depends_on_by_id_or_title() -> None:
    web = Service(id="web", title="Web Shop", depends_on=("db", "nowhere", "web"))
    db = Service(id="db", title="Database")
    app = Service(id="app", title="App", depends_on=("web shop",))
    catalog = Catalog(services={s.id: s for s in (web, db, app)})
    assert catalog.upstream(web) == [db]
    assert catalog.downstream(web) == [app]
    assert catalog.downstream(db) == [web]
