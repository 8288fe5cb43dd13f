"""Every method has a policy, and every rule has a plain sentence."""

import re
from collections.abc import Iterator

import protovalidate
import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from mesh.interceptors.validation import describe_violation
from mesh.policy import is_idempotent, policies
from mesh.validation import check_rules
from registry.services import caller_names, service, services

SERVICES = [entry.descriptor for entry in services()]
METHODS = [method for descriptor in SERVICES for method in descriptor.methods]
BAD: dict[int, list[int | str]] = {
    FieldDescriptor.CPPTYPE_INT32: [-(2**31), -1, 0, 2**31 - 1],
    FieldDescriptor.CPPTYPE_INT64: [-(2**63), -1, 0],
    FieldDescriptor.CPPTYPE_ENUM: [99, -1, 0],
    FieldDescriptor.CPPTYPE_STRING: ["\0", "x" * 10_000],
}
"""Values that no field of the type should take, or at least one of them."""
CODE = re.compile(r"\b(this|rules?|matches|cel)\b|size\(\)|[$^\\]")
"""Whole words, because `cel` is a part of `parcel_id`."""

pytestmark = pytest.mark.unit


def bad_requests(method: MethodDescriptor) -> Iterator[tuple[str, Message]]:
    """Yield requests of a method with one field set to a bad value, with the field's name."""
    request = GetMessageClass(method.input_type)
    for field in method.input_type.fields:
        for value in () if field.is_repeated else BAD.get(field.cpp_type, ()):
            yield field.name, request(**{field.name: value})


def sentences(request: Message) -> list[tuple[str, str]]:
    """Return what the interceptor would send: field and sentence."""
    return [describe_violation(violation) for violation in protovalidate.Validator().collect_violations(request)]


def free_fields(request: Descriptor) -> set[str]:
    """Return the fields that accept every value of their type, or that have no simple type."""
    return {f.name for f in request.fields if f.is_repeated or f.cpp_type not in BAD}


@pytest.mark.parametrize("descriptor", SERVICES, ids=lambda descriptor: descriptor.name)
def test_every_method_has_a_policy_of_known_callers(descriptor: ServiceDescriptor) -> None:
    """Each method names its callers, which exist in the registry, and a deadline under a minute."""
    by_path = policies(descriptor, caller_names())
    assert len(by_path) == len(descriptor.methods) > 0
    for method, policy in by_path.items():
        assert 0 < policy.deadline_ms < 60_000, method


def test_only_the_worker_changes_stock_and_ends_orders() -> None:
    """No other caller may do so, not even the gateway; Orders takes copies for orders that it completes."""
    by_path = {name: policy for descriptor in SERVICES for name, policy in policies(descriptor).items()}
    ends = "Orders/SetStatus", "Orders/BatchSetStatus", "Orders/LeaseEvents"
    for method in ("Books/Decrement", "Books/Return", "Books/BatchReturn", "Books/RemoveStock", *ends):
        package = method.partition("/")[0].lower()
        assert list(by_path[f"/bookstore.{package}.v1.{method}"].callers) == ["worker"]
    assert list(by_path["/bookstore.books.v1.Books/BatchDecrement"].callers) == ["orders", "worker"]


@pytest.mark.parametrize("descriptor", SERVICES, ids=lambda descriptor: descriptor.name)
def test_every_rule_can_be_compiled_and_evaluated(descriptor: ServiceDescriptor) -> None:
    """A server would not start otherwise."""
    check_rules(descriptor)


@pytest.mark.parametrize(
    ("name", "methods"),
    [
        ("users", {"Register", "Login", "Refresh"}),
        ("books", {"RemoveStock"}),
        ("orders", {"PlaceOrder", "CreateOrder", "LeaseEvents"}),
    ],
)
def test_only_these_methods_are_never_repeated(name: str, methods: set[str]) -> None:
    """Every other method declares with `idempotency_level` that a repeated call changes nothing."""
    assert {method.name for method in service(name).descriptor.methods if not is_idempotent(method)} == methods


def test_only_callers_that_act_for_themselves_see_the_orders_of_every_user() -> None:
    """The gateway acts for users, so it has to name them."""
    unrestricted = {
        method.rpartition("/")[2]: set(policy.unrestricted_callers)
        for method, policy in policies(service("orders").descriptor).items()
        if policy.unrestricted_callers
    }
    assert unrestricted == {name: {"worker", "tester"} for name in ("GetOrder", "ListUserOrders", "FindPending")}


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
def test_a_method_has_a_viewer_if_it_has_unrestricted_callers(method: MethodDescriptor) -> None:
    """Without the field a policy could not be kept, and without a policy every caller would need the field."""
    policy = policies(method.containing_service)[f"/{method.containing_service.full_name}/{method.name}"]
    assert ("viewer_id" in method.input_type.fields_by_name) == bool(policy.unrestricted_callers)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
def test_every_request_field_refuses_something(method: MethodDescriptor) -> None:
    """Every number, text and enum has a rule."""
    refused = {name for name, request in bad_requests(method) if name in dict(sentences(request))}
    assert refused == {field.name for field in method.input_type.fields} - free_fields(method.input_type)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.full_name)
def test_every_rule_has_a_plain_sentence(method: MethodDescriptor) -> None:
    """The sentence of a broken rule is short, ends in a full stop, and shows no code."""
    for _, request in bad_requests(method):
        for field, sentence in sentences(request):
            assert sentence.endswith("."), (field, sentence)
            assert len(sentence) <= 120, (field, sentence)
            assert not CODE.search(sentence), (field, sentence)
