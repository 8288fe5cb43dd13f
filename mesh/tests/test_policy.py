"""Policies are read from the contract, and a service without them does not start."""

import json

import pytest

from mesh.interceptors import server_interceptors
from mesh.limits import Places
from mesh.policy import MissingPolicyError, deadlines, policies, service_config
from mesh.server import MeshServer, Service
from mesh.testing import SECRET
from mesh.tests import echo
from mesh.validation import InvalidRuleError

pytestmark = pytest.mark.unit


def test_each_method_has_the_policy_of_its_contract() -> None:
    """Callers, deadline and idempotence are what the proto file says, by the method's path."""
    found = policies(echo.descriptor())
    assert set(found) == {f"/mesh.test.v1.Echo/{name}" for name in ("Say", "Change", "Shout")}
    say = found["/mesh.test.v1.Echo/Say"]
    assert (list(say.callers), list(say.unrestricted_callers)) == (["tester", "gateway"], ["tester"])
    assert say.deadline_ms == 2000


@pytest.mark.parametrize("name", ["Unguarded", "Endless", "Streaming", "Contradictory"])
def test_a_server_refuses_to_start_without_a_policy_that_holds(name: str) -> None:
    """No policy, half a policy, and a stream that no interceptor guards: each is named before the port is open."""
    service = Service("echo", echo.descriptor(name), lambda _: None)
    with pytest.raises(MissingPolicyError, match=rf"^mesh\.test\.v1\.{name}\.Say "):
        MeshServer(service, SECRET, "127.0.0.1:0")


def test_a_server_refuses_to_start_with_a_rule_that_cannot_be_evaluated() -> None:
    """The mistake is in a message inside the request, and no request has been sent yet."""
    service = Service("echo", echo.descriptor("Uncompiled"), lambda _: None)
    with pytest.raises(InvalidRuleError, match=r"^mesh\.test\.v1\.Uncompiled\.Say .*no_such_field"):
        MeshServer(service, SECRET, "127.0.0.1:0")


def test_a_caller_that_does_not_exist_is_refused() -> None:
    """A policy with a misspelled caller is a mistake when the known callers are given."""
    assert policies(echo.descriptor(), {"tester", "gateway", "worker"})
    with pytest.raises(MissingPolicyError, match=r"^mesh\.test\.v1\.Echo\.Say .* unknown callers: gateway\.$"):
        policies(echo.descriptor(), {"tester", "worker"})


def test_each_method_has_its_own_deadline() -> None:
    """The client's default deadlines are the policies', in seconds."""
    found = deadlines(echo.descriptor())
    assert {method.rpartition("/")[2]: seconds for method, seconds in found.items()} == {
        "Say": 2.0,
        "Change": 1.5,
        "Shout": 1.0,
    }


def test_only_idempotent_methods_are_retried_and_only_when_unavailable() -> None:
    """A call that may have changed something is never made twice by the channel."""
    (config,) = json.loads(service_config([echo.descriptor()]))["methodConfig"]
    assert config["name"] == [{"service": "mesh.test.v1.Echo", "method": "Say"}]
    assert config["retryPolicy"]["retryableStatusCodes"] == ["UNAVAILABLE"]


def test_the_interceptors_are_in_their_order() -> None:
    """A call has an id before it can fail, and is authenticated before its request is received and validated."""
    names = [type(each).__name__ for each in server_interceptors(None, {}, "domain", Places(1))]  # type: ignore[arg-type] # unused
    assert names == [
        "RequestLoggingInterceptor",
        "ErrorInterceptor",
        "AuthorizationInterceptor",
        "ReceptionInterceptor",
        "ValidationInterceptor",
    ]
