"""Hashes passwords, on no more cores than there are."""

import threading

from werkzeug.security import check_password_hash, generate_password_hash

ROUNDS = 600_000
"""OWASP's Password Storage Cheat Sheet for PBKDF2 with HMAC-SHA256."""


class Hasher:
    """Makes and checks password hashes.

    Args:
        at_once: hashes computed at the same time; more would only make each slower, and everything else with them.
        rounds: iterations of PBKDF2.
    """

    def __init__(self, at_once: int, rounds: int = ROUNDS) -> None:
        self._method = f"pbkdf2:sha256:{rounds}"
        self._turn = threading.BoundedSemaphore(at_once)
        self._of_nobody = generate_password_hash("the password of nobody", self._method)

    def hash(self, password: str) -> str:
        """The hash to store."""
        with self._turn:
            return generate_password_hash(password, self._method)

    def check(self, stored: str | None, password: str) -> bool:
        """Whether the password belongs to the stored hash; without one it takes as long, and says no."""
        with self._turn:
            matches = check_password_hash(stored or self._of_nobody, password)
        return matches and stored is not None

    def outdated(self, stored: str) -> bool:
        """Whether the hash was made with other parameters than today's."""
        return not stored.startswith(f"{self._method}$")
