"""The Flask app."""

from collections.abc import Collection, Sequence
from typing import Any

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway.config import Config
from gateway.http.auth import Authenticator
from gateway.http.cors import Cors
from gateway.http.endpoints import create_blueprint
from gateway.http.errors import register_error_handlers
from gateway.http.lanes import create_lanes, lane_finder
from gateway.http.middleware import RequestMiddleware
from gateway.http.parsing import MAX_BODY_BYTES, IdConverter
from gateway.http.rate_limits import RateLimiter
from gateway.http.routing import EVERY_PORT, RouteGroup
from gateway.openapi.document import build_document
from gateway.routes import discover, docs
from gateway.routes.health import Readiness
from gateway.stubs import Stubs
from mesh.web import Site
from mesh.web.addresses import address_behind
from registry.rest_ports import REST_PORTS

ALL_PORTS = tuple(port.name for port in REST_PORTS)


class _App(Flask):
    """A Flask app whose responses to preflight requests have no body."""

    def make_default_options_response(self) -> Response:
        """Return the response to OPTIONS for every path that exists."""
        response = super().make_default_options_response()
        response.status_code = 204
        response.headers.remove("Content-Type")
        return response


def create_app(
    config: Config,
    stubs: Stubs,
    ports: Collection[str] = ALL_PORTS,
    groups: Sequence[RouteGroup] | None = None,
) -> Flask:
    """Return an app with the routes of these REST ports, and of every port.

    Args:
        config: the settings.
        stubs: the services behind the routes.
        ports: the ports, by their names in `registry.rest_ports`.
        groups: the route groups to choose from; by default those in `gateway.routes`.
    """
    groups = discover() if groups is None else groups
    served = _served(groups, ports)
    app = _App("gateway", static_folder=None)
    app.debug = False  # FLASK_DEBUG would let exceptions through instead of handling them
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1  # one byte more than allowed, so that an excess is noticed
    app.url_map.merge_slashes = False  # a redirect would be HTML
    app.url_map.converters["id"] = IdConverter
    register_error_handlers(app)
    cors = Cors(config.cors_origins, sorted({route.method for group in groups for route in group.routes}))
    authenticator = Authenticator(config.jwt_keys, config.mesh_secret, stubs.by_service)
    collaborators: dict[str, Any] = {
        **stubs.by_service,
        "authenticator": authenticator,
        "config": config,
        "cors": cors,
        "readiness": Readiness(
            sorted({need for group in served for need in group.needs}), stubs.is_serving, stubs.has_problem
        ),
    }
    limiter = RateLimiter(config.rate_limits)
    for group in served:
        app.register_blueprint(create_blueprint(group, collaborators, authenticator, limiter))
    app.register_blueprint(docs.create_blueprint(lambda: build_document(served)))
    app.wsgi_app = RequestMiddleware(app.wsgi_app, cors, config.hsts_seconds)  # type: ignore[method-assign] # as Flask documents it
    if config.trusted_proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, x_proto=0)  # type: ignore[method-assign] # as Werkzeug documents it
    return app


def create_site(config: Config, stubs: Stubs, ports: Collection[str] = ALL_PORTS) -> Site:
    """Return the app with the routes of these REST ports, together with the limits of its requests."""
    served = _served(discover(), ports)
    return Site(
        app=create_app(config, stubs, ports),
        lanes=create_lanes(served, config.threads),
        lane_of=lane_finder(served),
        address_of=address_behind(config.trusted_proxies),
        max_body_bytes=MAX_BODY_BYTES,
    )


def _served(groups: Sequence[RouteGroup], ports: Collection[str]) -> list[RouteGroup]:
    return [group for group in groups if group.port in {*ports, EVERY_PORT}]
