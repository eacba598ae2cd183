"""What an incident that becomes private has left at GitHub beside its own issue: action items, a post-mortem."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot.domain import action_plan, privacy
from bot.domain.incident import TicketLink
from bot.store import action_items, postmortems

if TYPE_CHECKING:
    from bot.domain.effects import Effect
    from bot.domain.incident import Incident
    from bot.store.tx import Tx


def withdraw_items(
    tx: Tx, incident: Incident, *, ticket: TicketLink | None, fallback_repo: str | None
) -> list[Effect]:
    """Issues of its action items tell nothing any more; open items get new ones where its own may be (``ticket``)."""
    effects: list[Effect] = []
    for item in action_items.with_issues(tx, incident.number):
        link = item.ticket
        if link is None or (ticket is not None and link.repo == ticket.repo):
            continue
        marker = action_items.opening(tx, incident, item)
        if marker is not None:
            lane = action_plan.lane_of(incident, item)
            repos = dict.fromkeys(repo for repo in (link.repo, fallback_repo) if repo)
            effects.append(privacy.withdraw_item(incident, lane, repos, link.number, marker))
        elsewhere = TicketLink(repo=ticket.repo) if ticket and item.is_open else None
        after = action_items.save(
            tx, replace(item, ticket=elsewhere, ticket_at=None, assignee=None)
        )
        if elsewhere is not None:
            effects.append(action_plan.open_issue(incident, after))
    return effects


def left_readable(tx: Tx, number: int) -> list[str]:
    """What of it people outside can go on reading, said plainly."""
    lines = []
    if any(i.ticket and i.ticket.number for i in action_items.with_issues(tx, number)):
        lines.append(
            "the issues of its action items: their comments and their history "
            "(titles and texts are replaced, they are closed)"
        )
    post = postmortems.find(tx, number)
    if post is not None and post.repo and post.pull:
        lines.append(
            f"the post-mortem in the pull request {post.repo}#{post.pull}, which stays as it is: "
            "close it and delete its branch there if nobody else may read it"
        )
    return lines
