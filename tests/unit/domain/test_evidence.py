"""A changed export is noticed, whatever was changed."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.evidence import FACTS, EvidenceError, broken_at, checked, digest, document, seal
from bot.domain.evidence_text import markdown

INCIDENT = {
    "number": 7,
    "title": "Checkout <b>is</b> *down*",
    "status": "resolved",
    "phase": "resolved",
    "severity": "SEV1",
    "service": None,
    "service_title": "Checkout API",
    "owners": [{"name": "Ana"}],
    "roles": {"commander": {"name": "Ben"}},
    "description": "Every payment\nfails",
    "resolution": "Rolled back",
    "started_at": "2026-03-01T12:00:00+00:00",
    "created_at": "2026-03-01T12:00:05+00:00",
    "resolved_at": "2026-03-01T13:00:00+00:00",
}

ITEM = {
    "text": "Alert on *it*",
    "owner": {"name": "Ana"},
    "created_at": "2026-03-01T12:30:00+00:00",
}


def events(*texts: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for minute, text in enumerate(texts):
        at = f"2026-03-01T12:{minute % 60:02}:00+00:00"
        facts: dict[str, Any] = dict.fromkeys(FACTS, "")
        facts |= {"incident": 7, "kind": "annotated", "at": at, "recorded_at": at, "text": text}
        facts |= {"actor": {"name": "Ana"}, "actor_target": None, "vendor_at": None}
        facts["digest"] = digest(found[-1]["digest"] if found else "", facts)
        found.append(facts)
    return found


def exported(*texts: str) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(document(INCIDENT, events(*texts), [ITEM])))
    return made


def older(*texts: str) -> dict[str, Any]:
    """As it was exported before action items were part of it."""
    told = events(*texts)
    own = {"format": "muster.incident/1", "incident": INCIDENT, "events": told}
    return json.loads(json.dumps(own | {"seal": seal(told[-1]["digest"], INCIDENT)}))  # type: ignore[no-any-return]


@given(st.lists(st.text(), max_size=6))
def test_what_was_exported_is_whole(texts: list[str]) -> None:
    assert broken_at(events(*texts)) is None
    try:
        whole = exported(*texts)
    except UnicodeEncodeError:  # lone surrogates are never stored
        return
    found = checked(whole)
    assert (found.incident, found.items) == (INCIDENT, [ITEM])


@given(st.integers(0, 4), st.sampled_from(sorted(set(FACTS) - {"incident"})))
def test_a_changed_event_is_noticed(position: int, fact: str) -> None:
    changed = exported("a", "b", "c", "d", "e")
    changed["events"][position][fact] = "changed"
    with pytest.raises(EvidenceError, match=f"Event {position + 1} of 5 was changed"):
        checked(changed)


@given(st.permutations(range(5)))
def test_an_event_left_out_moved_or_put_in_is_noticed(order: list[int]) -> None:
    whole = exported("a", "b", "c", "d", "e")
    moved = copy.deepcopy(whole)
    moved["events"] = [whole["events"][n] for n in order]
    shorter = {**whole, "events": [e for n, e in enumerate(whole["events"]) if n != order[0]]}
    longer = copy.deepcopy(whole)
    longer["events"].insert(order[0], {**whole["events"][order[1]], "text": "never happened"})
    for forged in (shorter, longer, *([moved] if order != sorted(order) else [])):
        with pytest.raises(EvidenceError, match=r"was changed|are missing"):
            checked(forged)


def test_the_state_is_sealed_too() -> None:
    forged = exported("a")
    forged["incident"]["severity"] = "SEV4"
    with pytest.raises(EvidenceError, match="The incident itself or its action items were changed"):
        checked(forged)


@pytest.mark.parametrize(
    "items", [[], [ITEM, ITEM], [{**ITEM, "text": "Nothing"}], [{**ITEM, "done_at": None}]]
)
def test_action_items_are_sealed_too(items: list[dict[str, Any]]) -> None:
    with pytest.raises(EvidenceError, match="its action items were changed"):
        checked({**exported("a"), "action_items": items})


@pytest.mark.parametrize("items", [None, {}, "x", [1], [None]])
def test_without_its_action_items_an_export_is_not_whole(items: Any) -> None:
    with pytest.raises(EvidenceError, match="Parts of the export are missing"):
        checked({**exported("a"), "action_items": items})


def test_an_export_from_before_action_items_stays_readable_and_verified() -> None:
    found = checked(older("a", "b"))
    assert (found.incident, found.events, found.items) == (INCIDENT, events("a", "b"), [])
    added = checked({**older("a"), "action_items": [ITEM]})
    assert added.items == [], "nothing vouches for those"
    for forged in (
        {**older("a"), "incident": {**INCIDENT, "title": "x"}},
        {**older("a"), "events": events("b")},
        {**exported("a"), "format": "muster.incident/1"},
        {**older("a"), "format": "muster.incident/2", "action_items": []},
    ):
        with pytest.raises(EvidenceError, match="Nothing was restored"):
            checked(forged)


def test_events_of_before_the_chain_stand_at_the_beginning_only() -> None:
    old = [{**each, "digest": ""} for each in events("x", "y")]
    assert broken_at(old) is None
    assert broken_at([*old, *events("a", "b")]) is None
    assert broken_at([*events("a", "b"), *old]) == 3


@pytest.mark.parametrize(
    "other",
    [
        None,
        [],
        "x",
        {},
        {"format": "muster.incident/3"},
        {"format": ["muster.incident/2"]},
        {"format": "muster.incident/2"},
        {"format": "muster.incident/1"},
        {"format": "muster.incident/1", "incident": {}, "events": []},
        {"format": "muster.incident/1", "incident": {"number": True}, "events": []},
        {"format": "muster.incident/1", "incident": {"number": 2**31}, "events": []},
        {"format": "muster.incident/1", "incident": {"number": 1}, "events": [1]},
        {"format": "muster.incident/1", "incident": {"number": 1}, "events": [{"incident": 1}]},
    ],
)
def test_what_is_no_export_is_refused(other: Any) -> None:
    with pytest.raises(EvidenceError, match=r"no export|Parts of the export"):
        checked(other)


def test_events_of_another_incident_are_refused() -> None:
    forged = {**exported("a"), "incident": {**INCIDENT, "number": 8}}
    with pytest.raises(EvidenceError, match="another incident"):
        checked(forged)


def test_markdown_tells_it_all_and_obeys_nobody() -> None:
    text = markdown(exported("First\n# a heading", "<script>"))
    assert text.startswith("# INC-7: Checkout \\<b\\>is\\</b\\> \\*down\\*\n")
    for words in (
        "- Severity: SEV1",
        "- Owner: Ana",
        "- Commander: Ben",
        "- Resolved: 2026-03-01 13:00:00 UTC",
        "> Every payment\n> fails",
        "  > \\# a heading",
        "\\<script\\>",
        "- 2026-03-01 12:01:00 UTC · **Ana** · annotated · `",
        "## Action items\n\n- [ ] Alert on \\*it\\* (owner: Ana)\n",
    ):
        assert words in text, words
    assert "Acknowledged:" not in text


def test_markdown_tells_what_became_of_the_action_items() -> None:
    issue = {"ticket_repo": "acme/shop", "ticket_number": 12}
    at = "2026-03-02T09:00:00+00:00"
    items = [
        {**ITEM, **issue, "done_at": at},
        {**ITEM, "owner": None, "ticket_repo": "acme/shop", "withdrawn_at": at},
    ]
    text = markdown(document(INCIDENT, events("a"), items))
    assert (
        "- [x] Alert on \\*it\\* (owner: Ana) · acme/shop\\#12 · done 2026-03-02 09:00:00 UTC\n"
        in text
    )
    assert "- [ ] Alert on \\*it\\* (owner: nobody) · withdrawn 2026-03-02 09:00:00 UTC\n" in text
    assert "Action items" not in markdown(document(INCIDENT, events("a")))
