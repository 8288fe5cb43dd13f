"""A token names its key; the previous key still verifies, and no other key does."""

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
    """Return a token of another program; it names no key unless one is given."""
    return forge(CLAIMS, key, **header)


def test_a_token_names_its_key() -> None:
    """The id tells two keys apart, and is not part of either."""
    kid = jwt.get_unverified_header(Keyring(NEW).encode(CLAIMS))["kid"]
    assert kid == key_id(NEW) != key_id(OLD)
    assert len(kid) == 16
    assert kid not in NEW


def test_the_previous_key_still_verifies_and_never_signs() -> None:
    """During a rotation tokens of both keys are valid, whether they name their key or not."""
    ring = Keyring(NEW, OLD)
    for each in (ring.encode(CLAIMS), Keyring(OLD).encode(CLAIMS), token(OLD), token(NEW)):
        assert ring.decode(each, OPTIONS) == CLAIMS
    assert Keyring(NEW).decode(ring.encode(CLAIMS), OPTIONS) == CLAIMS


def test_a_removed_key_is_rejected() -> None:
    """Its tokens are invalid after the rotation."""
    for each in (Keyring(OLD).encode(CLAIMS), token(OLD)):
        with pytest.raises(jwt.PyJWTError):
            Keyring(NEW).decode(each, OPTIONS)


@pytest.mark.parametrize(
    "kid", ["", "unknown", "../../dev/null", "' OR 1=1 --", 7, None, ["a"], {"a": 1}, True, key_id(OLD)]
)
def test_an_unknown_key_id_is_rejected(kid: Any) -> None:
    """The id selects one of the keys, and the signature must be that key's."""
    with pytest.raises(jwt.PyJWTError):
        Keyring(NEW, OLD).decode(token(NEW, kid=kid), OPTIONS)


def test_another_key_is_rejected() -> None:
    """It is rejected under a known id, under its own, and under none."""
    for each in (token(OTHER), token(OTHER, kid=key_id(OTHER)), token(OTHER, kid=key_id(NEW))):
        with pytest.raises(jwt.PyJWTError):
            Keyring(NEW, OLD).decode(each, OPTIONS)


def test_a_keyring_does_not_show_its_keys() -> None:
    """Its representation may be part of a traceback."""
    assert NEW not in repr(Keyring(NEW, OLD))
