"""Measures requests per second of the most used routes, compared with a gateway in front of stub services."""

from pathlib import Path
from statistics import median

import httpx

from bench.deployments import Deployment, create_buyers
from bench.orders import Buyers
from bench.wrk import CONNECTIONS, Load, load

READS = {
    "GET /books/<id>": ("BOOKS_PORT", "/books/1"),
    "GET /books": ("BOOKS_PORT", "/books"),
    "GET /books?search=": ("BOOKS_PORT", "/books?search=the"),
    "GET /checkorder/<id>": ("PLACE_ORDER_PORT", "/checkorder/1"),
    "GET /myorders?page=1": ("DISPLAY_ORDERS_PORT", "/myorders?page=1"),
}
ORDER = "POST /placeorder"
ORDER_PATH = "/placeorder"


class Comparison:
    """Loads two deployments in turn.

    Args:
        product: the product.
        stubs: the gateway in front of stub services.
        folder: folder for the file of tokens.
        rounds: runs per deployment and route.
        seconds: duration of each run.
    """

    def __init__(self, product: Deployment, stubs: Deployment, folder: Path, *, rounds: int, seconds: int) -> None:
        tokens = create_buyers(product.product)
        self._deployments = (product, stubs)
        self._buyers = Buyers(folder, tokens)
        self._token = tokens[0]
        self._rounds = rounds
        self._seconds = seconds
        self._place_first_order()

    def print(self) -> None:
        """Measure, and print one line per route."""
        print(f"{CONNECTIONS} connections, {self._seconds} s a run, medians of {self._rounds}, alternating")
        print(f"{'':22}{'product/s':>11}{'p99 ms':>8}{'stubs/s':>13}{'ratio':>7}{'failed':>8}")
        rates = {name: self._print_route(name) for name in (*READS, ORDER)}
        print(f"A page of eight books costs {rates['GET /books/<id>'] / rates['GET /books']:.2f} times one book.")

    def _print_route(self, name: str) -> float:
        product, stubs = self._deployments
        runs: dict[Deployment, list[Load]] = {product: [], stubs: []}
        for deployment in self._deployments * self._rounds:
            runs[deployment].append(self._run(name, deployment))
        rate, stub_rate = (median(each.rate for each in runs[deployment]) for deployment in self._deployments)
        p99 = median(each.p99 for each in runs[product])
        failed = sum(each.failed for each in runs[product] + runs[stubs])
        print(f"{name:22}{rate:11,.0f}{p99:8.1f}{stub_rate:13,.0f}{rate / stub_rate:7.2f}{failed:8}", flush=True)
        return rate

    def _run(self, name: str, deployment: Deployment) -> Load:
        if name == ORDER:
            url = deployment.product.url("PLACE_ORDER_PORT") + ORDER_PATH
            return load(url, self._seconds, script=self._buyers.script(self._seconds * 1000))
        port, path = READS[name]
        return load(deployment.product.url(port) + path, self._seconds, token=self._token if "order" in name else "")

    def _place_first_order(self) -> None:
        """Place order 1, which the routes that read orders use."""
        url = self._deployments[0].product.url("PLACE_ORDER_PORT") + ORDER_PATH
        headers = {"Authorization": f"Bearer {self._token}"}
        httpx.post(url, json={"book_id": 1, "quantity": 1}, headers=headers).raise_for_status()
