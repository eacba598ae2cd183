"""Intended side effects: what a decision wants done, as data. One effect is one vendor call.

``key`` is unique for ever (idempotency), ``merge`` unique while pending (ten waiting refreshes are one),
``lane`` keeps strict order within itself, ``urgency`` of the ``rank`` decides who goes first when a rate
limit makes them wait (smaller first), ``after`` names the key of an effect that must be done first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class EffectKind(StrEnum):
    """Every kind of side effect. The part before the dot is the provider that carries it out."""

    ANNOUNCE = "slack.announce"
    CREATE_CHANNEL = "slack.create_channel"
    ADOPT_CHANNEL = "slack.adopt_channel"  # people chose one that exists
    POST_CARD = "slack.post_card"
    PIN_CARD = "slack.pin_card"
    SET_TOPIC = "slack.set_topic"
    SET_PURPOSE = "slack.set_purpose"
    ADD_BOOKMARK = "slack.add_bookmark"
    INVITE = "slack.invite"
    REFRESH_ANNOUNCEMENT = "slack.refresh_announcement"
    REFRESH_CARD = "slack.refresh_card"
    POST_ENTRY = "slack.post_entry"
    MIRROR_UPDATE = "slack.mirror_update"
    TELL_SUBSCRIBER = "slack.tell_subscriber"
    REMIND = "slack.remind"
    WRITE_CANVAS = "slack.write_canvas"
    SHARE_POSTMORTEM = "slack.share_postmortem"  # as messages, where there can be no canvas
    NOTICE_ARCHIVING = "slack.notice_archiving"
    ARCHIVE_CHANNEL = "slack.archive_channel"
    SUMMARISE = "slack.summarise"
    REMOVE_ANNOUNCEMENT = "slack.remove_announcement"  # the incident became private
    VEIL_CARD = "slack.veil_card"  # ... and its card is left behind in a channel
    LEAVE_CHANNEL = "slack.leave_channel"  # ... which is archived
    MIRROR_MEMBERS = "slack.mirror_members"  # who is in a private incident's channel
    ASK_ACCESS = "slack.ask_access"  # the people in it are asked, and see what was answered
    TELL_ACCESS = "slack.tell_access"  # ... and so is whoever asked
    TELL = "slack.tell"  # ephemeral, at least once
    SEND_DIRECT = "slack.send_direct"
    BRIEF = "slack.brief"  # whoever takes a role: what it means, where things stand
    BRIEF_EXPERT = "slack.brief_expert"  # somebody who knows a skill is asked to help
    OFFER_LINK = "slack.offer_link"  # ephemeral, at least once
    LIST_UNREACHABLE = "slack.list_unreachable"  # the admins, weekly
    SHOW_SERVICE = "slack.show_service"  # what is known of a service that was added
    SHOW_ON_CALL = "slack.show_on_call"  # PagerDuty is asked, the answer goes to one person
    SHOW_OVERRIDES = "slack.show_overrides"  # PagerDuty is asked, the answer goes to one person
    TELL_ADMINS = "slack.tell_admins"
    LOOK_AT_MESSAGE = "slack.look_at_message"  # somebody marked it: which marks does it carry now
    CONFIRM_MESSAGE = "slack.confirm_message"  # our reaction says whether it is in the timeline
    ANSWER_MESSAGE = "slack.answer_message"  # in its thread: an incident was opened from it
    SHOW_ACTION = "slack.show_action"  # an action item's one message
    WELCOME = "slack.welcome"  # ephemeral, at least once
    PUBLISH_HOME = "slack.publish_home"
    SEND_REPORT = "slack.send_report"
    DELIVER_PAGE = (
        "slack.deliver_page"  # a page of the native pager to one person, or into a channel
    )
    CORRECT_PAGE = "slack.correct_page"  # ... whose message says what became of it
    SHOW_PAGE = "slack.show_page"  # the one message that proves what became of a page
    TELL_PAGE = "slack.tell_page"  # nobody answered; still on it?
    TELL_ROSTER = "slack.tell_roster"  # a hand-over, or that nobody is on call
    SYNC_GROUP = "slack.sync_group"  # a user group is made equal to who is on call
    DRILL_NEWS = "slack.drill_news"  # the report of a drill, or a sentence, in the drill channel
    POST_ALERTS = "slack.post_alerts"  # the card of a group of alerts
    REFRESH_ALERTS = "slack.refresh_alerts"
    SUMMARISE_ALERTS = "slack.summarise_alerts"  # a storm of alerts in one message
    OPEN_PAGE = "pagerduty.open"
    CHANGE_PAGE = "pagerduty.change"  # acknowledge, resolve, reopen, reassign, escalate, priority
    MERGE_PAGE = "pagerduty.merge"
    NOTE_PAGE = "pagerduty.note"
    PUBLISH_UPDATE = "pagerduty.publish_update"
    OVERRIDE_SCHEDULE = "pagerduty.override"  # somebody stands in; whoever asked is told
    REMOVE_OVERRIDE = "pagerduty.remove_override"  # ... not any more; whoever asked is told
    READ_PAGE = "pagerduty.read"
    POLL_PAGER = "pagerduty.poll"
    OPEN_TICKET = "github.open"
    REFRESH_TICKET = "github.refresh"
    COMMENT_TICKET = "github.comment"
    CHANGE_TICKET = "github.change"  # close, reopen
    OPEN_ACTION = "github.open_action"  # an action item's issue
    CHANGE_ACTION = "github.change_action"  # its state, its assignee
    POLL_ISSUES = "github.poll"
    LOOK_AT_ISSUE = "github.look"  # lists do not tell that one was deleted or moved
    PROPOSE_POSTMORTEM = "github.postmortem"
    VERIFY_LOGIN = "github.verify_login"  # does the account exist that somebody linked
    WITHDRAW_TICKET = "github.withdraw"  # nothing further is written there
    SILENCE_ALERTS = "alertmanager.silence"  # at their source, as long as here
    LOOK_AT_SILENCED = "alertmanager.look"  # what ended there while it was silenced
    READ_CALENDAR = "calendar.read"  # of a roster that is kept elsewhere
    NOTIFY = "apprise.notify"  # beyond Slack, at least once
    DELIVER_BEYOND = "apprise.deliver_page"  # at least once
    PING_DEADMAN = "deadman.ping"  # somebody else hears that pages go on
    RUN_DRILL = "muster.run_drill"  # a drill goes on
    APPLY_EVENT = "muster.apply_event"
    PAGE_NATIVE = "muster.page_native"  # a page begins
    PAGE_ALERTS = "muster.page_alerts"  # ... for a group of alerts without an incident
    PAGE_STEP = "muster.page_step"  # ... and goes on: the next level, still on it?, expired
    END_ALERTS = "muster.end_alerts"  # are all alerts of an incident over

    @property
    def provider(self) -> str:
        """Who carries it out: ``slack``, ``pagerduty``, ``github``, ``apprise``, ..., or ``muster`` itself."""
        return self.value.partition(".")[0]


class Rank(IntEnum):
    """Who goes first when a limit makes effects wait."""

    PAGE = 0
    ANNOUNCE_HIGH = 10
    INBOUND = 15
    CHANNEL = 20
    ANSWER = 25
    CARD = 30
    ANNOUNCE_LOW = 40
    FOLLOW = 50
    REFRESH = 60
    DECORATION = 70


@dataclass(frozen=True, kw_only=True)
class Effect:
    """One intended vendor call. ``due`` None means now; ``deadline`` None means however late."""

    kind: EffectKind
    key: str
    lane: str
    incident: int | None = None
    payload: Mapping[str, Any] = field(default_factory=dict)
    merge: str | None = None
    rank: int = Rank.FOLLOW
    due: datetime | None = None
    deadline: datetime | None = None
    after: str | None = None
