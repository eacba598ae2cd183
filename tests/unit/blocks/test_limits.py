"""Whatever the data: Slack takes it, nobody is pinged by typed text, nothing is refused."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blocks import (
    access,
    archiving,
    briefing,
    drill,
    experts,
    linking,
    notices,
    postmortem,
    standing_in,
    updates,
)
from blocks.action_items import item_message, list_message
from blocks.card import CardContext, Place, card
from blocks.forms import (
    action_items,
    action_owner,
    add_message,
    add_note,
    assign_role,
    change_phase,
    change_severity,
    change_summary,
    change_title,
    choose_skill,
    declare,
    escalate,
    link_account,
    loading,
    merge,
    message_view,
    my_settings,
    on_call_at,
    override,
    page_someone,
    panel,
    pick_incident,
    post_update,
    reassign,
    resolve,
    services,
    swap_turns,
)
from blocks.forms import drill as drill_form
from blocks.forms import postmortem as postmortem_form
from blocks.forms import times as times_form
from blocks.home import Duty, home_view
from blocks.ids import ActionId, DeclareOrigin, LinkButton
from blocks.mention import form_offer
from blocks.messages import said_from, split
from blocks.notices import CommandHelp
from blocks.oncall import OnDuty, on_call_message
from blocks.reminder import reminder, told_again
from blocks.report import report_message, short_message
from blocks.service import Neighbour, ServiceFacts, service_message
from blocks.text import clean, truncate
from blocks.timeline import Step, StepState, entry_message, timeline_message, timeline_view
from bot.domain import postmortem as drafted
from bot.domain.access import AccessState, Request
from bot.domain.archiving import Memory
from bot.domain.catalog import Drills, Service
from bot.domain.drill import Drill
from bot.domain.drill_report import Outcome, Report, Result
from bot.domain.drill_report import Step as DrillStep
from bot.domain.experts import Expert
from bot.domain.identities import Account
from bot.domain.incident import Entry, EntryKind, Incident
from bot.domain.person_setting import PersonSetting
from bot.domain.reminders import Facts, Reminder
from bot.domain.roster_views import AtPager, RosterNow, StandIn
from bot.errors import AlreadyDone, NeedsAccount, NotVisible, ProviderError, Reason, UserError
from bot.ports import Activity, Change, Message
from handlers.messages import KEPT
from tests.unit.blocks import strategies as odd
from tests.unit.blocks.limits import check_message, check_view

if TYPE_CHECKING:
    from datetime import datetime

    from bot.domain.action_item import ActionItem

thorough = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
KNOWN = odd.KNOWN
choices = st.lists(st.tuples(odd.texts, odd.texts), max_size=4).flatmap(
    lambda few: st.sampled_from([few, [*few, *((f"v{i}", f"Choice {i}") for i in range(150))]])
)


@thorough
@given(odd.incidents, odd.contexts, st.sampled_from(["announcement", "channel"]))
def test_card(incident: Incident, context: Any, place: Place) -> None:
    check_message(card(incident, context, place=place), KNOWN)


@thorough
@given(odd.incidents, st.lists(odd.items, max_size=4), st.sampled_from([1, 40]))
def test_action_items(incident: Incident, few: list[ActionItem], times: int) -> None:
    items = [replace(each, id=n) for n, each in enumerate(few * times, 1)]
    for item in items[:2]:
        check_message(item_message(incident, item), KNOWN)
        check_view(action_owner.build(incident, item), KNOWN)
    check_message(list_message(incident, items), KNOWN)
    check_view(action_items.build(incident, items), KNOWN)


@thorough
@given(odd.incidents, odd.entries)
def test_entry(incident: Incident, entry: Entry) -> None:
    check_message(entry_message(incident, entry), KNOWN)


@thorough
@given(
    odd.incidents,
    odd.entries,
    st.none() | odd.times,
    st.lists(st.sampled_from(Reminder), unique=True),
    st.lists(odd.actors, max_size=8),
    odd.texts,
)
def test_updates_and_reminders(
    incident: Incident, entry: Entry, promised: Any, kinds: Any, whom: Any, words: str
) -> None:
    incident = replace(incident, next_update_at=promised)
    facts = Facts(
        activity=odd.NOW,
        last_update=promised,
        update_every=timedelta(minutes=30),
        snoozed_until=odd.NOW + timedelta(hours=1),
    )
    for message in (
        card(incident, CardContext(now=odd.NOW, subscribe_available=True), place="announcement"),
        updates.mirrored(incident, entry),
        updates.for_subscriber(incident, entry),
        notices.said(updates.subscribed(incident, now_on=True)),
        reminder(incident, facts, kinds, whom=whom, snoozed_by=words, now=odd.NOW),
        notices.said(told_again(incident, kinds)),
    ):
        check_message(message, KNOWN)


@thorough
@given(
    odd.incidents,
    st.lists(odd.entries, max_size=4),
    st.lists(odd.steps, max_size=4),
    st.sampled_from([1, 60]),
)
def test_timeline(incident: Incident, entries: Any, steps: Any, times: int) -> None:
    arguments = (incident, entries * times, steps * times)
    check_message(timeline_message(*arguments, now=odd.NOW), KNOWN)
    check_view(timeline_view(*arguments, now=odd.NOW), KNOWN)


@thorough
@given(
    odd.few_incidents, odd.repeats, odd.texts, st.integers(0, 10**6), odd.incidents, odd.contexts
)
def test_lists(
    few: list[Incident], times: int, words: str, count: int, one: Incident, context: Any
) -> None:
    many = [replace(each, number=n + 1) for n, each in enumerate(few * times)]
    check_message(notices.incident_list(many, total=count, title=words, now=odd.NOW), KNOWN)
    check_message(notices.similar_question(words, many, severity=words or None, asked=words), KNOWN)
    check_message(
        notices.summary_message(
            many, total=count, waiting=count, wait_seconds=float(count), channels=count
        ),
        KNOWN,
    )
    check_message(notices.incident_details(one, context), KNOWN)
    check_message(notices.welcome(one, context), KNOWN)


@thorough
@given(odd.texts, odd.texts, odd.incidents, odd.slack_ids, st.sampled_from(Reason))
def test_notices(
    words: str, other: str, incident: Incident, person: str | None, reason: Reason
) -> None:
    done = AlreadyDone(f"{other} did {words}", who=other, slack_id=person, at=odd.NOW)
    commands = [CommandHelp(usage=words, description=other)] * 60
    for message in (
        notices.said(words),
        notices.said(words, about=incident),
        notices.error_message(UserError(words)),
        notices.error_message(done),
        notices.provider_error(
            ProviderError(words, reason, other, retry_after=90, code=words[:99])
        ),
        notices.bug(words),
        notices.help_message(commands),
        notices.help_message([]),
        notices.unknown_command(words, other),
        notices.unknown_command(words),
        notices.declared(incident),
        notices.declared(incident, again=True),
        notices.admin_provider_stopped(words, other),
        notices.provider_recovered(words),
        notices.not_yours(),
        notices.not_in_channel(),
        notices.handed_over(incident, words, incident.reporter, other),
    ):
        check_message(message, KNOWN)


@thorough
@given(
    odd.few_incidents,
    odd.few_incidents,
    st.lists(
        st.builds(
            Duty,
            label=odd.texts,
            people=st.lists(odd.actors, max_size=12).map(tuple),
            until=st.none() | odd.times,
        ),
        max_size=3,
    ),
    odd.repeats,
    odd.statistics,
)
def test_home(mine: Any, others: Any, duties: Any, times: int, found: Any) -> None:
    mine = [replace(each, number=n + 1) for n, each in enumerate(mine * times)]
    others = [replace(each, number=n + 50) for n, each in enumerate(others * times)]
    view = home_view(
        mine=mine,
        open_incidents=others,
        open_total=10**6,
        statistics=found,
        now=odd.NOW,
        on_call=duties * times,
    )
    check_view(view, KNOWN)


@thorough
@given(odd.statistics)
def test_reports(found: Any) -> None:
    check_message(report_message(found), KNOWN)
    check_message(short_message(found), KNOWN)


@thorough
@given(odd.incidents, odd.contexts, choices, odd.texts, odd.entries)
def test_forms_about_an_incident(
    incident: Incident, context: Any, some: Any, words: str, entry: Entry
) -> None:
    for view in (
        reassign.build(incident, person="UANA"),
        escalate.build(incident, choices=some),
        resolve.build(incident),
        add_note.build(incident),
        change_severity.build(incident, severities=some),
        change_phase.build(incident),
        change_title.build(incident),
        change_summary.build(incident),
        assign_role.build(incident, roles=some),
        assign_role.build(incident, roles=some, role=words, person="UANA"),
        change_severity.build(incident, severities=some, proposed=words),
        change_phase.build(incident, proposed=words),
        services.build(incident, services=some),
        page_someone.build(incident, policies=some),
        pick_incident.build("note", words if pick_incident.fits("note", words) else ""),
        post_update.build(incident, next_update=1800),
        post_update.build(incident, next_update=1234, last=entry),
        panel.build(incident, context, available=set(ActionId)),
        panel.build(incident, context, available=()),
        loading(words),
        message_view(words, words),
    ):
        check_view(view, KNOWN)


@thorough
@given(odd.incidents, st.lists(odd.entries, max_size=9), odd.texts, odd.actors, odd.actors)
def test_briefing(incident: Incident, entries: Any, words: str, to: Any, by: Any) -> None:
    for before in (None, by, to):
        handover = briefing.Handover(role=words, words=words, to=to, by=by, before=before)
        check_message(briefing.briefing(incident, handover, entries), KNOWN)


changes = st.lists(st.builds(Change, title=odd.texts, url=odd.urls, by=odd.texts), max_size=6)
neighbours = st.lists(
    st.builds(
        Neighbour, id=odd.texts, title=odd.texts, has_owners=st.booleans(), affected=st.booleans()
    ),
    max_size=12,
)


@thorough
@given(odd.incidents, odd.texts, odd.urls, changes, neighbours, st.booleans())
def test_service(
    incident: Incident, words: str, url: str | None, news: Any, around: Any, there: bool
) -> None:
    activity = Activity(url=url or "", deployments=tuple(news), issues=tuple(news))
    facts = ServiceFacts(
        service=Service(id=words, title=words, runbook=url),
        owners=["UANA"] * 40,
        repo=words,
        activity=activity if there else None,
        silent=True,
        upstream=around,
        downstream=around,
    )
    check_message(service_message(incident, facts), KNOWN)


@thorough
@given(
    st.lists(
        st.builds(
            OnDuty,
            policy=odd.texts,
            level=st.integers(1, 99),
            people=st.lists(odd.actors, max_size=12),
            others=st.lists(odd.texts, max_size=12),
            until=st.none() | odd.times,
        ),
        max_size=4,
    ),
    odd.repeats,
    odd.texts,
)
def test_on_call(duties: Any, times: int, words: str) -> None:
    check_message(on_call_message(duties * times, title=words, note=words, hint=words), KNOWN)


@thorough
@given(
    st.lists(
        st.builds(
            RosterNow,
            name=odd.texts,
            people=st.lists(odd.actors, max_size=12).map(tuple),
            until=st.none() | odd.times,
            then=st.lists(odd.actors, max_size=12).map(tuple),
            problem=st.none() | odd.texts,
            subscribe=st.none() | odd.texts,
        ),
        max_size=3,
    ),
    st.lists(
        st.builds(
            StandIn,
            id=st.integers(1, 2**31 - 1),
            roster=odd.texts,
            person=odd.actors,
            instead=st.lists(odd.actors, max_size=12).map(tuple),
            since=odd.times,
            until=odd.times,
            swap=st.booleans(),
            by=st.none() | odd.actors,
            at_pager=st.none()
            | st.builds(
                AtPager,
                schedule=st.text(max_size=40),
                id=st.text(max_size=40),
                user=st.text(max_size=40),
            ),
        ),
        min_size=1,
        max_size=3,
    ),
    odd.repeats,
    odd.times,
    odd.texts,
)
def test_rosters(
    rosters: list[RosterNow], overrides: list[StandIn], times: int, at: datetime, words: str
) -> None:
    check_message(on_call_message([], rosters=rosters * times), KNOWN)
    check_message(standing_in.at_moment(rosters * times, at, ahead=True), KNOWN)
    check_message(standing_in.override_list(overrides * times), KNOWN)
    check_message(
        standing_in.override_list(overrides * times, where=" at PagerDuty", notes=[words] * 4),
        KNOWN,
    )
    check_message(standing_in.made(*overrides[:2]), KNOWN)
    check_message(standing_in.removed(overrides[0]), KNOWN)
    names = [words, *(each.name for each in rosters)] * times
    for form in (override.build(names), swap_turns.build(names), on_call_at.build(names)):
        check_view(form, KNOWN)


@thorough
@given(odd.few_incidents, odd.repeats)
def test_completion(few: list[Incident], times: int) -> None:
    many = [replace(each, number=n + 1) for n, each in enumerate(few * times)]
    for option in pick_incident.options(many):
        assert 0 < len(option["text"]["text"]) <= 75
        assert len(option["value"]) <= 150
        assert len(option["description"]["text"]) <= 75


@thorough
@given(choices, choices, odd.texts, odd.texts, odd.few_incidents)
def test_declare(severities: Any, services: Any, title: str, words: str, similar: Any) -> None:
    prefill = declare.Form(
        title=title,
        severity=severities[-1][0] if severities else None,
        service=services[-1][0] if services else None,
        description=words,
        private=True,
        use_channel=True,
        origin=DeclareOrigin(
            channel="C1",
            message_ts="1.2",
            link="https://x.example/" + "p" * 300,
            author="UANA",
            words=truncate(clean(words), KEPT),
            usable=True,
        ),
    )
    view = declare.build(severities=severities, services=services, prefill=prefill, similar=similar)
    check_view(view, KNOWN)


@thorough
@given(odd.texts, odd.texts, odd.few_incidents, odd.incidents, odd.contexts, st.lists(odd.entries))
def test_messages(
    words: str, name: str, few: list[Incident], one: Incident, context: Any, entries: Any
) -> None:
    raw = {"ts": "1.1", "text": words, "username": name, "thread_ts": "1.0", "files": [{}]}
    said = said_from(raw, "C1")
    title, description = split(said.text, 500)
    assert title or not description
    incidents = [replace(each, number=n + 1) for n, each in enumerate(few * 30)] or [one]
    check_view(add_message.build(said, incidents), KNOWN)
    check_view(merge.build(one, incidents), KNOWN)
    prefill = declare.Form(title=title, description=description)
    check_view(declare.build(prefill=prefill), KNOWN)
    check_message(notices.welcome(one, context, entries * 20), KNOWN)
    beside = replace(context, related=tuple(incidents))
    check_message(notices.incident_details(one, beside), KNOWN)
    check_view(panel.build(one, beside, available=set(ActionId)), KNOWN)
    check_message(form_offer(words), KNOWN)


@thorough
@given(odd.incidents, odd.texts, odd.texts, odd.contexts, st.lists(odd.entries, max_size=6))
def test_afterwards(
    incident: Incident, words: str, name: str, context: Any, entries: list[Entry]
) -> None:
    material = drafted.Material(incident=incident, entries=entries, summary=words, impact=name)
    post = drafted.Postmortem(
        incident=incident.number, revision=3, drafted_at=odd.NOW, canvas="F1", repo=name, pull=4, told=words,
        pull_url="https://x.example/1", markdown=drafted.draft(material),
    )  # fmt: skip
    check_view(times_form.build(incident), KNOWN)
    check_view(
        postmortem_form.build(incident, summary=words, impact=name, post=post, repo=name), KNOWN
    )
    check_message(notices.incident_details(incident, context), KNOWN)
    check_message(archiving.notice(incident, odd.NOW), KNOWN)
    memory = Memory(kept_at=odd.NOW, kept_by=name)
    check_message(archiving.postponed(incident, memory, odd.NOW), KNOWN)
    check_message(archiving.farewell(incident), KNOWN)
    for number in range(len(drafted.parts(post.markdown)) + 1):
        message = postmortem.part(incident, post, number)
        assert message is not None
        assert all(len(b["text"]) <= 12_000 for b in message.blocks if b["type"] == "markdown")
        assert not re.search(r"<[!@#]", message.text), "the words alone call nobody either"
    assert postmortem.part(incident, post, len(drafted.parts(post.markdown)) + 1) is None


@thorough
@given(odd.incidents, odd.actors, st.sampled_from(AccessState), st.none() | odd.times, odd.numbers)
def test_access(incident: Incident, by: Any, state: AccessState, at: Any, number: int) -> None:
    request = Request(
        incident=incident.number, slack_id=odd.KNOWN[0], asked_at=odd.NOW, state=state,
        answered_at=at, answered_by=by if at else None,
    )  # fmt: skip
    for message in (
        access.asked(incident, request),
        access.told(incident, let_in=True),
        access.told(incident, let_in=False),
        access.veiled(incident),
        access.requested(number),
        access.unseen(NotVisible(number)),
        access.unseen(NotVisible(0)),
        access.unseen(NotVisible(10**30)),
    ):
        check_message(message, KNOWN)
    secret = replace(incident, private=True, title="SECRET", description="SECRET")
    for message in (access.veiled(secret), access.told(secret, let_in=False)):
        assert "SECRET" not in str(message)


@thorough
@given(
    odd.incidents, odd.texts, odd.texts, odd.actors, st.lists(odd.texts, max_size=5), st.booleans()
)
def test_people(
    incident: Incident, words: str, other: str, by: Any, many: list[str], flag: bool
) -> None:
    """Accounts elsewhere, skills, one's own settings."""
    click = LinkButton(
        user=odd.KNOWN[0], number=1, verb="reassign", text=words[:1200], change="k" * 99
    )
    place = link_account.Place(
        account=words[:100], name=other, known=other, fixed=words if flag else ""
    )
    for pager, github in ((place, place), (place, None), (None, place), (None, None)):
        view = link_account.build(click, person=odd.KNOWN[0], own=flag, pager=pager, github=github)
        check_view(view, KNOWN)
    account = Account(id="P1", email=words, name=other)
    assert all(len(o["text"]["text"]) <= 75 for o in link_account.options([account] * 99))
    missing = [linking.Missing(email=each, why=words, slack_id=odd.KNOWN[0]) for each in many * 30]
    expert = Expert(
        person=by,
        sources=tuple(many),
        on_call=tuple(many),
        away=flag,
        status=words,
        local_time=other,
    )
    error = NeedsAccount(words, number=1, verb="reassign", written=other)
    for message in (
        linking.offer(incident, "k" * 99),
        linking.refused(error),
        notices.error_message(error),
        linking.linked(many),
        linking.unreachable(missing),
        experts.found(words, [expert] * 60, number=1 if flag else None, here=flag),
        experts.found(words, []),
        experts.all_skills(many * 100),
        briefing.asked_to_help(incident, words, by if flag else None, []),
    ):
        check_message(message, KNOWN)
    setting = PersonSetting(skills=tuple(many), quiet=("22:00", "07:00") if flag else None)
    skills = [*many, *(f"skill {n}" for n in range(120))] if flag else many
    check_view(
        my_settings.build(setting, skills=skills, tz=words, accounts=[(words, other)] * 2), KNOWN
    )
    check_view(choose_skill.build(incident, [words, other, *many]), KNOWN)


