"""Parsing of path ids, JSON bodies and queries. Every error is one sentence that names the field."""

from collections.abc import Mapping
from typing import TypeVar

import orjson
from flask import request
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from werkzeug.routing import BaseConverter

from gateway.http.errors import MESSAGES, ApiError
from gateway.messages.types import NOT_WHOLE

M = TypeVar("M", bound=BaseModel)

MAX_BODY_BYTES = 64 * 1024
MAX_ID = 2**63 - 1
FIELD_MESSAGES: Mapping[str, str] = {
    "missing": "is required",
    "int_type": NOT_WHOLE,
    "string_type": "must be text",
    "greater_than_equal": "is out of range",
    "less_than_equal": "is out of range",
}
"""The rest of the sentence after the name of the field, by pydantic's type of the error."""


class IdConverter(BaseConverter):
    """An id in a path; numbers that no id can have become 0."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> int:
        """Return the number."""
        digits = value.lstrip("0") or "0"
        number = int(digits) if len(digits) <= len(str(MAX_ID)) else 0
        return number if number <= MAX_ID else 0


def read_body(model: type[M]) -> M:
    """Return the JSON body as the model.

    Raises:
        ApiError: 415 when the body is not sent as JSON, 400 when it is malformed or a field has another type.
    """
    if not _is_json(request.mimetype):
        raise ApiError(415, MESSAGES[415])
    return _validate(model, _parse_object(_read()))


def read_empty_body() -> None:
    """Check the body of a route that needs none: it may be a JSON object, which is ignored.

    Raises:
        ApiError: 415 or 400 when there is another kind of body.
    """
    raw = _read()
    if raw:
        if not _is_json(request.mimetype):
            raise ApiError(415, MESSAGES[415])
        _parse_object(raw)


def read_query(model: type[M]) -> M:
    """Return the query as the model.

    A parameter without a value counts as absent, and the first of several parameters with the same name is used.

    Raises:
        ApiError: 400 when a parameter is malformed.
    """
    values = {name: value for name, value in request.args.items() if value.strip()}
    return _validate(model, values)


def _read() -> bytes:
    raw = request.get_data(cache=False)
    if len(raw) > MAX_BODY_BYTES:  # Werkzeug truncates a chunked body at its own limit without an error
        raise ApiError(413, MESSAGES[413])
    return raw


def _is_json(mimetype: str) -> bool:
    return mimetype == "application/json" or (mimetype.startswith("application/") and mimetype.endswith("+json"))


def _parse_object(raw: bytes) -> dict[str, object]:
    try:
        parsed = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise ApiError(400, "The body is not valid JSON.") from None
    if not isinstance(parsed, dict):
        raise ApiError(400, "The body must be a JSON object.")
    return {name: value for name, value in parsed.items() if value is not None}  # null counts as absent


def _validate(model: type[M], values: Mapping[str, object]) -> M:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        fields = {str(each["loc"][0]): _sentence(each) for each in reversed(error.errors(include_url=False))}
    raise ApiError(400, next(reversed(fields.values())), {"fields": fields})


def _sentence(error: ErrorDetails) -> str:
    name, context = error["loc"][0], error.get("ctx", {})
    if error["type"] == "value_error":
        return f"{name} {context['error']}."
    if error["type"] == "literal_error":
        return f"{name} must be one of {context['expected'].replace(chr(39), '')}."
    return f"{name} {FIELD_MESSAGES.get(error['type'], 'is not valid')}."
