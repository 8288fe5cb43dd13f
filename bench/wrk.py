"""Runs wrk and parses its output."""

import re
import shutil
import subprocess
from dataclasses import dataclass

CONNECTIONS = 16
MILLISECONDS_BY_UNIT = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class WrkMissingError(Exception):
    """The program wrk is not installed; the message says how to install it."""


@dataclass(frozen=True)
class Load:
    """The result of one run of wrk.

    Args:
        rate: responses per second.
        p99: 99th percentile of the latency in milliseconds.
        failed: responses that were not 2xx or 3xx, and failed connections.
    """

    rate: float
    p99: float
    failed: int


def load(url: str, seconds: int, *, token: str = "", script: tuple[str, ...] = ()) -> Load:
    """Send requests on 16 connections, as fast as responses arrive.

    Args:
        url: the URL to request.
        seconds: duration of the run.
        token: access token to send.
        script: path of a Lua script, and its arguments.

    Raises:
        WrkMissingError: wrk is not installed.
    """
    wrk = shutil.which("wrk")
    if wrk is None:
        raise WrkMissingError("The benchmark needs wrk; on Debian and Ubuntu: apt install wrk.")
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "10s", "--latency"]
    command += ["-H", f"Authorization: Bearer {token}"] if token else []
    command += ["-s", script[0]] if script else []
    command += [url, "--", *script[1:]] if script else [url]
    return _parse(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def _parse(output: str) -> Load:
    latency = re.search(r"99%\s+([\d.]+)(us|ms|s)", output)
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    socket_errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    return Load(
        rate=float(re.findall(r"Requests/sec:\s+([\d.]+)", output)[0]),
        p99=float(latency[1]) * MILLISECONDS_BY_UNIT[latency[2]] if latency else 0.0,
        failed=int(refused[1] if refused else 0) + sum(map(int, socket_errors.groups() if socket_errors else ())),
    )
