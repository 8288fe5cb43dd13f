"""`python -m tests.chaos`: kills broker and database under the product while people buy, and prints the toll."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.servers import shop
from tests.chaos.storm import weather


def main(arguments: list[str] | None = None) -> int:
    """Prints the toll; the exit status is 1 when anything was lost, doubled, oversold or left pending."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--faults", type=int, default=20, help="how often each server is killed (default: 20)")
    parser.add_argument("--orders", type=int, default=2000, help="how many orders are placed (default: 2000)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, shop(Path(folder)) as (product, broker, database):
        toll = weather(product, broker, database, faults=options.faults, orders=options.orders)
    for name, value in vars(toll).items():
        print(f"{name.replace('_', ' '):12}{value:8.0f}")
    return 1 if toll.lost or toll.double or toll.oversold or toll.pending else 0


if __name__ == "__main__":
    sys.exit(main())
