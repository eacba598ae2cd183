"""The state of one workspace: people, conversations, views, and the ids and times in them.

Only state and look-ups live here. What may be done with conversations and messages is in
``conversations.py`` and ``messages.py``; both people and the Web API go through those.
"""

import itertools
from collections.abc import Callable

from bot.sandbox import seed
from bot.sandbox.slack.clock import Clock, Feed, Problems
from bot.sandbox.slack.errors import SlackError
from bot.sandbox.slack.manifest import Manifest
from bot.sandbox.slack.model import (
    Canvas,
    Channel,
    Json,
    Message,
    User,
    UserGroup,
    View,
)

EventSink = Callable[[str, Callable[[], Json], Channel | None], None]

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Workspace:
    """One Slack workspace with one installed app."""

    def __init__(self, clock: Clock, feed: Feed, problems: Problems, manifest: Manifest) -> None:
        """Fill it with the people and channels of ``seed.py``."""
        self.clock = clock
        self.feed = feed
        self.problems = problems
        self.manifest = manifest
        self.team_id = seed.TEAM_ID
        self.app_id = seed.APP_ID
        self.bot_id = seed.BOT_ID
        self.verification = "sandbox-verification-token"
        self.base_url = "http://127.0.0.1"
        self.users: dict[str, User] = {}
        self.usergroups: dict[str, UserGroup] = {}
        self.channels: dict[str, Channel] = {}
        self.names: dict[str, str] = {}
        self.modals: dict[str, list[View]] = {}
        self.homes: dict[str, View] = {}
        self.notices: dict[str, list[Json]] = {}
        self.canvases: dict[str, Canvas] = {}
        self.canvas_refusal = (
            ""  # the error the workspace's plan (or administrator) refuses canvases with
        )
        self.usergroup_refusal = ""  # the error apps are refused user groups with, likewise
        self.event_sink: EventSink | None = None
        self._serial = itertools.count(1)
        self._last_ts = 0
        self._seed()

    @property
    def bot(self) -> User:
        """The bot user of the app."""
        return self.users[seed.BOT_USER_ID]

    # -- ids and times -----------------------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """A fresh id that looks like Slack's (``C09`` and six more characters)."""
        number = next(self._serial)
        digits = ""
        while number:
            number, digit = divmod(number, 36)
            digits = _DIGITS[digit] + digits
        return f"{prefix}09{digits:0>6}"

    def new_ts(self) -> str:
        """The id and time of a message: unique, and always later than the one before."""
        stamp = max(int(self.clock.now().timestamp() * 1_000_000), self._last_ts + 1)
        self._last_ts = stamp
        return f"{stamp // 1_000_000}.{stamp % 1_000_000:06d}"

    def now(self) -> int:
        """Unix seconds."""
        return int(self.clock.now().timestamp())

    # -- look-ups ----------------------------------------------------------------------------

    def user(self, ref: str) -> User | None:
        """A user by id, name (with or without ``@``) or e-mail address."""
        if ref in self.users:
            return self.users[ref]
        bare = ref.removeprefix("@").casefold()
        for user in self.users.values():
            if bare in (user.name.casefold(), user.email.casefold(), user.real_name.casefold()):
                return user
        return None

    def channel(self, ref: str) -> Channel | None:
        """A conversation by id or name (with or without ``#``)."""
        return self.channels.get(ref) or self.channels.get(
            self.names.get(ref.removeprefix("#"), "")
        )

    def visible_channel(self, ref: str, user: str) -> Channel:
        """A conversation ``user`` may know of; private ones only exist for their members.

        Raises:
            SlackError: ``channel_not_found``.
        """
        channel = self.channel(ref)
        if channel is None or not self.can_see(channel, user):
            raise SlackError("channel_not_found")
        return channel

    def can_see(self, channel: Channel, user: str) -> bool:
        """Whether the conversation exists from this user's point of view."""
        return user in channel.members or not (channel.is_private or channel.is_im)

    def direct_message(self, one: str, other: str) -> Channel:
        """The direct message of two users, opened when there is none yet."""
        pair = {one, other}
        for channel in self.channels.values():
            if channel.is_im and set(channel.members) == pair:
                return channel
        channel = Channel(self.new_id("D"), "", one, self.now(), is_private=True, is_im=True)
        channel.members = dict.fromkeys((one, other))
        self.channels[channel.id] = channel
        return channel

    def message(self, channel: Channel, ts: str, user: str | None = None) -> Message | None:
        """A message by its ts; an ephemeral one only for the person it is addressed to."""
        found = channel.messages.get(ts)
        if found is not None:
            return found
        hidden = channel.ephemerals.get(ts)
        return hidden if hidden is not None and hidden.ephemeral_to == user else None

    def view(self, view_id: str) -> View | None:
        """An open modal or a published Home tab by id."""
        for stack in self.modals.values():
            for view in stack:
                if view.id == view_id:
                    return view
        return next((view for view in self.homes.values() if view.id == view_id), None)

    def view_by_external_id(self, external_id: str) -> View | None:
        """An open view by the id the app gave it."""
        views = itertools.chain(*self.modals.values(), self.homes.values())
        return next((view for view in views if view.external_id == external_id), None)

    # -- what happens ------------------------------------------------------------------------

    def emit(
        self, event_name: str, event: Callable[[], Json], channel: Channel | None = None
    ) -> None:
        """Hand an event to the app, if it subscribed to it and may see it, and wake the page.

        Args:
            event_name: the subscription (``message.channels``), not the event's ``type``.
            event: makes the inner event; only asked when the app gets it.
            channel: where it happened; apps only hear of conversations they are in.
        """
        self.feed.changed()
        if self.event_sink is not None:
            self.event_sink(event_name, event, channel)

    def notice(self, user: str, text: str) -> None:
        """Show a person what Slack itself would say, for example when the app did not answer."""
        notices = self.notices.setdefault(user, [])
        entry = {"id": self.new_id("N"), "text": text, "at": self.clock.now().isoformat()}
        notices.append(entry)
        del notices[:-50]
        self.feed.changed()

    def permalink(self, channel: Channel, message: Message) -> str:
        """The address of a message."""
        link = f"{self.base_url}/archives/{channel.id}/p{message.ts.replace('.', '')}"
        if message.thread_ts and message.thread_ts != message.ts:
            link += f"?thread_ts={message.thread_ts}&cid={channel.id}"
        return link

    def _seed(self) -> None:
        now = self.now()
        for person in seed.PEOPLE:
            self.users[person["id"]] = User(**person, updated=now)
        name = self.manifest.bot_name
        self.users[seed.BOT_USER_ID] = User(
            seed.BOT_USER_ID, name.lower().replace(" ", "_"), name, is_bot=True, updated=now
        )
        for group_id, handle, title, users in seed.USERGROUPS:
            self.usergroups[group_id] = UserGroup(
                group_id, handle, title, list(users), date_update=now, updated_by=users[0]
            )
        for channel_id, channel_name, purpose, members in seed.CHANNELS:
            channel = Channel(channel_id, channel_name, members[0], now)
            channel.is_general = channel_name == "general"
            channel.members = dict.fromkeys(members)
            channel.purpose = {"value": purpose, "creator": members[0], "last_set": now}
            self.channels[channel_id] = channel
            self.names[channel_name] = channel_id
