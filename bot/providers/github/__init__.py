"""GitHub: issues through PyGithub, whether a webhook is theirs and what it says, webhooks of repositories."""

from bot.providers.github.events import parse_event
from bot.providers.github.hooks import GitHubHooks
from bot.providers.github.tickets import GitHubTickets, marker
from bot.providers.github.webhooks import verify

__all__ = ["GitHubHooks", "GitHubTickets", "marker", "parse_event", "verify"]
