"""The answers of the rows as models, one a kind of answer."""

from typing import Annotated, Literal

from pydantic import Field, RootModel
from pydantic.json_schema import SkipJsonSchema

from gateway.schemas import (
    Answer,
    Book,
    GenreCount,
    Order,
    OrderState,
    Pagination,
    PriceRange,
    Status,
    User,
    no_default,
)


class UserAnswer(Answer):
    """The account that was created."""

    code: Literal[201]
    data: User


class TokenAnswer(Answer):
    """The access token; the refresh token is in the cookie."""

    code: Literal[200]
    access_token: str


class MessageAnswer(Answer):
    """What was done."""

    code: Literal[200]
    message: str


class BooksAnswer(Answer):
    """One page of books."""

    code: Literal[200]
    data: list[Book]
    pagination: Pagination


class BookAnswer(Answer):
    """One book."""

    code: Literal[200]
    data: Book


class StockAnswer(BookAnswer):
    """The book with its new quantity."""

    message: str


class GenresAnswer(Answer):
    """The genres, and the range of prices."""

    code: Literal[200]
    data: list[GenreCount]
    price_range: PriceRange


class OrderAnswer(Answer):
    """One order."""

    code: Literal[200]
    data: Order


class CreatedAnswer(Answer):
    """The order that was stored."""

    code: Literal[201]
    data: Order


class OrdersAnswer(Answer):
    """Orders, the newest first; `pagination` only when `page` or `limit` was sent."""

    code: Literal[200]
    data: list[Order]
    pagination: Annotated[Pagination | SkipJsonSchema[None], Field(json_schema_extra=no_default)] = None


class Pending(Answer):
    """The order that is being processed."""

    code: Literal[200]
    hasPending: Literal[True]  # noqa: N815 - the contract's spelling
    data: Order


class NonePending(Answer):
    """No order is being processed."""

    code: Literal[200]
    hasPending: Literal[False]  # noqa: N815 - the contract's spelling


class PendingAnswer(RootModel[Pending | NonePending]):
    """Whether an order is being processed, and which."""


class PlacedAnswer(Answer):
    """The order that was placed."""

    code: Literal[201]
    order_id: int
    status: Literal["pending"]
    data: Order


class StateAnswer(Answer):
    """How an order stands."""

    code: Literal[200]
    order_id: int
    status: Status
    data: OrderState
