"""The error family is complete, and each of its members has a status code."""

import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

from mesh import errors
from mesh.errors import MeshError
from mesh.interceptors.errors import STATUS_CODES, build_status, error_domain
from mesh.tests import echo

pytestmark = pytest.mark.unit


def test_the_tree_in_the_module_docstring_is_complete() -> None:
    """A reader of the tree sees every error that exists."""
    drawn = [line.split()[1] for line in (errors.__doc__ or "").splitlines() if line.startswith(("├", "└"))]
    assert drawn == [each.__name__ for each in MeshError.__subclasses__()]


def test_each_error_has_a_status_code() -> None:
    """The interceptor knows every error of the family, and no two share a code."""
    assert set(STATUS_CODES) == set(MeshError.__subclasses__())
    assert len(set(STATUS_CODES.values())) == len(STATUS_CODES)


def test_an_error_has_a_reason_even_when_none_is_given() -> None:
    """The default is the name of the class."""
    assert errors.FailedPrecondition("No.").reason == "FAILED_PRECONDITION"
    assert errors.NotFound("No.", "BOOK_NOT_FOUND").reason == "BOOK_NOT_FOUND"


def test_a_status_holds_everything_that_the_error_holds() -> None:
    """Message, reason, domain, metadata, fields and details reach the wire."""
    error = errors.InvalidArgument("Bad.", "BAD", fields={"a": "A is bad."}, metadata={"n": "1"}, details=[Status()])
    status = build_status(error, "the.domain")
    assert (status.code, status.message) == (3, "Bad.")
    kinds = [packed.type_url.rpartition(".")[2] for packed in status.details]
    assert kinds == ["ErrorInfo", "BadRequest", "Status"]
    info = ErrorInfo()
    status.details[0].Unpack(info)
    assert info == ErrorInfo(reason="BAD", domain="the.domain", metadata={"n": "1"})


def test_several_descriptions_of_a_field_keep_their_order() -> None:
    """BadRequest has all of them; `fields` has the first."""
    pairs = [("b", "B is bad."), ("a", "A is bad."), ("b", "B is worse.")]
    error = errors.InvalidArgument("B is bad.", fields=pairs)
    assert list(error.fields.items()) == [("b", "B is bad."), ("a", "A is bad.")]
    bad = BadRequest()
    build_status(error, "the.domain").details[1].Unpack(bad)
    assert [(violation.field, violation.description) for violation in bad.field_violations] == pairs


@pytest.mark.parametrize("kind", [errors.ResourceExhausted, errors.Unavailable])
def test_a_known_delay_is_sent_as_retry_info_too(kind: type[MeshError]) -> None:
    """Standard clients read google.rpc.RetryInfo; the metadata remains."""
    status = build_status(kind("Wait.", metadata={"retry_after": "17"}), "the.domain")
    info, retry = ErrorInfo(), RetryInfo()
    assert status.details[0].Unpack(info)
    assert status.details[1].Unpack(retry)
    assert (info.metadata["retry_after"], retry.retry_delay.seconds) == ("17", 17)


def test_without_a_known_delay_there_is_no_retry_info() -> None:
    """Nor is there for an error that a retry does not solve."""
    for error in (errors.Unavailable("Down."), errors.NotFound("No.", metadata={"retry_after": "17"})):
        assert [packed.Is(RetryInfo.DESCRIPTOR) for packed in build_status(error, "the.domain").details] == [False]


def test_the_domain_of_errors_is_the_package_without_its_version() -> None:
    """A new version of a contract does not change the domain that programs compare with."""
    assert error_domain(echo.descriptor()) == "mesh.test"
