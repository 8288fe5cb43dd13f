"""Types of the fields in requests and responses."""

import re
from decimal import Decimal
from typing import Annotated

import orjson
from pydantic import BeforeValidator, Field, GetPydanticSchema, WithJsonSchema
from pydantic_core import core_schema

AMOUNT = re.compile(r"[+-]?[0-9]{1,20}(\.[0-9]{1,20})?")
DIGITS = re.compile(r"[+-]?[0-9]{1,20}")

NOT_WHOLE = "must be a whole number"
NOT_AMOUNT = "must be a number, such as 24.90"
NOT_FLAG = "must be true or false"


def _amount(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(NOT_AMOUNT)  # noqa: TRY004 - pydantic reports a ValueError to the client, but not a TypeError
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
"""Money in a request: a JSON number or, as older clients send it, a numeric string."""
Flag = Annotated[bool, BeforeValidator(_flag)]
Page = Annotated[Int32, BeforeValidator(_digits), WithJsonSchema({"type": "integer", "minimum": 1})]
Limit = Annotated[Int32, BeforeValidator(_digits), WithJsonSchema({"type": "integer", "minimum": 1, "maximum": 100})]

Money = Annotated[orjson.Fragment, GetPydanticSchema(lambda _source, _handler: core_schema.float_schema())]
"""Money in a response: a JSON number with the digits of a decimal, which is never converted to a float."""


def money(amount: str) -> orjson.Fragment:
    """Return a decimal string as a JSON number with the same digits, or null when the string is empty."""
    return orjson.Fragment(amount or "null")
