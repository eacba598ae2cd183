"""Fire drills.

Revision: 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: what there is so far was real."""
    op.add_column(
        "incident", sa.Column("drill", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.create_index(
        "ix_incident_drill",
        "incident",
        ["number"],
        unique=False,
        sqlite_where=sa.text("drill = 1"),
        postgresql_where=sa.text("drill"),
    )
    op.create_table(
        "drill",
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("pages", sa.Boolean(), nullable=False),
        sa.Column("people", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("scheduled_for", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["incident"], ["incident.number"], name=op.f("fk_drill_incident_incident")
        ),
        sa.PrimaryKeyConstraint("incident", name=op.f("pk_drill")),
    )
    op.create_index(op.f("ix_drill_reported_at"), "drill", ["reported_at"], unique=False)
    op.create_index(
        "ix_drill_unreported",
        "drill",
        ["incident"],
        unique=False,
        sqlite_where=sa.text("reported_at IS NULL"),
        postgresql_where=sa.text("reported_at IS NULL"),
    )


def downgrade() -> None:
    """Go back; drills become ordinary incidents."""
    op.drop_table("drill")
    op.drop_index("ix_incident_drill", table_name="incident")
    op.drop_column("incident", "drill")
