"""`python -m svc_users`: runs the users service."""

import sys
from collections.abc import Callable, Mapping

from bookstore.users.v1 import users_pb2, users_pb2_grpc

from database.engine import Database
from mesh.server import MeshServer, Service, run
from svc_users.config import Config
from svc_users.passwords import Hasher
from svc_users.servicer import UsersServicer
from svc_users.store import SessionStore, UserStore
from svc_users.throttle import Throttle
from svc_users.tokens import Tokens


def service(database: Database, config: Config) -> Service:
    """The service on a database."""
    servicer = UsersServicer(
        UserStore(database),
        SessionStore(database),
        Hasher(config.hashes_at_once),
        Tokens(config.jwt_keys),
        Throttle(database, config.patience),
        config.password_min_length,
    )
    return Service(
        name="users",
        descriptor=users_pb2.DESCRIPTOR.services_by_name["Users"],
        add=lambda server: users_pb2_grpc.add_UsersServicer_to_server(servicer, server),
        probe=database.ping,
    )


def wire(environ: Mapping[str, str]) -> tuple[MeshServer, Callable[[], None]]:
    """The server, and how to close what it holds."""
    config = Config.from_env(environ)
    database = config.database.open()
    return MeshServer(service(database, config), config.mesh_secret, config.address), database.close


if __name__ == "__main__":
    sys.exit(run("users", wire))
