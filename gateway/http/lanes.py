"""The lanes of requests: what shares the threads of a port, so that a slow service leaves threads for other routes."""

from collections.abc import Callable, Sequence

from gateway.http.routing import Route, RouteGroup
from mesh.web import Environ, Lane

LOCAL = "local"
"""The lane of what the gateway responds to by itself: health, documents, preflight requests and unknown paths."""
PASSWORDS = "passwords"
"""The lane of routes that hash a password, which takes a hundred times as long as everything else."""
PLACING = "placing"
"""The lane of placing orders, which waits for the books service too."""
READY = "ready"
"""The lane of the checks of readiness, which wait for services that do not respond."""
PASSWORDS_RUNNING = 32
"""Requests that hash a password at once: they wait in the users service, whose queue serves known devices first."""
PASSWORDS_WAITING = 32
"""Requests that wait to hash a password: the users service hashes about seven per second and core."""
WAITING = 256
"""Requests that wait in another lane: at 1,000 requests per second, for a quarter of a second."""


def create_lanes(groups: Sequence[RouteGroup], threads: int) -> dict[str, Lane]:
    """Return the lanes of these route groups: one for each service behind them, and the smaller ones of some routes.

    Args:
        groups: the route groups of a port.
        threads: requests that run at once in the lane of a service; a quarter of them do in the other lanes,
            except in that of passwords.
    """
    services = {group.service for group in groups}
    names = {LOCAL, *(lane_name(group, route) for group in groups for route in group.routes)}
    running = {name: threads if name in services else max(1, threads // 4) for name in sorted(names)}
    lanes = {name: Lane(number, WAITING) for name, number in running.items()}
    if PASSWORDS in lanes:
        lanes[PASSWORDS] = Lane(PASSWORDS_RUNNING, PASSWORDS_WAITING, status=429)
    return lanes


def lane_finder(groups: Sequence[RouteGroup]) -> Callable[[Environ], str]:
    """Return the function that finds the lane of a request by its method and the first part of its path.

    Raises:
        ValueError: routes that start alike are in different lanes.
    """
    lanes: dict[tuple[str, str], str] = {}
    for group in groups:
        for route in group.routes:
            key, name = (route.method, _first_part(route.path)), lane_name(group, route)
            if lanes.setdefault(key, name) != name:
                message = f"The routes {key[0]} /{key[1]} are in two lanes: {lanes[key]} and {name}."
                raise ValueError(message)

    def lane_of(environ: Environ) -> str:
        method = environ["REQUEST_METHOD"]
        return lanes.get(("GET" if method == "HEAD" else method, _first_part(environ["PATH_INFO"])), LOCAL)

    return lane_of


def lane_name(group: RouteGroup, route: Route) -> str:
    """Return the lane of a route: its own, or that of the service behind it."""
    return route.lane or group.service or LOCAL


def _first_part(path: str) -> str:
    return path.split("/", 2)[1] if path.startswith("/") else ""
