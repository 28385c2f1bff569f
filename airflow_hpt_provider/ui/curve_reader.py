"""Reads the learning curves of a tuning job, once for all users; those of training jobs that have ended only once."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.ui.cache import SharedCache
from airflow_hpt_provider.ui.curves import Curve, Wanted, read_curves
from airflow_hpt_provider.ui.problems import READING_CURVES

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary
    from airflow_hpt_provider.ui.host import PageJob
    from airflow_hpt_provider.ui.jobs import JobReader, JobView

RUNNING_SECONDS, ENDED_SECONDS = 15.0, 300.0
"""How long the curves are served before they are read again."""
LATE_SECONDS = 180.0
"""CloudWatch has a metric's values this much later, at most."""


@dataclass(frozen=True)
class _Known:
    curves: Mapping[str, Curve]
    settled: frozenset[str]


class CurveReader:
    """Learning curves.

    Args:
        reader: reads the tuning jobs.
        client: returns a boto3 client of a service, by a job's connection.
    """

    def __init__(self, reader: JobReader, client: Callable[[PageJob, str], Any]) -> None:
        self._reader, self._client = reader, client
        self._known: SharedCache[_Known] = SharedCache(size=64)

    def of_objective(self, job: PageJob, view: JobView) -> dict[str, Any]:
        """Return the objective's curve of each training job that has one, by columns: see :meth:`of_training_job`.

        Raises:
            Problem: they cannot be read.
        """
        objective = view.description.objective_of()
        if objective is None:
            return {"metric": None, "curves": _columns({})}
        training_jobs = [
            training_job
            for training_job in view.training_jobs.values()
            if training_job.training_start_time is not None
        ]
        wanted = {
            training_job.training_job_name: _wanted(training_job, objective.metric_name)
            for training_job in training_jobs
        }
        ended = view.description.is_terminal
        known = self._read(job, f"{job.name} {objective.metric_name}", wanted, is_ended=ended)
        return {"metric": objective.metric_name, "curves": _columns(known)}

    def of_training_job(
        self, job: PageJob, training_job: TrainingJobSummary, metrics: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the curves of a training job's metrics, by columns: ``name``, ``numbers``, ``seconds``, ``values``.

        Args:
            job: the tuning job.
            training_job: the training job.
            metrics: has the names of its metrics.

        Raises:
            Problem: they cannot be read.
        """
        if training_job.training_start_time is None:
            return {"curves": _columns({})}
        wanted = {name: _wanted(training_job, name) for name in metrics}
        key = f"{training_job.training_job_name} {' '.join(sorted(metrics))}"
        return {"curves": _columns(self._read(job, key, wanted, is_ended=training_job.is_terminal))}

    def _read(
        self, job: PageJob, what: str, wanted: Mapping[str, Wanted], *, is_ended: bool
    ) -> Mapping[str, Curve]:
        def load(known: _Known | None) -> _Known:
            before = known or _Known({}, frozenset())
            missing = {name: one for name, one in wanted.items() if name not in before.settled}
            if not missing:
                return before
            now = time.time()
            found = read_curves(
                self._client(job, "cloudwatch"),
                list(missing.values()),
                now,
                is_aws=self._reader.hook(job.settings).is_aws,
            )
            settled = {name for name, one in missing.items() if one.end < now - LATE_SECONDS}
            return _Known(
                {**before.curves, **dict(zip(missing, found, strict=True))}, before.settled | settled
            )

        seconds = ENDED_SECONDS if is_ended else RUNNING_SECONDS
        return self._reader.guarded(
            job,
            READING_CURVES,
            lambda: self._known.get(f"{what} {job.settings.key}", load, lambda _: seconds),
        ).curves


def _wanted(training_job: TrainingJobSummary, metric: str) -> Wanted:
    assert training_job.training_start_time is not None  # noqa: S101 - the callers have checked
    ended = training_job.training_end_time
    end = ended.timestamp() if ended is not None else time.time() + 60
    return Wanted(training_job.training_job_name, metric, training_job.training_start_time.timestamp(), end)


def _columns(curves: Mapping[str, Curve]) -> dict[str, Any]:
    found = {name: curve for name, curve in curves.items() if curve.values}
    return {
        "name": list(found),
        "numbers": [curve.numbers for curve in found.values()],
        "seconds": [curve.seconds for curve in found.values()],
        "values": [curve.values for curve in found.values()],
    }
