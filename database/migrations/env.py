"""Alembic's entry point: runs the migrations on the connection of `database.migrate`, or prints them as SQL."""

from alembic import context

from database.base import Base

if context.is_offline_mode():
    context.configure(dialect_name="mysql", literal_binds=True, target_metadata=Base.metadata)
else:
    context.configure(
        connection=context.config.attributes["connection"], target_metadata=Base.metadata, compare_type=True
    )
with context.begin_transaction():
    context.run_migrations()
