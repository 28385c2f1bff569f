"""A tuning job as runs of an MLflow experiment: one for the tuning job, below it one for each training job."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.export.tuning_history import TuningHistory, hyperparameters_of

if TYPE_CHECKING:
    from datetime import datetime

    from mlflow import MlflowClient

    from airflow_hpt_provider.hooks.metric_curves import MetricPoint
    from airflow_hpt_provider.models import TrainingJobSummary

TAG = "airflow-hpt.job"
"""The run's tag with the name of the tuning or training job: by it a run is found again."""
PARENT = "mlflow.parentRunId"
STATUSES = {"Completed": "FINISHED", "Failed": "FAILED", "Stopped": "KILLED"}
LONGEST_TEXT = 5000
"""MLflow's limit for the value of a tag."""


def to_mlflow(history: TuningHistory, tracking_uri: str, experiment: str | None = None) -> str:
    """Write a tuning job's training jobs into MLflow, and return the id of the tuning job's run.

    Each training job has its hyperparameters as params and its metrics with their times. Runs that exist are left;
    training jobs that still run are left out: export again later.

    Args:
        history: the tuning job.
        tracking_uri: as for ``mlflow.set_tracking_uri``.
        experiment: the experiment's name, made if it is missing; default: the tuning job's name.

    Raises:
        ImportError: MLflow is not installed (``pip install 'airflow-hpt-provider[mlflow]'``).
    """
    from mlflow import MlflowClient

    client, name = MlflowClient(tracking_uri), experiment or history.description.name
    found = client.get_experiment_by_name(name)
    experiment_id = found.experiment_id if found is not None else client.create_experiment(name)
    description = history.description
    parent = _run_of(client, experiment_id, description.name)
    if parent is None:
        parent = _start(client, experiment_id, description.name, description.creation_time, {})
    for training_job in history.training_jobs:
        if (
            training_job.is_terminal
            and _run_of(client, experiment_id, training_job.training_job_name) is None
        ):
            _write(client, experiment_id, parent, history, training_job)
    if description.is_terminal:
        status = STATUSES.get(str(description.status), "FAILED")
        client.set_terminated(parent, status, _milliseconds(description.hyper_parameter_tuning_end_time))
    return parent


def _run_of(client: MlflowClient, experiment_id: str, job: str) -> str | None:
    found = client.search_runs([experiment_id], f"tags.`{TAG}` = '{job}'", max_results=1)
    return found[0].info.run_id if found else None


def _start(
    client: MlflowClient, experiment_id: str, job: str, start: datetime | None, tags: dict[str, str]
) -> str:
    run = client.create_run(experiment_id, _milliseconds(start), {TAG: job, **tags}, job)
    return str(run.info.run_id)


def _write(
    client: MlflowClient,
    experiment_id: str,
    parent: str,
    history: TuningHistory,
    training_job: TrainingJobSummary,
) -> None:
    from mlflow.entities import Metric, Param, RunTag

    name = training_job.training_job_name
    start = training_job.training_start_time or training_job.creation_time
    end = training_job.training_end_time or start
    facts = {
        f"sagemaker.{key}": str(value)[:LONGEST_TEXT] for key, value in history.facts(training_job).items()
    }
    run = _start(client, experiment_id, name, start, {PARENT: parent})
    metrics: list[Any] = []

    def add(metric: str, points: list[MetricPoint], final: float | None) -> None:
        for step, point in enumerate(points):
            metrics.append(Metric(metric, point.value, _milliseconds(point.time), step))
        if final is not None and math.isfinite(final):
            metrics.append(Metric(metric, final, _milliseconds(end), len(points)))

    objective = history.objective_name(training_job)
    add(objective, history.curve(training_job), training_job.final_metric)
    others = history.final_metrics.get(name, {})
    curves = {key.metric: points for key, points in history.curves.items() if key.training_job == name}
    for metric in sorted((set(others) | set(curves)) - {objective}):
        add(metric, curves.get(metric, []), others.get(metric))
    params = [Param(key, value) for key, value in hyperparameters_of(training_job).items()]
    for first in range(0, len(metrics) or 1, 1000):  # as many as MLflow takes in one call
        client.log_batch(
            run,
            metrics=metrics[first : first + 1000],
            params=params if first == 0 else (),
            tags=[RunTag(key, value) for key, value in facts.items()] if first == 0 else (),
        )
    client.set_terminated(run, STATUSES.get(training_job.training_job_status, "FAILED"), _milliseconds(end))


def _milliseconds(time: datetime | None) -> int | None:
    return None if time is None else round(time.timestamp() * 1000)
