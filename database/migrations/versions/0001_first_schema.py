"""The first schema: users, books, orders and events."""

import sqlalchemy as sa
from alembic import op

from database.migrations.steps import create_index, create_table, drop_table
from database.types import Money, UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = ("Users", "RefreshTokens", "Books", "Orders", "StockMovements", "Outbox", "IdempotencyKeys")


def upgrade() -> None:
    """Create all tables."""
    _create_users()
    _create_books()
    _create_orders()
    _create_events()


def downgrade() -> None:
    """Drop all tables."""
    for name in reversed(TABLES):
        drop_table(name)


def _create_users() -> None:
    create_table(
        "Users",
        sa.Column("user_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("username", sa.String(50), nullable=False),
        sa.Column("email", sa.String(100), nullable=False),
        sa.Column("password_hash", sa.Text, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.UniqueConstraint("email", name="uq_Users_email"),
    )
    create_table(
        "RefreshTokens",
        sa.Column("jti", sa.String(36), primary_key=True),
        sa.Column("family", sa.String(36), nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("expires_at", UtcDateTime, nullable=False),
        sa.Column("successor", sa.String(36)),
        sa.Column("used_at", UtcDateTime),
        sa.Column("revoked_at", UtcDateTime),
        sa.ForeignKeyConstraint(["user_id"], ["Users.user_id"], name="fk_RefreshTokens_user_id"),
    )
    for column in ("family", "user_id", "expires_at"):
        create_index(f"ix_RefreshTokens_{column}", "RefreshTokens", [column])


def _create_books() -> None:
    create_table(
        "Books",
        sa.Column("book_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("description", sa.Text, nullable=False),
        sa.Column("ISBN", sa.String(20), nullable=False),
        sa.Column("authors", sa.Text, nullable=False),
        sa.Column("publishers", sa.String(255), nullable=False),
        sa.Column("format", sa.String(50), nullable=False),
        sa.Column("genre", sa.String(50), nullable=False),
        sa.Column("price", Money, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("search_text", sa.Text, nullable=False),
        sa.Column("title_key", sa.String(255), nullable=False),
        sa.CheckConstraint("quantity >= 0", name=op.f("ck_Books_quantity")),
        sa.UniqueConstraint("ISBN", name="uq_Books_ISBN"),
    )
    for column in ("genre", "price", "title_key"):
        create_index(f"ix_Books_{column}", "Books", [column])


def _create_orders() -> None:
    create_table(
        "Orders",
        sa.Column("order_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("book_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("price", Money, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("authors", sa.Text, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("order_date", UtcDateTime, nullable=False),
        sa.Column("pending_key", sa.String(64)),
        sa.ForeignKeyConstraint(["book_id"], ["Books.book_id"], name="fk_Orders_book_id"),
        sa.ForeignKeyConstraint(["user_id"], ["Users.user_id"], name="fk_Orders_user_id"),
        sa.UniqueConstraint("pending_key", name="uq_Orders_pending_key"),
    )
    for name, columns in (
        ("book_id", ["book_id"]),
        ("status", ["status"]),
        ("user_id_order_id", ["user_id", "order_id"]),
    ):
        create_index(f"ix_Orders_{name}", "Orders", columns)
    create_table(
        "StockMovements",
        sa.Column("order_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("book_id", sa.Integer, nullable=False),
        sa.Column("quantity", sa.Integer, nullable=False),
        sa.Column("outcome", sa.String(20), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["Orders.order_id"], name="fk_StockMovements_order_id"),
    )


def _create_events() -> None:
    create_table(
        "Outbox",
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("order_id", sa.Integer, nullable=False),
        sa.Column("payload", sa.Text, nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("lease_until", UtcDateTime, nullable=False),
        sa.Column("published_at", UtcDateTime),
        sa.Column("dead_reason", sa.String(255)),
        sa.ForeignKeyConstraint(["order_id"], ["Orders.order_id"], name="fk_Outbox_order_id"),
        sa.UniqueConstraint("order_id", name="uq_Outbox_order_id"),
    )
    create_index("ix_Outbox_published_at_lease_until", "Outbox", ["published_at", "lease_until"])
    create_table(
        "IdempotencyKeys",
        sa.Column("user_id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("request_sha256", sa.String(64), nullable=False),
        sa.Column("order_id", sa.Integer, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["Users.user_id"], name="fk_IdempotencyKeys_user_id"),
        sa.ForeignKeyConstraint(["order_id"], ["Orders.order_id"], name="fk_IdempotencyKeys_order_id"),
    )
    create_index("ix_IdempotencyKeys_created_at", "IdempotencyKeys", ["created_at"])
