"""A server says how it is, what it offers, and why it cannot start."""

import threading
from collections.abc import Callable, Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mesh.client import Target, parse_failure
from mesh.ports import PortInUseError
from mesh.server import MAX_MESSAGE_BYTES, MeshServer, Service
from mesh.testing import SECRET, channel_as, running
from mesh.tests import echo

pytestmark = pytest.mark.integration

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
ECHO = "mesh.test.v1.Echo"


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """A running Echo."""
    with running(echo.service()) as started:
        yield started


def probed(probe: Callable[[], None]) -> Service:
    """An Echo that needs something."""
    plain = echo.service()
    return Service(plain.name, plain.descriptor, plain.add, probe)


def health(target: Target, name: str = ECHO) -> int:
    """How the service says it is; nobody has to sign for that question."""
    with grpc.insecure_channel(target.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return int(stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=5).status)


@pytest.mark.parametrize("name", ["", ECHO])
def test_a_running_service_is_serving(target: Target, name: str) -> None:
    """The server as a whole and the service by its name are SERVING."""
    assert health(target, name) == SERVING


def test_an_unknown_service_has_no_health(target: Target) -> None:
    """A name that nobody serves is NOT_FOUND."""
    with pytest.raises(grpc.RpcError) as raised:
        health(target, "no.such.Service")
    assert parse_failure(raised.value).code is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("name", ["", ECHO])
def test_a_service_without_what_it_needs_is_not_serving(name: str) -> None:
    """A probe that fails is told to whoever asks, and the process lives."""

    def down() -> None:
        message = "no database"
        raise OSError(message)

    with running(probed(down)) as started:
        assert health(started, name) == NOT_SERVING


def test_health_follows_the_probe() -> None:
    """A service whose database goes and comes back says so, without a restart; at its end it is not serving."""
    broken = threading.Event()

    def probe() -> None:
        if broken.is_set():
            raise OSError

    server = MeshServer(probed(probe), SECRET, "127.0.0.1:0", probe_interval_seconds=0.01)
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=ECHO), timeout=10)
        assert next(watch).status == SERVING
        broken.set()
        assert next(watch).status == NOT_SERVING
        broken.clear()
        assert next(watch).status == SERVING
        server.stop(grace_seconds=0.2)
        assert next(watch).status == NOT_SERVING


def test_reflection_lists_the_services(target: Target) -> None:
    """With grpcurl one sees the service, health and reflection without a proto file and without a token."""
    with grpc.insecure_channel(target.address) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        asked = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        (answer,) = stub.ServerReflectionInfo(asked, timeout=5)
    names = {service.name for service in answer.list_services_response.service}
    assert names == {ECHO, "grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}


def test_a_port_that_is_taken_is_said_so(target: Target) -> None:
    """Two servers never share a port by accident; the message names it."""
    with pytest.raises(PortInUseError, match=rf"^The address {target.address} is already in use or "):
        MeshServer(echo.service(), SECRET, target.address)


def test_an_address_that_is_none_is_said_so() -> None:
    """A mistyped address is the same error, not a stack trace."""
    with pytest.raises(PortInUseError, match=r"^The address not-an-address "):
        MeshServer(echo.service(), SECRET, "not-an-address")


def test_a_message_over_the_limit_is_refused_and_the_next_one_answered(target: Target) -> None:
    """A megabyte and more is RESOURCE_EXHAUSTED, before anybody reads it."""
    with channel_as("tester", target) as channel:
        with pytest.raises(grpc.RpcError) as raised:
            echo.method(channel)(echo.request(text="x" * (MAX_MESSAGE_BYTES + 1)))
        assert parse_failure(raised.value).code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert echo.method(channel)(echo.request()).text == "hello"


def test_stopping_lets_a_running_call_end() -> None:
    """A server that is told to stop says that it goes, answers what it has begun, and takes nothing new."""
    begun, finish = threading.Event(), threading.Event()

    def slow(asked: object, context: grpc.ServicerContext) -> object:
        begun.set()
        assert finish.wait(5)
        return echo.response(text="done")

    stopping = threading.Event()
    plain = echo.service(slow)  # type: ignore[arg-type] # any message will do
    server = MeshServer(Service(plain.name, plain.descriptor, plain.add, on_stop=stopping.set), SECRET, "127.0.0.1:0")
    server.start()
    target = Target("echo", f"127.0.0.1:{server.port}", plain.descriptor)
    with channel_as("tester", target) as channel:
        running_call = echo.method(channel).future(echo.request())
        assert begun.wait(5)
        ending = threading.Thread(target=server.stop, args=(5,))
        ending.start()
        assert stopping.wait(5)
        with pytest.raises(grpc.RpcError) as refused, channel_as("gateway", target) as late:
            echo.method(late)(echo.request(), timeout=0.5)
        assert parse_failure(refused.value).code in {
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.CANCELLED,
            grpc.StatusCode.DEADLINE_EXCEEDED,
        }
        finish.set()
        assert running_call.result(5).text == "done"
    ending.join(5)
    assert not ending.is_alive()


def test_more_calls_than_threads_wait_their_turn() -> None:
    """A rush is queued, not refused."""
    with running(echo.service()) as started, channel_as("tester", started) as channel:
        calls = [echo.method(channel).future(echo.request(text=str(number))) for number in range(100)]
        assert [call.result(5).text for call in calls] == [str(number) for number in range(100)]
