"""`python -m worker`: works off placed orders."""

import argparse
import asyncio
import sys
from datetime import timedelta

import uvloop
from bookstore.books.v1 import books_pb2, books_pb2_grpc
from bookstore.orders.v1 import orders_pb2, orders_pb2_grpc

from mesh import logs
from mesh.broker.settings import broker_settings
from mesh.client import Target, connect_async
from mesh.env import ConfigError, read_environment
from mesh.identity import Signer
from worker import dead
from worker.config import Config
from worker.embedded import EmbeddedSource
from worker.handler import Handler
from worker.queue import ORDERS
from worker.rabbit import RabbitSource
from worker.runner import work
from worker.source import Source

SPARE = timedelta(seconds=30)
"""What a lease lasts beyond the simulated work, for the calls around it and their retries."""


async def run(config: Config) -> None:
    """Wires the worker, and runs it until a signal."""
    signer = Signer("worker", config.mesh_secret)
    books = Target("books", config.books_target, books_pb2.DESCRIPTOR.services_by_name["Books"])
    orders = Target("orders", config.orders_target, orders_pb2.DESCRIPTOR.services_by_name["Orders"])
    async with connect_async(books, signer) as to_books, connect_async(orders, signer) as to_orders:
        orders_stub = orders_pb2_grpc.OrdersStub(to_orders)

        async def simulate() -> None:
            await asyncio.sleep(config.processing_seconds)

        handler = Handler(books_pb2_grpc.BooksStub(to_books), orders_stub, simulate)
        await work(_source(config, orders_stub), handler, config.pulse)


def _source(config: Config, orders: "orders_pb2_grpc.OrdersAsyncStub") -> Source:
    """The broker when there is one, else Orders itself."""
    if config.broker is not None:
        return RabbitSource(config.broker, ORDERS, config.concurrency)
    lease = timedelta(seconds=config.processing_seconds) + SPARE
    return EmbeddedSource(orders, config.concurrency, lease)


def main(arguments: list[str] | None = None) -> int:
    """Runs until a signal, or does what was asked for; the exit status is 2 for a bad setting."""
    parser = argparse.ArgumentParser(prog="python -m worker", description="Works off placed orders, until a signal.")
    dead.add_commands(parser.add_subparsers(dest="command"))
    options = parser.parse_args(arguments)
    environ = read_environment()
    try:
        logs.configure("worker", environ)
        if options.command == "dead":
            return dead.main(options, broker_settings(environ), ORDERS)
        config = Config.from_env(environ)
    except ConfigError as error:
        print(f"worker: {error}", file=sys.stderr)
        return 2
    uvloop.run(run(config))
    return 0


if __name__ == "__main__":
    sys.exit(main())
