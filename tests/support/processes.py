"""Whether processes still run. One that was killed may linger a moment, and longer where no process reaps it."""

from __future__ import annotations

import contextlib
import os

import psutil


def is_running(pid: int) -> bool:
    """Whether a process does; one that only waits to be reaped does not."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_group_running(group: int) -> bool:
    """Whether any process of a process group does."""
    for pid in psutil.pids():
        with contextlib.suppress(ProcessLookupError):
            if os.getpgid(pid) == group and is_running(pid):
                return True
    return False
