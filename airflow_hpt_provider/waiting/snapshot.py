"""A job's state after one poll: the members that waiting needs, from any response that has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from airflow_hpt_provider.models import TuningJobDescription


@dataclass(frozen=True, slots=True)
class JobSnapshot:
    """A tuning job as it was seen once. A poll sees thousands of them, so this is no pydantic model.

    Attributes:
        name, arn, status: in AWS's words.
        completed, in_progress, failed, stopped: how many training jobs there are of each kind.
        limit: MaxNumberOfTrainingJobs, if the job has one.
        created, ended: CreationTime and HyperParameterTuningEndTime, in seconds since the epoch.
        failure_reason: only DescribeHyperParameterTuningJob returns it.
        best_name, best_metric, best_parameters: the best training job so far; only Describe returns it.
    """

    name: str
    arn: str
    status: str
    completed: int = 0
    in_progress: int = 0
    failed: int = 0
    stopped: int = 0
    limit: int | None = None
    created: float | None = None
    ended: float | None = None
    failure_reason: str | None = None
    best_name: str | None = None
    best_metric: float | None = None
    best_parameters: Mapping[str, str] | None = None

    @classmethod
    def of_answer(cls, answer: Mapping[str, Any]) -> Self:
        """From a Describe answer, or one of the summaries of a List answer.

        As :class:`~airflow_hpt_provider.hooks.polling.PollingHook` reads them: times are numbers.
        """
        counters = answer.get("TrainingJobStatusCounters", {})
        limits = (
            answer.get("ResourceLimits")
            or answer.get("HyperParameterTuningJobConfig", {}).get("ResourceLimits")
            or {}
        )
        best = answer.get("BestTrainingJob", {})
        metric = best.get("FinalHyperParameterTuningJobObjectiveMetric", {}).get("Value")
        return cls(
            name=answer["HyperParameterTuningJobName"],
            arn=answer["HyperParameterTuningJobArn"],
            status=answer["HyperParameterTuningJobStatus"],
            completed=counters.get("Completed", 0),
            in_progress=counters.get("InProgress", 0),
            failed=counters.get("RetryableError", 0) + counters.get("NonRetryableError", 0),
            stopped=counters.get("Stopped", 0),
            limit=limits.get("MaxNumberOfTrainingJobs"),
            created=answer.get("CreationTime"),
            ended=answer.get("HyperParameterTuningEndTime"),
            failure_reason=answer.get("FailureReason"),
            best_name=best.get("TrainingJobName"),
            best_metric=None if metric is None else float(metric),  # NaN is spelt as text
            best_parameters=best.get("TunedHyperParameters"),
        )

    @classmethod
    def of_description(cls, description: TuningJobDescription) -> Self:
        """Build the snapshot from a description that the hook has read."""
        counters = description.training_job_status_counters
        limits = description.hyper_parameter_tuning_job_config.resource_limits
        best, end = description.best_training_job, description.hyper_parameter_tuning_end_time
        return cls(
            name=description.name,
            arn=description.hyper_parameter_tuning_job_arn,
            status=description.status,
            completed=counters.completed or 0,
            in_progress=counters.in_progress or 0,
            failed=counters.failed,
            stopped=counters.stopped or 0,
            limit=limits.max_number_of_training_jobs if limits else None,
            created=description.creation_time.timestamp(),
            ended=end.timestamp() if end else None,
            failure_reason=description.failure_reason,
            best_name=best.training_job_name if best else None,
            best_metric=best.final_metric if best else None,
            best_parameters=best.tuned_hyper_parameters if best else None,
        )

    @property
    def key(self) -> str:
        """Equal for names that AWS takes for the same: they differ in case only."""
        return self.name.lower()

    @property
    def finished(self) -> int:
        """Training jobs that have ended, in whichever way."""
        return self.completed + self.failed + self.stopped

    @property
    def counters(self) -> tuple[int, int, int, int]:
        """The values that change while the job makes progress."""
        return self.completed, self.in_progress, self.failed, self.stopped
