"""Helpers for tests: real servers in this process, a clock to set, conditions to wait for, expected RPC failures."""

from mesh.testing.clock import Clock
from mesh.testing.rpc import rpc_failure
from mesh.testing.servers import SECRET, channel_as, running
from mesh.testing.waiting import wait_until, wait_until_async

__all__ = ["SECRET", "Clock", "channel_as", "rpc_failure", "running", "wait_until", "wait_until_async"]
