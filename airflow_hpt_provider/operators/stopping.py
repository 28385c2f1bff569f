"""Operator that stops a hyperparameter tuning job."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.operators.base import TuningBaseOperator, seconds_of

if TYPE_CHECKING:
    from airflow.sdk import Context


class StopHyperParameterTuningJobOperator(TuningBaseOperator):
    """Stop a tuning job and, by default, wait until it has stopped. A job that has ended already is left alone.

    Pushes the job's last status (``Stopped``, ``Completed`` ...) as its return value.

    Args:
        tuning_job_name: the job to stop (templated), or the result of the task that started it, ``create.output``.
        wait_for_completion: wait until it has ended; SageMaker gives training jobs 120 s. Default True.
        poll_interval: seconds or timedelta between two polls; default 10.
        timeout: seconds or timedelta to wait at most; default 15 minutes. None: no limit.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS operator.

    Raises:
        TuningJobNotFoundError: there is no such job.
        TuningJobTimeoutError: it had not ended within ``timeout``.
        TuningJobConfigError: ``poll_interval`` or ``timeout`` is no time; when the DAG is parsed.
    """

    template_fields: Sequence[str] = ("tuning_job_name", *TuningBaseOperator.template_fields)
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        tuning_job_name: Any,
        wait_for_completion: bool = True,
        poll_interval: timedelta | float = 10.0,
        timeout: timedelta | float | None = timedelta(minutes=15),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tuning_job_name = tuning_job_name
        self.wait_for_completion = wait_for_completion
        self.poll_interval = seconds_of("poll_interval", poll_interval) or 10.0
        self.timeout = seconds_of("timeout", timeout)

    def execute(self, context: Context) -> str:
        """Stop, wait, and return the last status."""
        from airflow_hpt_provider.waiting.progress import ProgressLog
        from airflow_hpt_provider.xcom.job_name import checked_job_name

        name = checked_job_name(self.tuning_job_name)
        description = self.hook.describe(name)
        if not description.is_terminal and self.hook.stop(name):
            self.log.info("Stopping tuning job %s.", name)
        if self.wait_for_completion:
            timeout = None if self.timeout is None else timedelta(seconds=self.timeout)
            description = self.hook.wait(
                name,
                poll_interval=self.poll_interval,
                deadline=None if timeout is None else datetime.now(UTC) + timeout,
                on_poll=ProgressLog(self.log),
                log=self.log,
            )
        else:
            description = self.hook.describe(name)
        return str(description.status)
