"""Pages of the native pager and their deliveries.

Revision: 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_ALIVE = sa.text("state IN ('open', 'acknowledged')")
_UNTOLD = sa.text("state = 'exhausted' AND told_at IS NULL")


def _time(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _json(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON(none_as_null=True), nullable=True)


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "page",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=True),
        sa.Column("alert_group", sa.Integer(), nullable=True),
        sa.Column("policy", sa.String(), nullable=False),
        sa.Column("why", sa.String(length=40), nullable=False),
        sa.Column("aside", sa.Boolean(), nullable=False),
        _json("person"),
        _json("by"),
        sa.Column("text", sa.Text(), nullable=False),
        _time("started_at", nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("base", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next", sa.String(length=8), nullable=True),
        _time("next_at"),
        sa.Column("expires_seconds", sa.Integer(), nullable=True),
        _time("acknowledged_at"),
        _json("acknowledged_by"),
        _time("confirmed_at"),
        _time("asked_at"),
        _time("ended_at"),
        sa.Column("ended", sa.Text(), nullable=False),
        _time("told_at"),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"], ["incident.number"], name=op.f("fk_page_incident_incident")
        ),
        sa.ForeignKeyConstraint(
            ["alert_group"], ["alert_group.id"], name=op.f("fk_page_alert_group_alert_group")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page")),
    )
    op.create_index("ix_page_incident", "page", ["incident"])
    op.create_index("ix_page_alert_group", "page", ["alert_group"])
    op.create_index(
        "ix_page_alive", "page", ["next_at"], sqlite_where=_ALIVE, postgresql_where=_ALIVE
    )
    op.create_index(
        "ix_page_untold", "page", ["id"], sqlite_where=_UNTOLD, postgresql_where=_UNTOLD
    )
    op.create_table(
        "page_delivery",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("slack_id", sa.String(), nullable=True),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("way", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        _time("planned_at", nullable=False),
        _time("sent_at"),
        _time("delivered_at"),
        _time("seen_at"),
        _time("acknowledged_at"),
        _time("failed_at"),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["page"], ["page.id"], name=op.f("fk_page_delivery_page_page")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_delivery")),
    )
    op.create_index(
        "uq_page_delivery_way",
        "page_delivery",
        ["page", "round", "level", "recipient", "way"],
        unique=True,
    )
    op.create_index("ix_page_delivery_slack_id", "page_delivery", ["slack_id"])


def downgrade() -> None:
    """Go back."""
    op.drop_table("page_delivery")
    op.drop_table("page")
