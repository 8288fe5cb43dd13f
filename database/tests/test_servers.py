"""A real server that is killed, encrypts, and lets transactions meet."""

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
from database.options import Options
from database.tests.rows import add_book, count, execute
from mesh.errors import Unavailable
from tests.servers.certificates import Authority
from tests.servers.databases import Databases, Server, database_server, wait_until_reachable

pytestmark = pytest.mark.integration

on_server = pytest.mark.parametrize("engine", ["server"], indirect=True)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Signs the server's certificate."""
    folder = tmp_path_factory.mktemp("own")
    return Authority(folder / "readable")


@pytest.fixture(scope="module")
def server(authority: Authority) -> Iterator[Server]:
    """A server that no other test uses, so that it may be killed; it has a certificate."""
    certificate, key = authority.sign("localhost")
    options = f"--ssl-cert={certificate}", f"--ssl-key={key}", f"--ssl-ca={authority.file}"
    with database_server(authority.file.parent.parent, *options) as started:
        yield started


@pytest.fixture
def url(server: Server) -> Iterator[URL]:
    """A migrated database on that server."""
    databases = Databases(server.url)
    with databases.migrated(seeded=False) as made:
        yield made
    databases.close()


class Caller(threading.Thread):
    """Calls again and again, and notes when each call began and whether it worked."""

    def __init__(self, call: Callable[[], object]) -> None:
        super().__init__(daemon=True)
        self._call = call
        self.ended = threading.Event()
        self.calls: list[tuple[float, Exception | None]] = []

    def run(self) -> None:
        """Goes on until `ended` is set."""
        while not self.ended.is_set():
            began = time.monotonic()
            try:
                self._call()
            except Exception as error:  # noqa: BLE001 - the test looks at what it was
                self.calls.append((began, error))
                time.sleep(0.001)  # not to fill the log of calls while the server is away
            else:
                self.calls.append((began, None))

    def count(self, since: float = 0) -> int:
        """Calls that began since then."""
        return sum(began >= since for began, _ in self.calls)


def until(condition: Callable[[], bool]) -> None:
    """Returns when it holds."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("end", ["kill", "in order"])
def test_a_restart_fails_only_the_calls_that_it_meets(server: Server, url: URL, end: str) -> None:
    """Readers and writers hear UNAVAILABLE while the server is away, and nothing once it is back."""
    database = Database(url)
    book = add_book(database, quantity=0)
    statement = "UPDATE Books SET quantity = quantity + 1 WHERE book_id = :book"
    callers = [Caller(lambda: count(database, "Books")) for _ in range(6)]
    callers += [Caller(lambda: execute(database, statement, book=book)) for _ in range(6)]
    for caller in callers:
        caller.start()
    until(lambda: all(caller.count() > 20 for caller in callers))
    {"kill": server.kill, "in order": server.shut_down}[end]()
    until(lambda: any(error for caller in callers for _, error in caller.calls))
    server.start()
    wait_until_reachable(server.url)
    back = time.monotonic()
    until(lambda: all(caller.count(since=back) > 20 for caller in callers))
    for caller in callers:
        caller.ended.set()
        caller.join()
    failures = [(began, error) for caller in callers for began, error in caller.calls if error]
    assert {type(error) for _, error in failures} == {Unavailable}
    assert [str(error) for began, error in failures if began >= back] == []
    database.close()


@on_server
def test_a_connection_that_the_server_closed_is_replaced(file_database: Database) -> None:
    """Idle connections that were closed meanwhile, or killed by an administrator, fail nobody."""
    with file_database.read() as one, file_database.read() as two:
        numbers = [connection.execute(text("SELECT connection_id()")).scalar_one() for connection in (one, two)]
    with file_database.write() as transaction:
        for number in numbers:
            transaction.exec_driver_sql(f"KILL {number}")
    assert [count(file_database, "Books") for _ in range(3)] == [0, 0, 0]


@on_server
def test_two_transactions_that_wait_for_each_other_both_end(file_database: Database) -> None:
    """A real deadlock: the server chooses one, which is rolled back whole and done again."""
    one, two = (add_book(file_database, quantity=0) for _ in range(2))
    meeting = threading.Barrier(2, timeout=30)
    attempts: list[int] = []
    statement = text("UPDATE Books SET quantity = quantity + 1 WHERE book_id = :book")

    @retry_transaction
    def transaction(first: int, second: int) -> None:
        attempts.append(first)
        with file_database.write() as connection:
            connection.execute(statement, {"book": first})
            if len(attempts) <= 2:
                meeting.wait()
            connection.execute(statement, {"book": second})
            connection.commit()

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(transaction, (one, two), (two, one)))
    assert len(attempts) == 3
    assert count(file_database, "Books", "quantity = 2") == 2


@on_server
def test_a_lock_that_is_not_released_in_time_is_waited_for_again(file_database: Database) -> None:
    """After 1205 the whole transaction is done again, its first half too: the server has undone a statement only."""
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
def test_sessions_are_strict_and_patient_for_a_while(file_database: Database) -> None:
    """Values that do not fit are refused whatever the server's own setting; readers stand alone, writers do not."""
    query = text("SELECT @@sql_mode, @@innodb_lock_wait_timeout, @@autocommit")
    with file_database.read() as reader, file_database.write() as writer:
        one, other = (connection.execute(query).one() for connection in (reader, writer))
    assert "STRICT_TRANS_TABLES" in one[0]
    assert (one[0], one[1]) == (other[0], other[1])
    assert (one[1], one[2], other[2]) == (5, 1, 0)
    with pytest.raises(DBAPIError, match="Data too long"):
        add_book(file_database, title="x" * 256)