reports = st.builds(
    Report,
    results=st.lists(
        st.builds(
            Result,
            step=st.sampled_from(DrillStep),
            outcome=st.sampled_from(Outcome),
            at=st.none() | st.floats(0, 10**9),
            took=st.none() | st.floats(0, 10**9),
            detail=odd.texts,
        ),
        max_size=20,
    ).map(tuple),
    lasted=st.floats(0, 10**9),
)


@thorough
@given(
    odd.incidents,
    reports,
    st.none() | reports,
    st.builds(Drill, incident=odd.numbers, started_at=odd.times, pages=st.booleans()),
    odd.texts,
    choices,
)
def test_drills(
    incident: Incident, report: Report, before: Report | None, one: Drill, words: str, few: Any
) -> None:
    told = drill.report_message(incident, report, before)
    check_message(told, KNOWN)
    check_message(drill.with_running(incident, told), KNOWN)
    check_message(drill.started(incident, one, Drills(channel=words)), KNOWN)
    check_message(drill.none_yet(incident), KNOWN)
    check_message(drill.none_yet(None), KNOWN)
    check_message(drill.offered(notices.said(words)), KNOWN)
    check_view(drill_form.build(services=few, severities=few, channel=words), KNOWN)


def test_the_largest_timeline_fits_a_view() -> None:
    """250 KB of JSON, where every emoji is twelve bytes."""
    incident = Incident(
        number=1, title="🔥" * 500, started_at=odd.NOW, created_at=odd.NOW, updated_at=odd.NOW
    )
    entry = Entry(kind=EntryKind.ANNOTATED, at=odd.NOW, text="🔥" * 300)
    done = Step(label="🔥" * 99, state=StepState.DONE, effect_id=1, reason="🔥" * 999)
    failed = [
        Step(label="🔥" * 99, state=StepState.FAILED, effect_id=n, reason="🔥" * 999)
        for n in range(1, 20)
    ]
    check_view(timeline_view(incident, [entry] * 500, [done] * 500 + failed, now=odd.NOW))
    check_message(timeline_message(incident, [entry] * 500, [done] * 500 + failed, now=odd.NOW))


@pytest.mark.parametrize("place", ["announcement", "channel"])
def test_the_judge_judges(place: Place) -> None:
    """The checker itself notices what it is there for."""
    incident = Incident(
        number=1, title="x", started_at=odd.NOW, created_at=odd.NOW, updated_at=odd.NOW
    )
    good = card(incident, CardContext(now=odd.NOW), place=place)
    evil = [*good.blocks, {"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}]
    for blocks in (
        evil,
        [*good.blocks, good.blocks[0]],
        [*good.blocks, {"type": "divider"}] * 20,
        [
            {
                "type": "context",
                "elements": [{"type": "mrkdwn", "text": "<!here>", "verbatim": True}],
            }
        ],
    ):
        with pytest.raises(AssertionError):
            check_message(Message(text="x", blocks=blocks))
