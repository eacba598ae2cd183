"""Webhooks of repositories, for the doctor (https://docs.github.com/rest/repos/webhooks)."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from bot.ports import Subscription

if TYPE_CHECKING:
    from collections.abc import Sequence

    from github.Hook import Hook

    from bot.providers.github.tickets import GitHubTickets

#: More than this GitHub does not allow per event anyway.
MOST = 20


class GitHubHooks:
    """Look at a repository's webhooks and make one. NOT_FOUND when the token has no right to see them."""

    def __init__(self, tickets: GitHubTickets) -> None:
        """Through the same client as everything else."""
        self._tickets = tickets

    async def hooks(self, repo: str) -> Sequence[Subscription]:
        """All of them; ``description`` is what our endpoint answered last, if GitHub says."""
        tickets = self._tickets

        def look() -> list[Subscription]:
            return [_shown(one) for one in islice(tickets.repository_of(repo).get_hooks(), MOST)]

        return await tickets.run("GET hooks", look)

    async def create(self, repo: str, url: str, secret: str, events: Sequence[str]) -> Subscription:
        """A new one, which GitHub pings at once."""
        tickets = self._tickets
        config = {"url": url, "content_type": "json", "secret": secret, "insecure_ssl": "0"}

        def make() -> Subscription:
            made = tickets.repository_of(repo).create_hook("web", config, list(events), active=True)
            return _shown(made)

        return await tickets.run("POST hook", make, write=True)


def _shown(hook: Hook) -> Subscription:
    code = getattr(hook.last_response, "code", None)
    return Subscription(
        id=str(hook.id),
        url=str(hook.config.get("url", "")),
        active=hook.active,
        events=tuple(hook.events),
        description=str(code or ""),
    )
