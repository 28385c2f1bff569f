"""Tuning jobs in the store. Every function takes a connection: the caller owns the transaction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db.queries import load
from airflow_hpt_provider.local.db.records import TuningJob

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence

SQL = load("tuning_jobs")


def insert(
    connection: sqlite3.Connection, *, name: str, arn: str, request: Mapping[str, Any], seed: int, now: float
) -> int:
    """Insert a new tuning job, InProgress, and return its id.

    Raises:
        sqlite3.IntegrityError: there is one of that name.
    """
    cursor = connection.execute(
        SQL["insert"],
        {
            "name": name,
            "arn": arn,
            "strategy": request["HyperParameterTuningJobConfig"]["Strategy"],
            "request": json.dumps(request),
            "seed": seed,
            "now": now,
        },
    )
    return int(cursor.lastrowid or 0)


def insert_definitions(connection: sqlite3.Connection, job_id: int, definition_ids: Sequence[int]) -> None:
    """Insert the definitions of its training jobs, in the request's order."""
    rows = [
        {"tuning_job_id": job_id, "number": number, "definition_id": definition_id}
        for number, definition_id in enumerate(definition_ids)
    ]
    connection.executemany(SQL["insert_definition"], rows)


def definition_ids(connection: sqlite3.Connection, job_id: int) -> list[int]:
    """Return the ids of its definitions, in the request's order."""
    return [row["definition_id"] for row in connection.execute(SQL["definition_ids"], {"id": job_id})]


def find(connection: sqlite3.Connection, name: str) -> TuningJob | None:
    """Return the tuning job with this name, ignoring case."""
    row = connection.execute(SQL["by_name"], {"name": name}).fetchone()
    return TuningJob.from_row(row) if row else None


def get(connection: sqlite3.Connection, job_id: int) -> TuningJob | None:
    """Return the tuning job with this id; None once it is deleted."""
    row = connection.execute(SQL["by_id"], {"id": job_id}).fetchone()
    return TuningJob.from_row(row) if row else None


def unfinished(connection: sqlite3.Connection) -> list[TuningJob]:
    """All InProgress and Stopping ones, oldest first."""
    return [TuningJob.from_row(row) for row in connection.execute(SQL["unfinished"])]


def count_in_progress(connection: sqlite3.Connection) -> int:
    """Return how many are in progress: those that are stopping no longer count."""
    return int(connection.execute(SQL["count_in_progress"]).fetchone()[0])


def set_ending(connection: sqlite3.Connection, job_id: int, *, ending: str, status: str, now: float) -> None:
    """Launch nothing more, for this reason."""
    connection.execute(SQL["set_ending"], {"id": job_id, "ending": ending, "status": status, "now": now})


def set_ended(
    connection: sqlite3.Connection,
    job_id: int,
    *,
    status: str,
    failure_reason: str | None,
    now: float,
) -> None:
    """Set the final status."""
    values = {"id": job_id, "status": status, "failure_reason": failure_reason, "now": now}
    connection.execute(SQL["set_ended"], values)


def set_progress(
    connection: sqlite3.Connection,
    job_id: int,
    *,
    not_improving: int,
    converged_at: float | None,
) -> None:
    """Set the members of TuningJobCompletionDetails."""
    values = {"id": job_id, "not_improving": not_improving, "converged_at": converged_at}
    connection.execute(SQL["set_progress"], values)


def recount(connection: sqlite3.Connection, job_id: int, now: float) -> None:
    """Update the counters, in the transaction of every change to one of its training jobs."""
    connection.execute(SQL["recount"], {"id": job_id, "now": now})


def delete(connection: sqlite3.Connection, job_id: int) -> None:
    """Remove the entry; its training jobs stay."""
    connection.execute(SQL["delete"], {"id": job_id})
