"""The interceptors as a caller sees them, on a real server and a real channel."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc
from structlog.testing import capture_logs

from mesh import logs, request_ids
from mesh.client import Target, connect
from mesh.errors import AlreadyExists, NotFound
from mesh.identity import Signer
from mesh.interceptors.base import Context
from mesh.testing import SECRET, channel_as, rpc_failure, running, wait_until
from mesh.tests import echo

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
INTERNAL_MESSAGE = "Something went wrong on our side."


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """Run an Echo with one method that its contract does not have."""
    with running(echo.service(extra={"Extra": echo.describe_call})) as started:
        yield started


@contextmanager
def channel_to(behavior: echo.Behavior) -> Iterator[Any]:
    """Return a channel of the tester to an Echo that runs `behavior`."""
    with running(echo.service(behavior)) as started, channel_as("tester", started) as channel:
        yield channel


def raising(error: Exception) -> echo.Behavior:
    """Return the behavior of a servicer that raises an error."""

    def behavior(request: Any, context: grpc.ServicerContext) -> NoReturn:
        raise error

    return behavior


def abort_with(code: grpc.StatusCode, details: str) -> echo.Behavior:
    """Return the behavior of a servicer that aborts the call itself."""

    async def behavior(request: Any, context: Context) -> NoReturn:
        await context.abort(code, details)
        raise AssertionError

    return behavior


def returned_ids(call: Any) -> list[str | bytes]:
    """Return the request ids in the metadata of an ended call."""
    metadata = (*call.initial_metadata(), *call.trailing_metadata())
    return [value for key, value in metadata if key == request_ids.HEADER]


def test_an_allowed_caller_is_served_and_named(target: Target) -> None:
    """The servicer knows the caller."""
    with channel_as("gateway", target) as channel:
        response = echo.method(channel)(echo.request(text="hi"))
    assert (response.text, response.caller) == ("hi", "gateway")


@pytest.mark.parametrize("header", [None, "", "Basic abc", "Bearer", "Bearer ", "abc"])
def test_a_caller_without_a_token_is_unauthenticated(target: Target, header: str | None) -> None:
    """The message names the header that is needed."""
    with grpc.insecure_channel(target.address) as channel:
        metadata = [] if header is None else [("authorization", header)]
        failure = rpc_failure(echo.method(channel), echo.request(), metadata=metadata)
    assert (failure.code, failure.reason) == (CODE.UNAUTHENTICATED, "TOKEN_MISSING")
    assert failure.message == "A mesh token is needed: authorization: Bearer <token>."


def test_a_token_signed_with_another_key_is_rejected(target: Target) -> None:
    """The name in the token does not matter."""
    with connect(target, Signer("tester", "another secret of thirty-two bytes")) as channel:
        failure = rpc_failure(echo.method(channel), echo.request())
    assert (failure.code, failure.reason) == (CODE.UNAUTHENTICATED, "TOKEN_INVALID")


def test_the_authorization_scheme_is_case_insensitive(target: Target) -> None:
    """RFC 7235 requires it."""
    with grpc.insecure_channel(target.address) as channel:
        token = Signer("tester", SECRET).token("echo")
        assert echo.method(channel)(echo.request(), metadata=[("authorization", f"bEARER {token}")]).caller == "tester"


def test_a_caller_that_the_policy_does_not_name_is_denied(target: Target) -> None:
    """Only the policy's callers may call a method."""
    with channel_as("gateway", target) as channel:
        failure = rpc_failure(echo.method(channel, "Change"), echo.request())
    assert (failure.code, failure.reason) == (CODE.PERMISSION_DENIED, "CALLER_NOT_ALLOWED")
    assert failure.message == "gateway may not call Change."


def test_a_method_for_anyone_needs_no_token(target: Target) -> None:
    """The policy `anyone` is enough."""
    with grpc.insecure_channel(target.address) as channel:
        assert echo.method(channel, "Shout")(echo.request()).text == "hello"


def test_a_method_outside_of_the_contract_is_denied(target: Target) -> None:
    """A handler without a policy is closed to all callers, even though the server has it."""
    with channel_as("tester", target) as channel:
        assert rpc_failure(echo.method(channel, "Extra"), echo.request()).code is CODE.PERMISSION_DENIED


