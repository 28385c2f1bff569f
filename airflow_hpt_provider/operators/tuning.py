"""Operators that start and stop hyperparameter tuning jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_hpt_provider.compat import TaskDeferralError, TaskDeferralTimeout, default_deferrable
from airflow_hpt_provider.config import loading as configs
from airflow_hpt_provider.exceptions import (
    TuningError,
    TuningJobBudgetExceededError,
    TuningJobConfigError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.links.tuning import LINKS, note_links
from airflow_hpt_provider.operators.arguments import check_on_resource_limit
from airflow_hpt_provider.operators.base import (
    TuningBaseOperator,
    check_early,
    is_template,
    seconds_of,
)
from airflow_hpt_provider.operators.lifecycle import JobLifecycleMixin
from airflow_hpt_provider.operators.stop_on_exit import stop_orphaned_job
from airflow_hpt_provider.operators.stopping import StopHyperParameterTuningJobOperator
from airflow_hpt_provider.operators.stored_arguments import known_arguments
from airflow_hpt_provider.waiting.outcome import Outcome
from airflow_hpt_provider.xcom.push import push_job_info, push_result

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.creation.find_or_create import OnNameConflict, OwnedJob
    from airflow_hpt_provider.models import TuningJobRequest
    from airflow_hpt_provider.operators.resource_limit import OnResourceLimit
    from airflow_hpt_provider.retries.strategy import TuningRetryStrategy
    from airflow_hpt_provider.waiting.outcome import OnUnfinished

__all__ = ["HyperParameterTuningJobOperator", "StopHyperParameterTuningJobOperator"]


class HyperParameterTuningJobOperator(JobLifecycleMixin, TuningBaseOperator):
    """Create a SageMaker hyperparameter tuning job, wait for it, and push its best training job to XCom.

    The job is created once, however often the task is tried: a retry finds the previous try's job and continues to
    wait, or takes its result. :mod:`airflow_hpt_provider.xcom.push` lists what is pushed to XCom, and when.

    Args:
        config: the arguments of ``boto3``'s ``create_hyper_parameter_tuning_job``: a dict in AWS names, a
            :class:`~airflow_hpt_provider.models.TuningJobRequest`, or the path of a .json or .yaml file next to
            the DAG. The config and the file's content are templated; numbers may be templates. Without a
            ``HyperParameterTuningJobName`` the name is derived from the task instance. A ``RoleArn`` may be a
            role name.
        wait_for_completion: False returns as soon as the job is created, in every mode. Default True.
        deferrable: wait in the triggerer, without holding a worker. Default: ``[operators]
            default_deferrable`` of Airflow's configuration.
        poll_interval: seconds or timedelta between two polls of the job; default 30.
        timeout: seconds or timedelta from the creation of the job, over all tries and attempts, in every mode;
            ``on_timeout`` says what happens then. Default None: no limit.
        retry_strategy: submit the job again, warm-started, when it failed for a transient reason: the number of
            retries, or a :class:`~airflow_hpt_provider.retries.strategy.TuningRetryStrategy`. Default None: only
            Airflow's ``retries`` apply. See ``docs/retries.md``.
        max_billable_seconds: stop the job when its training jobs, over all attempts, have used this many billable
            seconds (wall-clock time, as SageMaker's BillableTimeInSeconds). Measured at most every two minutes;
            usage until the job has stopped is added. Default None: no limit.
        max_failed_training_jobs: stop the job when more training jobs than this have failed. Default None: no limit.
        on_stopped: policy for a job that was stopped before it completed: ``fail`` (default), ``skip``, or
            ``use_best``: continue with the best training job so far.
        on_timeout: policy for a job that did not end within ``timeout``; the job is stopped first. Default ``fail``.
        on_budget_exceeded: policy for a job that has exceeded ``max_billable_seconds`` or
            ``max_failed_training_jobs``; the job is stopped first. Default None: as ``on_timeout``.
        stop_on_kill: stop the tuning job when the task is marked, times out, or fails finally while the job is
            running, or starts again with another config. Default True. With False the job keeps running, and the
            log says where.
        on_name_conflict: policy when another task or user owns the job name: ``fail`` (default), or take the
            ``next`` free name (``name-2`` ...).
        on_resource_limit: policy when SageMaker's quotas allow no further tuning job: ``wait`` (default) until there is
            room, in the triggerer if ``deferrable``; or ``fail``. With ``wait``, an attempt that failed for lack of
            capacity is also followed by a pause. A quota that is smaller than what the job needs fails the task.
        resource_limit_timeout: seconds or timedelta to wait for room; default 24 hours. None: no limit.
        unreachable_timeout: seconds or timedelta for which the service may be unreachable during the wait before
            the task fails. Default None: as long as the wait may last.
        event_queue_url: deferrable only. A dedicated SQS queue that receives the job's state changes from
            EventBridge: the wait ends on the event, with a slow poll as the safety net.
        top_k: number of best training jobs in the result; default 0, at most 100.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS operator.

    Raises:
        TuningJobConfigError: the config is invalid. The message lists every problem, and nothing was created.
        TuningJobNameConflictError: see ``on_name_conflict``.
        TuningJobResourceLimitError: see ``on_resource_limit``.
        TuningJobFailedError, TuningJobPermanentFailureError, TuningJobStoppedError, TuningJobTimeoutError,
            TuningJobBudgetExceededError: how the job ended. :mod:`airflow_hpt_provider.exceptions` says which of them
            Airflow retries.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
    """

    template_fields: Sequence[str] = (
        "config",
        "wait_for_completion",
        "poll_interval",
        "timeout",
        "on_stopped",
        "on_timeout",
        "on_budget_exceeded",
        "on_resource_limit",
        "resource_limit_timeout",
        "retry_strategy",
        "max_billable_seconds",
        "max_failed_training_jobs",
        "event_queue_url",
        "stop_on_kill",  # no template: so that Airflow keeps its value for the API server
        *TuningBaseOperator.template_fields,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {"config": "json", "botocore_config": "json"}
    operator_extra_links = LINKS
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        config: dict[str, Any] | TuningJobRequest | str,
        wait_for_completion: bool = True,
        deferrable: bool | None = None,
        poll_interval: timedelta | float | str = 30.0,
        timeout: timedelta | float | str | None = None,
        retry_strategy: TuningRetryStrategy | dict[str, Any] | int | str | None = None,
        max_billable_seconds: float | str | None = None,
        max_failed_training_jobs: int | str | None = None,
        on_stopped: OnUnfinished = "fail",
        on_timeout: OnUnfinished = "fail",
        on_budget_exceeded: OnUnfinished | None = None,
        stop_on_kill: bool = True,
        on_name_conflict: OnNameConflict = "fail",
        on_resource_limit: OnResourceLimit = "wait",
        resource_limit_timeout: timedelta | float | str | None = timedelta(hours=24),
        unreachable_timeout: timedelta | float | None = None,
        event_queue_url: str | None = None,
        top_k: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.config = configs.as_template(config)
        self.wait_for_completion = wait_for_completion
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        # As Airflow can template and serialize it; TuningRetryStrategy.of() makes a strategy of it again.
        self.retry_strategy = asdict(retry_strategy) if is_dataclass(retry_strategy) else retry_strategy
        self.max_billable_seconds = max_billable_seconds
        self.max_failed_training_jobs = max_failed_training_jobs
        self.on_stopped = on_stopped
        self.on_timeout = on_timeout
        self.on_budget_exceeded = on_budget_exceeded
        self.stop_on_kill = stop_on_kill
        self.on_name_conflict = on_name_conflict
        self.on_resource_limit = on_resource_limit
        self.resource_limit_timeout = resource_limit_timeout
        self.unreachable_timeout = seconds_of("unreachable_timeout", unreachable_timeout, least=0)
        self.event_queue_url = event_queue_url
        self.top_k = top_k
        self.on_failure_callback = [*self.on_failure_callback, stop_orphaned_job]
        self.on_skipped_callback = [*self.on_skipped_callback, stop_orphaned_job]
        if on_name_conflict not in ("fail", "next"):
            raise ValueError(f"on_name_conflict must be 'fail' or 'next', got {on_name_conflict!r}.")
        if not isinstance(stop_on_kill, bool):
            raise TypeError(f"stop_on_kill must be True or False, got {stop_on_kill!r}.")
        check_early(self._policies, max_billable_seconds, max_failed_training_jobs, top_k)
        if not is_template(on_resource_limit):
            check_on_resource_limit(on_resource_limit)
        for name in ("poll_interval", "timeout", "resource_limit_timeout"):
            if not is_template(getattr(self, name)):
                seconds_of(name, getattr(self, name))
        if not is_template(retry_strategy):
            _ = self._strategy

    # -- the way: config -> create -> wait -> result -> XCom ---------------------------------------------

    def execute(self, context: Context) -> Any:
        """Create or rejoin the job; then wait here, defer, or leave it."""
        self._pushed_name, self._limited_since, self._refusals = "", None, 0
        self._start_execution_timeout(context)
        return self._create_and_wait(context)

    def create_in_turn(
        self,
        context: Context,
        event: Any = None,
        failed: Sequence[str] = (),
        since: str | None = None,
        series_limit: str | None = None,
        execution_deadline: str | None = None,
    ) -> Any:
        """Take up the task again after it has waited for a quota in the triggerer: find or create the job."""
        self._resume_creation(since, series_limit, execution_deadline)
        return self._create_and_wait(context, failed)

    def _create_and_wait(self, context: Context, failed: Sequence[str] = ()) -> Any:
        from airflow_hpt_provider.creation.ownership import DELIVERED_TAG

        with self._stop_on_failure(context):
            self._cast_templated()
            job = self._find_or_create(self._request(context), context, failed)
            description = self.hook.describe(job.name)
            if not self.wait_for_completion:
                self._raise_if_killed(job.name)
                self.log.info("Not waiting for tuning job %s (wait_for_completion=False).", job.name)
                self._running_job = None
                self.note_lineage(description)
                value = push_result(self, context, self._resolver(job.previous_attempts).result(description))
                self._mark_delivered(context, description)
                return value
            if description.status in {"Stopping", "Stopped"} and DELIVERED_TAG in job.tags:
                self.on_stopped = "use_best"  # it was taken before, so it is again
            return self._wait_and_finish(context, description, job.previous_attempts)

    def execute_complete(
        self,
        context: Context,
        event: Any = None,
        tuning_job_name: str = "",
        previous_attempts: Sequence[Any] | None = None,
        execution_deadline: str | None = None,
        misses: int = 0,
    ) -> Any:
        """Take up the task again after the trigger has fired."""
        from airflow_hpt_provider.creation.tags import previous_attempts_of
        from airflow_hpt_provider.models import Attempt

        # `dag.test()` passes on an end event as a bare string, and nothing else; describe the job again.
        event = event if isinstance(event, dict) else {}
        tuning_job_name = tuning_job_name or self._pushed_job_name(context)
        self._resume_execution_timeout(execution_deadline)
        self._misses = misses + 1 if event.get("status") == Outcome.NOT_FOUND else 0
        with self._stop_on_failure(context):
            self._waits_for(tuning_job_name)
            self._cast_templated()
            if event.get("status") == Outcome.UNREACHABLE:
                raise TuningServiceUnreachableError(str(event.get("message")), tuning_job_name)
            description = self._describe_again(tuning_job_name)
            arn = description.hyper_parameter_tuning_job_arn
            note_links(self, context, arn)
            attempts = (
                previous_attempts_of(self.hook, arn)
                if previous_attempts is None
                else tuple(Attempt.model_validate(each) for each in previous_attempts)
            )
            ended_by: TuningError | None = None
            limit = self._deadline(description, attempts)
            self._raise_if_execution_timed_out(description, event, limit)
            if description.status in {"Stopping", "Stopped"} and event.get("status") == Outcome.TIMEOUT:
                # The trigger has stopped the job. Before the limit, a user has.
                ended_by = (
                    TuningJobTimeoutError("", tuning_job_name)
                    if limit and datetime.now(UTC) >= limit
                    else None
                )
            if event.get("status") == Outcome.BUDGET:
                ended_by = TuningJobBudgetExceededError(str(event.get("message")), tuning_job_name)
            return self._wait_and_finish(context, description, attempts, ended_by)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume as BaseOperator does; but a trigger that failed or timed out does not leave the job running unseen."""
        try:
            return super().resume_execution(
                next_method, known_arguments(self, next_method, next_kwargs), context
            )
        except TaskDeferralTimeout:
            self.log.warning("The triggerer did not report in time; handling the timeout on this worker.")
            if not self._pushed_job_name(context):  # it has waited to create its job: the last try
                self._limited_since = datetime.min.replace(tzinfo=UTC)
                return self._create_and_wait(context)
            # The deferral's arguments are lost. Its time was over because timeout or execution_timeout is.
            over = datetime.now(UTC).isoformat() if self.execution_timeout else None
            event = {"status": Outcome.TIMEOUT}
            return self.execute_complete(
                context, event, self._pushed_job_name(context), execution_deadline=over
            )
        except TaskDeferralError:
            with self._stop_on_failure(context):
                self._waits_for(self._pushed_job_name(context))
                raise

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        # Where Airflow renders mapped tasks too; what is rendered is shown in the UI right after.
        from airflow_hpt_provider.config.masking import mask_secrets

        self._began = True
        # Airflow logs a field that it cannot render.
        mask_secrets(getattr(parent, "config", None), is_rendered=False)
        super()._do_render_template_fields(parent, *args, **kwargs)
        self._rendered = self._rendered or parent is self
        mask_secrets(getattr(parent, "config", None))

    # -- the steps ---------------------------------------------------------------------------------------

    def _request(self, context: Context) -> TuningJobRequest:
        config, path = configs.load(self, self.config, context)
        try:
            return configs.validate(configs.expand_roles(config, self.hook), path)
        except TuningJobConfigError as error:
            raise TuningJobConfigError(f"{error}\n{self._nothing}".rstrip()) from None

    def _find_or_create(
        self, request: TuningJobRequest, context: Context, failed: Sequence[str] = ()
    ) -> OwnedJob:
        from airflow_hpt_provider.creation.find_or_create import JobResolver
        from airflow_hpt_provider.creation.ownership import Owner
        from airflow_hpt_provider.operators.state_store import JobStateStore
        from airflow_hpt_provider.retries.quotas import QuotaShortage

        store = JobStateStore(context)
        memory = store.load()
        if memory:
            self.hook.worked = True  # in an earlier try
        resolver = JobResolver(
            hook=self.hook,
            owner=Owner.from_context(context),
            request=request,
            on_name_conflict=self.on_name_conflict,
            memory=memory,
            retry_strategy=self._strategy,
            timeout=self._timeout,
            first_try=context["ti"].try_number <= 1,
            waits=self.wait_for_completion,
            stop_superseded=self.stop_on_kill,
            failed=failed,
            on_create=self._about_to_create,
            log=self.log,
        )
        while True:
            try:
                job = resolver.find_or_create()
                break
            except Exception as error:
                if (shortage := QuotaShortage.of(error)) is None:
                    raise
                self._wait_for_quota(shortage, error, failed)
        self._limited_since, self._refusals = None, 0
        self._waits_for(job.name)
        store.save(job.name, job.tags)
        push_job_info(self, context, job.name, job.arn)
        return job

    def _next_attempt(self, context: Context, failed: Sequence[str]) -> OwnedJob:
        return self._find_or_create(self._request(context), context, failed)
