"""`python -m worker`: processes placed orders."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

import uvloop
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from mesh import logs
from mesh.broker.settings import broker_settings
from mesh.client import Target, connect, connect_async
from mesh.env import ConfigError, read_environment
from mesh.identity import Signer
from registry.order_messages import ORDER_TOPOLOGY
from worker.config import Config
from worker.dead_letters import commands, events
from worker.handler import Handler
from worker.runner import run_worker
from worker.sources.base import Source
from worker.sources.orders import OrdersSource
from worker.sources.rabbitmq import RabbitMQSource

LEASE_MARGIN = timedelta(seconds=30)
"""What a lease lasts beyond the simulated work, for the calls and their retries."""


async def run(config: Config) -> None:
    """Connect the parts of the worker and run it until a signal."""
    signer = Signer("worker", config.mesh_secret)
    books = Target("books", config.books_target, books_pb2.DESCRIPTOR.services_by_name["Books"])
    orders = _orders_target(config)
    async with connect_async(books, signer) as books_channel, connect_async(orders, signer) as orders_channel:
        orders_stub = orders_pb2_grpc.OrdersStub(orders_channel)

        async def simulate_work() -> None:
            await asyncio.sleep(config.processing_seconds)

        handler = Handler(books_pb2_grpc.BooksStub(books_channel), orders_stub, simulate_work)
        await run_worker(_source(config, orders_stub), handler, config.heartbeat_file)


def _orders_target(config: Config) -> Target:
    return Target("orders", config.orders_target, orders_pb2.DESCRIPTOR.services_by_name["Orders"])


def _source(config: Config, orders: "orders_pb2_grpc.OrdersAsyncStub") -> Source:
    """Return the broker's source, or the orders service's when no broker is configured."""
    if config.broker is not None:
        return RabbitMQSource(config.broker, ORDER_TOPOLOGY, config.concurrency)
    lease = timedelta(seconds=config.processing_seconds) + LEASE_MARGIN
    return OrdersSource(orders, config.concurrency, lease)


def main(
    arguments: Sequence[str] | None = None,
    environ: Mapping[str, str] | None = None,
    configure_logs: Callable[[str, Mapping[str, str]], object] = logs.configure,
) -> int:
    """Run the worker until a signal, or a command; return exit status 2 when a setting is invalid.

    Args:
        arguments: the command line, by default the process's own.
        environ: the settings, by default the process's environment and `.env` file.
        configure_logs: configures the logs of the process.
    """
    parser = argparse.ArgumentParser(prog="python -m worker", description="Process placed orders until a signal.")
    commands.add_commands(parser.add_subparsers(dest="command"))
    options = parser.parse_args(arguments)
    try:
        environ = read_environment() if environ is None else environ
        configure_logs("worker", environ)
        broker = broker_settings(environ)
        if options.command == "dead" and broker is not None:
            return commands.main(options, broker, ORDER_TOPOLOGY)
        config = Config.from_env(environ)
    except ConfigError as error:
        print(f"worker: {error}", file=sys.stderr)
        return 2
    if options.command == "dead":
        with connect(_orders_target(config), Signer("worker", config.mesh_secret)) as channel:
            return events.main(options, orders_pb2_grpc.OrdersStub(channel))
    uvloop.run(run(config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
