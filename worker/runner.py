"""Runs a source with the handler, writes one log line per order and ends in order on a signal."""

import asyncio
import signal
import time
from pathlib import Path

from bookstore.orders.v1.orders_pb2 import OrderEvent

from mesh import logs
from mesh.context import CallContext, current_call
from worker.handler import Handler, Result
from worker.heartbeat import keep_heartbeat
from worker.sources.base import Source

log = logs.get("worker.orders")


async def run_worker(source: Source, handler: Handler, heartbeat_file: Path | None = None) -> None:
    """Process events until SIGTERM or SIGINT, then give back unfinished ones. A second signal ends the process at once.

    Args:
        source: where events come from.
        handler: processes each event.
        heartbeat_file: is touched while the source can get events.
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
        return await handle_and_log(handler, event)

    log.info("started", source=type(source).__name__)
    heartbeat = asyncio.create_task(keep_heartbeat(heartbeat_file, source.connected)) if heartbeat_file else None
    await source.run(handle)
    if heartbeat:
        heartbeat.cancel()
    log.info("stopped")


async def handle_and_log(handler: Handler, event: OrderEvent) -> Result:
    """Handle an event under the id of the request that placed its order, and log the result."""
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
