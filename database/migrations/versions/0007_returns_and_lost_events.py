"""Orders whose copies have to be returned, and the times that show which events were lost."""

import sqlalchemy as sa

from database.migrations.steps import add_column, create_table, drop_column, drop_table
from database.types import UtcDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table, and add when an event was leased and when it became a dead letter."""
    create_table(
        "PendingReturns",
        sa.Column("order_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.ForeignKeyConstraint(["order_id"], ["Orders.order_id"], name="fk_PendingReturns_order_id"),
    )
    add_column("Outbox", sa.Column("leased_at", UtcDateTime))
    add_column("Outbox", sa.Column("dead_at", UtcDateTime))


def downgrade() -> None:
    """Remove them."""
    drop_column("Outbox", "dead_at")
    drop_column("Outbox", "leased_at")
    drop_table("PendingReturns")
