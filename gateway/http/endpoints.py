"""Flask endpoints: the checks before and after a view, as its route declares them."""

import inspect
from collections.abc import Mapping
from functools import partial
from typing import Any

import grpc
from flask import Blueprint, Response

from gateway.http.auth import Access, Authenticator
from gateway.http.errors import MESSAGES, ApiError, api_error
from gateway.http.parsing import read_body, read_empty_body, read_query
from gateway.http.rate_limits import RateLimit, RateLimiter
from gateway.http.responses import json_response
from gateway.http.routing import Route, RouteGroup, View


def create_blueprint(
    group: RouteGroup, collaborators: Mapping[str, Any], authenticator: Authenticator, limiter: RateLimiter
) -> Blueprint:
    """Return the blueprint of a route group.

    Args:
        group: the routes.
        collaborators: the arguments of views, by the name of the parameter, in addition to parts of the request.
        authenticator: authenticates the callers of routes that are not for everyone.
        limiter: counts the requests of routes with a rate limit.

    Raises:
        TypeError: when a view has a parameter that nothing provides.
    """
    blueprint = Blueprint(group.name, __name__)
    for route in group.routes:
        endpoint = _endpoint(route, group, _bind(route, collaborators), authenticator)
        if route.rate_limit:
            endpoint = partial(_limited, endpoint, route.rate_limit, limiter)
        blueprint.add_url_rule(route.path, route.view.__name__, endpoint, methods=[route.method])
    return blueprint


def _bind(route: Route, collaborators: Mapping[str, Any]) -> View:
    """Return the view with its collaborators bound, so that a request passes only its own parts."""
    request_parts = {*route.ids}
    if route.access is not Access.ANYONE:
        request_parts.add("caller")
    if route.body:
        request_parts.add("body")
    if route.query:
        request_parts.add("query")
    parameters = inspect.signature(route.view).parameters.keys()
    if unknown := parameters - request_parts - collaborators.keys():
        message = f"Nothing provides the parameter {', '.join(sorted(unknown))} of the view {route.view.__name__}."
        raise TypeError(message)
    return partial(route.view, **{name: collaborators[name] for name in parameters - request_parts})


def _endpoint(route: Route, group: RouteGroup, view: View, authenticator: Authenticator) -> View:
    """Return the function that Flask calls: it checks the request, calls the view, and converts what it returns."""
    wants_caller = "caller" in inspect.signature(route.view).parameters
    may_have_body = route.method != "GET"

    def endpoint(**arguments: Any) -> Response:  # noqa: ANN401 - ids from the path, to which parts of the request are added
        token_forwarded, is_impossible_id = False, 0 in arguments.values()
        if route.access is not Access.ANYONE:
            caller = authenticator.authenticate(route.access, group.service)
            token_forwarded = not caller.user_id
            if wants_caller:
                arguments["caller"] = caller
        if is_impossible_id:
            raise ApiError(404, route.not_found or MESSAGES[404])
        if route.body is not None:
            arguments["body"] = read_body(route.body)
        elif may_have_body:
            read_empty_body()
        if route.query is not None:
            arguments["query"] = read_query(route.query)
        try:
            result = view(**arguments)
        except grpc.RpcError as error:
            raise api_error(
                error,
                group.service,
                token_forwarded=token_forwarded,
                field_names=route.field_names,
                error_data=group.error_data,
            ) from None
        return result if isinstance(result, Response) else json_response(result, route.status)

    return endpoint


def _limited(endpoint: View, limit: RateLimit, limiter: RateLimiter, **arguments: int) -> Response:
    """Call the endpoint unless the client address has exceeded the rate limit."""
    return limiter.call(limit, partial(endpoint, **arguments))
