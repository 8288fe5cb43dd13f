"""The rules about emails, passwords, reused tokens and the delays of log-ins."""

from datetime import UTC, datetime, timedelta

import pytest

from mesh.errors import InvalidArgument
from svc_users.rules import (
    FAILURE_LIFETIME,
    REUSE_GRACE_PERIOD,
    LoginFailures,
    ThrottlePolicy,
    TokenReuse,
    canonical_email,
    check_password_length,
    classify_reuse,
)

pytestmark = pytest.mark.unit

NOW = datetime(2025, 8, 12, 22, 19, 44, tzinfo=UTC)


@pytest.mark.parametrize("email", ["Ann@Example.ORG", " ann@example.org ", "ANN@EXAMPLE.ORG"])
def test_an_email_has_one_canonical_form(email: str) -> None:
    """Case and outer blanks do not make another address."""
    assert canonical_email(email) == "ann@example.org"


def test_a_password_has_a_minimum_length() -> None:
    """The length counts characters, not bytes, and the message contains the minimum."""
    check_password_length("sécret", 6)
    with pytest.raises(InvalidArgument, match=r"^Password must be at least 6 characters\.$"):
        check_password_length("éééé", 6)


@pytest.mark.parametrize(
    ("after", "reuse"),
    [
        (timedelta(), TokenReuse.RETRY),
        (REUSE_GRACE_PERIOD, TokenReuse.RETRY),
        (REUSE_GRACE_PERIOD + timedelta(microseconds=1), TokenReuse.THEFT),
        (timedelta(days=1), TokenReuse.THEFT),
    ],
)
def test_a_token_that_is_reused_after_the_grace_period_is_stolen(after: timedelta, reuse: TokenReuse) -> None:
    """Within the grace period the second use is another tab, or a retry after a lost response."""
    assert classify_reuse(NOW, NOW + after) is reuse


def test_the_delay_doubles_up_to_its_maximum() -> None:
    """There is no delay while attempts are free; then it is one second, two, four, and never above the maximum."""
    policy = ThrottlePolicy(free_attempts=3, max_delay=timedelta(seconds=20))
    delays = [int(policy.delay_after(count).total_seconds()) for count in range(10)]
    assert delays == [0, 0, 0, 1, 2, 4, 8, 16, 20, 20]
    assert policy.delay_after(10**6) == timedelta(seconds=20)
    assert not ThrottlePolicy(free_attempts=1, max_delay=timedelta()).delay_after(100)


def test_each_failure_blocks_the_account_and_extends_its_memory() -> None:
    """The account is blocked for the delay, and its failures expire a day after the last one."""
    policy = ThrottlePolicy(free_attempts=3, max_delay=timedelta(seconds=20))
    expected = LoginFailures("account", 4, NOW + timedelta(seconds=2), NOW + FAILURE_LIFETIME)
    assert policy.failures_after("account", 4, NOW) == expected
