"""`python -m database` does its work, or says in one sentence why not."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from catalogue.books import CATALOGUE_FILE
from database.engine import Database
from database.seed import seed
from database.tests.rows import count, execute

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, *commands: str, url: str = "") -> subprocess.CompletedProcess[str]:
    """The program in a folder of its own, with nothing set but the database."""
    return subprocess.run(
        [sys.executable, "-m", "database", *commands],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT), "dbURL": url},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.integration
def test_it_makes_and_fills_the_database(tmp_path: Path) -> None:
    """With nothing set it is a file in `data/`; doing it again adds nothing."""
    first = run(tmp_path, "upgrade", "seed")
    assert (first.returncode, first.stderr) == (0, "")
    assert first.stdout.startswith("The schema is up to date.\nAdded ")
    again = run(tmp_path, "upgrade", "seed")
    assert again.stdout == "The schema is up to date.\nThe catalogue is complete.\n"
    with closing(sqlite3.connect(tmp_path / "data" / "bookstore.db")) as connection:
        assert connection.execute("SELECT count(*) FROM Books").fetchone()[0] >= 60


@pytest.mark.integration
@pytest.mark.parametrize(
    ("url", "status", "begins"),
    [
        ("nonsense:hunter2", 2, "dbURL must look like "),
        ("mysql://ann:hunter2@host/shop", 2, "dbURL must look like "),
        ("sqlite:////dev/null/deep/shop.db", 2, "dbURL: the folder /dev/null/deep cannot be made: "),
        (
            "mysql+mysqlconnector://ann:hunter2@127.0.0.1:1/shop",
            1,
            "The database mysql+mysqlconnector://ann:***@127.0.0.1:1/shop cannot be used: ",
        ),
        ("sqlite:///no.db", 1, "The database sqlite:///no.db cannot be used: file is not a database."),
    ],
)
def test_a_database_that_cannot_be_used_is_one_sentence(tmp_path: Path, url: str, status: int, begins: str) -> None:
    """Neither a bad URL nor a server that is down nor a file that is none shows a stack trace or the password."""
    (tmp_path / "no.db").write_text("no database at all, but long enough to look like one to SQLite" * 20)
    result = run(tmp_path, "upgrade", "seed", url=url)
    assert (result.returncode, result.stdout) == (status, "")
    assert result.stderr.startswith(begins)
    assert result.stderr.count("\n") == 1
    assert "hunter2" not in result.stderr


@pytest.mark.unit
def test_seeding_again_adds_nothing_and_changes_nothing(seeded_database: Database) -> None:
    """Stock that was sold is not filled up by the next start; a book that is missing is added."""
    books = count(seeded_database, "Books")
    execute(seeded_database, "UPDATE Books SET quantity = 1, price = '1.00' WHERE book_id = 1")
    execute(seeded_database, "DELETE FROM Books WHERE book_id = 2")
    assert seed(seeded_database) == 1
    assert count(seeded_database, "Books") == books
    assert count(seeded_database, "Books", "book_id = 1 AND quantity = 1 AND price = 1") == 1


def test_a_bad_catalogue_adds_nothing(any_database: Database, tmp_path: Path) -> None:
    """A book without a price fails all of them: half a catalogue would look complete."""
    text = CATALOGUE_FILE.read_text("utf-8").replace('"10.99"', '"cheap"', 1)
    (tmp_path / "catalogue.json").write_text(text, "utf-8")
    with pytest.raises(ArithmeticError):
        seed(any_database, tmp_path / "catalogue.json")
    assert count(any_database, "Books") == 0
