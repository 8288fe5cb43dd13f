"""The settings of each connection to MySQL or MariaDB, so that the server's own defaults do not matter.

They are set before SQLAlchemy or a statement of ours uses the connection: the server's `sql_mode` decides how texts and
names have to be quoted.
"""

SQL_MODE = "STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
"""Strict: a value that does not fit is an error. All other modes are off."""
LOCK_WAIT_TIMEOUT_SECONDS = 1
"""Time that a statement waits for a row; the server's smallest unit. `retry_transaction` repeats the wait."""
METADATA_LOCK_TIMEOUT_SECONDS = 5
"""Time that a statement waits for an ALTER TABLE, which itself may wait for a long transaction."""
WRITER_IDLE_SECONDS = 20
"""Time after which the server ends a silent connection, and releases the locks of its transaction."""
READER_IDLE_SECONDS = 600
NETWORK_TIMEOUT_SECONDS = 20
"""Time that the server waits for the rest of a statement, or for the client to accept a result."""
COMMON = (
    f"sql_mode = '{SQL_MODE}'",
    f"innodb_lock_wait_timeout = {LOCK_WAIT_TIMEOUT_SECONDS}",
    f"lock_wait_timeout = {METADATA_LOCK_TIMEOUT_SECONDS}",
    f"net_read_timeout = {NETWORK_TIMEOUT_SECONDS}",
    f"net_write_timeout = {NETWORK_TIMEOUT_SECONDS}",
    "time_zone = '+00:00'",
    "completion_type = 'NO_CHAIN'",
    "foreign_key_checks = 1",
    "unique_checks = 1",
    "sql_auto_is_null = 0",
    "sql_safe_updates = 0",
    "sql_big_selects = 1",
    "sql_select_limit = 18446744073709551615",
    "max_sort_length = 1024",
)
ISOLATION = "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE"


def session_settings(*, writes: bool, statement_timeout_seconds: int) -> tuple[str, ...]:
    """Return the statements that set up a connection.

    Args:
        writes: whether the connection is for transactions that write; they may take longer than one statement.
        statement_timeout_seconds: time limit of a statement that only reads.
    """
    limit = 0 if writes else statement_timeout_seconds
    idle = WRITER_IDLE_SECONDS if writes else READER_IDLE_SECONDS
    # MariaDB executes no comment with a number of MySQL 8, and MySQL none that begins with M.
    of_mysql = f"/*!80000 , max_execution_time = {limit * 1000} */"
    of_mariadb = f"/*M!100600 , max_statement_time = {limit}, check_constraint_checks = 1 */"
    return f"SET SESSION {', '.join(COMMON)}, wait_timeout = {idle} {of_mysql} {of_mariadb}", ISOLATION
