"""Muster's own pager, seen as a pager."""

from bot.providers.native.client import Native

__all__ = ["Native"]
