"""What happens around a call, seen from outside: a real server and a real channel."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc
import pytest
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from structlog.testing import capture_logs

from mesh import logs
from mesh.client import Failure, Target, connect, parse_failure
from mesh.errors import AlreadyExists, NotFound
from mesh.identity import Signer
from mesh.testing import SECRET, channel_as, running
from mesh.tests import echo

pytestmark = pytest.mark.integration

CODE = grpc.StatusCode
SORRY = "Something went wrong on our side."


@pytest.fixture(scope="module")
def target() -> Iterator[Target]:
    """Echo, with one method that its contract does not have."""
    with running(echo.service(extra={"Extra": echo.seen})) as started:
        yield started


@contextmanager
def answering(answer: echo.Answer) -> Iterator[Any]:
    """A channel of the tester to an Echo that answers so."""
    with running(echo.service(answer)) as started, channel_as("tester", started) as channel:
        yield channel


def refused(call: Any, *arguments: Any, **options: Any) -> Failure:
    """How the call fails."""
    with pytest.raises(grpc.RpcError) as raised:
        call(*arguments, **options)
    return parse_failure(raised.value)


def raising(error: Exception) -> echo.Answer:
    """A servicer that raises."""

    def answer(asked: Any, context: grpc.ServicerContext) -> NoReturn:
        raise error

    return answer


def test_an_allowed_caller_is_answered_and_named(target: Target) -> None:
    """The servicer knows who calls."""
    with channel_as("gateway", target) as channel:
        told = echo.method(channel)(echo.request(text="hi"))
    assert (told.text, told.caller) == ("hi", "gateway")


@pytest.mark.parametrize("header", [None, "", "Basic abc", "Bearer", "Bearer ", "abc"])
def test_a_caller_without_a_token_is_unknown(target: Target, header: str | None) -> None:
    """Whatever is no bearer token is UNAUTHENTICATED, with a hint at what is missing."""
    with grpc.insecure_channel(target.address) as channel:
        metadata = [] if header is None else [("authorization", header)]
        told = refused(echo.method(channel), echo.request(), metadata=metadata)
    assert (told.code, told.reason) == (CODE.UNAUTHENTICATED, "TOKEN_MISSING")
    assert told.message == "A mesh token is needed: authorization: Bearer <token>."


def test_a_token_signed_by_somebody_else_is_refused(target: Target) -> None:
    """A caller with another key is unknown, whatever name it gives itself."""
    with connect(target, Signer("tester", "another secret of thirty-two bytes")) as channel:
        told = refused(echo.method(channel), echo.request())
    assert (told.code, told.reason) == (CODE.UNAUTHENTICATED, "TOKEN_INVALID")


def test_the_scheme_is_understood_in_any_case(target: Target) -> None:
    """RFC 7235: the scheme of a credential is case-insensitive."""
    with grpc.insecure_channel(target.address) as channel:
        token = Signer("tester", SECRET).token("echo")
        assert echo.method(channel)(echo.request(), metadata=[("authorization", f"bEARER {token}")]).caller == "tester"


def test_a_caller_that_is_not_named_is_denied(target: Target) -> None:
    """The policy's callers may call, nobody else."""
    with channel_as("gateway", target) as channel:
        told = refused(echo.method(channel, "Change"), echo.request())
    assert (told.code, told.reason) == (CODE.PERMISSION_DENIED, "CALLER_NOT_ALLOWED")
    assert told.message == "gateway may not call Change."


def test_anyone_may_call_what_is_for_anyone(target: Target) -> None:
    """A method for anyone needs no token."""
    with grpc.insecure_channel(target.address) as channel:
        assert echo.method(channel, "Shout")(echo.request()).text == "hello"


def test_a_method_outside_of_the_contract_is_denied(target: Target) -> None:
    """A handler without a policy answers nobody, even though the server has it."""
    with channel_as("tester", target) as channel:
        assert refused(echo.method(channel, "Extra"), echo.request()).code is CODE.PERMISSION_DENIED


def test_a_method_that_does_not_exist_is_unimplemented(target: Target) -> None:
    """A wrong name is no crash."""
    with channel_as("tester", target) as channel:
        assert refused(echo.method(channel, "Nothing"), echo.request()).code is CODE.UNIMPLEMENTED


