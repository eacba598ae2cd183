"""PagerDuty: the REST client, and what its webhooks say."""

from bot.providers.pagerduty.client import PagerDuty
from bot.providers.pagerduty.webhooks import parse_event, verify

__all__ = ["PagerDuty", "parse_event", "verify"]
