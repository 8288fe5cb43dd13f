"""How many orders are accepted and completed a second, end to end."""

import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench.sides import Side, fill, opened
from bench.wrk import load

SCRIPT = str(Path(__file__).parent / "place_order.lua")
LOOK_EVERY = 0.2
PATIENCE = 300
"""Seconds after the last order within which all have to end."""


class Buyers:
    """Places orders, each of a buyer and a book that has no pending one.

    Args:
        folder: where the buyers' tokens may be kept.
        tokens: the tokens.
    """

    def __init__(self, folder: Path, tokens: list[str]) -> None:
        self._file = folder / "tokens"
        self._file.write_text("\n".join(tokens))
        self._place = 0

    def script(self, expected: int) -> tuple[str, ...]:
        """The script for a run of about so many orders, and its arguments."""
        place, self._place = self._place, self._place + 2 * expected + 1000
        return SCRIPT, str(self._file), str(place)


@dataclass(frozen=True)
class Flow:
    """What a flood of orders did.

    Args:
        accepted: orders accepted a second.
        completed: orders completed a second, from the first one to the last.
        orders: how many there were.
        refused: answers that were no 201.
        pending: orders that had not ended after the patience.
    """

    accepted: float
    completed: float
    orders: int
    refused: int
    pending: int


def flood(side: Side, folder: Path, seconds: int) -> Flow:
    """Places orders on 16 connections for so many seconds, and waits until all have ended."""
    url = side.product.url("PLACE_ORDER_PORT") + "/placeorder"
    script = Buyers(folder, fill(side.product)).script(0)
    with opened(side.product) as database:

        def count(status: str) -> int:
            statement = text("SELECT count(*) FROM Orders WHERE status = :status AND order_id > 0")
            with database.read() as connection:
                return int(connection.execute(statement, {"status": status}).scalar_one())

        started = time.monotonic()
        placed = load(url, seconds, script=script)
        accepted = placed.rate - placed.failed / seconds
        deadline = time.monotonic() + PATIENCE
        while count("pending") and time.monotonic() < deadline:
            time.sleep(LOOK_EVERY)
        ended, pending = time.monotonic(), count("pending")
        completed = count("completed")
    wait = float(side.product.environ["ORDER_PROCESSING_SECONDS"])
    return Flow(accepted, completed / (ended - started - wait), completed + pending, placed.failed, pending)
