"""Asks who is calling, and lets in only those whom the method's policy names."""

import grpc
from google.protobuf.message import Message
from mesh.v1 import policy_pb2

from mesh.call import current
from mesh.errors import PermissionDenied, Unauthenticated
from mesh.identity import Verifier
from mesh.interceptors.base import Handle, UnaryInterceptor
from mesh.policy import ANYONE

OPEN = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Services that every server has and that anybody may call: they tell nothing that is secret."""


class Access(UnaryInterceptor):
    """Enforces `callers`.

    Args:
        verifier: reads the caller's name from the token.
        policies: policy by method path; a method that is not in it is denied.
    """

    def __init__(self, verifier: Verifier, policies: dict[str, policy_pb2.Policy]) -> None:
        super().__init__()
        self._verifier = verifier
        self._callers = {method: frozenset(policy.callers) for method, policy in policies.items()}
        self._unrestricted = {method: frozenset(policy.unrestricted_callers) for method, policy in policies.items()}

    def around(self, method: str, handle: Handle, request: Message, context: grpc.ServicerContext) -> Message:
        """Answers the call of somebody who may make it."""
        if not method.startswith(OPEN):
            self._check(method, context)
        return handle(request, context)

    def _check(self, method: str, context: grpc.ServicerContext) -> None:
        callers = self._callers.get(method, frozenset())
        if ANYONE in callers:
            return
        caller = self._caller(context)
        call = current.get()
        if call is not None:
            call.caller = caller
            call.unrestricted = caller in self._unrestricted.get(method, ())
        if caller not in callers:
            message = f"{caller} may not call {method.rpartition('/')[2]}."
            raise PermissionDenied(message, "CALLER_NOT_ALLOWED")

    def _caller(self, context: grpc.ServicerContext) -> str:
        sent = dict(context.invocation_metadata()).get("authorization", "")
        scheme, _, token = str(sent).partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("A mesh token is needed: authorization: Bearer <token>.", "TOKEN_MISSING")
        return self._verifier.caller(token)
