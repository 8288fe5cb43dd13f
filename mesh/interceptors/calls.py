"""Names each call and writes one log line when it has ended."""

import re
import time

import grpc
from google.protobuf.message import Message

from mesh import logs
from mesh.call import Call, current, deadline_after
from mesh.interceptors.base import Handle, UnaryInterceptor, status_set

REQUEST_ID = "x-request-id"
ACCEPTABLE = re.compile(r"[\w.:-]{1,64}", re.ASCII)
"""Ids from outside are written to logs, so they hold nothing that could forge a line."""

log = logs.get("mesh.calls")


class Calls(UnaryInterceptor):
    """Takes the request id from the metadata, or makes one, and times the call."""

    def around(self, method: str, handle: Handle, request: Message, context: grpc.ServicerContext) -> Message:
        """Answers the call as a named one."""
        started = time.perf_counter()
        call = Call(deadline=deadline_after(context.time_remaining()))
        sent = dict(context.invocation_metadata()).get(REQUEST_ID, "")
        if isinstance(sent, str) and ACCEPTABLE.fullmatch(sent):
            call.request_id = sent
        token = current.set(call)
        try:
            return handle(request, context)
        finally:
            current.reset(token)
            self._write(method, call, context, started)

    def _write(self, method: str, call: Call, context: grpc.ServicerContext, started: float) -> None:
        if method.startswith("/grpc.health."):
            return
        code = status_set(context)  # the failures interceptor, further in, aborts whatever fails
        log.info(
            "call",
            method=method,
            code=code.name if code else "OK",
            caller=call.caller or "-",
            request_id=call.request_id,
            ms=round((time.perf_counter() - started) * 1000, 2),
        )
