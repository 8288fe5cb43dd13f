"""How to connect to a database server."""

from dataclasses import dataclass
from typing import Literal

Tls = Literal["off", "preferred", "required"]


@dataclass(frozen=True)
class Options:
    """What a pool of connections needs to know beside the URL; SQLite uses the pool's size alone.

    Args:
        pool_size: connections that are kept open, for reading and for writing each.
        pool_overflow: connections that are opened on top of these in a rush.
        connect_timeout: seconds until a server that does not answer counts as down.
        timeout: seconds that one statement may take; also the time that a caller waits for a free connection.
        tls: whether to encrypt; `preferred` does so when the server can.
        tls_ca: file with the authority that has signed the server's certificate, which is then checked with its name.
    """

    pool_size: int = 16
    pool_overflow: int = 0
    connect_timeout: int = 5
    timeout: int = 30
    tls: Tls = "preferred"
    tls_ca: str = ""
