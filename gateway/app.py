"""The app of one port."""

from collections.abc import Sequence

from flask import Flask, Response
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway import errors
from gateway.around import Around
from gateway.auth import Gate
from gateway.books import Books
from gateway.common import Common
from gateway.config import PORTS, Config
from gateway.cors import Cors
from gateway.display_orders import DisplayOrders
from gateway.inputs import BODY_LIMIT, IdConverter
from gateway.orders import Orders
from gateway.place_order import PlaceOrder
from gateway.rates import Limits
from gateway.rows import RowSet, blueprint
from gateway.stubs import Stubs
from gateway.users import Users


class _App(Flask):
    """An app that answers preflights without a body."""

    def make_default_options_response(self) -> Response:
        """What OPTIONS answers on every path that there is."""
        response = super().make_default_options_response()
        response.status_code = 204
        response.headers.remove("Content-Type")
        return response


def create_app(config: Config, stubs: Stubs, sets: Sequence[str] = tuple(PORTS)) -> Flask:
    """An app that serves the named sets of rows, and what every port serves.

    Args:
        config: the settings.
        stubs: the services behind it.
        sets: names of the sets, all five by default.
    """
    app = _App("gateway", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = BODY_LIMIT + 1  # so that one byte too many can be seen
    app.url_map.merge_slashes = False  # a redirect would be HTML
    app.url_map.converters["id"] = IdConverter
    errors.install(app)
    gate = Gate(config.jwt_keys, config.mesh_secret)
    known = row_sets(config, stubs, gate)
    served = [known[name] for name in sets]
    common = Common(served, stubs.serving)
    for rows in (*served, common.rows()):
        app.register_blueprint(blueprint(rows, gate))
    app.register_blueprint(common.documents())
    app.wsgi_app = Around(app.wsgi_app, Cors(config.cors_origins), config.hsts_seconds)  # type: ignore[method-assign] # as Flask's documentation asks for
    if config.trusted_proxies:
        proxied = ProxyFix(app.wsgi_app, x_for=config.trusted_proxies, x_proto=0)
        app.wsgi_app = proxied  # type: ignore[method-assign] # as Werkzeug's documentation asks for
    return app


def row_sets(config: Config, stubs: Stubs, gate: Gate) -> dict[str, RowSet]:
    """The five sets of rows, by name."""
    users = Users(stubs.users, gate, Cors(config.cors_origins), Limits(config.limits), secure=config.cookie_secure)
    served = (users, Books(stubs.books), Orders(stubs.orders), PlaceOrder(stubs.orders), DisplayOrders(stubs.orders))
    return {each.name: each for each in (one.rows() for one in served)}
