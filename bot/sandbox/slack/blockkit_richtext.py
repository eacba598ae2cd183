"""The ``rich_text`` block and its elements.

https://docs.slack.dev/reference/block-kit/blocks/rich-text-block
"""

from bot.sandbox.slack.blockkit_elements import ELEMENTS, ID, TYPED_FIELDS, URL
from bot.sandbox.slack.blockkit_schema import (
    TYPE,
    Check,
    array,
    boolean,
    integer,
    number,
    one_of,
    shape,
    string,
    typed,
)

_MANY = 10_000
_STYLE = shape(
    {},
    dict.fromkeys(
        (
            "bold",
            "italic",
            "strike",
            "code",
            "underline",
            "highlight",
            "client_highlight",
            "unlink",
        ),
        boolean,
    ),
)


def _inline(**required: Check) -> Check:
    return shape({"type": TYPE, **required}, {"style": _STYLE})


_INLINE = typed(
    {
        "text": _inline(text=string(40_000)),
        "link": shape(
            {"type": TYPE, "url": URL}, {"text": string(40_000), "unsafe": boolean, "style": _STYLE}
        ),
        "user": _inline(user_id=ID),
        "usergroup": _inline(usergroup_id=ID),
        "channel": _inline(channel_id=ID),
        "team": _inline(team_id=ID),
        "broadcast": _inline(range=one_of("here", "channel", "everyone")),
        "color": _inline(value=string(7)),
        "emoji": shape(
            {"type": TYPE, "name": string(255)},
            {"unicode": string(255), "skin_tone": integer(1, 6), "style": _STYLE, "url": URL},
        ),
        "date": shape(
            {"type": TYPE, "timestamp": number, "format": string(255)},
            {"url": URL, "fallback": string(255), "style": _STYLE},
        ),
    }
)

_INLINES = array(_INLINE, _MANY, least=0)
_SECTION = shape({"type": TYPE, "elements": _INLINES})
_BORDER = integer(0, 1)

_PARTS: dict[str, Check] = {
    "rich_text_section": _SECTION,
    "rich_text_list": shape(
        {
            "type": TYPE,
            "style": one_of("bullet", "ordered"),
            "elements": array(typed({"rich_text_section": _SECTION}), _MANY),
        },
        {"indent": integer(0, 8), "offset": integer(0, 10**6), "border": _BORDER},
    ),
    "rich_text_preformatted": shape(
        {"type": TYPE, "elements": _INLINES}, {"border": _BORDER, "language": string(100)}
    ),
    "rich_text_quote": shape({"type": TYPE, "elements": _INLINES}, {"border": _BORDER}),
}

RICH_TEXT = shape({"type": TYPE, "elements": array(typed(_PARTS), _MANY)}, {"block_id": ID})

#: The element that lets a person type formatted text lives here because it starts from a block.
ALL_ELEMENTS: dict[str, Check] = {
    **ELEMENTS,
    "rich_text_input": shape({"type": TYPE}, {**TYPED_FIELDS, "initial_value": RICH_TEXT}),
}
