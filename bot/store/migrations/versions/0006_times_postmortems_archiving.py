"""The five times, post-mortems, channels archived after a while.

Revision: 0006, after 0005.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("incident") as batch_op:
        batch_op.add_column(sa.Column("detected_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "postmortem",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("impact", sa.Text(), nullable=False),
        sa.Column("markdown", sa.Text(), nullable=False),
        sa.Column("state", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"], ["incident.number"], name=op.f("fk_postmortem_incident_incident")
        ),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_postmortem")),
    )
    op.create_table(
        "archiving",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("looked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"], ["incident.number"], name=op.f("fk_archiving_incident_incident")
        ),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_archiving")),
    )
    with op.batch_alter_table("archiving") as batch_op:
        batch_op.create_index(batch_op.f("ix_archiving_due"), ["due"], unique=False)


def downgrade() -> None:
    """Go back."""
    op.drop_table("archiving")
    op.drop_table("postmortem")
    with op.batch_alter_table("incident") as batch_op:
        batch_op.drop_column("detected_at")
