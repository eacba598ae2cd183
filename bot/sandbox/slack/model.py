"""What a workspace is made of. Names follow Slack's object reference.

https://docs.slack.dev/reference/objects/
"""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class User:
    """A member of the workspace, or the bot user."""

    id: str
    name: str
    real_name: str
    email: str = ""
    tz: str = "Etc/UTC"
    deleted: bool = False
    is_bot: bool = False
    is_restricted: bool = False
    is_admin: bool = False
    team: str = ""  # of another workspace, met in a shared channel
    status_text: str = ""
    status_emoji: str = ""
    status_expiration: int = 0
    updated: int = 0


@dataclass(slots=True)
class UserGroup:
    """A user group (subteam); its handle can be mentioned."""

    id: str
    handle: str
    name: str
    users: list[str]
    description: str = ""
    date_update: int = 0
    updated_by: str = ""


@dataclass(slots=True)
class Message:
    """One message; ``ephemeral_to`` names the only person who sees it."""

    ts: str
    user: str
    text: str
    blocks: list[Json] = field(default_factory=list)
    attachments: list[Json] = field(default_factory=list)
    thread_ts: str | None = None
    subtype: str | None = None
    username: str | None = None
    by_app: bool = False
    edited: Json | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    metadata: Json | None = None
    ephemeral_to: str | None = None
    reply_broadcast: bool = False
    replies: list[str] = field(default_factory=list)
    state: Json = field(default_factory=dict)
    fields: Json = field(default_factory=dict)


@dataclass(slots=True)
class Pin:
    """A pinned message."""

    ts: str
    user: str
    created: int


@dataclass(slots=True)
class Bookmark:
    """A link in a channel's header."""

    id: str
    title: str
    link: str
    emoji: str
    user: str
    created: int
    updated: int = 0


@dataclass(slots=True)
class Channel:
    """A conversation: public or private channel, or a direct message."""

    id: str
    name: str
    creator: str
    created: int
    is_private: bool = False
    is_im: bool = False
    is_general: bool = False
    is_archived: bool = False
    members: dict[str, None] = field(default_factory=dict)
    topic: Json = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    purpose: Json = field(default_factory=lambda: {"value": "", "creator": "", "last_set": 0})
    previous_names: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    ephemerals: dict[str, Message] = field(default_factory=dict)
    pins: list[Pin] = field(default_factory=list)
    bookmarks: dict[str, Bookmark] = field(default_factory=dict)
    last_read: dict[str, str] = field(default_factory=dict)
    canvas_id: str | None = None
    updated: int = 0

    @property
    def kind(self) -> str:
        """``channel_type`` as in events: channel, group or im."""
        if self.is_im:
            return "im"
        return "group" if self.is_private else "channel"

    def other(self, user: str) -> str:
        """The other person of a direct message."""
        return next((member for member in self.members if member != user), user)


@dataclass(slots=True)
class View:
    """A modal or a Home tab, as it stands on one person's screen."""

    id: str
    user: str
    type: str
    blocks: list[Json]
    hash: str
    title: Json | None = None
    submit: Json | None = None
    close: Json | None = None
    callback_id: str = ""
    private_metadata: str = ""
    external_id: str = ""
    notify_on_close: bool = False
    clear_on_close: bool = False
    submit_disabled: bool = False
    root_view_id: str = ""
    previous_view_id: str | None = None
    state: Json = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    pending: bool = False


@dataclass(slots=True)
class Canvas:
    """A canvas; the sandbox keeps its markdown sections only."""

    id: str
    channel: str
    title: str
    sections: dict[str, str] = field(default_factory=dict)
