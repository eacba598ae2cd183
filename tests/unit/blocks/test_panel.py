"""The control panel offers what can be done."""

from __future__ import annotations

from blocks.forms import panel
from blocks.ids import ActionId, IncidentButton
from tests.unit.blocks.limits import buttons
from tests.unit.blocks.samples import CONTEXT, incident


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