def test_bad_input_names_every_bad_field(target: Target) -> None:
    """Each field that breaks a rule has its sentence: the contract's own, or the library's with the field before it."""
    with channel_as("tester", target) as channel:
        told = refused(echo.method(channel), echo.request(text="far too long", times=0))
    assert (told.code, told.reason) == (CODE.INVALID_ARGUMENT, "INVALID_FIELD")
    assert told.fields == {"text": "text must be at most 10 characters.", "times": "Say it at least once."}
    assert told.message in told.fields.values()


def test_control_characters_are_bad_input(target: Target) -> None:
    """The shared rule of printable texts is in force."""
    with channel_as("tester", target) as channel:
        told = refused(echo.method(channel), echo.request(text="a\0b"))
    assert told.fields == {"text": "text must not contain control characters."}


def test_bytes_that_are_no_message_are_no_crash(target: Target) -> None:
    """Garbage on the wire ends one call, and the next good one works."""
    with channel_as("tester", target) as channel:
        garbage: Any = channel.unary_unary("/mesh.test.v1.Echo/Say")
        assert refused(garbage, b"\xff\xff\xff").code in {CODE.INTERNAL, CODE.INVALID_ARGUMENT}
        assert echo.method(channel)(echo.request()).text == "hello"


def test_an_error_of_the_family_arrives_whole() -> None:
    """Code, sentence, reason, facts and the attached message are what the servicer raised."""
    error = AlreadyExists("There already.", "TAKEN", metadata={"id": "7"}, details=[echo.response(text="the other")])
    with answering(raising(error)) as channel:
        told = refused(echo.method(channel), echo.request())
    assert (told.code, told.message, told.reason) == (CODE.ALREADY_EXISTS, "There already.", "TAKEN")
    assert told.metadata == {"id": "7"}
    attached = told.detail(type(echo.response()))
    assert attached is not None
    assert attached == echo.response(text="the other")


def test_an_unexpected_error_tells_the_caller_nothing() -> None:
    """The caller gets one fixed sentence; the log gets the error under the call's id."""
    with (
        answering(raising(ValueError("the password is hunter2"))) as channel,
        capture_logs(processors=[logs._add_call]) as lines,
    ):
        told = refused(echo.method(channel), echo.request(), metadata=[("x-request-id", "id-1")])
    assert (told.code, told.message, told.reason, told.metadata) == (CODE.INTERNAL, SORRY, "INTERNAL", {})
    assert isinstance(told.status, Status)
    assert [packed.Is(ErrorInfo.DESCRIPTOR) for packed in told.status.details] == [True]
    error = next(line for line in lines if line["event"] == "error")
    assert (error["request_id"], error["exc_info"]) == ("id-1", True)
    (call,) = [line for line in lines if line["event"] == "call"]
    assert (call["code"], call["request_id"], call["caller"]) == ("INTERNAL", "id-1", "tester")


def test_a_servicers_own_abort_stands() -> None:
    """A status that the servicer has set by itself is not covered by INTERNAL."""

    def answer(asked: Any, context: grpc.ServicerContext) -> Message:
        context.abort(CODE.DATA_LOSS, "gone")

    with answering(answer) as channel:
        told = refused(echo.method(channel), echo.request())
    assert (told.code, told.message) == (CODE.DATA_LOSS, "gone")


@pytest.mark.parametrize(
    ("upstream", "expected"),
    [
        (CODE.UNAVAILABLE, CODE.UNAVAILABLE),
        (CODE.CANCELLED, CODE.UNAVAILABLE),
        (CODE.DEADLINE_EXCEEDED, CODE.DEADLINE_EXCEEDED),
        (CODE.NOT_FOUND, CODE.INTERNAL),
        (CODE.PERMISSION_DENIED, CODE.INTERNAL),
    ],
)
def test_what_fails_further_back_is_passed_on_only_where_it_is_true_here(
    upstream: grpc.StatusCode, expected: grpc.StatusCode
) -> None:
    """A service that is down is UNAVAILABLE for our caller too; any other surprise is our own fault."""

    def failing(asked: Any, context: grpc.ServicerContext) -> Message:
        context.abort(upstream, "secret of the back")

    with (
        running(echo.service(failing, name="back")) as back,
        channel_as("tester", back) as to_back,
        answering(lambda asked, _: echo.method(to_back, "Shout")(asked)) as channel,
    ):
        told = refused(echo.method(channel), echo.request())
    assert told.code is expected
    assert "secret" not in told.message


