"""`python -m tests.chaos`: kills the broker and the database while orders are placed, and prints a report."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.faults import order_during_faults
from tests.chaos.servers import running_shop


def main(arguments: list[str] | None = None) -> int:
    """Print the report. Return 1 when any order was lost, doubled, oversold or left pending."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=20, help="kills per server (default: 20)")
    parser.add_argument("--orders", type=int, default=2000, help="number of orders (default: 2000)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, running_shop(Path(folder)) as (product, broker, database):
        report = order_during_faults(product, broker, database, faults=options.faults, orders=options.orders)
    for name, value in vars(report).items():
        print(f"{name.replace('_', ' '):12}{value:8.0f}")
    return 1 if report.lost or report.double or report.oversold or report.pending else 0


if __name__ == "__main__":
    sys.exit(main())
