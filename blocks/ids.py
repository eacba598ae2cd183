"""The names by which Slack tells us what was pressed; dotted, stable for ever, in one place.

Old messages keep their buttons for years: an id here may be added, never renamed or given another
meaning. Values on buttons are versioned JSON, so that a later shape can be told from this one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Final, Self

from bot.errors import UserError

VALUE_VERSION: Final = 1

#: ``action_id`` of every form element that needs no name of its own; its block names it.
ELEMENT: Final = "value"


class ActionId(StrEnum):
    """Buttons and inputs that send an action when they are used."""

    ACKNOWLEDGE = "incident.acknowledge"
    REASSIGN = "incident.reassign"
    ESCALATE = "incident.escalate"
    RESOLVE = "incident.resolve"
    REOPEN = "incident.reopen"
    POSTMORTEM = "incident.postmortem"
    MORE = "incident.more"
    SUBSCRIBE = "incident.subscribe"
    UNSUBSCRIBE = "incident.unsubscribe"
    SNOOZE = "incident.snooze"
    OPEN_CHANNEL = "incident.open_channel"
    DECLARE = "incident.declare"
    CHARTS = "home.charts"
    DECLARE_ANYWAY = "incident.declare_anyway"
    JOIN = "incident.join"
    TITLE_TYPED = "incident.title_typed"
    SERVICE_CHOSEN = "incident.service_chosen"
    POST_UPDATE = "incident.post_update"
    CHANGE_SEVERITY = "incident.change_severity"
    CHANGE_PHASE = "incident.change_phase"
    ASSIGN_ROLES = "incident.assign_roles"
    SERVICES = "incident.services"
    PAGE_SOMEONE = "incident.page_someone"
    ADD_NOTE = "incident.add_note"
    TIMELINE = "incident.timeline"
    TIMES = "incident.times"
    MERGE = "incident.merge"
    ADD_ACTION_ITEM = "incident.add_action_item"
    MAKE_PRIVATE = "incident.make_private"
    REQUEST_ACCESS = "access.request"
    LET_IN = "access.let_in"
    DECLINE_ACCESS = "access.decline"
    OPEN_FORM = "mention.open_form"
    TAKE_ROLE = "role.take"
    FREE_ROLE = "role.free"
    REMOVE_SERVICE = "service.remove"
    INVITE_OWNERS = "service.invite_owners"
    ACTION_DONE = "action_item.done"
    ACTION_REOPEN = "action_item.reopen"
    ACTION_OWNER = "action_item.owner"
    PICK_INCIDENT = "incident.pick"  # also asks for the incidents to choose from
    PROPOSED = "form.proposed"  # a choice in a form that shows current / proposed
    KEEP_OPEN = "channel.keep_open"
    TAKE_OWNERSHIP = "incident.take_ownership"
    DRILL = "drill.ask"
    ALERTS_OPEN = "alerts.open_incident"
    ALERTS_ATTACH = "alerts.attach"
    ALERTS_ATTACH_TO = "alerts.attach_to"  # the very incident that looks the same
    ALERTS_ACKNOWLEDGE = "alerts.acknowledge"
    ALERTS_SILENCE = "alerts.silence"
    ALERTS_UNSILENCE = "alerts.unsilence"
    ROSTER_NEW = "roster.new"
    ROSTER_EDIT = "roster.edit"
    ROSTER_DELETE = "roster.delete"
    ROSTER_ADD_LAYER = "roster.add_layer"
    ROSTER_REMOVE_LAYER = "roster.remove_layer"
    OVERRIDE = "oncall.override"
    SWAP_TURNS = "oncall.swap"
    ON_CALL_AT = "oncall.at"
    OVERRIDES = "oncall.overrides"
    REMOVE_OVERRIDE = "oncall.remove_override"
    REMOVE_AT_PAGER = "oncall.remove_at_pager"  # an override of a schedule at PagerDuty
    PAGE_ACKNOWLEDGE = "page.acknowledge"  # somebody asked to help is coming
    PAGE_ESCALATE = "page.escalate"  # of alerts: the next level at once
    STILL_ON_IT = "page.still_on_it"
    LINK_ACCOUNT = "link.account"
    PICK_PAGER_USER = "link.pick_pager_user"  # asks for PagerDuty's users to choose from
    MY_SETTINGS = "home.my_settings"
    INVITE_EXPERT = "expert.invite"
    RETRY = "step.retry"
    DISMISS = "step.dismiss"


class CallbackId(StrEnum):
    """Modals and the Home view."""

    DECLARE = "declare"
    REASSIGN = "reassign"
    ESCALATE = "escalate"
    RESOLVE = "resolve"
    ADD_NOTE = "add_note"
    ADD_MESSAGE = "add_message"
    MERGE = "merge"
    CHANGE_SEVERITY = "change_severity"
    CHANGE_PHASE = "change_phase"
    CHANGE_TITLE = "change_title"
    CHANGE_SUMMARY = "change_summary"
    ASSIGN_ROLE = "assign_role"
    POST_UPDATE = "post_update"
    TIMES = "times"
    POSTMORTEM = "postmortem"
    SERVICES = "services"
    PAGE_SOMEONE = "page_someone"
    PICK_INCIDENT = "pick_incident"
    ACTION_ITEMS = "action_items"
    ACTION_OWNER = "action_owner"
    ATTACH_ALERTS = "attach_alerts"
    SILENCE_ALERTS = "silence_alerts"
    ROSTER = "roster"
    OVERRIDE = "override"
    SWAP_TURNS = "swap_turns"
    ON_CALL_AT = "on_call_at"
    LINK_ACCOUNT = "link_account"
    MY_SETTINGS = "my_settings"
    CHOOSE_SKILL = "choose_skill"
    DRILL = "drill"
    PANEL = "panel"
    TIMELINE = "timeline"
    LOADING = "loading"
    MESSAGE = "message"
    HOME = "home"


class ShortcutId(StrEnum):
    """Shortcuts as manifest.yml names them."""

    DECLARE = "shortcut.declare"
    OPEN_INCIDENT = "shortcut.open_incident"
    ADD_TO_TIMELINE = "shortcut.add_to_timeline"


class BlockId(StrEnum):
    """Blocks somebody looks for: form fields, and the fixed parts of cards and views."""

    HEADER = "card.header"
    FACTS = "card.facts"
    ACTIONS = "card.actions"
    TITLE = "field.title"
    SEVERITY = "field.severity"
    SERVICE = "field.service"
    DESCRIPTION = "field.description"
    PRIVATE = "field.private"
    PERSON = "field.person"
    MESSAGE = "field.message"
    TARGET = "field.target"
    RESOLUTION = "field.resolution"
    NOTE = "field.note"
    REASON = "field.reason"
    PHASE = "field.phase"
    SUMMARY = "field.summary"
    ROLE = "field.role"
    UPDATE = "field.update"
    NEXT_UPDATE = "field.next_update"
    INCIDENT = "field.incident"
    KEEP = "field.keep"
    IMPACT = "field.impact"
    REPLACE = "field.replace"
    STARTED = "field.started"
    DETECTED = "field.detected"
    ACKNOWLEDGED = "field.acknowledged"
    MITIGATED = "field.mitigated"
    RESOLVED = "field.resolved"
    USE_CHANNEL = "field.use_channel"
    ACTION = "field.action"
    DURATION = "field.duration"
    NAME = "field.name"
    TIME_ZONE = "field.time_zone"
    LAYER = "roster.layer"  # this and the next five: with the layer's key behind it
    PEOPLE = "field.people"
    ROTATION = "field.rotation"
    HANDOVER = "field.handover"
    START = "field.start"
    HOURS = "field.hours"
    USER_GROUP = "field.user_group"
    ANNOUNCE_IN = "field.announce_in"
    ROSTER = "field.roster"
    SINCE = "field.since"
    UNTIL = "field.until"
    AT = "field.at"
    OTHER = "field.other"
    OTHER_AT = "field.other_at"
    PAGER_USER = "field.pager_user"
    GITHUB_LOGIN = "field.github_login"
    SKILL = "field.skill"
    SKILLS = "field.skills"
    MORE_SKILLS = "field.more_skills"
    QUIET_FROM = "field.quiet_from"
    QUIET_TO = "field.quiet_to"
    PAGE = "field.page"
    URGENT = "field.urgent"


def step_block(effect_id: int) -> str:
    """The block id of a failed step's buttons."""
    return f"step.{effect_id}"


