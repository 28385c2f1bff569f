"""A full disk: how it is recognised, what a user can do, and space kept back for that."""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import shutil
import sqlite3
import threading
from pathlib import Path

log = logging.getLogger(__name__)

RESERVE_BYTES = 8 << 20
"""Kept back for the start of the service and for deleting objects when the disk is full."""
_NONE_LEFT = 1 << 16
"""Free bytes below which a disk is taken for full where an error does not say why."""


def is_full(error: BaseException, path: Path) -> bool:
    """Return whether an error of a write below a path comes from a full disk, or from a quota that is used up."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    if isinstance(error, sqlite3.OperationalError):
        if "disk is full" in str(error):
            return True
        # SQLite says no more than "disk I/O error" of some files
        return "disk I/O" in str(error) and has_none_left(path)
    return False


def has_none_left(path: Path) -> bool:
    """Return whether the disk of a path is full now; False if that cannot be known."""
    with contextlib.suppress(OSError):
        return shutil.disk_usage(path).free < _NONE_LEFT
    return False


def what_to_do(directory: Path) -> str:
    """Return the remedy for a full disk of a data directory."""
    return (
        f"The disk of {directory} is full: free space on it, for example by deleting objects (aws s3 rm) or the "
        f"directories of old training jobs below {directory}"
    )


class DiskReserve:
    """A file that takes space as long as there is enough, and gives it back when there is none; thread-safe."""

    def __init__(self, path: Path, size: int = RESERVE_BYTES) -> None:
        self._path = path
        self._size = size
        self._lock = threading.Lock()

    def fill(self) -> bool:
        """Take the space, or as much as a half, a quarter or an eighth; return whether all could be had."""
        with self._lock:
            taken = next((size for n in range(4) if self._take(size := self._size >> n)), 0)
            return taken == self._size

    def _take(self, size: int) -> bool:
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, size)
            finally:
                os.close(descriptor)
        except OSError:
            self._path.unlink(missing_ok=True)
            return False
        return True

    def release(self) -> bool:
        """Give the space back; return whether there was any."""
        with self._lock:
            try:
                self._path.unlink()
            except OSError:
                return False
            return True
