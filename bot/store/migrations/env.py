"""Alembic's environment: always on the connection ``bot.store.migrate`` hands over."""

from alembic import context
from sqlmodel import SQLModel

from bot.store import tables  # noqa: F401 - the import fills the metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
