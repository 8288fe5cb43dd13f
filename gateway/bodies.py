"""The types of bodies and queries. Their values are checked by the contract of the service that gets them."""

import re
from decimal import Decimal
from typing import Annotated, Literal

from mesh.v1.paging_pb2 import PageRequest
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

AMOUNT = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
DIGITS = re.compile(r"[+-]?[0-9]{1,20}")

NOT_WHOLE = "must be a whole number"
NOT_AMOUNT = "must be a number, such as 24.90"
NOT_FLAG = "must be true or false"
PAGE_NAMES = {"paging.page": "page", "paging.page_size": "limit"}
"""Query parameters of a page, by the names of their fields in the contracts."""


def _amount(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(NOT_AMOUNT)  # noqa: TRY004 - pydantic takes a TypeError for a mistake of ours
    text = value.strip() if isinstance(value, str) else format(Decimal(repr(value)), "f")  # repr: the digits as sent
    if isinstance(value, str) and not AMOUNT.fullmatch(text):
        raise ValueError(NOT_AMOUNT)
    return text


def _digits(value: str) -> int:
    if not DIGITS.fullmatch(value):
        raise ValueError(NOT_WHOLE)
    return int(value)


def _flag(value: str) -> bool:
    if value.lower() not in {"true", "false"}:
        raise ValueError(NOT_FLAG)
    return value.lower() == "true"


Int32 = Annotated[int, Field(ge=-(2**31), le=2**31 - 1)]
Int64 = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Amount = Annotated[str, BeforeValidator(_amount), WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string"}]})]
"""Money on its way in: a JSON number or, as older clients send it, a numeric string."""
Flag = Annotated[bool, BeforeValidator(_flag)]
Page = Annotated[Int32, BeforeValidator(_digits), WithJsonSchema({"type": "integer", "minimum": 1})]
Limit = Annotated[Int32, BeforeValidator(_digits), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 100})]


def _required(*names: str) -> ConfigDict:
    """For fields whose absence the service itself puts into words: optional here, required in the documents."""
    return ConfigDict(json_schema_extra={"required": list(names)})


class Input(BaseModel):
    """What all bodies and queries share: nothing is coerced, and what is unknown is ignored."""

    model_config = ConfigDict(strict=True, extra="ignore")


class Registration(Input):
    """An account to create."""

    model_config = _required("username", "email", "password")

    username: str = ""
    email: str = ""
    password: str = ""


class Credentials(Input):
    """An account to log in to."""

    model_config = _required("email", "password")

    email: str = ""
    password: str = ""


class Decrement(Input):
    """Copies to take from the stock."""

    model_config = _required("quantity_ordered")

    quantity_ordered: Int32 = 0


class Purchase(Input):
    """A book to buy; `price` is the one that the buyer saw, title, authors and url are the catalogue's own."""

    book_id: Int64
    quantity: Int32
    price: Amount | None = None


class NewOrder(Input):
    """An order to store as given."""

    book_id: Int64
    user_id: Int64
    price: Amount
    quantity: Int32
    status: Literal["pending", "completed", "failed"] = "pending"
    title: str = ""
    authors: str = ""
    url: str = ""


class NewStatus(Input):
    """How an order ended."""

    status: Literal["pending", "completed", "failed"]


class PageQuery(Input):
    """A page of a list."""

    page: Page | None = None
    limit: Limit | None = None

    def paging(self) -> PageRequest | None:
        """Return the page as the services' contracts express it; None when neither parameter is set."""
        if self.page is None and self.limit is None:
            return None
        paging = PageRequest(page_size=self.limit)
        if self.page is not None:
            paging.page = self.page
        return paging


class BooksQuery(PageQuery):
    """Which books to list."""

    genre: str | None = None
    min_price: Amount | None = None
    max_price: Amount | None = None
    search: str | None = None
    in_stock: Flag = False
    sort: Literal["title", "-title", "price", "-price", "newest"] | None = None
