"""Orders that ended without a purchase, until the copies that they may have taken are returned."""

import sqlalchemy as sa
from alembic import op

from database.base import TABLE_OPTIONS

revision = "0007"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "PendingReturns",
        sa.Column("order_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.ForeignKeyConstraint(["order_id"], ["Orders.order_id"], name="fk_PendingReturns_order_id"),
        **TABLE_OPTIONS,
    )


def downgrade() -> None:
    """Drop the table."""
    op.drop_table("PendingReturns")
