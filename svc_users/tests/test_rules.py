"""Pure decisions: one form of an email, long enough passwords, and whose second use a token's is."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from statistics import median

import pytest
from werkzeug.security import check_password_hash

from mesh.context import CallContext, current_call, deadline_after
from mesh.errors import InvalidArgument, Unavailable
from svc_users.passwords import NICENESS, ROUNDS, Hasher
from svc_users.rules import GRACE, Reuse, canonical_email, check_password_length, judge_reuse

pytestmark = pytest.mark.unit

NOW = datetime(2025, 8, 12, 22, 19, 44, tzinfo=UTC)


@pytest.mark.parametrize("email", ["Ann@Example.ORG", " ann@example.org ", "ANN@EXAMPLE.ORG"])
def test_an_email_has_one_form(email: str) -> None:
    """Case and outer blanks do not make a second address."""
    assert canonical_email(email) == "ann@example.org"


def test_a_password_has_at_least_so_many_characters() -> None:
    """Characters count, not bytes; one less is refused with the number in the sentence."""
    check_password_length("sécret", 6)
    with pytest.raises(InvalidArgument, match=r"^Password must be at least 6 characters\.$"):
        check_password_length("éééé", 6)


@pytest.mark.parametrize(
    ("after", "meaning"),
    [
        (timedelta(), Reuse.SAME_SUCCESSOR),
        (GRACE, Reuse.SAME_SUCCESSOR),
        (GRACE + timedelta(microseconds=1), Reuse.THEFT),
        (timedelta(days=1), Reuse.THEFT),
    ],
)
def test_the_second_use_of_a_token_is_a_theft_after_ten_seconds(after: timedelta, meaning: Reuse) -> None:
    """Up to the grace it is another tab, or a reply that got lost."""
    assert judge_reuse(NOW, NOW + after) is meaning


def test_a_password_matches_its_own_hash_only() -> None:
    """The right one passes, another does not, and nobody's never does, not even with the stand-in's password."""
    hasher = Hasher(at_once=1, rounds=10)
    stored = hasher.hash("correct horse")
    assert hasher.check(stored, "correct horse")
    assert not hasher.check(stored, "correct hors")
    assert not hasher.check(None, "the password of nobody")


def test_equal_passwords_have_different_hashes() -> None:
    """Each hash has a salt of its own."""
    hasher = Hasher(at_once=1, rounds=10)
    assert hasher.hash("same") != hasher.hash("same")


def test_a_hash_of_other_parameters_is_outdated() -> None:
    """Other rounds and another method are replaced at the next log-in; today's are not."""
    hasher = Hasher(at_once=1, rounds=100)
    assert hasher.outdated(Hasher(at_once=1, rounds=10).hash("x"))
    assert hasher.outdated("scrypt:32768:8:1$salt$hash")
    assert not hasher.outdated(hasher.hash("x"))
    assert not Hasher(at_once=1, rounds=1000).outdated("pbkdf2:sha256:1000$salt$hash")
    assert Hasher(at_once=1, rounds=100).outdated("pbkdf2:sha256:1000$salt$hash")


def test_the_rounds_are_owasps() -> None:
    """Nobody lowers them by accident."""
    assert ROUNDS == 600_000


def test_no_more_hashes_run_at_once_than_there_are_turns() -> None:
    """Twenty who ask at the same time are worked off two by two, each in a thread that steps back for others."""
    hasher, running, most, niceness = Hasher(at_once=2, rounds=10), 0, 0, set()
    lock = threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        niceness.add(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        threading.Event().wait(0.005)
        with lock:
            running -= 1

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(lambda _: hasher._in_turn(work), range(20)))
    assert most == 2
    assert niceness == {NICENESS}


def test_whoever_waits_too_long_for_a_turn_is_told_and_costs_no_hash() -> None:
    """The caller's time counts, and what nobody waits for is not computed."""
    hasher, begun, finish, computed = Hasher(at_once=1, rounds=10), threading.Event(), threading.Event(), []

    def first() -> None:
        begun.set()
        finish.wait(10)

    with ThreadPoolExecutor(1) as pool:
        busy = pool.submit(hasher._in_turn, first)
        assert begun.wait(10)
        token = current_call.set(CallContext(deadline=deadline_after(0.01)))
        try:
            with pytest.raises(Unavailable, match="at once"):
                hasher._in_turn(lambda: computed.append(1))
        finally:
            current_call.reset(token)
            finish.set()
        busy.result(10)
    hasher._in_turn(lambda: None)
    assert computed == []


def test_unknown_emails_cost_as_much_time_as_wrong_passwords() -> None:
    """Tries side by side are within 5 %, by the median of sixty pairs: one that the clock disturbs does not count."""
    hasher = Hasher(at_once=1, rounds=20_000)
    stored = hasher.hash("correct horse")

    def seconds(against: str | None) -> float:
        started = time.thread_time()
        matches = check_password_hash(against or hasher._of_nobody, "wrong horse")
        assert not matches
        return time.thread_time() - started

    assert 0.95 < median(seconds(None) / seconds(stored) for _ in range(60)) < 1.05
