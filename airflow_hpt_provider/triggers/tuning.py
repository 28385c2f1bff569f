"""Waits for a tuning job in the triggerer, without holding a worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import TaskSuccessEvent, TriggerEvent

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.config.templates import TemplatesMixin
from airflow_hpt_provider.exceptions import (
    TuningJobBudgetExceededError,
    TuningJobNotFoundError,
    TuningJobTimeoutError,
    TuningServiceUnreachableError,
)
from airflow_hpt_provider.metrics import BUDGET_STOPS, ORPHANED_JOBS_STOPPED
from airflow_hpt_provider.retries.errors import one_line
from airflow_hpt_provider.triggers.base import TuningBaseTrigger
from airflow_hpt_provider.triggers.task_completion import TaskCompletion
from airflow_hpt_provider.triggers.task_state import TaskFate, trigger_task_fate
from airflow_hpt_provider.waiting.budget import BudgetLimits
from airflow_hpt_provider.waiting.outcome import OnUnfinished, Outcome
from airflow_hpt_provider.waiting.progress import ProgressLog
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from airflow_hpt_provider.waiting.subscription import PollSubscription
from airflow_hpt_provider.xcom.job_name import job_name

if TYPE_CHECKING:
    from airflow_hpt_provider.waiting.snapshot import JobSnapshot

FIRST_EVENT_SECONDS = 5.0
"""No event is fired earlier than this after the start. The scheduler may not yet have seen the end of the task's
first leg on the worker, and would take an event that comes before it for a lost task (seen on 3.1 to 3.3)."""

SAFETY_SECONDS = 300.0
"""Minimum poll interval when events report the job's end; the polls are the safety net."""

STOP_SECONDS = 60.0
"""Maximum seconds by which the stop request may delay the trigger's event."""

_stopping: set[asyncio.Task[Any]] = set()
"""Pending stop requests: the event loop itself keeps only weak references to its tasks."""


