"""Outside text made safe for Slack's mrkdwn, and times and names the way people read them.

Text is plain inside Muster: unescaped once on the way in (``plain``), escaped once on the way out
(``inline`` for one-line names and titles, ``prose`` for what people wrote at length). Mentions are
only ever made from ids we know (``mention``), never from typed text. Lengths are counted in UTF-16
units, the stricter of the two ways Slack could count.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from bot.domain.incident import Actor

ELLIPSIS: Final = "…"
_MARKUP: Final = ("", "&", "<")  # a joiner never joins what must be read as a whole
ZERO_WIDTH: Final = "\u200b"
LINK_LIMIT: Final = 1000
MINUTE: Final = 60
JUST_NOW: Final = 5

_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_SHOUT = re.compile(r"@(?=(?:here|channel|everyone|group)\b)", re.IGNORECASE)
# Slack starts bold, italic, strike or code where a mark follows no word and precedes no space.
_OPENING_MARK = re.compile(r"(?<![^\W_])([*_~`]+)(?=\S)")
_OPENING_QUOTE = re.compile(r"^(&gt;)+|^•", re.MULTILINE)
_IN_URL = r"\s<>|\"'`\x00-\x1f"
_URL = re.compile(rf"https?://[^{_IN_URL}]+[^{_IN_URL}.,;:!?)\]*_~]", re.IGNORECASE)
_TOKEN = re.compile(r"<[^<>\n]{1,4000}>|&(?:amp|lt|gt);")
_BIDI_CONTROLS = dict.fromkeys(
    [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C]
)
# Hebrew, Arabic and their neighbours, with the ancient and the newly encoded scripts.
_RTL = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]"
)
_NEWLINE = re.compile("\r\n?|[\u2028\u2029]")
_TAB = re.compile("[\t\x0b\x0c\x85]")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u3164 …"
_USER_ID = re.compile(r"[UW][A-Z0-9]{1,20}")
_CHANNEL_ID = re.compile(r"[CGD][A-Z0-9]{1,20}")
_FROM_SLACK = re.compile(
    r"<(?:@(?P<user>[UW][A-Z0-9]+)|#(?P<channel>[CGD][A-Z0-9]+)|!(?P<special>[^|<>]+)"
    r"|(?P<url>[a-z][a-z0-9+.-]*:[^|<>]+))(?:\|(?P<label>[^<>]*))?>"
)
_MENTIONED = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^<>]*)?>")


# --- lengths -------------------------------------------------------------------------------------


def size(text: str) -> int:
    """Length in UTF-16 units: an emoji counts two, as in the browser."""
    return len(text) + sum(1 for char in text if char > "\uffff")


def _pieces(text: str) -> Iterator[str]:
    """Split into what must not be cut: ``<…>`` tokens, entities, characters with their marks."""
    position, end = 0, len(text)
    while position < end:
        token = _TOKEN.match(text, position)
        stop = token.end() if token else _cluster_end(text, position)
        yield text[position:stop]
        position = stop


def _cluster_end(text: str, start: int) -> int:
    """The end of the character at ``start`` with its marks, joined emoji, skin tones and flags."""
    position = start + 1
    if _is_flag_half(text[start]) and position < len(text) and _is_flag_half(text[position]):
        position += 1
    while position < len(text):
        char = text[position]
        if char == "\u200d":
            position += 1 if text[position + 1 : position + 2] in _MARKUP else 2
        elif unicodedata.category(char)[0] == "M" or _is_modifier(char):
            position += 1
        else:
            break
    return position


def _is_flag_half(char: str) -> bool:
    return "\U0001f1e6" <= char <= "\U0001f1ff"


def _is_modifier(char: str) -> bool:
    return "\U0001f3fb" <= char <= "\U0001f3ff" or "\U000e0020" <= char <= "\U000e007f"


def truncate(text: str, limit: int) -> str:
    """At most ``limit`` long, with ``…`` where it was cut.

    Never cuts a character with its marks, an entity or a ``<…>`` token in two.
    """
    if size(text) <= limit:
        return text
    kept: list[str] = []
    room = limit - len(ELLIPSIS)
    for piece in _pieces(text):
        room -= size(piece)
        if room < 0:
            break
        kept.append(piece)
    return "".join(kept).rstrip() + ELLIPSIS if limit > 0 else ""


def _breakable(text: str, limit: int) -> Iterator[str]:
    """Lines; where a line is too long its words; where a word is, its characters."""
    for line in text.split("\n"):
        for word in [line] if size(line) < limit else re.split(r"(?<= )", line):
            yield from [word] if size(word) < limit else _pieces(word)
        yield "\n"


def chunks(text: str, limit: int) -> list[str]:
    """All of the text in parts of at most ``limit``, cut between lines, else words."""
    parts: list[str] = []
    current: list[str] = []
    room = limit
    for piece in _breakable(text, limit):
        if size(piece) > room and current:
            parts.append("".join(current).strip("\n"))
            current, room = [], limit
        current.append(piece)
        room -= size(piece)
    parts.append("".join(current).strip("\n"))
    return [part for part in parts if part.strip()]


# --- on the way out ------------------------------------------------------------------------------


def clean(text: str) -> str:
    """Without control characters, direction overrides and lone surrogates; newlines stay."""
    text = _NEWLINE.sub("\n", text).translate(_BIDI_CONTROLS)
    return _SURROGATE.sub("\ufffd", _CONTROL.sub("", _TAB.sub(" ", text)))


def shows(text: str) -> bool:
    """Whether there is anything to see in it."""
    return bool(clean(text[:2000]).strip(_INVISIBLE + "\n"))


def one_line(text: str, limit: int = 300, *, empty: str = "(no title)") -> str:
    """Plain text for one line: whitespace folded, cut, right-to-left text kept to itself."""
    return _isolate(_fold(text, limit - 2) or empty)


def _fold(text: str, limit: int) -> str:
    """One line of at most ``limit``, empty when there is nothing to see."""
    # Cut generously first: folding 10,000 characters for a 150 character header is wasted work.
    folded = truncate(" ".join(clean(text[: limit * 8]).split()), limit)
    return folded if folded.strip(_INVISIBLE) else ""


def _isolate(text: str) -> str:
    """Right-to-left text in isolation marks: it must not move the numbers and words beside it."""
    if _RTL.search(text):
        return f"\u2068{text}\u2069"
    return text


def escape(text: str) -> str:
    """Escape ``&<>`` once and take the ping out of ``@here`` and its like."""
    return _SHOUT.sub("@" + ZERO_WIDTH, clean(text).translate(_ENTITIES))


def verbatim(text: str) -> str:
    """Exactly these characters inside a code block of ours; what could end it must not be among them."""
    return text.translate(_ENTITIES)


def inline(text: str, limit: int = 300, *, empty: str = "(no title)") -> str:
    """A title or name inside mrkdwn: one line, escaped, and its ``*_~`` marks shown, not obeyed."""
    shown = escape(_fold(text, limit) or empty)
    shown = _OPENING_MARK.sub(lambda mark: ZERO_WIDTH.join(mark[1]) + ZERO_WIDTH, shown)
    shown = _OPENING_QUOTE.sub(lambda mark: ZERO_WIDTH + mark[0], shown)
    return _isolate(truncate(shown, limit - 2))


def prose(text: str, limit: int = 2900) -> str:
    """What people wrote at length: escaped, their own formatting kept, web addresses clickable."""
    text = clean(text[:100_000]).strip()
    parts: list[str] = []
    position = 0
    for found in _URL.finditer(text):
        parts.append(escape(text[position : found.start()]))
        address = safe_url(found[0])
        parts.append(f"<{address.translate(_ENTITIES)}>" if address else escape(found[0]))
        position = found.end()
    parts.append(escape(text[position:]))
    return truncate("".join(parts), limit)


def quote(text: str, limit: int = 2900) -> str:
    """``prose`` as a quotation: every line is marked, so that it cannot pass for our own words."""
    # A code fence would swallow the marks of the lines after it.
    lines = prose(text, limit).replace("```", "'''").split("\n")
    return truncate("\n".join(f"> {line}" for line in lines if line.strip()), limit)


def mention(actor: Actor | None, *, nobody: str = "nobody yet") -> str:
    """``<@U…>`` when we know the person's Slack id, else the name, which cannot ping."""
    if actor is None:
        return nobody
    if actor.slack_id and _USER_ID.fullmatch(actor.slack_id):
        return f"<@{actor.slack_id}>"
    return inline(actor.name, 80, empty="somebody")


