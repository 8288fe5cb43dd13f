"""The interceptors of every server, one module for each concern; `server_interceptors` returns them in order."""

from mesh.v1 import policy_pb2

from mesh.identity import Verifier
from mesh.interceptors.authorization import AuthorizationInterceptor
from mesh.interceptors.base import Interceptor
from mesh.interceptors.errors import ErrorInterceptor
from mesh.interceptors.reception import ReceptionInterceptor
from mesh.interceptors.request_logging import RequestLoggingInterceptor
from mesh.interceptors.validation import ValidationInterceptor
from mesh.limits import Places


def server_interceptors(
    verifier: Verifier, policies: dict[str, policy_pb2.Policy], domain: str, places: Places
) -> list[Interceptor]:
    """Return the interceptors of every server, the outermost first."""
    return [
        RequestLoggingInterceptor(),  # sets the call's context, returns its request id, and logs its result
        ErrorInterceptor(domain),  # translates the errors of everything below into status codes
        AuthorizationInterceptor(verifier, policies),  # authenticates the caller and checks the method's policy
        ReceptionInterceptor(places),  # limits the calls in progress, and the time until the message has arrived
        ValidationInterceptor(),  # checks the request against the rules of the contract
    ]