@on_server
def test_a_statement_that_takes_too_long_is_given_up(file_database: Database) -> None:
    """A server that hangs holds no caller for ever, and the next call has a connection that works."""
    impatient = Database(file_database.url, Options(timeout=1))
    began = time.monotonic()
    with pytest.raises(Unavailable), impatient.read() as connection:
        connection.execute(text("SELECT sleep(30)"))
    assert time.monotonic() - began < 15
    impatient.ping()
    impatient.close()


@on_server
def test_a_pool_in_full_use_is_waited_for_and_then_told(file_database: Database) -> None:
    """No more connections than were allowed, and one sentence when none gets free."""
    small = Database(file_database.url, Options(pool_size=1, pool_overflow=1, timeout=1))
    with small.read(), small.read(), pytest.raises(Unavailable, match=r"^The database is too busy\.$"):
        small.read()
    small.ping()
    small.close()


@on_server
def test_the_server_and_the_driver_are_logged_once(file_database: Database) -> None:
    """Which server answers, and that the connector's C extension asks it: the slow stand-in would go unnoticed."""
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
def test_the_slow_driver_is_warned_of(file_database: Database) -> None:
    """Pure Python works, where it was asked for or nothing else loads, and says that it is slow."""
    with capture_logs() as lines:
        database = Database(file_database.url.update_query_dict({"use_pure": "true"}))
        assert count(database, "Books") == 0
        add_book(database)
        assert count(database, "Books") == 1
        database.close()
    assert [line["event"] for line in lines] == ["database", "slow driver"]
    assert lines[0]["implementation"] == "pure Python"


def connected(url: URL, options: Options) -> str:
    """The cipher of a connection, or nothing."""
    database = Database(url, options)
    with database.read() as connection:
        cipher = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_cipher'")).one()[1]
    database.close()
    return str(cipher)


def test_encryption_is_as_the_settings_say(url: URL, authority: Authority) -> None:
    """Off, as the server can, and with the server's certificate checked against the authority that signed it."""
    assert connected(url, Options(tls="off")) == ""
    assert connected(url, Options(tls="preferred")).startswith("TLS_")
    assert connected(url, Options(tls="required")).startswith("TLS_")
    assert connected(url, Options(tls="required", tls_ca=str(authority.file))).startswith("TLS_")
    by_name = url.set(host="localhost")
    assert connected(by_name, Options(tls="required", tls_ca=str(authority.file))).startswith("TLS_")


def test_a_server_that_knows_nobody_yet_lets_in_without_encryption(server: Server, url: URL) -> None:
    """MySQL forgets with each restart whose password it has checked, and asks for encryption until it has again."""
    server.shut_down()
    server.start()
    wait_until_listening(server)
    assert connected(url, Options(tls="off")) == ""
    with pytest.raises(Unavailable) as refused:
        connected(url.set(password="hunter2"), Options(tls="off"))
    assert "Access denied" in str(refused.value.__cause__)


def wait_until_listening(server: Server) -> None:
    """Waits for the server without an account: logging in would make it known."""
    database = Database(make_url(server.url).set(username="nobody", password="nothing"))

    def listens() -> bool:
        with pytest.raises(Unavailable) as refused:
            database.ping()
        return "Access denied" in str(refused.value.__cause__)

    until(listens)


def test_a_server_of_another_authority_is_refused(url: URL, tmp_path: Path) -> None:
    """A certificate that somebody else has signed could be anybody's; the sentence holds no password."""
    other = Authority(tmp_path / "other")
    with pytest.raises(Unavailable) as refused:
        connected(url, Options(tls="required", tls_ca=str(other.file)))
    assert "certificate" in str(refused.value.__cause__)
    assert str(url.password) not in str(refused.value.__cause__)


class Downgrade(socketserver.BaseRequestHandler):
    """Passes a connection on to a server, but lets that look as if it could not encrypt."""

    port = 0

    def handle(self) -> None:
        """Until either side hangs up."""
        with socket.create_connection(("127.0.0.1", self.port)) as upstream:
            greeting = bytearray(upstream.recv(65536))
            flags = greeting.index(0, 5) + 1 + 4 + 8 + 1  # after the version, the connection's number, the challenge
            greeting[flags + 1] &= ~0x08
            self.request.sendall(greeting)
            back = threading.Thread(target=self._pass_on, args=(upstream, self.request))
            back.start()
            self._pass_on(self.request, upstream)
            back.join()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)


@contextmanager
def downgraded(port: int) -> Iterator[int]:
    """A port with somebody in between who turns encryption off."""
    handler = type("Handler", (Downgrade,), {"port": port})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()


def test_somebody_in_between_cannot_turn_encryption_off(url: URL, authority: Authority) -> None:
    """A server that seems not to encrypt is refused where that is required, with and without its authority."""
    with downgraded(int(url.port or 0)) as port:
        for tls_ca in ("", str(authority.file)):
            with pytest.raises(Unavailable) as refused:
                connected(url.set(port=port), Options(tls="required", tls_ca=tls_ca))
            why = str(refused.value.__cause__)
            assert "TLS" in why or "SSL" in why or "secure connection" in why


@on_server
@pytest.mark.parametrize("wrong", [{"password": "hunter2"}, {"database": "no_such_database"}, {"port": 1}])
def test_a_database_that_cannot_be_used_is_unavailable(file_database: Database, wrong: dict[str, object]) -> None:
    """Callers hear no more than that; the cause, for logs, holds no password."""
    database = Database(file_database.url.set(**wrong))  # type: ignore[arg-type] # of three kinds
    with pytest.raises(Unavailable, match=r"^The database cannot be reached\.$") as refused:
        database.ping()
    assert refused.value.__cause__
    assert "hunter2" not in str(refused.value.__cause__)
    assert str(file_database.url.password) not in str(refused.value.__cause__)
