"""`python -m bench`: what the product can do as `make run` serves it."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.orders import flood
from bench.reads import Comparison
from bench.servers import fresh_database
from bench.sides import Side, ceiling, product, serving
from bench.wrk import NoWrkError


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; the exit status is 1 when something is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("reads", "orders", "all"), default="all")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each route and side (default: 5)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds of each run (default: 3)")
    parser.add_argument("--database", metavar="URL", help="a MySQL or MariaDB server (default: a SQLite file)")
    parser.add_argument("--broker", metavar="URL", help="a RabbitMQ server (default: events without a broker)")
    options = parser.parse_args(arguments)
    try:
        if options.what in {"reads", "all"}:
            _reads(options)
        if options.what in {"orders", "all"}:
            _orders(options, wait=0, seconds=3 * options.seconds)
            _orders(options, wait=5, seconds=4 * options.seconds)
    except NoWrkError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def _servers(options: argparse.Namespace, wait: int) -> Iterator[dict[str, str]]:
    """The settings for the servers that were named, with a fresh database, and for the work on an order in seconds."""
    with fresh_database(options.database) as database:
        broker = {"RABBIT_URL": options.broker} if options.broker else {}
        yield {**database, **broker, "ORDER_PROCESSING_SECONDS": str(wait)}


def _reads(options: argparse.Namespace) -> None:
    with _servers(options, 0) as settings, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        sides = product(folder, settings), ceiling(folder)
        with serving(*sides):
            Comparison(*sides, folder, rounds=options.rounds, seconds=options.seconds).print()
            _print_memory(sides[0])


def _orders(options: argparse.Namespace, *, wait: int, seconds: int) -> None:
    with _servers(options, wait) as settings, tempfile.TemporaryDirectory() as name:
        side = product(Path(name), settings)
        with serving(side):
            flow = flood(side, Path(name), seconds)
    print(f"\nOrders with {wait} s of work each, {seconds} s of buying:")
    print(f"{flow.accepted:8,.0f} accepted and {flow.completed:,.0f} completed a second")
    print(f"{flow.orders:8,} orders, {flow.refused} refused, {flow.pending} left pending", flush=True)


def _print_memory(side: Side) -> None:
    print("\nMemory, PSS in MB:")
    for name, size in side.memory().items():
        print(f"{name:22}{size:11.1f}")


if __name__ == "__main__":
    sys.exit(main())