def channel_link(channel: str | None, *, fallback: str = "channel") -> str:
    """``<#C…>`` for an id Slack gave us."""
    return f"<#{channel}>" if channel and _CHANNEL_ID.fullmatch(channel) else inline(fallback, 90)


def link(url: str | None, label: str) -> str:
    """A labelled link; just the label when the address is none, odd or too long for a field."""
    shown = inline(label, 200, empty="link").replace("|", "¦")
    address = safe_url(url)
    return f"<{address.translate(_ENTITIES)}|{shown}>" if address else shown


def safe_url(url: str | None) -> str | None:
    """The address when it is a web address Slack takes, with ``|<>`` encoded; else None."""
    if not url or len(url) > LINK_LIMIT or not re.match(r"https?://[^\s/]", url, re.IGNORECASE):
        return None
    if any(char.isspace() or unicodedata.category(char)[0] == "C" for char in url):
        return None
    return url.replace("|", "%7C").replace("<", "%3C").replace(">", "%3E")


def date(at: datetime, style: str = "{date_short_pretty} {time}") -> str:
    """A time in the reader's own zone; readers without Slack see UTC."""
    fallback = at.astimezone(UTC)
    return f"<!date^{int(at.timestamp())}^{style}|{fallback:%Y-%m-%d %H:%M} UTC>"


