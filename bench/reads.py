"""Requests a second of each hot route, beside the same gateway in front of constants."""

from pathlib import Path
from statistics import median

import httpx

from bench.orders import Buyers
from bench.sides import Side, fill
from bench.wrk import CONNECTIONS, Load, load

READS = {
    "GET /books/<id>": ("BOOKS_PORT", "/books/1"),
    "GET /books": ("BOOKS_PORT", "/books"),
    "GET /books?search=": ("BOOKS_PORT", "/books?search=the"),
    "GET /checkorder/<id>": ("PLACE_ORDER_PORT", "/checkorder/1"),
    "GET /myorders?page=1": ("DISPLAY_ORDERS_PORT", "/myorders?page=1"),
}
ORDER = "POST /placeorder"
PLACE = "/placeorder"


class Comparison:
    """Loads two sides in turn.

    Args:
        product: the product.
        ceiling: the gateway in front of constants.
        folder: where the buyers' tokens may be kept.
        rounds: runs of each side and route.
        seconds: seconds of each run.
    """

    def __init__(self, product: Side, ceiling: Side, folder: Path, *, rounds: int, seconds: int) -> None:
        tokens = fill(product.product)
        self._sides = (product, ceiling)
        self._buyers = Buyers(folder, tokens)
        self._token = tokens[0]
        self._rounds = rounds
        self._seconds = seconds
        self._place_first_order()

    def print(self) -> None:
        """Measures and prints a line a route."""
        print(f"{CONNECTIONS} connections, {self._seconds} s a run, medians of {self._rounds}, alternating")
        print(f"{'':22}{'product/s':>11}{'p99 ms':>8}{'constants/s':>13}{'ratio':>7}{'failed':>8}")
        rates = {name: self._print_route(name) for name in (*READS, ORDER)}
        print(f"A page of eight books costs {rates['GET /books/<id>'] / rates['GET /books']:.2f} times one book.")

    def _print_route(self, name: str) -> float:
        product, ceiling = self._sides
        runs: dict[Side, list[Load]] = {product: [], ceiling: []}
        for side in self._sides * self._rounds:
            runs[side].append(self._run(name, side))
        rate, top = (median(each.rate for each in runs[side]) for side in self._sides)
        p99 = median(each.p99 for each in runs[product])
        failed = sum(each.failed for each in runs[product] + runs[ceiling])
        print(f"{name:22}{rate:11,.0f}{p99:8.1f}{top:13,.0f}{rate / top:7.2f}{failed:8}", flush=True)
        return rate

    def _run(self, name: str, side: Side) -> Load:
        if name == ORDER:
            url = side.product.url("PLACE_ORDER_PORT") + PLACE
            return load(url, self._seconds, script=self._buyers.script(self._seconds * 1000))
        port, path = READS[name]
        return load(side.product.url(port) + path, self._seconds, token=self._token if "order" in name else "")

    def _place_first_order(self) -> None:
        """Order number 1, for the routes that read orders."""
        url = self._sides[0].product.url("PLACE_ORDER_PORT") + PLACE
        headers = {"Authorization": f"Bearer {self._token}"}
        httpx.post(url, json={"book_id": 1, "quantity": 1}, headers=headers).raise_for_status()
