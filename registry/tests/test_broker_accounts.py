"""Each process can do at the broker what it needs, and nothing else."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, replace
from typing import cast

import pytest

from mesh.broker.channel import BrokerChannel
from mesh.broker.connection import connect_to_broker
from mesh.broker.errors import ConnectionLostError
from mesh.broker.management import Management, ManagementError
from mesh.broker.messages import Message
from mesh.broker.settings import Settings, broker_settings
from mesh.broker.topology import Topology
from mesh.env import ConfigError
from registry.__main__ import main
from registry.broker_accounts import PERMISSIONS, Config, account_name
from registry.order_messages import ORDER_TOPOLOGY
from tests.servers.rabbitmq import USER, Broker

TIMEOUT_SECONDS = 20
PASSWORDS = {"RABBIT_PW": "admin", "ORDERS_RABBIT_PW": "pass'word of orders", "WORKER_RABBIT_PW": "of worker"}
Claim = Callable[[BrokerChannel], Awaitable[object]]


def settings_of(rabbit: Broker, vhost: str) -> dict[str, str]:
    """Return the settings of the command for a virtual host of a real broker."""
    return {
        **PASSWORDS,
        "RABBIT_MANAGEMENT_URL": f"http://127.0.0.1:{rabbit.management}",
        "RABBIT_USER": USER,
        "RABBIT_PW": rabbit.password,
        "RABBIT_VHOST": vhost,
    }


@pytest.fixture
def accounts(rabbit: Broker, vhost: str, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, Settings]:
    """The broker's settings of each process, with an account that the command has created."""
    for name, value in settings_of(rabbit, vhost).items():
        monkeypatch.setenv(name, value)
    assert main(["broker-accounts"]) == 0
    return {
        process: cast(
            "Settings",
            broker_settings(
                {
                    "RABBIT_HOST": "127.0.0.1",
                    "RABBIT_PORT": str(rabbit.port),
                    "RABBIT_VHOST": vhost,
                    "RABBIT_USER": account_name(vhost, process),
                    "RABBIT_PW": PASSWORDS[f"{process.upper()}_RABBIT_PW"],
                }
            ),
        )
        for process in PERMISSIONS
    }


def on_channel(broker: Settings, claim: Claim) -> None:
    """Run a claim on a channel."""

    async def run() -> None:
        async with asyncio.timeout(TIMEOUT_SECONDS), connect_to_broker(broker) as channel:
            await claim(channel)

    asyncio.run(run())


async def declare_and_publish(channel: BrokerChannel) -> None:
    """Do what both processes do."""
    await channel.declare(ORDER_TOPOLOGY)
    await channel.publish(ORDER_TOPOLOGY.exchange, ORDER_TOPOLOGY.routing_key, Message(b"{}"))


@pytest.mark.integration
@pytest.mark.parametrize("process", PERMISSIONS)
def test_each_process_declares_all_names_and_publishes(accounts: Mapping[str, Settings], process: str) -> None:
    """Whichever starts first creates the queues; a second declaration changes nothing."""
    for _ in range(2):
        on_channel(accounts[process], declare_and_publish)


@pytest.mark.integration
def test_the_worker_consumes_every_queue(accounts: Mapping[str, Settings]) -> None:
    """It also reads the dead letters, which an operator sends back with its account."""

    async def claim(channel: BrokerChannel) -> None:
        await channel.declare(ORDER_TOPOLOGY)
        await channel.publish(ORDER_TOPOLOGY.retry_exchange, ORDER_TOPOLOGY.first.retry_key(0), Message(b"{}"))
        for queue in (*(each.name for each in ORDER_TOPOLOGY.work_queues), ORDER_TOPOLOGY.dead_queue):
            await channel.consume(queue, 1, lambda _: None)

    on_channel(accounts["worker"], claim)


def _consume(queue: str) -> Claim:
    return lambda channel: channel.consume(queue, 1, lambda _: None)


