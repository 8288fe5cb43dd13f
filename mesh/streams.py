"""The standard streams of a process."""

import os
import sys

STDIN, STDOUT, STDERR = 0, 1, 2
OUTPUTS = (STDOUT, STDERR)


def open_missing_streams() -> None:
    """Open `/dev/null` for each standard stream that is closed.

    The system gives the lowest free number to the next file. After a start with `2>&-` that could be the database,
    into which a library would then write its messages.
    """
    for number in (STDIN, STDOUT, STDERR):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdout is None:
        sys.stdout = open(STDOUT, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - until the end of the process
    if sys.stderr is None:
        sys.stderr = open(STDERR, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - until the end of the process
