"""Runs the worker: a source, the handler, a log line an order, and an orderly end."""

import asyncio
import signal
import time
from pathlib import Path

from bookstore.orders.v1.orders_pb2 import OrderEvent

from mesh import logs
from mesh.context import CallContext, current_call
from worker.handler import Handler, Result
from worker.pulse import beat
from worker.source import Source

log = logs.get("worker.orders")


async def work(source: Source, handler: Handler, pulse: Path | None = None) -> None:
    """Works until SIGTERM or SIGINT, then gives back what it has begun; a second signal ends the process at once.

    Args:
        source: where events come from.
        handler: works on each.
        pulse: the file that shows that the worker is well.
    """
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        log.info("stopping")
        source.stop()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)

    async def handle(event: OrderEvent) -> Result:
        return await _logged(handler, event)

    log.info("working", source=type(source).__name__)
    beating = asyncio.create_task(beat(pulse, source.connected)) if pulse else None
    await source.run(handle)
    if beating:
        beating.cancel()
    log.info("stopped")


async def _logged(handler: Handler, event: OrderEvent) -> Result:
    started = time.perf_counter()
    current_call.set(CallContext(request_id=event.request_id) if event.request_id else CallContext())
    result = await handler.handle(event)
    log.info(
        "order",
        order_id=event.order_id,
        outcome=result.outcome.name,
        reason=result.reason,
        attempt=event.attempt,
        ms=round((time.perf_counter() - started) * 1000, 2),
    )
    return result
