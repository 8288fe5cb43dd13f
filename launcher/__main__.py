"""`python -m launcher`: prepares the machine, starts the processes of the Procfile, and reports when they are ready."""

import os
import shutil
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from launcher import frontend_build
from launcher.preparation import FRONTEND_PORT, NotReadyError, check_ports, ensure_secret, prepare_database
from launcher.procfile import parse_procfile, run_commands
from mesh import env, logs
from mesh.ports import PortInUseError
from registry.rest_ports import REST_PORTS

ROOT = Path(__file__).resolve().parent.parent
STARTUP_TIMEOUT_SECONDS = 120
"""Time after which the launcher stops waiting for the processes to be ready; they keep running."""
POLL_INTERVAL_SECONDS = 0.1
REQUEST_TIMEOUT_SECONDS = 2
MAX_RULE_WIDTH = 72


def main() -> int:
    """Run until Ctrl-C or until a process ends; return 1 when the product cannot start."""
    try:
        if ensure_secret(env.read_environment(), Path(".env")):
            print("Wrote a random JWT_SECRET_KEY into .env.", flush=True)
        environ = env.read_environment()
        logs.configure("launcher", environ)
        check_ports(environ)
        prepare_database(environ)
    except (NotReadyError, PortInUseError, env.ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    has_pages = _build_frontend(environ)
    commands = parse_procfile((ROOT / "Procfile").read_text("utf-8"))
    if not has_pages:
        del commands["frontend"]
    report = threading.Thread(target=_report_readiness, args=(environ,), kwargs={"has_pages": has_pages}, daemon=True)
    return run_commands(commands, _process_environment(environ), report.start)


def _build_frontend(environ: dict[str, str]) -> bool:
    """Build the pages if possible, and return whether there is a build; without Node.js the API can still be used."""
    try:
        frontend_build.build(environ, partial(print, flush=True))
    except frontend_build.BuildError as error:
        consequence = "The last build is served." if frontend_build.is_built() else "The API starts without the pages."
        print(f"{error} {consequence}", file=sys.stderr, flush=True)
    return frontend_build.is_built()


def _process_environment(environ: Mapping[str, str]) -> dict[str, str]:
    bin_folder = str(Path(sys.executable).parent)
    return {
        "CORS_ORIGINS": ",".join(f"http://{host}:{_frontend_port(environ)}" for host in ("localhost", "127.0.0.1")),
        **environ,
        "PATH": os.pathsep.join((bin_folder, environ.get("PATH", ""))),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), environ.get("PYTHONPATH", "")))),
    }


def _frontend_port(environ: Mapping[str, str]) -> str:
    return environ.get(FRONTEND_PORT.variable) or str(FRONTEND_PORT.default)


def _report_readiness(environ: Mapping[str, str], *, has_pages: bool) -> None:
    """Wait until every port responds, then print the addresses to open."""
    host = environ.get("GATEWAY_HOST") or "127.0.0.1"
    gateway = {port.name: f"http://{host}:{environ.get(port.variable) or port.default}" for port in REST_PORTS}
    waiting = [f"{url}/ready" for url in gateway.values()]
    if has_pages:
        waiting.append(f"http://{environ.get('FRONTEND_HOST') or '127.0.0.1'}:{_frontend_port(environ)}/config.json")
    deadline = time.monotonic() + STARTUP_TIMEOUT_SECONDS
    while waiting and time.monotonic() < deadline:
        waiting = [url for url in waiting if not _responds(url)]
        time.sleep(POLL_INTERVAL_SECONDS)
    if waiting:
        print(f"{waiting[0]} is still not ready; see the log above.", flush=True)
        return
    pages, books = f"http://localhost:{_frontend_port(environ)}", gateway["books"]
    rule = "─" * min(shutil.get_terminal_size().columns, MAX_RULE_WIDTH)
    opened = f"The bookstore is open: {pages if has_pages else f'{books}/books'}"
    lines = (rule, opened, f"API documentation: {books}/docs", "Press Ctrl-C to stop.", rule)
    print("\n".join(lines), flush=True)


def _responds(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=REQUEST_TIMEOUT_SECONDS):  # noqa: S310 - the address is our own
            return True
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # during the preparation
        sys.exit(130)
