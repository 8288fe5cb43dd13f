"""`python -m bench`: measures the throughput of the product as `make run` starts it."""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.deployments import Deployment, product_deployment, serving, stub_deployment
from bench.orders import measure_orders
from bench.reads import Comparison
from bench.servers import fresh_database
from bench.wrk import WrkMissingError


def main(arguments: list[str] | None = None) -> int:
    """Measure and print. Return 1 when wrk is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="?", choices=("reads", "orders", "all"), default="all")
    parser.add_argument("--rounds", type=int, default=5, help="runs per route and deployment (default: 5)")
    parser.add_argument("--seconds", type=int, default=3, help="duration of each run (default: 3)")
    parser.add_argument("--database", metavar="URL", help="a MySQL or MariaDB server (default: a SQLite file)")
    parser.add_argument("--broker", metavar="URL", help="a RabbitMQ server (default: events without a broker)")
    options = parser.parse_args(arguments)
    try:
        if options.what in {"reads", "all"}:
            _reads(options)
        if options.what in {"orders", "all"}:
            _orders(options, processing_seconds=0, seconds=3 * options.seconds)
            _orders(options, processing_seconds=5, seconds=4 * options.seconds)
    except WrkMissingError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


@contextmanager
def _servers(options: argparse.Namespace, processing_seconds: int) -> Iterator[dict[str, str]]:
    """Yield the settings for the servers in the options, a new database, and the processing time of an order."""
    with fresh_database(options.database) as database:
        broker = {"RABBIT_URL": options.broker} if options.broker else {}
        yield {**database, **broker, "ORDER_PROCESSING_SECONDS": str(processing_seconds)}


def _reads(options: argparse.Namespace) -> None:
    with _servers(options, 0) as settings, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        deployments = product_deployment(folder, settings), stub_deployment(folder)
        with serving(*deployments):
            Comparison(*deployments, folder, rounds=options.rounds, seconds=options.seconds).print()
            _print_memory(deployments[0])


def _orders(options: argparse.Namespace, *, processing_seconds: int, seconds: int) -> None:
    with _servers(options, processing_seconds) as settings, tempfile.TemporaryDirectory() as name:
        deployment = product_deployment(Path(name), settings)
        with serving(deployment):
            result = measure_orders(deployment, Path(name), seconds)
    print(f"\nOrders with {processing_seconds} s of processing each, placed for {seconds} s:")
    print(f"{result.accepted:8,.0f} accepted and {result.completed:,.0f} completed per second")
    print(f"{result.orders:8,} orders, {result.refused} refused, {result.pending} left pending", flush=True)


def _print_memory(deployment: Deployment) -> None:
    print("\nMemory, PSS in MB:")
    for name, size in deployment.memory().items():
        print(f"{name:22}{size:11.1f}")


if __name__ == "__main__":
    sys.exit(main())
