"""Every port: whether the process lives, and whether the services that the port needs can be used."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gateway.http.errors import ApiError
from gateway.http.lanes import READY
from gateway.http.routing import EVERY_PORT, RouteGroup
from gateway.messages.common import Health


@dataclass(frozen=True)
class Readiness:
    """The services that a port needs.

    Args:
        needs: the names of the services.
        is_serving: returns whether the service with this name reports SERVING.
        has_problem: returns whether this part of the service with this name needs its operator.
    """

    needs: Iterable[str]
    is_serving: Callable[[str], bool]
    has_problem: Callable[[str, str], bool]


WARNINGS = {
    ("orders", "broker"): "Orders are accepted, but the broker is misconfigured: the log of orders says what to change."
}
"""By service and part: what `/ready` reports while requests are served nevertheless."""

routes = RouteGroup("health", port=EVERY_PORT)


@routes.get("/health", Health)
def health() -> Health:
    """Report that the process lives."""
    return {"status": "ok"}


@routes.get("/ready", Health, lane=READY)
def ready(readiness: Readiness) -> Health:
    """Report whether the services that the port needs are serving."""
    for service in readiness.needs:
        if not readiness.is_serving(service):
            raise ApiError(503, f"The {service} service is not serving.", headers={"Retry-After": "1"})
    warnings = [
        text for (name, part), text in WARNINGS.items() if name in readiness.needs and readiness.has_problem(name, part)
    ]
    return {"status": "ok", "warnings": warnings} if warnings else {"status": "ok"}
