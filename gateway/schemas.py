"""What answers are made of, as models: for the documents and the tests only, no request pays for them."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

Status = Literal["pending", "completed", "failed"]


def no_default(schema: dict[str, Any]) -> None:
    """For keys that are left out and never null."""
    schema.pop("default", None)


def _open(schema: dict[str, Any]) -> None:
    schema.pop("additionalProperties", None)  # keys may be added one day, so clients must not refuse them


class Answer(BaseModel):
    """What all answers share: exactly these keys."""

    model_config = ConfigDict(extra="forbid", json_schema_extra=_open)


class Book(Answer):
    """A title in the catalogue."""

    book_id: int
    title: str
    description: str
    ISBN: str
    authors: str = Field(description="Authors, separated by commas.")
    publishers: str
    format: str
    genre: str
    price: float = Field(description="Unit price with at most two decimals.", ge=0)
    quantity: int = Field(description="Copies in stock.", ge=0)
    url: str = Field(description="Path of the cover, such as `/images/books/9780141439518.svg`.")


class Order(Answer):
    """One purchase of one title."""

    order_id: int
    book_id: int
    user_id: int
    price: float = Field(description="Unit price when bought.", ge=0)
    quantity: int = Field(ge=1)
    status: Status
    title: str
    authors: str
    url: str
    order_date: str = Field(description="RFC 1123, such as `Tue, 12 Aug 2025 22:19:44 GMT`.")


class User(Answer):
    """An account."""

    user_id: int
    email: str
    username: str


class Pagination(Answer):
    """Where a page stands among the others."""

    page: int = Field(ge=1)
    limit: int = Field(ge=1, le=100)
    total: int = Field(ge=0)
    has_more: bool


class GenreCount(Answer):
    """A genre and how many books it has."""

    genre: str
    count: int


class PriceRange(Answer):
    """The lowest and the highest price; null when there are no books."""

    lowest: float | None
    highest: float | None


class OrderState(Answer):
    """How an order stands."""

    order_id: int
    status: Status


class Error(Answer):
    """Every answer that is not a success."""

    code: int
    message: str = Field(description="One plain sentence.")
    data: Annotated[dict[str, Any] | SkipJsonSchema[None], Field(json_schema_extra=no_default)] = None


class Health(Answer):
    """All is well."""

    status: Literal["ok"]
