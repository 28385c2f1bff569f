"""From the end of a wait to a result or an exception: the same for operator and sensor, in every mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.compat import AirflowSkipException
from airflow_hpt_provider.exceptions import (
    TuningError,
    TuningJobFailedError,
    TuningJobNotFoundError,
    TuningJobRejectedError,
    TuningJobStoppedError,
    TuningJobTimeoutError,
)
from airflow_hpt_provider.retries import brief, is_retryable_failure
from airflow_hpt_provider.waiting.decision import OnUnfinished, Outcome, outcome_of

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import FailureGroup, TuningJobDescription, TuningResult


@dataclass
class Settlement:
    """How to settle the end of a wait.

    Attributes:
        hook: to read the training jobs with.
        on_stopped: for a job that was stopped.
        on_timeout: for a job that did not end in time.
        top_k: how many of the best training jobs the result lists.
        log: the task's.
    """

    hook: HyperParameterTuningHook
    on_stopped: OnUnfinished = "fail"
    on_timeout: OnUnfinished = "fail"
    top_k: int = 0
    log: Any = None

    def settle(self, description: TuningJobDescription, *, timed_out: bool = False) -> TuningResult:
        """The result of a job that has ended, or whose time is over.

        Raises:
            TuningJobRejectedError, TuningJobFailedError: Failed, or Completed without any success.
            TuningJobStoppedError, TuningJobTimeoutError: by policy ``fail``, or no training job succeeded.
            AirflowSkipException: by policy ``skip``.
            TuningJobNotFoundError: DeleteFailed: what is left of the job cannot be relied on.
        """
        name, outcome = description.name, outcome_of(description.status)
        if outcome is Outcome.COMPLETED:
            if description.best_training_job is None:
                raise self._failed(
                    description, "completed, but no training job reported the objective metric"
                )
            return self.result(description)
        if outcome is Outcome.FAILED:
            raise self._failed(description, "failed")
        if outcome is Outcome.DELETE_FAILED:
            raise TuningJobNotFoundError(
                f"Tuning job {name} was to be deleted, which failed (DeleteFailed): {description.failure_reason}"
                " Delete it again, then clear this task.",
                name,
            )
        error: type[TuningError]
        if timed_out:
            what, policy, error = "did not end within its timeout", self.on_timeout, TuningJobTimeoutError
        else:
            what, policy, error = "was stopped before it completed", self.on_stopped, TuningJobStoppedError
        if policy == "use_best" and description.best_training_job is not None:
            self.log.warning("Tuning job %s %s; taking its best training job so far.", name, what)
            return self.result(description, status_reason=what)
        message = f"Tuning job {name} {what} (status {description.status})."
        if policy == "skip":
            raise AirflowSkipException(message)
        if policy == "use_best":
            message += " There is no best training job to use: none reported the objective metric."
        raise error(message, name)

    def result(self, description: TuningJobDescription, status_reason: str | None = None) -> TuningResult:
        """What lands in XCom, whatever the status."""
        from airflow_hpt_provider.models import TuningResult

        top = self.hook.trials(description.name, limit=self.top_k) if self.top_k else ()
        failed = description.training_job_status_counters.failed
        return TuningResult.from_description(
            description,
            best=self.hook.best_training_job(description),
            overall_best=self.hook.with_artifacts(description.overall_best_training_job),
            top=[job for job in map(self.hook.with_artifacts, top) if job is not None],
            failures=self.hook.failures(description.name) if failed else (),
            status_reason=status_reason,
        )

    def _failed(self, description: TuningJobDescription, what: str) -> TuningJobFailedError:
        name = description.name
        try:
            groups: Sequence[FailureGroup] = self.hook.failures(name)
        except Exception as error:  # noqa: BLE001 - the failure itself matters more than its details
            self.log.warning("The training jobs' failure reasons could not be read: %s", brief(error))
            groups = []
        report = failure_report(description, what, groups)
        kind = (
            TuningJobFailedError
            if is_retryable_failure(description.failure_reason)
            else TuningJobRejectedError
        )
        return kind(report, name)


def failure_report(description: TuningJobDescription, what: str, groups: Sequence[FailureGroup]) -> str:
    """What happened, in at most 15 lines: status, reasons of the training jobs with counts, where the logs are."""
    lines = [f"Tuning job {description.name} {what}."]
    if description.failure_reason:
        lines.append(f"  Reason: {_shorten(description.failure_reason)}")
    for group in groups[:4]:
        lines.append(
            f"  {group.count} training job{'s' * (group.count > 1)} failed with: {_shorten(group.reason)}"
        )
        if group.count > 1 and group.hyper_parameters:
            shared = ", ".join(f"{key}={value}" for key, value in list(group.hyper_parameters.items())[:6])
            lines.append(f"    all of them with {_shorten(shared, 160)}")
        lines.append(f"    log: /aws/sagemaker/TrainingJobs, stream {group.training_job_names[0]}/")
    if len(groups) > 4:
        lines.append(f"  ... and {len(groups) - 4} more reasons.")
    return "\n".join(lines)


def _shorten(text: str, length: int = 300) -> str:
    text = " ".join(text.split())
    return text if len(text) <= length else text[: length - 3] + "..."
