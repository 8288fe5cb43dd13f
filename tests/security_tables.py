"""Who may call what, read from the contracts and the rows: `python -m tests.security_tables` writes it down."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from google.protobuf.descriptor import ServiceDescriptor

from gateway.http.auth import Access
from gateway.http.routing import EVERY_PORT, Route, RouteGroup
from gateway.routes import discover
from mesh.policy import policies
from tests.harness import DESCRIPTORS, ROOT

DOCUMENT = ROOT / "docs" / "SECURITY.md"
CALLERS = ("gateway", "users", "books", "orders", "worker", "tester")
WHO = {
    Access.ANYONE: "anyone",
    Access.USER: "a user, for themselves",
    Access.SERVICE: "a service whose policy allows it",
    Access.USER_OR_SERVICE: "the user whose it is, or a service whose policy allows it",
}
"""In words: what belongs to whom is checked by the service behind the row."""


def rpcs() -> Iterator[tuple[str, ServiceDescriptor, str, frozenset[str]]]:
    """The mesh's name of each service, its contract, and the path and the callers of each of its methods."""
    for name, descriptor in DESCRIPTORS.items():
        for path, policy in policies(descriptor).items():
            yield name, descriptor, path, frozenset(policy.callers)


def rows() -> Iterator[tuple[RouteGroup, Route]]:
    """Return every route that one port serves, with its group."""
    for group in discover():
        if group.port != EVERY_PORT:
            for route in group.routes:
                yield group, route


def rpc_table() -> str:
    """Each RPC and its callers, as Markdown."""
    lines = ["| RPC | " + " | ".join(CALLERS) + " |", "| --- |" + " :-: |" * len(CALLERS)]
    for _, descriptor, path, callers in rpcs():
        marks = " | ".join("yes" if caller in callers else "no" for caller in CALLERS)
        lines.append(f"| `{descriptor.name}.{path.rpartition('/')[2]}` | {marks} |")
    return "\n".join(lines)


def row_table() -> str:
    """Each row of the REST contract and who may use it, as Markdown."""
    lines = ["| port | call | who may |", "| --- | --- | --- |"]
    for each, row in rows():
        who = "whoever has the cookie" if row.cookie else WHO[row.access]
        lines.append(f"| {each.name} | `{row.method} {row.url_template}` | {who} |")
    return "\n".join(lines)


def written(text: str) -> str:
    """The document with both tables as they are now."""
    for name, table in (("rpcs", rpc_table()), ("rows", row_table())):
        marked = re.compile(rf"(<!-- {name}: .*?-->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        text = marked.sub(lambda found, table=table: f"{found[1]}{table}\n{found[2]}", text)  # type: ignore[misc]
    return text


def main(document: Path = DOCUMENT) -> int:
    """Writes the tables into the document."""
    document.write_text(written(document.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
