"""Turns the end of a wait into a result or an exception, in the same way for operator and sensor in every mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.compat import AirflowSkipException
from airflow_hpt_provider.exceptions import (
    TuningError,
    TuningJobFailedError,
    TuningJobNotFoundError,
    TuningJobPermanentFailureError,
    TuningJobStoppedError,
    TuningJobTimeoutError,
)
from airflow_hpt_provider.result.failure_report import failure_report
from airflow_hpt_provider.retries.errors import one_line
from airflow_hpt_provider.retries.failure_reasons import is_retryable_failure
from airflow_hpt_provider.waiting.outcome import OnUnfinished, Outcome, outcome_of

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import Attempt, FailureGroup, TuningJobDescription, TuningResult


@dataclass
class OutcomeResolver:
    """How to settle the end of a wait.

    Attributes:
        hook: to read the training jobs with.
        on_stopped: for a job that was stopped.
        on_timeout: for a job that did not end in time.
        top_k: how many of the best training jobs the result lists.
        log: the task's.
        on_budget_exceeded: for a job that that was stopped because its budget was exceeded; None: as ``on_timeout``.
        previous_attempts: the attempts that failed before this job.
    """

    hook: HyperParameterTuningHook
    on_stopped: OnUnfinished = "fail"
    on_timeout: OnUnfinished = "fail"
    top_k: int = 0
    log: Any = None
    on_budget_exceeded: OnUnfinished | None = None
    previous_attempts: Sequence[Attempt] = ()

    def resolve(
        self, description: TuningJobDescription, *, ended_by: TuningError | None = None
    ) -> TuningResult:
        """Return the result of a job that has ended, or whose time or budget is exceeded.

        Args:
            description: the job.
            ended_by: why the wait was ended before the job: TuningJobTimeoutError or TuningJobBudgetExceededError.

        Raises:
            TuningJobPermanentFailureError, TuningJobFailedError: Failed, or Completed without any success.
            TuningJobStoppedError, TuningJobTimeoutError, TuningJobBudgetExceededError: by policy ``fail``, or
            there is no
                best training job to use.
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
                f"Deleting tuning job {name} failed (DeleteFailed): {description.shown_failure_reason}"
                " Delete it again, then clear this task.",
                name,
            )
        what, policy, error = self._policy(ended_by)
        if policy == "use_best" and description.best_training_job is not None:
            self.log.warning("Tuning job %s %s; taking its best training job so far.", name, what)
            return self.result(description, status_reason=what)
        message = f"Tuning job {name} {what} (status {description.status})."
        if policy == "skip":
            raise AirflowSkipException(message)
        if policy == "use_best":
            message += " There is no best training job to use: none reported the objective metric."
        if description.training_job_status_counters.failed:
            message = self._report(description, f"{what} (status {description.status})")
        raise error(message, name)

    def _policy(self, ended_by: TuningError | None) -> tuple[str, OnUnfinished, type[TuningError]]:
        """Return the reason for the end as text, the policy for it, and its error."""
        if ended_by is None:
            return "was stopped before it completed", self.on_stopped, TuningJobStoppedError
        if isinstance(ended_by, TuningJobTimeoutError):
            return "did not end within its timeout", self.on_timeout, TuningJobTimeoutError
        return ended_by.message, self.on_budget_exceeded or self.on_timeout, type(ended_by)

    def result(self, description: TuningJobDescription, status_reason: str | None = None) -> TuningResult:
        """Return the result for XCom, whatever the status."""
        from airflow_hpt_provider.models import Attempt, TuningResult

        top = self.hook.training_jobs(description.name, limit=self.top_k) if self.top_k else ()
        failed = description.training_job_status_counters.failed
        last = Attempt.of(description, len(self.previous_attempts) + 1)
        return TuningResult.from_description(
            description,
            best=self.hook.best_training_job(description),
            overall_best=self.hook.with_artifacts(description.overall_best_training_job),
            top=[job for job in map(self.hook.with_artifacts, top) if job is not None],
            failures=self._failures(description) if failed else (),
            status_reason=status_reason,
            attempts=[*self.previous_attempts, last] if self.previous_attempts else (),
        )

    def _failures(self, description: TuningJobDescription) -> list[FailureGroup]:
        return [
            group.model_copy(update={"reason": description.without_secrets(group.reason)})
            for group in self.hook.failures(description.name)
        ]

    def _failed(self, description: TuningJobDescription, what: str) -> TuningJobFailedError:
        kind = (
            TuningJobFailedError
            if is_retryable_failure(description.failure_reason)
            else TuningJobPermanentFailureError
        )
        return kind(self._report(description, what), description.name)

    def _report(self, description: TuningJobDescription, what: str) -> str:
        try:
            groups = self._failures(description)
        except Exception as error:  # noqa: BLE001 - the failure itself matters more than its details
            self.log.warning("Could not read the training jobs' failure reasons: %s", one_line(error))
            groups = []
        return failure_report(
            description, what, groups, previous_attempts=self.previous_attempts, is_aws=self.hook.is_aws
        )
