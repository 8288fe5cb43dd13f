"""Restarts, deadlocks, time limits and encryption on a real MySQL or MariaDB server."""

import socket
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import mysql.connector
import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from database.engine import Database, retry_transaction
from database.options import ConnectionOptions
from database.tests.rows import add_book, count, execute
from mesh.errors import Unavailable
from mesh.testing import wait_until
from tests.servers.certificates import Authority
from tests.servers.databases import Databases, Server, database_server, wait_until_reachable

pytestmark = pytest.mark.integration

RESTART_TIMEOUT_SECONDS = 60

on_server = pytest.mark.parametrize("engine", ["server"], indirect=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Return the authority that signs the server's certificate."""
    folder = tmp_path_factory.mktemp("own")
    return Authority(folder / "readable")


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[Server]:
    """Start a server with a certificate that only this module uses, so that a test may kill it."""
    certificate, key = authority.sign("localhost")
    options = f"--ssl-cert={certificate}", f"--ssl-key={key}", f"--ssl-ca={authority.file}"
    with database_server(authority.file.parent.parent, *options) as started:
        yield started


@pytest.fixture
def url(server: Server) -> Iterator[URL]:
    """Create a migrated database on that server."""
    databases = Databases(server.url)
    with databases.migrated(seeded=False) as made:
        yield made
    databases.close()


class Caller(threading.Thread):
    """A thread that repeats a call and records the start and the failure of each one."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.stop_requested = threading.Event()
        self.calls: list[tuple[float, Exception | None]] = []

    def run(self) -> None:
        """Call until `stop_requested` is set."""
        while not self.stop_requested.is_set():
            began = time.monotonic()
            try:
                self._call()
            except Exception as error:  # noqa: BLE001 - the test checks the class
                self.calls.append((began, error))
                time.sleep(0.001)  # limits the number of calls while the server is down
            else:
                self.calls.append((began, None))

    def count(self, since: float = 0) -> int:
        """Return the number of calls that began since then."""
        return sum(began >= since for began, _ in self.calls)


@pytest.mark.parametrize("end", ["kill", "shut down"])
def test_a_restart_fails_only_the_calls_of_that_time(server: Server, url: URL, end: str) -> None:
    """Readers and writers get UNAVAILABLE while the server is down, and no error when it is back."""
    database = Database(url)
    book = add_book(database, quantity=0)
    statement = "UPDATE Books SET quantity = quantity + 1 WHERE book_id = :book"
    callers = [Caller(lambda: count(database, "Books")) for _ in range(6)]
    callers += [Caller(lambda: execute(database, statement, book=book)) for _ in range(6)]
    for caller in callers:
        caller.start()
    wait_until(lambda: all(caller.count() > 20 for caller in callers), RESTART_TIMEOUT_SECONDS)
    {"kill": server.kill, "shut down": server.shut_down}[end]()
    wait_until(lambda: any(error for caller in callers for _, error in caller.calls), RESTART_TIMEOUT_SECONDS)
    server.start()
    wait_until_reachable(server.url)
    back = time.monotonic()
    wait_until(lambda: all(caller.count(since=back) > 20 for caller in callers), RESTART_TIMEOUT_SECONDS)
    for caller in callers:
        caller.stop_requested.set()
        caller.join()
    failures = [(began, error) for caller in callers for began, error in caller.calls if error]
    assert {type(error) for _, error in failures} == {Unavailable}
    assert [str(error) for began, error in failures if began >= back] == []
    database.close()


@on_server
def test_a_connection_that_the_server_closed_is_replaced(file_database: Database) -> None:
    """An idle connection that the server or an administrator closed causes no failure."""
    with file_database.read() as one, file_database.read() as two:
        numbers = [connection.execute(text("SELECT connection_id()")).scalar_one() for connection in (one, two)]
    with file_database.write() as transaction:
        for number in numbers:
            transaction.exec_driver_sql(f"KILL {number}")
    assert [count(file_database, "Books") for _ in range(3)] == [0, 0, 0]


@on_server
def test_two_transactions_that_wait_for_each_other_both_end(file_database: Database) -> None:
    """In a real deadlock the server chooses one transaction, which is rolled back and repeated."""
    one, two = (add_book(file_database, quantity=0) for _ in range(2))
    both_locked = threading.Barrier(2, timeout=30)
    attempts: list[int] = []
    statement = text("UPDATE Books SET quantity = quantity + 1 WHERE book_id = :book")

    @retry_transaction
    def transaction(first: int, second: int) -> None:
        attempts.append(first)
        with file_database.write() as connection:
            connection.execute(statement, {"book": first})
            if len(attempts) <= 2:
                both_locked.wait()
            connection.execute(statement, {"book": second})
            connection.commit()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(transaction, (one, two), (two, one)))
    assert len(attempts) == 3
    assert count(file_database, "Books", "quantity = 2") == 2


@on_server
def test_a_transaction_whose_lock_wait_timed_out_is_repeated(file_database: Database) -> None:
    """After 1205 the whole transaction is repeated, because the server rolled back only the last statement."""
    one, two = (add_book(file_database, quantity=0) for _ in range(2))
    statement = text("UPDATE Books SET quantity = quantity + 1 WHERE book_id = :book")
    attempts: list[int] = []
    failed = threading.Event()

    @retry_transaction
    def transaction() -> None:
        attempts.append(1)
        with file_database.write() as connection:
            connection.exec_driver_sql("SET SESSION innodb_lock_wait_timeout = 1")
            connection.execute(statement, {"book": one})
            if len(attempts) == 2:
                failed.set()
            connection.execute(statement, {"book": two})
            connection.commit()

    with file_database.write() as holder, ThreadPoolExecutor(1) as pool:
        holder.execute(statement, {"book": two})
        waiting = pool.submit(transaction)
        assert failed.wait(30)
        holder.rollback()
        waiting.result(30)
    assert len(attempts) >= 2
    assert count(file_database, "Books", "quantity = 1") == 2


@on_server
def test_sessions_are_strict_and_limit_lock_waits(file_database: Database) -> None:
    """Values that do not fit are refused whatever the server's setting; only readers commit each statement."""
    query = text("SELECT @@sql_mode, @@innodb_lock_wait_timeout, @@autocommit")
    with file_database.read() as reader, file_database.write() as writer:
        one, other = (connection.execute(query).one() for connection in (reader, writer))
    assert "STRICT_TRANS_TABLES" in one[0]
    assert (one[0], one[1]) == (other[0], other[1])
    assert (one[1], one[2], other[2]) == (1, 1, 0)
    with pytest.raises(DBAPIError, match="Data too long"):
        add_book(file_database, title="x" * 256)


@on_server
def test_a_statement_that_takes_too_long_is_aborted(file_database: Database) -> None:
    """A server that hangs blocks no caller beyond the timeout, and the next call gets a working connection."""
    short_timeout = Database(file_database.url, ConnectionOptions(timeout_seconds=1))
    began = time.monotonic()
    with pytest.raises(Unavailable), short_timeout.read() as connection:
        connection.execute(text("SELECT sleep(30)"))
    assert time.monotonic() - began < 15
    short_timeout.ping()
    short_timeout.close()


@on_server
def test_a_pool_that_stays_in_full_use_is_reported(file_database: Database) -> None:
    """The pool opens no more connections than allowed, and one sentence says that none became free."""
    small = Database(file_database.url, ConnectionOptions(pool_size=1, pool_overflow=1, timeout_seconds=1))
    with small.read(), small.read(), pytest.raises(Unavailable, match=r"^The database is too busy\.$"):
        small.read()
    small.ping()
    small.close()


@on_server
def test_the_server_and_the_driver_are_logged_once(file_database: Database) -> None:
    """The log shows the server's version and that the driver is the C extension, because pure Python is slower."""
    with capture_logs() as lines:
        database = Database(file_database.url)
        database.ping()
        database.ping()
        database.close()
    (line,) = lines
    with file_database.read() as connection:
        version = connection.execute(text("SELECT version()")).scalar_one()
    assert line["server"] in version
    assert line["driver"] == f"mysql-connector-python {mysql.connector.__version__}"
    assert line["implementation"] == "C extension"
    assert str(file_database.url.password) not in str(lines)


@on_server
def test_the_pure_python_driver_works_with_a_warning(file_database: Database) -> None:
    """It is used when the URL requests it or the C extension cannot be loaded."""
    with capture_logs() as lines:
        database = Database(file_database.url.update_query_dict({"use_pure": "true"}))
        assert count(database, "Books") == 0
        add_book(database)
        assert count(database, "Books") == 1
        database.close()
    assert [line["event"] for line in lines] == ["connected to the database", "slow database driver"]
    assert lines[0]["implementation"] == "pure Python"


def cipher_of(url: URL, options: ConnectionOptions) -> str:
    """Return the cipher of a connection; empty if it is not encrypted."""
    database = Database(url, options)
    with database.read() as connection:
        cipher = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_cipher'")).one()[1]
    database.close()
    return str(cipher)


def test_encryption_follows_the_settings(url: URL, authority: Authority) -> None:
    """It is off, used if available, or required; the certificate is checked if an authority is given."""
    assert cipher_of(url, ConnectionOptions(tls="off")) == ""
    assert cipher_of(url, ConnectionOptions(tls="preferred")).startswith("TLS_")
    assert cipher_of(url, ConnectionOptions(tls="required")).startswith("TLS_")
    assert cipher_of(url, ConnectionOptions(tls="required", tls_ca=str(authority.file))).startswith("TLS_")
    by_name = url.set(host="localhost")
    assert cipher_of(by_name, ConnectionOptions(tls="required", tls_ca=str(authority.file))).startswith("TLS_")


def test_an_unencrypted_login_works_after_a_restart(server: Server, url: URL) -> None:
    """MySQL verifies each account's password once per start, and requires encryption for that log-in."""
    server.shut_down()
    server.start()
    wait_until_listening(server)
    assert cipher_of(url, ConnectionOptions(tls="off")) == ""
    with pytest.raises(Unavailable) as refused:
        cipher_of(url.set(password="hunter2"), ConnectionOptions(tls="off"))
    assert "Access denied" in str(refused.value.__cause__)


def wait_until_listening(server: Server) -> None:
    """Wait for the server without a valid account: a log-in would let it verify the password."""
    database = Database(make_url(server.url).set(username="unknown", password="nothing"))

    def listens() -> bool:
        with pytest.raises(Unavailable) as refused:
            database.ping()
        return "Access denied" in str(refused.value.__cause__)

    wait_until(listens, RESTART_TIMEOUT_SECONDS)


def test_a_certificate_of_another_authority_is_refused(url: URL, tmp_path: Path) -> None:
    """Such a certificate proves nothing; the error contains no password."""
    other = Authority(tmp_path / "other")
    with pytest.raises(Unavailable) as refused:
        cipher_of(url, ConnectionOptions(tls="required", tls_ca=str(other.file)))
    assert "certificate" in str(refused.value.__cause__)
    assert str(url.password) not in str(refused.value.__cause__)


class Downgrade(socketserver.BaseRequestHandler):
    """Forwards a connection to a server, and removes the TLS flag from its greeting."""

    port = 0

    def handle(self) -> None:
        """Forward until either side closes the connection."""
        with socket.create_connection(("127.0.0.1", self.port)) as upstream:
            greeting = bytearray(upstream.recv(65536))
            flags = greeting.index(0, 5) + 1 + 4 + 8 + 1  # after the version, the connection's id and the challenge
            greeting[flags + 1] &= ~0x08
            self.request.sendall(greeting)
            back = threading.Thread(target=self._forward, args=(upstream, self.request))
            back.start()
            self._forward(self.request, upstream)
            back.join()

    def _forward(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@contextmanager
def downgraded(port: int) -> Iterator[int]:
    """Listen on a port that forwards to the server without offering TLS."""
    handler = type("Handler", (Downgrade,), {"port": port})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_an_attacker_cannot_turn_encryption_off(url: URL, authority: Authority) -> None:
    """A server that seems not to offer TLS is refused if TLS is required, with and without an authority."""
    with downgraded(int(url.port or 0)) as port:
        for tls_ca in ("", str(authority.file)):
            with pytest.raises(Unavailable) as refused:
                cipher_of(url.set(port=port), ConnectionOptions(tls="required", tls_ca=tls_ca))
            message = str(refused.value.__cause__)
            assert any(text in message for text in ("TLS", "SSL", "secure connection"))


@on_server
@pytest.mark.parametrize("wrong", [{"password": "hunter2"}, {"database": "no_such_database"}, {"port": 1}])
def test_a_database_that_cannot_be_used_is_unavailable(file_database: Database, wrong: dict[str, object]) -> None:
    """Callers get only one sentence; the cause, which is for logs, contains no password."""
    database = Database(file_database.url.set(**wrong))  # type: ignore[arg-type] # of three kinds
    with pytest.raises(Unavailable, match=r"^The database cannot be reached\.$") as refused:
        database.ping()
    assert refused.value.__cause__
    assert "hunter2" not in str(refused.value.__cause__)
    assert str(file_database.url.password) not in str(refused.value.__cause__)
