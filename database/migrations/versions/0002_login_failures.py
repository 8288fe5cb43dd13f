"""Failed log-ins, which the throttle counts."""

import sqlalchemy as sa

from database.migrations.steps import create_index, create_table, drop_table
from database.types import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table."""
    create_table(
        "LoginFailures",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("blocked_until", UtcDateTime, nullable=False),
        sa.Column("forget_at", UtcDateTime, nullable=False),
    )
    create_index("ix_LoginFailures_forget_at", "LoginFailures", ["forget_at"])


def downgrade() -> None:
    """Drop the table."""
    drop_table("LoginFailures")