def test_a_method_that_does_not_exist_is_unimplemented(target: Target) -> None:
    """The message says so."""
    with channel_as("tester", target) as channel:
        failure = rpc_failure(echo.method(channel, "Nothing"), echo.request())
    assert (failure.code, failure.message) == (CODE.UNIMPLEMENTED, "This method does not exist.")


def test_invalid_input_names_every_invalid_field(target: Target) -> None:
    """Each field has a sentence: the contract's own, or the library's with the name of the field."""
    with channel_as("tester", target) as channel:
        failure = rpc_failure(echo.method(channel), echo.request(text="far too long", times=0))
    assert (failure.code, failure.reason) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD")
    assert failure.fields == {"text": "text must be at most 10 characters.", "times": "Say it at least once."}
    assert failure.message in failure.fields.values()


def test_control_characters_are_invalid_input(target: Target) -> None:
    """The shared rule for printable texts is enforced."""
    with channel_as("tester", target) as channel:
        failure = rpc_failure(echo.method(channel), echo.request(text="a\0b"))
    assert failure.fields == {"text": "text must not contain control characters."}


def test_after_bytes_that_are_not_a_message_the_server_still_works(target: Target) -> None:
    """They fail one call, and the next one succeeds."""
    with channel_as("tester", target) as channel:
        garbage: Any = channel.unary_unary("/mesh.test.v1.Echo/Say")
        assert rpc_failure(garbage, b"\xff\xff\xff").code in {CODE.INTERNAL, CODE.INVALID_ARGUMENT}
        assert echo.method(channel)(echo.request()).text == "hello"


def test_an_error_of_the_family_reaches_the_caller_whole() -> None:
    """The servicer's code, sentence, reason, metadata and attached message reach the caller."""
    error = AlreadyExists("There already.", "TAKEN", metadata={"id": "7"}, details=[echo.response(text="the other")])
    with channel_to(raising(error)) as channel:
        failure = rpc_failure(echo.method(channel), echo.request())
    assert (failure.code, failure.message, failure.reason) == (CODE.ALREADY_EXISTS, "There already.", "TAKEN")
    assert failure.metadata == {"id": "7"}
    attached = failure.detail(type(echo.response()))
    assert attached is not None
    assert attached == echo.response(text="the other")
    info = failure.detail(ErrorInfo)
    assert info is not None
    assert info.domain == "mesh.test"


def test_an_unexpected_error_reveals_nothing_to_the_caller() -> None:
    """The caller gets a fixed sentence and a reason; the log gets the error with the call's id."""
    with (
        channel_to(raising(ValueError("the password is hunter2"))) as channel,
        capture_logs(processors=[logs._add_call]) as lines,
    ):
        failure = rpc_failure(echo.method(channel), echo.request(), metadata=[("x-request-id", "id-1")])
    assert (failure.code, failure.message) == (CODE.INTERNAL, INTERNAL_MESSAGE)
    assert (failure.reason, failure.metadata) == ("INTERNAL", {})
    assert isinstance(failure.status, Status)
    assert [packed.Is(ErrorInfo.DESCRIPTOR) for packed in failure.status.details] == [True]
    error = next(line for line in lines if line["event"] == "error")
    assert (error["request_id"], error["exc_info"]) == ("id-1", True)
    (call,) = [line for line in lines if line["event"] == "call"]
    assert (call["code"], call["request_id"], call["caller"]) == ("INTERNAL", "id-1", "tester")


def test_the_servicers_own_abort_is_kept() -> None:
    """A status that the servicer sets itself is not replaced by INTERNAL."""
    with channel_to(abort_with(CODE.DATA_LOSS, "gone")) as channel:
        failure = rpc_failure(echo.method(channel), echo.request())
    assert (failure.code, failure.message) == (CODE.DATA_LOSS, "gone")


