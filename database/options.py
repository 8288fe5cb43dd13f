"""Options of the connections to a database."""

from dataclasses import dataclass
from typing import Literal

MAX_POOL_TIMEOUT_SECONDS = 5
"""The longest deadline of a writing RPC in the contract."""

TlsMode = Literal["off", "preferred", "required"]


@dataclass(frozen=True, slots=True)
class ConnectionOptions:
    """Options of a pool of connections; SQLite uses the pool's size only.

    Args:
        pool_size: connections that stay open, for reading and for writing each.
        pool_overflow: additional connections that are opened under load.
        connect_timeout_seconds: time limit of opening a connection.
        timeout_seconds: time limit of a statement, and of waiting for a free connection if it is shorter than that.
        tls: whether connections are encrypted; `preferred` encrypts if the server supports it.
        tls_ca: file of the certificate authority that must have signed the server's certificate; empty to check
            neither the certificate nor its host name.
    """

    pool_size: int = 16
    pool_overflow: int = 0
    connect_timeout_seconds: int = 5
    timeout_seconds: int = 30
    tls: TlsMode = "preferred"
    tls_ca: str = ""

    @property
    def pool_timeout_seconds(self) -> int:
        """Time limit of waiting for a free connection."""
        return min(self.timeout_seconds, MAX_POOL_TIMEOUT_SECONDS)


DEFAULTS = ConnectionOptions()
