"""A MariaDB server for the tests: on a free port, in a temporary folder, independent of other servers."""

import os
import secrets
import shutil
import signal
import subprocess
from pathlib import Path

from mesh.testing import wait_until
from mesh.testing.ports import free_ports
from tests.harness import PROCESS_TIMEOUT_SECONDS

USER = "tests"
INSTALL, SERVER = "mariadb-install-db", "mariadbd"
FOLDERS = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/local/mariadb/bin"
"""Folders of the server: Debian's is not on every user's PATH."""
OPTIONS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-flush-method=nosync",  # only a power failure would lose data, a killed process does not
    "--innodb-file-per-table=0",  # the tests create and drop thousands of tables
    "--innodb-buffer-pool-size=64M",
    "--performance-schema=0",
    "--max-connections=500",
)


class ServerError(Exception):
    """The server did not start; the message contains its last log lines."""


class MariaDb:
    """A server that can be killed and started again on the same port, with the same data.

    Args:
        folder: an empty folder for all files of the server.
        options: additional options of the server.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_ports(1)[0]
        self.password = secrets.token_urlsafe(16)
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None
        (folder / "tables").mkdir()
        # The server runs as root only with this option; other users cannot read the temporary folder.
        self._user = ("--user=root",) if os.geteuid() == 0 else ()
        self._install()

    @property
    def url(self) -> str:
        """URL of the server with an administrator's account, without a database name."""
        return f"mysql+mysqlconnector://{USER}:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start the server, and wait until it accepts connections.

        Raises:
            ServerError: the server ended.
            AssertionError: it is not ready in time.
        """
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    program(SERVER),
                    "--no-defaults",
                    *self._user,
                    *OPTIONS,
                    *self._paths(),
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        # Kills the server even when the tests are killed: the pipe closes then.
        guard = ["/bin/sh", "-c", 'cat && kill -9 "$0"', str(self._process.pid)]
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True)
        ready = self._folder / "ready"
        wait_until(lambda: ready.exists() or self._has_ended(), PROCESS_TIMEOUT_SECONDS, self._last_lines)
        if self._has_ended():
            self.stop()
            message = f"{SERVER} did not start:\n{self._last_lines()}"
            raise ServerError(message)

    def kill(self) -> None:
        """Kill the server, as a power failure would."""
        self._end(signal.SIGKILL)

    def shut_down(self) -> None:
        """Stop the server in order, or kill it after a timeout."""
        self._end(signal.SIGTERM)

    stop = shut_down

    def _has_ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        if self._guard is not None and self._guard.stdin is not None:
            self._guard.kill()
            self._guard.wait()
            self._guard.stdin.close()
        self._process.send_signal(number)
        try:
            self._process.wait(PROCESS_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        (self._folder / "ready").unlink(missing_ok=True)

    def _install(self) -> None:
        account = f"'{USER}'@'127.0.0.1'"
        statements = (
            f"CREATE OR REPLACE USER {account} IDENTIFIED BY '{self.password}';",
            f"GRANT ALL ON *.* TO {account} WITH GRANT OPTION;",
            # The server runs this file before it accepts connections; the last statement creates the file `ready`.
            f"SELECT 1 INTO OUTFILE '{self._folder}/ready';",
        )
        (self._folder / "init.sql").write_text("\n".join(statements))
        command = [
            program(INSTALL),
            "--no-defaults",
            *self._user,
            f"--datadir={self._folder}/data",
            "--skip-test-db",
            self._tmp(),
        ]
        completed = subprocess.run(command, capture_output=True, text=True, check=False)
        if completed.returncode:
            message = f"{INSTALL} failed:\n{completed.stdout}{completed.stderr}"
            raise ServerError(message)

    def _paths(self) -> tuple[str, ...]:
        return (
            f"--datadir={self._folder}/data",
            f"--socket={self._folder}/socket",
            f"--pid-file={self._folder}/pid",
            f"--init-file={self._folder}/init.sql",
            f"--port={self.port}",
            self._tmp(),
        )

    def _tmp(self) -> str:
        """Return the option for a private folder: a server that starts deletes temporary tables in its folder."""
        return f"--tmpdir={self._folder / 'tables'}"

    def _last_lines(self) -> str:
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-10:])


def installed() -> bool:
    """Return whether the programs are installed."""
    return all(shutil.which(name, path=FOLDERS) for name in (INSTALL, SERVER))


def program(name: str) -> str:
    """Return the path of a program, or its name when it is not installed."""
    return shutil.which(name, path=FOLDERS) or name
