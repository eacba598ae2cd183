"""Alerts and their groups.

Revision: 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _time(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "alert_group",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("service", sa.String(), nullable=True),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=True),
        sa.Column("route", sa.String(length=12), nullable=False),
        sa.Column("rule_severity", sa.String(), nullable=True),
        _time("opened_at", nullable=False),
        _time("last_at", nullable=False),
        sa.Column("collecting", sa.Boolean(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        _time("silenced_until"),
        sa.Column("silenced_by", sa.JSON(none_as_null=True), nullable=True),
        _time("acknowledged_at"),
        sa.Column("acknowledged_by", sa.JSON(none_as_null=True), nullable=True),
        _time("paged_at"),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"], ["incident.number"], name=op.f("fk_alert_group_incident_incident")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_group")),
    )
    op.create_index("ix_alert_group_incident", "alert_group", ["incident"])
    op.create_index("ix_alert_group_last_at", "alert_group", ["last_at"])
    op.create_index(
        "uq_alert_group_collecting",
        "alert_group",
        ["digest"],
        unique=True,
        sqlite_where=sa.text("collecting"),
        postgresql_where=sa.text("collecting"),
    )
    op.create_index(
        "ix_alert_group_free",
        "alert_group",
        ["last_at"],
        sqlite_where=sa.text("incident IS NULL"),
        postgresql_where=sa.text("incident IS NULL"),
    )
    op.create_table(
        "alert",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=False),
        sa.Column("group", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(length=40), nullable=True),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("labels", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("url", sa.String(), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False),
        _time("started_at"),
        _time("ended_at"),
        _time("updated_at"),
        _time("since", nullable=False),
        _time("first_seen", nullable=False),
        _time("seen_at", nullable=False),
        _time("changed_at", nullable=False),
        _time("calm_at"),
        sa.Column("deliveries", sa.Integer(), nullable=False),
        sa.Column("duplicates", sa.Integer(), nullable=False),
        sa.Column("fires", sa.Integer(), nullable=False),
        sa.Column("flips", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["group"], ["alert_group.id"], name=op.f("fk_alert_group_alert_group")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index("uq_alert_source_external_id", "alert", ["source", "external_id"], unique=True)
    op.create_index("ix_alert_group_status", "alert", ["group", "status"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("alert")
    op.drop_table("alert_group")
