"""Reads the policies of methods from their descriptors."""

import json
from collections.abc import Iterable

from google.protobuf.descriptor import ServiceDescriptor
from mesh.v1 import policy_pb2

ANYONE = "anyone"


class MissingPolicyError(Exception):
    """A method has no policy, or one without callers or deadline; the message names the method."""


def policies(service: ServiceDescriptor) -> dict[str, policy_pb2.Policy]:
    """Policy by method path, such as `/bookstore.books.v1.Books/GetBook`.

    Raises:
        MissingPolicyError: when a method has no complete policy.
    """
    found = {}
    for method in service.methods:
        policy = method.GetOptions().Extensions[policy_pb2.policy]
        if not policy.callers or policy.deadline_ms <= 0:
            message = f"{method.full_name} has no (mesh.v1.policy) with callers and a deadline_ms."
            raise MissingPolicyError(message)
        found[f"/{service.full_name}/{method.name}"] = policy
    return found


def service_config(services: Iterable[ServiceDescriptor]) -> str:
    """What a channel needs to know of the policies: deadlines and retries, as gRPC's service config.

    Only UNAVAILABLE is retried, and only on idempotent methods: gRFC A6.
    """
    return json.dumps({"methodConfig": [config for service in services for config in _method_configs(service)]})


def _method_configs(service: ServiceDescriptor) -> Iterable[dict[str, object]]:
    for path, policy in policies(service).items():
        config: dict[str, object] = {
            "name": [{"service": service.full_name, "method": path.rpartition("/")[2]}],
            "timeout": f"{policy.deadline_ms / 1000:.3f}s",
        }
        if policy.idempotent:
            config["retryPolicy"] = {
                "maxAttempts": 4,
                "initialBackoff": "0.05s",
                "maxBackoff": "0.5s",
                "backoffMultiplier": 2,
                "retryableStatusCodes": ["UNAVAILABLE"],
            }
        yield config
