"""When a delivery of a page goes out, if not at once.

Revision: 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward."""
    with op.batch_alter_table("page_delivery") as batch_op:
        batch_op.add_column(sa.Column("due", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("page_delivery") as batch_op:
        batch_op.drop_column("due")
