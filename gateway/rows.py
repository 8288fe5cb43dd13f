"""What a row of the contract is, and how it becomes a route."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import grpc
from flask import Blueprint, Response
from pydantic import BaseModel

from gateway.auth import Access, Gate
from gateway.bodies import Input
from gateway.errors import Refusal, refusal
from gateway.inputs import read_body, read_empty, read_query

View = Callable[..., Response]


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the contract: how it is called, by whom, and what it answers.

    Args:
        method: GET, POST or PUT.
        path: with ids as `<id:name>`.
        view: answers it. It gets the ids, and as `caller`, `body` and `query` what the row declares.
        answer: model of the success.
        status: status of the success.
        access: who may use it.
        body: model of the body.
        query: model of the query.
        headers: what optional request headers mean, by name.
        refuses: statuses of its own errors.
        names: a field's name in REST, by its name in the service's contract, where the two differ.
        missing: what is said of an id that can never exist; a row with one may answer 404.
        cookie: name of the cookie that it needs.
    """

    method: str
    path: str
    view: View
    answer: type[BaseModel]
    status: int = 200
    access: Access = Access.ANYONE
    body: type[Input] | None = None
    query: type[Input] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    refuses: tuple[int, ...] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    missing: str = ""
    cookie: str = ""


@dataclass(frozen=True)
class RowSet:
    """The rows of one port.

    Args:
        name: the set's name.
        service: the service that answers them.
        needs: the services that have to serve before the port is ready.
        rows: the rows.
        prepare: what else happens to their blueprint before it is registered.
    """

    name: str
    service: str
    needs: tuple[str, ...]
    rows: Sequence[Row]
    prepare: Callable[[Blueprint], None] = lambda _: None


def blueprint(rows: RowSet, gate: Gate) -> Blueprint:
    """The routes of a set."""
    routes = Blueprint(rows.name, __name__)
    for row in rows.rows:
        view = _guarded(row, rows.service, gate)
        routes.add_url_rule(row.path, row.view.__name__, view, methods=[row.method])
    rows.prepare(routes)
    return routes


def _guarded(row: Row, service: str, gate: Gate) -> View:
    """The view, behind what its row demands."""
    view = row.view

    def answer(**given: object) -> Response:
        passed_on = False
        if row.access is not Access.ANYONE:
            given["caller"] = caller = gate.admit(row.access, service)
            passed_on = not caller.user_id
        if 0 in given.values():
            raise Refusal(404, row.missing)
        if row.body is not None:
            given["body"] = read_body(row.body)
        elif row.method != "GET":
            read_empty()
        if row.query is not None:
            given["query"] = read_query(row.query)
        try:
            return view(**given)
        except grpc.RpcError as error:
            raise refusal(error, service, passed_on=passed_on, names=row.names) from None

    return answer
