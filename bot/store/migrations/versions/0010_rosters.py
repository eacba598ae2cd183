"""Rosters: overrides and swaps, rosters made in Slack, copies of calendars.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "roster_override",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roster", sa.String(length=200), nullable=False),
        sa.Column("person", sa.String(length=320), nullable=False),
        sa.Column("replaces", sa.String(length=320), nullable=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("once", sa.String(), nullable=False),
        sa.Column("swap", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_by", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_override")),
    )
    op.create_index(op.f("ix_roster_override_roster_until"), "roster_override", ["roster", "until"])
    op.create_index(op.f("ix_roster_override_once"), "roster_override", ["once"])
    op.create_table(
        "roster_made",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_by", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_roster_made")),
    )
    op.create_table(
        "roster_calendar",
        sa.Column("roster", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("stints", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("unmapped", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("roster", name=op.f("pk_roster_calendar")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("roster_calendar")
    op.drop_table("roster_made")
    op.drop_index(op.f("ix_roster_override_once"), table_name="roster_override")
    op.drop_index(op.f("ix_roster_override_roster_until"), table_name="roster_override")
    op.drop_table("roster_override")
