"""Everything the operations and actions work with, in one place."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.sandbox.github.issues import Issues
from bot.sandbox.github.limits import Limits
from bot.sandbox.github.model import Account
from bot.sandbox.github.render import Render
from bot.sandbox.github.store import Store
from bot.sandbox.github.webhooks import Webhooks


@dataclass(frozen=True)
class Desk:
    """The parts of the stand-in. `bot` is the account of tokens that name nobody."""

    store: Store
    render: Render
    webhooks: Webhooks
    issues: Issues
    limits: Limits
    bot: Account
    changed: Callable[[], None]
    search_lag: timedelta
