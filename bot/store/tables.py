"""The tables. Rows never leave ``bot.store``; everything else sees domain values.

Times are aware UTC. JSON columns hold small values we made ourselves (actors, payloads); what vendors sent is
kept as the raw text in ``inbound``.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - SQLModel reads the annotations at run time
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, Text, false, text
from sqlmodel import Field, SQLModel

from bot.store.engine import NAMING, UtcDateTime

SQLModel.metadata.naming_convention = NAMING


def _time(*, nullable: bool = True, index: bool = False) -> Any:
    return Field(default=None, sa_column=Column(UtcDateTime(), nullable=nullable, index=index))


def _json(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=nullable))


def _text(*, nullable: bool = False) -> Any:
    return Field(default="", sa_column=Column(Text, nullable=nullable))


class IncidentRow(SQLModel, table=True):
    """One incident; the primary key is the number people see."""

    __tablename__ = "incident"
    __table_args__ = (
        Index("ix_incident_listed", "private", "number"),
        Index("ix_incident_open", "private", "number", "service", "service_title",
              sqlite_where=text("status != 'resolved'"), postgresql_where=text("status != 'resolved'")),
        Index("ix_incident_drill", "number", sqlite_where=text("drill = 1"), postgresql_where=text("drill")),
        Index("ix_incident_pager_id", "pager_id", unique=True),
        Index("ix_incident_ticket", "ticket_repo", "ticket_number"),
    )  # fmt: skip

    number: int | None = Field(default=None, primary_key=True)
    title: str = _text()
    status: str = Field(max_length=20)
    phase: str = Field(max_length=20)
    last_event: str = Field(max_length=40)
    severity: str | None = Field(default=None, max_length=80)
    urgency: str = Field(max_length=8)
    priority: str | None = Field(default=None, max_length=120)
    service: str | None = Field(default=None, index=True)
    service_title: str | None = None
    more_services: list[dict[str, Any]] | None = _json()
    description: str = _text()
    resolution: str = _text()
    private: bool = False
    drill: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    origin: str = Field(max_length=20)
    opens_channel: bool = True
    reporter: dict[str, Any] | None = _json()
    owners: list[dict[str, Any]] | None = _json()
    roles: dict[str, dict[str, Any]] | None = _json()
    pager_kind: str = Field(max_length=20)
    pager_id: str | None = None
    pager: dict[str, Any] | None = _json()
    ticket_repo: str | None = None
    ticket_number: int | None = None
    ticket_url: str | None = None
    channel: str | None = Field(default=None, index=True)
    channel_name: str | None = Field(default=None, index=True)  # reserved before Slack is asked
    places: dict[str, Any] | None = _json()
    started_at: datetime = _time(nullable=False)
    created_at: datetime = _time(nullable=False, index=True)
    updated_at: datetime = _time(nullable=False)
    detected_at: datetime | None = _time()
    acknowledged_at: datetime | None = _time()
    acknowledged_by: dict[str, Any] | None = _json()
    mitigated_at: datetime | None = _time()
    resolved_at: datetime | None = _time(index=True)
    resolved_by: dict[str, Any] | None = _json()
    status_changed_at: datetime | None = _time()
    status_changed_by: dict[str, Any] | None = _json()
    vendor_at: datetime | None = _time()
    merged_into: int | None = None
    next_update_at: datetime | None = _time()
    title_key: str = Field(default="", max_length=200, index=True)  # folded title, for "similar"
    version: int = 0


class PersonalRow(SQLModel, table=True):
    """Whose incident it is: one row per person and incident, for "my incidents" without a scan."""

    __tablename__ = "involvement"

    slack_id: str = Field(primary_key=True)
    incident: int = Field(primary_key=True, foreign_key="incident.number")


class SubscriptionRow(SQLModel, table=True):
    """Who is told directly of an incident's updates: one row per person and incident."""

    __tablename__ = "subscription"

    incident: int = Field(primary_key=True, foreign_key="incident.number")
    slack_id: str = Field(primary_key=True)
    at: datetime = _time(nullable=False)


