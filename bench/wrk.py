"""Runs wrk and reads what it says."""

import re
import shutil
import subprocess
from dataclasses import dataclass

CONNECTIONS = 16
UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class NoWrkError(Exception):
    """wrk is not installed; the message says how to get it."""


@dataclass(frozen=True)
class Load:
    """What one run of wrk measured.

    Args:
        rate: answers a second.
        p99: milliseconds within which 99 of 100 answers came.
        failed: answers that were no success, and connections that broke.
    """

    rate: float
    p99: float
    failed: int


def load(url: str, seconds: int, *, token: str = "", script: tuple[str, ...] = ()) -> Load:
    """Asks for the URL on 16 connections, as fast as the answers come.

    Args:
        url: what to ask for.
        seconds: how long.
        token: access token of the one who asks.
        script: path of a Lua script, and its arguments.

    Raises:
        NoWrkError: when wrk is not installed.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise NoWrkError("The benchmark needs wrk; on Debian and Ubuntu: apt install wrk.")
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-H", f"Authorization: Bearer {token}"] if token else []
    command += ["-s", script[0]] if script else []
    command += [url, "--", *script[1:]] if script else [url]
    return _read(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _read(said: str) -> Load:
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", said)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", said)
    return Load(
        rate=float(re.findall(r"Requests/sec:\s+([\d.]+)", said)[0]),
        p99=float(found[1]) * UNITS[found[2]] if found else 0.0,
        failed=int(refused[1] if refused else 0) + sum(map(int, broken.groups() if broken else ())),
    )
