"""What happens around every call, one concern a module; `server_interceptors` lists them once, in order."""

import grpc
from mesh.v1 import policy_pb2

from mesh.identity import Verifier
from mesh.interceptors.access import Access
from mesh.interceptors.calls import Calls
from mesh.interceptors.failures import Failures
from mesh.interceptors.rules import Rules


def server_interceptors(
    verifier: Verifier, policies: dict[str, policy_pb2.Policy], domain: str
) -> list[grpc.ServerInterceptor]:
    """The interceptors of every server, the outermost first."""
    return [
        Calls(),  # names the call and logs how it ended
        Failures(domain),  # turns errors of all below into status codes
        Access(verifier, policies),  # asks who is calling and whether they may
        Rules(),  # checks the request against the contract's own rules
    ]
