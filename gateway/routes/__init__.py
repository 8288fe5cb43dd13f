"""The routes of the REST API, one module per port and one for what every port serves.

A module with an attribute `routes`, a `RouteGroup`, is served without an entry anywhere else.
"""

import pkgutil
from collections.abc import Sequence
from importlib import import_module

from gateway.http.routing import RouteGroup
from registry.rest_ports import REST_PORTS

_PORT_ORDER = {port.name: number for number, port in enumerate(REST_PORTS)}


def discover(package: str = __name__) -> Sequence[RouteGroup]:
    """Return the route groups of a package's modules, in the order of their ports."""
    path = import_module(package).__path__
    modules = [import_module(f"{package}.{module.name}") for module in pkgutil.iter_modules(path)]
    groups = [module.routes for module in modules if isinstance(getattr(module, "routes", None), RouteGroup)]
    return sorted(groups, key=lambda group: (_PORT_ORDER.get(group.port, len(_PORT_ORDER)), group.name))
