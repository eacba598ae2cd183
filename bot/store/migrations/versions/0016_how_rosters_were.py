"""How rosters were before they were edited.

Revision: 0016, after 0015.
"""

import hashlib
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go forward: those made in Slack are known as they are since they were changed last."""
    version = op.create_table(
        "roster_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("roster", sa.String(length=200), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("value", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_version")),
    )
    op.create_index("ix_roster_version_roster_since", "roster_version", ["roster", "since"])
    made = sa.table(
        "roster_made",
        sa.column("name", sa.String()),
        sa.column("value", sa.JSON(none_as_null=True)),
        sa.column("changed_at", sa.DateTime(timezone=True)),
    )
    rows = op.get_bind().execute(sa.select(made)).all()
    known = [{"roster": r.name, "since": r.changed_at, "value": _kept(r.value)} for r in rows]
    if known and version is not None:
        op.bulk_insert(version, known)


def _kept(value: dict[str, Any] | None) -> dict[str, Any]:
    """A calendar's address is a secret: only whether it is the same one is kept."""
    kept = dict(value or {})
    if address := kept.pop("ical", None):
        kept["calendar"] = hashlib.sha256(str(address).encode()).hexdigest()
    return kept


def downgrade() -> None:
    """Go back."""
    op.drop_table("roster_version")
