"""Reads single training jobs of a tuning job, their logs, and stops them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.models.status import TERMINAL_TRAINING_STATUSES
from airflow_hpt_provider.ui.cache import SharedCache
from airflow_hpt_provider.ui.curve_reader import CurveReader
from airflow_hpt_provider.ui.problems import (
    READING_LOG,
    READING_TRAINING,
    STOPPING_TRAINING,
    no_training_job,
)
from airflow_hpt_provider.ui.training_job import training_job
from airflow_hpt_provider.ui.training_log import read_page, read_streams

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TrainingJobSummary
    from airflow_hpt_provider.ui.host import PageJob
    from airflow_hpt_provider.ui.jobs import JobReader, JobView

RUNNING_SECONDS, ENDED_SECONDS = 4.0, 60.0
"""How long a running training job and one that has ended are served before they are read again."""
LOG_SECONDS, STREAMS_SECONDS = 2.0, 10.0


class TrainingJobReader:
    """Training jobs that a tuning job's list names; others cannot be read or stopped.

    Args:
        reader: reads the tuning jobs.

    Attributes:
        curves: reads their learning curves.
    """

    def __init__(self, reader: JobReader) -> None:
        self._reader = reader
        self.curves = CurveReader(reader, self.client)
        self._details: SharedCache[dict[str, Any]] = SharedCache(size=256)
        self._clients: SharedCache[Any] = SharedCache(size=64)
        self._streams: SharedCache[list[str]] = SharedCache(size=256)
        self._logs: SharedCache[dict[str, Any]] = SharedCache(size=64)

    @needs("sagemaker:DescribeTrainingJob")
    def detail(self, job: PageJob, view: JobView, name: str) -> dict[str, Any]:
        """Return a training job as :func:`airflow_hpt_provider.ui.training_job.training_job` makes it.

        Raises:
            Problem: it is none of the tuning job's, or cannot be read.
        """
        summary = summary_of(view, name)

        def load(_: Any) -> dict[str, Any]:
            hook = self._reader.hook(job.settings)
            answer = hook.describe_training_job(name)
            return training_job(answer, summary, is_aws=hook.is_aws, secrets=view.secrets)

        def fresh_for(found: dict[str, Any]) -> float:
            return ENDED_SECONDS if found["status"] in TERMINAL_TRAINING_STATUSES else RUNNING_SECONDS

        key = self._key(job, name)
        return self._reader.guarded(job, READING_TRAINING, lambda: self._details.get(key, load, fresh_for))

    def log(
        self, job: PageJob, view: JobView, name: str, stream: str | None, token: str | None
    ) -> dict[str, Any]:
        """Return a page of a training job's log; see :func:`airflow_hpt_provider.ui.training_log.read_page`.

        Raises:
            Problem: it is none of the tuning job's, or its log cannot be read.
        """
        summary_of(view, name)
        key = self._key(job, name)

        def load(_: Any) -> dict[str, Any]:
            client = self.client(job, "logs")
            streams = self._streams.get(
                key, lambda _: read_streams(client, name), lambda found: STREAMS_SECONDS if found else 1.0
            )
            return read_page(client, streams, stream, token, view.secrets)

        return self._reader.guarded(
            job,
            READING_LOG,
            lambda: self._logs.get(f"{stream} {token} {key}", load, lambda _: LOG_SECONDS),
        )

    def all_curves(self, job: PageJob, view: JobView, name: str) -> dict[str, Any]:
        """Return the learning curve of each metric of a training job, by columns; see :class:`CurveReader`.

        Raises:
            Problem: it is none of the tuning job's, or cannot be read.
        """
        summary, metrics = summary_of(view, name), self.detail(job, view, name)["curve_metrics"]
        return self.curves.of_training_job(job, summary, dict.fromkeys(metrics))

    def stop(self, job: PageJob, view: JobView, name: str) -> bool:
        """Stop a training job; return whether it was running.

        Raises:
            Problem: it is none of the tuning job's, or could not be stopped.
        """
        summary_of(view, name)
        stopped = self._reader.guarded(job, STOPPING_TRAINING, lambda: self._stop(job, name))
        self._details.expire(self._key(job, name))
        self._reader.expire(job)
        return stopped

    @needs("sagemaker:DescribeTrainingJob", "sagemaker:StopTrainingJob")
    def _stop(self, job: PageJob, name: str) -> bool:
        hook = self._reader.hook(job.settings)

        def running() -> bool:
            return str(hook.describe_training_job(name)["TrainingJobStatus"]) == "InProgress"

        if not running():
            return False
        try:
            hook.call("stop_training_job", TrainingJobName=name)
        except ClientError:
            if running():
                raise
            return False  # it has ended in between
        return True

    def client(self, job: PageJob, service: str) -> Any:
        """Return a boto3 client of a service, by a job's connection."""
        key = f"{service} {job.settings.key}"
        return self._clients.get(
            key, lambda _: self._reader.hook(job.settings).client(service), lambda _: 300.0
        )

    @staticmethod
    def _key(job: PageJob, name: str) -> str:
        return f"{name} {job.settings.key}"


def summary_of(view: JobView, name: str) -> TrainingJobSummary:
    """Return a training job of a tuning job.

    Raises:
        Problem: it has none of this name.
    """
    if name not in view.training_jobs:
        raise no_training_job(name, view.description.name)
    return view.training_jobs[name]
