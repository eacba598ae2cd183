"""A stand-in for GitHub: the part of REST API v3 a bot uses, and signed webhooks, in memory.

It rests on the vendor's documentation only (https://docs.github.com/rest) and imports nothing of
the rest of this project.
"""

from bot.sandbox.github.app import GitHub

__all__ = ["GitHub"]
