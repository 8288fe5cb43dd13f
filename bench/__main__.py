"""`python -m bench`: requests a second of the product, beside the same gateway in front of services of constants."""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

import httpx

from bench.sides import Side, both, fill
from bench.wrk import CONNECTIONS, Load, NoWrkError, load

READS = {
    "GET /books/<id>": ("BOOKS_PORT", "/books/1"),
    "GET /books": ("BOOKS_PORT", "/books"),
    "GET /books?search=": ("BOOKS_PORT", "/books?search=the"),
    "GET /checkorder/<id>": ("PLACE_ORDER_PORT", "/checkorder/1"),
    "GET /myorders?page=1": ("DISPLAY_ORDERS_PORT", "/myorders?page=1"),
}
ORDER = "POST /placeorder"
SCRIPT = str(Path(__file__).parent / "place_order.lua")


class Buyers:
    """Places orders, each of a buyer and a book that has no pending one.

    Args:
        file: the buyers' tokens, one a line.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._place = 0

    def place(self, side: Side, seconds: int) -> Load:
        """Orders for so many seconds."""
        url = side.product.url("PLACE_ORDER_PORT") + "/placeorder"
        measured = load(url, seconds, script=(SCRIPT, str(self._file), str(self._place)))
        self._place += int(measured.rate * seconds) + 1000
        return measured


def main(arguments: list[str] | None = None) -> int:
    """Measures and prints; the exit status is 1 when something is missing."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each, alternating (default: 5)")
    parser.add_argument("--seconds", type=int, default=3, help="seconds of each run (default: 3)")
    options = parser.parse_args(arguments)
    settings = {"ORDER_PROCESSING_SECONDS": "0"}
    with tempfile.TemporaryDirectory() as folder, both(Path(folder), settings) as (product, ceiling):
        tokens = fill(product.product)
        file = Path(folder) / "tokens"
        file.write_text("\n".join(tokens))
        buyer = _first_order(product, tokens[0])
        try:
            _compare(product, ceiling, Buyers(file), buyer, options)
        except NoWrkError as error:
            print(error, file=sys.stderr)
            return 1
        _print_memory(product)
    return 0


def _compare(product: Side, ceiling: Side, buyers: Buyers, buyer: str, options: argparse.Namespace) -> None:
    print(f"{CONNECTIONS} connections, {options.seconds} s a run, medians of {options.rounds}, alternating")
    print(f"{'':22}{'product/s':>11}{'p99 ms':>8}{'constants/s':>13}{'ratio':>7}{'failed':>8}")
    rates = {}
    for name in [*READS, ORDER]:
        runs: dict[Side, list[Load]] = {product: [], ceiling: []}
        for side in [product, ceiling] * options.rounds:
            runs[side].append(_run(name, side, buyers, buyer, options.seconds))
        rates[name], top = (median(each.rate for each in runs[side]) for side in (product, ceiling))
        p99 = median(each.p99 for each in runs[product])
        failed = sum(each.failed for each in runs[product] + runs[ceiling])
        print(f"{name:22}{rates[name]:11,.0f}{p99:8.1f}{top:13,.0f}{rates[name] / top:7.2f}{failed:8}", flush=True)
    print(f"A page of eight books costs {rates['GET /books/<id>'] / rates['GET /books']:.2f} times one book.")


def _run(name: str, side: Side, buyers: Buyers, buyer: str, seconds: int) -> Load:
    if name == ORDER:
        return buyers.place(side, seconds)
    port, path = READS[name]
    return load(side.product.url(port) + path, seconds, token=buyer if "order" in name else "")


def _first_order(product: Side, buyer: str) -> str:
    """Places order number 1, for the reads of orders; answers the token of its buyer."""
    url = product.product.url("PLACE_ORDER_PORT") + "/placeorder"
    httpx.post(url, json={"book_id": 1, "quantity": 1}, headers={"Authorization": f"Bearer {buyer}"}).raise_for_status()
    return buyer


def _print_memory(product: Side) -> None:
    print("\nMemory, PSS in MB:")
    for name, size in product.memory().items():
        print(f"{name:22}{size:11.1f}")


if __name__ == "__main__":
    sys.exit(main())
