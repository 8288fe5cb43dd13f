"""Receives the message of a call, within a time limit and while fewer calls than the limit are in progress."""

import asyncio
from collections.abc import Callable
from typing import cast

import grpc.aio
from google.protobuf.message import DecodeError, Message

from mesh.errors import InvalidArgument, Unavailable
from mesh.interceptors.base import UNREADABLE, Context, IncomingCall, Interceptor, Proceed
from mesh.limits import Places

RECEIVE_TIMEOUT_SECONDS = 5.0
"""Time from the headers of a call to the end of its message; a megabyte at two megabits per second takes four."""


class ReceptionInterceptor(Interceptor):
    """Receives the request.

    Args:
        places: the places of calls in progress.
        timeout_seconds: time until the message has to be there.
    """

    def __init__(self, places: Places, timeout_seconds: float = RECEIVE_TIMEOUT_SECONDS) -> None:
        self._places = places
        self._timeout_seconds = timeout_seconds

    async def intercept(self, call: IncomingCall, proceed: Proceed) -> Message:
        """Return the response to a call whose request has arrived.

        Raises:
            ResourceExhausted: too many calls are in progress.
            Unavailable: the message did not arrive in time.
            InvalidArgument: the bytes are not a message of the method.
        """
        with self._places.take():
            call.request = await receive(call.context, self._timeout_seconds) or UNREADABLE
            if call.request is UNREADABLE:
                raise InvalidArgument("The request is not a message of this method.", "UNREADABLE_REQUEST")
            return await proceed(call)


async def receive(context: Context, timeout_seconds: float) -> Message | None:
    """Return the next message of a call; None when the caller sends no more.

    Raises:
        Unavailable: it did not arrive in time.
    """
    try:
        async with asyncio.timeout(timeout_seconds):
            message = await context.read()
    except TimeoutError:
        raise Unavailable("The request did not arrive in time.", "REQUEST_NOT_RECEIVED") from None
    return None if message is grpc.aio.EOF else cast("Message", message)


def tolerant(deserialize: Callable[[bytes], Message]) -> Callable[[bytes], Message]:
    """Return a function that returns UNREADABLE for bytes that are not a message of the method."""

    def tolerant_deserialize(raw: bytes) -> Message:
        try:
            return deserialize(raw)
        except DecodeError:
            return UNREADABLE

    return tolerant_deserialize