class RoomMemberRow(SQLModel, table=True):
    """Who is (or was) in the channel of a private incident; nobody (``""``) says that all of them were read.

    Under the incident's name stand those who were let in before it has a channel.
    """

    __tablename__ = "room_member"

    channel: str = Field(primary_key=True)
    slack_id: str = Field(primary_key=True, index=True)
    present: bool
    changed_at: datetime | None = _time()  # Slack's time of the newest event we heard
    heard_at: datetime = _time(nullable=False)  # ours


class AccessRow(SQLModel, table=True):
    """Somebody asks to be let in to a private incident; one row per person and incident."""

    __tablename__ = "access_request"

    incident: int = Field(primary_key=True, foreign_key="incident.number")
    slack_id: str = Field(primary_key=True)
    state: str = Field(max_length=12)  # asked, let_in, declined
    times: int = 1
    asked_at: datetime = _time(nullable=False)
    answered_at: datetime | None = _time()
    answered_by: dict[str, Any] | None = _json()
    channel: str | None = None  # where the people in it were asked
    ts: str | None = None


class ReminderRow(SQLModel, table=True):
    """What an incident's people were reminded of, and when to look at it again."""

    __tablename__ = "reminder"

    incident: int = Field(primary_key=True, foreign_key="incident.number")
    due: datetime | None = _time()  # None: nothing can become due before the incident changes
    looked_at: datetime = _time(nullable=False)  # the incident's ``updated_at`` at the last look
    state: dict[str, Any] | None = _json()


class PostmortemRow(SQLModel, table=True):
    """An incident's post-mortem as it was drafted last, and where it was put."""

    __tablename__ = "postmortem"

    incident: int = Field(primary_key=True, foreign_key="incident.number")
    revision: int = 1
    drafted_at: datetime = _time(nullable=False)
    summary: str = _text()
    impact: str = _text()
    markdown: str = _text()
    state: dict[str, Any] | None = _json()  # canvas, messages, pull request, what we wrote before


class ArchivingRow(SQLModel, table=True):
    """When the channel of an incident that is over is looked at again, and what was said about archiving it."""

    __tablename__ = "archiving"

    incident: int = Field(primary_key=True, foreign_key="incident.number")
    due: datetime | None = _time(index=True)  # None: not before the incident changes
    looked_at: datetime = _time(nullable=False)  # the incident's ``updated_at`` at the last look
    state: dict[str, Any] | None = _json()


class DrillRow(SQLModel, table=True):
    """What only a drill has, and its report once it is over."""

    __tablename__ = "drill"
    __table_args__ = (
        Index("ix_drill_unreported", "incident", sqlite_where=text("reported_at IS NULL"),
              postgresql_where=text("reported_at IS NULL")),
    )  # fmt: skip

    incident: int = Field(primary_key=True, foreign_key="incident.number")
    started_at: datetime = _time(nullable=False)
    by: dict[str, Any] | None = _json()  # whoever started it; None: the schedule
    pages: bool = False
    people: list[str] | None = _json()  # who was asked to take part
    scheduled_for: datetime | None = _time()
    report: dict[str, Any] | None = _json()
    reported_at: datetime | None = _time(index=True)


class AffectedRow(SQLModel, table=True):
    """A further service an incident concerns, for lists by service without a scan."""

    __tablename__ = "affected"

    service: str = Field(primary_key=True)
    incident: int = Field(primary_key=True, foreign_key="incident.number")


class TallyRow(SQLModel, table=True):
    """How many incidents one day (UTC), severity and service had; changed with every incident (``bot.store.tally``)."""

    __tablename__ = "tally"

    day: str = Field(primary_key=True, max_length=10)
    severity: str = Field(primary_key=True, max_length=200)
    service: str = Field(primary_key=True, max_length=200)
    incidents: int = 0
    open: int = 0
    acknowledged: int = 0
    acknowledge_ms: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    resolved: int = 0
    resolve_ms: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))


