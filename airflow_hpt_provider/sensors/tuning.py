"""Wait for a tuning job that something else has started."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_hpt_provider.compat import default_deferrable, has
from airflow_hpt_provider.delivery import announce, deliver
from airflow_hpt_provider.exceptions import TuningJobNotFoundError, TuningServiceUnreachableError
from airflow_hpt_provider.links.tuning import LINKS
from airflow_hpt_provider.operators.base import CONNECTION_FIELDS, TuningConnectionMixin
from airflow_hpt_provider.waiting.decision import Outcome, check_policy, outcome_of, utcnow
from airflow_hpt_provider.waiting.upstream import is_known_to_triggerer, job_name, source_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.models import TuningJobDescription
    from airflow_hpt_provider.waiting.decision import OnUnfinished
    from airflow_hpt_provider.waiting.progress import ProgressLog


class HyperParameterTuningJobSensor(TuningConnectionMixin, BaseSensorOperator):
    """Wait until a tuning job has ended; leaves the same XComs as the operator that made it would.

    Works in ``mode="poke"``, ``mode="reschedule"`` and deferrable, with the same outcomes. It waits for
    somebody else's job, so it never stops it.

    Args:
        tuning_job_name: the job to wait for (templated), or the result of the task that started it:
            ``HyperParameterTuningJobSensor(tuning_job_name=create.output)``.
        deferrable: wait in the triggerer, without holding a worker. Default: ``[operators]
            default_deferrable`` of Airflow's configuration.
        start_from_trigger: start in the triggerer, without a worker (Airflow 3.3+; implies ``deferrable``).
            Default False. The name may be a constant, come from another task (``create.output``, or a plain
            ``{{ ti.xcom_pull(task_ids="create", key="tuning_job_name") }}``), or be a template of ``params``,
            ``dag_run`` or ``var``; with any other template, and when mapped, the task starts on a worker.
        finish_in_triggerer: end in the triggerer, too, when the job has succeeded (Airflow 3.3+; implies
            ``deferrable``). Default False, because Airflow then skips much of what belongs to the end of a
            task: see ``docs/waiting.md``.
        on_stopped: for a job that was stopped before it completed: ``fail`` (default), ``skip``, or
            ``use_best``.
        max_unreachable: deferrable only: seconds for which the service may be unreachable before the task
            fails. Default None: as long as ``timeout`` allows.
        event_queue_url: deferrable only: an SQS queue that gets the job's state changes from EventBridge, and
            that nobody else reads: the wait ends on the event, with a slow poll as the safety net.
        top_k: how many of the best training jobs the result lists; default 0, at most 100.
        poke_interval: seconds between two looks; default 60.
        timeout, mode, soft_fail ...: as for every sensor; ``timeout`` is enforced in every mode.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS operator.

    Raises:
        TuningJobFailedError, TuningJobRejectedError, TuningJobStoppedError: how the job ended.
        TuningJobNotFoundError: there is no such job.
        AirflowSensorTimeout: it had not ended within ``timeout``.
    """

    template_fields: Sequence[str] = ("tuning_job_name", "on_stopped", "event_queue_url", *CONNECTION_FIELDS)
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
        max_unreachable: float | None = None,
        event_queue_url: str | None = None,
        top_k: int = 0,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tuning_job_name = tuning_job_name
        self.finish_in_triggerer = finish_in_triggerer
        if start_from_trigger or finish_in_triggerer:
            if deferrable is False:
                raise ValueError("start_from_trigger and finish_in_triggerer need deferrable=True.")
            deferrable = True
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.on_stopped = on_stopped
        self.max_unreachable = max_unreachable
        self.event_queue_url = event_queue_url
        self.top_k = top_k
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        self._progress: ProgressLog | None = None
        if "{{" not in on_stopped:
            check_policy("on_stopped", on_stopped)
        if start_from_trigger and has("start_from_trigger"):
            self._start_in_triggerer()

    def execute(self, context: Context) -> Any:
        """Wait here, or defer."""
        check_policy("on_stopped", self.on_stopped)
        self.tuning_job_name = job_name(self.tuning_job_name)
        if not self.deferrable:
            return super().execute(context)
        done = self.poke(context)
        if done:
            return done.xcom_value
        return self._defer(utcnow() + timedelta(seconds=self.timeout))

    def poke(self, context: Context) -> PokeReturnValue:
        """Look once. A look that fails for a transient reason is not the end of the wait."""
        from airflow_hpt_provider.retries import Verdict, brief, classify

        try:
            description = self.hook.describe_once(self.tuning_job_name)
        except TuningJobNotFoundError:
            raise
        except Exception as error:
            verdict = classify(error)
            if verdict is Verdict.CREDENTIALS:
                self.hook.reset()
            elif verdict is not Verdict.TRANSIENT:
                raise
            self.log.warning("Could not look at tuning job %s (%s).", self.tuning_job_name, brief(error))
            return PokeReturnValue(is_done=False)
        self._log_progress(description)
        if outcome_of(description.status) is None:
            announce(self, context, self.tuning_job_name, description.hyper_parameter_tuning_job_arn)
            return PokeReturnValue(is_done=False)
        return PokeReturnValue(is_done=True, xcom_value=self._finish(context, description))

    def execute_complete(self, context: Context, event: Any = None, deadline: str = "") -> Any:
        """Take up the task again after the trigger has fired."""
        # `dag.test()` hands on an end event as a bare string; the job's state is read afresh in any case.
        event = event if isinstance(event, dict) else {}
        self.tuning_job_name = job_name(self.tuning_job_name)
        if event.get("status") == Outcome.UNREACHABLE:
            raise TuningServiceUnreachableError(str(event.get("message")), self.tuning_job_name)
        description = self.hook.describe(self.tuning_job_name)
        if outcome_of(description.status) is None:
            # The event was early. Without a leg on a worker before, nobody has set the deadline yet.
            limit = (
                datetime.fromisoformat(deadline) if deadline else utcnow() + timedelta(seconds=self.timeout)
            )
            return self._defer(limit)
        return self._finish(context, description)

    def _start_in_triggerer(self) -> None:
        """Tell Airflow to start the task with its trigger.

        On the instance, never on the class: mapped tasks would start with the class's, whatever they are
        expanded with; this way they start on a worker.
        """
        from airflow.triggers.base import StartTriggerArgs

        source = source_of(self.tuning_job_name)
        if source is None and not is_known_to_triggerer(self.tuning_job_name):
            return
        name = {"tuning_job_name": ""} if source else {"tuning_job_name": self.tuning_job_name}
        self.start_from_trigger = True
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls="airflow_hpt_provider.triggers.tuning.HyperParameterTuningJobTrigger",
            trigger_kwargs={**self._trigger_arguments(), **name, "name_from": source},
            next_method="execute_complete",
            next_kwargs={},
            timeout=timedelta(seconds=self.timeout),
        )

    def _defer(self, deadline: datetime) -> Any:
        from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

        self.log.info("Waiting for tuning job %s in the triggerer.", self.tuning_job_name)
        self.defer(
            trigger=HyperParameterTuningJobTrigger(**self._trigger_arguments()),
            method_name="execute_complete",
            kwargs={"deadline": deadline.isoformat()},
            timeout=max(deadline - utcnow(), timedelta()),
        )

    def _trigger_arguments(self) -> dict[str, Any]:
        return {
            "tuning_job_name": self.tuning_job_name,
            "poll_interval": self.poke_interval,
            "max_unreachable": self.max_unreachable,
            "event_queue_url": self.event_queue_url,
            "finish_in_triggerer": self.finish_in_triggerer,
            "on_stopped": self.on_stopped,
            "top_k": self.top_k,
            "push_result": self.do_xcom_push,
            **self.connection_settings.as_kwargs(),
        }

    def _finish(self, context: Context, description: TuningJobDescription) -> dict[str, Any]:
        from airflow_hpt_provider.closing import log_result
        from airflow_hpt_provider.outcomes import Settlement

        announce(self, context, self.tuning_job_name, description.hyper_parameter_tuning_job_arn)
        result = Settlement(self.hook, self.on_stopped, top_k=self.top_k, log=self.log).settle(description)
        log_result(self.hook, result, self.log)
        return deliver(self, context, result)

    def _log_progress(self, description: TuningJobDescription) -> None:
        from airflow_hpt_provider.waiting.progress import ProgressLog

        self._progress = self._progress or ProgressLog(self.log)
        self._progress(description)
