"""Every timeline entry carries its digest in the incident's chain of evidence.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward. Entries of before have none: their chain begins with the next one."""
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("digest", sa.String(length=64), nullable=False, server_default="")
        )


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("entry", schema=None) as batch_op:
        batch_op.drop_column("digest")
