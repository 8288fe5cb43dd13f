"""`python -m database` runs its commands, or prints one sentence that says why it cannot."""

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from catalogue.books import CATALOGUE_FILE
from database.__main__ import run
from database.engine import Database
from database.seed import seed
from database.tests.rows import count, execute

ROOT = Path(__file__).resolve().parents[2]


def start(folder: Path, *commands: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a folder, without any setting."""
    return subprocess.run(
        [sys.executable, "-m", "database", *commands],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.integration
def test_it_creates_and_seeds_the_database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without settings the database is a file in `data/`; running the commands again adds nothing."""
    first = start(tmp_path, "upgrade", "seed")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("The schema is up to date.\nAdded ")
    monkeypatch.chdir(tmp_path)
    assert run(["upgrade", "seed"], {}) == 0
    assert capsys.readouterr().out == "The schema is up to date.\nThe catalogue is complete.\n"
    with closing(sqlite3.connect(tmp_path / "data" / "bookstore.db")) as connection:
        assert connection.execute("SELECT count(*) FROM Books").fetchone()[0] >= 60


@pytest.mark.parametrize(
    ("url", "status", "sentence"),
    [
        pytest.param("nonsense:hunter2", 2, "dbURL must look like ", marks=pytest.mark.unit),
        pytest.param("mysql://ann:hunter2@host/shop", 2, "dbURL must look like ", marks=pytest.mark.unit),
        pytest.param(
            "sqlite:////dev/null/deep/shop.db",
            2,
            "dbURL: the folder /dev/null/deep cannot be created: ",
            marks=pytest.mark.unit,
        ),
        pytest.param(
            "mysql+mysqlconnector://ann:hunter2@127.0.0.1:1/shop",
            1,
            "The database mysql+mysqlconnector://ann:***@127.0.0.1:1/shop cannot be used: ",
            marks=pytest.mark.integration,
        ),
        pytest.param(
            "sqlite:///no.db",
            1,
            "The database sqlite:///no.db cannot be used: file is not a database.",
            marks=pytest.mark.unit,
        ),
    ],
)
def test_an_unusable_database_is_reported_in_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    url: str,
    status: int,
    sentence: str,
) -> None:
    """An invalid URL, a server that is down and a file that is no database show no traceback and no password."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no.db").write_text("no database at all, but long enough to look like one to SQLite" * 20)
    assert run(["upgrade", "seed"], {"dbURL": url}) == status
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith(sentence)
    assert output.err.count("\n") == 1
    assert "hunter2" not in output.err


@pytest.mark.unit
def test_an_older_version_leaves_a_newer_database_as_it_is(
    seeded_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """After a step back to an older version, its migration succeeds and says why it does nothing."""
    file = Path(shutil.copy(seeded_file, tmp_path))
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.execute("DELETE FROM Books WHERE book_id = 1")
    assert run(["upgrade", "seed"], {"dbURL": f"sqlite:///{file}"}) == 0
    assert capsys.readouterr().out == "The schema is newer than this version of the product; it is left unchanged.\n"
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM Books WHERE book_id = 1").fetchone() == (0,)


@pytest.mark.unit
def test_tables_of_another_program_are_reported_in_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The start ends with the status of a setting that cannot be used."""
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE Users (id INT)")
    assert run(["upgrade", "seed"], {"dbURL": f"sqlite:///{tmp_path / 'other.db'}"}) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err == "dbURL: the database has a table Users of another program; use an empty database.\n"


@pytest.mark.unit
def test_seeding_again_adds_nothing_and_changes_nothing(seeded_database: Database) -> None:
    """The next start does not replace sold copies; it adds a book that is missing."""
    books = count(seeded_database, "Books")
    execute(seeded_database, "UPDATE Books SET quantity = 1, price = '1.00' WHERE book_id = 1")
    execute(seeded_database, "DELETE FROM Books WHERE book_id = 2")
    assert seed(seeded_database) == 1
    assert count(seeded_database, "Books") == books
    assert count(seeded_database, "Books", "book_id = 1 AND quantity = 1 AND price = 1") == 1


def test_a_bad_catalogue_adds_nothing(any_database: Database, tmp_path: Path) -> None:
    """One book with an invalid price makes the whole seed fail: half a catalogue would look complete."""
    text = CATALOGUE_FILE.read_text("utf-8").replace('"10.99"', '"cheap"', 1)
    (tmp_path / "catalogue.json").write_text(text, "utf-8")
    with pytest.raises(ArithmeticError):
        seed(any_database, tmp_path / "catalogue.json")
    assert count(any_database, "Books") == 0
