"""The names of the training jobs' directories: one for each job, also for those that have had the same name.

A deleted training job's directory stays, for its log: the next one of that name gets another.
"""

from __future__ import annotations

SEPARATOR = "."
"""No training job's name has one."""


def directory_name(job: str, job_id: int | None = None) -> str:
    """Return a training job's; with its id, one that no other job of that name has."""
    return job if job_id is None else f"{job}{SEPARATOR}{job_id}"


def owner(directory: str) -> tuple[str, int]:
    """The job that a directory is of, and its id among those of that name; 0 where the directory does not say."""
    job, _, job_id = directory.partition(SEPARATOR)
    return job, int(job_id) if job_id.isdecimal() else 0
