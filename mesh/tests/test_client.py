"""Clients read every failure, and retry only what may be repeated."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from google.protobuf.message import Message

from mesh.client import Failure, Target, connect, connect_async, parse_failure
from mesh.context import CallContext, current_call, deadline_after
from mesh.errors import FailedPrecondition
from mesh.identity import Signer
from mesh.testing import SECRET, channel_as, running
from mesh.tests import echo

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode


class Flaky:
    """Is UNAVAILABLE a number of times, then answers; counts the calls."""

    def __init__(self, failures: int) -> None:
        self.calls = 0
        self._failures = failures

    def __call__(self, asked: Any, context: grpc.ServicerContext) -> Message:
        """Fails or answers."""
        self.calls += 1
        if self.calls <= self._failures:
            context.abort(CODE.UNAVAILABLE, "not now")
        return echo.seen(asked, context)


def refuse(asked: Any, context: grpc.ServicerContext) -> Message:
    """Fails with all that a status can hold."""
    raise FailedPrecondition(
        "No.", "REFUSED", metadata={"left": "3"}, fields={"text": "Too late."}, details=[echo.response(text="it")]
    )


@pytest.fixture(scope="module")
def refusing() -> Iterator[Target]:
    """An Echo that refuses."""
    with running(echo.service(refuse)) as started:
        yield started


def call_sync(target: Target) -> Failure:
    """The failure that a blocking client sees."""
    with channel_as("tester", target) as channel, pytest.raises(grpc.RpcError) as raised:
        echo.method(channel)(echo.request())
    return parse_failure(raised.value)


def call_async(target: Target) -> Failure:
    """The failure that a client on asyncio sees."""

    async def call() -> Failure:
        async with connect_async(target, Signer("tester", SECRET)) as channel:
            with pytest.raises(grpc.RpcError) as raised:
                await echo.method(channel)(echo.request())
        return parse_failure(raised.value)

    return asyncio.run(call())


@pytest.mark.parametrize("call", [call_sync, call_async])
def test_a_failure_tells_all_that_the_service_said(refusing: Target, call: Any) -> None:
    """Both kinds of clients read code, sentence, reason, facts, fields and the attached message."""
    told = call(refusing)
    assert (told.code, told.message, told.reason) == (CODE.FAILED_PRECONDITION, "No.", "REFUSED")
    assert (told.metadata, told.fields) == ({"left": "3"}, {"text": "Too late."})
    assert told.detail(type(echo.response())) == echo.response(text="it")
    assert told.detail(type(echo.request())) is None


@pytest.mark.parametrize("call", [call_sync, call_async])
def test_a_service_that_is_down_is_unavailable(call: Any) -> None:
    """Nobody listens: one code, no details, no exception of another kind."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        told = call(Target("echo", f"127.0.0.1:{taken.getsockname()[1]}", echo.descriptor()))
    assert (told.code, told.reason, told.fields) == (CODE.UNAVAILABLE, "", {})


def test_an_error_without_a_status_is_unknown() -> None:
    """Whatever else gRPC raises is no reason to fail while handling a failure."""
    assert parse_failure(grpc.RpcError()) == Failure(CODE.UNKNOWN, "")


def test_an_idempotent_method_is_retried_while_its_service_is_away() -> None:
    """Three times away and then back is a success that the code never sees."""
    answers = Flaky(failures=3)
    with running(echo.service(answers)) as target, channel_as("tester", target) as channel:
        assert echo.method(channel)(echo.request()).text == "hello"
    assert answers.calls == 4


def test_a_method_that_changes_things_is_never_repeated() -> None:
    """Once is once, even when the answer is UNAVAILABLE."""
    answers = Flaky(failures=1)
    with (
        running(echo.service(answers)) as target,
        channel_as("worker", target) as channel,
        pytest.raises(grpc.RpcError) as raised,
    ):
        echo.method(channel, "Change")(echo.request())
    assert (parse_failure(raised.value).code, answers.calls) == (CODE.UNAVAILABLE, 1)


def test_other_failures_are_not_retried(refusing: Target) -> None:
    """A service that says no is not asked again."""
    calls = []

    def count(asked: Any, context: grpc.ServicerContext) -> Message:
        calls.append(asked)
        return refuse(asked, context)

    with running(echo.service(count)) as target:
        call_sync(target)
    assert len(calls) == 1


def test_a_credential_that_is_passed_through_stays() -> None:
    """A caller that brings its own authorization is not signed over."""
    with running(echo.service()) as target, channel_as("tester", target) as channel:
        passed = [("authorization", f"Bearer {Signer('gateway', SECRET).token('echo')}")]
        assert echo.method(channel)(echo.request(), metadata=passed).caller == "gateway"


def test_a_client_on_asyncio_signs_names_and_limits_its_calls() -> None:
    """Token, request id and deadline of the call being worked on travel on there too."""

    async def call(target: Target) -> Any:
        current_call.set(CallContext(request_id="id-1", deadline=deadline_after(0.9)))
        async with connect_async(target, Signer("gateway", SECRET)) as channel:
            return await echo.method(channel)(echo.request())

    with running(echo.service()) as target:
        told = asyncio.run(call(target))
    assert (told.caller, told.request_id) == ("gateway", "id-1")
    assert 0 < told.seconds_left < 1.0


def test_a_client_on_asyncio_gives_every_call_the_policys_deadline() -> None:
    """No timeout asked for, none inherited: the method's own counts."""

    async def call(target: Target) -> Any:
        async with connect_async(target, Signer("gateway", SECRET)) as channel:
            return await echo.method(channel)(echo.request())

    with running(echo.service()) as target:
        assert 1.5 < asyncio.run(call(target)).seconds_left < 2.1


def test_calls_are_shared_among_all_addresses_of_a_name() -> None:
    """A channel asks round robin, so that a second replica is used."""
    with (
        running(echo.service(lambda *_: echo.response(text="one"))) as one,
        running(echo.service(lambda *_: echo.response(text="two"))) as two,
    ):
        both = Target("echo", f"ipv4:{one.address},{two.address}", echo.descriptor())
        with connect(both, Signer("tester", SECRET)) as channel:
            seen = {echo.method(channel)(echo.request(), wait_for_ready=True).text for _ in range(50)}
    assert seen == {"one", "two"}
