"""The requests and responses of the REST API, each defined once.

A request is a pydantic model, because it is validated. A response is a `TypedDict`: a plain dict that orjson writes in
1.2 µs per book, whose keys and types mypy checks, and from which pydantic derives the OpenAPI schema.
"""
