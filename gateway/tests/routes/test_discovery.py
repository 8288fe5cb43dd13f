"""A module with a route group is served, documented and checked without an entry anywhere else."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace
from typing import Any, cast

import pytest
from bookstore.books.v1.books_pb2_grpc import BooksStub
from flask import Flask

from gateway.app import create_app
from gateway.http.routing import EVERY_PORT, RouteGroup
from gateway.messages.common import MessageResponse
from gateway.routes import discover
from gateway.stubs import Stubs, connect
from gateway.tests.fakes import Services, bearer, config
from registry.rest_ports import REST_PORTS
from registry.services import services as all_services

pytestmark = pytest.mark.unit

PACKAGE = "generated_routes"
MODULE = '''
    """Samples of books."""

    from gateway.http.auth import Access
    from gateway.http.routing import RouteGroup
    from gateway.messages.common import MessageResponse

    routes = RouteGroup("samples", port="books", service="samples")


    @routes.patch("/books/<id:book_id>/sample", MessageResponse, access=Access.USER, not_found="No sample.")
    def change_sample(samples, book_id):
        """Change a sample."""
        return {"code": 200, "message": samples.change(book_id)}


    @routes.delete("/books/<id:book_id>/sample", MessageResponse)
    def delete_sample(samples, book_id):
        """Delete a sample."""
        return {"code": 200, "message": "Deleted."}
'''


@pytest.fixture
def groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sequence[RouteGroup]]:
    """The route groups of a package into which a module was dropped."""
    folder = tmp_path / PACKAGE
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "samples.py").write_text(dedent(MODULE))
    (folder / "other.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    yield discover(PACKAGE)
    for name in [name for name in sys.modules if name.startswith(PACKAGE)]:
        del sys.modules[name]


def make_app(groups: Sequence[RouteGroup]) -> Flask:
    """Return an app of the port `books` with these groups, in front of the fakes and a service `samples`."""
    stubs = Services().stubs()
    samples = SimpleNamespace(change=lambda book_id: f"Changed {book_id}.")
    serving = Stubs({**stubs.by_service, "samples": samples}, lambda name: name != "samples")
    return create_app(config(), serving, ["books"], [*discover(), *groups])


def test_each_port_has_a_group() -> None:
    """The groups are in the order of the ports, and those of every port come last."""
    ports = [group.port for group in discover()]
    assert list(dict.fromkeys(ports)) == [*(port.name for port in REST_PORTS), EVERY_PORT]
    assert ports == sorted(ports, key=list(dict.fromkeys(ports)).index)


def test_a_dropped_module_is_served(groups: Sequence[RouteGroup]) -> None:
    """Its views get the stub of the new service, and the port waits for the service."""
    client = make_app(groups).test_client()
    path = "/books/3/sample"
    assert client.patch(path).status_code == 401
    assert client.patch(path, headers=bearer()).json == {"code": 200, "message": "Changed 3."}
    assert client.patch("/books/0/sample", headers=bearer()).json == {"code": 404, "message": "No sample."}
    assert client.delete(path).json == {"code": 200, "message": "Deleted."}
    assert client.delete(path, data="x", content_type="text/plain").status_code == 415
    assert client.get("/ready").json == {"code": 503, "message": "The samples service is not serving."}


def test_a_part_that_needs_its_operator_is_a_warning() -> None:
    """The port stays ready, because requests are served; ports without the service have no warning."""
    stubs = replace(Services().stubs(), has_problem=lambda *part: part == ("orders", "broker"))
    apps = {port: create_app(config(), stubs, [port], discover()) for port in ("place_order", "books")}
    ready = {port: app.test_client().get("/ready") for port, app in apps.items()}
    assert [response.status_code for response in ready.values()] == [200, 200]
    (warning,) = cast("Any", ready["place_order"].json)["warnings"]
    assert "the broker is misconfigured" in warning
    assert ready["books"].json == {"status": "ok"}


def test_a_dropped_module_is_documented(groups: Sequence[RouteGroup]) -> None:
    """Its operations are in the document, and preflight responses allow its methods."""
    client = make_app(groups).test_client()
    document: Any = client.get("/openapi.json").json
    operation = document["paths"]["/books/{book_id}/sample"]["patch"]
    assert (operation["operationId"], operation["tags"], operation["summary"]) == (
        "changeSample",
        ["samples"],
        "Change a sample.",
    )
    headers = client.options("/books/3/sample", headers={"Origin": "http://localhost:5173"}).headers
    assert headers["Access-Control-Allow-Methods"] == "DELETE, GET, PATCH, POST, PUT"


def test_a_group_of_an_unknown_port_is_an_error() -> None:
    """The error names the ports that exist."""
    with pytest.raises(ValueError, match=r"needs one of the ports users, books, orders, .*, not samples"):
        RouteGroup("samples", port="samples")


def test_a_parameter_that_nothing_provides_is_an_error() -> None:
    """The app does not start with a view that cannot be called."""
    group = RouteGroup("samples", port="books", service="books")

    @group.get("/samples", MessageResponse)
    def list_samples(samples: object) -> MessageResponse:
        """List the samples."""
        return {"code": 200, "message": str(samples)}

    with pytest.raises(TypeError, match="Nothing provides the parameter samples of the view list_samples"):
        create_app(config(), Services().stubs(), ["books"], [group])


def test_stubs_derive_from_the_contracts() -> None:
    """Each service of the list has the stub class that was generated for it."""
    assert isinstance(connect(config()).by_service["books"], BooksStub)
    assert set(connect(config()).by_service) == {entry.name for entry in all_services()}
