"""GitHub: issues through PyGithub, and whether a webhook is theirs."""

from bot.providers.github.tickets import GitHubTickets, marker
from bot.providers.github.webhooks import verify

__all__ = ["GitHubTickets", "marker", "verify"]
