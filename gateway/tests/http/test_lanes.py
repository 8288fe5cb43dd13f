"""Each service has its own lane, and routes that take long have smaller ones."""

import pytest

from gateway.app import create_site
from gateway.http.lanes import lane_finder
from gateway.http.routing import RouteGroup
from gateway.tests.fakes import Services, config

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("method", "path", "lane"),
    [
        ("POST", "/login", "passwords"),
        ("POST", "/register", "passwords"),
        ("POST", "/refresh-token", "users"),
        ("POST", "/logout", "users"),
        ("GET", "/books", "books"),
        ("HEAD", "/books/1", "books"),
        ("PUT", "/books/1/decrement", "books"),
        ("POST", "/placeorder", "placing"),
        ("GET", "/checkorder/1", "orders"),
        ("GET", "/myorders", "orders"),
        ("GET", "/health", "local"),
        ("GET", "/ready", "ready"),
        ("GET", "/docs/docs.js", "local"),
        ("OPTIONS", "/login", "local"),
        ("GET", "/nothing", "local"),
        ("OPTIONS", "*", "local"),
    ],
)
def test_a_request_has_the_lane_of_its_route(method: str, path: str, lane: str) -> None:
    """What needs no service has a lane too."""
    site = create_site(config(), Services().stubs())
    assert site.lane_of({"REQUEST_METHOD": method, "PATH_INFO": path}) == lane
    assert lane in site.lanes


def test_a_slow_route_has_a_quarter_of_the_threads() -> None:
    """So it leaves most for the others. Log-ins have more, because the users service refuses the excess at once."""
    lanes = create_site(config(GATEWAY_THREADS="8"), Services().stubs()).lanes
    assert (lanes["users"].running, lanes["passwords"].running, lanes["local"].running) == (8, 32, 2)
    assert (lanes["users"].waiting, lanes["passwords"].waiting) == (256, 32)
    assert (lanes["users"].status, lanes["passwords"].status) == (503, 429)


def test_routes_that_start_alike_share_a_lane() -> None:
    """Otherwise the start-up fails."""
    routes = RouteGroup("test", port="books", service="books")
    routes.get("/a/<id:book_id>", dict)(dict)
    routes.get("/a/b", dict, lane="slow")(dict)
    with pytest.raises(ValueError, match="GET /a are in two lanes: books and slow"):
        lane_finder([routes])
