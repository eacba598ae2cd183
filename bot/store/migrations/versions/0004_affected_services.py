"""Incidents concern many services.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    op.create_table(
        "affected",
        sa.Column("service", sa.String(), nullable=False),
        sa.Column("incident", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident"], ["incident.number"], name=op.f("fk_affected_incident_incident")
        ),
        sa.PrimaryKeyConstraint("service", "incident", name=op.f("pk_affected")),
    )
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.add_column(sa.Column("more_services", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("incident", schema=None) as batch_op:
        batch_op.drop_column("more_services")
    op.drop_table("affected")
