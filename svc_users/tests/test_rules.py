"""The rules about emails, passwords, sessions and reused tokens."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mesh.errors import InvalidArgument
from svc_users.rules import (
    REUSE_GRACE_PERIOD,
    Session,
    TokenReuse,
    User,
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
        (timedelta(seconds=-5), TokenReuse.RETRY),
        (timedelta(minutes=-10), TokenReuse.THEFT),
        (timedelta(days=-1), TokenReuse.THEFT),
    ],
)
def test_a_token_that_is_reused_after_the_grace_period_is_stolen(after: timedelta, reuse: TokenReuse) -> None:
    """Within the grace period the second use is another tab, or a retry after a lost response.

    A clock that is set back after the theft does not extend the grace period.
    """
    assert classify_reuse(NOW, NOW + after) is reuse


ANN = User(7, "Ann", "ann@example.org", "the hash", NOW)


@pytest.mark.parametrize(
    ("now", "continues"),
    [
        (ANN, True),
        (replace(ANN, username="Anna", email="anna@example.org"), True),
        (replace(ANN, password_hash="another hash"), False),
        (replace(ANN, created_at=NOW + timedelta(microseconds=1)), False),
        (replace(ANN, user_id=8), False),
    ],
)
def test_a_session_belongs_to_one_account_with_one_password(now: User, *, continues: bool) -> None:
    """A later account with the same id, and a password that has changed, end it; a new name does not."""
    session = Session("s", 7, "t", NOW, NOW, ANN.credentials)
    assert session.belongs_to(now) is continues
    assert replace(session, credentials=None).belongs_to(now) is (now.user_id == 7)