@dataclass(frozen=True)
class ButtonValue:
    """What a button carries: the ids it needs, never a message it must find again."""

    def encode(self) -> str:
        """Compact versioned JSON, for a button's value or a view's private_metadata."""
        body = {"v": VALUE_VERSION, **asdict(self)}
        return json.dumps(body, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def decode(cls, value: str | None) -> Self:
        """Read it back; whatever has not exactly this shape comes from another version of us."""
        try:
            body = json.loads(value or "")
        except (ValueError, RecursionError):
            raise _outdated() from None
        if not isinstance(body, dict) or body.pop("v", None) != VALUE_VERSION:
            raise _outdated()
        expected = {f.name: f.type for f in fields(cls)}
        if set(body) != set(expected):
            raise _outdated()
        if not all(_fits(body[name], str(kind)) for name, kind in expected.items()):
            raise _outdated()
        return cls(**body)


def _fits(value: object, kind: str) -> bool:
    """Whether a decoded value is what the annotation says (the few types used here)."""
    if value is None:
        return kind.endswith("| None")
    if kind.startswith("int"):
        return type(value) is int and 0 < value < 2**63
    if kind.startswith("bool"):
        return type(value) is bool
    return isinstance(value, str)


def _outdated() -> UserError:
    return UserError(
        "This button is from an older version of me, so nothing was done. "
        "Please use /incident, or a newer message about this incident."
    )


@dataclass(frozen=True)
class IncidentButton(ButtonValue):
    """A button about one incident; also what the forms about an incident keep as metadata."""

    number: int


@dataclass(frozen=True)
class PageButton(ButtonValue):
    """A button about one page of the native pager."""

    page: int


@dataclass(frozen=True)
class AlertsButton(ButtonValue):
    """A button about one group of alerts; also what the forms about it keep as metadata."""

    group: int


@dataclass(frozen=True)
class AlertsIncidentButton(ButtonValue):
    """**Attach to INC-n** of one group of alerts."""

    group: int
    number: int


@dataclass(frozen=True)
class StepButton(ButtonValue):
    """Retry or Dismiss of one failed step (effect) of an incident."""

    effect_id: int
    number: int


@dataclass(frozen=True)
class OverrideButton(ButtonValue):
    """**Remove** of one override of a roster."""

    override: int


@dataclass(frozen=True)
class PagerOverrideButton(ButtonValue):
    """**Remove** of one override at PagerDuty: its ids there, and whose it is from when until when (epoch seconds)."""

    schedule: str
    override: str
    user: str
    name: str
    since: int
    until: int


@dataclass(frozen=True)
class PickedFor(ButtonValue):
    """The command a picker was opened for, as typed, kept in its private_metadata."""

    verb: str
    rest: str = ""


@dataclass(frozen=True)
class ServiceButton(ButtonValue):
    """**Remove** and **Invite owners** of one service (its id)."""

    number: int
    service: str


@dataclass(frozen=True)
class ItemButton(ButtonValue):
    """A button about one action item of an incident; also what the form about its owner keeps."""

    number: int
    item: int


@dataclass(frozen=True)
class RoleButton(ButtonValue):
    """**I'll take it** and **Free the role** of one role."""

    number: int
    role: str


@dataclass(frozen=True)
class AccessButton(ButtonValue):
    """**Let in** and **Decline**: who asked (Slack id)."""

    number: int
    user: str


@dataclass(frozen=True)
class LinkButton(ButtonValue):
    """**Link account**, also kept by its form: whose (None: of whoever presses), and the click it belongs to.

    ``change`` is the effect that took the click to PagerDuty; ``verb`` a click that was refused and is to be done
    once the account is linked, with what was written along.
    """

    user: str | None = None
    number: int | None = None
    verb: str = ""
    text: str = ""
    change: str = ""


@dataclass(frozen=True)
class ExpertButton(ButtonValue):
    """**Invite** of somebody (Slack id) who knows a skill."""

    number: int
    user: str
    skill: str


@dataclass(frozen=True)
class DeclareButton(ButtonValue):
    """**Declare anyway**: what was asked for, so that nothing must be typed again."""

    title: str
    severity: str | None = None
    asked: str = ""  # the once-key of the question, so that one question yields one incident


@dataclass(frozen=True)
class DeclareOrigin(ButtonValue):
    """Where the declare form was opened, kept in its private_metadata."""

    channel: str | None = None
    message_ts: str | None = None
    thread_ts: str | None = None
    link: str | None = None  # permalink of the message the incident was opened from
    author: str | None = None  # who wrote it
    words: str | None = None  # what it said, for the timeline
    usable: bool = False  # the incident may use this channel as its own


@dataclass(frozen=True)
class MessageSpot(ButtonValue):
    """Which message the form *Add to timeline* is about, kept in its private_metadata."""

    channel: str
    ts: str
    thread: str | None = None
    author: str | None = None
    name: str = ""


@dataclass(frozen=True)
class AskedButton(ButtonValue):
    """What was asked by mentioning the bot, where no form can be opened: the button opens it."""

    words: str


@dataclass(frozen=True)
class RosterButton(ButtonValue):
    """A button about one roster."""

    name: str


@dataclass(frozen=True)
class LayerButton(ButtonValue):
    """**Remove layer** of the form about a roster."""

    key: str


@dataclass(frozen=True)
class RosterForm(ButtonValue):
    """What the form about a roster keeps: its name (empty: a new one), the keys of its layers, what it was built on."""

    name: str
    layers: str
    version: str