class HyperParameterTuningJobTrigger(TemplatesMixin, TuningBaseTrigger):
    """Fires once when a tuning job has ended, or can no longer be waited for.

    The event's payload is a dict: ``status`` (``completed``, ``failed``, ``stopped`` or ``deletefailed``: the
    AWS status word in lower case; or ``gone``, ``timeout``, ``budget``, ``unreachable``), ``tuning_job_name``,
    ``tuning_job_arn`` (when known) and ``message``.

    Args:
        tuning_job_name: the job to wait for.
        poll_interval: maximum seconds between two polls; default 30. The first poll is immediate, and near the
            job's end polls are more frequent, down to ``[hpt] min_poll_interval``.
        aws_conn_id, region_name, verify, botocore_config: as for every AWS hook. aiobotocore is not needed.
        deadline: ISO-8601 time at which the wait ends with ``timeout``; None (default): never.
        unreachable_timeout: seconds for which every poll may fail before ``unreachable``; None (default): as
            long as the wait may last.
        stop_on_kill: stop the tuning job at its ``deadline``, and when the waiting task is marked failed, success or
            skipped (Airflow 3.3+). Default False, for a trigger that waits for another task's or user's job.
        event_queue_url: a dedicated SQS queue that receives the job's state changes from EventBridge: the wait ends
            on the event; the job itself is polled only every ``poll_interval``, at most every five minutes.
        max_billable_seconds, max_failed_training_jobs: the job's budget. Exceeding it ends the wait with ``budget``,
            and the job is stopped. See :mod:`airflow_hpt_provider.waiting.budget`. Default None: no limit.
        previous_jobs: the names of the attempts before this job, whose billable seconds count too.
        name_from: for a task that has not run on a worker: the XCom (``task_id`` and ``key``) that holds the job's
            name, in place of ``tuning_job_name``.
        finish_in_triggerer: after success, push the job's XComs and end the task in the triggerer (Airflow 3.3+).
        on_stopped, top_k, push_result: see :class:`airflow_hpt_provider.triggers.task_completion.TaskCompletion`.
        rendered: a worker has rendered these arguments: they are values, and are not rendered again. Default False, for
            a task that starts in the triggerer, whose arguments are the templates of the DAG's code.
    """

    def __init__(
        self,
        tuning_job_name: str,
        poll_interval: float = 30.0,
        deadline: str | None = None,
        unreachable_timeout: float | None = None,
        stop_on_kill: bool = False,
        event_queue_url: str | None = None,
        name_from: dict[str, str] | None = None,
        finish_in_triggerer: bool = False,
        on_stopped: OnUnfinished = "fail",
        top_k: int = 0,
        push_result: bool = True,
        max_billable_seconds: float | None = None,
        max_failed_training_jobs: int | None = None,
        previous_jobs: Sequence[str] = (),
        rendered: bool = False,
        **connection: Any,
    ) -> None:
        super().__init__(**connection)
        self.tuning_job_name = tuning_job_name
        self.poll_interval = poll_interval
        self.deadline = deadline
        self.unreachable_timeout = unreachable_timeout
        self.stop_on_kill = stop_on_kill
        self.event_queue_url = event_queue_url
        self.name_from = name_from
        self.finish_in_triggerer = finish_in_triggerer
        self.on_stopped = on_stopped
        self.top_k = top_k
        self.push_result = push_result
        self.max_billable_seconds = max_billable_seconds
        self.max_failed_training_jobs = max_failed_training_jobs
        self.previous_jobs = list(previous_jobs)
        self.rendered = rendered

    def render_template_fields(self, context: Any, jinja_env: Any = None) -> None:
        """Render the templates of the DAG's code.

        Airflow renders every trigger of a task that starts in the triggerer, also one that a worker has deferred to.
        The worker's values may be texts of the user who triggered the run (``dag_run.conf``), which are no templates.
        """
        if not self.rendered:
            super().render_template_fields(context, jinja_env)

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Wait, then fire one event."""
        started = time.monotonic()
        await self._find_name()
        event = await self._wait()
        await self._stop_at_limit(event["status"])
        await asyncio.sleep(max(0.0, started + FIRST_EVENT_SECONDS - time.monotonic()))
        if await self._finished(event):
            yield TaskSuccessEvent()
        else:
            yield TriggerEvent(event)  # type: ignore[no-untyped-call]

    async def on_kill(self) -> None:
        """Stop the tuning job, if it is this task's own (``stop_on_kill``), and the task has ended."""
        if not self.stop_on_kill:
            self.log.info("Not stopping tuning job %s (stop_on_kill=False).", self.tuning_job_name)
            return
        # Airflow cancels on_kill after about a second; the request must not be cancelled with it.
        task = asyncio.ensure_future(self._stop())
        _stopping.add(task)
        task.add_done_callback(_stopping.discard)
        await asyncio.shield(task)

    async def _stop_at_limit(self, status: str) -> None:
        """Stop a job whose budget or time is over. A worker does so too; but none may be free, or the DAG be paused."""
        if status != Outcome.BUDGET and not (status == Outcome.TIMEOUT and self.stop_on_kill):
            return
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await self._poller.stop(self.tuning_job_name)
        except Exception as error:  # noqa: BLE001 - the worker retries, and logs
            self.log.warning(
                "Could not stop tuning job %s (%s); a worker will retry.",
                self.tuning_job_name,
                one_line(error),
            )

    @property
    def _poller(self) -> SharedPoller:
        return SharedPoller.shared(self._settings)

    @asynccontextmanager
    async def _woken_by_events(self) -> AsyncIterator[None]:
        if self.event_queue_url is None:
            yield
            return
        from airflow_hpt_provider.waiting.event_listener import StateChangeListener

        async with StateChangeListener.shared(self.event_queue_url, self._settings, self._poller).subscribe(
            self.tuning_job_name
        ):
            yield

    async def _find_name(self) -> None:
        if self.name_from is not None:
            ti: Any = self.task_instance
            # Without map_indexes the triggerer waits for the answer for ever (3.3.2).
            value = await ti.axcom_pull(
                task_ids=self.name_from["task_id"], key=self.name_from["key"], map_indexes=-1
            )
            name = job_name(value)
            self.tuning_job_name = name if isinstance(name, str) else ""

    async def _finished(self, event: dict[str, Any]) -> bool:
        """Return whether the trigger has completed the task; otherwise a worker does."""
        if not (self.finish_in_triggerer and has("finish_in_triggerer")):
            return False
        if event["status"] not in {Outcome.COMPLETED, Outcome.STOPPED}:
            return False
        finish = TaskCompletion(self._settings, self.on_stopped, self.top_k, self.push_result)
        try:
            await finish.push(self.tuning_job_name, self.task_instance, self.log)
        except Exception as error:  # noqa: BLE001 - the worker meets it again, and raises it
            self.log.info("The task ends on a worker: %s", one_line(error))
            return False
        return True

    async def _wait(self) -> dict[str, Any]:
        if not self.tuning_job_name:  # the worker meets the same error, and reports it better
            return self._payload(Outcome.NOT_FOUND, "No tuning job's name was found in XCom.")
        waiter = PollSubscription(
            tuning_job_name=self.tuning_job_name,
            poll_interval=max(self.poll_interval, SAFETY_SECONDS)
            if self.event_queue_url
            else self.poll_interval,
            connection_worked=self.rendered,  # by a worker, which has called SageMaker
            has_events=bool(self.event_queue_url),
            deadline=datetime.fromisoformat(self.deadline) if self.deadline else None,
            unreachable_timeout=None
            if self.unreachable_timeout is None
            else timedelta(seconds=self.unreachable_timeout),
            log=self.log,
        )
        waiter.on_poll = self._poll_callback(waiter)
        try:
            async with self._woken_by_events(), self._budget_enforced():
                seen = await SharedPoller.wait_for(self._settings, waiter)
        except TuningJobTimeoutError as error:
            return self._payload(Outcome.TIMEOUT, str(error))
        except TuningJobBudgetExceededError as error:
            BUDGET_STOPS.send(where="triggerer")
            return self._payload(Outcome.BUDGET, str(error))
        except TuningJobNotFoundError as error:
            return self._payload(Outcome.NOT_FOUND, str(error))
        except TuningServiceUnreachableError as error:
            return self._payload(Outcome.UNREACHABLE, str(error))
        return self._payload(
            seen.status.lower(),
            seen.failure_reason or f"Tuning job {self.tuning_job_name} ended as {seen.status}.",
            seen.arn,
        )

    @property
    def _limits(self) -> BudgetLimits:
        """As numbers, though they may have been templates until a moment ago (start_from_trigger)."""
        seconds, failed = self.max_billable_seconds, self.max_failed_training_jobs
        return BudgetLimits(
            None if seconds is None else float(seconds), None if failed is None else int(failed)
        )

    def _poll_callback(self, waiter: PollSubscription) -> Callable[[JobSnapshot], None]:
        """Return the callback for each poll: it logs the progress and checks the budget.

        One response is not enough to stop a job: the next one must exceed the limit too.
        """
        progress, limits = ProgressLog(self.log), self._limits
        was_exceeded = False

        def on_poll(seen: JobSnapshot) -> None:
            nonlocal was_exceeded
            progress(seen)
            try:
                limits.check_counters(seen)
            except TuningJobBudgetExceededError:
                if was_exceeded:
                    raise
                was_exceeded = waiter.confirm = True
            else:
                was_exceeded = False

        return on_poll

    @asynccontextmanager
    async def _budget_enforced(self) -> AsyncIterator[None]:
        """Measure the billable seconds; TuningJobBudgetExceededError ends what runs inside the context."""
        limit = self._limits.max_billable_seconds
        if limit is None:
            yield
            return
        from airflow_hpt_provider.triggers.budget import enforce_budget

        async with enforce_budget(self._settings, self.tuning_job_name, limit, self.previous_jobs, self.log):
            yield

    def _payload(self, status: str, message: str, arn: str | None = None) -> dict[str, Any]:
        return {
            "status": str(status),
            "tuning_job_name": self.tuning_job_name,
            "tuning_job_arn": arn,
            "message": message,
        }

    async def _stop(self) -> None:
        fate = await trigger_task_fate(self.task_instance, self.log)
        if fate is not TaskFate.ENDED:
            self.log.info(
                "Tuning job %s keeps running: %s.",
                self.tuning_job_name,
                "it is not known whether its task has ended" if fate is None else "its task continues",
            )
            return
        try:
            stopped = await self._poller.stop(self.tuning_job_name)
            if stopped:
                ORPHANED_JOBS_STOPPED.send(where="triggerer")
            self.log.info(
                "Tuning job %s %s.",
                self.tuning_job_name,
                "is being stopped" if stopped else "had already ended",
            )
        except Exception:
            self.log.exception(
                "Could not stop tuning job %s; it may keep running. Stop it by hand.",
                self.tuning_job_name,
            )
            raise
