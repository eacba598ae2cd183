"""Status updates: the promised time, subscribers, reminders.

Revision: 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("incident") as batch_op:
        batch_op.add_column(sa.Column("next_update_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_incident_resolved_at"), ["resolved_at"], unique=False)
    op.create_table(
        "subscription",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"], ["incident.number"], name=op.f("fk_subscription_incident_incident")
        ),
        sa.PrimaryKeyConstraint("incident", "slack_id", name=op.f("pk_subscription")),
    )
    op.create_table(
        "reminder",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"], ["incident.number"], name=op.f("fk_reminder_incident_incident")
        ),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_reminder")),
    )


def downgrade() -> None:
    """Go back."""
    op.drop_table("reminder")
    op.drop_table("subscription")
    with op.batch_alter_table("incident") as batch_op:
        batch_op.drop_index(batch_op.f("ix_incident_resolved_at"))
        batch_op.drop_column("next_update_at")
