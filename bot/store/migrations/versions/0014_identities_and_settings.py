"""One table of who is who, accounts of PagerDuty, what people set for themselves, their status.

Revision: 0014, after 0011.
"""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0011"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)
_KEPT = """
INSERT INTO identity (slack_id, vendor, account, name, email, known_by, at)
SELECT max(slack_id), 'pagerduty', pagerduty_id, '', max(email), 'email', max(seen_at)
FROM person WHERE pagerduty_id IS NOT NULL GROUP BY pagerduty_id
"""


def upgrade() -> None:
    """Go forward: the accounts that are known stay known until they are read again."""
    op.create_table(
        "identity",
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("known_by", sa.String(length=12), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("slack_id", "vendor", name=op.f("pk_identity")),
    )
    op.create_index("uq_identity_vendor_account", "identity", ["vendor", "account"], unique=True)
    op.create_table(
        "hand_link",
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("vendor", sa.String(length=20), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("at", _TIME, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("slack_id", "vendor", name=op.f("pk_hand_link")),
    )
    op.create_table(
        "pager_user",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pager_user")),
    )
    op.create_index(op.f("ix_pager_user_email"), "pager_user", ["email"], unique=False)
    op.create_table(
        "person_setting",
        sa.Column("slack_id", sa.String(), nullable=False),
        sa.Column("skills", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("quiet_from", sa.String(length=5), nullable=True),
        sa.Column("quiet_to", sa.String(length=5), nullable=True),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("slack_id", name=op.f("pk_person_setting")),
    )
    op.execute(_KEPT)
    with op.batch_alter_table("person") as batch_op:
        batch_op.drop_index(op.f("ix_person_pagerduty_id"))
        batch_op.drop_column("pagerduty_id")
        batch_op.add_column(
            sa.Column("is_admin", sa.Boolean(), server_default=sa.false(), nullable=False)
        )
        batch_op.add_column(
            sa.Column("status_emoji", sa.String(), server_default="", nullable=False)
        )
        batch_op.add_column(sa.Column("status_text", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("status_until", _TIME, nullable=True))


def downgrade() -> None:
    """Go back."""
    with op.batch_alter_table("person") as batch_op:
        for column in ("status_until", "status_text", "status_emoji", "is_admin"):
            batch_op.drop_column(column)
        batch_op.add_column(sa.Column("pagerduty_id", sa.String(), nullable=True))
        batch_op.create_index(op.f("ix_person_pagerduty_id"), ["pagerduty_id"], unique=False)
    op.execute(
        "UPDATE person SET pagerduty_id = (SELECT account FROM identity "
        "WHERE identity.slack_id = person.slack_id AND vendor = 'pagerduty')"
    )
    for table in ("person_setting", "pager_user", "hand_link", "identity"):
        op.drop_table(table)
