"""Declaration of routes, from which requests are checked and parsed, and the OpenAPI document is built."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from typing_extensions import TypeAliasType, TypedDict, Unpack

from gateway.http.auth import Access
from gateway.http.errors import ErrorData
from gateway.http.rate_limits import RateLimit
from gateway.messages.common import Request
from registry.rest_ports import REST_PORTS

EVERY_PORT = "*"
PLACEHOLDER = re.compile(r"<id:(\w+)>")

View: TypeAlias = Callable[..., Any]
V = TypeVar("V", bound=View)
ResponseType: TypeAlias = type[Any] | TypeAliasType


class RouteOptions(TypedDict, total=False):
    """The optional arguments of a `Route`."""

    status: int
    access: Access
    body: type[Request]
    query: type[Request]
    headers: Mapping[str, str]
    errors: tuple[int, ...]
    field_names: Mapping[str, str]
    not_found: str
    cookie: str
    rate_limit: RateLimit
    lane: str


@dataclass(frozen=True, kw_only=True)
class Route:
    """A REST endpoint.

    Args:
        method: the HTTP method.
        path: the path, with ids as `<id:name>`.
        view: the function that returns the response.
        response: the type of the successful response.
        status: the status of the successful response.
        access: who may use the route.
        body: the model of the JSON body.
        query: the model of the query.
        headers: descriptions of optional request headers, by name.
        errors: further statuses of errors; the other arguments imply some already.
        field_names: the name of a field in REST, by its name in the gRPC contract, where they differ.
        not_found: the message for an id that no resource can have. A route with such a message may return 404.
        cookie: the name of the cookie that the route requires.
        rate_limit: the limit per client address.
        lane: the name of the lane whose threads the route uses, instead of those for its service.
    """

    method: str
    path: str
    view: View
    response: ResponseType
    status: int = 200
    access: Access = Access.ANYONE
    body: type[Request] | None = None
    query: type[Request] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[int, ...] = ()
    field_names: Mapping[str, str] = field(default_factory=dict)
    not_found: str = ""
    cookie: str = ""
    rate_limit: RateLimit | None = None
    lane: str = ""

    @property
    def ids(self) -> list[str]:
        """The names of the ids in the path."""
        return PLACEHOLDER.findall(self.path)

    @property
    def url_template(self) -> str:
        """The path in the form of OpenAPI, such as `/books/{book_id}`."""
        return PLACEHOLDER.sub(r"{\1}", self.path)


class RouteGroup:
    """The routes that one module of `gateway.routes` declares, with the decorators of a Flask blueprint.

    A view gets the arguments that its parameters name: the ids in the path, `caller`, `body` and `query`, the stub of a
    service by the service's name, and the collaborators that `gateway.app.create_app` lists.

        routes = RouteGroup("books", port="books", service="books")

        @routes.get("/books/<id:book_id>", BookResponse, not_found="Book was not found.")
        def get_book(books: BooksStub, book_id: int) -> BookResponse: ...

    Args:
        name: the name of the group, also its tag in the OpenAPI document.
        port: the REST port, by its name in `registry.rest_ports`, that serves the group, or `EVERY_PORT`.
        service: the service that the views call: the audience of a service's token, and the name in errors.
        needs: the services that must serve before the port is ready; by default `service` alone.
        error_data: functions that return the `data` of an error, by the reason of the failure.
    """

    def __init__(
        self,
        name: str,
        *,
        port: str,
        service: str = "",
        needs: tuple[str, ...] = (),
        error_data: ErrorData | None = None,
    ) -> None:
        known = [each.name for each in REST_PORTS]
        if port not in {*known, EVERY_PORT}:
            message = f"The route group {name} needs one of the ports {', '.join(known)}, not {port}."
            raise ValueError(message)
        self.name = name
        self.port = port
        self.service = service
        self.needs = needs or ((service,) if service else ())
        self.error_data = error_data or {}
        self.routes: list[Route] = []

    def get(self, path: str, response: ResponseType, **options: Unpack[RouteOptions]) -> Callable[[V], V]:
        """Declare a GET route."""
        return self.route("GET", path, response, **options)

    def post(self, path: str, response: ResponseType, **options: Unpack[RouteOptions]) -> Callable[[V], V]:
        """Declare a POST route."""
        return self.route("POST", path, response, **options)

    def put(self, path: str, response: ResponseType, **options: Unpack[RouteOptions]) -> Callable[[V], V]:
        """Declare a PUT route."""
        return self.route("PUT", path, response, **options)

    def patch(self, path: str, response: ResponseType, **options: Unpack[RouteOptions]) -> Callable[[V], V]:
        """Declare a PATCH route."""
        return self.route("PATCH", path, response, **options)

    def delete(self, path: str, response: ResponseType, **options: Unpack[RouteOptions]) -> Callable[[V], V]:
        """Declare a DELETE route."""
        return self.route("DELETE", path, response, **options)

    def route(
        self, method: str, path: str, response: ResponseType, **options: Unpack[RouteOptions]
    ) -> Callable[[V], V]:
        """Declare a route; the decorated view stays an ordinary function."""

        def declare(view: V) -> V:
            self.routes.append(Route(method=method, path=path, view=view, response=response, **options))
            return view

        return declare
