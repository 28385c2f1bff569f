"""Wait for a tuning job that something else has started."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator, PokeReturnValue

from airflow_hpt_provider.compat import default_deferrable
from airflow_hpt_provider.delivery import announce, deliver
from airflow_hpt_provider.exceptions import TuningJobNotFoundError, TuningServiceUnreachableError
from airflow_hpt_provider.links.tuning import BestTrainingJobLink, BestTrainingJobLogsLink, TuningJobLink
from airflow_hpt_provider.operators.base import CONNECTION_FIELDS, TuningConnectionMixin
from airflow_hpt_provider.waiting import Outcome, check_policy, outcome_of, utcnow

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.models import TuningJobDescription
    from airflow_hpt_provider.progress import ProgressLog
    from airflow_hpt_provider.waiting import OnUnfinished


class HyperParameterTuningJobSensor(TuningConnectionMixin, BaseSensorOperator):
    """Wait until a tuning job has ended; leaves the same XComs as the operator that made it would.

    Works in ``mode="poke"``, ``mode="reschedule"`` and deferrable, with the same outcomes. It waits for
    somebody else's job, so it never stops it.

    Args:
        tuning_job_name: the job to wait for (templated).
        deferrable: wait in the triggerer, without holding a worker. Default: ``[operators]
            default_deferrable`` of Airflow's configuration.
        on_stopped: for a job that was stopped before it completed: ``fail`` (default), ``skip``, or
            ``use_best``.
        max_unreachable: deferrable only: seconds for which the service may be unreachable before the task
            fails. Default None: as long as ``timeout`` allows.
        top_k: how many of the best training jobs the result lists; default 0, at most 100.
        poke_interval: seconds between two looks; default 60.
        timeout, mode, soft_fail ...: as for every sensor; ``timeout`` is enforced in every mode.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS operator.

    Raises:
        TuningJobFailedError, TuningJobRejectedError, TuningJobStoppedError: how the job ended.
        TuningJobNotFoundError: there is no such job.
        AirflowSensorTimeout: it had not ended within ``timeout``.
    """

    template_fields: Sequence[str] = ("tuning_job_name", "on_stopped", *CONNECTION_FIELDS)
    operator_extra_links = (TuningJobLink(), BestTrainingJobLink(), BestTrainingJobLogsLink())
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        tuning_job_name: str,
        deferrable: bool | None = None,
        on_stopped: OnUnfinished = "fail",
        max_unreachable: float | None = None,
        top_k: int = 0,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tuning_job_name = tuning_job_name
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.on_stopped = on_stopped
        self.max_unreachable = max_unreachable
        self.top_k = top_k
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        self._progress: ProgressLog | None = None
        if "{{" not in on_stopped:
            check_policy("on_stopped", on_stopped)

    def execute(self, context: Context) -> Any:
        """Wait here, or defer."""
        check_policy("on_stopped", self.on_stopped)
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
        if event.get("status") == Outcome.UNREACHABLE:
            raise TuningServiceUnreachableError(str(event.get("message")), self.tuning_job_name)
        description = self.hook.describe(self.tuning_job_name)
        if outcome_of(description.status) is None:
            return self._defer(datetime.fromisoformat(deadline))  # the event was early
        return self._finish(context, description)

    def _defer(self, deadline: datetime) -> Any:
        from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

        self.log.info("Waiting for tuning job %s in the triggerer.", self.tuning_job_name)
        self.defer(
            trigger=HyperParameterTuningJobTrigger(
                tuning_job_name=self.tuning_job_name,
                poll_interval=self.poke_interval,
                max_unreachable=self.max_unreachable,
                **self.connection_settings.as_kwargs(),
            ),
            method_name="execute_complete",
            kwargs={"deadline": deadline.isoformat()},
            timeout=max(deadline - utcnow(), timedelta()),
        )

    def _finish(self, context: Context, description: TuningJobDescription) -> dict[str, Any]:
        from airflow_hpt_provider.outcomes import Settlement

        announce(self, context, self.tuning_job_name, description.hyper_parameter_tuning_job_arn)
        result = Settlement(self.hook, self.on_stopped, top_k=self.top_k, log=self.log).settle(description)
        self.log.info("%s", result.summary())
        return deliver(self, context, result)

    def _log_progress(self, description: TuningJobDescription) -> None:
        from airflow_hpt_provider.progress import ProgressLog

        self._progress = self._progress or ProgressLog(self.log)
        self._progress(description)