def duration(seconds: float) -> str:
    """``45 s``, ``12 min``, ``3 h 05 min``, ``2 d 4 h``: two units at most."""
    whole = max(0, int(seconds))
    minutes, hours, days = whole // 60, whole // 3600, whole // 86400
    if whole < MINUTE:
        return f"{whole} s"
    if hours < 1:
        return f"{minutes} min"
    if days < 1:
        return f"{hours} h {minutes % 60:02d} min" if minutes % 60 else f"{hours} h"
    return f"{days} d {hours % 24} h" if hours % 24 else f"{days} d"


def ago(at: datetime, now: datetime) -> str:
    """``just now`` or ``12 min ago``."""
    seconds = (now - at).total_seconds()
    return "just now" if seconds < JUST_NOW else f"{duration(seconds)} ago"


def plural(count: int, one: str, many: str | None = None) -> str:
    """``1 incident``, ``2 incidents``, ``1,234 incidents``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


# --- on the way in -------------------------------------------------------------------------------


def unescape(text: str) -> str:
    """Undo Slack's ``&lt; &gt; &amp;`` once; the ampersand last: ``&amp;lt;`` means ``&lt;``."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def plain(text: str) -> str:
    """Message or command text from Slack as plain text: tokens made readable, then unescaped."""
    return unescape(_FROM_SLACK.sub(_say_token, text))


def _say_token(token: re.Match[str]) -> str:
    label = token["label"]
    if token["user"]:
        return "@" + (label or token["user"])
    if token["channel"]:
        return "#" + (label or token["channel"])
    if token["special"]:
        special = token["special"]
        return label or "@" + special.partition("^")[0]
    url = token["url"]
    # Slack labels bare addresses with themselves ("example.com"); a real label is kept beside.
    if not label or label in url:
        return url.removeprefix("mailto:") if label else url
    return f"{label} ({url})"


def mentioned_users(text: str) -> tuple[str, ...]:
    """The Slack ids mentioned in raw text from Slack, in order, once each."""
    return tuple(dict.fromkeys(_MENTIONED.findall(text)))
