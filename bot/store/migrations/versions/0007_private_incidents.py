"""Private incidents: who is in their channels, and who asks to be let in.

Revision: 0007, after 0006.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "room_member",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("present", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("heard_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("channel", "slack_id", name=op.f("pk_room_member")),
    )
    op.create_index(op.f("ix_room_member_slack_id"), "room_member", ["slack_id"], unique=False)
    op.create_table(
        "access_request",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("ts", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"], ["incident.number"], name=op.f("fk_access_request_incident_incident")
        ),
        sa.PrimaryKeyConstraint("incident", "slack_id", name=op.f("pk_access_request")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("access_request")
    op.drop_index(op.f("ix_room_member_slack_id"), table_name="room_member")
    op.drop_table("room_member")
