"""Tokens name their key, the key before still verifies, and nothing else does."""

from typing import Any

import jwt
import pytest

from mesh.keys import Keyring, key_id
from mesh.tests.forge import forge

pytestmark = pytest.mark.unit

OLD, NEW, OTHER = (f"the {which} key, of thirty-two bytes at least" for which in ("old", "new", "other"))
CLAIMS = {"sub": "7"}
OPTIONS: jwt.types.Options = {"require": ["sub"]}


def token(key: str, **header: Any) -> str:
    """A token as another program would make it, without a key's name unless one is given."""
    return forge(CLAIMS, key, **header)


def test_a_token_names_its_key() -> None:
    """The name tells two keys apart, and is no part of either."""
    kid = jwt.get_unverified_header(Keyring(NEW).encode(CLAIMS))["kid"]
    assert kid == key_id(NEW) != key_id(OLD)
    assert len(kid) == 16
    assert kid not in NEW


def test_the_key_before_still_verifies_and_never_signs() -> None:
    """While keys are being changed, tokens of both are good, whether they name their key or not."""
    ring = Keyring(NEW, OLD)
    for each in (ring.encode(CLAIMS), Keyring(OLD).encode(CLAIMS), token(OLD), token(NEW)):
        assert ring.decode(each, OPTIONS) == CLAIMS
    assert Keyring(NEW).decode(ring.encode(CLAIMS), OPTIONS) == CLAIMS


def test_a_key_that_went_is_refused() -> None:
    """Once the key before is taken away, its tokens are nobody's."""
    for each in (Keyring(OLD).encode(CLAIMS), token(OLD)):
        with pytest.raises(jwt.PyJWTError):
            Keyring(NEW).decode(each, OPTIONS)


@pytest.mark.parametrize(
    "kid", ["", "nobody's", "../../dev/null", "' OR 1=1 --", 7, None, ["a"], {"a": 1}, True, key_id(OLD)]
)
def test_a_key_of_another_name_is_refused(kid: Any) -> None:
    """The name only picks among the keys that there are, and the signature has to be that key's."""
    with pytest.raises(jwt.PyJWTError):
        Keyring(NEW, OLD).decode(token(NEW, kid=kid), OPTIONS)


def test_another_key_is_refused() -> None:
    """Under a right name, under its own, and under none."""
    for each in (token(OTHER), token(OTHER, kid=key_id(OTHER)), token(OTHER, kid=key_id(NEW))):
        with pytest.raises(jwt.PyJWTError):
            Keyring(NEW, OLD).decode(each, OPTIONS)


def test_a_printed_keyring_shows_no_key() -> None:
    """It may end up in a traceback."""
    assert NEW not in repr(Keyring(NEW, OLD))
