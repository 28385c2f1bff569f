"""Steps 3 WAIT to 5 XCOM: runs what follows once the task has its tuning job, on a worker or across a deferral."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.exceptions import TuningError, TuningJobBudgetExceededError, TuningJobTimeoutError
from airflow_hpt_provider.lineage.mixin import TuningLineageMixin
from airflow_hpt_provider.operators.resource_limit import DEFER_MARGIN, ResourceLimitMixin
from airflow_hpt_provider.waiting.outcome import outcome_of
from airflow_hpt_provider.xcom.push import push_result

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.creation.find_or_create import OwnedJob
    from airflow_hpt_provider.models import Attempt, TuningJobDescription


class JobLifecycleMixin(ResourceLimitMixin, TuningLineageMixin):
    """Waits for a tuning job (or defers), retries it if it is to be retried, delivers its result.

    The operator says how the next attempt is made (:meth:`_next_attempt`).
    """

    unreachable_timeout: float | None
    _misses: int = 0
    _delivered: TuningJobDescription | None = None

    def _next_attempt(self, context: Context, failed: Sequence[str]) -> OwnedJob:
        raise NotImplementedError

    def _wait_and_finish(
        self,
        context: Context,
        description: TuningJobDescription,
        previous_attempts: Sequence[Attempt],
        ended_by: TuningError | None = None,
    ) -> Any:
        """Wait for the job, and for those that retry it; or defer. Then deliver the result."""
        from airflow_hpt_provider.config.masking import mask_secrets

        # A worker that takes up the task again has rendered neither a config file nor the decorated function's config.
        mask_secrets(description)
        while True:
            if outcome_of(description.status) is None and ended_by is None:
                limit = self._deadline(description, previous_attempts)
                if limit is not None and datetime.now(UTC) >= limit:
                    ended_by = TuningJobTimeoutError("", description.name)
                elif self.deferrable:
                    self._raise_if_task_ended()
                    self._defer(description, previous_attempts)
                else:
                    description, ended_by = self._wait_here(description, previous_attempts)
            self._raise_if_killed(description.name)
            retry = None if ended_by else self._retry(context, description, previous_attempts)
            if retry is None:
                return self._finish(context, description, previous_attempts, ended_by)
            description, previous_attempts = self.hook.describe(retry.name), retry.previous_attempts

    def _retry(
        self, context: Context, description: TuningJobDescription, previous_attempts: Sequence[Attempt]
    ) -> OwnedJob | None:
        """Return the next attempt if the job has failed and is to be retried."""
        strategy, limit = self._strategy, self._deadline(description, previous_attempts)
        if strategy is None or not strategy.continues(description, len(previous_attempts) + 1):
            return None
        if limit is not None and datetime.now(UTC) >= limit:
            self.log.warning("Not retrying tuning job %s: the timeout has expired.", description.name)
            return None
        from airflow_hpt_provider.models.printable import printable
        from airflow_hpt_provider.retries.failure_reasons import is_capacity_failure

        failed = [*(each.tuning_job_name for each in previous_attempts), description.name]
        self._series_limit = limit
        if self.on_resource_limit == "wait" and is_capacity_failure(description.failure_reason):
            self._running_job = None  # it has ended, and the wait leaves nothing to stop
            self._wait_for_capacity(description.name, failed, limit)
        self.log.warning(
            "Retrying failed tuning job %s: %s",
            description.name,
            printable(description.shown_failure_reason or "no reason given"),
        )
        return self._next_attempt(context, failed)

    def _defer(self, description: TuningJobDescription, previous_attempts: Sequence[Attempt]) -> None:
        from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
        from airflow_hpt_provider.waiting.deferral_backoff import delay_after, warn

        name, limit = description.name, self._wait_limit(self._deadline(description, previous_attempts))
        if self._misses:
            seconds = delay_after(self._misses)
            warn(self.log, name, self.connection_settings.aws_conn_id, self._misses, seconds)
            self._sleep(seconds)
        self.log.info("Waiting for tuning job %s in the triggerer.", name)
        self.defer(
            trigger=HyperParameterTuningJobTrigger(
                tuning_job_name=name,
                poll_interval=self.poll_interval,
                deadline=limit.isoformat() if limit else None,
                unreachable_timeout=self.unreachable_timeout,
                event_queue_url=self.event_queue_url,
                stop_on_kill=self.stop_on_kill,
                max_billable_seconds=self._limits.max_billable_seconds,
                max_failed_training_jobs=self._limits.max_failed_training_jobs,
                previous_jobs=[each.tuning_job_name for each in previous_attempts],
                rendered=True,
                **self.connection_settings.as_kwargs(),
            ),
            method_name="execute_complete",
            kwargs={
                "tuning_job_name": name,
                "previous_attempts": [each.model_dump(mode="json") for each in previous_attempts],
                "misses": self._misses,
                "execution_deadline": self._execution_deadline and self._execution_deadline.isoformat(),
            },
            timeout=max(limit - datetime.now(UTC), timedelta()) + DEFER_MARGIN if limit else None,
        )

    def _wait_here(
        self, description: TuningJobDescription, previous_attempts: Sequence[Attempt]
    ) -> tuple[TuningJobDescription, TuningError | None]:
        """Wait, and return the job at its end, or as it is when its time or budget is exceeded, with that error."""
        from airflow_hpt_provider.metrics import BUDGET_STOPS
        from airflow_hpt_provider.waiting.on_poll import PollCallback

        name, unreachable = description.name, self.unreachable_timeout
        previous = [each.tuning_job_name for each in previous_attempts]
        try:
            description = self.hook.wait(
                name,
                poll_interval=self.poll_interval,
                deadline=self._deadline(description, previous_attempts),
                unreachable_timeout=None if unreachable is None else timedelta(seconds=unreachable),
                on_poll=PollCallback(self.hook, name, self._limits, previous, self.log),
                sleep=self._sleep,
                log=self.log,
            )
            return description, None
        except (TuningJobTimeoutError, TuningJobBudgetExceededError) as error:
            if isinstance(error, TuningJobBudgetExceededError):
                BUDGET_STOPS.send(where="worker")
            return self.hook.describe(name), error

    def _describe_again(self, name: str) -> TuningJobDescription:
        """Describe a job that the trigger has waited for, and tolerate as much as the wait does.

        The service may be away, or refuse the credentials, when the job has ended; this must not cost the task a try.
        """
        unreachable = self.unreachable_timeout
        return self.hook.wait(
            name,
            unreachable_timeout=self._timeout if unreachable is None else timedelta(seconds=unreachable),
            until_ended=False,
            sleep=self._sleep,
            log=self.log,
        )

    def _finish(
        self,
        context: Context,
        description: TuningJobDescription,
        previous_attempts: Sequence[Attempt],
        ended_by: TuningError | None,
    ) -> Any:
        from airflow_hpt_provider.result.log_summary import log_result

        name = description.name
        if ended_by is not None and outcome_of(description.status) is None:
            self._stop_or_log(name, always=True)
            description = self.hook.describe(name)
        if outcome_of(description.status) is not None:
            self._running_job = None  # nothing is left to stop, and a failed job is not found again
        self.note_lineage(description)
        result = self._resolver(previous_attempts).resolve(description, ended_by=ended_by)
        self.note_lineage(description, result)
        self._raise_if_killed(name)
        value = push_result(self, context, result)
        self._mark_delivered(context, description)
        self._running_job = None
        log_result(self.hook, result, self.log)
        return value

    def _stop_orphaned_job(self, context: Context) -> None:
        """Take back the note of a delivery, too: the try has failed after it, for good."""
        from airflow_hpt_provider.creation.tags import take_back_delivery

        super()._stop_orphaned_job(context)
        if self._delivered is not None:
            arn = self._delivered.hyper_parameter_tuning_job_arn
            take_back_delivery(self.hook, arn, context["ti"].try_number, self.log)

    def _mark_delivered(self, context: Context, description: TuningJobDescription) -> None:
        """Note that the task delivers: the result, or the name of a job that it does not wait for."""
        from airflow_hpt_provider.creation.ownership import DELIVERED_TAG, NAME_DELIVERED_TAG, Owner
        from airflow_hpt_provider.creation.tags import mark_delivered
        from airflow_hpt_provider.operators.state_store import JobStateStore

        owner, try_number = Owner.from_context(context), context["ti"].try_number
        tag = DELIVERED_TAG if self.wait_for_completion else NAME_DELIVERED_TAG
        mark_delivered(
            self.hook, description.hyper_parameter_tuning_job_arn, owner, try_number, self.log, tag
        )
        self._delivered = description
        JobStateStore(context).save_delivered(description.name, owner, try_number, tag)
