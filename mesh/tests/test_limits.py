"""Calls that never send their message cannot keep other callers out, and hold no thread."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from mesh.client import Target
from mesh.identity import Signer
from mesh.interceptors import reception
from mesh.limits import MAX_OPEN_CALLS, MAX_REFLECTIONS, MAX_WATCHES
from mesh.server import MeshServer
from mesh.testing import SECRET, channel_as, rpc_failure, running, wait_until
from mesh.testing.http2 import RawConnection, grpc_message
from mesh.tests import echo

pytestmark = pytest.mark.integration

CHECK, WATCH = "/grpc.health.v1.Health/Check", "/grpc.health.v1.Health/Watch"
REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
SAY = "/mesh.test.v1.Echo/Say"
IDLE_CALLS = 300


@pytest.fixture
def target() -> Iterator[Target]:
    """Run a service."""
    with running(echo.service()) as started:
        yield started


def assert_serves(target: Target) -> None:
    """Assert that a call of a service and a health check succeed."""
    with channel_as("tester", target) as channel:
        assert echo.method(channel)(echo.request(), timeout=5).caller == "tester"
    with grpc.insecure_channel(target.address) as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        assert check(health_pb2.HealthCheckRequest(), timeout=5).status == health_pb2.HealthCheckResponse.SERVING


def count_threads() -> int:
    """Return the number of threads of this process, also of threads that Python did not start."""
    return len(list(Path(f"/proc/{os.getpid()}/task").iterdir()))


def test_calls_without_a_token_end_before_their_message_arrives(target: Target) -> None:
    """The server authenticates the caller from the headers, and does not wait for more."""
    with RawConnection(target.address) as attacker:
        attacker.begin(SAY, IDLE_CALLS)
        wait_until(lambda: not attacker.unfinished)
        assert attacker.is_open
        assert_serves(target)


@pytest.mark.parametrize(
    ("path", "data", "limit"),
    [
        (CHECK, b"", MAX_OPEN_CALLS),
        (WATCH, b"", MAX_WATCHES),
        (WATCH, grpc_message(b""), MAX_WATCHES),
        (REFLECTION, b"", MAX_REFLECTIONS),
    ],
)
def test_idle_calls_that_need_no_token_end_each_other(
    target: Target, path: str, data: bytes, limit: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A new call takes the place of the oldest one, no call holds a thread, and gRPC logs no error."""
    assert_serves(target)  # starts the threads of the pools and of gRPC
    threads = count_threads()
    with RawConnection(target.address) as attacker:
        attacker.begin(path, IDLE_CALLS, data=data)
        wait_until(lambda: attacker.unfinished <= limit)
        assert attacker.unfinished == limit
        assert_serves(target)
        assert count_threads() <= threads + 5  # the connections of this test
    assert not [each for each in caplog.records if each.name.startswith("grpc")]


def test_a_message_that_does_not_arrive_ends_its_call(target: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """An authenticated caller may not hold a place either: its call ends, and the connection stays open."""
    monkeypatch.setattr(reception.ReceptionInterceptor.__init__, "__defaults__", (0.2,))
    with running(echo.service()) as impatient, RawConnection(impatient.address) as caller:
        token = Signer("tester", SECRET).token("echo")
        headers = [("authorization", f"Bearer {token}")]
        caller.begin(SAY, IDLE_CALLS, headers)
        caller.begin(SAY, IDLE_CALLS, headers, grpc_message(b"\x0a\x05hello")[:7])
        wait_until(lambda: not caller.unfinished)
        assert caller.is_open
        assert_serves(impatient)


def test_two_hundred_calls_at_once_on_a_new_connection_succeed(target: Target) -> None:
    """The client does not know the limit of streams before it sends its first calls."""
    with channel_as("tester", target) as channel:
        calls = [echo.method(channel).future(echo.request(), timeout=20) for _ in range(200)]
        assert [call.result().caller for call in calls] == ["tester"] * 200


def test_reflection_can_be_turned_off() -> None:
    """It then does not exist, and the service and its health do."""
    server = MeshServer(echo.service(), SECRET, "127.0.0.1:0")
    server.hide_contract()
    server.start()
    try:
        address = f"127.0.0.1:{server.port}"
        with grpc.insecure_channel(address) as channel:
            method: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(REFLECTION)
            assert rpc_failure(lambda: list(method(iter([b""]), timeout=5))).code is grpc.StatusCode.UNIMPLEMENTED
        assert_serves(Target("echo", address, echo.descriptor()))
    finally:
        server.stop(0)


def test_a_server_that_stops_leaves_no_thread() -> None:
    """Its event loop and its pools end with it."""
    before = set(threading.enumerate())
    with running(echo.service()) as target:
        assert_serves(target)
    wait_until(lambda: not [each for each in set(threading.enumerate()) - before if "channel" not in each.name])
