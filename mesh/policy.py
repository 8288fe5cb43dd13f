"""Reads the policies of methods from their descriptors."""

import json
from collections.abc import Collection, Iterable

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from mesh.v1 import policy_pb2

ANYONE = "anyone"


class ContractError(Exception):
    """A contract has a mistake with which a server does not start; the message names the method."""


class MissingPolicyError(ContractError):
    """A method has no policy, an incomplete one, or one that no interceptor enforces; the message names the method."""


def policies(service: ServiceDescriptor, known_callers: Collection[str] = ()) -> dict[str, policy_pb2.Policy]:
    """Return the policy of each method by its path, such as `/bookstore.books.v1.Books/GetBook`.

    Args:
        service: the contract.
        known_callers: names of all processes that may be callers; not checked when empty.

    Raises:
        MissingPolicyError: when a method has no complete policy, names an unknown caller, or is a stream.
    """
    return {
        f"/{service.full_name}/{method.name}": _policy(method, frozenset(known_callers)) for method in service.methods
    }


def deadlines(service: ServiceDescriptor) -> dict[str, float]:
    """Return the default timeout of each method in seconds, by the method's path."""
    return {method: policy.deadline_ms / 1000 for method, policy in policies(service).items()}


def is_idempotent(method: MethodDescriptor) -> bool:
    """Return whether a client may repeat a call of the method, as its `idempotency_level` says."""
    level: MethodOptions.IdempotencyLevel.ValueType = method.GetOptions().idempotency_level
    return level != MethodOptions.IDEMPOTENCY_UNKNOWN


def service_config(services: Iterable[ServiceDescriptor]) -> str:
    """Return the retries that the contracts allow, as gRPC's service config.

    Only UNAVAILABLE is retried, and only on idempotent methods: gRFC A6. The deadlines are not in the config: a timeout
    of a service config ends one to two seconds early (grpc/grpc#34547), and the server does not receive it.
    """
    return json.dumps({"methodConfig": [config for service in services for config in _method_configs(service)]})


def _policy(method: MethodDescriptor, known_callers: frozenset[str]) -> policy_pb2.Policy:
    if method.client_streaming or method.server_streaming:
        message = f"{method.full_name} is a stream, which the interceptors let pass unguarded."
        raise MissingPolicyError(message)
    policy: policy_pb2.Policy = method.GetOptions().Extensions[policy_pb2.policy]
    if not policy.callers or policy.deadline_ms <= 0:
        message = f"{method.full_name} has no (mesh.v1.policy) with callers and a deadline_ms."
        raise MissingPolicyError(message)
    unknown = set(policy.callers) - known_callers - {ANYONE} if known_callers else set()
    unknown |= set(policy.unrestricted_callers) - set(policy.callers)
    if unknown:
        message = f"{method.full_name} has a (mesh.v1.policy) with unknown callers: {', '.join(sorted(unknown))}."
        raise MissingPolicyError(message)
    return policy


def _method_configs(service: ServiceDescriptor) -> Iterable[dict[str, object]]:
    for method in service.methods:
        if is_idempotent(method):
            yield {
                "name": [{"service": service.full_name, "method": method.name}],
                "retryPolicy": {
                    "maxAttempts": 5,
                    "initialBackoff": "0.1s",
                    "maxBackoff": "1s",
                    "backoffMultiplier": 2,
                    "retryableStatusCodes": ["UNAVAILABLE"],
                },
            }
