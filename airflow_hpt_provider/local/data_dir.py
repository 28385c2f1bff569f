"""The service's data directory: private, and one service's at a time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from typing import TYPE_CHECKING, Self

from airflow_hpt_provider.local.errors import StartError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class DataDirectory:
    """Makes the directory (mode 700) and holds its lock while entered.

    The kernel lets go of the lock however the process ends, so ``kill -9`` leaves nothing to clean up.

    Raises:
        StartError: another service runs on it, it is not the user's own, or it cannot be written.
    """

    def __init__(self, path: Path, lock_file: Path) -> None:
        self._path = path
        self._lock_file = lock_file
        self._descriptor: int | None = None

    def __enter__(self) -> Self:
        try:
            self._path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._check_ownership()
            self._path.chmod(0o700)
            descriptor = os.open(self._lock_file, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StartError(
                f"The data directory {self._path} cannot be used ({error.strerror}): choose another with --data-dir."
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            pid = os.read(descriptor, 20).decode("ascii", "replace").strip()
            os.close(descriptor)
            raise StartError(
                f"Another local tuning service{f' (process {pid})' if pid else ''} runs on {self._path}: stop it, or "
                "choose another directory with --data-dir."
            ) from error
        os.ftruncate(descriptor, 0)
        self._descriptor = descriptor
        with contextlib.suppress(OSError):  # a full disk: the caller may free space, and note it again
            self.note_process()
        return self

    def note_process(self) -> None:
        """Write this process's id into the lock file, for messages about the lock. Raises OSError."""
        if self._descriptor is not None:
            os.pwrite(self._descriptor, f"{os.getpid()}\n".encode(), 0)

    def _check_ownership(self) -> None:
        """Never take a directory such as /tmp away from others."""
        status = self._path.stat()
        if status.st_uid != os.geteuid() or status.st_mode & stat.S_ISVTX:
            raise StartError(
                f"The data directory {self._path} is shared or another user's; it would be made private: choose a "
                "directory of your own with --data-dir."
            )

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.close(self._descriptor)
            self._descriptor = None
