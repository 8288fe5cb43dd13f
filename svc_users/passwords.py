"""Hashes passwords, on no more cores than there are, and behind whatever else wants them."""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from werkzeug.security import check_password_hash, generate_password_hash

from mesh.context import current_call
from mesh.errors import Unavailable

T = TypeVar("T")

ROUNDS = 600_000
"""OWASP's Password Storage Cheat Sheet for PBKDF2 with HMAC-SHA256."""
NICENESS = 5
"""Linux gives a third of the time to such a thread when others want the core: a storm of log-ins leaves reads fast."""


class Hasher:
    """Makes and checks password hashes, each in one of a few threads of its own.

    Args:
        at_once: hashes computed at the same time; more would only make each slower, and everything else with them.
        rounds: iterations of PBKDF2.
    """

    def __init__(self, at_once: int, rounds: int = ROUNDS) -> None:
        self._method = f"pbkdf2:sha256:{rounds}"
        self._pool = ThreadPoolExecutor(at_once, thread_name_prefix="hash", initializer=_step_back)
        self._of_nobody = generate_password_hash("the password of nobody", self._method)

    def hash(self, password: str) -> str:
        """The hash to store.

        Raises:
            Unavailable: when the caller's time is over before it was its turn.
        """
        return self._in_turn(lambda: generate_password_hash(password, self._method))

    def check(self, stored: str | None, password: str) -> bool:
        """Whether the password belongs to the stored hash; without one it takes as long, and says no.

        Raises:
            Unavailable: when the caller's time is over before it was its turn.
        """
        matches = self._in_turn(lambda: check_password_hash(stored or self._of_nobody, password))
        return matches and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return not stored.startswith(f"{self._method}$")

    def _in_turn(self, work: Callable[[], T]) -> T:
        call = current_call.get()
        waiting = self._pool.submit(work)
        try:
            return waiting.result(call.remaining_seconds() if call else None)
        except TimeoutError:
            waiting.cancel()  # nobody waits for it any more
            raise Unavailable("Too many people are logging in at once. Please try again.", "HASHING_BUSY") from None


def _step_back() -> None:
    with suppress(OSError):  # only Linux knows threads by their own ids
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
