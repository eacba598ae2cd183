"""What became of the steps: the run log of an incident, what fails, what waits. Reads of the effect table only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal_column, or_, select

from bot.domain.effects import EffectKind
from bot.store import sql
from bot.store.effects import PROVIDERS, STOPPED, UNFINISHED

if TYPE_CHECKING:
    from datetime import datetime

    from bot.store.tx import Tx

E = sql.EFFECT.c
_PENDING, _LEASED = UNFINISHED
#: In words SQLite can compare with the conditions of its partial indexes.
_DEAD: Any = literal_column("'dead'")

#: Effects that are steps people want to see in the run log; the others only repeat what these did.
STEPS: dict[EffectKind, str] = {
    EffectKind.ANNOUNCE: "Announcement",
    EffectKind.CREATE_CHANNEL: "Channel",
    EffectKind.ADOPT_CHANNEL: "Channel that was chosen",
    EffectKind.POST_CARD: "Card in the channel",
    EffectKind.PIN_CARD: "Card pinned",
    EffectKind.SET_TOPIC: "Topic",
    EffectKind.SET_PURPOSE: "Purpose",
    EffectKind.ADD_BOOKMARK: "Bookmark",
    EffectKind.INVITE: "Invitations",
    EffectKind.OPEN_PAGE: "PagerDuty incident",
    EffectKind.CHANGE_PAGE: "PagerDuty change",
    EffectKind.MERGE_PAGE: "PagerDuty merge",
    EffectKind.NOTE_PAGE: "PagerDuty note",
    EffectKind.PUBLISH_UPDATE: "PagerDuty status update",
    EffectKind.OPEN_TICKET: "GitHub issue",
    EffectKind.CHANGE_TICKET: "GitHub issue change",
    EffectKind.COMMENT_TICKET: "GitHub comment",
    EffectKind.REFRESH_TICKET: "GitHub issue links",
    EffectKind.OPEN_ACTION: "GitHub issue of an action item",
    EffectKind.CHANGE_ACTION: "Change of an action item's issue",
    EffectKind.SEND_DIRECT: "Direct message",
    EffectKind.NOTIFY: "Notification",
    EffectKind.BRIEF: "Briefing",
    EffectKind.BRIEF_EXPERT: "Briefing of somebody who was asked",
    EffectKind.SHOW_SERVICE: "Service",
    EffectKind.PAGE_NATIVE: "Page",
    EffectKind.DELIVER_PAGE: "Page in Slack",
    EffectKind.DELIVER_BEYOND: "Page beyond Slack",
    EffectKind.WRITE_CANVAS: "Post-mortem canvas",
    EffectKind.SHARE_POSTMORTEM: "Post-mortem message",
    EffectKind.PROPOSE_POSTMORTEM: "Post-mortem pull request",
    EffectKind.NOTICE_ARCHIVING: "Notice before archiving",
    EffectKind.ARCHIVE_CHANNEL: "Channel archived",
    EffectKind.REMOVE_ANNOUNCEMENT: "Announcement deleted",
    EffectKind.VEIL_CARD: "Card left behind",
    EffectKind.LEAVE_CHANNEL: "Old channel archived",
    EffectKind.WITHDRAW_TICKET: "GitHub issue withdrawn",
}

#: What only shows when it fails.
OTHERS: dict[EffectKind, str] = {
    EffectKind.POST_ENTRY: "News in the channel",
    EffectKind.TELL: "Private answer",
    EffectKind.SEND_REPORT: "Report",
    EffectKind.MIRROR_UPDATE: "Update in the announcement's thread",
    EffectKind.TELL_SUBSCRIBER: "Update to a subscriber",
    EffectKind.REMIND: "Reminder",
    EffectKind.SHOW_ON_CALL: "Who is on call",
    EffectKind.SHOW_OVERRIDES: "Overrides at PagerDuty",
    EffectKind.OVERRIDE_SCHEDULE: "Override at PagerDuty",
    EffectKind.REMOVE_OVERRIDE: "Override taken back at PagerDuty",
    EffectKind.OFFER_LINK: "Question about a PagerDuty account",
    EffectKind.SHOW_ACTION: "Action item in the channel",
    EffectKind.MIRROR_MEMBERS: "Members of the channel",
    EffectKind.ASK_ACCESS: "Request to be let in",
    EffectKind.TELL_ACCESS: "Answer to a request",
    EffectKind.PAGE_STEP: "Next step of a page",
    EffectKind.CORRECT_PAGE: "What became of a page, in its message",
    EffectKind.SHOW_PAGE: "Proof of a page",
    EffectKind.TELL_PAGE: "Word of a page",
    EffectKind.TELL_ROSTER: "Hand-over of a roster",
    EffectKind.SYNC_GROUP: "User group of a roster",
    EffectKind.RUN_DRILL: "The drill's next step",
}

#: Who may refuse our key, and is then stopped.

_STOPPED = select(sql.VALUE.c.name, sql.VALUE.c.value).where(
    sql.VALUE.c.name.in_([STOPPED + name for name in PROVIDERS])
)

#: The largest number a column of ours holds on PostgreSQL.
NUMBER_LIMIT = 2**31 - 1
#: From this many attempts on, a step that still waits is shown as failing.
SHOWN_AFTER = 4


@dataclass(frozen=True, kw_only=True)
class StepRecord:
    """One step of an incident as the effect table knows it."""

    effect_id: int
    kind: EffectKind
    label: str
    provider: str
    state: str
    reason: str
    detail: str
    attempts: int
    at: datetime
    payload: dict[str, Any]
    #: Why its provider takes nothing at all, when the step waits for that.
    stopped: str | None = None


def steps(tx: Tx, number: int) -> list[StepRecord]:
    """The run log of an incident, in order."""
    kinds = [kind.value for kind in STEPS]
    query = select(sql.EFFECT).where(E.incident == number, E.kind.in_(kinds)).order_by(E.id)
    rows = [row for row in tx.session.execute(query) if row.state != "cancelled"]
    return [_step(row) for row in rows if not _in_reserve(row, tx.now)]


def _in_reserve(row: Any, now: datetime) -> bool:
    """The native page that only goes out if the pager cannot be reached in time: not a step yet."""
    held = row.state == "pending" and row.attempts == 0 and row.due > now
    return bool(held and row.kind == EffectKind.PAGE_NATIVE.value)


def step(tx: Tx, number: int, effect_id: int) -> StepRecord | None:
    """That step of the incident; None when it is another's, or nobody's."""
    if effect_id > NUMBER_LIMIT:
        return None
    query = select(sql.EFFECT).where(E.id == effect_id, E.incident == number)
    row = tx.session.execute(query).first()
    return _step(row) if row else None


def state_of(tx: Tx, number: int, key: str) -> str | None:
    """What became of the effect of that key, if it is the incident's."""
    query = select(E.state).where(E.key == key, E.incident == number)
    found: str | None = tx.session.execute(query).scalar()
    return found


