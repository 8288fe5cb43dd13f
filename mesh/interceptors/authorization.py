"""Authenticates callers, and accepts only the callers that the policy of the method names."""

from collections.abc import Mapping, Sequence
from typing import cast

from google.protobuf.message import Message
from mesh.v1 import policy_pb2

from mesh.context import current_call
from mesh.errors import PermissionDenied, Unauthenticated
from mesh.identity import Verifier
from mesh.interceptors.base import Context, IncomingCall, Interceptor, Proceed, metadata_of
from mesh.policy import ANYONE


class AuthorizationInterceptor(Interceptor):
    """Enforces the `callers` of the policies, before the server waits for a message.

    Args:
        verifier: reads the caller's name from the token.
        policies: policy by method path; a method without one is denied.
    """

    def __init__(self, verifier: Verifier, policies: dict[str, policy_pb2.Policy]) -> None:
        self._verifier = verifier
        self._callers = {method: frozenset(policy.callers) for method, policy in policies.items()}
        self._unrestricted = {method: frozenset(policy.unrestricted_callers) for method, policy in policies.items()}

    async def intercept(self, call: IncomingCall, proceed: Proceed) -> Message:
        """Return the response to a call that is allowed.

        Raises:
            Unauthenticated: the token is missing or invalid.
            PermissionDenied: the policy does not name the caller.
        """
        callers = self._callers.get(call.method, frozenset())
        if ANYONE not in callers:
            self._check(call, callers)
        return await proceed(call)

    def _check(self, call: IncomingCall, callers: frozenset[str]) -> None:
        scheme, _, token = metadata_of(call.context, "authorization").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("A mesh token is needed: authorization: Bearer <token>.", "TOKEN_MISSING")
        caller = self._verifier.caller(token, peer_names(call.context))
        current = current_call.get()
        if current is not None:
            current.caller = caller
            current.unrestricted = caller in self._unrestricted.get(call.method, ())
        if caller not in callers:
            message = f"{caller} may not call {call.method.rpartition('/')[2]}."
            raise PermissionDenied(message, "CALLER_NOT_ALLOWED")


def peer_names(context: Context) -> frozenset[str]:
    """Return the DNS names in the certificate of the peer; none without TLS."""
    properties = cast("Mapping[str, Sequence[bytes]]", context.auth_context())  # types-grpcio states bytes
    return frozenset(name.decode("ascii", "replace") for name in properties.get("peer_dns", ()))
