"""The error family is complete, and each of its members has a status code."""

import pytest
from google.rpc.status_pb2 import Status

from mesh import errors
from mesh.errors import MeshError
from mesh.interceptors.errors import STATUS_CODES, build_status

pytestmark = pytest.mark.unit


def test_the_tree_atop_the_module_is_the_family() -> None:
    """Whoever reads the tree sees every error that there is."""
    drawn = [line.split()[1] for line in (errors.__doc__ or "").splitlines() if line.startswith(("├", "└"))]
    assert drawn == [each.__name__ for each in MeshError.__subclasses__()]


def test_each_error_has_a_status_code() -> None:
    """No error of the family is unknown to the interceptor, and no two share a code."""
    assert set(STATUS_CODES) == set(MeshError.__subclasses__())
    assert len(set(STATUS_CODES.values())) == len(STATUS_CODES)


def test_an_error_has_a_reason_even_when_none_is_given() -> None:
    """The class's name serves programs until there is a better one."""
    assert errors.FailedPrecondition("No.").reason == "FAILED_PRECONDITION"
    assert errors.NotFound("No.", "BOOK_NOT_FOUND").reason == "BOOK_NOT_FOUND"


def test_a_status_holds_all_that_the_error_does() -> None:
    """Message, reason, domain, metadata, fields and details reach the wire."""
    error = errors.InvalidArgument("Bad.", "BAD", fields={"a": "A is bad."}, metadata={"n": "1"}, details=[Status()])
    status = build_status(error, "the.Domain")
    assert (status.code, status.message) == (3, "Bad.")
    kinds = [packed.type_url.rpartition(".")[2] for packed in status.details]
    assert kinds == ["ErrorInfo", "BadRequest", "Status"]
