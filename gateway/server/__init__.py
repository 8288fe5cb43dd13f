"""Serves the gateway: one supervisor that holds the sockets, and a server process for each port."""

from gateway.server.ports import open_ports, serve

__all__ = ["open_ports", "serve"]
