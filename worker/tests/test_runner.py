"""Each order is handled under the id of the request that placed it, and writes one log line."""

import asyncio
from typing import cast

import pytest
from bookstore.orders.v1.orders_pb2 import OrderEvent
from structlog.testing import capture_logs

from mesh.context import current_call
from worker.handler import Handler, Outcome, Result
from worker.runner import handle_and_log

pytestmark = pytest.mark.unit


class RecordingHandler:
    """Records the request id that it runs under."""

    def __init__(self) -> None:
        self.request_ids: list[str] = []

    async def handle(self, event: OrderEvent) -> Result:
        """Reject the event."""
        call = current_call.get()
        assert call
        self.request_ids.append(call.request_id)
        return Result(Outcome.REJECT, "reason")


def test_an_order_is_logged_under_its_requests_id() -> None:
    """The id is the event's, or a new one when the publisher set none; the line has the outcome and the reason."""
    handler = RecordingHandler()

    async def handle_two() -> None:
        for request_id in ("id-1", ""):
            event = OrderEvent(order_id=7, request_id=request_id)
            await asyncio.create_task(handle_and_log(cast("Handler", handler), event))

    with capture_logs() as lines:
        asyncio.run(handle_two())
    assert handler.request_ids[0] == "id-1"
    assert len(handler.request_ids[1]) == 32
    assert [(line["order_id"], line["outcome"], line["reason"]) for line in lines] == [(7, "REJECT", "reason")] * 2
