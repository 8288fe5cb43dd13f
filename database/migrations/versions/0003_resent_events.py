"""A count of how often an event was sent again, and an index in the order in which events are leased."""

import sqlalchemy as sa

from database.migrations.steps import add_column, create_index, drop_column, drop_index

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the count, and the order's id to the index."""
    add_column("Outbox", sa.Column("resent", sa.Integer, nullable=False, server_default="0"))
    create_index("ix_Outbox_published_at_lease_until_order_id", "Outbox", ["published_at", "lease_until", "order_id"])
    drop_index("ix_Outbox_published_at_lease_until", "Outbox")


def downgrade() -> None:
    """Remove both."""
    create_index("ix_Outbox_published_at_lease_until", "Outbox", ["published_at", "lease_until"])
    drop_index("ix_Outbox_published_at_lease_until_order_id", "Outbox")
    drop_column("Outbox", "resent")
