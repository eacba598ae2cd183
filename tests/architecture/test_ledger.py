"""Everything the product promises by name is there, and a scenario uses it as people do.

What the tables in ``handlers`` handle is shown in another way: tests/exercised.py records what comes in while the
scenarios run, and fails a run of all of them that leaves something out.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bot.cli import main
from handlers.commands import ALIASES, COMMANDS
from tests import exercised
from tests.architecture import ledger
from tests.architecture.scenario_words import SLOT, all_words, stories
from tests.architecture.test_ids import SHOWN
from tests.architecture.test_manifest import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Helpers of the scenarios that type what follows ``/incident``.
TYPED = {"type", "type_in", "mention", "_typed"}
DOCUMENT = Path(os.environ.get("MUSTER_CONTRACTS", "/nowhere")).parent / "PRODUCT.md"
needs_document = pytest.mark.skipif(
    not DOCUMENT.exists(), reason="needs the contract documents (MUSTER_CONTRACTS)"
)


def promised(kind: str, names: Any) -> list[str]:
    """Without what later work brings."""
    return [name for name in names if f"{kind} {name}" not in ledger.NOT_YET]


def shown_labels() -> set[str]:
    """The labels of all buttons people can meet."""

    def walk(value: Any) -> Iterator[str]:
        if isinstance(value, dict):
            if value.get("type") == "button":
                yield value["text"]["text"]
            for inner in value.values():
                yield from walk(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from walk(inner)

    blocks = [one if isinstance(one, dict) else list(one.blocks) for one in SHOWN]
    return {label for one in blocks for label in walk(one)}


EXISTING = {
    "command": {*COMMANDS, *ALIASES},
    "button": shown_labels(),
    "program": set(main.commands),
}


@pytest.mark.parametrize("entry", sorted(ledger.NOT_YET))
def test_what_is_there_is_not_called_missing(entry: str) -> None:
    kind, _, name = entry.partition(" ")
    assert name not in EXISTING[kind], f"{entry} is there: take it out of NOT_YET"
    assert ledger.NOT_YET[entry].strip()


# --- it is there ------------------------------------------------------------------------------------


@pytest.mark.parametrize("verb", promised("command", ledger.COMMANDS))
def test_a_scenario_types_the_command(verb: str) -> None:
    assert verb in EXISTING["command"]
    typed = {words for story in stories() for called, words in story.acts if called in TYPED}
    typed |= {w.removeprefix("/incident ") for w in all_words() if w.startswith("/incident ")}
    typed = {re.sub(rf"^(INC-\d+|{SLOT}) ", "", words) for words in typed}
    declared = any(called == "declare" for story in stories() for called, _ in story.acts)
    assert {w for w in typed if w.split(" ")[0] == verb} or (verb == "declare" and declared)


@pytest.mark.parametrize("label", promised("button", ledger.BUTTONS))
def test_a_scenario_presses_the_button(label: str) -> None:
    assert label in EXISTING["button"]
    assert label in all_words()


@pytest.mark.parametrize("title", ledger.MODALS)
def test_a_scenario_fills_in_the_modal(title: str) -> None:
    shown = [one for one in SHOWN if isinstance(one, dict) and one.get("submit")]
    blocks = [b for one in shown if one["title"]["text"] == title for b in one["blocks"]]
    labels = set(ledger.MODALS[title])
    assert labels <= {b["label"]["text"] for b in blocks if b["type"] == "input"}
    filled = {label for story in stories() for form in story.forms for label in form}
    assert labels <= filled, "no scenario fills these in"


@pytest.mark.parametrize("name", ledger.SHORTCUTS)
def test_a_scenario_uses_the_shortcut(name: str) -> None:
    assert name in {one["name"] for one in MANIFEST["features"]["shortcuts"]}
    assert name in all_words()


@pytest.mark.parametrize("name", ledger.REACTIONS)
def test_a_scenario_reacts(name: str) -> None:
    assert name in all_words()


@pytest.mark.parametrize("event", ledger.PAGERDUTY_EVENTS)
def test_a_scenario_makes_pagerduty_tell_it(event: str) -> None:
    assert ledger.PAGERDUTY_EVENTS[event] in all_words()


@pytest.mark.parametrize("name", promised("program", ledger.PROGRAMS))
def test_the_program_exists(name: str) -> None:
    assert name in EXISTING["program"]


# --- the tables are the document's ------------------------------------------------------------------


def section(title: str) -> str:
    text = DOCUMENT.read_text(encoding="utf-8")
    found = re.search(
        rf"^## {re.escape(title)}.*?\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE
    )
    assert found, title
    return found[1]


@needs_document
def test_every_command_of_the_document_is_in_the_table() -> None:
    spans = re.findall(r"`([^`]+)`", section("/incident"))
    words = {span.split()[0] for span in spans} - {"/incident", "INC-n", "INC-m"}
    assert words == set(ledger.COMMANDS)


@needs_document
def test_every_button_of_the_document_is_in_the_table() -> None:
    card = section("The card")
    named = {label for span in re.findall(r"\*\*([^*]+)\*\*", card) for label in span.split(" · ")}
    shortcuts = set(re.findall(r"\*\*([^*]+)\*\*", card[card.index("Shortcuts:") :]))
    assert shortcuts == set(ledger.SHORTCUTS)
    assert named - shortcuts <= set(ledger.BUTTONS)
    others = section("What happens when") + section("Precisely")
    more = set(re.findall(r"(?:button|demand \()\s*\*\*([^*]+)\*\*", others))
    assert more == {"Open channel", "Charts"}
    assert more <= set(ledger.BUTTONS)
    assert set(re.findall(r"\((Open incident) / (Attach)\)", card)[0]) <= set(ledger.BUTTONS)


@needs_document
def test_every_modal_of_the_document_is_in_the_table() -> None:
    card = section("The card").replace("\n", " ")
    listed = card[card.index("Modals and their labels:") : card.index("Similar open incidents")]
    found = {
        title: tuple(
            re.sub(r" \([^)]*\)", "", label).strip(" .")
            for label in labels.split(", ")
            if label.strip(" .")
        )
        for title, labels in re.findall(r"\*([^*]+)\*: ([^*]*?)\.? (?=\*|$)", listed + " ")
    }
    assert found == ledger.MODALS


@needs_document
def test_every_event_of_the_document_is_in_the_table() -> None:
    text = section("What happens when").replace("\n", " ")
    spans = re.search(r"PagerDuty events: `([^`]+)` and `([^`]+)`", text)
    assert spans
    names = set()
    for span in spans.groups():
        family = span.split(".")[0]
        names |= {
            word if word.startswith(f"{family}.") else f"{family}.{word}" for word in span.split()
        }
    assert names == set(ledger.PAGERDUTY_EVENTS)


@needs_document
def test_every_program_of_the_document_is_in_the_table() -> None:
    named = set(re.findall(r"`muster ([a-z]+)", section("Command line")))
    assert named == set(ledger.PROGRAMS)


# --- the record of what the scenarios set off -------------------------------------------------------


def test_a_run_of_all_scenarios_is_judged_and_a_part_of_them_is_not() -> None:
    everything, files = exercised.handled(), exercised.expected_files()
    assert {"command ack", "action step.retry", "view declare", "event pin_added"} <= everything
    assert exercised.missing(everything, files) == set()
    assert exercised.missing(everything - {"command ack"}, files) == {"command ack"}
    assert exercised.missing(set(), set(list(files)[1:])) == set()


@pytest.mark.parametrize(
    ("kind", "body", "entry"),
    [
        ("command", {"text": "INC-7 ACK"}, "command ack"),
        ("action", {"actions": [{"action_id": "step.retry"}]}, "action step.retry"),
        ("view", {"view": {"callback_id": "declare"}}, "view declare"),
        ("event", {"event": {"type": "pin_added"}}, "event pin_added"),
        ("shortcut", {"callback_id": "shortcut.declare"}, "shortcut shortcut.declare"),
        ("options", {"action_id": "incident.pick"}, "options incident.pick"),
    ],
)
def test_what_comes_in_is_recorded_as_the_tables_name_it(
    kind: str, body: dict[str, Any], entry: str
) -> None:
    assert exercised.entry_of(kind, body) == entry
    assert entry in exercised.handled()
