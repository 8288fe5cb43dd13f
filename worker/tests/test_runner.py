"""Each order is worked on under the id of the request that placed it, and leaves one log line."""

import asyncio
from typing import cast

import pytest
from bookstore.orders.v1.orders_pb2 import OrderEvent
from structlog.testing import capture_logs

from mesh.context import current_call
from worker.handler import Handler, Outcome, Result
from worker.runner import _logged

pytestmark = pytest.mark.unit


class NotingHandler:
    """Notes the id of the call that it works under."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    async def handle(self, event: OrderEvent) -> Result:
        """Rejects, and says why."""
        call = current_call.get()
        assert call
        self.ids.append(call.request_id)
        return Result(Outcome.REJECT, "why")


def test_an_order_is_logged_under_its_requests_id() -> None:
    """The id is the event's, or a new one when the publisher set none; the line tells how it ended."""
    handler = NotingHandler()

    async def work() -> None:
        for request_id in ("id-1", ""):
            await asyncio.create_task(_logged(cast("Handler", handler), OrderEvent(order_id=7, request_id=request_id)))

    with capture_logs() as lines:
        asyncio.run(work())
    assert handler.ids[0] == "id-1"
    assert len(handler.ids[1]) == 32
    assert [(line["order_id"], line["outcome"], line["reason"]) for line in lines] == [(7, "REJECT", "why")] * 2
