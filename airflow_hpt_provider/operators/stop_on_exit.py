"""Stops the tuning job when its task ends without it; leaves it to the next try when only the task's process ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.compat import AirflowFailException, AirflowSkipException
from airflow_hpt_provider.exceptions import (
    TuningJobLostError,
    TuningJobNotFoundError,
    TuningTaskInterruptedError,
)
from airflow_hpt_provider.links.own_xcom import own_xcom
from airflow_hpt_provider.links.tuning import TuningJobLink, TuningPageLink
from airflow_hpt_provider.operators.base import TuningBaseOperator
from airflow_hpt_provider.operators.stop_on_kill import (
    execution_timeout_is_over,
    has_supervisor,
    stop_in_thread,
    supervisor_is_busy,
)
from airflow_hpt_provider.xcom.push import TUNING_JOB_NAME

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.triggers.task_state import TaskFate


SHOW_UP_SECONDS = 5.0
"""After a Create, the job may become visible only after this many seconds."""
CHECK_SECONDS = 0.5
"""While the task sleeps between two polls, it checks this often whether it was killed."""


def stop_orphaned_job(context: Context) -> None:
    """Stop the tuning job of a task that has failed, or was skipped, for good; among the operator's callbacks.

    So a task leaves no job behind that ends where its ``execute`` has no say: its templates could not be rendered, its
    deferral not be stored. Airflow calls it on the worker; or, when the worker was lost, in the DAG processor.
    """
    task = context["task"]
    if isinstance(task, StopOnExitMixin):
        task._stop_orphaned_job(context)


class StopOnExitMixin:
    """Stops the task's tuning job when Airflow has ended the task, or it fails for good while the job is running.

    Airflow ends a task's process in the same way when a person has marked the task, and when only the process has to
    go: its node is drained, the executor shuts down, the API server missed some heartbeats, the task was cleared. So a
    process that is asked to end asks Airflow for the task's state (:mod:`airflow_hpt_provider.triggers.task_state`),
    and stops the job only if the task has ended. In any case this try delivers nothing more, and raises an error that
    Airflow retries.

    Attributes:
        _running_job: the job that is the task's own to stop: from right before it is created.
        _found: the task knows its job; so nothing else of it can be running.
        _create_pending: a job was to be created, and it is not known (yet) what came of it.
        _killed: the process was asked to end; not because of ``execution_timeout``, which is about the task.
        _fate: what Airflow said then of the task; None: it has not said anything.
        _ti: the task instance, once ``execute`` has begun.
        _pushed_name: the job that this try has announced in XCom; empty: none, and this process is the try's first.
            None: only XCom has it.
        _counted_job: the job whose stop needs no more counting.
        _began, _rendered: this is the task's process, not Airflow's DAG processor; its template fields are rendered.
    """

    hook: HyperParameterTuningHook
    log: Any
    stop_on_kill: bool
    aws_conn_id: str | None
    render_again: Callable[..., None]
    _running_job: str | None = None
    _found: bool = False
    _create_pending: bool = False
    _killed: bool = False
    _fate: TaskFate | None = None
    _ti: Any = None
    _pushed_name: str | None = None
    _began: bool = False
    _rendered: bool = False
    _counted_job: str | None = None

    def on_kill(self) -> None:
        """Stop the tuning job if the task has ended, or runs out of its ``execution_timeout``.

        Airflow calls it when the process is asked to end. Unless the task has ended, the job is the next try's.
        """
        if execution_timeout_is_over():
            if name := self._running_job:
                stop_in_thread(lambda: True, self._make_ready, lambda: self._stop_or_log(name))
            return
        self._killed = True
        if self._running_job and not supervisor_is_busy():
            self._stop_if_task_ended()

    def _stop_if_task_ended(self) -> None:
        """Stop the job if the task has ended, after the process was asked to end."""
        name = self._running_job

        def decide() -> bool:
            self._ask_fate()
            return self._task_ended

        if name and self._fate is None:
            stop_in_thread(decide, self._make_ready, lambda: self._stop_or_log(name))

    def _ask_fate(self) -> None:
        from airflow_hpt_provider.triggers.task_state import task_fate

        self._fate = task_fate(self._ti, self.log) if self._ti else None

    @property
    def _task_ended(self) -> bool:
        return self._fate is not None and self._fate.value == "ended"

    def _raise_if_killed(self, name: str | None = None) -> None:
        """End this try if its process was asked to end: it delivers nothing, and creates nothing.

        Raises:
            TuningTaskInterruptedError: Airflow retries it.
        """
        if not self._killed:
            return
        self._stop_if_task_ended()
        job = name or self._running_job
        if self._task_ended:
            then = "Airflow has ended the task."
        elif job:
            then = f"Tuning job {job} keeps running for the task's next try."
        else:
            then = "The task has no tuning job yet, and creates none."
        raise TuningTaskInterruptedError(f"The task's process was asked to end. {then}", job)

    def _raise_if_task_ended(self) -> None:
        """End this try if its process was asked to end because the task has ended; else it may still defer.

        Raises:
            TuningTaskInterruptedError: Airflow retries it.
        """
        if self._killed:
            self._stop_if_task_ended()
            if self._task_ended:
                self._raise_if_killed()

    def _sleep(self, seconds: float) -> None:
        """Sleep between two polls; end the wait soon after the process was asked to end.

        Raises:
            TuningTaskInterruptedError: it was.
        """
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._raise_if_killed()
            time.sleep(min(left, CHECK_SECONDS))
        self._raise_if_killed()

    def _about_to_create(self, name: str | None) -> None:
        """Note that a job of this name is created next; None: that it was not created.

        Raises:
            TuningTaskInterruptedError: the task has been killed: nothing is created any more.
        """
        self._running_job, self._found, self._create_pending = name, False, True
        if name and self._killed:
            self._running_job, self._create_pending = None, False
            self._raise_if_killed()

    def _waits_for(self, name: str) -> None:
        """Note the task's own job. If the task has already ended, stop the job now."""
        self._running_job, self._found, self._create_pending = name, bool(name), False
        self._pushed_name = name or self._pushed_name
        if name and self._task_ended:
            self._stop_or_log(name)

    def _pushed_job_name(self, context: Context) -> str:
        """Return the job that this try has pushed, on this worker or on the one before its deferral."""
        if self._pushed_name is not None:
            return self._pushed_name
        return str(own_xcom(context["ti"], TUNING_JOB_NAME) or "")

    def _make_ready(self) -> None:
        self.hook.ready()

    @contextmanager
    def _stop_on_failure(self, context: Context) -> Iterator[None]:
        """Stop the job if this try fails while it runs, and no other try will come back for it.

        Raises:
            TuningTaskInterruptedError: in place of any other error, when the process was asked to end, by a signal to
                which Celery or Python responds with SystemExit, too. Airflow would not retry some of them; and if no
                try is left, it calls :func:`stop_orphaned_job`.
            TuningJobLostError: the job that the task waits for is not found any more.
        """
        from airflow_hpt_provider.retries.errors import one_line

        self._ti = context["ti"]
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            if has_supervisor():
                # SIGQUIT: a task's process inherits Celery's handler, which raises SystemExit.
                self._killed = True
                self._raise_if_killed()
            if self._running_job:  # `dag.test()`, ended by hand
                self._stop_or_log(self._running_job)
            raise
        except Exception as error:
            name = self._running_job
            if isinstance(error, TuningTaskInterruptedError):
                raise
            gone = isinstance(error, TuningJobNotFoundError) and error.tuning_job_name == name
            if name and self._found and gone and not self._killed and self._is_lost(name):
                self._running_job = None  # out of reach
                raise TuningJobLostError.of(name, self.aws_conn_id) from error
            if self._killed:
                self._stop_if_task_ended()
                raise TuningTaskInterruptedError(
                    f"The task's process was asked to end; then: {one_line(error)}", name
                ) from error
            if name and self._is_last_try(context, error):
                self._stop_or_log(name)
                self._running_job, self._found = None, True
            elif name:
                self.log.info("The next try of this task will resume tuning job %s.", name)
            raise

    def _is_lost(self, name: str) -> bool:
        """Ask again for a job that was not found, by the connection as it is now: one response is not enough."""
        from airflow_hpt_provider.retries.errors import one_line

        self._sleep(SHOW_UP_SECONDS)
        self.hook.reset()
        try:
            self.hook.describe(name)
        except TuningJobNotFoundError:
            return True
        except Exception as error:  # noqa: BLE001 - it is not known, so the next try finds out
            self.log.warning("Could not ask again for tuning job %s (%s).", name, one_line(error))
        return False

    def _stop_orphaned_job(self, context: Context) -> None:
        """Stop what the task has left running, now that Airflow has ended it for good (:func:`stop_orphaned_job`)."""
        from airflow_hpt_provider.retries.errors import one_line

        self._ti = context["ti"]
        if self._killed and not self._failed_for_good():
            self.log.warning(
                "The task's tuning job keeps running: Airflow does not say that the task has ended."
            )
            return  # it was cleared; or Airflow's DAG processor, the API server or the next try will know
        if not self._on_worker and not self._lost_task_ended():
            self.log.warning(
                "The task's tuning job keeps running: Airflow does not say that the task, whose worker was lost, has "
                "ended."
            )
            return
        try:
            name = self._running_job if self._found else self._find_orphan(context)
        except Exception as error:  # noqa: BLE001 - something else has gone wrong already
            self.log.warning("The task may have left a tuning job running (%s).", one_line(error))
        else:
            if name:
                self._stop_or_log(name)

    def _failed_for_good(self) -> bool:
        """Whether this killed try is the task's end. Airflow calls back before the state of a last try is stored."""
        from airflow_hpt_provider.triggers.task_state import TaskFate

        if self._fate is not TaskFate.CONTINUES:
            self._ask_fate()
        return self._fate in {TaskFate.ENDED, TaskFate.RUNNING}

    @property
    def _on_worker(self) -> bool:
        """Whether this runs on a worker. Airflow's DAG processor calls back for a task whose worker was lost."""
        # The DAG processor sets no bundle_instance.
        return self._began or self._killed or hasattr(self._ti, "bundle_instance")

    def _lost_task_ended(self) -> bool:
        """Whether the task has no further try: Airflow calls back, too, if it was cleared when its worker was lost."""
        from airflow_hpt_provider.triggers.task_state import TaskFate, lost_task_fate

        return lost_task_fate(self._ti, self.log) is TaskFate.ENDED

    def _find_orphan(self, context: Context) -> str | None:
        """Return the name of the job that the task may have left running, or None."""
        from airflow_hpt_provider.creation.ownership import Owner
        from airflow_hpt_provider.creation.tags import is_own_job, running_job_of
        from airflow_hpt_provider.operators.state_store import JobStateStore

        pushed = self._pushed_job_name(context)
        if self._began and not pushed and not self._create_pending and context["ti"].try_number <= 1:
            return None
        if not self._rendered:
            self.render_again(TuningBaseOperator.template_fields, context)
        if pushed and (self._began or is_own_job(self.hook, pushed, Owner.from_context(context))):
            return pushed
        memory = JobStateStore(context).load() if self._began else {}  # the DAG processor cannot ask for it
        return running_job_of(self.hook, Owner.from_context(context), memory)

    @staticmethod
    def _is_last_try(context: Context, error: Exception) -> bool:
        ti: Any = context["ti"]
        tries = ti.max_tries or 0
        if isinstance(error, (AirflowFailException, AirflowSkipException)) or ti.try_number > tries:
            return True
        policy = getattr(context.get("task"), "retry_policy", None)  # Airflow 3.3+
        if policy is None:
            return False
        try:
            action = policy.evaluate(error, ti.try_number, tries, context).action
        except Exception:  # noqa: BLE001 - Airflow then continues without the policy, too
            return False
        return str(getattr(action, "value", action)) == "fail"

    def _stop_or_log(self, name: str, *, always: bool = False) -> None:
        """Stop the job, or log where it keeps running. Never raises: it runs during the handling of another error.

        Args:
            name: the job's.
            always: whatever ``stop_on_kill`` says: its time or budget is over.
        """
        if not (self.stop_on_kill or always):
            self.log.warning(
                "Tuning job %s may keep running (stop_on_kill=False): %s. Stop it with"
                " StopHyperParameterTuningJobOperator, or aws sagemaker stop-hyper-parameter-tuning-job"
                " --hyper-parameter-tuning-job-name %s",
                name,
                self._job_url(),
                name,
            )
            return
        try:
            stopped, over = self.hook.stop(name), time.monotonic() + SHOW_UP_SECONDS
            while not stopped and self._create_pending and time.monotonic() < over:
                time.sleep(0.5)
                stopped = self.hook.stop(name)
            if stopped:
                self._count_orphaned_job(name, always)
                self.log.warning("Stopping tuning job %s.", name)
        except Exception:
            self.log.exception("Could not stop tuning job %s; it may keep running. Stop it by hand.", name)

    def _count_orphaned_job(self, name: str, always: bool) -> None:
        """Count a job once, however often its stop is requested; not one whose time or budget is over."""
        from airflow_hpt_provider.metrics import ORPHANED_JOBS_STOPPED

        counted, self._counted_job = self._counted_job, name
        if not always and name != counted:
            ORPHANED_JOBS_STOPPED.send(where="task")

    def _job_url(self) -> str:
        """Return the job's URL in the console or in Airflow, once it is announced; else the connection's name."""
        links: dict[str, str] = getattr(self, "_tuning_links", {})
        connection = f"connection {getattr(self, 'aws_conn_id', None)}"
        return links.get(TuningJobLink().xcom_key) or links.get(TuningPageLink().xcom_key) or connection
