"""Sets the context of each call, returns its request id to the caller, and logs one line at its end."""

import asyncio
import time

import grpc
import grpc.aio
from google.protobuf.message import Message

from mesh import logs, request_ids
from mesh.context import CallContext, current_call, deadline_after
from mesh.interceptors.base import (
    CallFailed,
    IncomingCall,
    Interceptor,
    Proceed,
    add_trailing_metadata,
    request_id_of,
)  # fmt: skip

log = logs.get("mesh.calls")


class RequestLoggingInterceptor(Interceptor):
    """Takes the request id from the metadata, or creates one, and measures the call.

    The response carries the id as `x-request-id` in its trailing metadata, which costs nothing.
    """

    async def intercept(self, call: IncomingCall, proceed: Proceed) -> Message:
        """Return the response to a call that has a context."""
        started = time.perf_counter()
        current = CallContext(request_id_of(call.context), deadline=deadline_after(call.context.time_remaining()))
        add_trailing_metadata(call.context, (request_ids.HEADER, current.request_id))
        current_call.set(current)  # gRPC runs each call in a task of its own, so that this affects no other call
        code = grpc.StatusCode.OK
        try:
            return await proceed(call)
        except CallFailed as failed:
            code = failed.status.code
            raise
        except asyncio.CancelledError:
            code = grpc.StatusCode.CANCELLED
            raise
        except grpc.aio.AbortError:
            code = call.context.code()
            raise
        finally:
            _log(call.method, current, code, started)


def _log(method: str, current: CallContext, code: grpc.StatusCode, started: float) -> None:
    if method.startswith("/grpc.health."):
        return
    log.info(
        "call",
        method=method,
        code=code.name,
        caller=current.caller or "-",
        request_id=current.request_id,
        ms=round((time.perf_counter() - started) * 1000, 2),
    )
