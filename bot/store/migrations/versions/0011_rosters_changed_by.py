"""Who changed a roster made in Slack.

Revision: 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("roster_made") as table:
        table.add_column(sa.Column("changed_by", sa.JSON(none_as_null=True), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("roster_made") as table:
        table.drop_column("changed_by")
