"""Training jobs in the store. Every function takes a connection: the caller owns the transaction."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db.queries import load
from airflow_hpt_provider.local.db.records import MetricRow, NewTrainingJob, TrainingJob, Transition
from airflow_hpt_provider.models.float32 import float32

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Mapping

SQL = load("training_jobs")
OF_TRAINING_PLAN = load("searches")["of_training_plan"]
"""A condition on a training job: its ResourceConfig names the training plan with this ARN."""


def insert_definition(connection: sqlite3.Connection, body: Mapping[str, Any]) -> int:
    """Keep what several training jobs share; its id."""
    return int(connection.execute(SQL["insert_definition"], {"body": json.dumps(body)}).lastrowid or 0)


def definition(connection: sqlite3.Connection, definition_id: int) -> dict[str, Any]:
    """Return a training definition in AWS names."""
    row = connection.execute(SQL["definition"], {"id": definition_id}).fetchone()
    body: dict[str, Any] = json.loads(row["body"])
    return body


def training_plans(connection: sqlite3.Connection, definition_ids: Iterable[int]) -> dict[int, str | None]:
    """Return the ARNs of the training plans that definitions name, by the definitions' ids."""
    return {
        each: connection.execute(SQL["training_plan"], {"id": each}).fetchone()["arn"]
        for each in definition_ids
    }


def insert(connection: sqlite3.Connection, job: NewTrainingJob, now: float) -> int:
    """Insert a new training job, InProgress and Pending, and return its id.

    Raises:
        sqlite3.IntegrityError: there is one of that name.
    """
    values = asdict(job) | {
        "point": json.dumps(dict(job.point or {})),
        "tuned": json.dumps(dict(job.tuned or {})),
        "hyperparameters": json.dumps(dict(job.hyperparameters)),
        "now": now,
    }
    return int(connection.execute(SQL["insert"], values).lastrowid or 0)


def find(connection: sqlite3.Connection, name: str) -> TrainingJob | None:
    """Return the training job with this name, ignoring case."""
    row = connection.execute(SQL["by_name"], {"name": name}).fetchone()
    return TrainingJob.from_row(row) if row else None


def get(connection: sqlite3.Connection, job_id: int) -> TrainingJob | None:
    """Return the training job with this id; None once it is deleted."""
    row = connection.execute(SQL["by_id"], {"id": job_id}).fetchone()
    return TrainingJob.from_row(row) if row else None


def of_tuning_job(connection: sqlite3.Connection, tuning_job_id: int) -> list[TrainingJob]:
    """All that a tuning job launched, in order."""
    rows = connection.execute(SQL["of_tuning_job"], {"tuning_job_id": tuning_job_id})
    return [TrainingJob.from_row(row) for row in rows]


def unfinished(connection: sqlite3.Connection) -> list[TrainingJob]:
    """All InProgress and Stopping ones, oldest first."""
    return [TrainingJob.from_row(row) for row in connection.execute(SQL["unfinished"])]


def pending(connection: sqlite3.Connection, *, limit: int) -> list[TrainingJob]:
    """Those that wait for a slot, oldest first."""
    return [TrainingJob.from_row(row) for row in connection.execute(SQL["pending"], {"limit": limit})]


def active(connection: sqlite3.Connection) -> tuple[int, int]:
    """Return the number of training jobs that hold a slot: all of them, and the standalone ones."""
    row = connection.execute(SQL["active"]).fetchone()
    return row["total"], row["alone"]


def best(connection: sqlite3.Connection, tuning_job_id: int) -> TrainingJob | None:
    """Return the training job with the best final objective so far."""
    row = connection.execute(SQL["best"], {"tuning_job_id": tuning_job_id}).fetchone()
    return TrainingJob.from_row(row) if row else None


def add_transition(
    connection: sqlite3.Connection,
    job_id: int,
    status: str,
    message: str,
    now: float,
    *,
    final: bool = False,
) -> None:
    """Add the next secondary status, and end the one before."""
    connection.execute(SQL["end_transition"], {"id": job_id, "now": now})
    values = {
        "id": job_id,
        "status": status,
        "message": message,
        "now": now,
        "ended_at": now if final else None,
    }
    connection.execute(SQL["insert_transition"], values)
    connection.execute(SQL["set_secondary_status"], {"id": job_id, "status": status, "now": now})


def set_attempt_started(connection: sqlite3.Connection, job_id: int, now: float) -> None:
    """Record the time from which the attempt's run time counts. Later calls for the same attempt change nothing."""
    connection.execute(SQL["set_attempt_started"], {"id": job_id, "now": now})


