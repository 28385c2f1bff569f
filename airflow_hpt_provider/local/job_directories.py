"""The names of the training jobs' directories: one for each job, also for those that have had the same name.

A deleted training job's directory stays, for its log: the next one of that name gets another.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

SEPARATOR = "."
"""No training job's name has one."""
_DELETED = "deleted"
"""The file in a directory whose training job was deleted."""


def directory_name(job: str, job_id: int | None = None) -> str:
    """Return the directory of a training job; with the job's id, one that no other job of that name has."""
    return job if job_id is None else f"{job}{SEPARATOR}{job_id}"


def owner(directory: str) -> tuple[str, int]:
    """Return the name of a directory's job, and its id; 0 if the directory's name has no id."""
    job, _, job_id = directory.partition(SEPARATOR)
    return job, int(job_id) if job_id.isdecimal() else 0


def mark_deleted(directory: Path) -> None:
    """Note in a training job's directory that the job was deleted, so that nothing is missing from the store."""
    with contextlib.suppress(OSError):
        (directory / _DELETED).touch()


def unknown(parent: Path, known: AbstractSet[str]) -> list[str]:
    """Return the names of directories of training jobs that are neither known nor deleted."""
    if not parent.is_dir():
        return []
    return sorted(
        entry.name
        for entry in parent.iterdir()
        if entry.name not in known and entry.is_dir() and not (entry / _DELETED).exists()
    )
