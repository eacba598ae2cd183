"""The whole main job: PagerDuty triggers, people act in Slack, and all three systems agree at every step."""

from __future__ import annotations

from bot.sandbox.stories.player import (
    Json,
    Player,
    buttons,
    card,
    channel,
    expect,
    issue,
    issue_state,
    page,
    status,
    texts,
)

ALICE, BOB, CAROL = "U0ALICE00", "U0BOB0000", "U0CAROL00"
TITLE = "Checkout returns errors for every third customer"


async def play(player: Player) -> None:
    """Trigger, acknowledge, reassign, escalate, resolve; then judge Slack, PagerDuty and GitHub."""
    place = await _start(player)
    await _act(player, place)
    await _judge(player)


async def _start(player: Player) -> Json:
    player.tell(f"PagerDuty triggers a high-urgency incident: {TITLE}")
    await player.do("pagerduty", action="trigger", title=TITLE, service="PCHECKO", urgency="high")
    found = await player.see("the announcement in #incidents", ALICE, lambda s: card(s, name=TITLE))
    await player.see("its own channel with the card", BOB, lambda s: card(s, "incident-", TITLE))
    await player.see("a GitHub issue in acme/checkout-api", BOB, _opened)
    return {"where": "message", "channel": found["channel"], "ts": found["ts"]}


def _opened(state: Json) -> bool:
    found = issue(state, TITLE)
    return found is not None and found["repo"] == "acme/checkout-api" and found["state"] == "open"


async def _act(player: Player, place: Json) -> None:
    player.tell("Bob presses Acknowledge")
    await player.do("press", user=BOB, label="Acknowledge", **place)
    await player.see("PagerDuty: acknowledged", BOB, lambda s: status(s, TITLE) == "acknowledged")
    await player.see(
        "the card without Acknowledge",
        BOB,
        lambda s: "Acknowledge" not in buttons(card(s, name=TITLE)),
    )

    player.tell("Bob presses Reassign and chooses Carol")
    await player.do("press", user=BOB, label="Reassign", **place)
    await player.fill(BOB, "Reassign", {"Assign to": CAROL, "Message": "You know the gateway best"})
    await player.see("PagerDuty: assigned to Carol", BOB, lambda s: _assigned(s, "Carol Okafor"))

    await player.see(
        "the card with Acknowledge again",
        CAROL,
        lambda s: "Acknowledge" in buttons(card(s, name=TITLE)),
    )

    player.tell("Carol acknowledges, then escalates to level 2")
    await player.do("press", user=CAROL, label="Acknowledge", **place)
    await player.see(
        "PagerDuty: acknowledged again", CAROL, lambda s: status(s, TITLE) == "acknowledged"
    )
    await player.do("press", user=CAROL, label="Escalate", **place)
    await player.fill(CAROL, "Escalate", {"Message": "I need the database owner"})
    await player.see(
        "the escalation in the channel",
        CAROL,
        lambda s: any("escalated" in t for t in texts(s, "incident-")),
    )

    player.tell("Carol presses Resolve and says what fixed it")
    await player.do("press", user=CAROL, label="Resolve", **place)
    await player.fill(
        CAROL, "Resolve", {"What fixed it?": "Rolled back the payment gateway client"}
    )
    await player.see(
        "the card offers Reopen", CAROL, lambda s: "Reopen" in buttons(card(s, name=TITLE))
    )
    await player.see("PagerDuty: resolved", CAROL, lambda s: status(s, TITLE) == "resolved")
    await player.see(
        "what fixed it, in the channel",
        CAROL,
        lambda s: any("resolved the incident: Rolled back" in t for t in texts(s, "incident-")),
    )
    await player.see("what fixed it, on the issue", CAROL, _explained)
    await player.see(
        "GitHub: the issue is closed", CAROL, lambda s: issue_state(s, TITLE) == "closed"
    )


def _explained(state: Json) -> bool:
    found = issue(state, TITLE)
    return found is not None and any("Rolled back" in c["body"] for c in found["comments"])


def _assigned(state: Json, name: str) -> bool:
    found = page(state, TITLE)
    return found is not None and any(a["assignee"]["summary"] == name for a in found["assignments"])


async def _judge(player: Player) -> None:
    """Exactly one of everything, and nothing the real services would have refused."""
    state = await player.state(CAROL)
    named = [c for c in state["channels"] if "checkout-returns-errors" in c["name"]]
    expect(len(named) == 1, f"exactly one incident channel, not {len(named)}")
    own = channel(state, "checkout-returns-errors")
    expect(own is not None and len(own["pins"]) == 1, "the card is pinned")
    said = texts(state, "checkout-returns-errors")
    for words, times in (
        ("acknowledged", 2),
        ("reassigned", 1),
        ("escalated", 1),
        ("resolved the incident", 1),
    ):
        count = sum(words in t and "INC-" in t and "·" not in t for t in said)
        expect(count == times, f"{words} is told {times} time(s) in the channel, not {count}")
    pages = [i for i in state["pagerduty"]["incidents"] if i["title"] == TITLE]
    expect(len(pages) == 1, "exactly one PagerDuty incident")
    found = issue(state, TITLE)
    expect(
        found is not None and any("Rolled back" in c["body"] for c in found["comments"]),
        "the issue says what fixed it",
    )
    problems = await player.problems()
    expect(not problems, f"nothing the real services would have refused: {problems[:3]}")
    player.tell("Slack, PagerDuty and GitHub agree. Exactly one of everything.")
