"""Password hashes are safe, limited in number, and take the same time for unknown emails."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from statistics import median

import pytest
from werkzeug.security import check_password_hash

from mesh.context import CallContext, current_call, deadline_after
from mesh.errors import ResourceExhausted
from svc_users.security.passwords import PBKDF2_ITERATIONS, THREAD_NICENESS, PasswordHasher

pytestmark = pytest.mark.unit

TIMED_ITERATIONS = 5_000
"""Enough for a median ratio within 0.5 % of 1; the test allows 5 %."""


def test_a_password_matches_only_its_own_hash() -> None:
    """Another password does not match, and None matches no password, not even that of the dummy hash."""
    hasher = PasswordHasher(max_parallel=1, iterations=10)
    stored = hasher.hash("correct horse")
    assert hasher.check(stored, "correct horse")
    assert not hasher.check(stored, "correct hors")
    assert not hasher.check(None, "the password of no account")


def test_equal_passwords_have_different_hashes() -> None:
    """Each hash has its own salt."""
    hasher = PasswordHasher(max_parallel=1, iterations=10)
    assert hasher.hash("same") != hasher.hash("same")


def test_a_hash_of_other_parameters_is_outdated() -> None:
    """A hash with other iterations or another method is outdated, and one with the current parameters is not."""
    hasher = PasswordHasher(max_parallel=1, iterations=100)
    assert hasher.is_outdated(PasswordHasher(max_parallel=1, iterations=10).hash("x"))
    assert hasher.is_outdated("scrypt:32768:8:1$salt$hash")
    assert not hasher.is_outdated(hasher.hash("x"))
    assert not PasswordHasher(max_parallel=1, iterations=1000).is_outdated("pbkdf2:sha256:1000$salt$hash")
    assert PasswordHasher(max_parallel=1, iterations=100).is_outdated("pbkdf2:sha256:1000$salt$hash")


def test_the_iterations_are_those_of_owasp() -> None:
    """The number is repeated here, so that a change of the default is deliberate."""
    assert PBKDF2_ITERATIONS == 600_000


def test_the_number_of_parallel_hashes_is_limited() -> None:
    """Of twenty calls at once two run in parallel, each in a thread with a low priority."""
    hasher, running, max_running, niceness = PasswordHasher(max_parallel=2, iterations=10), 0, 0, set()
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, max_running
        with lock:
            running += 1
            max_running = max(max_running, running)
        niceness.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        threading.Event().wait(0.005)
        with lock:
            running -= 1

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: hasher._run(work), range(20)))
    assert max_running == 2
    assert niceness == {THREAD_NICENESS}


def test_a_call_that_waits_beyond_its_deadline_computes_no_hash() -> None:
    """The call fails at its deadline, and its hash is never computed."""
    hasher, started, finish, computed = (
        PasswordHasher(max_parallel=1, iterations=10),
        threading.Event(),
        threading.Event(),
        [],
    )

    def first() -> None:
        started.set()
        finish.wait(10)

    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(hasher._run, first)
        assert started.wait(10)
        token = current_call.set(CallContext(deadline=deadline_after(0.01)))
        try:
            with pytest.raises(ResourceExhausted, match="at once"):
                hasher._run(lambda: computed.append(1))
        finally:
            current_call.reset(token)
            finish.set()
        busy.result(10)
    hasher._run(lambda: None)
    assert computed == []


def test_unknown_emails_take_as_long_as_wrong_passwords() -> None:
    """The median ratio of sixty pairs is within 5 %; the median ignores pairs that the machine disturbs."""
    hasher = PasswordHasher(max_parallel=1, iterations=TIMED_ITERATIONS)
    stored = hasher.hash("correct horse")

    def seconds_to_check(hash_: str | None) -> float:
        started = time.thread_time()
        matches = check_password_hash(hash_ or hasher._dummy_hash, "wrong horse")
        assert not matches
        return time.thread_time() - started

    assert 0.95 < median(seconds_to_check(None) / seconds_to_check(stored) for _ in range(60)) < 1.05