def failing(tx: Tx, number: int) -> list[StepRecord]:
    """Steps that gave up, have been failing for a while, or are held back by a provider that was stopped."""
    held = stopped(tx)
    query = (
        select(sql.EFFECT)
        .where(
            E.incident == number,
            or_(
                E.state == "dead",
                (E.state == "pending") & (E.attempts >= SHOWN_AFTER) & E.last_reason.is_not(None),
                # Just being tried again: whoever looks at this moment must not see it as done.
                (E.state == "leased") & (E.attempts > SHOWN_AFTER) & E.last_reason.is_not(None),
                (E.state == "pending") & (E.last_reason == "auth"),
                (E.state == "pending") & E.provider.in_(held),
            ),
        )
        .order_by(E.id)
        .limit(50)
    )
    shown: list[StepRecord] = []
    for row in tx.session.execute(query):
        untried = row.state == "pending" and row.last_reason is None
        if untried and any(step.provider == row.provider for step in shown):
            continue  # one line says that the provider stands still
        why = held.get(row.provider) if row.state == "pending" else None
        shown.append(replace(_step(row), stopped=why))
    return shown[:10]


def stopped(tx: Tx) -> dict[str, str]:
    """Providers that refused our key, and what they said."""
    return {
        row.name.removeprefix(STOPPED): str(row.value.get("why", ""))
        for row in tx.session.execute(_STOPPED)
        if row.value
    }


def held_back(tx: Tx, provider: str) -> list[int]:
    """Open ends: numbers of the newest incidents that wait for a provider."""
    query = (
        select(E.incident)
        .where(E.provider == provider, E.state == "pending", E.incident.is_not(None))
        .distinct()
        .order_by(E.incident.desc())
        .limit(50)
    )
    return list(tx.session.execute(query).scalars())


def _step(row: Any) -> StepRecord:
    kind = EffectKind(row.kind)
    return StepRecord(
        effect_id=row.id or 0,
        kind=kind,
        label=STEPS.get(kind) or OTHERS.get(kind, kind.value),
        provider=row.provider,
        state=row.state,
        reason=row.last_reason or "",
        detail=row.last_detail or "",
        attempts=row.attempts,
        at=row.settled_at or row.created_at,
        payload=row.payload,
    )


def waiting(tx: Tx) -> list[tuple[str, str, int, datetime | None]]:
    """Per kind and state: how many effects are not done, and when the oldest of them was emitted."""
    query = select(E.kind, E.state, func.count(), func.min(E.created_at)).group_by(E.kind, E.state)
    unfinished, dead = query.where(E.state.in_(UNFINISHED)), query.where(E.state == _DEAD)
    return [
        (kind, state, count, oldest)
        for each in (unfinished, dead)  # each has an index of its own
        for kind, state, count, oldest in tx.session.execute(each)
    ]


def _waits_for_a_dead_one() -> Any:
    needed = sql.EFFECT.alias()
    return select(needed.c.id).where(needed.c.key == E.after, needed.c.state == _DEAD).exists()


def due_now(tx: Tx, now: datetime) -> int:
    """How many effects could be carried out now or are being carried out."""
    query = (
        select(func.count())
        .select_from(sql.EFFECT)
        .where(
            E.state.in_(UNFINISHED),
            or_(
                E.state == _LEASED,
                (E.state == _PENDING) & (E.due <= now) & ~_waits_for_a_dead_one(),
            ),
        )
    )
    return int(tx.session.execute(query).scalar() or 0)
