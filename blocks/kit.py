"""Small pieces every builder uses: slack_sdk models with our limits and habits built in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from slack_sdk.models.blocks import (
    ActionsBlock,
    Block,
    ButtonElement,
    ConfirmObject,
    ContextBlock,
    HeaderBlock,
    InteractiveElement,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)

from blocks import text
from bot.domain.incident import Phase, Status, Urgency
from bot.ports import Message

if TYPE_CHECKING:
    from collections.abc import Sequence

    from blocks.ids import ActionId, ButtonValue
    from bot.domain.incident import Incident

SECTION_LIMIT: Final = 3000
FIELD_LIMIT: Final = 2000
HEADER_LIMIT: Final = 150
BUTTON_LIMIT: Final = 75
BUTTON_VALUE_LIMIT: Final = 2000
FALLBACK_LIMIT: Final = 3900
MESSAGE_BLOCKS: Final = 50
VIEW_BLOCKS: Final = 100
#: Slack refuses messages whose blocks are too long together (``msg_blocks_too_long``) and does not
#: say from where on; refusals were reported from about 13,000 characters.
MESSAGE_ROOM: Final = 12_000

STATUS_EMOJI: Final = {
    Status.TRIGGERED: "🚨",
    Status.ACKNOWLEDGED: "👀",
    Status.RESOLVED: "✅",
}
PHASE_EMOJI: Final = {
    Phase.INVESTIGATING: "🔎",
    Phase.IDENTIFIED: "🎯",
    Phase.MONITORING: "📈",
    Phase.RESOLVED: "✅",
}
URGENCY_WORD: Final = {Urgency.HIGH: "High", Urgency.LOW: "Low"}
NO_SEVERITY_EMOJI: Final = ":rotating_light:"
PROVIDER_NAMES: Final = {
    "pagerduty": "PagerDuty",
    "github": "GitHub",
    "slack": "Slack",
    "muster": "Muster",
    "native": "the built-in pager",
    "statuspage": "Statuspage",
    "apprise": "The notification service",
    "alertmanager": "Alertmanager",
}


def mrkdwn(markup: str, limit: int = SECTION_LIMIT) -> MarkdownTextObject:
    """Text whose every mention and link was made by us: Slack is told to find none by itself."""
    return MarkdownTextObject(text=text.truncate(markup, limit) or text.ELLIPSIS, verbatim=True)


def plain_text(words: str, limit: int) -> PlainTextObject:
    """Plain text with ``:emoji:`` names shown as emoji."""
    return PlainTextObject(text=text.truncate(words, limit), emoji=True)


def header(words: str, block_id: str | None = None) -> HeaderBlock:
    """A header of at most 150 characters."""
    return HeaderBlock(text=plain_text(words, HEADER_LIMIT), block_id=block_id)


def section(markup: str, block_id: str | None = None, *, accessory: Any = None) -> SectionBlock:
    """One paragraph of mrkdwn."""
    return SectionBlock(text=mrkdwn(markup), block_id=block_id, accessory=accessory)


def facts(lines: Sequence[str], block_id: str | None = None) -> SectionBlock:
    """Up to ten short facts: two columns on a desktop, one on a phone."""
    fields = [mrkdwn(line, FIELD_LIMIT) for line in lines[:10]]
    return SectionBlock(fields=fields, block_id=block_id)


def fit(lines: Sequence[str], room: int) -> tuple[list[str], int]:
    """The first lines that fit into ``room`` characters, and how many do not."""
    kept: list[str] = []
    for line in lines:
        room -= text.size(line) + 1
        if room < 0:
            break
        kept.append(line)
    return kept, len(lines) - len(kept)


def paragraphs(lines: Sequence[str]) -> list[Block]:
    """Lines packed into as few sections as they fit."""
    blocks: list[Block] = []
    packed = ""
    for line in lines:
        fitting = text.truncate(line, SECTION_LIMIT)
        if packed and text.size(packed) + text.size(fitting) + 1 > SECTION_LIMIT:
            blocks.append(section(packed))
            packed = ""
        packed = f"{packed}\n{fitting}" if packed else fitting
    if packed:
        blocks.append(section(packed))
    return blocks


def context(markup: str, block_id: str | None = None) -> ContextBlock:
    """A small grey line."""
    return ContextBlock(elements=[mrkdwn(markup)], block_id=block_id)


def actions(buttons: Sequence[InteractiveElement], block_id: str) -> ActionsBlock:
    """A row of at most 25 buttons."""
    return ActionsBlock(elements=list(buttons[:25]), block_id=block_id)


def button(
    label: str,
    action: ActionId,
    value: ButtonValue | None = None,
    *,
    style: str | None = None,
    confirm: ConfirmObject | None = None,
    about: str | None = None,
) -> ButtonElement:
    """A button; ``about`` completes the label for screen readers ("Acknowledge INC-12")."""
    return ButtonElement(
        text=plain_text(label, BUTTON_LIMIT),
        action_id=action.value,
        value=value.encode() if value else None,
        style=style,
        confirm=confirm,
        accessibility_label=text.truncate(f"{label} {about}", BUTTON_LIMIT) if about else None,
    )


def message(fallback: str, blocks: Sequence[Block] = ()) -> Message:
    """A message within Slack's limits; one too long says so instead of being refused."""
    shown = list(blocks)
    if len(shown) > MESSAGE_BLOCKS:
        hidden = len(shown) - MESSAGE_BLOCKS + 1
        shown = [*shown[: MESSAGE_BLOCKS - 1], context(f"{hidden:,} more not shown")]
    return Message(
        text=text.truncate(fallback, FALLBACK_LIMIT),
        blocks=[block.to_dict() for block in shown],
    )


def status_words(incident: Incident) -> str:
    """``👀 Acknowledged · identified``: the status, and the phase where it says more."""
    words = f"{STATUS_EMOJI[incident.status]} {incident.status.value.capitalize()}"
    if incident.is_open and incident.phase not in (Phase.INVESTIGATING, Phase.RESOLVED):
        words += f" · {incident.phase.value}"
    return words


def owners(incident: Incident) -> str:
    """The owner; who else is assigned is counted."""
    named = text.mention(incident.owner)
    others = len(incident.owners) - 1
    return f"{named} and {others} more" if others > 0 else named


def home_link(incident: Incident) -> str:
    """``INC-12`` as a link to where it lives: its channel, else its announcement."""
    places = incident.places
    if places.channel:
        return f"{incident.name} {text.channel_link(places.channel)}"
    return text.link(places.announcement_url, incident.name)


def provider_name(provider: str) -> str:
    """A vendor's name as it writes itself."""
    return PROVIDER_NAMES.get(provider, text.inline(provider, 60, empty="a provider"))
