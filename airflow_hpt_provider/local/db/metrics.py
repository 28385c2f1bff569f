"""The values of the training jobs' metrics, over all jobs. The caller owns the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from airflow_hpt_provider.local.db.queries import load

if TYPE_CHECKING:
    import sqlite3

SQL = load("metrics")


class JobMetric(NamedTuple):
    """A metric that a training job has emitted."""

    job_id: int
    job: str
    name: str


def page(
    connection: sqlite3.Connection,
    *,
    limit: int,
    after: tuple[int, str] = (0, ""),
    job: str | None = None,
    name: str | None = None,
    active_since: float = 0.0,
) -> list[JobMetric]:
    """Return metrics in the order of their training jobs' creation, then by name.

    Args:
        connection: of a snapshot.
        limit: maximum number of metrics.
        after: the id of the last metric's training job and the metric's name, of the page before.
        job: the training job's name, to list only its metrics.
        name: the metric's name, to list only metrics of this name.
        active_since: in seconds since the epoch. Metrics without a value since then are left out.
    """
    values = {
        "limit": limit,
        "after_id": after[0],
        "after_name": after[1],
        "job": job,
        "name": name,
        "active_since": active_since,
    }
    return [JobMetric(row["id"], row["job"], row["name"]) for row in connection.execute(SQL["list"], values)]


def values(
    connection: sqlite3.Connection, job: str, name: str, *, since: float, until: float
) -> list[tuple[float, float]]:
    """Return (time, value) of a training job's metric, oldest first, from ``since`` up to but not at ``until``."""
    given = {"job": job, "name": name, "since": since, "until": until}
    return [(row["at"], row["value"]) for row in connection.execute(SQL["values"], given)]
