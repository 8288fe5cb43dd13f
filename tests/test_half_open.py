"""A link that drops everything without a sign is noticed by both sides."""

import asyncio
import threading
from collections.abc import Iterator

import grpc
import pytest

from mesh import keepalive
from mesh.client import Target
from mesh.identity import Signer
from mesh.testing import SECRET, channel_as, running, wait_until
from mesh.tests import echo
from tests.servers.proxy import TcpProxy

pytestmark = pytest.mark.integration

FAST = {
    "grpc.keepalive_time_ms": 500,
    "grpc.keepalive_timeout_ms": 500,
    "grpc.http2.ping_timeout_ms": 500,
    "grpc.http2.min_ping_interval_without_data_ms": 200,
}
"""Shorter times instead of those of the product; the other options stay."""
NOTICED_SECONDS = 4.0
"""One second by the options, and time for a busy machine."""
RECOVERY_SECONDS = 20.0


def faster(options: tuple[tuple[str, int], ...]) -> tuple[tuple[str, int], ...]:
    """Return the options with shorter times."""
    return tuple((name, FAST.get(name, value)) for name, value in options)


@pytest.fixture(autouse=True)
def fast_pings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let channels and servers ping twice a second."""
    for name in ("OPTIONS", "SERVER_OPTIONS"):
        monkeypatch.setattr(keepalive, name, faster(getattr(keepalive, name)))


@pytest.fixture
def proxy() -> Iterator[list[TcpProxy]]:
    """Return a list; the proxies in it are closed at the end."""
    proxies: list[TcpProxy] = []
    yield proxies
    for each in proxies:
        each.close()


def behind(proxies: list[TcpProxy], target: Target) -> tuple[Target, TcpProxy]:
    """Return a target that leads through a new proxy, and the proxy."""
    proxies.append(TcpProxy(int(target.address.rpartition(":")[2])))
    proxies[-1].open()
    return Target(target.name, f"127.0.0.1:{proxies[-1].port}", target.descriptor), proxies[-1]


def test_the_products_own_times_are_within_the_limit() -> None:
    """A dead connection is noticed, and replaced, in less than 20 seconds."""
    assert keepalive.INTERVAL_SECONDS + keepalive.TIMEOUT_SECONDS < RECOVERY_SECONDS
    assert keepalive.MIN_INTERVAL_SECONDS < keepalive.INTERVAL_SECONDS


def test_a_caller_connects_again_when_its_link_is_dead(proxy: list[TcpProxy]) -> None:
    """Its calls fail until then, and succeed over a new connection."""
    with running(echo.service()) as server:
        target, link = behind(proxy, server)
        with channel_as("tester", target) as channel:
            say = echo.method(channel)
            assert say(echo.request()).caller == "tester"
            link.stall()

            def succeeds() -> bool:
                try:
                    return bool(say(echo.request(), timeout=0.3).caller)
                except grpc.RpcError:
                    return False

            wait_until(succeeds, NOTICED_SECONDS)


def test_a_server_ends_the_calls_of_a_dead_link(proxy: list[TcpProxy]) -> None:
    """A long poll does not wait for a caller that has gone."""
    begun, ended = threading.Event(), threading.Event()

    async def wait(_: object, __: object) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with running(echo.service(wait)) as server:
        target, link = behind(proxy, server)
        with grpc.insecure_channel(target.address) as channel:  # without pings of its own, and without a short deadline
            metadata = (("authorization", f"Bearer {Signer('tester', SECRET).token('echo')}"),)
            call = echo.method(channel).future(echo.request(), metadata=metadata, timeout=60)
            assert begun.wait(5)
            link.stall()
            assert ended.wait(NOTICED_SECONDS)
            call.cancel()
