"""`python -m launcher`: prepares what is needed, starts the processes of the Procfile, and says when they are ready."""

import os
import shutil
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from functools import partial
from pathlib import Path

from honcho.environ import parse_procfile
from honcho.manager import Manager

from launcher import shop
from launcher.preparation import GATEWAY_PORTS, PORTS, NotReadyError, check_ports, ensure_secret, prepare_database
from mesh import env, logs

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 120
"""Seconds until the launcher stops waiting for the processes to be ready; they go on."""
ASKED_TO_END = {128 + number for number in (signal.SIGINT, signal.SIGTERM)}
"""Exit statuses of an end that was asked for; make would call them errors."""


def main() -> int:
    """Runs until Ctrl-C or until a process ends; the exit status is 1 when something is in the way."""
    try:
        if ensure_secret(env.read_environment(), Path(".env")):
            print("Wrote a random JWT_SECRET_KEY into .env.")
        environ = env.read_environment()
        logs.configure("launcher", environ)
        check_ports(environ)
        prepare_database(environ)
    except (NotReadyError, env.ConfigError) as error:
        print(error, file=sys.stderr)
        return 1
    with_shop = _build_shop(environ)
    manager = Manager()
    for name, command in parse_procfile((ROOT / "Procfile").read_text("utf-8")).processes.items():
        if with_shop or name != "frontend":
            manager.add_process(name, command, env=_environment(environ))
    threading.Thread(target=_announce, args=(environ, with_shop), daemon=True).start()
    manager.loop()
    return 0 if manager.returncode in ASKED_TO_END else int(manager.returncode or 0)


def _build_shop(environ: dict[str, str]) -> bool:
    """Whether there are pages to serve; who has no Node can use the API all the same."""
    try:
        shop.build(environ, partial(print, flush=True))
    except shop.NotBuiltError as error:
        instead = "the last build is served" if shop.is_built() else "the API starts without them"
        print(f"{error} Until then {instead}.", file=sys.stderr, flush=True)
    return shop.is_built()


def _environment(environ: dict[str, str]) -> dict[str, str]:
    bin_folder = str(Path(sys.executable).parent)
    return {
        "LOG_FORMAT": "plain" if sys.stdout.isatty() else "json",
        "CORS_ORIGINS": ",".join(f"http://{host}:{_frontend_port(environ)}" for host in ("localhost", "127.0.0.1")),
        **environ,
        "PATH": os.pathsep.join((bin_folder, environ.get("PATH", ""))),
        "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), environ.get("PYTHONPATH", "")))),
        "PYTHONUNBUFFERED": "1",
    }


def _frontend_port(environ: dict[str, str]) -> str:
    return environ.get("FRONTEND_PORT") or str(PORTS["FRONTEND_PORT"])


def _announce(environ: dict[str, str], with_shop: bool) -> None:  # noqa: FBT001 - a thread's argument
    host = environ.get("GATEWAY_HOST") or "127.0.0.1"
    waiting = [f"http://{host}:{environ.get(name) or port}/ready" for name, port in GATEWAY_PORTS.items()]
    pages = f"http://localhost:{_frontend_port(environ)}"
    if with_shop:
        waiting.append(f"http://{environ.get('FRONTEND_HOST') or '127.0.0.1'}:{_frontend_port(environ)}/config.json")
    deadline = time.monotonic() + PATIENCE
    while waiting and time.monotonic() < deadline:
        waiting = [url for url in waiting if not _ready(url)]
        time.sleep(0.1)
    if waiting:
        print(f"Still waiting for {waiting[0]}; see the lines above.", flush=True)
        return
    books = f"http://{host}:{environ.get('BOOKS_PORT') or PORTS['BOOKS_PORT']}"
    rule = "─" * min(shutil.get_terminal_size().columns, 72)
    opened = f"The bookstore is open: {pages if with_shop else f'{books}/books'}"
    lines = (rule, opened, f"Its API is described at {books}/docs.", "Ctrl-C ends it.", rule)
    print("\n".join(lines), flush=True)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):  # noqa: S310 - the address is our own
            return True
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # while it prepared
        sys.exit(130)
