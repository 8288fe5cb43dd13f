"""Programs as child processes."""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from mesh.processes.parent import request_signal_at_parent_end


def program(arguments: Sequence[str], environ: Mapping[str, str]) -> Callable[[], None]:
    """Return a function that turns its process into a program, for `Supervisor`.

    The program inherits stdout and stderr, so that none of its lines is copied; its stdin is empty.

    Args:
        arguments: the program, which is searched for on the `PATH` of `environ`, and its arguments.
        environ: its whole environment.
    """
    return partial(_become, tuple(arguments), dict(environ))


def _become(arguments: tuple[str, ...], environ: Mapping[str, str]) -> None:
    parent_id = os.getppid()
    request_signal_at_parent_end()
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # multiprocessing's own would be closed by `exec`
    if os.getppid() == parent_id:  # else the parent ended before the request
        os.execvpe(arguments[0], arguments, environ)  # noqa: S606 - without a shell on purpose
