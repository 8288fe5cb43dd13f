"""What has to be true before the processes start is made true, or said in one sentence."""

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.preparation import ADDRESSES, PORTS, NotReadyError, check_ports, ensure_secret, prepare_database
from mesh import env
from mesh.ports import free_ports


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where `.env` is to be."""
    return tmp_path / ".env"


@pytest.fixture
def settings() -> dict[str, str]:
    """Free ports for everything."""
    ports = iter(free_ports(len(PORTS) + len(ADDRESSES)))
    return {name: str(next(ports)) for name in PORTS} | {name: f"127.0.0.1:{next(ports)}" for name in ADDRESSES}


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.mark.unit
def test_the_first_start_makes_a_secret(file: Path) -> None:
    """Random, long enough, a different one each time, and for nobody else to read."""
    secrets = set()
    for _ in range(2):
        file.unlink(missing_ok=True)
        assert ensure_secret({}, file)
        found = re.fullmatch(r"JWT_SECRET_KEY=([0-9a-f]{64})\n", file.read_text())
        assert found
        secrets.add(found[1])
        assert file.stat().st_mode & 0o777 == 0o600
    assert len(secrets) == 2


@pytest.mark.unit
def test_what_stands_in_the_file_is_kept(file: Path) -> None:
    """Only the empty line of the secret is replaced; a file that others could read no longer is."""
    file.write_text("# mine\nLOG_LEVEL=debug\nJWT_SECRET_KEY=\nJWT_SECRET_KEY_OLD=x")
    file.chmod(0o644)
    assert ensure_secret({"JWT_SECRET_KEY": "  "}, file)
    lines = file.read_text().splitlines()
    assert lines[:3] == ["# mine", "LOG_LEVEL=debug", "JWT_SECRET_KEY_OLD=x"]
    assert len(lines) == 4
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.unit
def test_a_secret_that_is_set_stays(file: Path) -> None:
    """Nothing is written, not even a file."""
    assert not ensure_secret({"JWT_SECRET_KEY": "mine"}, file)
    assert not file.exists()


@pytest.mark.integration
def test_free_ports_are_fine(settings: dict[str, str]) -> None:
    """Nothing is said when nothing is in the way."""
    check_ports(settings)


@pytest.mark.integration
@pytest.mark.parametrize("name", [*PORTS, *ADDRESSES])
def test_a_port_in_use_is_one_sentence(settings: dict[str, str], taken: int, name: str) -> None:
    """It names the port, and the setting that moves it."""
    settings[name] = f"127.0.0.1:{taken}" if name in ADDRESSES else str(taken)
    expected = f"Port {taken} is already in use; end what uses it, or set {name} to another one."
    with pytest.raises(NotReadyError, match=f"^{re.escape(expected)}$"):
        check_ports(settings)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("USERS_PORT", "0"),
        ("BOOKS_PORT", "65536"),
        ("ORDERS_PORT", "http"),
        ("USERS_ADDRESS", "127.0.0.1"),
        ("BOOKS_ADDRESS", "127.0.0.1:99999"),
        ("ORDERS_ADDRESS", "127.0.0.1:²"),
        ("ORDERS_ADDRESS", "127.0.0.1:0"),
    ],
)
def test_a_setting_that_is_no_port_is_named(settings: dict[str, str], name: str, value: str) -> None:
    """It is a sentence about the setting, not a stack trace."""
    with pytest.raises(env.ConfigError, match=f"^{name} must "):
        check_ports({**settings, name: value})


@pytest.mark.integration
def test_the_database_is_made_and_filled(tmp_path: Path) -> None:
    """And a second start finds it as it is."""
    settings = {"dbURL": f"sqlite:///{tmp_path}/data/bookstore.db"}
    prepare_database(settings)
    before = (tmp_path / "data" / "bookstore.db").stat().st_size
    prepare_database(settings)
    assert (tmp_path / "data" / "bookstore.db").stat().st_size == before > 0


@pytest.mark.integration
def test_a_database_that_cannot_be_used_is_one_sentence() -> None:
    """The database is named without its password."""
    with pytest.raises(NotReadyError) as refused:
        prepare_database({"dbURL": "mysql+mysqlconnector://ann:hunter2@127.0.0.1:1/shop"})
    message = str(refused.value)
    assert message.startswith("The database mysql+mysqlconnector://ann:***@127.0.0.1:1/shop cannot be used: ")
    assert "\n" not in message
