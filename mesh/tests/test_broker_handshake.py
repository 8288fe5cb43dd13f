"""A peer that is no broker, or a broker that stops responding, does not hold a connection attempt."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from mesh.broker.connection import connect_to_broker
from mesh.broker.errors import ConnectionLostError, MisconfiguredError
from mesh.broker.settings import Settings, broker_settings
from mesh.tests.test_broker import THINGS
from tests.servers.rabbitmq import Broker

pytestmark = pytest.mark.integration

Peer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
TIME_LIMIT_SECONDS = 0.5
"""Of the tests' handshakes and requests."""
MARGIN_SECONDS = 3.0
"""Additional time on a busy machine."""


async def say_nothing(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Accept the connection only."""
    await reader.read()


async def speak_http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Respond as a web server, and wait for the next request."""
    await reader.read(1)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
    await reader.read()


async def send_a_greeting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Speak first, as SSH and SMTP do."""
    writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    await reader.read()


async def end_the_connection(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
    """Accept and close."""


def forward(port: int, *, messages: int = 1000, delay_seconds: float = 0.0) -> Peer:
    """Return a peer that forwards a number of the broker's messages, or each byte after a delay, and then nothing."""

    async def peer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", port)

        async def forward_requests() -> None:
            while data := await reader.read(4096):
                broker_writer.write(data)
            broker_writer.close()

        requests = asyncio.ensure_future(forward_requests())
        for _ in range(messages):
            writer.write(await broker_reader.read(1 if delay_seconds else 4096))
            await asyncio.sleep(delay_seconds)
        await requests

    return peer


def attempt(peer: Peer, settings: dict[str, str]) -> ConnectionLostError:
    """Return the error of connecting to the peer and declaring queues there."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await peer(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()

    async def run() -> ConnectionLostError:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = str(server.sockets[0].getsockname()[1])
        async with server:
            with pytest.raises(ConnectionLostError) as raised:
                await connect_and_declare(quick({"RABBIT_HOST": "127.0.0.1", "RABBIT_PORT": port, **settings}))
        return raised.value

    started = time.monotonic()
    error = asyncio.run(run())
    assert time.monotonic() - started < TIME_LIMIT_SECONDS + MARGIN_SECONDS
    return error


async def connect_and_declare(settings: Settings) -> None:
    """Do what relay and worker do first."""
    async with connect_to_broker(settings, close_timeout_seconds=0.1) as channel:
        await channel.declare(THINGS)


def quick(environ: dict[str, str]) -> Settings:
    """Return settings with a short time limit."""
    settings = broker_settings(environ)
    assert settings
    settings.parameters.stack_timeout = TIME_LIMIT_SECONDS
    return settings


@pytest.mark.parametrize("tls", ["false", "true"])
@pytest.mark.parametrize("peer", [say_nothing, speak_http, send_a_greeting, end_the_connection])
def test_a_peer_that_speaks_another_protocol_is_an_error(peer: Peer, tls: str) -> None:
    """The sentence says what to check."""
    error = attempt(peer, {"RABBIT_TLS": tls})
    if not (tls == "true" and peer is end_the_connection):
        assert "is this RabbitMQ's port for AMQP" in str(error)
    assert not isinstance(error, MisconfiguredError)  # a proxy may behave so while its broker starts


@pytest.mark.parametrize("messages", [1, 2, 3])
def test_a_broker_that_stops_responding_is_an_error(rabbit: Broker, broker: Settings, messages: int) -> None:
    """It stops in the handshake, or after it, when the queues are to be declared."""
    account = {"RABBIT_USER": "tests", "RABBIT_PW": rabbit.password, "RABBIT_VHOST": broker.parameters.virtual_host}
    error = attempt(forward(rabbit.port, messages=messages), account)
    assert "in time" in str(error) or "does not respond" in str(error)


def test_a_peer_that_sends_single_bytes_is_an_error(rabbit: Broker) -> None:
    """Each byte proves that it is alive, but the whole handshake has one time limit."""
    assert "in time" in str(attempt(forward(rabbit.port, delay_seconds=0.05), {}))


@pytest.mark.parametrize("tls", ["false", "true"])
def test_tls_on_one_side_only_is_an_error(rabbit: Broker, tls: str) -> None:
    """The sentence says so."""
    port = rabbit.port if tls == "true" else rabbit.tls_port
    settings = quick({"RABBIT_HOST": "127.0.0.1", "RABBIT_PORT": str(port), "RABBIT_TLS": tls})
    with pytest.raises(ConnectionLostError, match="do both sides use TLS"):
        asyncio.run(connect_and_declare(settings))