class ActionItemRow(SQLModel, table=True):
    """Something to be done because of an incident."""

    __tablename__ = "action_item"
    __table_args__ = (
        Index("ix_action_item_ticket", "ticket_number", "ticket_repo"),
        Index("uq_action_item_message", "incident", "message", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    incident: int = Field(foreign_key="incident.number")
    text: str = _text()
    owner: dict[str, Any] | None = _json()
    created_at: datetime = _time(nullable=False)
    created_by: dict[str, Any] | None = _json()
    done_at: datetime | None = _time()
    done_by: dict[str, Any] | None = _json()
    withdrawn_at: datetime | None = _time()
    origin: str = Field(max_length=20)
    message: str | None = None  # which message it is, for items made of one
    said_by: dict[str, Any] | None = _json()
    link: str = _text()
    ticket_repo: str | None = None
    ticket_number: int | None = None
    ticket_url: str | None = None
    ticket_at: datetime | None = _time()  # newest GitHub time the state rests on
    assignee: str | None = None  # the login that is assigned there
    touched: bool = False
    channel: str | None = None  # where its one message is
    ts: str | None = None
    version: int = 0


class EntryRow(SQLModel, table=True):
    """One timeline entry; append-only."""

    __tablename__ = "entry"

    id: int | None = Field(default=None, primary_key=True)
    incident: int = Field(foreign_key="incident.number", index=True)
    kind: str = Field(max_length=40)
    at: datetime = _time(nullable=False)
    recorded_at: datetime = _time(nullable=False)
    actor: dict[str, Any] | None = _json()
    actor_target: dict[str, Any] | None = _json()
    origin: str = Field(max_length=20)
    target: str = _text()
    text: str = _text()
    vendor_at: datetime | None = _time()
    vendor_id: str | None = Field(default=None, index=True)
    digest: str = Field(default="", max_length=64)  # of the evidence chain (bot.domain.evidence)


class EffectRow(SQLModel, table=True):
    """One intended vendor call (ARCHITECTURE: the effect table)."""

    __tablename__ = "effect"
    __table_args__ = (
        Index("ix_effect_ready", "rank", "due", "id", sqlite_where=text("state = 'pending'"),
              postgresql_where=text("state = 'pending'")),
        Index("ix_effect_lane", "lane", "id", sqlite_where=text("state IN ('pending', 'leased')"),
              postgresql_where=text("state IN ('pending', 'leased')")),
        Index("ix_effect_kind", "kind", sqlite_where=text("state IN ('pending', 'leased')"),
              postgresql_where=text("state IN ('pending', 'leased')")),
        Index("uq_effect_merge", "merge", unique=True, sqlite_where=text("state = 'pending' AND merge IS NOT NULL"),
              postgresql_where=text("state = 'pending' AND merge IS NOT NULL")),
        Index("ix_effect_leased", "lease_until", sqlite_where=text("state = 'leased'"),
              postgresql_where=text("state = 'leased'")),
        Index("ix_effect_dead", "provider", sqlite_where=text("state = 'dead'"),
              postgresql_where=text("state = 'dead'")),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    kind: str = Field(max_length=40)
    provider: str = Field(max_length=20)
    version: int = 1
    payload: dict[str, Any] = _json(nullable=False)
    key: str = Field(unique=True)
    merge: str | None = None
    lane: str
    budget: str | None = None
    rank: int = 50
    incident: int | None = Field(default=None, index=True)
    after: str | None = None
    due: datetime = _time(nullable=False)
    deadline: datetime | None = _time()
    created_at: datetime = _time(nullable=False)
    state: str = Field(default="pending", max_length=12)
    lease_until: datetime | None = _time()
    leased_by: str | None = None
    attempts: int = 0
    first_tried_at: datetime | None = _time()
    settled_at: datetime | None = _time()
    last_reason: str | None = None
    last_detail: str | None = None
    external_ref: str | None = None


class OnceRow(SQLModel, table=True):
    """A key that was used: the same press, submission or call again meets the first answer."""

    __tablename__ = "once"

    key: str = Field(primary_key=True)
    incident: int | None = None
    answer: dict[str, Any] | None = _json()
    at: datetime = _time(nullable=False)


class InboundRow(SQLModel, table=True):
    """A verified webhook, kept as it came in before anything interprets it."""

    __tablename__ = "inbound"
    __table_args__ = (Index("uq_inbound_source_event_id", "source", "event_id", unique=True),)

    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(max_length=80)
    event_id: str
    event_type: str = ""
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    received_at: datetime = _time(nullable=False)
    state: str = Field(default="stored", max_length=12)  # stored, applied, ignored, failed
    reason: str | None = None
    applied_at: datetime | None = _time()


class AlertGroupRow(SQLModel, table=True):
    """Alerts that are shown together on one card."""

    __tablename__ = "alert_group"
    __table_args__ = (
        Index("uq_alert_group_collecting", "digest", unique=True, sqlite_where=text("collecting"),
              postgresql_where=text("collecting")),
        Index("ix_alert_group_free", "last_at", sqlite_where=text("incident IS NULL"),
              postgresql_where=text("incident IS NULL")),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    key: str = _text()
    digest: str = Field(max_length=64)
    title: str = _text()
    service: str | None = None
    source: str = Field(max_length=80)
    severity: str | None = Field(default=None, max_length=40)
    route: str = Field(max_length=12)
    rule_severity: str | None = None
    opened_at: datetime = _time(nullable=False)
    last_at: datetime = _time(nullable=False, index=True)
    collecting: bool = True
    incident: int | None = Field(default=None, foreign_key="incident.number", index=True)
    silenced_until: datetime | None = _time()
    silenced_by: dict[str, Any] | None = _json()
    acknowledged_at: datetime | None = _time()
    acknowledged_by: dict[str, Any] | None = _json()
    paged_at: datetime | None = _time()
    channel: str | None = None
    ts: str | None = None
    listed: bool = False
    told: int = 0
    version: int = 0


class AlertRow(SQLModel, table=True):
    """One alert for ever; firing again changes it. ``payload`` is what its sender said last."""

    __tablename__ = "alert"
    __table_args__ = (
        Index("uq_alert_source_external_id", "source", "external_id", unique=True),
        Index("ix_alert_group_status", "group", "status"),
    )

    id: int | None = Field(default=None, primary_key=True)
    source: str = Field(max_length=80)
    external_id: str = Field(max_length=200)
    group: int | None = Field(default=None, foreign_key="alert_group.id")
    title: str = _text()
    description: str = _text()
    severity: str | None = Field(default=None, max_length=40)
    status: str = Field(max_length=20)
    labels: dict[str, str] | None = _json()
    url: str | None = None
    payload: str = _text()
    started_at: datetime | None = _time()
    ended_at: datetime | None = _time()
    updated_at: datetime | None = _time()
    since: datetime = _time(nullable=False)
    first_seen: datetime = _time(nullable=False)
    seen_at: datetime = _time(nullable=False)
    changed_at: datetime = _time(nullable=False)
    calm_at: datetime | None = _time()
    deliveries: int = 1
    duplicates: int = 0
    fires: int = 1
    flips: list[float] | None = _json()


class PageRow(SQLModel, table=True):
    """A page of the native pager: who is wanted for what, and what happens next (bot.domain.escalation)."""

    __tablename__ = "page"
    __table_args__ = (
        Index("ix_page_alive", "next_at", sqlite_where=text("state IN ('open', 'acknowledged')"),
              postgresql_where=text("state IN ('open', 'acknowledged')")),
        Index("ix_page_untold", "id", sqlite_where=text("state = 'exhausted' AND told_at IS NULL"),
              postgresql_where=text("state = 'exhausted' AND told_at IS NULL")),
    )  # fmt: skip

    id: int | None = Field(default=None, primary_key=True)
    incident: int | None = Field(default=None, foreign_key="incident.number", index=True)
    alert_group: int | None = Field(default=None, foreign_key="alert_group.id", index=True)
    policy: str = ""
    why: str = Field(max_length=40)
    aside: bool = False
    person: dict[str, Any] | None = _json()
    by: dict[str, Any] | None = _json()
    text: str = _text()
    started_at: datetime = _time(nullable=False)
    state: str = Field(max_length=12)
    round: int = 0
    level: int = 0
    base: int = 1
    step: int = 0
    next: str | None = Field(default=None, max_length=8)
    next_at: datetime | None = _time()
    expires_seconds: int | None = None
    acknowledged_at: datetime | None = _time()
    acknowledged_by: dict[str, Any] | None = _json()
    confirmed_at: datetime | None = _time()
    asked_at: datetime | None = _time()
    ended_at: datetime | None = _time()
    ended: str = _text()
    told_at: datetime | None = _time()
    channel: str | None = None  # where its proof is
    ts: str | None = None
    version: int = 0


class PageDeliveryRow(SQLModel, table=True):
    """Telling one person (or channel) of a page in one way, and what became of it."""

    __tablename__ = "page_delivery"
    __table_args__ = (
        Index("uq_page_delivery_way", "page", "round", "level", "recipient", "way", unique=True),
    )

    id: int | None = Field(default=None, primary_key=True)
    page: int = Field(foreign_key="page.id")
    round: int
    level: int
    recipient: str
    name: str = ""
    slack_id: str | None = Field(default=None, index=True)
    email: str | None = None
    way: str = Field(max_length=40)  # slack, channel, apprise:<n>
    state: str = Field(max_length=12)
    reason: str = _text()
    planned_at: datetime = _time(nullable=False)
    due: datetime | None = _time()  # when it goes out, if not at once
    sent_at: datetime | None = _time()
    delivered_at: datetime | None = _time()
    seen_at: datetime | None = _time()
    acknowledged_at: datetime | None = _time()
    failed_at: datetime | None = _time()
    channel: str | None = None
    ts: str | None = None


class PersonRow(SQLModel, table=True):
    """A member of the Slack workspace, mirrored, and who that is at PagerDuty and GitHub."""

    __tablename__ = "person"

    slack_id: str = Field(primary_key=True)
    name: str = ""
    real_name: str = ""
    email: str | None = Field(default=None, index=True)
    tz: str = "UTC"
    deleted: bool = False
    is_bot: bool = False
    is_guest: bool = False
    is_admin: bool = False
    status_emoji: str = ""
    status_text: str = _text()
    status_until: datetime | None = _time()
    seen_at: datetime = _time(nullable=False)


class IdentityRow(SQLModel, table=True):
    """Who a member is at PagerDuty or GitHub, how that is known and since when; no account belongs to two people."""

    __tablename__ = "identity"
    __table_args__ = (Index("uq_identity_vendor_account", "vendor", "account", unique=True),)

    slack_id: str = Field(primary_key=True)
    vendor: str = Field(primary_key=True, max_length=20)
    account: str  # PagerDuty's user id; a login of GitHub in lower case
    name: str = _text()  # as it is called there
    email: str | None = None  # as it is addressed there
    known_by: str = Field(max_length=12)
    at: datetime = _time(nullable=False)


class HandLinkRow(SQLModel, table=True):
    """What people linked by hand: kept while another source counts, or while the account is not there."""

    __tablename__ = "hand_link"

    slack_id: str = Field(primary_key=True)
    vendor: str = Field(primary_key=True, max_length=20)
    account: str
    at: datetime = _time(nullable=False)
    by: str  # the Slack id of whoever did it


class PagerUserRow(SQLModel, table=True):
    """An account of PagerDuty, mirrored."""

    __tablename__ = "pager_user"

    id: str = Field(primary_key=True)
    name: str = _text()
    email: str = Field(default="", index=True)
    active: bool = True
    seen_at: datetime = _time(nullable=False)


class PersonSettingRow(SQLModel, table=True):
    """What people set for themselves: their skills, and when low urgency leaves them alone (their own time)."""

    __tablename__ = "person_setting"

    slack_id: str = Field(primary_key=True)
    skills: list[str] | None = _json()
    quiet_from: str | None = Field(default=None, max_length=5)  # 22:00
    quiet_to: str | None = Field(default=None, max_length=5)
    updated_at: datetime = _time(nullable=False)


class GroupRow(SQLModel, table=True):
    """A Slack user group, mirrored."""

    __tablename__ = "user_group"

    id: str = Field(primary_key=True)
    handle: str = Field(index=True)
    users: list[str] | None = _json()


class RosterOverrideRow(SQLModel, table=True):
    """Somebody stands in for others in a roster. Taken back, it holds until ``removed_at``: the past stays true."""

    __tablename__ = "roster_override"
    __table_args__ = (Index("ix_roster_override_roster_until", "roster", "until"),)

    id: int | None = Field(default=None, primary_key=True)
    roster: str = Field(max_length=200)
    person: str = Field(max_length=320)
    replaces: str | None = Field(default=None, max_length=320)
    since: datetime = _time(nullable=False)
    until: datetime = _time(nullable=False)
    once: str = Field(index=True)  # the press that made it: the two halves of a swap share it
    swap: bool = False
    made_by: dict[str, Any] | None = _json()
    made_at: datetime = _time(nullable=False)
    removed_by: dict[str, Any] | None = _json()
    removed_at: datetime | None = _time()


class RosterMadeRow(SQLModel, table=True):
    """A roster made in Slack; ``value`` has the shape of a roster in muster.yml."""

    __tablename__ = "roster_made"

    name: str = Field(primary_key=True, max_length=200)
    value: dict[str, Any] | None = _json()
    made_by: dict[str, Any] | None = _json()
    made_at: datetime = _time(nullable=False)
    changed_by: dict[str, Any] | None = _json()
    changed_at: datetime = _time(nullable=False)
    version: int = 0


class RosterVersionRow(SQLModel, table=True):
    """How a roster was from ``since`` on, until its next version; ``value`` is NULL where there was none."""

    __tablename__ = "roster_version"
    __table_args__ = (Index("ix_roster_version_roster_since", "roster", "since"),)

    id: int | None = Field(default=None, primary_key=True)
    roster: str = Field(max_length=200)
    since: datetime = _time(nullable=False)
    value: dict[str, Any] | None = _json()


class RosterCalendarRow(SQLModel, table=True):
    """The last copy of a roster's calendar: entries with a person, those without, and how the last fetch went."""

    __tablename__ = "roster_calendar"

    roster: str = Field(primary_key=True, max_length=200)
    address: str = Field(
        max_length=64
    )  # a digest: another address is another calendar, and the address is a secret
    stints: list[dict[str, Any]] | None = _json()
    unmapped: list[str] | None = _json()
    problem: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    fetched_at: datetime | None = _time()
    tried_at: datetime = _time(nullable=False)


class ValueRow(SQLModel, table=True):
    """Small facts that must survive a restart: cursors, the announcement channel, stopped providers."""

    __tablename__ = "value"

    name: str = Field(primary_key=True)
    value: dict[str, Any] | None = _json()
    at: datetime = _time(nullable=False)


class BudgetRow(SQLModel, table=True):
    """When the calls of one rate-limited Slack method were made (epoch seconds, oldest first)."""

    __tablename__ = "budget"

    name: str = Field(primary_key=True)
    stamps: list[float] | None = _json()
    blocked_until: float = 0.0
