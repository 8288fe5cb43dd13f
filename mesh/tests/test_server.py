"""A server reports its health and its services, and why it cannot start."""

import threading
from collections.abc import Callable, Iterator

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from mesh.client import Target
from mesh.ports import PortInUseError
from mesh.server import MAX_MESSAGE_BYTES, MeshServer, Service
from mesh.testing import SECRET, channel_as, rpc_failure, running
from mesh.tests import echo

pytestmark = pytest.mark.integration

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
ECHO = "mesh.test.v1.Echo"


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """Run an Echo."""
    with running(echo.service()) as started:
        yield started


def probed(probe: Callable[[], None]) -> Service:
    """Return an Echo with a probe."""
    plain = echo.service()
    return Service(plain.name, plain.descriptor, plain.add, probe)


def health(target: Target, name: str = ECHO) -> int:
    """Return the health that the server reports; the check needs no token."""
    with grpc.insecure_channel(target.address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        return int(stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=5).status)


@pytest.mark.parametrize("name", ["", ECHO])
def test_a_running_service_is_serving(target: Target, name: str) -> None:
    """The server as a whole and the service by its name are SERVING."""
    assert health(target, name) == SERVING


def test_an_unknown_service_has_no_health(target: Target) -> None:
    """Its name is NOT_FOUND."""
    assert rpc_failure(health, target, "no.such.Service").code is grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize("name", ["", ECHO])
def test_a_service_whose_probe_fails_is_not_serving(name: str) -> None:
    """The process itself keeps running."""

    def down() -> None:
        message = "no database"
        raise OSError(message)

    with running(probed(down)) as started:
        assert health(started, name) == NOT_SERVING


def test_health_follows_the_probe() -> None:
    """A service whose database fails and recovers reports both without a restart; after a stop it is not serving."""
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
    """Grpcurl needs neither a proto file nor a token to see the service, health and reflection."""
    with grpc.insecure_channel(target.address) as channel:
        stub = reflection_pb2_grpc.ServerReflectionStub(channel)
        requests = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        (response,) = stub.ServerReflectionInfo(requests, timeout=5)
    names = {service.name for service in response.list_services_response.service}
    reflection = {f"grpc.reflection.{version}.ServerReflection" for version in ("v1", "v1alpha")}
    assert names == {ECHO, "grpc.health.v1.Health", *reflection}


def test_a_port_in_use_is_an_error(target: Target) -> None:
    """Two servers never share a port by accident; the message names the address."""
    with pytest.raises(PortInUseError, match=rf"^The address {target.address} is already in use or "):
        MeshServer(echo.service(), SECRET, target.address)


def test_an_invalid_address_is_the_same_error() -> None:
    """A mistyped address does not end in a stack trace."""
    with pytest.raises(PortInUseError, match=r"^The address not-an-address "):
        MeshServer(echo.service(), SECRET, "not-an-address")


def test_a_message_over_the_limit_is_rejected_and_the_next_one_served(target: Target) -> None:
    """A message over one megabyte is RESOURCE_EXHAUSTED before it is parsed."""
    with channel_as("tester", target) as channel:
        failure = rpc_failure(echo.method(channel), echo.request(text="x" * (MAX_MESSAGE_BYTES + 1)))
        assert failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert echo.method(channel)(echo.request()).text == "hello"


def test_stopping_lets_a_running_call_end() -> None:
    """A stopping server announces it, finishes the calls that run, and refuses new ones."""
    begun, finish = threading.Event(), threading.Event()

    def slow(request: object, context: grpc.ServicerContext) -> object:
        begun.set()
        assert finish.wait(5)
        return echo.response(text="done")

    stopping = threading.Event()
    plain = echo.service(slow)
    server = MeshServer(Service(plain.name, plain.descriptor, plain.add, on_stop=stopping.set), SECRET, "127.0.0.1:0")
    server.start()
    target = Target("echo", f"127.0.0.1:{server.port}", plain.descriptor)
    with channel_as("tester", target) as channel:
        running_call = echo.method(channel).future(echo.request())
        assert begun.wait(5)
        ending = threading.Thread(target=server.stop, args=(5,))
        ending.start()
        assert stopping.wait(5)
        with channel_as("gateway", target) as late:
            failure = rpc_failure(echo.method(late), echo.request(), timeout=0.5)
        assert failure.code in {
            grpc.StatusCode.UNAVAILABLE,
            grpc.StatusCode.CANCELLED,
            grpc.StatusCode.DEADLINE_EXCEEDED,
        }
        finish.set()
        assert running_call.result(5).text == "done"
    ending.join(5)
    assert not ending.is_alive()


def test_more_calls_than_threads_wait_their_turn() -> None:
    """Calls over the number of threads are queued, not refused."""
    with running(echo.service()) as started, channel_as("tester", started) as channel:
        calls = [echo.method(channel).future(echo.request(text=str(number))) for number in range(100)]
        assert [call.result(5).text for call in calls] == [str(number) for number in range(100)]
