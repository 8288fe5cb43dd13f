"""Authenticates callers, and accepts only the callers that the policy of the method names."""

from collections.abc import Mapping, Sequence
from typing import cast

import grpc
from google.protobuf.message import Message
from mesh.v1 import policy_pb2

from mesh.context import current_call
from mesh.errors import PermissionDenied, Unauthenticated
from mesh.identity import Verifier
from mesh.interceptors.base import Behavior, UnaryInterceptor
from mesh.policy import ANYONE

OPEN_SERVICES = ("/grpc.health.v1.Health/", "/grpc.reflection.")
"""Services of every server that need no token: they reveal nothing secret."""


class AuthorizationInterceptor(UnaryInterceptor):
    """Enforces the `callers` of the policies.

    Args:
        verifier: reads the caller's name from the token.
        policies: policy by method path; a method without one is denied.
    """

    def __init__(self, verifier: Verifier, policies: dict[str, policy_pb2.Policy]) -> None:
        super().__init__()
        self._verifier = verifier
        self._callers = {method: frozenset(policy.callers) for method, policy in policies.items()}
        self._unrestricted = {method: frozenset(policy.unrestricted_callers) for method, policy in policies.items()}

    def intercept(self, method: str, proceed: Behavior, request: Message, context: grpc.ServicerContext) -> Message:
        """Return the response to a call that is allowed.

        Raises:
            Unauthenticated: the token is missing or invalid.
            PermissionDenied: the policy does not name the caller.
        """
        if not method.startswith(OPEN_SERVICES):
            self._check(method, context)
        return proceed(request, context)

    def _check(self, method: str, context: grpc.ServicerContext) -> None:
        callers = self._callers.get(method, frozenset())
        if ANYONE in callers:
            return
        caller = self._authenticate(context)
        call = current_call.get()
        if call is not None:
            call.caller = caller
            call.unrestricted = caller in self._unrestricted.get(method, ())
        if caller not in callers:
            message = f"{caller} may not call {method.rpartition('/')[2]}."
            raise PermissionDenied(message, "CALLER_NOT_ALLOWED")

    def _authenticate(self, context: grpc.ServicerContext) -> str:
        header = dict(context.invocation_metadata()).get("authorization", "")
        scheme, _, token = str(header).partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("A mesh token is needed: authorization: Bearer <token>.", "TOKEN_MISSING")
        return self._verifier.caller(token, peer_names(context))


def peer_names(context: grpc.ServicerContext) -> frozenset[str]:
    """Return the DNS names in the certificate of the peer; none without TLS."""
    properties = cast("Mapping[str, Sequence[bytes]]", context.auth_context())  # types-grpcio states bytes
    return frozenset(name.decode("ascii", "replace") for name in properties.get("peer_dns", ()))
