"""`python -m mesh token` prints a token for grpcurl."""

from pathlib import Path

import pytest

from mesh.__main__ import main
from mesh.identity import Verifier
from mesh.testing import SECRET

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the developer's own settings and `.env` out of the tests."""
    monkeypatch.chdir(tmp_path)
    for name in ("MESH_SECRET", "JWT_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_the_printed_token_is_valid(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It identifies the tester, or another caller, to the service that is called."""
    monkeypatch.setenv("MESH_SECRET", SECRET)
    assert main(["token", "--to", "books"]) == 0
    assert Verifier("books", SECRET).caller(capsys.readouterr().out.strip()) == "tester"
    assert main(["token", "--as", "worker", "--to", "books", "--seconds", "5"]) == 0
    assert Verifier("books", SECRET).caller(capsys.readouterr().out.strip()) == "worker"


@pytest.mark.parametrize("seconds", ["0", "3601", "-1", "long"])
def test_a_lifetime_that_no_service_accepts_is_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The message names the longest one."""
    with pytest.raises(SystemExit):
        main(["token", "--to", "books", "--seconds", seconds])
    assert "a number of seconds from 1 to 3600" in capsys.readouterr().err


def test_a_missing_key_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """There is no token without a key, and the exit status is 2."""
    assert main(["token", "--to", "books"]) == 2
    assert capsys.readouterr() == ("", "JWT_SECRET_KEY is not set, and neither is MESH_SECRET.\n")
