"""Measures how many orders per second are accepted and completed, end to end."""

import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench.deployments import Deployment, create_buyers, open_database
from bench.wrk import load

SCRIPT = str(Path(__file__).parent / "place_order.lua")
POLL_INTERVAL_SECONDS = 0.2
SETTLE_TIMEOUT_SECONDS = 300
"""Time limit for the last order to end."""
SPARE_POSITIONS = 1000


class Buyers:
    """Assigns each order a buyer and a book without a pending order.

    Args:
        folder: folder for the file of tokens.
        tokens: access tokens of the buyers.
    """

    def __init__(self, folder: Path, tokens: list[str]) -> None:
        self._file = folder / "tokens"
        self._file.write_text("\n".join(tokens))
        self._position = 0

    def script(self, expected: int) -> tuple[str, ...]:
        """Return wrk's script and its arguments for a run of about `expected` orders."""
        position, self._position = self._position, self._position + 2 * expected + SPARE_POSITIONS
        return SCRIPT, str(self._file), str(position)


@dataclass(frozen=True)
class OrderThroughput:
    """The result of a measurement.

    Args:
        accepted: orders accepted per second.
        completed: orders completed per second, from the first one to the last.
        orders: number of orders.
        refused: responses other than 201.
        pending: orders that had not ended after the timeout.
    """

    accepted: float
    completed: float
    orders: int
    refused: int
    pending: int


def measure_orders(deployment: Deployment, folder: Path, seconds: int) -> OrderThroughput:
    """Place orders on 16 connections for the given time, and wait until all have ended."""
    url = deployment.product.url("PLACE_ORDER_PORT") + "/placeorder"
    script = Buyers(folder, create_buyers(deployment.product)).script(0)
    with open_database(deployment.product) as database:

        def count(status: str) -> int:
            statement = text("SELECT count(*) FROM Orders WHERE status = :status AND order_id > 0")
            with database.read() as connection:
                return int(connection.execute(statement, {"status": status}).scalar_one())

        started = time.monotonic()
        load_result = load(url, seconds, script=script)
        accepted = load_result.rate - load_result.failed / seconds
        deadline = time.monotonic() + SETTLE_TIMEOUT_SECONDS
        while count("pending") and time.monotonic() < deadline:
            time.sleep(POLL_INTERVAL_SECONDS)
        ended, pending = time.monotonic(), count("pending")
        completed = count("completed")
    processing_seconds = float(deployment.product.environ["ORDER_PROCESSING_SECONDS"])
    return OrderThroughput(
        accepted, completed / (ended - started - processing_seconds), completed + pending, load_result.failed, pending
    )
