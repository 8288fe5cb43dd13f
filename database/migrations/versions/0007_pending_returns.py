"""Orders that ended without a purchase, until the copies that they may have taken are returned."""

import sqlalchemy as sa

from database.migrations.steps import create_table, drop_table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    create_table(
        "PendingReturns",
        sa.Column("order_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.ForeignKeyConstraint(["order_id"], ["Orders.order_id"], name="fk_PendingReturns_order_id"),
    )


def downgrade() -> None:
    """Drop the table."""
    drop_table("PendingReturns")