def _declare(topology: Topology) -> Claim:
    return lambda channel: channel.declare(topology)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("process", "claim"),
    [
        *(("orders", _consume(each.name)) for each in ORDER_TOPOLOGY.work_queues),
        ("orders", _consume(ORDER_TOPOLOGY.dead_queue)),
        *((process, _declare(replace(ORDER_TOPOLOGY, queue="orderx"))) for process in PERMISSIONS),
        *((process, _declare(replace(ORDER_TOPOLOGY, exchange="other"))) for process in PERMISSIONS),
        *((process, lambda channel: channel.publish("amq.direct", "x", Message(b"{}"))) for process in PERMISSIONS),
        *((process, lambda channel: channel.publish("", "order_queue", Message(b"{}"))) for process in PERMISSIONS),
    ],
)
def test_the_broker_refuses_everything_else(accounts: Mapping[str, Settings], process: str, claim: Claim) -> None:
    """The orders service cannot read orders of others back, and no process can use other names."""
    on_channel(accounts[process], lambda channel: channel.declare(ORDER_TOPOLOGY))
    with pytest.raises(ConnectionLostError, match=r"ACCESS_REFUSED|access to|may not"):
        on_channel(accounts[process], claim)


@pytest.mark.integration
def test_no_process_is_an_administrator(accounts: Mapping[str, Settings], rabbit: Broker, vhost: str) -> None:
    """The management API refuses their accounts, and they can use no other virtual host."""
    for process in PERMISSIONS:
        name, password = account_name(vhost, process), PASSWORDS[f"{process.upper()}_RABBIT_PW"]
        with pytest.raises(ManagementError, match="does not accept"):
            Management(f"http://127.0.0.1:{rabbit.management}", name, password).check()
        assert [each["vhost"] for each in rabbit.manage("GET", f"users/{name}/permissions")] == [vhost]


@pytest.mark.integration
def test_running_the_command_again_corrects_what_differs(
    accounts: Mapping[str, Settings], rabbit: Broker, vhost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Added permissions and tags end, and a new password is set."""
    name = account_name(vhost, "worker")
    everything = {"configure": ".*", "write": ".*", "read": ".*"}
    with rabbit.vhost() as other:
        rabbit.manage("PUT", f"users/{name}", {"password": "old", "tags": "administrator"})
        for each in (vhost, other):
            rabbit.manage("PUT", f"permissions/{each}/{name}", everything)
        assert main(["broker-accounts"]) == 0
        assert [each["vhost"] for each in rabbit.manage("GET", f"users/{name}/permissions")] == [vhost]
    assert not rabbit.manage("GET", f"users/{name}")["tags"]
    permissions = rabbit.manage("GET", f"permissions/{vhost}/{name}")
    assert {key: permissions[key] for key in everything} == asdict(PERMISSIONS["worker"])
    on_channel(accounts["worker"], declare_and_publish)
    monkeypatch.setenv("RABBIT_PW", "wrong")
    assert main(["broker-accounts"]) == 1


@pytest.mark.unit
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"WORKER_RABBIT_PW": ""}, "WORKER_RABBIT_PW is not set."),
        ({"RABBIT_PW": ""}, "RABBIT_PW is not set."),
        (
            {"ORDERS_RABBIT_PW": "admin"},
            "ORDERS_RABBIT_PW must differ from the passwords of all other accounts at the broker.",
        ),
        (
            {"RABBIT_MANAGEMENT_URL": "http://user:pw@host/"},
            "RABBIT_MANAGEMENT_URL must look like http://localhost:15672.",
        ),
    ],
)
def test_each_account_needs_a_password_of_its_own(changes: dict[str, str], sentence: str) -> None:
    """Otherwise one process could use the account of another one, or the administrator's."""
    with pytest.raises(ConfigError) as error:
        Config.from_env({**PASSWORDS, **changes})
    assert str(error.value) == sentence


@pytest.mark.unit
def test_settings_are_not_shown() -> None:
    """A log of the configuration contains no password."""
    config = Config.from_env(PASSWORDS)
    assert not [password for password in PASSWORDS.values() if password in repr(config)]
    assert [account.name for account in config.accounts] == ["bookstore_orders", "bookstore_worker"]
    assert config.management.url == "http://localhost:15672"
