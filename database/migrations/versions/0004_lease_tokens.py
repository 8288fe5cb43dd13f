"""Each lease of an event has a token, so that a late settlement does not affect the next lease."""

import sqlalchemy as sa

from database.migrations.steps import add_column, drop_column

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the token of the current lease."""
    add_column("Outbox", sa.Column("lease_token", sa.String(36)))


def downgrade() -> None:
    """Remove it."""
    drop_column("Outbox", "lease_token")
