"""Everything the operations and actions work with, in one place."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.sandbox.pagerduty.account import Account
from bot.sandbox.pagerduty.fields import Fields
from bot.sandbox.pagerduty.journal import Journal
from bot.sandbox.pagerduty.lifecycle import Lifecycle
from bot.sandbox.pagerduty.limits import Limits
from bot.sandbox.pagerduty.render import Render
from bot.sandbox.pagerduty.teamwork import Teamwork
from bot.sandbox.pagerduty.webhooks import Webhooks


@dataclass(frozen=True)
class Desk:
    """The parts of the stand-in."""

    account: Account
    render: Render
    journal: Journal
    lifecycle: Lifecycle
    fields: Fields
    teamwork: Teamwork
    webhooks: Webhooks
    limits: Limits
    changed: Callable[[], None]
    allow_local_webhooks: bool
