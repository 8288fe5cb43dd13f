"""What the errors of a database mean for its callers."""

import re
import threading

from mesh import logs
from mesh.errors import Unavailable

CONFLICTS = frozenset({1020, 1205, 1213, 3101})
"""Error numbers of MySQL and MariaDB for a transaction that lost against another one and can be repeated."""
LOCK_WAIT_TIMEOUT = 1205
CONNECTION_LOST = frozenset({1053, 1077, 1078, 1079, 1152, 1158, 1159, 1160, 1161, 1927, 2006, 2013, 2055, 4031})
"""Error numbers of a connection that no longer works: the server stops, has restarted, or has closed it."""
READ_ONLY = frozenset({1290, 1792, 1836})
"""Error numbers of a server that accepts no changes: another one may have taken its place, at the same address."""
NO_QUORUM = frozenset({1047, 3100})
"""Error numbers of a node that has lost its cluster."""
INTERRUPTED = frozenset({1317, 1969, 3024})
"""Error numbers of a statement that the server ended because it took too long."""
DISK_FULL = frozenset({1021, 1114})
SYSTEM_ERRORS = frozenset({3, 1026, 1030})
"""Error numbers whose text contains the number of the operating system's error."""
OS_NO_SPACE = re.compile(r"\b(error|errno:?) 28\b")

COMMIT_UNKNOWN = "COMMIT_UNKNOWN"
"""The reason of an error after which a transaction may or may not have been stored."""

log = logs.get("database")


class LockWaitError(Exception):
    """A transaction has waited in vain for a row that another one has locked; it was rolled back."""


class FreeSpace:
    """Logs once that a database has no space left, and once that it has space again."""

    def __init__(self) -> None:
        self.is_exhausted = False
        self._lock = threading.Lock()

    def report_exhausted(self, error: BaseException) -> Unavailable:
        """Log the error, unless it is known already, and return the one to raise instead."""
        with self._lock:
            first, self.is_exhausted = not self.is_exhausted, True
        if first:
            log.error("no space left for the database", reason=str(error))
        return Unavailable("The database has no space left.", "DATABASE_FULL")

    def report_commit(self) -> None:
        """Log that there is space again, if there was none."""
        with self._lock:
            recovered, self.is_exhausted = self.is_exhausted, False
        if recovered:
            log.info("the database has space again")


def unavailable() -> Unavailable:
    """Return the error for a database that cannot be reached or accepts no changes; the cause is for the logs."""
    return Unavailable("The database cannot be reached.", "DATABASE_UNAVAILABLE")


def busy() -> Unavailable:
    """Return the error for a database that cannot do its work within the caller's time."""
    return Unavailable("The database is too busy.", "DATABASE_BUSY")


def commit_unknown() -> Unavailable:
    """Return the error for a transaction that may or may not have been stored."""
    return Unavailable("The database has not confirmed the change. It may have been stored.", "COMMIT_UNKNOWN")


def error_number(error: BaseException | None) -> int:
    """Return the number of an error of the MySQL driver; 0 for other errors."""
    return int(getattr(error, "errno", None) or 0)


def is_disk_full(error: BaseException) -> bool:
    """Return whether an error of the MySQL driver means that the server has no space left."""
    number = error_number(error)
    return number in DISK_FULL or (number in SYSTEM_ERRORS and OS_NO_SPACE.search(str(error)) is not None)
