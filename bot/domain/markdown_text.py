"""What people typed, as Markdown that says exactly that: no heading, mention, HTML, image or link of its own.

For GitHub's Markdown and for Slack's canvases, which read the same. Web addresses become links that show their whole
address; everything else is text. Standard library only, pure.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final
from urllib.parse import quote

#: Has no width; between two characters it keeps them from meaning something together.
JOINER: Final = "\u2060"
ELLIPSIS: Final = "…"
#: What Markdown (or HTML, or GitHub's mathematics) would take for its own anywhere in a line.
_MARKUP: Final = re.compile(r"([\\`*_\[\]<>&|~$^])")
#: … and at its beginning: headings, lists, rules, quotes, numbers, lines under a heading.
_LEADING: Final = re.compile(r"([#+\-=])|(\d{1,9})([.)])")
_ADDRESS: Final = re.compile(r"https?://[^\s<>\"'`|\\^\[\]{}]+", re.IGNORECASE)
#: Mentions, references to issues, and what GitHub makes links of by itself.
_CALLS: Final = (
    (re.compile(r"@(?=[\w-])"), f"@{JOINER}"),
    (re.compile(r"#(?=\d)"), f"#{JOINER}"),
    (re.compile(r"\b(GH-)(?=\d)", re.IGNORECASE), rf"\1{JOINER}"),
    (re.compile(r"\bwww\.", re.IGNORECASE), f"www{JOINER}."),
    (re.compile(r"\b(https?|ftp|mailto|xmpp|javascript|data):", re.IGNORECASE), rf"\1:{JOINER}"),
    (re.compile(r"<(?=[!@#/A-Za-z])"), f"<{JOINER}"),
)
_BULLET: Final = re.compile(r"[-*•]\s+(?=\S)")
LINK_LIMIT: Final = 2_000


def inline(words: str, limit: int = 500) -> str:
    """On one line; what is too long is cut with an ellipsis. It may stand anywhere, also in a table or a link."""
    line = _shortened(" ".join(_clean(words).split()), limit)
    found = _leading(line)
    return "".join([found, *_pieces(line[_length(line) :])])


def prose(words: str) -> str:
    """Lines as paragraphs; what was typed as a list stays a list."""
    rows: list[str] = []
    for line in _clean(words).split("\n"):
        stripped = " ".join(line.split())
        bullet = _BULLET.match(stripped)
        if not stripped:
            continue
        if bullet:
            listed = bool(rows) and rows[-1].startswith("- ")
            row = f"- {inline(stripped[bullet.end() :], 10_000)}"
            rows += [row] if listed else ["", row]
        else:
            rows += ["", inline(stripped, 10_000)]
    return "\n".join(rows).strip("\n")


def link(label: str, url: str | None) -> str:
    """A link with a label of ours or of people; the label alone when the address is none."""
    shown = inline(label, 200)
    safe = address(url or "")
    # An address as label would be a link inside of a link.
    return f"[{plain(label, 200)}]({safe})" if safe else shown


def plain(words: str, limit: int = 500) -> str:
    """As ``inline``, with no link at all."""
    line = _shortened(" ".join(_clean(words).split()), limit)
    return _leading(line) + _quiet(line[_length(line) :])


def address(url: str) -> str:
    """The address as it may stand in a link's brackets; empty when it is no web address."""
    if len(url) > LINK_LIMIT or not _ADDRESS.fullmatch(url):
        return ""
    return quote(url, safe=":/?#@!$&*+,;=%-._~")


def _shortened(line: str, limit: int) -> str:
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def _clean(words: str) -> str:
    """Without controls, lone surrogates and what turns the reading direction; newlines stay."""
    text = words.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n")
    return "".join(c for c in text.replace("\u2029", "\n") if c in "\n\t" or _shows(c))


def _shows(char: str) -> bool:
    category = unicodedata.category(char)
    directs = "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
    return category not in {"Cc", "Cs"} and not directs


def _length(line: str) -> int:
    found = _LEADING.match(line)
    return found.end() if found else 0


def _leading(line: str) -> str:
    """What begins the line, escaped, so that it begins nothing else."""
    found = _LEADING.match(line)
    if not found:
        return ""
    sign, digits, dot = found.groups()
    return f"\\{sign}{JOINER if sign == '#' else ''}" if sign else f"{digits}\\{dot}"


def _pieces(line: str) -> list[str]:
    pieces, position = [], 0
    for found in _ADDRESS.finditer(line):
        pieces.append(_quiet(line[position : found.start()]))
        url = found[0].rstrip(".,;:!?)*_~")
        safe = address(url)
        label = _MARKUP.sub(r"\\\1", url)
        pieces.append(f"[{label}]({safe})" if safe else _quiet(url))
        position = found.start() + len(url)
    return [*pieces, _quiet(line[position:])]


def _quiet(words: str) -> str:
    for pattern, instead in _CALLS:
        words = pattern.sub(instead, words)
    return _MARKUP.sub(r"\\\1", words)
