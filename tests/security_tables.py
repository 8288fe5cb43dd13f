"""`python -m tests.security_tables`: writes the tables of callers, from contracts and routes, into docs/SECURITY.md."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import ServiceDescriptor

from gateway.http.auth import Access
from gateway.http.routing import EVERY_PORT, Route, RouteGroup
from gateway.routes import discover
from mesh.policy import policies
from registry.services import OTHER_CALLERS
from tests.harness import DESCRIPTORS, ROOT

DOCUMENT = ROOT / "docs" / "SECURITY.md"
CALLERS = (*DESCRIPTORS, *OTHER_CALLERS)
CALLERS_BY_ACCESS = {
    Access.ANYONE: "anyone",
    Access.USER: "a user, for themselves",
    Access.SERVICE: "a service whose policy allows it",
    Access.USER_OR_SERVICE: "the owner, or a service whose policy allows it",
}
"""Texts of the table; the service behind a route checks the ownership."""


def rpcs() -> Iterator[tuple[str, ServiceDescriptor, str, frozenset[str]]]:
    """Yield the mesh's name of each service, its contract, and the path and callers of each method."""
    for name, descriptor in DESCRIPTORS.items():
        for path, policy in policies(descriptor).items():
            yield name, descriptor, path, frozenset(policy.callers)


def routes() -> Iterator[tuple[RouteGroup, Route]]:
    """Yield every route that one port serves, and its group."""
    for group in discover():
        if group.port != EVERY_PORT:
            for route in group.routes:
                yield group, route


def rpc_table() -> str:
    """Return the table of RPCs and their callers, as Markdown."""
    lines = ["| RPC | " + " | ".join(CALLERS) + " |", "| --- |" + " :-: |" * len(CALLERS)]
    for _, descriptor, path, callers in rpcs():
        marks = " | ".join("yes" if caller in callers else "no" for caller in CALLERS)
        lines.append(f"| `{descriptor.name}.{path.rpartition('/')[2]}` | {marks} |")
    return "\n".join(lines)


def route_table() -> str:
    """Return the table of routes and who may use them, as Markdown."""
    lines = ["| port | call | who may |", "| --- | --- | --- |"]
    for group, route in routes():
        who = "anyone with the refresh cookie" if route.cookie else CALLERS_BY_ACCESS[route.access]
        lines.append(f"| {group.name} | `{route.method} {route.url_template}` | {who} |")
    return "\n".join(lines)


def update_tables(text: str) -> str:
    """Return the document with both tables updated."""
    for name, table in (("rpcs", rpc_table()), ("rows", route_table())):
        markers = re.compile(rf"(<!-- {name}: .*?-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text = markers.sub(lambda match, table=table: f"{match[1]}{table}\n{match[2]}", text)  # type: ignore[misc]
    return text


def main(document: Path = DOCUMENT) -> int:
    """Write the tables into the document."""
    document.write_text(update_tables(document.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
