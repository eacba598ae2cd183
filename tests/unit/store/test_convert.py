"""Whatever an incident or an entry is, the database gives back the same."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.incident import (
    Actor,
    Entry,
    EntryKind,
    Incident,
    Origin,
    PagerKind,
    PagerLink,
    Phase,
    Places,
    Status,
    TicketLink,
    Urgency,
)
from bot.domain.lifecycle import Decision
from bot.store.convert import fold_title, to_incident
from bot.store.tables import IncidentRow
from tests.unit.store.house import NOW, an_incident, open_work

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from bot.store.tx import Tx
    from bot.store.work import Work

texts = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=20
)
maybe = st.none() | texts
times = st.integers(-(10**15), 2 * 10**15).map(lambda n: NOW + timedelta(microseconds=n))
numbers = st.integers(1, 2**31 - 1)
actors = st.builds(
    Actor, name=st.just("") | texts, slack_id=maybe, email=maybe, pagerduty_id=maybe, github=maybe
)
incidents = st.builds(
    Incident,
    number=numbers,
    title=texts,
    status=st.sampled_from(Status),
    phase=st.sampled_from(Phase),
    last_event=texts,
    severity=maybe,
    urgency=st.sampled_from(Urgency),
    priority=maybe,
    service=maybe,
    service_title=maybe,
    description=texts | st.just(""),
    private=st.booleans(),
    origin=st.sampled_from(Origin),
    reporter=st.none() | actors,
    owners=st.lists(actors, max_size=3).map(tuple),
    roles=st.dictionaries(texts, actors, max_size=2),
    opens_channel=st.booleans(),
    pager=st.builds(
        PagerLink,
        kind=st.sampled_from(PagerKind),
        id=st.none(),
        number=st.none() | numbers,
        url=maybe,
        service_id=maybe,
        policy_id=maybe,
        policy_name=maybe,
        level=st.integers(1, 9),
    ),
    ticket=st.none() | st.builds(TicketLink, repo=texts, number=st.none() | numbers, url=maybe),
    places=st.builds(
        Places,
        announcement_channel=maybe,
        announcement_ts=maybe,
        announcement_url=maybe,
        channel=maybe,
        channel_name=maybe,
        card_ts=maybe,
        in_thread=st.booleans(),
        previous_channel=maybe,
        topic=maybe,
        listed=st.booleans(),
    ),
    started_at=times,
    created_at=times,
    updated_at=times,
    acknowledged_at=st.none() | times,
    acknowledged_by=st.none() | actors,
    mitigated_at=st.none() | times,
    resolved_at=st.none() | times,
    resolved_by=st.none() | actors,
    resolution=texts | st.just(""),
    status_changed_at=st.none() | times,
    status_changed_by=st.none() | actors,
    vendor_at=st.none() | times,
    merged_into=st.none() | numbers,
)
entries = st.builds(
    Entry,
    kind=st.sampled_from(EntryKind),
    at=times,
    actor=st.none() | actors,
    actor_target=st.none() | actors,
    origin=st.sampled_from(Origin),
    target=texts | st.just(""),
    text=texts | st.just(""),
    vendor_at=st.none() | times,
    vendor_id=maybe,
)
on_disk = settings(
    max_examples=20,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
async def work(tmp_path: Path) -> AsyncIterator[Work]:
    opened = open_work(tmp_path)
    yield opened
    opened.close()


@on_disk
@given(draft=incidents, later=incidents)
async def test_an_incident_comes_back_as_it_went(
    work: Work, draft: Incident, later: Incident
) -> None:
    added = await work.write(lambda tx: tx.add(draft))
    assert await work.read(lambda tx: tx.incident(added.number)) == replace(
        draft, number=added.number
    )
    changed = replace(later, number=added.number, version=0)
    saved = await work.write(lambda tx: tx.record(Decision(incident=changed)))
    assert saved == replace(changed, version=1)
    assert await work.read(lambda tx: tx.incident(added.number)) == saved


@on_disk
@given(entry=entries)
async def test_an_entry_comes_back_as_it_went(work: Work, entry: Entry) -> None:
    def add(tx: Tx) -> Entry:
        incident = tx.add(an_incident())
        return tx.add_entry(incident, entry)

    stored = await work.write(add)
    assert stored.id is not None
    read = await work.read(lambda tx: tx.entry(stored.id or 0))
    assert read == stored == replace(entry, id=stored.id, incident=stored.incident)


@pytest.mark.parametrize("bad", ["nul\x00here", "lone \ud800 surrogate"])
async def test_no_text_of_the_world_breaks_the_database(work: Work, bad: str) -> None:
    def add(tx: Tx) -> tuple[Incident, Entry]:
        incident = tx.add(
            an_incident(title=bad, description=bad, resolution=bad, service=bad, severity=bad)
        )
        entry = Entry(kind=EntryKind.ANNOTATED, at=NOW, text=bad, target=bad)
        return incident, tx.add_entry(incident, entry)

    incident, entry = await work.write(add)
    read = await work.read(lambda tx: tx.incident(incident.number))
    for text in (read.title, read.description, read.resolution, read.service or "", entry.text):
        text.encode()
        assert "\x00" not in text
        assert text.startswith(bad[:3])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Checkout is down", "  checkout   IS down\n", True),
        ("Disk 91% full on db-12", "disk 7% full on db-3", True),
        ("Straße", "STRASSE", True),
        ("Checkout is down", "Checkout is up", False),
    ],
)
def test_titles_are_folded(one: str, other: str, same: bool) -> None:
    assert (fold_title(one) == fold_title(other)) is same
    assert len(fold_title("x" * 999)) == 200


def test_a_row_without_number_was_never_stored() -> None:
    with pytest.raises(ValueError, match="without number"):
        to_incident(IncidentRow())  # type: ignore[call-arg]


async def test_a_time_of_another_zone_is_the_same_moment(work: Work) -> None:
    from datetime import timezone

    there = NOW.astimezone(timezone(timedelta(hours=5)))
    added = await work.write(lambda tx: tx.add(an_incident(started_at=there)))
    read = await work.read(lambda tx: tx.incident(added.number))
    assert read.started_at == NOW
    assert read.started_at.tzinfo is UTC
