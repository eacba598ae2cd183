"""Slack: the Web API as the worker uses it."""

from bot.providers.slack.chat import SlackChat

__all__ = ["SlackChat"]
