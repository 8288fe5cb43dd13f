"""Ends a process when its parent has ended, even when the parent was killed and could not tell its children."""

import ctypes
import os
import signal
import sys
import threading
import time

POLL_INTERVAL_SECONDS = 0.25
PR_SET_PDEATHSIG = 1
"""From Linux' `prctl.h`: the signal that the kernel sends to this process when its parent ends."""


def end_with_parent(parent_id: int, grace_seconds: float) -> None:
    """Send SIGTERM to this process when its parent has ended, and SIGKILL after the grace period.

    Starts a thread that looks at the id of the parent, which works on every Unix and in every process that was forked.

    Args:
        parent_id: process id of the parent, from before the fork: the parent may have ended since.
        grace_seconds: time that this process gets to end by itself.
    """
    threading.Thread(target=_watch, args=(parent_id, grace_seconds), name="parent", daemon=True).start()


def request_signal_at_parent_end() -> None:
    """Let the kernel send SIGTERM when the parent ends, also to the program that this process becomes by `exec`.

    Only Linux can do this. Elsewhere a program outlives a parent that is killed.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def _watch(parent_id: int, grace_seconds: float) -> None:
    while os.getppid() == parent_id:
        time.sleep(POLL_INTERVAL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(grace_seconds)
    os.kill(os.getpid(), signal.SIGKILL)
