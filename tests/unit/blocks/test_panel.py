"""Every id has a place, and the control panel offers what can be done."""

from __future__ import annotations

from blocks.forms import (
    panel,
)
from blocks.ids import ActionId, IncidentButton
from blocks.service import Neighbour, ServiceFacts
from bot.domain.catalog import Service
from bot.domain.postmortem import Postmortem
from tests.unit.blocks.limits import buttons
from tests.unit.blocks.samples import CONTEXT, NOW, incident

SEVERITIES = [("SEV1", "SEV1")]
ROLES = [("commander", "Commander")]
DRAFTED = Postmortem(incident=12, revision=1, drafted_at=NOW, canvas="F1", pull_url="https://x.y/1")
FACTS = ServiceFacts(
    service=Service(id="web", title="Web"),
    upstream=[Neighbour(id="db", title="Database", has_owners=True)],
)


)


def test_panel_offers_only_what_is_available() -> None:
    everything = panel.build(incident(), CONTEXT, available=set(ActionId))
    contract = [
        "Post an update",
        "Change severity",
        "Change phase",
        "Assign roles",
        "Services",
        "Page someone",
        "Add a note",
        "Add an action item",
        "Timeline",
        "Times",
        "Merge",
        "Make private",
    ]
    assert buttons(everything["blocks"])[-12:] == contract
    some = panel.build(incident(), CONTEXT, available=[ActionId.TIMELINE, ActionId.ADD_NOTE])
    assert buttons(some["blocks"]) == ["Add a note", "Timeline"]
    assert IncidentButton.decode(some["private_metadata"]) == IncidentButton(12)
