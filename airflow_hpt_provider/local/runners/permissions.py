"""The service's rights to what a training job has made: it may have taken them away, and only root needs none.

On SageMaker, files that a job locks stay accessible. A service of an ordinary user is in the same place once
it has given itself back what it owns. For the time after a job's processes have ended.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
from pathlib import Path

TO_USE, TO_READ = 0o700, 0o400


def grant(path: Path | str, rights: int = TO_USE) -> None:
    """Grant at least these rights on one of the service's files or directories; a link's target stays unchanged."""
    with contextlib.suppress(OSError):
        mode = os.lstat(path).st_mode
        if not stat.S_ISLNK(mode) and mode & rights != rights:
            Path(path).chmod(stat.S_IMODE(mode) | rights)


def grant_recursively(directory: Path) -> None:
    """Have the rights to read all that is in a directory, and to remove it."""
    if os.geteuid() == 0:
        return
    grant(directory)
    for parent, directories, files in os.walk(directory):  # goes into each only afterwards
        for name in directories:
            grant(f"{parent}/{name}")
        for name in files:
            grant(f"{parent}/{name}", TO_READ)


def remove(directory: Path) -> None:
    """Remove a directory, or what a job has put in its place; what can't be removed stays."""
    shutil.rmtree(directory, ignore_errors=True)
    if not os.path.lexists(directory):
        return
    grant(directory.parent)
    if directory.is_symlink() or not directory.is_dir():
        with contextlib.suppress(OSError):
            directory.unlink()
        return
    grant_recursively(directory)
    shutil.rmtree(directory, ignore_errors=True)