def directories(connection: sqlite3.Connection) -> set[str]:
    """Return the names of all training jobs' directories."""
    return {row["directory"] for row in connection.execute(SQL["directories"])}


def set_directory(connection: sqlite3.Connection, job_id: int, directory: str) -> None:
    """Set the name of the job's directory: chosen once, before anything is in it."""
    connection.execute(SQL["set_directory"], {"id": job_id, "directory": directory})


def set_definition(connection: sqlite3.Connection, job_id: int, body: Mapping[str, Any], now: float) -> None:
    """Set a separate definition, in place of the one that the job may share."""
    values = {"id": job_id, "definition_id": insert_definition(connection, body), "now": now}
    connection.execute(SQL["set_definition"], values)


def set_stopping(
    connection: sqlite3.Connection, job_id: int, *, status: str, stop_reason: str, now: float
) -> None:
    """Record that the job was asked to stop."""
    values = {"id": job_id, "status": status, "stop_reason": stop_reason, "now": now}
    connection.execute(SQL["set_stopping"], values)


def set_attempt_ended(
    connection: sqlite3.Connection, job_id: int, *, retry: bool, attempt_ended_at: float, now: float
) -> None:
    """Record that the next attempt begins; ``retry`` counts it against RetryStrategy."""
    values = {"id": job_id, "retry": int(retry), "attempt_ended_at": attempt_ended_at, "now": now}
    connection.execute(SQL["set_attempt_ended"], values)


def set_ended(
    connection: sqlite3.Connection,
    job_id: int,
    *,
    status: str,
    now: float,
    objective_status: str,
    failure_reason: str | None = None,
    retryable: bool = False,
    model_artifact: str | None = None,
    objective_value: float | None = None,
    loss: float | None = None,
    ended_at: float | None = None,
) -> None:
    """Set the final status, and the result for the objective; ``ended_at`` is ``now`` unless it is given."""
    values = {
        "id": job_id,
        "status": status,
        "ended_at": now if ended_at is None else ended_at,
        "now": now,
        "failure_reason": failure_reason,
        "retryable": int(retryable),
        "model_artifact": model_artifact,
        "objective_status": objective_status,
        "objective_value": objective_value,
        "loss": loss,
    }
    connection.execute(SQL["set_ended"], values)


def delete(connection: sqlite3.Connection, job_id: int) -> None:
    """Remove it with its metrics and transitions."""
    connection.execute(SQL["delete"], {"id": job_id})


def transitions(connection: sqlite3.Connection, job_id: int) -> list[Transition]:
    """Its secondary statuses so far, in order."""
    return [Transition(**row) for row in map(dict, connection.execute(SQL["transitions"], {"id": job_id}))]


def add_metrics(
    connection: sqlite3.Connection, job_id: int, metrics: Iterable[MetricRow], log_position: int
) -> None:
    """Metrics scraped from its log, up to this position."""
    rows = [{"id": job_id, "name": metric.name, "value": metric.value, "at": metric.at} for metric in metrics]
    connection.executemany(SQL["insert_metric"], rows)
    connection.execute(SQL["set_log_position"], {"id": job_id, "position": log_position})


def delete_metrics(connection: sqlite3.Connection, job_id: int) -> None:
    """Delete them: the job starts over."""
    connection.execute(SQL["delete_metrics"], {"id": job_id})


def final_metrics(connection: sqlite3.Connection, job_id: int) -> list[MetricRow]:
    """Return the last value of each metric, by name."""
    rows = connection.execute(SQL["final_metrics"], {"id": job_id})
    return [MetricRow(row["name"], row["value"], row["at"]) for row in rows]


def final_objective(connection: sqlite3.Connection, job: TrainingJob) -> float | None:
    """Return the last value of the objective metric; None if the job has no objective, or has not emitted it.

    It has single precision, as responses have it: so the best training job, the order of lists, the target and the
    search all compare the values that clients see.
    """
    finals = final_metrics(connection, job.id) if job.objective_metric else ()
    return next((float32(metric.value) for metric in finals if metric.name == job.objective_metric), None)


def curves(connection: sqlite3.Connection, tuning_job_id: int) -> dict[int, list[float]]:
    """Training job id -> every value of the objective metric it emitted, in order."""
    result: dict[int, list[float]] = {}
    for row in connection.execute(SQL["curves"], {"tuning_job_id": tuning_job_id}):
        result.setdefault(row["id"], []).append(row["value"])
    return result
