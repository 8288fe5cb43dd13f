"""The settings are checked at the start, the wiring works, and no secret is shown."""

import pytest

from mesh.env import ConfigError
from mesh.testing import SECRET
from svc_users.__main__ import wire
from svc_users.config import Config

ENVIRON = {"JWT_SECRET_KEY": SECRET, "dbURL": "sqlite:///:memory:", "USERS_ADDRESS": "127.0.0.1:0"}


@pytest.mark.unit
def test_only_the_secret_is_required() -> None:
    """Every other setting has the documented default."""
    config = Config.from_env({"JWT_SECRET_KEY": SECRET})
    assert (config.address, config.min_password_length) == ("127.0.0.1:50051", 6)
    assert config.mesh_secret.secret != SECRET


@pytest.mark.unit
def test_a_printed_config_shows_no_secret() -> None:
    """A config in a log or a traceback contains no secret."""
    config = Config.from_env(ENVIRON | {"dbURL": "mysql+mysqlconnector://ann:hunter2@h/d"})
    text = repr(config)
    assert [secret for secret in (SECRET, config.mesh_secret.secret, "hunter2") if secret in text] == []


@pytest.mark.unit
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PASSWORD_MIN_LENGTH", "0"),
        ("LOGIN_FREE_ATTEMPTS", "0"),
        ("LOGIN_DELAY_MAX_SECONDS", "long"),
        ("JWT_SECRET_KEY", "short"),
        ("JWT_SECRET_KEY", "change-me" * 5),
        ("JWT_SECRET_KEY_PREVIOUS", "short"),
        ("MESH_SECRET", "short"),
    ],
)
def test_an_invalid_setting_is_named(name: str, value: str) -> None:
    """The error begins with the name of the setting."""
    with pytest.raises(ConfigError, match=f"^{name} "):
        Config.from_env({**ENVIRON, name: value})


@pytest.mark.integration
def test_the_service_is_wired_from_its_settings() -> None:
    """The server of `python -m svc_users` can be started and stopped."""
    server, close = wire(ENVIRON)
    server.start()
    assert server.port > 0
    server.stop(grace_seconds=0)
    close()
