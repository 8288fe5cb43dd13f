"""Messages that several routes share."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from gateway.messages.types import Limit, Page


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


def pagination(page: int, limit: int, total: int) -> Pagination:
    """Return the position of a page in a list of `total` items."""
    return {"page": page, "limit": limit, "total": total, "has_more": page * limit < total}
