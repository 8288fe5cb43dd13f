"""Prepares the machine, starts the processes of the Procfile, and reports when they are ready."""

import contextlib
import shutil
import threading
import time
from pathlib import Path

from launcher import frontend_build
from launcher.addresses import Addresses
from launcher.console import can_encode, complain, say
from launcher.preparation import NotReadyError, ensure_secret, prepare_database
from launcher.procfile import GRACE_SECONDS, parse_procfile, run_commands
from launcher.variables import for_processes
from mesh import env, logs
from mesh.files import make_private
from mesh.health import check_url
from mesh.ports import PortInUseError
from mesh.processes import end_with_parent
from mesh.signals import StoppedError

ROOT = Path(__file__).resolve().parent.parent
STARTUP_TIMEOUT_SECONDS = 120
"""Time after which the launcher stops waiting for the processes to be ready; they keep running."""
POLL_INTERVAL_SECONDS = 0.1
REQUEST_TIMEOUT_SECONDS = 2.0
MAX_RULE_WIDTH = 72


def run(parent_id: int | None = None) -> int:
    """Run until a signal or until a process ends; return 1 when the product cannot start.

    Args:
        parent_id: process id of the parent, with which the product ends; without one, it does not end with it.

    Raises:
        StoppedError: a signal has arrived before the processes were started, or the reader of the output has ended.
    """
    if parent_id is not None:
        end_with_parent(parent_id, GRACE_SECONDS)
    try:
        if ensure_secret(env.read_environment(), Path(env.FILE)):
            say("Wrote a random JWT_SECRET_KEY into .env.")
        environ = env.read_environment()
        logs.configure("launcher", environ)
        make_private(Path(env.FILE))
        addresses = Addresses.from_env(environ)
        addresses.check()
        prepare_database(environ)
    except (NotReadyError, PortInUseError, env.ConfigError) as error:
        complain(str(error))
        return 1
    has_pages = _build_frontend(environ)
    commands = parse_procfile((ROOT / "Procfile").read_text("utf-8"))
    if not has_pages:
        del commands["frontend"]
    report = threading.Thread(target=_report_readiness, args=(addresses,), kwargs={"has_pages": has_pages}, daemon=True)
    try:
        return run_commands(commands, for_processes({**addresses.defaults(), **_set(environ)}), report.start)
    except OSError as error:
        complain(f"The processes cannot be started ({error.strerror}): raise the limit of processes with `ulimit -u`.")
        return 1


def _set(environ: dict[str, str]) -> dict[str, str]:
    """Return the settings that are set: an empty one counts as not set."""
    return {name: value for name, value in environ.items() if value.strip()}


def _build_frontend(environ: dict[str, str]) -> bool:
    """Build the pages if possible, and return whether there is a build; without Node.js the API can still be used."""
    try:
        frontend_build.build(environ, say)
    except frontend_build.BuildError as error:
        consequence = "The last build is served." if frontend_build.is_built() else "The API starts without the pages."
        complain(f"{error} {consequence}")
    return frontend_build.is_built()


def _report_readiness(addresses: Addresses, *, has_pages: bool) -> None:
    """Wait until every port responds, then print the addresses to open."""
    waiting = [f"http://{address.target}/ready" for address in addresses.gateway.values()]
    if has_pages:
        waiting.append(f"http://{addresses.frontend.target}/config.json")
    deadline = time.monotonic() + STARTUP_TIMEOUT_SECONDS
    while waiting and time.monotonic() < deadline:
        waiting = [url for url in waiting if check_url(url, REQUEST_TIMEOUT_SECONDS) != "200"]
        time.sleep(POLL_INTERVAL_SECONDS)
    with contextlib.suppress(StoppedError):  # the supervisor notices it too, and ends everything
        if waiting:
            say(f"{waiting[0]} is still not ready; see the log above.")
        else:
            _report_addresses(addresses, has_pages=has_pages)


def _report_addresses(addresses: Addresses, *, has_pages: bool) -> None:
    books = f"http://{addresses.gateway['books'].target}"
    pages = f"http://{addresses.browser_host()}:{addresses.frontend.port}"
    rule = ("─" if can_encode("─") else "-") * min(shutil.get_terminal_size().columns, MAX_RULE_WIDTH)
    opened = f"The bookstore is open: {pages if has_pages else f'{books}/books'}"
    say("\n".join((rule, opened, f"API documentation: {books}/docs", "Press Ctrl-C to stop.", rule)))
