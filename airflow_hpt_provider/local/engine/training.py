"""A training job's life: launched, followed, stopped, tried again, ended.

The status of a training job changes here and nowhere else::

    InProgress: Pending -> Starting -> Downloading -> Training -> Uploading -> Completed | Failed
                                ^---- Interrupted, or another attempt ----'
    Stopping -> Stopped, MaxRuntimeExceeded or MaxWaitTimeExceeded
"""

from __future__ import annotations

import logging
import math
import os
import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db import tags, training_jobs
from airflow_hpt_provider.local.db.records import RUNNING, MetricRow, TrainingJob
from airflow_hpt_provider.local.engine import limits
from airflow_hpt_provider.local.engine.changes import TrainingJobChange
from airflow_hpt_provider.local.engine.plan import training_definition
from airflow_hpt_provider.local.engine.stop_reasons import StopReason, final_status
from airflow_hpt_provider.local.job_directories import directory_name, mark_deleted, unknown
from airflow_hpt_provider.local.runners.contract import (
    AttemptListener,
    AttemptResult,
    Metric,
    Runner,
    RunningJob,
    TrainingSpec,
)
from airflow_hpt_provider.local.strategies.contract import Objective

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from airflow_hpt_provider.local.engine.changes import OnTrainingChange
    from airflow_hpt_provider.local.engine.loop import Loop, Transaction

LOGGER = logging.getLogger(__name__)
_SHOWN = 5
"""Names that a warning about many lists."""
GRACE_PERIOD = 120.0
"""Seconds between SIGTERM and SIGKILL."""


