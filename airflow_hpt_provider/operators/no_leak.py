"""No tuning job keeps running that nobody waits for any more."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.compat import AirflowFailException, AirflowSkipException
from airflow_hpt_provider.exceptions import TuningJobStoppedError
from airflow_hpt_provider.links.tuning import TuningJobLink, TuningPageLink
from airflow_hpt_provider.operators.killing import stop_aside

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook


class NoLeakMixin:
    """Stops the task's tuning job when the task is killed, or fails for good while the job is running.

    An operator sets ``_running_job`` as long as a job is its own to stop: from right before it is created.
    """

    hook: HyperParameterTuningHook
    log: Any
    stop_on_kill: bool
    _running_job: str | None = None
    _killed: bool = False

    def on_kill(self) -> None:
        """Stop the tuning job when the task is killed on its worker, or runs out of its ``execution_timeout``."""
        self._killed = True
        if name := self._running_job:
            stop_aside(self._make_ready, lambda: self._stop_or_tell(name))

    def _about_to_create(self, name: str | None) -> None:
        """A job of this name is created next; None: it was not.

        Raises:
            TuningJobStoppedError: the task has been killed: nothing is created any more.
        """
        self._running_job = name
        if name and self._killed:
            self._running_job = None
            raise TuningJobStoppedError("The task was killed before it created its tuning job.", name)

    def _make_ready(self) -> None:
        self.hook.ready()

    @contextmanager
    def _no_leak(self, context: Context) -> Iterator[None]:
        """Stop the job if this try fails while it runs, and no other try will come back for it."""
        try:
            yield
        except (KeyboardInterrupt, SystemExit):  # `dag.test()` or a local run, ended by hand
            if self._running_job:
                self._stop_or_tell(self._running_job)
            raise
        except Exception as error:
            name = self._running_job
            if name and self._is_last_try(context, error):
                self._stop_or_tell(name)
            elif name:
                self.log.info("The next try of this task will find tuning job %s again.", name)
            raise

    @contextmanager
    def _no_leftover(self, context: Context) -> Iterator[None]:
        """The same for the job of an earlier try, which this one fails too early to look for."""
        try:
            yield
        except Exception as error:
            if context["ti"].try_number > 1 and self._is_last_try(context, error):
                self._stop_leftover(context)
            raise

    def _stop_leftover(self, context: Context) -> None:
        from airflow_hpt_provider.identity import Owner
        from airflow_hpt_provider.operators.memory import JobMemory
        from airflow_hpt_provider.own_jobs import running_job_of
        from airflow_hpt_provider.retries import brief

        try:
            name = running_job_of(self.hook, Owner.from_context(context), JobMemory(context).recall())
        except Exception as error:  # noqa: BLE001 - something else has gone wrong already
            self.log.warning("An earlier try may have left a tuning job running (%s).", brief(error))
        else:
            if name:
                self._stop_or_tell(name)

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
        except Exception:  # noqa: BLE001 - Airflow then goes on without the policy, too
            return False
        return str(getattr(action, "value", action)) == "fail"

    def _stop_or_tell(self, name: str, *, always: bool = False) -> None:
        """Stop the job; or say where it goes on. Never raises: it runs while something else has gone wrong.

        Args:
            name: the job's.
            always: whatever ``stop_on_kill`` says: its time or budget is over.
        """
        if not (self.stop_on_kill or always):
            self.log.warning(
                "Tuning job %s may go on running (stop_on_kill=False): %s. To stop it:"
                " StopHyperParameterTuningJobOperator, or aws sagemaker stop-hyper-parameter-tuning-job"
                " --hyper-parameter-tuning-job-name %s",
                name,
                self._whereabouts(),
                name,
            )
            return
        try:
            if self.hook.stop(name):
                self.log.warning("Tuning job %s is being stopped.", name)
        except Exception:
            self.log.exception(
                "Tuning job %s could not be stopped and may go on running: stop it by hand.", name
            )

    def _whereabouts(self) -> str:
        """The job's page in the console or in Airflow, once it is announced; else how the connection is called."""
        links: dict[str, str] = getattr(self, "_tuning_links", {})
        connection = f"connection {getattr(self, 'aws_conn_id', None)}"
        return links.get(TuningJobLink().xcom_key) or links.get(TuningPageLink().xcom_key) or connection
