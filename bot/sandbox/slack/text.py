"""Text as Slack stores it: escaping, mentions and links in what people type.

https://docs.slack.dev/messaging/formatting-message-text#escaping
"""

import html
import re
from collections.abc import Callable
from typing import Any

_URL = re.compile(r"https?://[^\s<>|]+")
_NAME = re.compile(r"(?<![\w<@#&;/])([@#])([\w][\w.\-]*)")
_TOKEN = re.compile(r"<([^<>]+)>")


def escape(text: str) -> str:
    """Replace the three characters Slack reserves."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def link_names(text: str, resolve: Callable[[str, str], str | None]) -> str:
    """Escape typed text and turn addresses, ``@name`` and ``#name`` into Slack's links.

    Args:
        text: what the person typed.
        resolve: gets the sign (``@`` or ``#``) and the name, answers the whole link such as
            ``<@U123|alice>``, or None when nothing has that name.
    """

    def link(match: re.Match[str]) -> str:
        sign, name = match.groups()
        bare = name.rstrip(".-")
        found = resolve(sign, bare)
        return match.group(0) if found is None else found + name[len(bare) :]

    pieces: list[str] = []
    end = 0
    for url in _URL.finditer(text):
        pieces += [_NAME.sub(link, escape(text[end : url.start()])), f"<{escape(url.group(0))}>"]
        end = url.end()
    return "".join([*pieces, _NAME.sub(link, escape(text[end:]))])


def rich_text(text: str, block_id: str) -> dict[str, Any]:
    """The ``rich_text`` block Slack adds to every message a person types."""
    elements: list[dict[str, Any]] = []
    end = 0
    for match in _TOKEN.finditer(text):
        _append_text(elements, text[end : match.start()])
        elements.append(_rich_element(match.group(1)))
        end = match.end()
    _append_text(elements, text[end:])
    section = {"type": "rich_text_section", "elements": elements}
    return {"type": "rich_text", "block_id": block_id, "elements": [section]}


def _append_text(elements: list[dict[str, Any]], text: str) -> None:
    if text:
        elements.append({"type": "text", "text": html.unescape(text)})


def _rich_element(token: str) -> dict[str, Any]:
    target, _, label = token.partition("|")
    if target.startswith("@"):
        return {"type": "user", "user_id": target[1:]}
    if target.startswith("#"):
        return {"type": "channel", "channel_id": target[1:]}
    if target.startswith("!subteam^"):
        return {"type": "usergroup", "usergroup_id": target.removeprefix("!subteam^")}
    if target.startswith("!"):
        return {"type": "broadcast", "range": target[1:]}
    link = {"type": "link", "url": html.unescape(target)}
    return {**link, "text": html.unescape(label)} if label else link
