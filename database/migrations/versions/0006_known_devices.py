"""Failed log-ins from unknown devices take turns, and sessions end when the password changes."""

import sqlalchemy as sa

from database.migrations.steps import add_column, create_index, create_table, drop_column, drop_table
from database.types import UtcDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the turns of networks, the failures of accounts, and the digest of a session's account and password."""
    add_column("LoginFailures", sa.Column("turn_at", UtcDateTime))
    add_column("RefreshTokens", sa.Column("credentials", sa.String(64)))
    create_table(
        "AccountLoginFailures",
        sa.Column("account", sa.String(64), primary_key=True),
        sa.Column("failures", sa.Integer, nullable=False),
        sa.Column("next_turn_at", UtcDateTime, nullable=False),
        sa.Column("forget_at", UtcDateTime, nullable=False),
    )
    create_index("ix_AccountLoginFailures_forget_at", "AccountLoginFailures", ["forget_at"])


def downgrade() -> None:
    """Remove them."""
    drop_table("AccountLoginFailures")
    drop_column("RefreshTokens", "credentials")
    drop_column("LoginFailures", "turn_at")
