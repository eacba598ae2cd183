"""Incidents are counted day by day.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_DAY = {
    "sqlite": "strftime('%Y-%m-%d', created_at)",
    "postgresql": "to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD')",
}
_MILLISECONDS = {
    "sqlite": "CAST(ROUND((julianday({end}) - julianday(coalesce(detected_at, created_at))) * 86400000) AS INTEGER)",
    "postgresql": "CAST(ROUND(EXTRACT(EPOCH FROM {end} - coalesce(detected_at, created_at)) * 1000) AS BIGINT)",
}


_COUNTED = """
INSERT INTO tally (day, severity, service, incidents, open, acknowledged, acknowledge_ms, resolved, resolve_ms)
SELECT day, severity, service, count(*), sum(open),
    count(acknowledged), coalesce(sum(acknowledged), 0), count(resolved), coalesce(sum(resolved), 0)
FROM (
    SELECT {day} AS day, substr(coalesce(severity, ''), 1, 200) AS severity,
        substr(coalesce(service_title, service, ''), 1, 200) AS service,
        CASE WHEN status <> 'resolved' THEN 1 ELSE 0 END AS open,
        {acknowledged} AS acknowledged, {resolved} AS resolved
    FROM incident WHERE NOT private
) AS one
GROUP BY day, severity, service
"""


def upgrade() -> None:
    """Go forward: count what there is."""
    op.create_table(
        "tally",
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("severity", sa.String(length=200), nullable=False),
        sa.Column("service", sa.String(length=200), nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("open", sa.Integer(), nullable=False),
        sa.Column("acknowledged", sa.Integer(), nullable=False),
        sa.Column("acknowledge_ms", sa.BigInteger(), nullable=False),
        sa.Column("resolved", sa.Integer(), nullable=False),
        sa.Column("resolve_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "severity", "service", name=op.f("pk_tally")),
    )
    name = op.get_bind().dialect.name
    milliseconds = _MILLISECONDS[name]
    counted = _COUNTED.replace("{day}", _DAY[name])
    for what in ("acknowledged", "resolved"):
        counted = counted.replace(f"{{{what}}}", milliseconds.format(end=f"{what}_at"))
    op.execute(counted)


def downgrade() -> None:
    """Go back."""
    op.drop_table("tally")
