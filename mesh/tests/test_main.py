"""`python -m mesh token` prints what grpcurl needs."""

from pathlib import Path

import pytest

from mesh.__main__ import main
from mesh.identity import Verifier
from mesh.testing import SECRET

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` and no setting of the developer's own is read."""
    monkeypatch.chdir(tmp_path)
    for name in ("MESH_SECRET", "JWT_SECRET_KEY"):
        monkeypatch.delenv(name, raising=False)


def test_the_printed_token_is_good(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """It names the tester, or whom one asks for, to the service that is to be called."""
    monkeypatch.setenv("MESH_SECRET", SECRET)
    assert main(["token", "--to", "books"]) == 0
    assert Verifier("books", SECRET).caller(capsys.readouterr().out.strip()) == "tester"
    assert main(["token", "--as", "worker", "--to", "books", "--seconds", "5"]) == 0
    assert Verifier("books", SECRET).caller(capsys.readouterr().out.strip()) == "worker"


def test_a_missing_key_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a key there is no token, and the exit status says so."""
    assert main(["token", "--to", "books"]) == 2
    assert capsys.readouterr() == ("", "JWT_SECRET_KEY is not set.\n")
