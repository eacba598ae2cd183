"""A stand-in for PagerDuty: REST API v2 and signed V3 webhooks, everything in memory.

It rests on the vendor's documentation only (https://developer.pagerduty.com/) and imports nothing
of the rest of this project.
"""

from bot.sandbox.pagerduty.app import PagerDuty

__all__ = ["PagerDuty"]