@pytest.mark.parametrize(
    ("upstream", "expected", "reason"),
    [
        (CODE.UNAVAILABLE, CODE.UNAVAILABLE, "UPSTREAM_UNAVAILABLE"),
        (CODE.CANCELLED, CODE.UNAVAILABLE, "UPSTREAM_UNAVAILABLE"),
        (CODE.DEADLINE_EXCEEDED, CODE.DEADLINE_EXCEEDED, "UPSTREAM_DEADLINE_EXCEEDED"),
        (CODE.NOT_FOUND, CODE.INTERNAL, "INTERNAL"),
        (CODE.PERMISSION_DENIED, CODE.INTERNAL, "INTERNAL"),
    ],
)
def test_an_upstream_failure_is_passed_on_only_where_it_is_true_here(
    upstream: grpc.StatusCode, expected: grpc.StatusCode, reason: str
) -> None:
    """A service that is down is UNAVAILABLE for our caller too; any other failure is our own fault."""
    with (
        running(echo.service(abort_with(upstream, "secret of the upstream service"), name="back")) as back,
        channel_as("tester", back) as to_back,
        channel_to(lambda request, _: echo.method(to_back, "Shout")(request)) as channel,
    ):
        failure = rpc_failure(echo.method(channel, "Shout"), echo.request())
    assert (failure.code, failure.reason) == (expected, reason)
    assert "secret" not in failure.message


def test_request_id_and_deadline_are_passed_on() -> None:
    """A service that calls another one passes on the id and the remaining time."""
    with (
        running(echo.service(name="back")) as back,
        channel_as("gateway", back) as to_back,
        channel_to(lambda request, _: echo.method(to_back)(request)) as channel,
    ):
        response = echo.method(channel)(echo.request(), metadata=[("x-request-id", "id-1")], timeout=0.7)
    assert (response.caller, response.request_id) == ("gateway", "id-1")
    assert 0 < response.seconds_left < 0.8


def test_the_shortest_deadline_applies() -> None:
    """A caller's long timeout extends neither the method's own deadline nor a shorter requested one."""
    with running(echo.service(name="back")) as back, channel_as("tester", back) as to_back:
        with channel_to(lambda request, _: echo.method(to_back)(request, timeout=0.5)) as channel:
            assert 0 < echo.method(channel)(echo.request(), timeout=1.8).seconds_left < 0.6
        with channel_to(lambda request, _: echo.method(to_back, "Shout")(request)) as channel:
            assert 0 < echo.method(channel)(echo.request(), timeout=1.8).seconds_left < 1.1


def test_a_call_without_a_timeout_gets_the_deadline_of_the_policy(target: Target) -> None:
    """No call runs without a limit."""
    with channel_as("tester", target) as channel:
        assert 1.5 < echo.method(channel)(echo.request()).seconds_left < 2.1


def test_a_deadline_ends_the_call() -> None:
    """A servicer that does not respond in time is DEADLINE_EXCEEDED for its caller."""
    ended = threading.Event()

    def wait(request: Any, context: grpc.ServicerContext) -> Message:
        ended.wait(5)
        return echo.describe_call(request, context)

    with channel_to(wait) as channel:
        assert rpc_failure(echo.method(channel), echo.request(), timeout=0.1).code is CODE.DEADLINE_EXCEEDED
        ended.set()


@pytest.mark.parametrize("sent", ["a b", "x" * 65, "", '{"a":1}', "é".encode().decode("latin-1")])
def test_an_id_that_could_forge_a_log_line_is_replaced(target: Target, sent: str) -> None:
    """An id from outside has letters, digits and a few other characters only; otherwise the server creates one."""
    with channel_as("tester", target) as channel:
        try:
            request_id = echo.method(channel)(echo.request(), metadata=[("x-request-id", sent)]).request_id
        except (ValueError, grpc.RpcError):  # gRPC itself rejects letters that are not ASCII
            return
    assert request_id != sent
    assert len(request_id) == 32


@pytest.mark.parametrize("sent", ["id-1", None])
def test_a_response_carries_the_request_id(target: Target, sent: str | None) -> None:
    """The caller gets its own id back, or the one that the server created and the servicer used."""
    metadata = [("x-request-id", sent)] if sent else []
    with channel_as("tester", target) as channel:
        response, call = echo.method(channel).with_call(echo.request(), metadata=metadata)
    assert returned_ids(call) == [response.request_id]
    assert response.request_id == (sent or response.request_id) != ""


