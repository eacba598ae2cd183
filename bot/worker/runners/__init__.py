"""EFFECTS: which runner carries out which effect. A test asserts that every kind has exactly one.

A runner makes one vendor call (after a first attempt it looks for its own traces first) and returns a function to
be run in the transaction that settles the effect, or None. It raises ProviderError and nothing else on purpose.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.effects import EffectKind
from bot.worker.runners import (
    access,
    action_items,
    alerts,
    archiving,
    channel,
    home,
    inbound,
    merging,
    messages,
    moments,
    native,
    notify,
    oncall,
    pager,
    polling,
    postmortem,
    privacy,
    remind,
    report,
    roles,
    services,
    talk,
    ticket,
    updates,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.worker.world import Runner

EFFECTS: Mapping[EffectKind, Runner] = {
    EffectKind.ANNOUNCE: messages.announce,
    EffectKind.REFRESH_ANNOUNCEMENT: messages.refresh_announcement,
    EffectKind.POST_CARD: messages.post_card,
    EffectKind.REFRESH_CARD: messages.refresh_card,
    EffectKind.PIN_CARD: messages.pin_card,
    EffectKind.CREATE_CHANNEL: channel.create,
    EffectKind.ADOPT_CHANNEL: channel.adopt,
    EffectKind.SET_TOPIC: channel.set_topic,
    EffectKind.SET_PURPOSE: channel.set_purpose,
    EffectKind.ADD_BOOKMARK: channel.add_bookmark,
    EffectKind.INVITE: channel.invite,
    EffectKind.POST_ENTRY: talk.post_entry,
    EffectKind.SUMMARISE: talk.summarise,
    EffectKind.REMOVE_ANNOUNCEMENT: privacy.remove_announcement,
    EffectKind.VEIL_CARD: privacy.veil_card,
    EffectKind.LEAVE_CHANNEL: privacy.archive_channel,
    EffectKind.MIRROR_MEMBERS: privacy.mirror_members,
    EffectKind.ASK_ACCESS: access.ask,
    EffectKind.TELL_ACCESS: access.tell,
    EffectKind.MIRROR_UPDATE: updates.mirror,
    EffectKind.TELL_SUBSCRIBER: updates.tell_subscriber,
    EffectKind.PUBLISH_UPDATE: updates.publish,
    EffectKind.REMIND: remind.remind,
    EffectKind.NOTIFY: notify.notify,
    EffectKind.TELL: talk.tell,
    EffectKind.LOOK_AT_MESSAGE: moments.look_at_message,
    EffectKind.CONFIRM_MESSAGE: moments.confirm_message,
    EffectKind.ANSWER_MESSAGE: moments.answer_message,
    EffectKind.WELCOME: moments.welcome,
    EffectKind.SEND_DIRECT: talk.send_direct,
    EffectKind.BRIEF: roles.brief,
    EffectKind.SHOW_SERVICE: services.show,
    EffectKind.SHOW_ON_CALL: oncall.show,
    EffectKind.TELL_ADMINS: talk.tell_admins,
    EffectKind.PUBLISH_HOME: home.publish_home,
    EffectKind.SEND_REPORT: report.send_report,
    EffectKind.WRITE_CANVAS: postmortem.write_canvas,
    EffectKind.SHARE_POSTMORTEM: postmortem.share,
    EffectKind.PROPOSE_POSTMORTEM: postmortem.propose,
    EffectKind.NOTICE_ARCHIVING: archiving.notice,
    EffectKind.ARCHIVE_CHANNEL: archiving.archive,
    EffectKind.POST_ALERTS: alerts.post,
    EffectKind.REFRESH_ALERTS: alerts.refresh,
    EffectKind.SUMMARISE_ALERTS: alerts.summarise,
    EffectKind.OPEN_PAGE: pager.open_page,
    EffectKind.CHANGE_PAGE: pager.change_page,
    EffectKind.MERGE_PAGE: merging.merge_page,
    EffectKind.NOTE_PAGE: pager.note_page,
    EffectKind.READ_PAGE: pager.read_page,
    EffectKind.POLL_PAGER: polling.poll,
    EffectKind.OPEN_TICKET: ticket.open_ticket,
    EffectKind.REFRESH_TICKET: ticket.refresh_ticket,
    EffectKind.COMMENT_TICKET: ticket.comment,
    EffectKind.CHANGE_TICKET: ticket.change,
    EffectKind.SHOW_ACTION: action_items.show,
    EffectKind.OPEN_ACTION: action_items.open_issue,
    EffectKind.CHANGE_ACTION: action_items.change_issue,
    EffectKind.POLL_ISSUES: action_items.poll,
    EffectKind.WITHDRAW_TICKET: ticket.withdraw,
    EffectKind.APPLY_EVENT: inbound.apply_event,
    EffectKind.PAGE_NATIVE: native.page,
    EffectKind.PAGE_ALERTS: alerts.page,
    EffectKind.END_ALERTS: alerts.end,
}
