"""A training job's life: launched, followed, stopped, tried again, ended.

The status of a training job changes here and nowhere else::

    InProgress: Pending -> Starting -> Downloading -> Training -> Uploading -> Completed | Failed
                                ^---- Interrupted, or another attempt ----'
    Stopping -> Stopped, MaxRuntimeExceeded or MaxWaitTimeExceeded
"""

from __future__ import annotations

import logging
import os
import random
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.db import training_jobs
from airflow_hpt_provider.local.db.records import RUNNING, MetricRow, TrainingJob
from airflow_hpt_provider.local.engine import limits
from airflow_hpt_provider.local.engine.plan import training_definition
from airflow_hpt_provider.local.engine.stop_reasons import StopReason, final_status
from airflow_hpt_provider.local.job_directories import directory_name
from airflow_hpt_provider.local.runners.contract import (
    Ended,
    Listener,
    Metric,
    Runner,
    RunningJob,
    TrainingSpec,
)
from airflow_hpt_provider.local.strategies.contract import Objective

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from airflow_hpt_provider.local.engine.loop import Loop, Turn

LOGGER = logging.getLogger(__name__)
GRACE = 120.0
"""Seconds between SIGTERM and SIGKILL."""


class TrainingJobs:
    """Follows every training job that has not ended.

    Args:
        directory: gets a directory for each training job.
        spot_interruptions: mean number of interruptions per minute of training of a managed spot job.
        grace: seconds between SIGTERM and SIGKILL.
        on_metrics: called with new metrics of a training job that a tuning job launched, in the turn that writes
            them; with none when it starts anew, and its metrics are forgotten.
        on_stop: called when such a training job has been told to stop, likewise.
        on_end: called when one has ended, likewise.
    """

    def __init__(
        self,
        runner: Runner,
        directory: Path,
        *,
        on_metrics: Callable[[Turn, TrainingJob, Sequence[Metric]], None],
        on_stop: Callable[[Turn, TrainingJob], None],
        on_end: Callable[[Turn, TrainingJob], None],
        spot_interruptions: float = 0.0,
        grace: float = GRACE,
    ) -> None:
        self.loop: Loop  # set by the engine
        self._runner = runner
        self._directory = directory
        self._spot_interruptions = spot_interruptions
        self._grace = grace
        self._on_metrics = on_metrics
        self._on_stop = on_stop
        self._on_end = on_end
        self._running: dict[int, RunningJob] = {}
        self._taken_up: set[int] = set()
        self._chance = random.Random()  # noqa: S311 - when a spot instance is taken away
        self._bodies: dict[int, Mapping[str, Any]] = {}

    # Beginning

    def wait(self, turn: Turn, job: TrainingJob) -> None:
        """A job is Pending until it gets a slot; MaxWaitTimeInSeconds counts meanwhile."""
        turn.after(partial(self._set_wait_timer, job, self.definition(turn, job)))

    def launch(self, turn: Turn, job_id: int) -> None:
        """Start a job that is Pending, or its next attempt."""
        job = self._get(turn, job_id)
        if job.directory is None:
            training_jobs.set_directory(turn.connection, job.id, self._new_directory(job))
        training_jobs.add_transition(
            turn.connection, job.id, "Starting", "Starting the training job", turn.now
        )
        self._begin(turn, self._get(turn, job.id), resume=False)

    def _new_directory(self, job: TrainingJob) -> str:
        """The job's name; with its id, where a deleted job of that name has left its logs there."""
        return directory_name(job.name, job.id if os.path.lexists(self._directory / job.name) else None)

    def resume(self, turn: Turn, job: TrainingJob) -> None:
        """Take up a job that an earlier process of the service had under way.

        Whether it ran on all the time, or ended long ago and in time, only the runner knows: its run time is
        limited again once the runner says that it runs.
        """
        self._taken_up.add(job.id)
        self._begin(turn, job, resume=True)
        if job.status == "Stopping" or job.stop_reason:
            turn.after(partial(self._signal_stop, job.id, job.attempt))

    def _begin(self, turn: Turn, job: TrainingJob, *, resume: bool) -> None:
        definition = training_definition(self.definition(turn, job), job.name, tuned=bool(job.tuning_job_arn))
        spec = TrainingSpec(
            name=job.name,
            arn=job.arn,
            definition=definition,
            hyperparameters=job.hyperparameters,
            directory=self._directory / (job.directory or job.name),
            attempt=job.attempt,
            log_position=job.log_position,
        )
        listener = Listener(
            on_status=lambda *report: self.loop.post(
                partial(self._status, job.id, job.attempt, *report), urgent=False
            ),
            on_metrics=lambda *report: self.loop.post(
                partial(self._metrics, job.id, job.attempt, *report), urgent=False
            ),
            on_end=lambda ended: self.loop.post(partial(self._end, job.id, job.attempt, ended)),
        )

        def begin() -> None:
            start = self._runner.resume if resume else self._runner.start
            self._running[job.id] = start(spec, listener)
            self._set_wait_timer(job, definition)

        turn.after(begin)

    def _set_wait_timer(self, job: TrainingJob, definition: Mapping[str, Any]) -> None:
        deadline = limits.wait_deadline(definition, job)
        if deadline is not None:
            self.loop.at(deadline, partial(self._deadline, job.id, None, StopReason.WAIT))

    def _set_attempt_timers(self, job: TrainingJob, definition: Mapping[str, Any], started_at: float) -> None:
        self._taken_up.discard(job.id)
        deadline = limits.runtime_deadline(definition, job, started_at)
        self.loop.at(deadline, partial(self._deadline, job.id, job.attempt, StopReason.RUNTIME))
        if limits.is_spot(definition) and self._spot_interruptions > 0:
            when = max(started_at, time.time()) + self._chance.expovariate(self._spot_interruptions / 60)
            self.loop.at(when, partial(self._interrupt, job.id, job.attempt))

    # What the runner reports

    def _status(self, job_id: int, attempt: int, status: str, message: str, at: float, turn: Turn) -> None:
        job = _current(turn, job_id, attempt)
        if job is None:
            return
        at = max(at, job.modified_at)  # told by another thread, perhaps a moment before what came before it
        if job.attempt_started_at is None:
            training_jobs.set_attempt_started(turn.connection, job.id, at)
        if job.attempt_started_at is None or job.id in self._taken_up:
            started_at = job.attempt_started_at or at
            turn.after(partial(self._set_attempt_timers, job, self.definition(turn, job), started_at))
        if status == job.secondary_status:
            return  # an attempt that was taken up again says so once more
        if job.stop_reason is None or (job.status == "Stopping" and status == "Uploading"):
            training_jobs.add_transition(turn.connection, job.id, status, message, at)

    def _metrics(
        self, job_id: int, attempt: int, metrics: Sequence[Metric], position: int, turn: Turn
    ) -> None:
        job = _current(turn, job_id, attempt)
        if job is None or position <= job.log_position:
            return
        rows = [MetricRow(metric.name, metric.value, metric.at) for metric in metrics]
        training_jobs.add_metrics(turn.connection, job.id, rows, position)
        if job.tuning_job_id is not None:
            self._on_metrics(turn, job, metrics)

    def _end(self, job_id: int, attempt: int, ended: Ended, turn: Turn) -> None:
        job = _current(turn, job_id, attempt)
        if job is None:
            return
        turn.after(partial(self._running.pop, job.id, None))
        turn.after(partial(self._taken_up.discard, job.id))
        if job.status == "Stopping":
            secondary, message = final_status(StopReason(job.stop_reason or StopReason.REQUEST))
            self._finish(turn, job, "Stopped", secondary, message, artifact=ended.model_artifact)
        elif ended.lost or job.stop_reason == StopReason.INTERRUPTION:
            self._try_again(turn, job, retry=False, counts=not ended.lost)
        elif ended.internal and job.retries < limits.retries(self.definition(turn, job)):
            self._try_again(turn, job, retry=True)
        elif ended.failure_reason is not None:
            self._finish(turn, job, "Failed", "Failed", "Training job failed", failure=ended)
        else:
            message = "Training job completed"
            self._finish(turn, job, "Completed", "Completed", message, artifact=ended.model_artifact)

    def _try_again(self, turn: Turn, job: TrainingJob, *, retry: bool, counts: bool = True) -> None:
        """The next attempt under the same name. Without checkpoints it starts anew, and so do its metrics.

        ``counts``: whether the time of this one counts towards MaxRuntimeInSeconds, and is billed. That of one
        which was lost with the service does not: most of it may be the time that the service was down.
        """
        if not self.definition(turn, job).get("CheckpointConfig"):
            training_jobs.delete_metrics(turn.connection, job.id)
            if job.tuning_job_id is not None:
                self._on_metrics(turn, job, ())
        ended_at = turn.now if counts else job.attempt_started_at or turn.now
        training_jobs.set_attempt_ended(
            turn.connection, job.id, retry=retry, attempt_ended_at=ended_at, now=turn.now
        )
        self.launch(turn, job.id)
        LOGGER.info("training job %s: attempt %d", job.name, job.attempt + 1)

    # Stopping

    def stop(self, turn: Turn, job: TrainingJob, reason: StopReason) -> None:
        """Stop a job that is InProgress; of any other, nothing changes."""
        if job.status != "InProgress":
            return
        training_jobs.set_stopping(
            turn.connection, job.id, status="Stopping", stop_reason=reason, now=turn.now
        )
        training_jobs.add_transition(
            turn.connection, job.id, "Stopping", "Stopping the training job", turn.now
        )
        if job.tuning_job_id is not None:
            self._on_stop(turn, self._get(turn, job.id))
        if job.secondary_status == "Pending":
            self._finish(turn, self._get(turn, job.id), "Stopped", *final_status(reason))
        else:
            turn.after(partial(self._signal_stop, job.id, job.attempt))

    def _signal_stop(self, job_id: int, attempt: int) -> None:
        running = self._running.get(job_id)
        if running is not None:
            running.stop()
            self.loop.at(time.time() + self._grace, partial(self._kill, job_id, attempt))

    def _kill(self, job_id: int, attempt: int, turn: Turn) -> None:
        if _current(turn, job_id, attempt) and job_id in self._running:
            turn.after(self._running[job_id].kill)

    def _deadline(self, job_id: int, attempt: int | None, reason: StopReason, turn: Turn) -> None:
        job = training_jobs.get(turn.connection, job_id)
        if job is None or attempt not in (None, job.attempt):
            return
        if reason is StopReason.RUNTIME and job.secondary_status == "Uploading":
            return  # it has ended in time
        self.stop(turn, job, reason)

    def _interrupt(self, job_id: int, attempt: int, turn: Turn) -> None:
        """The spot instance is taken away."""
        job = _current(turn, job_id, attempt)
        if job is None or job.stop_reason is not None or job.secondary_status == "Uploading":
            return
        reason = StopReason.INTERRUPTION
        training_jobs.set_stopping(
            turn.connection, job.id, status="InProgress", stop_reason=reason, now=turn.now
        )
        training_jobs.add_transition(
            turn.connection, job.id, "Interrupted", "Training job interrupted", turn.now
        )
        turn.after(partial(self._signal_stop, job.id, attempt))

    # The end

    def _finish(
        self,
        turn: Turn,
        job: TrainingJob,
        status: str,
        secondary: str,
        message: str,
        *,
        artifact: str | None = None,
        failure: Ended | None = None,
    ) -> None:
        value = _final_objective(turn, job) if failure is None else None
        objective = Objective("Minimize" if job.objective_type == "Minimize" else "Maximize")
        training_jobs.set_ended(
            turn.connection,
            job.id,
            status=status,
            now=turn.now,
            failure_reason=failure.failure_reason if failure else None,
            retryable=bool(failure and failure.internal),
            model_artifact=artifact,
            objective_status="Failed" if value is None else "Succeeded",
            objective_value=value,
            loss=None if value is None else objective.loss(value),
        )
        training_jobs.add_transition(turn.connection, job.id, secondary, message, turn.now, final=True)
        ended = self._get(turn, job.id)
        LOGGER.info("training job %s: %s%s", job.name, status, f": {ended.failure_reason}" if failure else "")
        if job.tuning_job_id is not None:
            self._on_end(turn, ended)

    # Details

    def definition(self, turn: Turn, job: TrainingJob) -> Mapping[str, Any]:
        """The job's training definition; read from the store once."""
        body = self._bodies.get(job.definition_id)
        if body is None:
            if len(self._bodies) >= 64:
                self._bodies.clear()
            body = self._bodies[job.definition_id] = training_jobs.definition(
                turn.connection, job.definition_id
            )
        return body

    def forget(self) -> None:
        """Forget the definitions: some may be of a turn that was not committed. All else in memory is right."""
        self._bodies.clear()

    @staticmethod
    def _get(turn: Turn, job_id: int) -> TrainingJob:
        job = training_jobs.get(turn.connection, job_id)
        if job is None:
            raise LookupError(f"training job {job_id} is not in the store")
        return job


def _final_objective(turn: Turn, job: TrainingJob) -> float | None:
    """The last value of the objective metric; None if the job has no objective, or has not emitted it."""
    finals = training_jobs.final_metrics(turn.connection, job.id) if job.objective_metric else ()
    return next((metric.value for metric in finals if metric.name == job.objective_metric), None)


def _current(turn: Turn, job_id: int, attempt: int) -> TrainingJob | None:
    """The job, if it has not ended and is at this attempt; None if not: a report of that attempt comes too late."""
    job = training_jobs.get(turn.connection, job_id)
    return job if job is not None and job.status in RUNNING and job.attempt == attempt else None
