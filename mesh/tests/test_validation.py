"""An invalid request is rejected with every violation: where it is, in order, and what is wrong."""

import asyncio
from typing import cast

import pytest
from google.protobuf.message import Message

from mesh.errors import InvalidArgument
from mesh.interceptors.base import Context, IncomingCall
from mesh.interceptors.validation import ValidationInterceptor
from mesh.tests import echo

pytestmark = pytest.mark.unit

ONCE = "Say it at least once."


def validate(request: Message) -> InvalidArgument:
    """Return the error with which the interceptor rejects the request."""
    with pytest.raises(InvalidArgument) as raised:
        intercept(request, echo.response())
    return raised.value


def intercept(request: Message, response: Message) -> Message:
    """Return what the interceptor returns for a request when the servicer returns this response."""

    async def servicer(_: IncomingCall) -> Message:
        return response

    call = IncomingCall("/Echo/Say", cast("Context", None), request)
    return asyncio.run(ValidationInterceptor().intercept(call, servicer))


def test_a_valid_request_reaches_the_servicer() -> None:
    """The interceptor returns the servicer's response."""
    request, response = echo.request(), echo.response(text="done")
    assert intercept(request, response) is response


def test_a_field_path_keeps_its_index_and_its_key() -> None:
    """The caller learns which element of a list or map is invalid; paths and sentences keep their order."""
    bad = echo.request(times=0)
    request = echo.batch_request(
        requests=[echo.request(), bad, echo.request(text="far too long")], by_name={'a"b': bad}, by_number={7: bad}
    )
    error = validate(request)
    assert error.violations == (
        ("requests[1].times", ONCE),
        ("requests[2].text", "requests[2].text must be at most 10 characters."),
        (r'by_name["a\"b"].times', ONCE),
        ("by_number[7].times", ONCE),
    )
    assert (error.message, error.reason, error.metadata) == (ONCE, "INVALID_FIELD", {})


def test_all_violations_of_a_field_are_kept_in_their_order() -> None:
    """`fields` has the first of them, and the message is the first of all."""
    error = validate(echo.request(text="far too long\0"))
    long, control = "text must be at most 10 characters.", "text must not contain control characters."
    assert sorted(error.violations) == [("text", long), ("text", control)]
    assert error.fields == {"text": error.violations[0][1]}
    assert error.message == error.violations[0][1]


def test_a_rule_on_the_whole_message_names_itself() -> None:
    """It has no field, so that its id is in the metadata."""
    error = validate(echo.batch_request())
    assert (error.message, error.violations) == ("Send at least one request.", ())
    assert error.metadata == {"rules": "batch.not_empty"}
