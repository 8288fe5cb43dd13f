"""Hashes passwords on a limited number of threads with a low priority."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from werkzeug.security import check_password_hash, generate_password_hash

from mesh.context import current_call
from svc_users.errors import hashing_busy

T = TypeVar("T")

PBKDF2_ITERATIONS = 600_000
"""OWASP's recommendation for PBKDF2 with HMAC-SHA256 (Password Storage Cheat Sheet)."""
THREAD_NICENESS = 5
"""Linux gives such a thread a third of the time of a busy core, so that many log-ins at once do not slow down reads."""


class PasswordHasher:
    """Creates and checks password hashes, each in one of its own threads.

    Args:
        max_parallel: number of hashes computed at the same time; more would only make each of them slower.
        iterations: iterations of PBKDF2.
    """

    def __init__(self, max_parallel: int, iterations: int = PBKDF2_ITERATIONS) -> None:
        self.max_parallel = max_parallel
        self._method = f"pbkdf2:sha256:{iterations}"
        self._pool = ThreadPoolExecutor(max_parallel, thread_name_prefix="hash", initializer=_lower_priority)
        self._dummy_hash = generate_password_hash("the password of no account", self._method)

    def hash(self, password: str) -> str:
        """Return a hash to store.

        Raises:
            ResourceExhausted: the deadline of the call passed while it waited for a thread.
        """
        return self._run(lambda: generate_password_hash(password, self._method))

    def check(self, stored: str | None, password: str) -> bool:
        """Return whether the password matches the stored hash. None takes as long as a hash, and never matches.

        Raises:
            ResourceExhausted: the deadline of the call passed while it waited for a thread.
        """
        matches = self._run(lambda: check_password_hash(stored or self._dummy_hash, password))
        return matches and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Return whether the hash was created with other parameters than the current ones."""
        return not stored.startswith(f"{self._method}$")

    def _run(self, work: Callable[[], T]) -> T:
        call = current_call.get()
        future = self._pool.submit(work)
        try:
            return future.result(call.remaining_seconds() if call else None)
        except TimeoutError:
            future.cancel()  # does not compute a hash that no caller waits for
            raise hashing_busy() from None


def _lower_priority() -> None:
    with suppress(OSError):  # only Linux accepts the id of a thread
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), THREAD_NICENESS)