def test_request_id_and_deadline_travel_on() -> None:
    """A service that calls another one passes on the id and what is left of the time."""
    with (
        running(echo.service(name="back")) as back,
        channel_as("gateway", back) as to_back,
        answering(lambda asked, _: echo.method(to_back)(asked)) as channel,
    ):
        told = echo.method(channel)(echo.request(), metadata=[("x-request-id", "id-1")], timeout=0.7)
    assert (told.caller, told.request_id) == ("gateway", "id-1")
    assert 0 < told.seconds_left < 0.8


def test_the_shorter_of_two_deadlines_counts() -> None:
    """A generous caller does not stretch the method's own deadline, nor one that is asked for."""
    with running(echo.service(name="back")) as back, channel_as("tester", back) as to_back:
        with answering(lambda asked, _: echo.method(to_back)(asked, timeout=0.5)) as channel:
            assert 0 < echo.method(channel)(echo.request(), timeout=1.8).seconds_left < 0.6
        with answering(lambda asked, _: echo.method(to_back, "Shout")(asked)) as channel:
            assert 0 < echo.method(channel)(echo.request(), timeout=1.8).seconds_left < 1.1


def test_a_call_without_a_deadline_gets_the_policys(target: Target) -> None:
    """No call lasts for ever because somebody forgot a timeout."""
    with channel_as("tester", target) as channel:
        assert 1.5 < echo.method(channel)(echo.request()).seconds_left < 2.1


def test_a_deadline_ends_the_call() -> None:
    """A servicer that does not answer in time is DEADLINE_EXCEEDED for its caller."""
    ended = threading.Event()

    def late(asked: Any, context: grpc.ServicerContext) -> Message:
        ended.wait(5)
        return echo.seen(asked, context)

    with answering(late) as channel:
        assert refused(echo.method(channel), echo.request(), timeout=0.1).code is CODE.DEADLINE_EXCEEDED
        ended.set()


@pytest.mark.parametrize("sent", ["a b", "x" * 65, "", '{"a":1}', "é".encode().decode("latin-1")])
def test_an_id_that_could_forge_a_log_line_is_replaced(target: Target, sent: str) -> None:
    """An id from outside holds letters, digits and little else, or the call gets one of our own."""
    with channel_as("tester", target) as channel:
        try:
            given = echo.method(channel)(echo.request(), metadata=[("x-request-id", sent)]).request_id
        except (ValueError, grpc.RpcError):  # gRPC itself refuses letters that are not ASCII
            return
    assert given != sent
    assert len(given) == 32


def test_each_call_writes_one_line(target: Target) -> None:
    """The line has method, code, caller, id and milliseconds, for calls that work and for those that do not."""
    with channel_as("tester", target) as channel, capture_logs() as lines:
        echo.method(channel)(echo.request(), metadata=[("x-request-id", "good")])
        refused(echo.method(channel), echo.request(times=0), metadata=[("x-request-id", "bad")])
        refused(echo.method(channel, "Change"), echo.request(), metadata=[("x-request-id", "denied")])
    seen = {line["request_id"]: (line["method"], line["code"], line["caller"]) for line in lines}
    assert seen == {
        "good": ("/mesh.test.v1.Echo/Say", "OK", "tester"),
        "bad": ("/mesh.test.v1.Echo/Say", "INVALID_ARGUMENT", "tester"),
        "denied": ("/mesh.test.v1.Echo/Change", "PERMISSION_DENIED", "tester"),
    }
    assert all(line["ms"] >= 0 for line in lines)


def test_not_found_is_the_code_of_not_found() -> None:
    """The table of codes is in force on the wire."""
    with answering(raising(NotFound("No such thing."))) as channel:
        assert refused(echo.method(channel), echo.request()).code is CODE.NOT_FOUND


def test_bytes_that_are_no_message_are_bad_input(target: Target) -> None:
    """INVALID_ARGUMENT with a sentence, where gRPC itself would answer INTERNAL and log a stack trace."""
    with channel_as("tester", target) as channel:
        rpc: Any = channel.unary_unary(f"/{target.descriptor.full_name}/Say", request_serializer=bytes)
        told = refused(rpc, b"\xff" * 16)
    assert (told.code, told.reason) == (CODE.INVALID_ARGUMENT, "UNREADABLE_REQUEST")
