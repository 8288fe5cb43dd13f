"""`python -m svc_users` runs the users service."""

import sys
from collections.abc import Callable, Mapping

from bookstore.users.v1 import users_pb2, users_pb2_grpc

from database.engine import Database
from mesh.pools import Pools
from mesh.server import MeshServer, Service, run
from svc_users.config import Config
from svc_users.security.passwords import PasswordHasher
from svc_users.security.throttle import LoginThrottle
from svc_users.security.tokens import SessionTokens
from svc_users.servicer import UsersServicer
from svc_users.store.login_failures import LoginFailureStore
from svc_users.store.sessions import SessionStore
from svc_users.store.users import UserStore


def service(database: Database, config: Config, pools: Pools | None = None) -> Service:
    """Return the service on a database."""
    servicer = UsersServicer(
        UserStore(database),
        SessionStore(database),
        PasswordHasher(config.max_parallel_hashes),
        SessionTokens(config.jwt_keys),
        LoginThrottle(LoginFailureStore(database), config.throttle_policy),
        config.min_password_length,
    )
    return Service(
        name="users",
        descriptor=users_pb2.DESCRIPTOR.services_by_name["Users"],
        add=lambda server: users_pb2_grpc.add_UsersServicer_to_server(servicer, server),
        probe=database.check_ready,
        pools=pools or Pools(),
    )


def wire(environ: Mapping[str, str]) -> tuple[MeshServer, Callable[[], None]]:
    """Return the server, and a function that closes its database."""
    config = Config.from_env(environ)
    database = config.database.open()
    pools = Pools.for_connections(config.database.options.pool_size)
    return MeshServer(service(database, config, pools), config.mesh_secret, config.address), database.close


if __name__ == "__main__":
    sys.exit(run("users", wire))
