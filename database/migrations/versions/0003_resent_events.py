"""Events are leased in the order of their index, and counted when they are sent again."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the count, and the order to the index."""
    op.add_column("Outbox", sa.Column("resent", sa.Integer, nullable=False, server_default="0"))
    op.create_index(
        "ix_Outbox_published_at_lease_until_order_id", "Outbox", ["published_at", "lease_until", "order_id"]
    )
    op.drop_index("ix_Outbox_published_at_lease_until", "Outbox")


def downgrade() -> None:
    """Takes both away again."""
    op.create_index("ix_Outbox_published_at_lease_until", "Outbox", ["published_at", "lease_until"])
    op.drop_index("ix_Outbox_published_at_lease_until_order_id", "Outbox")
    op.drop_column("Outbox", "resent")