class TrainingJobs:
    """Follows every training job that has not ended.

    Args:
        loop: runs their transactions.
        directory: gets a directory for each training job.
        spot_interruptions: mean number of interruptions per minute of training of a managed spot job.
        grace_period: seconds between SIGTERM and SIGKILL.
        on_metrics: called with new metrics of a training job that a tuning job launched, in the transaction that writes
            them; with none when it starts over, and its metrics are deleted.
        on_stop: called when such a training job has been asked to stop, likewise.
        on_end: called when one has ended, likewise.
        on_change: called with a training job that has entered a secondary status, and that is on disk.
    """

    def __init__(
        self,
        loop: Loop,
        runner: Runner,
        directory: Path,
        *,
        on_metrics: Callable[[Transaction, TrainingJob, Sequence[Metric]], None],
        on_stop: Callable[[Transaction, TrainingJob], None],
        on_end: Callable[[Transaction, TrainingJob], None],
        spot_interruptions: float = 0.0,
        grace_period: float = GRACE_PERIOD,
        on_change: OnTrainingChange | None = None,
    ) -> None:
        self._on_change = on_change
        self._loop = loop
        self._runner = runner
        self._directory = directory
        self._spot_interruptions = spot_interruptions
        self._grace_period = grace_period
        self._on_metrics = on_metrics
        self._on_stop = on_stop
        self._on_end = on_end
        self._running: dict[int, RunningJob] = {}
        self._taken_up: set[int] = set()
        self._chance = random.Random()  # noqa: S311 - when a spot instance is taken away
        self._bodies: dict[int, Mapping[str, Any]] = {}

    # Beginning

    def wait(self, transaction: Transaction, job: TrainingJob) -> None:
        """Keep a job Pending until it gets a slot; MaxWaitTimeInSeconds counts in the meantime."""
        transaction.on_commit(partial(self._set_wait_timer, job, self.definition(transaction, job)))

    def launch(self, transaction: Transaction, job_id: int) -> None:
        """Start a job that is Pending, or its next attempt."""
        job = self._get(transaction, job_id)
        if job.directory is None:
            training_jobs.set_directory(transaction.connection, job.id, self._new_directory(job))
        now = limits.change_time(transaction.now, job)
        self._enter(transaction, job.id, "Starting", "Starting the training job", now)
        self._begin(transaction, self._get(transaction, job.id), resume=False)

    def mark_deleted(self, transaction: Transaction, job: TrainingJob) -> None:
        """Note in the directory of a job, which stays for its log, that the job was deleted."""
        if job.directory is not None:
            transaction.on_commit(partial(mark_deleted, self._directory / job.directory))

    def warn_of_unknown(self, connection: sqlite3.Connection) -> None:
        """Log a warning about directories of training jobs that the store does not know: it may have lost changes."""
        names = unknown(self._directory, training_jobs.directories(connection))
        if names:
            shown = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
            LOGGER.warning(
                "%d directories in %s belong to training jobs that the store does not know (%s). The store has lost "
                "its newest changes, for example because the file that ends in -wal was deleted or not copied. "
                "Restore store files and directories from the same copy; or delete the directories named here.",
                len(names),
                self._directory,
                shown,
            )

    def _new_directory(self, job: TrainingJob) -> str:
        """Return the directory's name: the job's, with its id if a deleted job of the same name has left its logs."""
        return directory_name(job.name, job.id if os.path.lexists(self._directory / job.name) else None)

    def resume(self, transaction: Transaction, job: TrainingJob) -> None:
        """Take up a job that an earlier process of the service had under way.

        Whether it ran on all the time, or ended long ago and in time, only the runner knows: its run time is
        limited again once the runner says that it runs.
        """
        self._taken_up.add(job.id)
        self._begin(transaction, job, resume=True)
        if job.status == "Stopping" or job.stop_reason:
            transaction.on_commit(partial(self._signal_stop, job.id, job.attempt))

    def _begin(self, transaction: Transaction, job: TrainingJob, *, resume: bool) -> None:
        definition = training_definition(
            self.definition(transaction, job), job.name, tuned=bool(job.tuning_job_arn)
        )
        spec = TrainingSpec(
            name=job.name,
            arn=job.arn,
            definition=definition,
            hyperparameters=job.hyperparameters,
            directory=self._directory / (job.directory or job.name),
            attempt=job.attempt,
            log_position=job.log_position,
        )
        listener = AttemptListener(
            on_status=lambda *report: self._loop.post(
                partial(self._status, job.id, job.attempt, *report), urgent=False
            ),
            on_metrics=lambda *report: self._loop.post(
                partial(self._metrics, job.id, job.attempt, *report), urgent=False
            ),
            on_end=lambda ended: self._loop.post(partial(self._end, job.id, job.attempt, ended)),
        )

        def begin() -> None:
            start = self._runner.resume if resume else self._runner.start
            self._running[job.id] = start(spec, listener)
            self._set_wait_timer(job, definition)

        transaction.on_commit(begin)

    def _set_wait_timer(self, job: TrainingJob, definition: Mapping[str, Any]) -> None:
        deadline = limits.wait_deadline(definition, job)
        if deadline is not None:
            self._loop.at(deadline, partial(self._deadline, job.id, None, StopReason.WAIT))

    def _set_attempt_timers(self, job: TrainingJob, definition: Mapping[str, Any], started_at: float) -> None:
        self._taken_up.discard(job.id)
        deadline = limits.runtime_deadline(definition, job, started_at)
        self._loop.at(deadline, partial(self._deadline, job.id, job.attempt, StopReason.RUNTIME))
        if limits.is_spot(definition) and self._spot_interruptions > 0:
            when = max(started_at, time.time()) + self._chance.expovariate(self._spot_interruptions / 60)
            self._loop.at(when, partial(self._interrupt, job.id, job.attempt))

    # What the runner reports

    def _status(
        self, job_id: int, attempt: int, status: str, message: str, at: float, transaction: Transaction
    ) -> None:
        job = _current(transaction, job_id, attempt)
        if job is None:
            return
        at = limits.change_time(at, job)  # reported by another thread, perhaps before the last change
        if job.attempt_started_at is None:
            training_jobs.set_attempt_started(transaction.connection, job.id, at)
        if job.attempt_started_at is None or job.id in self._taken_up:
            started_at = job.attempt_started_at or at
            transaction.on_commit(
                partial(self._set_attempt_timers, job, self.definition(transaction, job), started_at)
            )
        if status == job.secondary_status:
            return  # an attempt that was taken up again says so once more
        if job.stop_reason is None or (job.status == "Stopping" and status == "Uploading"):
            self._enter(transaction, job.id, status, message, at)

    def _metrics(
        self, job_id: int, attempt: int, metrics: Sequence[Metric], position: int, transaction: Transaction
    ) -> None:
        job = _current(transaction, job_id, attempt)
        if job is None or position <= job.log_position:
            return
        rows = [
            MetricRow(metric.name, metric.value, metric.at)
            for metric in metrics
            if math.isfinite(metric.value)
        ]
        training_jobs.add_metrics(transaction.connection, job.id, rows, position)
        if job.tuning_job_id is not None:
            self._on_metrics(transaction, job, metrics)

    def _end(self, job_id: int, attempt: int, ended: AttemptResult, transaction: Transaction) -> None:
        job = _current(transaction, job_id, attempt)
        if job is None:
            return
        transaction.on_commit(partial(self._running.pop, job.id, None))
        transaction.on_commit(partial(self._taken_up.discard, job.id))
        if job.status == "Stopping":
            secondary, message = final_status(StopReason(job.stop_reason or StopReason.REQUEST))
            self._finish(transaction, job, "Stopped", secondary, message, ended)
        elif ended.lost or job.stop_reason == StopReason.INTERRUPTION:
            self._try_again(transaction, job, retry=False, counts=not ended.lost)
        elif ended.internal and job.retries < limits.retries(self.definition(transaction, job)):
            self._try_again(transaction, job, retry=True)
        elif ended.failure_reason is not None:
            self._finish(transaction, job, "Failed", "Failed", "Training job failed", ended)
        else:
            message = "Training job completed"
            self._finish(transaction, job, "Completed", "Completed", message, ended)

    def _try_again(
        self, transaction: Transaction, job: TrainingJob, *, retry: bool, counts: bool = True
    ) -> None:
        """Begin the next attempt under the same name. Without checkpoints it starts over, and so do its metrics.

        ``counts``: whether the time of this one counts towards MaxRuntimeInSeconds, and is billed. That of one
        which was lost with the service does not: most of it may be the time that the service was down.
        """
        if not self.definition(transaction, job).get("CheckpointConfig"):
            training_jobs.delete_metrics(transaction.connection, job.id)
            if job.tuning_job_id is not None:
                self._on_metrics(transaction, job, ())
        now = limits.change_time(transaction.now, job)
        ended_at = now if counts else job.attempt_started_at or now
        training_jobs.set_attempt_ended(
            transaction.connection, job.id, retry=retry, attempt_ended_at=ended_at, now=now
        )
        self.launch(transaction, job.id)
        LOGGER.info("training job %s: attempt %d", job.name, job.attempt + 1)

    # Stopping

    def stop(self, transaction: Transaction, job: TrainingJob, reason: StopReason) -> None:
        """Stop a job that is InProgress; of any other, nothing changes."""
        if job.status != "InProgress":
            return
        now = limits.change_time(transaction.now, job)
        training_jobs.set_stopping(
            transaction.connection, job.id, status="Stopping", stop_reason=reason, now=now
        )
        self._enter(transaction, job.id, "Stopping", "Stopping the training job", now)
        if job.tuning_job_id is not None:
            self._on_stop(transaction, self._get(transaction, job.id))
        if job.secondary_status == "Pending":
            self._finish(transaction, self._get(transaction, job.id), "Stopped", *final_status(reason))
        else:
            transaction.on_commit(partial(self._signal_stop, job.id, job.attempt))

    def _signal_stop(self, job_id: int, attempt: int) -> None:
        running = self._running.get(job_id)
        if running is not None:
            running.stop()
            self._loop.at(time.time() + self._grace_period, partial(self._kill, job_id, attempt))

    def _kill(self, job_id: int, attempt: int, transaction: Transaction) -> None:
        if _current(transaction, job_id, attempt) and job_id in self._running:
            transaction.on_commit(self._running[job_id].kill)

    def _deadline(
        self, job_id: int, attempt: int | None, reason: StopReason, transaction: Transaction
    ) -> None:
        job = training_jobs.get(transaction.connection, job_id)
        if job is None or attempt not in (None, job.attempt):
            return
        if reason is StopReason.RUNTIME and job.secondary_status == "Uploading":
            return  # it has ended in time
        self.stop(transaction, job, reason)

    def _interrupt(self, job_id: int, attempt: int, transaction: Transaction) -> None:
        """Interrupt the job: the spot instance is taken away."""
        job = _current(transaction, job_id, attempt)
        if job is None or job.stop_reason is not None or job.secondary_status == "Uploading":
            return
        reason, now = StopReason.INTERRUPTION, limits.change_time(transaction.now, job)
        training_jobs.set_stopping(
            transaction.connection, job.id, status="InProgress", stop_reason=reason, now=now
        )
        self._enter(transaction, job.id, "Interrupted", "Training job interrupted", now)
        transaction.on_commit(partial(self._signal_stop, job.id, attempt))

    # The end

    def _finish(
        self,
        transaction: Transaction,
        job: TrainingJob,
        status: str,
        secondary: str,
        message: str,
        ended: AttemptResult | None = None,
    ) -> None:
        failed = status == "Failed"
        value = None if failed else training_jobs.final_objective(transaction.connection, job)
        objective = Objective("Minimize" if job.objective_type == "Minimize" else "Maximize")
        ended = ended or AttemptResult()
        now = limits.change_time(transaction.now, job)
        at = limits.change_time(min(ended.ended_at or now, now), job)
        training_jobs.set_ended(
            transaction.connection,
            job.id,
            status=status,
            ended_at=at,
            now=now,
            failure_reason=ended.failure_reason if failed else None,
            retryable=failed and ended.internal,
            model_artifact=None if failed else ended.model_artifact,
            objective_status="Failed" if value is None else "Succeeded",
            objective_value=value,
            loss=None if value is None else objective.loss(value),
        )
        self._enter(transaction, job.id, secondary, message, at, final=True)
        job = self._get(transaction, job.id)
        LOGGER.info("training job %s: %s%s", job.name, status, f": {job.failure_reason}" if failed else "")
        if job.tuning_job_id is not None:
            self._on_end(transaction, job)

    # Details

    def _enter(
        self,
        transaction: Transaction,
        job_id: int,
        status: str,
        message: str,
        at: float,
        *,
        final: bool = False,
    ) -> None:
        """Enter the next secondary status, and notify the listener once it is on disk."""
        training_jobs.add_transition(transaction.connection, job_id, status, message, at, final=final)
        if self._on_change is None:
            return
        job = self._get(transaction, job_id)
        change = TrainingJobChange(
            job,
            self.definition(transaction, job),
            training_jobs.transitions(transaction.connection, job.id),
            tags.of(transaction.connection, job.arn),
        )
        transaction.on_commit(partial(self._on_change, change))

    def definition(self, transaction: Transaction, job: TrainingJob) -> Mapping[str, Any]:
        """Return the job's training definition; read from the store once."""
        body = self._bodies.get(job.definition_id)
        if body is None:
            if len(self._bodies) >= 64:
                self._bodies.clear()
            body = self._bodies[job.definition_id] = training_jobs.definition(
                transaction.connection, job.definition_id
            )
        return body

    def forget(self) -> None:
        """Forget the definitions: some may be of a transaction that was not committed. All else in memory is right."""
        self._bodies.clear()

    @staticmethod
    def _get(transaction: Transaction, job_id: int) -> TrainingJob:
        job = training_jobs.get(transaction.connection, job_id)
        if job is None:
            raise LookupError(f"training job {job_id} is not in the store")
        return job


def _current(transaction: Transaction, job_id: int, attempt: int) -> TrainingJob | None:
    """Return the job, or None if it has ended or is at another attempt: that attempt's report comes too late."""
    job = training_jobs.get(transaction.connection, job_id)
    return job if job is not None and job.status in RUNNING and job.attempt == attempt else None
