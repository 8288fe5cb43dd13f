"""The service's settings are checked, its wiring works, and neither shows a secret."""

import pytest

from mesh.env import ConfigError
from svc_users.__main__ import wire
from svc_users.config import Config
from svc_users.tests.conftest import SECRET

ENVIRON = {"JWT_SECRET_KEY": SECRET, "dbURL": "sqlite:///:memory:", "USERS_ADDRESS": "127.0.0.1:0"}


@pytest.mark.unit
def test_only_the_secret_has_to_be_set() -> None:
    """Everything else has the documented default."""
    config = Config.from_env({"JWT_SECRET_KEY": SECRET})
    assert (config.address, config.password_min_length) == ("127.0.0.1:50051", 6)
    assert config.mesh_secret.secret != SECRET


@pytest.mark.unit
def test_a_printed_config_shows_no_secret() -> None:
    """A config that ends up in a log or a traceback gives nothing away."""
    config = Config.from_env(ENVIRON | {"dbURL": "mysql+mysqlconnector://ann:hunter2@h/d"})
    shown = repr(config)
    assert [word for word in (SECRET, config.mesh_secret.secret, "hunter2") if word in shown] == []


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
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    """The complaint begins with the setting's name."""
    with pytest.raises(ConfigError, match=f"^{name} "):
        Config.from_env({**ENVIRON, name: value})


@pytest.mark.integration
def test_the_service_is_wired_from_the_environment() -> None:
    """What `python -m svc_users` runs can be started and closed."""
    server, close = wire(ENVIRON)
    server.start()
    assert server.port > 0
    server.stop(grace_seconds=0)
    close()
