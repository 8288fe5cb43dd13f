"""The broker's settings come from parts or from a URL, are validated, and never show the password."""

from pathlib import Path

import pytest

from mesh.broker.settings import broker_settings
from mesh.env import ConfigError

pytestmark = pytest.mark.unit


def parts(**environ: str) -> tuple[object, ...]:
    """Return the parsed settings."""
    settings = broker_settings(environ)
    assert settings
    parsed = settings.parameters
    account = parsed.credentials.username, parsed.credentials.password
    return parsed.host, parsed.port, parsed.virtual_host, *account, parsed.ssl_options is not None


def test_without_host_and_url_there_is_no_broker() -> None:
    """An empty setting counts as not set; a user and a password alone are not enough."""
    assert broker_settings({}) is None
    assert broker_settings({"RABBIT_HOST": " ", "RABBIT_URL": "", "RABBIT_USER": "u", "RABBIT_PW": "p"}) is None


def test_a_broker_from_parts() -> None:
    """A host is enough; TLS has another default port."""
    assert parts(RABBIT_HOST="h") == ("h", 5672, "/", "guest", "guest", False)
    assert parts(RABBIT_HOST="h", RABBIT_TLS="true") == ("h", 5671, "/", "guest", "guest", True)
    given = {"RABBIT_PORT": "1", "RABBIT_USER": "u", "RABBIT_PW": "p@:/", "RABBIT_VHOST": "shop"}
    assert parts(RABBIT_HOST="h", **given) == ("h", 1, "shop", "u", "p@:/", False)


def test_a_broker_from_a_url() -> None:
    """The URL takes precedence; a missing account comes from the parts; the URL is percent-encoded."""
    url = "amqp://u:p%40%3A%2F@h:1/%2Fshop"
    assert parts(RABBIT_URL=url, RABBIT_HOST="x") == ("h", 1, "/shop", "u", "p@:/", False)
    assert parts(RABBIT_URL="amqps://h/%2F", RABBIT_USER="u", RABBIT_PW="p") == ("h", 5671, "/", "u", "p", True)
    assert parts(RABBIT_URL="amqp://[::1]") == ("::1", 5672, "/", "guest", "guest", False)


def test_a_cluster_has_several_hosts() -> None:
    """They are separated by commas, and each may have its own port in the URL; the location names all of them."""
    for environ in ({"RABBIT_URL": "amqp://u:p%40@a:1,b,[::1]:3/shop"}, {"RABBIT_HOST": "a, b", "RABBIT_PORT": "7"}):
        settings = broker_settings(environ)
        assert settings
        hosts = [(each.host, each.port) for each in (settings.parameters, *settings.others)]
        if "RABBIT_HOST" in environ:
            assert hosts == [("a", 7), ("b", 7)]
        else:
            assert hosts == [("a", 1), ("b", 5672), ("::1", 3)]
            assert settings.location == "a:1,b:5672,::1:3/shop"
            assert {each.virtual_host for each in settings.others} == {"shop"}
    assert "'p@'" not in repr(settings)


@pytest.mark.parametrize(
    ("environ", "sentence"),
    [
        ({"RABBIT_HOST": "h", "RABBIT_PORT": "0"}, "RABBIT_PORT must be a whole number from 1 to 65535, not '0'."),
        ({"RABBIT_HOST": "h", "RABBIT_TLS": "maybe"}, "RABBIT_TLS must be true or false, not 'maybe'."),
        ({"RABBIT_URL": "http://u:secret@h/"}, "RABBIT_URL must look like amqp://"),
        ({"RABBIT_URL": "amqp://u:secret@h:port/"}, "RABBIT_URL must look like amqp://"),
        ({"RABBIT_URL": "amqp://u:secret@/"}, "RABBIT_URL must look like amqp://"),
        ({"RABBIT_URL": "amqp://u:secret@a,,b/"}, "RABBIT_URL must look like amqp://"),
        ({"RABBIT_URL": "amqp://u:secret@[h/"}, "RABBIT_URL must look like amqp://"),
        ({"RABBIT_URL": "amqp://u:secret@h/?heartbeat=5"}, "RABBIT_URL must look like amqp://"),
        ({"RABBIT_URL": "amqps://h", "RABBIT_TLS_CA": "/nowhere"}, "RABBIT_TLS_CA cannot be used: No such file"),
        ({"RABBIT_URL": "amqps://h", "RABBIT_TLS_CERT": "/nowhere"}, "RABBIT_TLS_CERT cannot be used: No such file"),
    ],
)
def test_an_invalid_setting_is_one_sentence(environ: dict[str, str], sentence: str) -> None:
    """The sentence names the setting, and does not contain the password."""
    with pytest.raises(ConfigError) as raised:
        broker_settings(environ)
    assert str(raised.value).startswith(sentence)
    assert "secret" not in str(raised.value)


def test_a_file_without_certificates_is_an_error(tmp_path: Path) -> None:
    """The message is ours, not that of the TLS library."""
    file = tmp_path / "ca.pem"
    file.write_text("nothing")
    with pytest.raises(
        ConfigError, match=r"^RABBIT_TLS_CA cannot be used: the file does not contain a valid certificate\.$"
    ):
        broker_settings({"RABBIT_URL": "amqps://h", "RABBIT_TLS_CA": str(file)})


def test_the_password_is_never_shown() -> None:
    """Neither the location nor the representation contains it."""
    settings = broker_settings({"RABBIT_URL": "amqp://u:secret@h:1/shop"})
    assert settings
    assert settings.location == "h:1/shop"
    assert "secret" not in repr(settings)
