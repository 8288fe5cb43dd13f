"""The OpenAPI 3.1 document of route groups."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter

from gateway.http.auth import Access
from gateway.http.errors import MESSAGES
from gateway.http.routing import ResponseType, Route, RouteGroup
from gateway.messages.common import Error, Request
from gateway.openapi.texts import SECURITY, SECURITY_SCHEMES, STATUS_DESCRIPTIONS

Schema = dict[str, Any]

REF = "#/components/schemas/{model}"


def build_document(groups: Iterable[RouteGroup]) -> Schema:
    """Return the document of the routes of these groups."""
    groups = list(groups)
    schemas = _schemas(route for group in groups for route in group.routes)
    paths: dict[str, Schema] = {}
    for group in groups:
        for route in group.routes:
            paths.setdefault(route.url_template, {})[route.method.lower()] = _operation(group, route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Deckle bookstore",
            "version": "1.0.0",
            "description": (
                "Browse books, place orders and follow them. Every error is a JSON object with a sentence in `message`."
            ),
        },
        "tags": [{"name": group.name} for group in groups],
        "paths": paths,
        "components": {"schemas": schemas, "securitySchemes": dict(SECURITY_SCHEMES)},
    }


def _schemas(routes: Iterable[Route]) -> Schema:
    """Return the JSON schema of each message, by its name."""
    models: dict[Any, None] = {Error: None}
    for route in routes:
        models.update(dict.fromkeys(model for model in (route.response, route.body) if model))
    adapters = [(model.__name__, "validation", TypeAdapter(model)) for model in models]
    _, schemas = TypeAdapter.json_schemas(adapters, ref_template=REF)  # type: ignore[arg-type] # a list is invariant
    return dict(sorted(schemas["$defs"].items()))


def _operation(group: RouteGroup, route: Route, schemas: Schema) -> Schema:
    operation: Schema = {
        "operationId": _camel_case(route.view.__name__),
        "tags": [group.name],
        "summary": (route.view.__doc__ or "").strip().partition("\n")[0],
        "security": [{route.cookie: []}] if route.cookie else SECURITY[route.access],
        "responses": _responses(route, schemas),
    }
    if parameters := [*_path_parameters(route), *_query_parameters(route), *_header_parameters(route)]:
        operation["parameters"] = parameters
    if route.body:
        operation["requestBody"] = {"required": True, "content": _json_content(route.body)}
    return operation


def _responses(route: Route, schemas: Schema) -> Schema:
    description = schemas[route.response.__name__].get("description", "")
    responses = {str(route.status): {"description": description, "content": _json_content(route.response)}}
    for status in sorted(_error_statuses(route)):
        responses[str(status)] = {"description": _description(route, status), "content": _json_content(Error)}
    return responses


def _description(route: Route, status: int) -> str:
    if status == 404 and route.not_found:  # noqa: PLR2004 - not found
        return route.not_found
    return STATUS_DESCRIPTIONS.get(status) or MESSAGES[status].format("needed")


def _error_statuses(route: Route) -> set[int]:
    statuses = {*route.errors, 500, 503, 504}
    if route.access is not Access.ANYONE:
        statuses.add(401)
    if route.access in {Access.SERVICE, Access.USER_OR_SERVICE}:
        statuses.add(403)
    if route.body:
        statuses |= {400, 413, 415}
    if route.query:
        statuses.add(400)
    if route.not_found:
        statuses.add(404)
    if route.rate_limit:
        statuses.add(429)
    return statuses


def _path_parameters(route: Route) -> list[Schema]:
    schema = {"type": "integer", "format": "int64", "minimum": 1}
    return [{"name": name, "in": "path", "required": True, "schema": schema} for name in route.ids]


def _query_parameters(route: Route) -> list[Schema]:
    properties = route.query.model_json_schema()["properties"] if route.query else {}
    return [
        {"name": name, "in": "query", "required": False, "schema": _without_null(schema)}
        for name, schema in properties.items()
    ]


def _header_parameters(route: Route) -> list[Schema]:
    return [
        {"name": name, "in": "header", "required": False, "description": text, "schema": {"type": "string"}}
        for name, text in route.headers.items()
    ]


def _without_null(schema: Schema) -> Schema:
    """Return the schema of a value that is present: a parameter is never null."""
    alternatives = [each for each in schema.get("anyOf", ()) if each != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key not in {"anyOf", "default", "title"}}
    if not alternatives:
        return rest
    return rest | (alternatives[0] if len(alternatives) == 1 else {"anyOf": alternatives})


def _json_content(model: ResponseType | type[Request]) -> Schema:
    return {"application/json": {"schema": {"$ref": REF.format(model=model.__name__)}}}


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(word.title() for word in rest)
