"""Who may do what, for every command, press, form, shortcut and event: one table, kept complete by a test.

``Asks`` is checked by the use case in its transaction (``bot.services.permissions.require``), because only there
the incident's roles are known. People of other workspaces (shared channels) are refused before any handler runs.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from blocks.ids import ActionId, CallbackId, ShortcutId
from bot.domain.permissions import Right, Who, check

if TYPE_CHECKING:
    from collections.abc import Mapping

    from handlers.turn import Turn

#: What people send; events tell of what is done already.
SENT: Final = {"command", "action", "view", "shortcut", "options", "mention"}


@dataclass(frozen=True)
class Asks:
    """Done only for whoever has this right in the incident."""

    right: Right


@dataclass(frozen=True)
class Leads:
    """Shows a form and changes nothing; sending the form asks."""

    to: CallbackId


@dataclass(frozen=True)
class Free:
    """Open to guests as well: it changes nothing of an incident."""

    why: str


Decision = Asks | Leads | Free

_READS = Free("reads only; private incidents are shown only to those in them")
_HELPS = Free("fills in a form; sending it asks")
_ITSELF = Free("carries out a command, which asks by itself")
_SLACK = Free("Slack lets people do this and tells us afterwards; we follow")

COMMANDS: Final[Mapping[str, Decision]] = {
    "declare": Asks(Right.DECLARE),
    "list": _READS,
    "show": _READS,
    "ack": Asks(Right.ACT),
    "reassign": Asks(Right.ACT),
    "escalate": Asks(Right.ACT),
    "resolve": Asks(Right.RESOLVE),
    "reopen": Asks(Right.RESOLVE),
    "severity": Asks(Right.SEVERITY),
    "status": Asks(Right.ACT),
    "title": Asks(Right.ACT),
    "summary": Asks(Right.ACT),
    "role": Asks(Right.ACT),
    "service": Asks(Right.ACT),
    "page": Asks(Right.ACT),
    "oncall": Asks(Right.ROSTERS),  # to change something; reading is open to everybody
    "expert": _READS,
    "link": Asks(Right.ACT),
    "note": Asks(Right.ACT),
    "merge": Asks(Right.RESOLVE),
    "update": Asks(Right.PUBLISH),
    "timeline": _READS,
    "action": Asks(Right.ACT),
    "actions": _READS,
    "times": Asks(Right.ACT),
    "postmortem": Asks(Right.ACT),
    "archive": Asks(Right.ACT),
    "private": Asks(Right.PRIVATE),
    "alerts": _READS,
    "report": Free("reads only; the charts are sent to whoever asked"),
    "drill": Asks(Right.DRILL),
    "doctor": Asks(Right.ACT),
    "help": _READS,
}
ACTIONS: Final[Mapping[ActionId, Decision]] = {
    ActionId.ACKNOWLEDGE: Asks(Right.ACT),
    ActionId.REASSIGN: Leads(CallbackId.REASSIGN),
    ActionId.ESCALATE: Leads(CallbackId.ESCALATE),
    ActionId.RESOLVE: Leads(CallbackId.RESOLVE),
    ActionId.REOPEN: Asks(Right.RESOLVE),
    ActionId.MORE: _READS,
    ActionId.OPEN_CHANNEL: Asks(Right.ACT),
    ActionId.CHANGE_SEVERITY: Leads(CallbackId.CHANGE_SEVERITY),
    ActionId.CHANGE_PHASE: Leads(CallbackId.CHANGE_PHASE),
    ActionId.ADD_NOTE: Leads(CallbackId.ADD_NOTE),
    ActionId.TIMELINE: _READS,
    ActionId.DECLARE: Leads(CallbackId.DECLARE),
    ActionId.DECLARE_ANYWAY: Asks(Right.DECLARE),
    ActionId.JOIN: Asks(Right.JOIN),
    ActionId.TITLE_TYPED: _HELPS,
    ActionId.SERVICE_CHOSEN: _HELPS,
    ActionId.RETRY: Asks(Right.ACT),
    ActionId.DISMISS: Asks(Right.ACT),
    ActionId.CHARTS: Free("reads only; the charts are sent to whoever asked"),
    ActionId.MERGE: Leads(CallbackId.MERGE),
    ActionId.OPEN_FORM: _ITSELF,
    ActionId.POST_UPDATE: Leads(CallbackId.POST_UPDATE),
    ActionId.SUBSCRIBE: Free("one's own subscription (Right.FOLLOW): whoever sees the card may"),
    ActionId.UNSUBSCRIBE: Free("one's own subscription can always be ended"),
    ActionId.SNOOZE: Asks(Right.ACT),  # it is quiet for everybody
    ActionId.PROPOSED: _HELPS,
    ActionId.ASSIGN_ROLES: Leads(CallbackId.ASSIGN_ROLE),
    ActionId.TAKE_ROLE: Asks(Right.ACT),
    ActionId.FREE_ROLE: Asks(Right.ACT),
    ActionId.SERVICES: Leads(CallbackId.SERVICES),
    ActionId.REMOVE_SERVICE: Asks(Right.ACT),
    ActionId.INVITE_OWNERS: Asks(Right.ACT),
    ActionId.PAGE_SOMEONE: Leads(CallbackId.PAGE_SOMEONE),
    ActionId.OVERRIDE: Leads(CallbackId.OVERRIDE),
    ActionId.SWAP_TURNS: Leads(CallbackId.SWAP_TURNS),
    ActionId.ON_CALL_AT: Leads(CallbackId.ON_CALL_AT),
    ActionId.OVERRIDES: _READS,
    ActionId.REMOVE_OVERRIDE: Asks(Right.ROSTERS),
    ActionId.REMOVE_AT_PAGER: Asks(Right.ROSTERS),
    ActionId.ADD_ACTION_ITEM: Leads(CallbackId.ACTION_ITEMS),
    ActionId.ACTION_DONE: Asks(Right.ACT),
    ActionId.ACTION_REOPEN: Asks(Right.ACT),
    ActionId.ACTION_OWNER: Leads(CallbackId.ACTION_OWNER),
    ActionId.TIMES: Leads(CallbackId.TIMES),
    ActionId.POSTMORTEM: Leads(CallbackId.POSTMORTEM),
    ActionId.KEEP_OPEN: Asks(Right.ACT),
    ActionId.TAKE_OWNERSHIP: Asks(Right.ACT),
    ActionId.DRILL: Leads(CallbackId.DRILL),
    ActionId.ALERTS_OPEN: Asks(Right.DECLARE),
    ActionId.ALERTS_ATTACH: Leads(CallbackId.ATTACH_ALERTS),
    ActionId.ALERTS_ATTACH_TO: Asks(Right.ACT),
    ActionId.ALERTS_ACKNOWLEDGE: Asks(Right.ACT),
    ActionId.ALERTS_SILENCE: Leads(CallbackId.SILENCE_ALERTS),
    ActionId.ALERTS_UNSILENCE: Asks(Right.ACT),
    ActionId.PAGE_ACKNOWLEDGE: Asks(Right.ACT),
    ActionId.PAGE_ESCALATE: Asks(Right.ACT),
    ActionId.STILL_ON_IT: Asks(Right.ACT),
    ActionId.ROSTER_NEW: Leads(CallbackId.ROSTER),
    ActionId.ROSTER_EDIT: Leads(CallbackId.ROSTER),
    ActionId.ROSTER_DELETE: Asks(Right.ROSTERS),
    ActionId.ROSTER_ADD_LAYER: _HELPS,
    ActionId.ROSTER_REMOVE_LAYER: _HELPS,
    ActionId.MAKE_PRIVATE: Asks(Right.PRIVATE),
    ActionId.REQUEST_ACCESS: Asks(Right.PRIVATE),
    ActionId.LET_IN: Asks(Right.ACT),
    ActionId.DECLINE_ACCESS: Asks(Right.ACT),
    ActionId.LINK_ACCOUNT: Asks(Right.ACT),  # of others: Right.LINK, or an admin
    ActionId.MY_SETTINGS: Leads(CallbackId.MY_SETTINGS),
    ActionId.INVITE_EXPERT: Asks(Right.ACT),
}
VIEWS: Final[Mapping[CallbackId, Decision]] = {
    CallbackId.DECLARE: Asks(Right.DECLARE),
    CallbackId.REASSIGN: Asks(Right.ACT),
    CallbackId.ESCALATE: Asks(Right.ACT),
    CallbackId.RESOLVE: Asks(Right.RESOLVE),
    CallbackId.ADD_NOTE: Asks(Right.ACT),
    CallbackId.ADD_MESSAGE: Asks(Right.ACT),
    CallbackId.MERGE: Asks(Right.RESOLVE),
    CallbackId.CHANGE_SEVERITY: Asks(Right.SEVERITY),
    CallbackId.CHANGE_PHASE: Asks(Right.ACT),
    CallbackId.CHANGE_TITLE: Asks(Right.ACT),
    CallbackId.CHANGE_SUMMARY: Asks(Right.ACT),
    CallbackId.ASSIGN_ROLE: Asks(Right.ACT),
    CallbackId.POST_UPDATE: Asks(Right.PUBLISH),
    CallbackId.SERVICES: Asks(Right.ACT),
    CallbackId.PAGE_SOMEONE: Asks(Right.ACT),
    CallbackId.OVERRIDE: Asks(Right.ROSTERS),
    CallbackId.SWAP_TURNS: Asks(Right.ROSTERS),
    CallbackId.ON_CALL_AT: _READS,
    CallbackId.ACTION_ITEMS: Asks(Right.ACT),
    CallbackId.ACTION_OWNER: Asks(Right.ACT),
    CallbackId.TIMES: Asks(Right.ACT),
    CallbackId.ATTACH_ALERTS: Asks(Right.ACT),
    CallbackId.SILENCE_ALERTS: Asks(Right.ACT),
    CallbackId.POSTMORTEM: Asks(Right.ACT),
    CallbackId.ROSTER: Asks(Right.ROSTERS),
    CallbackId.DRILL: Asks(Right.DRILL),
    CallbackId.PICK_INCIDENT: _ITSELF,
    CallbackId.LINK_ACCOUNT: Asks(Right.ACT),  # of others: Right.LINK, or an admin
    CallbackId.MY_SETTINGS: Asks(Right.ACT),
    CallbackId.CHOOSE_SKILL: _READS,
}
SHORTCUTS: Final[Mapping[ShortcutId, Decision]] = {
    ShortcutId.DECLARE: Leads(CallbackId.DECLARE),
    ShortcutId.OPEN_INCIDENT: Leads(CallbackId.DECLARE),
    ShortcutId.ADD_TO_TIMELINE: Asks(Right.ACT),
}
OPTIONS: Final[Mapping[ActionId, Decision]] = {
    ActionId.PICK_INCIDENT: _READS,
    ActionId.PICK_PAGER_USER: _HELPS,
}
EVENTS: Final[Mapping[str, Decision]] = {
    "app_home_opened": _READS,
    "team_join": _SLACK,
    "user_change": _SLACK,
    "subteam_created": _SLACK,
    "subteam_updated": _SLACK,
    "subteam_members_changed": _SLACK,
    "reaction_added": Asks(Right.ACT),
    "reaction_removed": Asks(Right.ACT),
    "pin_added": Asks(Right.ACT),
    "pin_removed": Asks(Right.ACT),
    "app_mention": _ITSELF,
    "member_joined_channel": Free("tells whoever was let into the channel where things stand"),
    "channel_rename": _SLACK,
    "group_rename": _SLACK,
    "channel_archive": _SLACK,
    "group_archive": _SLACK,
    "channel_unarchive": _SLACK,
    "group_unarchive": _SLACK,
    "channel_deleted": _SLACK,
    "group_deleted": _SLACK,
    "member_left_channel": _SLACK,
    "group_left": _SLACK,
    "message.groups": _SLACK,
}


async def admit(turn: Turn) -> None:
    """Raise NotAllowed for people of other workspaces, whatever they sent: not even reading is for them."""
    if turn.kind not in SENT:
        return
    stranger = turn.user.stranger or await turn.desk.people.stranger(turn.desk.chat, turn.user.id)
    if stranger:
        turn.user = replace(turn.user, stranger=True)
        check(Right.ACT, {}, Who(stranger=True))
