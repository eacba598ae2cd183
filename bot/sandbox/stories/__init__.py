"""Stories: what people do in an incident, played through the sandbox's own API, checked at every system.

``STORIES`` names them for ``--scenario``. A story raises ``Unexpected`` when something did not end as it should.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.sandbox.stories import checkout_outage, first_incident
from bot.sandbox.stories.player import Player, Unexpected

Story = Callable[[Player], Awaitable[None]]

STORIES: dict[str, Story] = {
    "checkout-outage": checkout_outage.play,
    "first-incident": first_incident.play,
}

__all__ = ["STORIES", "Player", "Story", "Unexpected"]
