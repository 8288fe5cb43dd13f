"""The accounts of the processes at RabbitMQ: each may do what it needs on the names of the orders, and nothing else.

They are created through the management API. The administrator's account is not given to any process.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from mesh import env
from mesh.broker.management import Management, NotReachableError
from mesh.broker.topology import Topology
from registry.order_messages import ORDER_TOPOLOGY

MANAGEMENT_PORT = 15672
STARTUP_TIMEOUT_SECONDS = 120
"""A new broker accepts no requests before its data folder is initialised."""
POLL_INTERVAL_SECONDS = 0.5


@dataclass(frozen=True)
class Permissions:
    """Regular expressions for the names of exchanges and queues: what to declare, to write to and to read from.

    RabbitMQ allows a binding to an account that may read the exchange and write to the queue, and a queue with a
    dead-letter exchange to one that may read the queue and write to the exchange.
    """

    configure: str
    write: str
    read: str


def publisher_permissions(topology: Topology) -> Permissions:
    """Return what a process needs that declares all names and publishes; it may not read messages from work queues."""
    exchange, queue = re.escape(topology.exchange), re.escape(topology.queue)
    names = f"^({exchange}|{queue})(\\..+)?$"
    return Permissions(names, names, f"^{exchange}(\\..+)?$|^{queue}(\\..+)?\\.retry(\\..+)?$")


def consumer_permissions(topology: Topology) -> Permissions:
    """Return what a process needs that declares all names, consumes, and publishes retries and dead letters."""
    names = publisher_permissions(topology).configure
    return Permissions(names, names, names)


PERMISSIONS: Mapping[str, Permissions] = {
    "orders": publisher_permissions(ORDER_TOPOLOGY),
    "worker": consumer_permissions(ORDER_TOPOLOGY),
}
"""By process."""


@dataclass(frozen=True)
class Account:
    """An account of a process.

    Args:
        process: the process, such as `worker`.
        name: the account's name.
        password: its password.
    """

    process: str
    name: str
    password: str = field(repr=False)


@dataclass(frozen=True)
class Config:
    """Settings of the command: the management API, the virtual host, and the accounts to create."""

    management: Management
    vhost: str
    accounts: tuple[Account, ...]

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Config":
        """Read `RABBIT_MANAGEMENT_URL`, the administrator's `RABBIT_USER` and `RABBIT_PW`, and the passwords to set.

        Raises:
            ConfigError: a setting is missing or invalid, or a password is used twice.
        """
        password = env.text(environ, "RABBIT_PW")
        vhost = env.text(environ, "RABBIT_VHOST", "/")
        accounts = tuple(
            Account(process, account_name(vhost, process), env.text(environ, f"{process.upper()}_RABBIT_PW"))
            for process in PERMISSIONS
        )
        used = {password}
        for account in accounts:
            if account.password in used:
                variable = f"{account.process.upper()}_RABBIT_PW"
                message = f"{variable} must differ from the passwords of all other accounts at the broker."
                raise env.ConfigError(message)
            used.add(account.password)
        default_url = f"http://{env.text(environ, 'RABBIT_HOST', 'localhost')}:{MANAGEMENT_PORT}"
        url = env.text(environ, "RABBIT_MANAGEMENT_URL", default_url)
        if not re.fullmatch(r"https?://[^/?#@]+/?", url):
            raise env.ConfigError("RABBIT_MANAGEMENT_URL must look like http://localhost:15672.")
        return cls(Management(url.rstrip("/"), env.text(environ, "RABBIT_USER", "guest"), password), vhost, accounts)


def account_name(vhost: str, process: str) -> str:
    """Return the name of an account; accounts belong to the broker, not to a virtual host."""
    return f"{vhost.strip('/') or 'bookstore'}_{process}"


def create_accounts(config: Config, sleep: Callable[[float], None] = time.sleep) -> None:
    """Create the accounts, or set the passwords and permissions of accounts that exist; connections stay open.

    Raises:
        ManagementError: the broker cannot be reached in time, or refuses a request.
    """
    _wait_until_reachable(config.management, sleep)
    for account in config.accounts:
        config.management.put_user(account.name, account.password)
        permissions = PERMISSIONS[account.process]
        config.management.put_permissions(
            config.vhost,
            account.name,
            {"configure": permissions.configure, "write": permissions.write, "read": permissions.read},
        )
        for vhost in config.management.vhosts_of(account.name):
            if vhost != config.vhost:
                config.management.delete_permissions(vhost, account.name)


def _wait_until_reachable(management: Management, sleep: Callable[[float], None]) -> None:
    deadline = time.monotonic() + STARTUP_TIMEOUT_SECONDS
    while True:
        try:
            return management.check()
        except NotReachableError:
            if time.monotonic() >= deadline:
                raise
        sleep(POLL_INTERVAL_SECONDS)
