"""Alembic's entry point: runs the migrations on the database that `database.migrate` hands over."""

from alembic import context

from database.base import Base

database = context.config.attributes["database"]
with database.write() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata, compare_type=True)
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
