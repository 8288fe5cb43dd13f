"""Reads the policies of methods from their descriptors."""

import json
from collections.abc import Iterable

from google.protobuf.descriptor import ServiceDescriptor
from mesh.v1 import policy_pb2

ANYONE = "anyone"


class MissingPolicyError(Exception):
    """A method has no policy, one without callers or deadline, or one that nobody enforces; the message names it."""


def policies(service: ServiceDescriptor) -> dict[str, policy_pb2.Policy]:
    """Policy by method path, such as `/bookstore.books.v1.Books/GetBook`.

    Raises:
        MissingPolicyError: when a method has no complete policy, or is a stream.
    """
    found = {}
    for method in service.methods:
        if method.client_streaming or method.server_streaming:
            message = f"{method.full_name} is a stream, which the interceptors let pass unguarded."
            raise MissingPolicyError(message)
        policy = method.GetOptions().Extensions[policy_pb2.policy]
        if not policy.callers or policy.deadline_ms <= 0:
            message = f"{method.full_name} has no (mesh.v1.policy) with callers and a deadline_ms."
            raise MissingPolicyError(message)
        found[f"/{service.full_name}/{method.name}"] = policy
    return found


def deadlines(service: ServiceDescriptor) -> dict[str, float]:
    """Seconds that a call lasts at most, by method path."""
    return {method: policy.deadline_ms / 1000 for method, policy in policies(service).items()}


def service_config(services: Iterable[ServiceDescriptor]) -> str:
    """The retries that the policies allow, as gRPC's service config.

    Only UNAVAILABLE is retried, and only on idempotent methods: gRFC A6. The deadlines are not in here: a timeout of
    a service config ends one to two seconds early (grpc/grpc#34547), and the server never hears of it.
    """
    return json.dumps({"methodConfig": [config for service in services for config in _method_configs(service)]})


def _method_configs(service: ServiceDescriptor) -> Iterable[dict[str, object]]:
    for path, policy in policies(service).items():
        if policy.idempotent:
            yield {
                "name": [{"service": service.full_name, "method": path.rpartition("/")[2]}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
