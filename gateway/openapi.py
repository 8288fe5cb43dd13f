"""Writes down what the rows of a port take and answer, as OpenAPI 3.1."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from gateway.auth import Access
from gateway.errors import SENTENCES
from gateway.openapi_words import DESCRIPTIONS, SCHEMES, SECURITY
from gateway.rows import Row, RowSet
from gateway.schemas import Error

Schema = dict[str, Any]

REF = "#/components/schemas/{model}"
PLACEHOLDER = re.compile(r"<id:(\w+)>")


def document(sets: Iterable[RowSet]) -> Schema:
    """The document of these sets of rows."""
    sets = list(sets)
    rows = [(each, row) for each in sets for row in each.rows]
    paths: dict[str, Schema] = {}
    for each, row in rows:
        paths.setdefault(PLACEHOLDER.sub(r"{\1}", row.path), {})[row.method.lower()] = _operation(each, row)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Bookstore",
            "version": "1.0.0",
            "description": "Browse, buy, and watch the order finish. Every error is JSON with one plain sentence.",
        },
        "tags": [{"name": each.name} for each in sets],
        "paths": paths,
        "components": {"schemas": _schemas(row for _, row in rows), "securitySchemes": dict(SCHEMES)},
    }


def _schemas(rows: Iterable[Row]) -> Schema:
    models: dict[type[BaseModel], None] = {Error: None}
    for row in rows:
        models.update(dict.fromkeys(model for model in (row.answer, row.body) if model))
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template=REF)
    found: Schema = schemas["$defs"]
    return dict(sorted(found.items()))


def _operation(rows: RowSet, row: Row) -> Schema:
    operation: Schema = {
        "operationId": _camel(row.view.__name__),
        "tags": [rows.name],
        "summary": (row.view.__doc__ or "").strip().splitlines()[0],
        "security": [{row.cookie: []}] if row.cookie else SECURITY[row.access],
        "responses": _responses(row),
    }
    if parameters := [*_path_parameters(row), *_query_parameters(row), *_header_parameters(row)]:
        operation["parameters"] = parameters
    if row.body:
        operation["requestBody"] = {"required": True, "content": _json(row.body)}
    return operation


def _responses(row: Row) -> Schema:
    success = {"description": (row.answer.__doc__ or "").strip(), "content": _json(row.answer)}
    error = _json(Error)
    statuses = sorted(set(_refusals(row)))
    return {str(row.status): success} | {
        str(status): {"description": _description(row, status), "content": error} for status in statuses
    }


def _description(row: Row, status: int) -> str:
    if status == 404 and row.missing:  # noqa: PLR2004 - not found
        return row.missing
    return DESCRIPTIONS.get(status) or SENTENCES[status].format("needed")


def _refusals(row: Row) -> Sequence[int]:
    own = [*row.refuses, 500, 503, 504]
    if row.access is not Access.ANYONE:
        own.append(401)
    if row.access in {Access.SERVICE, Access.USER_OR_SERVICE}:
        own.append(403)
    if row.body:
        own += [400, 413, 415]
    if row.query:
        own.append(400)
    return [*own, 404] if row.missing else own


def _path_parameters(row: Row) -> list[Schema]:
    schema = {"type": "integer", "format": "int64", "minimum": 1}
    names = PLACEHOLDER.findall(row.path)
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in names]


def _query_parameters(row: Row) -> list[Schema]:
    if row.query is None:
        return []
    found = row.query.model_json_schema()["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": _plain(each)} for name, each in found.items()]


def _header_parameters(row: Row) -> list[Schema]:
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in row.headers.items()
    ]


def _plain(schema: Schema) -> Schema:
    """The schema of a value that is there: a parameter is never null."""
    kept = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default", "title"}}
    if not kept:
        return rest
    return rest | (kept[0] if len(kept) == 1 else {"anyOf": kept})


def _json(model: type[BaseModel]) -> Schema:
    return {"application/json": {"schema": {"$ref": REF.format(model=model.__name__)}}}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
