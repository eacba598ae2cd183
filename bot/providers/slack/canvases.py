"""Slack canvases: one per channel, written as Markdown.

https://docs.slack.dev/reference/methods/conversations.canvases.create
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.providers.slack.calls import Calls
from bot.providers.slack.parse import mapping, text

if TYPE_CHECKING:
    from bot.ports_documents import Canvases

CANVAS_LIMIT = 1_048_576  # characters of markdown, docs.slack.dev


class ChannelCanvases(Calls):
    """All of ``Canvases``."""

    async def canvas_of(self, channel: str) -> str | None:
        """``channel.properties.canvas.file_id`` of ``conversations.info``."""
        answer = await self._call("conversations.info", channel=channel)
        properties = mapping(mapping(answer.get("channel")).get("properties"))
        return text(mapping(properties.get("canvas")).get("file_id")) or None

    async def create_canvas(self, channel: str, title: str, markdown: str) -> str:
        """Not idempotent by itself, but Slack gives a channel one canvas only."""
        answer = await self._call(
            "conversations.canvases.create",
            channel_id=channel,
            title=title,
            document_content=_content(markdown),
        )
        return self._required(answer, "canvas_id", write=True)

    async def replace_canvas(self, canvas: str, markdown: str) -> None:
        """One change: without a section, ``replace`` concerns all of it."""
        change = {"operation": "replace", "document_content": _content(markdown)}
        await self._call("canvases.edit", canvas_id=canvas, changes=[change])


def _content(markdown: str) -> dict[str, str]:
    return {"type": "markdown", "markdown": markdown[:CANVAS_LIMIT]}


def _keeps_the_port(canvases: ChannelCanvases) -> Canvases:
    return canvases  # mypy fails here when the client and the Protocol part ways
