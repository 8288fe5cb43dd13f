"""Ports for tests are free, and no two test runs get the same one."""

import socket
from pathlib import Path

import pytest

from mesh.testing.ports import BLOCK_SIZE, PortPool, free_ports

pytestmark = pytest.mark.integration


def test_ports_are_different_and_can_be_listened_on() -> None:
    """Each of them is free when it is handed out."""
    ports = free_ports(3)
    assert len(set(ports)) == 3
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_two_runs_never_get_the_same_port(tmp_path: Path) -> None:
    """A block that one run holds is skipped by the other."""
    first, second = PortPool(tmp_path), PortPool(tmp_path)
    taken = first.take(BLOCK_SIZE // 2) + second.take(BLOCK_SIZE // 2) + first.take(BLOCK_SIZE)
    assert len(set(taken)) == len(taken)


def test_a_port_in_use_is_skipped(tmp_path: Path) -> None:
    """Another program may listen inside a block."""
    (port,) = PortPool(tmp_path / "first").take(1)
    with socket.create_server(("127.0.0.1", port)):
        assert port not in PortPool(tmp_path / "second").take(BLOCK_SIZE)
