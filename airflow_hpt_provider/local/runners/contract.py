"""The contract of a runner: one attempt at a training job in, one outcome out.

A runner starts a training job's process, reports what it sees of it, and says how it ended. It decides nothing
about jobs: when to stop one, whether to try again and what is recorded is the engine's.

The process may outlive the service. :meth:`Runner.resume` takes it up again: so a service that was killed
loses no training, and runs none twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

TRAINING = "Training image download completed. Training in progress."
"""SageMaker's message for the secondary status Training."""


@dataclass(frozen=True)
class TrainingSpec:
    """What an attempt at a training job runs.

    Attributes:
        name, arn: the training job's.
        definition: the training definition in AWS names (AlgorithmSpecification, InputDataConfig,
            OutputDataConfig, ResourceConfig, StoppingCondition, CheckpointConfig, Environment ...).
        hyperparameters: static and tuned ones together, as strings, as SageMaker writes them to
            ``input/config/hyperparameters.json``.
        directory: the job's own directory, kept over its attempts; the runner may use all of it.
        attempt: 1, 2, ... over RetryStrategy, spot interruptions and losses.
        log_position: bytes of this attempt's log whose metrics have been reported already.
    """

    name: str
    arn: str
    definition: Mapping[str, Any]
    hyperparameters: Mapping[str, str]
    directory: Path
    attempt: int = 1
    log_position: int = 0


@dataclass(frozen=True)
class Metric:
    """One match of a MetricDefinition's regex in the job's output; ``at`` in seconds since the epoch."""

    name: str
    value: float
    at: float


@dataclass(frozen=True)
class AttemptResult:
    """How an attempt ended.

    Attributes:
        failure_reason: None on success; else SageMaker's text, e.g. ``AlgorithmError: `` and the first
            1,024 characters of ``output/failure``.
        internal: the failure is the service's, not the algorithm's (an InternalServerError: may be retried).
        lost: the process and its outcome are gone without a fault of the job: the service or the machine went
            down. The attempt counts for nothing.
        model_artifact: S3 URI of what was uploaded from the model directory, if anything was.
        ended_at: when it ended, in seconds since 1970, which may be long ago if the service was down; None: now.
    """

    failure_reason: str | None = None
    internal: bool = False
    lost: bool = False
    model_artifact: str | None = None
    ended_at: float | None = None


class RunningJob(Protocol):
    """A running attempt. Both methods return immediately, may be called again, and do nothing after the end."""

    def stop(self) -> None:
        """Ask it to end: SIGTERM to the process group; before the process started, don't start it."""
        ...

    def kill(self) -> None:
        """End it: SIGKILL to the process group."""
        ...


@dataclass(frozen=True)
class AttemptListener:
    """What the runner reports while an attempt runs. Called from the runner's threads; must return immediately.

    Attributes:
        on_status: (secondary status, message, when): Downloading, Training, Uploading.
        on_metrics: (metrics, log position): metrics in order of emission, and how far the log is read.
        on_end: exactly once, last.
    """

    on_status: Callable[[str, str, float], None]
    on_metrics: Callable[[Sequence[Metric], int], None]
    on_end: Callable[[AttemptResult], None]


class Runner(Protocol):
    """Runs training jobs."""

    def check(self, definition: Mapping[str, Any], hyperparameters: Mapping[str, str]) -> None:
        """Refuse, before anything is created, what this runner cannot honour.

        Raises:
            ServiceError: a ValidationException naming the member and the remedy.
        """
        ...

    def start(self, spec: TrainingSpec, listener: AttemptListener) -> RunningJob:
        """Start the attempt; return immediately. A failed start comes through ``listener.on_end``, like every end."""
        ...

    def resume(self, spec: TrainingSpec, listener: AttemptListener) -> RunningJob:
        """Take up an attempt that an earlier process of the service had started.

        One that still runs is followed, and said to be Training. One that has ended since is ended as if it had
        been seen to, and not said to be Training again. One that is gone without a trace ends as ``lost``, and
        nothing of it runs any more.
        """
        ...

    def close(self) -> None:
        """End all that runs, without reporting it: the next :meth:`resume` finds it lost."""
        ...
