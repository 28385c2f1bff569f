"""A runner that makes some of its training jobs fail on request."""

from __future__ import annotations

import logging
import random
import secrets
import threading
import time
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.local.engine.naming import parse_training_job_name
from airflow_hpt_provider.local.runners.contract import TRAINING, AttemptResult
from airflow_hpt_provider.models.rules.space import OBJECTIVE_HYPERPARAMETER

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_hpt_provider.local.fault_injection.rules import TrainingJobFault
    from airflow_hpt_provider.local.runners.contract import AttemptListener, Runner, RunningJob, TrainingSpec

log = logging.getLogger(__name__)


def trial_of(spec: TrainingSpec) -> tuple[str, int] | None:
    """(tuning job, number) of a training job that a tuning job launched; None for any other."""
    tuned = OBJECTIVE_HYPERPARAMETER in spec.hyperparameters
    return parse_training_job_name(spec.name) if tuned else None


class TrainingJobFaults:
    """Chooses the training jobs that fail.

    The choice depends on tuning job, number, attempt and seed alone: an attempt that is taken up again by the
    next process of the service gets the same fault.
    """

    def __init__(self, faults: Sequence[TrainingJobFault]) -> None:
        self._faults = [
            (fault, secrets.token_hex(8) if fault.seed is None else fault.seed) for fault in faults
        ]

    def fault_of(self, spec: TrainingSpec) -> TrainingJobFault | None:
        """Return the first fault that matches this attempt, if any."""
        trial = trial_of(spec)
        for place, (fault, seed) in enumerate(self._faults):
            if not fnmatchcase(spec.name, fault.training_job):
                continue
            if fault.numbers is not None and (trial is None or trial[1] not in fault.numbers):
                continue
            if fault.attempts is not None and spec.attempt > fault.attempts:
                continue
            rng = random.Random(f"{seed} {place} {trial or spec.name} {spec.attempt}")  # noqa: S311 - a test's
            if rng.random() < fault.rate:
                return fault
        return None


class FaultyRunner:
    """A :class:`~airflow_hpt_provider.local.runners.contract.Runner` around another.

    Args:
        runner: runs what does not fail, and what fails only after a while until then.
        faults: what is to go wrong.
    """

    def __init__(self, runner: Runner, faults: TrainingJobFaults) -> None:
        self._runner = runner
        self._faults = faults

    def check(self, definition: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> None:
        """Refuse what the other runner refuses."""
        self._runner.check(definition, hyperparameters)

    def start(self, spec: TrainingSpec, listener: AttemptListener) -> RunningJob:
        """Start the attempt, or let it fail."""
        return self._begin(spec, listener, resume=False)

    def resume(self, spec: TrainingSpec, listener: AttemptListener) -> RunningJob:
        """Take the attempt up again, or let it fail."""
        return self._begin(spec, listener, resume=True)

    def close(self) -> None:
        """End all that runs."""
        self._runner.close()

    def _begin(self, spec: TrainingSpec, listener: AttemptListener, *, resume: bool) -> RunningJob:
        begin = self._runner.resume if resume else self._runner.start
        fault = self._faults.fault_of(spec)
        if fault is None:
            return begin(spec, listener)
        log.info("training job %s, attempt %d: injected failure: %s", spec.name, spec.attempt, fault.reason)
        failed = AttemptResult(failure_reason=fault.reason, internal=fault.internal)
        if not fault.seconds and not resume:
            listener.on_status("Training", TRAINING, round(time.time(), 3))
            listener.on_end(failed)
            return _NoJob()
        # One that is taken up again may well run: an earlier process of the service had other faults, or other rng.
        return _FailingJob.begin(begin, spec, listener, failed, fault.seconds)


class _NoJob:
    """An attempt that never started: there is nothing to stop."""

    def stop(self) -> None: ...

    def kill(self) -> None: ...


class _FailingJob:
    """An attempt that is killed after a while, and whose end is reported as the fault's."""

    def __init__(self, running: RunningJob, timer: threading.Timer) -> None:
        self._running = running
        self._timer = timer

    @classmethod
    def begin(
        cls, begin: Any, spec: TrainingSpec, listener: AttemptListener, failed: AttemptResult, seconds: float
    ) -> _FailingJob:
        """Start it, and the clock. With 0 seconds it is killed immediately, and fails even if the runner lost it."""
        running: list[RunningJob] = []
        timer = threading.Timer(seconds, lambda: running[0].kill())
        timer.daemon = True

        def on_status(status: str, message: str, when: float) -> None:
            if status != "Uploading":  # what fails uploads nothing
                listener.on_status(status, message, when)

        def on_end(ended: AttemptResult) -> None:
            timer.cancel()
            listener.on_end(ended if ended.lost and seconds else failed)

        running.append(begin(spec, replace(listener, on_status=on_status, on_end=on_end)))
        timer.start()
        return cls(running[0], timer)

    def stop(self) -> None:
        """Ask the process to end."""
        self._running.stop()

    def kill(self) -> None:
        """End the process."""
        self._timer.cancel()
        self._running.kill()
