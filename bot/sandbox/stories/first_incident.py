"""A first incident, so that whoever opens the page has something to look at and press."""

from __future__ import annotations

from bot.sandbox.stories.player import Player, card

ALICE = "U0ALICE00"


async def play(player: Player) -> None:
    """Alice declares; the card is there and waits to be acknowledged."""
    player.tell("Alice types /incident declare SEV2 Search results are empty")
    await player.do(
        "command",
        user=ALICE,
        channel="C0GENERAL0",
        text="/incident declare SEV2 Search results are empty",
    )
    await player.see("the announcement in #incidents", ALICE, card)
    await player.see(
        "the card in the incident's own channel", ALICE, lambda s: card(s, "incident-")
    )
