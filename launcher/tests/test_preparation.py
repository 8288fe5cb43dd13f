"""The preparation creates what the processes need, or reports in one sentence what is missing."""

import re
from pathlib import Path

import pytest

from launcher.preparation import NotReadyError, ensure_secret, prepare_database


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The path of `.env`, which does not exist yet."""
    return tmp_path / ".env"


@pytest.mark.unit
def test_the_first_start_writes_a_secret(file: Path) -> None:
    """It is random, long enough, different each time, and readable by its owner only."""
    secrets = set()
    for _ in range(2):
        file.unlink(missing_ok=True)
        assert ensure_secret({}, file)
        match = re.fullmatch(r"JWT_SECRET_KEY=([0-9a-f]{64})\n", file.read_text())
        assert match
        secrets.add(match[1])
        assert file.stat().st_mode & 0o777 == 0o600
    assert len(secrets) == 2


@pytest.mark.unit
def test_the_rest_of_the_file_is_kept(file: Path) -> None:
    """Only the empty line of the secret is replaced, and other users can no longer read the file."""
    file.write_text("# mine\nLOG_LEVEL=debug\nJWT_SECRET_KEY=\nJWT_SECRET_KEY_OLD=x")
    file.chmod(0o644)
    assert ensure_secret({"JWT_SECRET_KEY": "  "}, file)
    lines = file.read_text().splitlines()
    assert lines[:3] == ["# mine", "LOG_LEVEL=debug", "JWT_SECRET_KEY_OLD=x"]
    assert len(lines) == 4
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.unit
def test_a_secret_that_is_set_is_kept(file: Path) -> None:
    """No file is written."""
    assert not ensure_secret({"JWT_SECRET_KEY": "mine"}, file)
    assert not file.exists()


@pytest.mark.integration
def test_the_database_is_created_and_filled(tmp_path: Path) -> None:
    """A second start leaves it unchanged."""
    settings = {"dbURL": f"sqlite:///{tmp_path}/data/bookstore.db"}
    prepare_database(settings)
    before = (tmp_path / "data" / "bookstore.db").stat().st_size
    prepare_database(settings)
    assert (tmp_path / "data" / "bookstore.db").stat().st_size == before > 0


@pytest.mark.integration
def test_an_unusable_database_is_one_sentence() -> None:
    """It names the database without its password."""
    with pytest.raises(NotReadyError) as raised:
        prepare_database({"dbURL": "mysql+mysqlconnector://ann:hunter2@127.0.0.1:1/shop"})
    message = str(raised.value)
    assert message.startswith("The database mysql+mysqlconnector://ann:***@127.0.0.1:1/shop cannot be used: ")
    assert "\n" not in message
