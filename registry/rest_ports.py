"""The five REST ports of the gateway, defined once for the gateway, the shop's server, the launcher and the tests."""

from dataclasses import dataclass


@dataclass(frozen=True)
class RestPort:
    """A port of the gateway.

    Args:
        name: name of the route group that the port serves.
        variable: the environment variable that sets the port.
        default: the port number when the variable is not set.
    """

    name: str
    variable: str
    default: int


REST_PORTS = (
    RestPort("users", "USERS_PORT", 5001),
    RestPort("books", "BOOKS_PORT", 5002),
    RestPort("orders", "ORDERS_PORT", 5003),
    RestPort("place_order", "PLACE_ORDER_PORT", 5004),
    RestPort("display_orders", "DISPLAY_ORDERS_PORT", 5005),
)
