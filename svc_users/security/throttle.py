"""Slows down guessing of passwords; the counts are in the database, for all replicas."""

import math
from dataclasses import dataclass
from datetime import datetime

from mesh.errors import ResourceExhausted
from svc_users.store.login_failures import LoginFailureStore
from svc_users.throttle_rules import Admission, Counters, LoginKey, ThrottlePolicy, network_of


@dataclass(frozen=True, slots=True)
class LoginAttempt:
    """A log-in that is allowed.

    Args:
        key: what its failures are counted for.
        has_failures: whether failures are stored for the key.
        counted: whether the attempt is stored as a failure already, until it succeeds.
    """

    key: LoginKey
    has_failures: bool
    counted: bool


class LoginThrottle:
    """Counts failed log-ins, whether or not the account exists; `svc_users.throttle_rules` decides about them.

    Args:
        store: the stored failures.
        policy: the number of free attempts and the delays.
    """

    def __init__(self, store: LoginFailureStore, policy: ThrottlePolicy) -> None:
        self._store = store
        self._policy = policy

    def begin(self, email: str, now: datetime, address: str = "", device: str = "") -> LoginAttempt:
        """Allow a log-in.

        Args:
            email: the email in canonical form.
            now: the current time.
            address: the client's IP address; empty when it is unknown.
            device: the id of the device from which the user has logged in before; empty for an unknown device.

        Raises:
            ResourceExhausted: it comes too early; the metadata contains the seconds to wait.
        """
        key = LoginKey.of(email, network_of(address), device)

        def admit(stored: Counters) -> tuple[Counters, Admission]:
            admission = self._policy.admit(key, stored, now)
            return admission.counters, admission

        stored = self._store.get(key)
        counters, admission = admit(stored)
        if counters != stored:  # the usual log-in without failures needs no transaction
            admission = self._store.change(key, now, admit)
        if admission.wait:
            raise login_throttled(admission.wait.total_seconds())
        return LoginAttempt(key, admission.counters != Counters(), admission.counted)

    def has_failed(self, email: str, address: str, now: datetime) -> bool:
        """Return whether a log-in to the account from the network of the address has failed lately."""
        own = self._store.get(LoginKey.of(email, network_of(address), "")).own
        return own is not None and own.count > 0 and own.expires_at > now

    def fail(self, attempt: LoginAttempt, now: datetime) -> None:
        """Count an attempt as failed."""
        if not attempt.counted:
            key, policy = attempt.key, self._policy
            self._store.change(key, now, lambda stored: (policy.count_failure(key, stored, now), None))

    def succeed(self, attempt: LoginAttempt) -> None:
        """Forget the failures of the network or device, and of the account's unknown devices if it is one of them."""
        if attempt.has_failures:
            self._store.delete(attempt.key)


def login_throttled(delay_seconds: float) -> ResourceExhausted:
    """Return the error for a log-in that comes too early."""
    seconds = max(1, math.ceil(delay_seconds))
    message = f"Too many failed log-ins. Please try again in {seconds} {'second' if seconds == 1 else 'seconds'}."
    return ResourceExhausted(message, "LOGIN_THROTTLED", metadata={"retry_after": str(seconds)})
