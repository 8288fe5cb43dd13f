"""SQLite never assigns an id again: a token or a link to a deleted row must not mean a later one."""

from database.migrations.steps import never_reuse_ids

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Rebuild the tables that earlier versions created."""
    for table, column in (("Users", "user_id"), ("Books", "book_id"), ("Orders", "order_id")):
        never_reuse_ids(table, column)


def downgrade() -> None:
    """Keep the tables: earlier versions work with them."""
