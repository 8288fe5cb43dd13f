"""Reads the body and the query of the request at hand, or says in one sentence what is wrong with them."""

from collections.abc import Mapping
from typing import TypeVar

import orjson
from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.routing import BaseConverter

from gateway.bodies import NOT_WHOLE
from gateway.errors import SENTENCES, Refusal

B = TypeVar("B", bound=BaseModel)

BODY_LIMIT = 64 * 1024
INT64 = 2**63 - 1
SAID: Mapping[str, str] = {
    "missing": "is required",
    "int_type": NOT_WHOLE,
    "string_type": "must be text",
    "greater_than_equal": "is out of range",
    "less_than_equal": "is out of range",
}
"""What is wrong, by pydantic's name of the error."""


class IdConverter(BaseConverter):
    """An id in a path; 0 stands for every number that cannot be one."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        """The number."""
        digits = value.lstrip("0") or "0"
        number = int(digits) if len(digits) <= len(str(INT64)) else 0
        return number if number <= INT64 else 0


def read_body(model: type[B]) -> B:
    """The JSON body.

    Raises:
        Refusal: 415 when it is not sent as JSON, 400 when it is none or its fields have other types.
    """
    if not _is_json(request.mimetype):
        raise Refusal(415, SENTENCES[415])
    return _validated(model, _parsed(_read()))


def read_empty() -> None:
    """For rows that need no body: there may be a JSON object, which is ignored.

    Raises:
        Refusal: 415 or 400 when there is a body of another kind.
    """
    raw = _read()
    if raw:
        if not _is_json(request.mimetype):
            raise Refusal(415, SENTENCES[415])
        _parsed(raw)


def read_query(model: type[B]) -> B:
    """The query; a parameter without a value counts as not sent, and of repeated ones the first wins.

    Raises:
        Refusal: 400 when a parameter is malformed.
    """
    values = {name: value for name, value in request.args.items() if value.strip()}
    return _validated(model, values)


def _read() -> bytes:
    raw = request.get_data(cache=False)
    if len(raw) > BODY_LIMIT:  # Werkzeug cuts a chunked body off at its own limit, without a word
        raise Refusal(413, SENTENCES[413])
    return raw


def _is_json(mimetype: str) -> bool:
    return mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))


def _parsed(raw: bytes) -> dict[str, object]:
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise Refusal(400, "The body is not valid JSON.") from None
    if not isinstance(parsed, dict):
        raise Refusal(400, "The body must be a JSON object.")
    return {name: value for name, value in parsed.items() if value is not None}  # null is the same as nothing


def _validated(model: type[B], values: Mapping[str, object]) -> B:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fields = {str(each["loc"][0]): _sentence(each) for each in reversed(error.errors(include_url=False))}
    raise Refusal(400, next(reversed(fields.values())), {"fields": fields})


def _sentence(error: ErrorDetails) -> str:
    name, context = error["loc"][0], error.get("ctx", {})
    if error["type"] == "value_error":
        return f"{name} {context['error']}."
    if error["type"] == "literal_error":
        return f"{name} must be one of {context['expected'].replace(chr(39), '')}."
    return f"{name} {SAID.get(error['type'], 'is not valid')}."
