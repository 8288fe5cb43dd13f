"""The settings of the books service are checked at its start."""

import pytest

from mesh.env import ConfigError
from svc_books.__main__ import wire
from svc_books.config import Config
from tests.harness import JWT_SECRET

pytestmark = pytest.mark.unit


def test_only_the_secret_is_required() -> None:
    """Every other setting has a default."""
    config = Config.from_env({"JWT_SECRET_KEY": JWT_SECRET})
    assert config.address == "127.0.0.1:50052"
    assert JWT_SECRET not in repr(config)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({}, "JWT_SECRET_KEY is not set, and neither is MESH_SECRET."),
        ({"JWT_SECRET_KEY": "hunter2"}, "JWT_SECRET_KEY must have at least 32 bytes, such as the output of "),
        ({"JWT_SECRET_KEY": JWT_SECRET, "dbURL": "oracle://ann:hunter2@h"}, "dbURL must look like "),
        ({"JWT_SECRET_KEY": JWT_SECRET, "DB_POOL_SIZE": "many"}, "DB_POOL_SIZE must be a whole number "),
    ],
)
def test_an_invalid_setting_is_one_sentence(settings: dict[str, str], sentence: str) -> None:
    """The sentence names the setting and contains no secret."""
    with pytest.raises(ConfigError) as raised:
        wire(settings)
    message = str(raised.value)
    assert message.startswith(sentence)
    assert "\n" not in message
    assert "hunter2" not in message
