"""Clients parse every failure, and retry only idempotent methods."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from mesh.client import Failure, Target, connect, connect_async, parse_failure
from mesh.context import CallContext, current_call, deadline_after
from mesh.errors import FailedPrecondition, Unavailable
from mesh.identity import Signer
from mesh.testing import SECRET, channel_as, rpc_failure, running
from mesh.tests import echo

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode


class Flaky:
    """Is UNAVAILABLE a number of times, then succeeds; counts the calls."""

    def __init__(self, failures: int) -> None:
        self.calls = 0
        self._failures = failures

    def __call__(self, request: Any, context: grpc.ServicerContext) -> Message:
        """Fail or succeed."""
        self.calls += 1
        if self.calls <= self._failures:
            raise Unavailable("Not now.")
        return echo.describe_call(request, context)


def refuse(request: Any, context: grpc.ServicerContext) -> Message:
    """Fail with everything that a status can hold."""
    raise FailedPrecondition(
        "No.", "REFUSED", metadata={"left": "3"}, fields={"text": "Too late."}, details=[echo.response(text="it")]
    )


@pytest.fixture(scope="module")
def refusing() -> Iterator[Target]:
    """Run an Echo whose methods all fail."""
    with running(echo.service(refuse)) as started:
        yield started


def call_sync(target: Target) -> Failure:
    """Return the failure that a blocking client receives from a method that is not retried."""
    with channel_as("tester", target) as channel:
        return rpc_failure(echo.method(channel, "Shout"), echo.request())


def call_async(target: Target) -> Failure:
    """Return the failure that an asyncio client receives from a method that is not retried."""

    async def call() -> Failure:
        async with connect_async(target, Signer("tester", SECRET)) as channel:
            with pytest.raises(grpc.RpcError) as raised:
                await echo.method(channel, "Shout")(echo.request())
        return parse_failure(raised.value)

    return asyncio.run(call())


@pytest.mark.parametrize("call", [call_sync, call_async])
def test_a_failure_has_everything_that_the_service_sent(refusing: Target, call: Any) -> None:
    """Both kinds of clients parse code, sentence, reason, metadata, fields and the attached message."""
    failure = call(refusing)
    assert (failure.code, failure.message, failure.reason) == (CODE.FAILED_PRECONDITION, "No.", "REFUSED")
    assert (failure.metadata, failure.fields) == ({"left": "3"}, {"text": "Too late."})
    assert failure.detail(type(echo.response())) == echo.response(text="it")
    assert failure.detail(type(echo.request())) is None


@pytest.mark.parametrize("call", [call_sync, call_async])
def test_a_service_that_is_down_is_unavailable(call: Any) -> None:
    """A port without a listener is one code, without details, and not another kind of exception."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        failure = call(Target("echo", f"127.0.0.1:{unused.getsockname()[1]}", echo.descriptor()))
    assert (failure.code, failure.reason, failure.fields) == (CODE.UNAVAILABLE, "", {})


def test_an_error_without_a_status_is_unknown() -> None:
    """Parsing never fails, whatever else gRPC raises."""
    assert parse_failure(grpc.RpcError()) == Failure(CODE.UNKNOWN, "")


def test_an_idempotent_method_is_retried_while_its_service_is_away() -> None:
    """Three failures and then a success are a success for the caller."""
    flaky = Flaky(failures=3)
    with running(echo.service(flaky)) as target, channel_as("tester", target) as channel:
        assert echo.method(channel)(echo.request()).text == "hello"
    assert flaky.calls == 4


def test_a_method_that_is_not_idempotent_is_never_retried() -> None:
    """It runs once, even when it is UNAVAILABLE."""
    flaky = Flaky(failures=1)
    with running(echo.service(flaky)) as target, channel_as("worker", target) as channel:
        failure = rpc_failure(echo.method(channel, "Change"), echo.request())
    assert (failure.code, flaky.calls) == (CODE.UNAVAILABLE, 1)


def test_other_failures_are_not_retried() -> None:
    """Only UNAVAILABLE is, even for an idempotent method."""
    calls = []

    def count(request: Any, context: grpc.ServicerContext) -> Message:
        calls.append(request)
        return refuse(request, context)

    with running(echo.service(count)) as target, channel_as("tester", target) as channel:
        rpc_failure(echo.method(channel), echo.request())
    assert len(calls) == 1


def test_an_authorization_that_is_passed_on_is_kept() -> None:
    """The client does not replace it with its own token."""
    with running(echo.service()) as target, channel_as("tester", target) as channel:
        passed = [("authorization", f"Bearer {Signer('gateway', SECRET).token('echo')}")]
        assert echo.method(channel)(echo.request(), metadata=passed).caller == "gateway"


def test_an_asyncio_client_passes_on_identity_id_and_deadline() -> None:
    """Each call has a token, and the request id and the deadline of the current call."""

    async def call(target: Target) -> Any:
        current_call.set(CallContext(request_id="id-1", deadline=deadline_after(0.9)))
        async with connect_async(target, Signer("gateway", SECRET)) as channel:
            return await echo.method(channel)(echo.request())

    with running(echo.service()) as target:
        failure = asyncio.run(call(target))
    assert (failure.caller, failure.request_id) == ("gateway", "id-1")
    assert 0 < failure.seconds_left < 1.0


def test_an_asyncio_client_applies_the_deadline_of_the_policy() -> None:
    """It applies when no timeout is requested and none is inherited."""

    async def call(target: Target) -> Any:
        async with connect_async(target, Signer("gateway", SECRET)) as channel:
            return await echo.method(channel)(echo.request())

    with running(echo.service()) as target:
        assert 1.5 < asyncio.run(call(target)).seconds_left < 2.1


def test_calls_are_balanced_over_all_addresses_of_a_name() -> None:
    """A channel uses them round robin, so that a second replica is used."""
    with (
        running(echo.service(lambda *_: echo.response(text="one"))) as one,
        running(echo.service(lambda *_: echo.response(text="two"))) as two,
    ):
        both = Target("echo", f"ipv4:{one.address},{two.address}", echo.descriptor())
        with connect(both, Signer("tester", SECRET)) as channel:
            texts = {echo.method(channel)(echo.request(), wait_for_ready=True).text for _ in range(50)}
    assert texts == {"one", "two"}
