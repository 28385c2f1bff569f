"""Operators that start and stop hyperparameter tuning jobs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from airflow_hpt_provider import config as configs
from airflow_hpt_provider.compat import (
    AirflowFailException,
    AirflowSkipException,
    TaskDeferralError,
    TaskDeferralTimeout,
    default_deferrable,
)
from airflow_hpt_provider.delivery import TUNING_JOB_NAME, announce, deliver
from airflow_hpt_provider.exceptions import TuningJobTimeoutError, TuningServiceUnreachableError
from airflow_hpt_provider.identity import Owner
from airflow_hpt_provider.links.tuning import LINKS
from airflow_hpt_provider.operators.base import CONNECTION_FIELDS, TuningConnectionMixin, cast_argument
from airflow_hpt_provider.waiting.decision import Outcome, check_policy, deadline, outcome_of, utcnow

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.creation import OnNameConflict, OwnJob
    from airflow_hpt_provider.models import TuningJobDescription, TuningJobRequest
    from airflow_hpt_provider.outcomes import Settlement
    from airflow_hpt_provider.waiting.decision import OnUnfinished

STORE_KEY = "airflow_hpt_tuning_job_name"
DEFER_MARGIN = timedelta(minutes=5)
"""Airflow's own timeout of a deferral comes so much later than the trigger's: it is the safety net."""


class HyperParameterTuningJobOperator(TuningConnectionMixin, BaseOperator):
    """Create a SageMaker hyperparameter tuning job, wait for it, and leave its best training job in XCom.

    The job is created once, however often the task is tried: a retry finds the job of the try before and waits
    on, or takes its result. What lands in XCom, and when, is told in :mod:`airflow_hpt_provider.delivery`.

    Args:
        config: what ``boto3``'s ``create_hyper_parameter_tuning_job`` takes, as a dict in AWS names, as a
            :class:`~airflow_hpt_provider.models.TuningJobRequest`, or as the path of a .json or .yaml file
            beside the DAG (templated, the file's content too). Numbers may be templates. Without a
            ``HyperParameterTuningJobName`` the name is derived from the task instance. A ``RoleArn`` may be a
            role's name.
        wait_for_completion: False: return as soon as the job is created, in every mode. Default True.
        deferrable: wait in the triggerer, without holding a worker. Default: ``[operators]
            default_deferrable`` of Airflow's configuration.
        poll_interval: seconds between two looks at the job; default 30.
        timeout: seconds or timedelta from the creation of the job; what happens then is ``on_timeout``. Counts
            over all tries, in every mode. Default None: no limit of ours.
        on_stopped: for a job that was stopped before it completed: ``fail`` (default), ``skip``, or
            ``use_best``: go on with the best training job so far.
        on_timeout: the same for a job that did not end within ``timeout``; it is stopped first.
        stop_on_kill: stop the tuning job when the task is killed, or fails for good while the job is running
            (default True); False: it goes on, and the log says where.
        on_name_conflict: when the job's name is taken by another's job: ``fail`` (default), or use the
            ``next`` free name (``name-2`` ...).
        max_unreachable: seconds for which the service may be unreachable during the wait before the task
            fails; default None: as long as the wait may last.
        event_queue_url: deferrable only: an SQS queue that gets the job's state changes from EventBridge, and
            that nobody else reads: the wait ends on the event, with a slow poll as the safety net.
        top_k: how many of the best training jobs the result lists; default 0, at most 100.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS operator.

    Raises:
        TuningJobConfigError: the config is wrong; lists every problem. Nothing was created.
        TuningJobNameConflictError: see ``on_name_conflict``.
        TuningJobFailedError, TuningJobRejectedError, TuningJobStoppedError, TuningJobTimeoutError: how the job
            ended; :mod:`airflow_hpt_provider.exceptions` tells which of them Airflow retries.

    Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateHyperParameterTuningJob.html
    """

    template_fields: Sequence[str] = (
        "config",
        "wait_for_completion",
        "poll_interval",
        "timeout",
        "on_stopped",
        "on_timeout",
        "event_queue_url",
        *CONNECTION_FIELDS,
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
        poll_interval: float = 30.0,
        timeout: timedelta | float | None = None,
        on_stopped: OnUnfinished = "fail",
        on_timeout: OnUnfinished = "fail",
        stop_on_kill: bool = True,
        on_name_conflict: OnNameConflict = "fail",
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
        self.config = configs.as_template(config)
        self.wait_for_completion = wait_for_completion
        self.deferrable = default_deferrable() if deferrable is None else deferrable
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.on_stopped = on_stopped
        self.on_timeout = on_timeout
        self.stop_on_kill = stop_on_kill
        self.on_name_conflict = on_name_conflict
        self.max_unreachable = max_unreachable
        self.event_queue_url = event_queue_url
        self.top_k = top_k
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        self._running_job: str | None = None
        if on_name_conflict not in ("fail", "next"):
            raise ValueError(f"on_name_conflict={on_name_conflict!r} is neither 'fail' nor 'next'.")
        if not 0 <= top_k <= 100:
            raise ValueError(f"top_k={top_k!r} is not between 0 and 100.")
        for name in ("on_stopped", "on_timeout"):
            if "{{" not in getattr(self, name):
                check_policy(name, getattr(self, name))

    # -- the way: config -> create -> wait -> result -> XCom ---------------------------------------------

    def execute(self, context: Context) -> Any:
        """Create or rejoin the job; then wait here, defer, or leave it."""
        self._cast_templated()
        config, path = configs.load(self, self.config, context)
        request = configs.validate(configs.expand_roles(config, self.hook), path)
        job = self._find_or_create(request, context)
        self._running_job = job.name
        announce(self, context, job.name, job.arn)
        with self._no_leak(context):
            description = self.hook.describe(job.name)
            if not self.wait_for_completion:
                self.log.info("Not waiting for tuning job %s (wait_for_completion=False).", job.name)
                self._running_job = None
                return deliver(self, context, self._settlement.result(description))
            if outcome_of(description.status) is None:
                if self.deferrable:
                    self._defer(description, job)
                description = self._wait_here(description)
            return self._finish(context, description)

    def execute_complete(self, context: Context, event: Any = None, tuning_job_name: str = "") -> Any:
        """Take up the task again after the trigger has fired."""
        # `dag.test()` hands on an end event as a bare string; the job's state is read afresh in any case.
        event = event if isinstance(event, dict) else {}
        self._cast_templated()
        self._running_job = tuning_job_name
        with self._no_leak(context):
            if event.get("status") == Outcome.UNREACHABLE:
                raise TuningServiceUnreachableError(str(event.get("message")), tuning_job_name)
            description = self.hook.describe(tuning_job_name)
            announce(self, context, tuning_job_name, description.hyper_parameter_tuning_job_arn)
            if outcome_of(description.status) is None:
                # Only a deadline fires for a running job; any other event was early, so wait on.
                limit = deadline(description.creation_time, self._timeout)
                if limit is None or utcnow() < limit:
                    self._defer(description)
            return self._finish(context, description)

    def resume_execution(self, next_method: str, next_kwargs: dict[str, Any] | None, context: Context) -> Any:
        """As in BaseOperator; but a trigger that failed or timed out does not leave the job running unseen."""
        try:
            return super().resume_execution(next_method, next_kwargs, context)
        except TaskDeferralTimeout:
            self.log.warning("The triggerer did not report in time; the timeout is handled here.")
            return self.execute_complete(context, {"status": Outcome.TIMEOUT}, self._announced_name(context))
        except TaskDeferralError:
            self._running_job = self._announced_name(context)
            with self._no_leak(context):
                raise

    def on_kill(self) -> None:
        """Stop the tuning job when the task is killed on its worker."""
        if self._running_job:
            self._stop_or_tell(self._running_job)

    # -- the steps ---------------------------------------------------------------------------------------

    def _find_or_create(self, request: TuningJobRequest, context: Context) -> OwnJob:
        from airflow_hpt_provider.creation import JobFinder

        store: Any = context.get("task_state_store")  # Airflow 3.3+
        job = JobFinder(
            hook=self.hook,
            owner=Owner.from_context(context),
            request=request,
            on_name_conflict=self.on_name_conflict,
            known_name=store.get(STORE_KEY) if store else None,
            log=self.log,
        ).find_or_create()
        if store:
            store.set(STORE_KEY, job.name)
        return job

    def _defer(self, description: TuningJobDescription, job: OwnJob | None = None) -> None:
        from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

        name = description.name
        limit = deadline(description.creation_time, self._timeout)
        self.log.info("Waiting for tuning job %s in the triggerer.", name)
        self.defer(
            trigger=HyperParameterTuningJobTrigger(
                tuning_job_name=name,
                poll_interval=self.poll_interval,
                deadline=limit.isoformat() if limit else None,
                max_unreachable=self.max_unreachable,
                event_queue_url=self.event_queue_url,
                stop_on_kill=self.stop_on_kill,
                **self.connection_settings.as_kwargs(),
            ),
            method_name="execute_complete",
            kwargs={"tuning_job_name": name},
            timeout=max(limit - utcnow(), timedelta()) + DEFER_MARGIN if limit else None,
        )

    def _wait_here(self, description: TuningJobDescription) -> TuningJobDescription:
        from airflow_hpt_provider.waiting.polling import Poll
        from airflow_hpt_provider.waiting.progress import ProgressLog

        name = description.name
        poll = Poll(
            name,
            poll_interval=self.poll_interval,
            deadline=deadline(description.creation_time, self._timeout),
            max_unreachable=None if self.max_unreachable is None else timedelta(seconds=self.max_unreachable),
            on_look=ProgressLog(self.log),
            rebuild=self.hook.reset,
            log=self.log,
            seen=True,
        )
        try:
            return poll.run(lambda: self.hook.describe_once(name))
        except TuningJobTimeoutError:
            return self.hook.describe(name)

    def _finish(self, context: Context, description: TuningJobDescription) -> Any:
        from airflow_hpt_provider.closing import log_result
        from airflow_hpt_provider.creation import mark_delivered

        name = description.name
        timed_out = outcome_of(description.status) is None
        if timed_out:
            self._stop_or_tell(name)
            description = self.hook.describe(name)
        result = self._settlement.settle(description, timed_out=timed_out)
        value = deliver(self, context, result)
        mark_delivered(
            self.hook, description.hyper_parameter_tuning_job_arn, Owner.from_context(context), self.log
        )
        self._running_job = None
        log_result(self.hook, result, self.log)
        return value

    # -- nothing keeps running that nobody waits for -----------------------------------------------------

    @contextmanager
    def _no_leak(self, context: Context) -> Iterator[None]:
        """Stop the job if this try fails while it runs, and no other try will come back for it."""
        try:
            yield
        except Exception as error:
            name = self._running_job
            if name and self._is_last_try(context, error):
                self._stop_or_tell(name)
            elif name:
                self.log.info("The next try of this task will find tuning job %s again.", name)
            raise

    @staticmethod
    def _is_last_try(context: Context, error: Exception) -> bool:
        ti: Any = context["ti"]
        return isinstance(error, (AirflowFailException, AirflowSkipException)) or ti.try_number > (
            ti.max_tries or 0
        )

    def _stop_or_tell(self, name: str) -> None:
        """Stop the job; or say where it goes on. Never raises: it runs while something else has gone wrong."""
        if not self.stop_on_kill:
            self.log.warning("Tuning job %s may go on running (stop_on_kill=False).", name)
            return
        try:
            if self.hook.stop(name):
                self.log.warning("Tuning job %s is being stopped.", name)
        except Exception:
            self.log.exception(
                "Tuning job %s could not be stopped and may go on running: stop it by hand.", name
            )

    # -- arguments that may have been templates ----------------------------------------------------------

    @property
    def _timeout(self) -> timedelta | None:
        timeout: timedelta | None = cast_argument("timeout", self.timeout, timedelta)
        return timeout

    @property
    def _settlement(self) -> Settlement:
        from airflow_hpt_provider.outcomes import Settlement

        return Settlement(self.hook, self.on_stopped, self.on_timeout, self.top_k, self.log)

    def _announced_name(self, context: Context) -> str:
        ti: Any = context["ti"]
        return str(ti.xcom_pull(task_ids=ti.task_id, key=TUNING_JOB_NAME, map_indexes=ti.map_index) or "")

    def _cast_templated(self) -> None:
        self.poll_interval = cast_argument("poll_interval", self.poll_interval, float)
        self.wait_for_completion = bool(cast_argument("wait_for_completion", self.wait_for_completion, bool))
        check_policy("on_stopped", self.on_stopped)
        check_policy("on_timeout", self.on_timeout)


class StopHyperParameterTuningJobOperator(TuningConnectionMixin, BaseOperator):
    """Stop a tuning job and, by default, wait until it has stopped. A job that has ended already is left alone.

    Pushes the job's last status (``Stopped``, ``Completed`` ...) as its return value.

    Args:
        tuning_job_name: the job to stop (templated).
        wait_for_completion: wait until it has ended; SageMaker gives training jobs 120 s. Default True.
        poll_interval: seconds between two looks; default 10.
        timeout: seconds or timedelta to wait at most; default 15 minutes.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS operator.

    Raises:
        TuningJobNotFoundError: there is no such job.
        TuningJobTimeoutError: it had not ended within ``timeout``.
    """

    template_fields: Sequence[str] = ("tuning_job_name", *CONNECTION_FIELDS)
    ui_color = "#e8f0fe"

    def __init__(
        self,
        *,
        tuning_job_name: str,
        wait_for_completion: bool = True,
        poll_interval: float = 10.0,
        timeout: timedelta | float = timedelta(minutes=15),
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.tuning_job_name = tuning_job_name
        self.wait_for_completion = wait_for_completion
        self.poll_interval = poll_interval
        self.timeout = timeout
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    def execute(self, context: Context) -> str:
        """Stop, wait, and return the last status."""
        from airflow_hpt_provider.waiting.polling import Poll
        from airflow_hpt_provider.waiting.progress import ProgressLog

        name = self.tuning_job_name
        description = self.hook.describe(name)
        if not description.is_terminal and self.hook.stop(name):
            self.log.info("Tuning job %s is being stopped.", name)
        if self.wait_for_completion:
            poll = Poll(
                name,
                poll_interval=self.poll_interval,
                deadline=utcnow() + (cast_argument("timeout", self.timeout, timedelta) or timedelta()),
                on_look=ProgressLog(self.log),
                rebuild=self.hook.reset,
                log=self.log,
                seen=True,
            )
            description = poll.run(lambda: self.hook.describe_once(name))
        else:
            description = self.hook.describe(name)
        return str(description.status)
