"""What of this machine every sandboxed training job sees, read-only: the system and the Python environment.

Everything else is absent: home directories, ``/tmp``, ``/var``, ``/run``, ``/srv``, ``/mnt``, the service's data
directory and Airflow's home. `docs/security.md` lists it.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from airflow_hpt_provider.local.runners.sandbox.mounts import Mounts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LOGGER = logging.getLogger(__name__)
SYSTEM = (
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/etc",
    "/sys",
    "/nix/store",
    "/gnu/store",
)
DEVICES = ("nvidia*", "nvidia-caps", "dri", "kfd")
"""Names of GPU devices below ``/dev``."""
READ_ALL = stat.S_IROTH
ENTER_ALL = stat.S_IROTH | stat.S_IXOTH


def visible(*, readable: Iterable[Path] = (), hidden: Iterable[Path] = ()) -> Mounts:
    """Return the mounts that all training jobs have in common.

    Args:
        readable: further directories that jobs may read.
        hidden: what no job may see, wherever it lies.
    """
    mounts = Mounts()
    for name in SYSTEM:
        path = Path(name)
        if path.is_symlink():
            mounts.link(os.readlink(path), path)  # noqa: PTH115 - the text of the link
        elif path.exists():
            mounts.read_only(path)
    mounts.special("--proc", "/proc")
    mounts.special("--dev", "/dev")
    for pattern in DEVICES:
        for device in sorted(Path("/dev").glob(pattern)):
            mounts.device(device)
    for path in (*python_environment(), *readable):
        show(mounts, path)
    resolver = Path("/etc/resolv.conf")
    if resolver.is_symlink() and resolver.exists():
        mounts.read_only(resolver.resolve())
    for path in (*private_settings(Path("/etc")), *hidden):
        mounts.hide(path)
        mounts.hide(path.resolve())
    return mounts


def show(mounts: Mounts, path: Path) -> None:
    """Show a file or directory at the path where it is known, and where its links lead."""
    for each in (path, path.resolve()):
        if too_much(each):
            LOGGER.warning("%s is not shown to training jobs in sandboxes: it holds a home directory", each)
        elif each.exists() and not mounts.shows(each):
            mounts.read_only(each)


def too_much(path: Path) -> bool:
    """Return whether a directory is the user's home directory, or contains it."""
    home = Path.home()
    return path == home or path in home.parents or path == Path("/tmp")  # noqa: S108


def python_environment(executable: str = sys.executable) -> list[Path]:
    """Return the directories that the interpreter needs: its own, and those where it looks for modules."""
    code = (
        "import json, sys; print(json.dumps([sys.prefix, sys.base_prefix, sys.exec_prefix, *sys.path[1:]]))"
    )
    found = subprocess.run(
        [executable, "-c", code], env={}, cwd="/", capture_output=True, text=True, check=True, timeout=60
    )
    paths: list[Path] = []
    for path in (*map(Path, json.loads(found.stdout)), *_links(Path(executable))):
        if path.exists() and not any(path.is_relative_to(other) for other in paths):
            paths.append(path)
    return paths


def _links(executable: Path) -> Sequence[Path]:
    """Return the paths that an interpreter's name leads to, link by link."""
    hops = [executable]
    while hops[-1].is_symlink() and len(hops) < 40:  # as many as Linux follows
        hops.append(hops[-1].parent / os.readlink(hops[-1]))  # noqa: PTH115
    return hops


def private_settings(directory: Path) -> list[Path]:
    """Return the files in a directory of settings that only their owner may read, even if the service can (as root)."""
    private: list[Path] = []
    try:
        entries = sorted(directory.iterdir())
    except OSError:
        return []
    for entry in entries:
        if entry.is_symlink():
            continue
        mode = entry.stat().st_mode
        if stat.S_ISDIR(mode):
            private += [entry] if mode & ENTER_ALL != ENTER_ALL else private_settings(entry)
        elif not mode & READ_ALL:
            private.append(entry)
    return private
