"""Messages that several routes share."""

from typing import Annotated, Any, Literal, NotRequired

from mesh.v1 import paging_pb2
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from gateway.messages.types import Limit, Page

PAGING_FIELD_NAMES = {"paging.page": "page", "paging.page_size": "limit"}
"""The query parameters of a page, by the names of their fields in the gRPC contracts."""


class Request(BaseModel):
    """The base of all bodies and queries: no value is converted to another type, and unknown fields are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")


def required_in_docs(*names: str) -> ConfigDict:
    """Return the configuration for fields that are optional here but required in the OpenAPI document.

    The service reports their absence in the words of the REST contract.
    """
    return ConfigDict(json_schema_extra={"required": list(names)})


class PageQuery(Request):
    """A page of a list."""

    page: Page | None = None
    limit: Limit | None = None

    def paging(self) -> paging_pb2.PageRequest | None:
        """Return the page in the form of the gRPC contracts; None when neither parameter is set."""
        if self.page is None and self.limit is None:
            return None
        paging = paging_pb2.PageRequest(page_size=self.limit)
        if self.page is not None:
            paging.page = self.page
        return paging


class Pagination(TypedDict):
    """The position of a page in the list."""

    page: Annotated[int, Field(ge=1)]
    limit: Annotated[int, Field(ge=1, le=100)]
    total: Annotated[int, Field(ge=0)]
    has_more: bool


class Error(TypedDict):
    """Every response that is not a success."""

    code: int
    message: Annotated[str, Field(description="One plain sentence.")]
    data: NotRequired[dict[str, Any]]


class MessageResponse(TypedDict):
    """A sentence that says what was done."""

    code: Literal[200]
    message: str


class Health(TypedDict):
    """The process runs, and for `/ready` the services that it needs are serving."""

    status: Literal["ok"]
    warnings: NotRequired[list[str]]


def pagination(paging: paging_pb2.PageResponse) -> Pagination:
    """Return the position of a page in the form of the REST contract."""
    has_more = paging.page * paging.page_size < paging.total_size
    return {"page": paging.page, "limit": paging.page_size, "total": paging.total_size, "has_more": has_more}
