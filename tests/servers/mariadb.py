"""A MariaDB server of the tests' own: on a free port, in a temporary folder, beside whatever the machine runs."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from pathlib import Path

from tests.harness import PATIENCE, free_ports

USER = "tests"
INSTALL, SERVER = "mariadb-install-db", "mariadbd"
FOLDERS = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/local/mariadb/bin"
"""Where the server may be: Debian's own is not on every user's path."""
OPTIONS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--innodb-flush-method=nosync",  # a killed process loses nothing; only a machine without power would
    "--innodb-file-per-table=0",  # tables are made and dropped by the thousand
    "--innodb-buffer-pool-size=64M",
    "--performance-schema=0",
    "--max-connections=500",
)


class ServerError(Exception):
    """The server did not start; the message holds the last lines that it wrote."""


class MariaDb:
    """A server that can be killed and started again on the same port, with the same data.

    Args:
        folder: an empty folder for all that it writes.
        options: further options of the server.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self.port = free_ports(1)[0]
        self.password = secrets.token_urlsafe(16)
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        # Root has to say that it means it; the temporary folder is closed to everybody else anyway.
        self._user = ("--user=root",) if os.geteuid() == 0 else ()
        self._install()

    @property
    def url(self) -> str:
        """How to reach it, for an account that may do everything, without a database's name."""
        return f"mysql+mysqlconnector://{USER}:{self.password}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, and waits until it answers.

        Raises:
            ServerError: when it ends, or does not answer in time.
        """
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *_ends_with_us(),
                    program(SERVER),
                    "--no-defaults",
                    *self._user,
                    *OPTIONS,
                    *self._places(),
                    *self._options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        deadline = time.monotonic() + PATIENCE
        while not (self._folder / "ready").exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                message = f"{SERVER} did not start:\n{self._last_lines()}"
                raise ServerError(message)
            time.sleep(0.02)

    def kill(self) -> None:
        """Ends it without a warning, as a power cut would."""
        self._end(signal.SIGKILL)

    def shut_down(self) -> None:
        """Ends it in order, or by force when it does not listen."""
        self._end(signal.SIGTERM)

    stop = shut_down

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        (self._folder / "ready").unlink(missing_ok=True)

    def _install(self) -> None:
        account = f"'{USER}'@'127.0.0.1'"
        statements = (
            f"CREATE OR REPLACE USER {account} IDENTIFIED BY '{self.password}';",
            f"GRANT ALL ON *.* TO {account} WITH GRANT OPTION;",
            # The server runs this file before it takes connections, and creates the mark of readiness as its last act.
            f"SELECT 1 INTO OUTFILE '{self._folder}/ready';",
        )
        (self._folder / "init.sql").write_text("\n".join(statements))
        command = [program(INSTALL), "--no-defaults", *self._user, f"--datadir={self._folder}/data", "--skip-test-db"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            message = f"{INSTALL} failed:\n{done.stdout}{done.stderr}"
            raise ServerError(message)

    def _places(self) -> tuple[str, ...]:
        return (
            f"--datadir={self._folder}/data",
            f"--socket={self._folder}/socket",
            f"--pid-file={self._folder}/pid",
            f"--init-file={self._folder}/init.sql",
            f"--port={self.port}",
        )

    def _last_lines(self) -> str:
        return "\n".join((self._folder / "log").read_text(errors="replace").splitlines()[-10:])


def installed() -> bool:
    """Whether this machine has what it takes."""
    return all(shutil.which(name, path=FOLDERS) for name in (INSTALL, SERVER))


def program(name: str) -> str:
    """Where a program is."""
    return shutil.which(name, path=FOLDERS) or name


def _ends_with_us() -> tuple[str, ...]:
    """A prefix that ends the server even when the tests are killed, where the system has one."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "KILL") if setpriv else ()