@pytest.mark.parametrize("sent", ["id-1", None])
@pytest.mark.parametrize(
    ("behavior", "code"),
    [
        (raising(NotFound("No such thing.")), CODE.NOT_FOUND),
        (raising(ValueError()), CODE.INTERNAL),
        (abort_with(CODE.DATA_LOSS, "gone"), CODE.DATA_LOSS),
    ],
    ids=["error of the family", "unexpected error", "abort"],
)
def test_a_failed_call_carries_the_request_id(behavior: echo.Behavior, code: grpc.StatusCode, sent: str | None) -> None:
    """The id is the one on the log line of the call, next to the details of the error."""
    with channel_to(behavior) as channel, capture_logs() as lines:
        call = echo.method(channel).future(echo.request(), metadata=[("x-request-id", sent)] if sent else [])
        assert call.code() is code
        wait_until(lambda: any(line["event"] == "call" for line in lines))  # a servicer's own abort is sent at once
    (request_id,) = [line["request_id"] for line in lines if line["event"] == "call"]
    assert returned_ids(call) == [request_id]
    assert sent in {None, request_id}


def test_a_rejected_call_carries_the_request_id(target: Target) -> None:
    """So does one without a token, one that is invalid, one that is not a message, and one without a method."""
    metadata = [("x-request-id", "id-1")]
    with grpc.insecure_channel(target.address) as stranger, channel_as("tester", target) as channel:
        garbage: Any = channel.unary_unary("/mesh.test.v1.Echo/Say")
        calls = {
            CODE.UNAUTHENTICATED: [echo.method(stranger).future(echo.request(), metadata=metadata)],
            CODE.INVALID_ARGUMENT: [
                echo.method(channel).future(echo.request(times=0), metadata=metadata),
                garbage.future(b"\xff", metadata=metadata),
            ],
            CODE.UNIMPLEMENTED: [echo.method(channel, "Nothing").future(echo.request(), metadata=metadata)],
        }
        for code, failed in calls.items():
            assert [call.code() for call in failed] == [code] * len(failed)
            assert [returned_ids(call) for call in failed] == [["id-1"]] * len(failed)


def test_a_stream_carries_the_request_id_from_its_beginning(target: Target) -> None:
    """Health's Watch does not end, so that the id cannot wait for the end; reflection is a stream too."""
    metadata = (("x-request-id", "id-1"),)
    with grpc.insecure_channel(target.address) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(), timeout=5, metadata=metadata)
        assert dict(watch.initial_metadata())[request_ids.HEADER] == "id-1"
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        watch.cancel()
        requests = iter([reflection_pb2.ServerReflectionRequest(list_services="")])
        listing = reflection_pb2_grpc.ServerReflectionStub(channel).ServerReflectionInfo(requests, timeout=5)
        assert len(list(listing)) == 1
        assert len(str(dict(listing.initial_metadata())[request_ids.HEADER])) == 32


def test_each_call_writes_one_line(target: Target) -> None:
    """The line has method, code, caller, id and milliseconds, for successful and for failed calls."""
    with channel_as("tester", target) as channel, capture_logs() as lines:
        echo.method(channel)(echo.request(), metadata=[("x-request-id", "good")])
        rpc_failure(echo.method(channel), echo.request(times=0), metadata=[("x-request-id", "bad")])
        rpc_failure(echo.method(channel, "Change"), echo.request(), metadata=[("x-request-id", "denied")])
    by_id = {line["request_id"]: (line["method"], line["code"], line["caller"]) for line in lines}
    assert by_id == {
        "good": ("/mesh.test.v1.Echo/Say", "OK", "tester"),
        "bad": ("/mesh.test.v1.Echo/Say", "INVALID_ARGUMENT", "tester"),
        "denied": ("/mesh.test.v1.Echo/Change", "PERMISSION_DENIED", "tester"),
    }
    assert all(line["ms"] >= 0 for line in lines)


def test_not_found_has_the_code_of_not_found() -> None:
    """The table of codes applies on the wire."""
    with channel_to(raising(NotFound("No such thing."))) as channel:
        assert rpc_failure(echo.method(channel), echo.request()).code is CODE.NOT_FOUND


def test_bytes_that_are_not_a_message_are_invalid_input(target: Target) -> None:
    """They are INVALID_ARGUMENT with a sentence, where gRPC itself returns INTERNAL and logs a stack trace."""
    with channel_as("tester", target) as channel:
        call: Any = channel.unary_unary(f"/{target.descriptor.full_name}/Say", request_serializer=bytes)
        failure = rpc_failure(call, b"\xff" * 16)
    assert (failure.code, failure.reason) == (CODE.INVALID_ARGUMENT, "UNREADABLE_REQUEST")
