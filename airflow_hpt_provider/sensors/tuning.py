"""Waits for a tuning job that was started elsewhere."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_hpt_provider.compat import AirflowSensorTimeout, default_deferrable, has
from airflow_hpt_provider.exceptions import (
    TuningError,
    TuningJobBudgetExceededError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.lineage.mixin import TuningLineageMixin
from airflow_hpt_provider.links.tuning import LINKS
from airflow_hpt_provider.metrics import BUDGET_STOPS, WAITS
from airflow_hpt_provider.operators.base import (
    TuningBaseOperator,
    budget_limits,
    check_early,
    seconds_of,
)
from airflow_hpt_provider.operators.stored_arguments import known_arguments
from airflow_hpt_provider.waiting.outcome import Outcome, outcome_of
from airflow_hpt_provider.waiting.state_change import check_queue_url
from airflow_hpt_provider.xcom.job_name import checked_job_name, is_known_to_triggerer, source_of
from airflow_hpt_provider.xcom.push import push_job_info, push_result

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.models import TuningJobDescription
    from airflow_hpt_provider.waiting.limits import WaitLimits
    from airflow_hpt_provider.waiting.on_poll import PollCallback
    from airflow_hpt_provider.waiting.outcome import OnUnfinished

MAX_STARTED_IN_TRIGGERER = 50
"""Tasks of a DAG that start in the triggerer. Airflow hands each of them the whole DAG, and the triggerer's event loop
does nothing else while it reads that."""
UNKNOWN_CONNECTION_SECONDS = 600.0
"""How long a worker retries that has not used the connection before: its credentials may be wrong for good."""


class HyperParameterTuningJobSensor(TuningLineageMixin, TuningBaseOperator, BaseSensorOperator):
    """Wait until a tuning job has ended; pushes the same XComs as the operator that created it.

    Works in ``mode="poke"``, ``mode="reschedule"`` and deferrable, with the same outcomes. The job belongs to another
    task or user, so the sensor stops it only when it reaches a budget given here.

    Args:
        tuning_job_name: name of the job (templated), or the output of the task that created it:
            ``HyperParameterTuningJobSensor(tuning_job_name=create.output)``.
        deferrable: wait in the triggerer, without holding a worker. Default: ``[operators]
            default_deferrable`` of Airflow's configuration.
        start_from_trigger: start in the triggerer, without a worker (Airflow 3.3+; implies ``deferrable``).
            Default False. The name may be a constant, come from another task (``create.output``, or a plain
            ``{{ ti.xcom_pull(task_ids="create", key="tuning_job_name") }}``), or be a template of ``params``,
            ``dag_run`` or ``var``; with any other template, in whichever argument, and when mapped, the task starts
            on a worker. So do all but the first 50 of such tasks in a DAG: see ``docs/waiting.md``.
        finish_in_triggerer: end in the triggerer, too, when the job has succeeded (Airflow 3.3+; implies
            ``deferrable``). Default False, because Airflow then skips much of what belongs to the end of a
            task: see ``docs/waiting.md``.
        on_stopped: for a job that was stopped before it completed: ``fail`` (default), ``skip``, or
            ``use_best``.
        on_timeout: policy for a job that did not end within the sensor's ``timeout``; the job keeps running.
            ``fail`` (default): AirflowSensorTimeout, as in every sensor; ``skip``, or ``use_best``.
        max_billable_seconds, max_failed_training_jobs: budget of the job, as in the operator; the job is stopped when
            it exceeds the budget. Default None: no limit.
        on_budget_exceeded: policy for a job that has exceeded its budget: ``fail``, ``skip`` or ``use_best``.
            Default None: as ``on_timeout``.
        unreachable_timeout: deferrable only. Seconds or timedelta for which the service may be unreachable before
            the task fails. Default None: as long as ``timeout`` allows.
        event_queue_url: deferrable only. A dedicated SQS queue that receives the job's state changes from
            EventBridge: the wait ends on the event, with a slow poll as the safety net.
        top_k: number of best training jobs in the result; default 0, at most 100.
        poke_interval: seconds between two polls; default 60.
        timeout, mode, soft_fail ...: as in every sensor; ``timeout`` is enforced in every mode.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS operator.

    Raises:
        TuningJobFailedError, TuningJobPermanentFailureError, TuningJobStoppedError,
            TuningJobBudgetExceededError: how the job ended.
        TuningJobNotFoundError: the job does not exist.
        AirflowSensorTimeout: the job did not end within ``timeout``.
    """

    template_fields: Sequence[str] = (
        "tuning_job_name",
        "on_stopped",
        "on_timeout",
        "on_budget_exceeded",
        "max_billable_seconds",
        "max_failed_training_jobs",
        "event_queue_url",
        *TuningBaseOperator.template_fields,
    )
    operator_extra_links = LINKS
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        tuning_job_name: Any,
        deferrable: bool | None = None,
        start_from_trigger: bool = False,
        finish_in_triggerer: bool = False,
        on_stopped: OnUnfinished = "fail",
        on_timeout: OnUnfinished = "fail",
        max_billable_seconds: float | str | None = None,
        max_failed_training_jobs: int | str | None = None,
        on_budget_exceeded: OnUnfinished | None = None,
        unreachable_timeout: timedelta | float | None = None,
        event_queue_url: str | None = None,
        top_k: int = 0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        seconds_of("timeout", self.timeout, least=0)
        self.tuning_job_name = tuning_job_name
        self.finish_in_triggerer = finish_in_triggerer
        if start_from_trigger or finish_in_triggerer:
            if deferrable is False:
                raise ValueError("start_from_trigger and finish_in_triggerer require deferrable=True.")
            deferrable = True
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.on_stopped = on_stopped
        self.on_timeout = on_timeout
        self.max_billable_seconds = max_billable_seconds
        self.max_failed_training_jobs = max_failed_training_jobs
        self.on_budget_exceeded = on_budget_exceeded
        self.unreachable_timeout = seconds_of("unreachable_timeout", unreachable_timeout, least=0)
        self.event_queue_url = event_queue_url
        self.top_k = top_k
        self._poll_callback: PollCallback | None = None
        self._limits: WaitLimits | None = None
        self._announced = False
        self._deadline: datetime | None = None
        self._rescheduled: datetime | None = None
        check_early(self._policies, max_billable_seconds, max_failed_training_jobs, top_k)
        if start_from_trigger and has("start_from_trigger"):
            self._start_in_triggerer()

    def execute(self, context: Context) -> Any:
        """Wait here, or defer."""
        check_early(self._policies, self.max_billable_seconds, self.max_failed_training_jobs, self.top_k)
        if self.event_queue_url is not None:
            check_queue_url("event_queue_url", self.event_queue_url)
        self.tuning_job_name = checked_job_name(self.tuning_job_name)
        first = self._first_reschedule(context)
        self._deadline = (first or datetime.now(UTC)) + timedelta(seconds=self.timeout)
        if not self.deferrable:
            self._rescheduled = first
            if first is None:
                WAITS.send(where="worker")
        try:
            return super().execute(context)
        except AirflowSensorTimeout as error:
            return self._timed_out(context, error)

    def poke(self, context: Context) -> PokeReturnValue:
        """Poll once; defer if the job has not ended and the sensor is deferrable.

        A poll that fails for a transient reason does not end the wait. Neither does one that does not return: it is
        left behind soon after ``timeout``.
        """
        done = self._poll(context)
        if self.deferrable and self._deadline is not None and not done:
            self._defer(self._deadline)
        return done

    def _poll(self, context: Context) -> PokeReturnValue:
        from airflow_hpt_provider.retries.errors import one_line
        from airflow_hpt_provider.waiting.blocking_poller import call_limit, poll_once, send_lateness
        from airflow_hpt_provider.waiting.limits import WaitLimits
        from airflow_hpt_provider.waiting.time_limit import CallTimeoutError, call_within

        name = self.tuning_job_name
        limits = self._limits = self._limits or WaitLimits(name, max_not_found=1)
        limits.deadline = self._deadline
        description = poll_once(
            lambda: self.hook.describe_once(name),
            limits,
            prepare=self.hook.ready,  # only this thread reads Airflow's connection
            on_refused_credentials=self.hook.reset,
        )
        if isinstance(description, Exception):
            self.log.warning("Could not poll tuning job %s (%s); retrying.", name, one_line(description))
            return PokeReturnValue(is_done=False)
        try:
            call_within(call_limit(limits), lambda: self._on_poll(description))
        except TuningJobBudgetExceededError as error:
            BUDGET_STOPS.send(where="worker")
            return PokeReturnValue(is_done=True, xcom_value=self._budget_ended(context, error))
        except CallTimeoutError as error:
            self.log.warning("Could not measure tuning job %s (%s).", name, one_line(error))
        if outcome_of(description.status) is None:
            if not self._announced:
                push_job_info(self, context, self.tuning_job_name, description.hyper_parameter_tuning_job_arn)
                self._announced = True
            return PokeReturnValue(is_done=False)
        ended, rescheduled = description.hyper_parameter_tuning_end_time, self._rescheduled
        if self._announced or (ended and rescheduled and ended > rescheduled):
            send_lateness(description)
        return PokeReturnValue(is_done=True, xcom_value=self._finish(context, description))

    def _first_reschedule(self, context: Context) -> datetime | None:
        """Return the time from which ``timeout`` counts, as in every sensor; None: from now."""
        first: datetime | None = context["ti"].get_first_reschedule_date(context) if self.reschedule else None
        return first

    def execute_complete(
        self, context: Context, event: Any = None, deadline: str = "", misses: int = 0
    ) -> Any:
        """Take up the task again after the trigger has fired."""
        # `dag.test()` passes on an end event as a bare string; describe the job in any case.
        event = event if isinstance(event, dict) else {}
        self.tuning_job_name = checked_job_name(self.tuning_job_name)
        if event.get("status") == Outcome.UNREACHABLE:
            raise TuningServiceUnreachableError(str(event.get("message")), self.tuning_job_name)
        if event.get("status") == Outcome.BUDGET:
            error = TuningJobBudgetExceededError(str(event.get("message")), self.tuning_job_name)
            return self._budget_ended(context, error)
        description = self._describe_again(event.get("status"), connection_worked=bool(deadline))
        if outcome_of(description.status) is None:
            # The event came early. Without an earlier leg on a worker, the deadline is not set yet.
            limit = (
                datetime.fromisoformat(deadline)
                if deadline
                else datetime.now(UTC) + timedelta(seconds=self.timeout)
            )
            return self._defer(limit, misses + 1 if event.get("status") == Outcome.NOT_FOUND else 0)
        return self._finish(context, description)

    def _describe_again(self, status: str | None, *, connection_worked: bool) -> TuningJobDescription:
        """Describe a job that the trigger has waited for, and tolerate as much as the wait does.

        The service may be away, or refuse the credentials, when the job has ended; this must not cost the task a try.
        """
        if status == Outcome.NOT_FOUND:
            return self.hook.describe(self.tuning_job_name)
        seconds = self.unreachable_timeout
        if seconds is None:
            seconds = self.timeout if connection_worked else UNKNOWN_CONNECTION_SECONDS
        return self.hook.wait(
            self.tuning_job_name,
            unreachable_timeout=timedelta(seconds=seconds),
            until_ended=False,
            log=self.log,
        )

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """Resume as BaseSensorOperator does; but ``on_timeout`` says what follows a timeout."""
        try:
            return super().resume_execution(
                next_method, known_arguments(self, next_method, next_kwargs), context
            )
        except AirflowSensorTimeout as error:
            self.tuning_job_name = checked_job_name(self.tuning_job_name)
            return self._timed_out(context, error)

    def _timed_out(self, context: Context, error: AirflowSensorTimeout) -> Any:
        if self.on_timeout == "fail":
            raise error
        self.log.warning("Tuning job %s keeps running: its sensor does not stop it.", self.tuning_job_name)
        ended_by = TuningJobTimeoutError(str(error), self.tuning_job_name)
        return self._finish(context, self.hook.describe(self.tuning_job_name), ended_by)

    def _budget_ended(self, context: Context, error: TuningJobBudgetExceededError) -> Any:
        if self.hook.stop(self.tuning_job_name):
            self.log.warning("Stopping tuning job %s: it %s.", self.tuning_job_name, error)
        return self._finish(context, self.hook.describe(self.tuning_job_name), error)

    def _start_in_triggerer(self) -> None:
        """Make Airflow start the task with its trigger.

        On the instance, never on the class: mapped tasks would start with the class's, whatever they are
        expanded with; this way they start on a worker.
        """
        from airflow.triggers.base import StartTriggerArgs

        source = source_of(self.tuning_job_name)
        arguments = self._trigger_arguments() | ({"tuning_job_name": ""} if source else {})
        if not is_known_to_triggerer(arguments) or self._too_many_start_in_triggerer():
            return
        self.start_from_trigger = True
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls="airflow_hpt_provider.triggers.tuning.HyperParameterTuningJobTrigger",
            trigger_kwargs={**arguments, "name_from": source},
            next_method="execute_complete",
            next_kwargs={},
            timeout=timedelta(seconds=self.timeout),
        )

    def _too_many_start_in_triggerer(self) -> bool:
        if not self.has_dag():  # type: ignore[no-untyped-call]
            return False
        started = sum(task.start_from_trigger is True for task in self.dag.tasks)
        if started < MAX_STARTED_IN_TRIGGERER:
            return False
        message = (
            f"DAG {self.dag.dag_id} has more than {MAX_STARTED_IN_TRIGGERER} tasks with start_from_trigger=True, which"
            " would block the triggerer. All others start on a worker and defer from there. Map one sensor over the"
            " tuning jobs, or use deferrable=True."
        )
        warnings.warn(message, UserWarning, stacklevel=4)
        return True

    def _defer(self, deadline: datetime, misses: int = 0) -> Any:
        from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger
        from airflow_hpt_provider.waiting.deferral_backoff import delay_after, warn

        if misses:
            seconds = delay_after(misses)
            warn(self.log, self.tuning_job_name, self.aws_conn_id, misses, seconds)
            time.sleep(seconds)
        self.log.info("Waiting for tuning job %s in the triggerer.", self.tuning_job_name)
        self.defer(
            trigger=HyperParameterTuningJobTrigger(**self._trigger_arguments(), rendered=True),
            method_name="execute_complete",
            kwargs={"deadline": deadline.isoformat(), "misses": misses},
            timeout=max(deadline - datetime.now(UTC), timedelta()),
        )

    def _trigger_arguments(self) -> dict[str, Any]:
        return {
            "tuning_job_name": self.tuning_job_name,
            "poll_interval": self.poke_interval,
            "unreachable_timeout": self.unreachable_timeout,
            "event_queue_url": self.event_queue_url,
            "finish_in_triggerer": self.finish_in_triggerer,
            "on_stopped": self.on_stopped,
            "top_k": self.top_k,
            "push_result": self.do_xcom_push,
            "max_billable_seconds": self.max_billable_seconds,
            "max_failed_training_jobs": self.max_failed_training_jobs,
            **self.connection_settings.as_kwargs(),
        }

    def _finish(
        self, context: Context, description: TuningJobDescription, ended_by: TuningError | None = None
    ) -> dict[str, Any]:
        from airflow_hpt_provider.config.masking import mask_secrets
        from airflow_hpt_provider.result.log_summary import log_result
        from airflow_hpt_provider.result.resolve import OutcomeResolver

        mask_secrets(description)
        push_job_info(self, context, self.tuning_job_name, description.hyper_parameter_tuning_job_arn)
        self.note_lineage(description)
        resolver = OutcomeResolver(self.hook, **self._policies, top_k=self.top_k, log=self.log)
        result = resolver.resolve(description, ended_by=ended_by)
        self.note_lineage(description, result)
        log_result(self.hook, result, self.log)
        return push_result(self, context, result)

    @property
    def _policies(self) -> dict[str, Any]:
        names = ("on_stopped", "on_timeout", "on_budget_exceeded")
        return {name: getattr(self, name) for name in names}

    def _on_poll(self, description: TuningJobDescription) -> None:
        from airflow_hpt_provider.waiting.on_poll import PollCallback

        if self._poll_callback is None:
            limits = budget_limits(self.max_billable_seconds, self.max_failed_training_jobs)
            self._poll_callback = PollCallback(self.hook, self.tuning_job_name, limits, (), self.log)
        self._poll_callback(description)
