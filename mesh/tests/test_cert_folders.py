"""Each process gets a folder with its own certificate, which is renewed in time."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mesh.__main__ import main
from mesh.cert_folders import renew_certificates
from mesh.tls import Tls

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 27, tzinfo=UTC)
NAMES = ("users", "books")
DAYS = 90


def renew(folder: Path, after_days: float = 0) -> list[bool]:
    """Renew the certificates on a later day, and return for each process whether it got a new one."""
    sentences = renew_certificates(folder, NAMES, DAYS, NOW + timedelta(days=after_days))
    return ["a new certificate" in sentence for sentence in sentences]


def test_each_folder_has_what_one_process_needs(tmp_path: Path) -> None:
    """The authority's key is in a folder of its own, and only the owner can read keys."""
    assert renew(tmp_path) == [True, True]
    files = {str(file.relative_to(tmp_path)): file.stat().st_mode & 0o777 for file in tmp_path.rglob("*.*")}
    assert files == {
        "authority/ca.pem": 0o644,
        "authority/ca.key": 0o600,
        **{f"{name}/ca.pem": 0o644 for name in NAMES},
        **{f"{name}/{name}.pem": 0o644 for name in NAMES},
        **{f"{name}/{name}.key": 0o600 for name in NAMES},
    }
    for name in NAMES:
        tls = Tls(tmp_path / name)
        certificate, _ = tls.load_pair(name)
        (authority,) = tls.load_authorities()
        certificate.verify_directly_issued_by(authority)


def test_a_certificate_is_renewed_in_the_last_third_of_its_lifetime(tmp_path: Path) -> None:
    """Before that it stays, so that processes that run and processes that start later agree."""
    renew(tmp_path)
    before = (tmp_path / "users" / "users.pem").read_bytes()
    assert renew(tmp_path, 59) == [False, False]
    assert (tmp_path / "users" / "users.pem").read_bytes() == before
    assert renew(tmp_path, 61) == [True, True]
    assert len(Tls(tmp_path / "users").load_authorities()) == 1


def test_a_new_authority_is_trusted_together_with_the_old_one(tmp_path: Path) -> None:
    """A process that starts after the renewal accepts processes that started before it."""
    renew(tmp_path)
    old, _ = Tls(tmp_path / "books").load_pair("books")
    assert renew(tmp_path, 3650 - DAYS + 1) == [True, True]
    new, _ = Tls(tmp_path / "books").load_pair("books")
    first, second = Tls(tmp_path / "users").load_authorities()
    new.verify_directly_issued_by(first)
    old.verify_directly_issued_by(second)
    renew(tmp_path, 2 * (3650 - DAYS + 1))
    assert len(Tls(tmp_path / "users").load_authorities()) == 2


@pytest.mark.parametrize("damage", ["ca.pem", "ca.key"])
def test_a_damaged_authority_is_replaced(tmp_path: Path, damage: str) -> None:
    """All processes get certificates of the new one."""
    renew(tmp_path)
    (tmp_path / "authority" / damage).write_text("damaged")
    assert renew(tmp_path) == [True, True]
    assert renew(tmp_path) == [False, False]


@pytest.mark.parametrize("damage", ["users/users.key", "users/users.pem", "users/ca.pem"])
@pytest.mark.parametrize("how", ["missing", "empty", "of another process"])
def test_what_an_interrupted_run_leaves_is_repaired(tmp_path: Path, damage: str, how: str) -> None:
    """The files of a process fit together again, and the other process keeps its own."""
    renew(tmp_path)
    file = tmp_path / damage
    if how == "missing":
        file.unlink()
    else:
        other = tmp_path / damage.replace("users", "books")
        file.write_bytes(b"" if how == "empty" else other.read_bytes())
    renewed = renew(tmp_path)
    assert renewed == [not damage.endswith("ca.pem"), False]
    certificate, key = Tls(tmp_path / "users").load_pair("users")
    assert certificate.public_key() == key.public_key()
    certificate.verify_directly_issued_by(Tls(tmp_path / "users").load_authorities()[0])


def test_a_certificate_with_another_name_is_replaced(tmp_path: Path) -> None:
    """A process proves its own name only."""
    renew(tmp_path)
    for suffix in ("pem", "key"):
        (tmp_path / "users" / f"users.{suffix}").write_bytes((tmp_path / "books" / f"books.{suffix}").read_bytes())
    assert renew(tmp_path) == [True, False]


def test_the_command_renews(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It succeeds as often as it runs."""
    command = ["certs", "--renew", "--dir", str(tmp_path), "--days", "825", "users"]
    assert [main(command), main(command)] == [0, 0]
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("users: a new certificate is valid until ")
    assert second.startswith("users: the certificate is valid until ")
    assert main([*command, "authority"]) == 2
