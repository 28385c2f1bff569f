"""Stop the tuning jobs of tasks that a person has ended, where neither trigger nor worker has done so.

This runs in the API server, in a separate thread: no request waits for it, and what it has noted is lost with the
process.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.models.taskinstance import TaskInstance
from airflow.utils.session import create_session
from sqlalchemy import select

from airflow_hpt_provider.compat import trigger_arguments
from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.metrics import ORPHANED_JOBS_STOPPED
from airflow_hpt_provider.retries.errors import one_line
from airflow_hpt_provider.ui.problems import Problem
from airflow_hpt_provider.ui.tasks import job_of, rendered_fields

if TYPE_CHECKING:
    from uuid import UUID

    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.ui.tasks import TaskKey

FIRST_CHECK_SECONDS = 5.0
"""The first check comes this long after the change, when it is committed and a running trigger has acted. The time
doubles with each further check."""
MAX_CHECKS = 7
"""The last check comes ten minutes after the change."""
ENDED = frozenset({"success", "failed", "skipped", "upstream_failed", "removed"})
"""The states in which a task does not continue by itself."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeferredTask:
    """A task instance that waited until a person ended it.

    Attributes:
        task: the task instance.
        trigger_id: of its trigger's row, which Airflow is about to delete; None: it waited on a worker.
        arguments: the trigger's, encrypted, as that row had them.
        version: the id of the DAG version that the task instance ran with; None if it has none.
    """

    task: TaskKey
    trigger_id: int | None = None
    arguments: str = ""
    version: UUID | None = None

    def __str__(self) -> str:
        """Describe what happened, for logs."""
        task = self.task if self.task.map_index >= 0 else self.task[:3]
        where = "on a worker" if self.trigger_id is None else "in the triggerer"
        return f"Task {' '.join(map(str, task))} was ended while it waited {where}"


@dataclass(order=True)
class _ScheduledCheck:
    """A scheduled check: when it is due (monotonic time) and its attempt number."""

    at: float
    number: int
    look: int
    wait: DeferredTask


class OrphanedJobReaper:
    """Looks after waits that people have ended: whatever becomes of the trigger, the tuning job is stopped."""

    def __init__(self) -> None:
        self._due: list[_ScheduledCheck] = []
        self._pending: set[DeferredTask] = set()
        self._changed = threading.Condition()
        self._count = 0
        self._thread: threading.Thread | None = None

    def submit(self, wait: DeferredTask) -> None:
        """Schedule checks of this task. Returns immediately; harmless when repeated."""
        with self._changed:
            if wait in self._pending:
                return
            self._pending.add(wait)
            self._put(wait, 1)
            if self._thread is None:  # not before: the server may have forked
                self._thread = threading.Thread(target=self._work, name="stop tuning jobs", daemon=True)
                self._thread.start()

    def _put(self, wait: DeferredTask, look: int) -> None:
        self._count += 1
        at = time.monotonic() + FIRST_CHECK_SECONDS * 2 ** (look - 1)
        heapq.heappush(self._due, _ScheduledCheck(at, self._count, look, wait))
        self._changed.notify()

    def _next(self) -> _ScheduledCheck:
        with self._changed:
            while not self._due or self._due[0].at > time.monotonic():
                self._changed.wait(self._due[0].at - time.monotonic() if self._due else None)
            return heapq.heappop(self._due)

    def _work(self) -> None:
        while True:
            due = self._next()
            done = _is_done(due.wait, last=due.look >= MAX_CHECKS)
            with self._changed:
                if done:
                    self._pending.discard(due.wait)
                else:
                    self._put(due.wait, due.look + 1)


def _is_done(wait: DeferredTask, *, last: bool) -> bool:
    try:
        return check(wait) or last
    except Exception as error:
        if last:
            log.exception("%s. Its tuning job may keep running. Stop it by hand.", wait)
        else:
            reason = f"{error.title}. {error.remedy}" if isinstance(error, Problem) else one_line(error)
            log.warning("%s. Its tuning job is not stopped yet: %s", wait, reason)
        return last


def check(wait: DeferredTask) -> bool:
    """Stop the wait's tuning job, if its trigger would have, and the task has ended indeed.

    Returns:
        Whether that was all. If not, the change is not committed yet; or never will be, when the request failed.

    Raises:
        Exception: Airflow's database or AWS is out of reach, AWS refuses, or the API server lacks the connection.
    """
    if wait.trigger_id is None:
        return _check_worker_task(wait)
    arguments = trigger_arguments(wait.arguments)
    name = arguments.get("tuning_job_name")
    if not (name and arguments.get("stop_on_kill")):
        return True  # owned by another task or user, or its author wants it to keep running
    state, trigger_id = _state(wait.task)
    if state == "deferred" and trigger_id == wait.trigger_id:
        return False
    if state not in ENDED:
        return True  # cleared in the meantime: the next try finds its job itself
    _stop(wait, name, _connection(wait, arguments))
    return True


def _check_worker_task(wait: DeferredTask) -> bool:
    """Do the same for a task that waited on a worker, as far as a worker has stored what it would have done."""
    with create_session() as session:
        job, stored = job_of(session, wait.task), rendered_fields(session, wait.task)
    if job is None or not (stored.get("stop_on_kill") is True and stored.get("wait_for_completion") is True):
        return True
    state, _ = _state(wait.task)
    if state in {"running", "deferred"}:
        return False
    if state in ENDED:
        _stop(wait, job.name, job.settings)
    return True


def _connection(wait: DeferredTask, arguments: dict[str, Any]) -> ConnectionSettings:
    """Return the connection that a worker has stored with the trigger, as far as the API server may use it."""
    from airflow_hpt_provider.ui.connections import connection_of
    from airflow_hpt_provider.ui.task_code import TaskCode, task_codes

    code = None
    if wait.version:
        with create_session() as session:
            code = task_codes(session, [wait.version]).get(wait.version, {}).get(wait.task.task_id)
    return connection_of(code or TaskCode(), arguments)


def _stop(wait: DeferredTask, name: str, connection: ConnectionSettings) -> None:
    from airflow_hpt_provider.ui.airflow_hooks import make_hook
    from airflow_hpt_provider.ui.job_owner import is_own
    from airflow_hpt_provider.ui.jobs import tags_of

    hook = make_hook(connection)
    try:
        description = hook.describe(name)
    except TuningJobNotFoundError:
        return
    if description.status != "InProgress":
        return  # as a rule: the trigger has stopped it
    if not is_own(tags_of(hook, description.hyper_parameter_tuning_job_arn), name, wait.task.owner):
        log.warning(
            "%s. Tuning job %s keeps running, because neither its tags nor its name prove that this task created it."
            " Stop it by hand if it should end.",
            wait,
            name,
        )
    elif hook.stop(name):
        ORPHANED_JOBS_STOPPED.send(where="api_server")
        log.warning("%s. Tuning job %s is being stopped.", wait, name)


def _state(task: TaskKey) -> tuple[str, int | None]:
    """Airflow's state of a task instance, and its trigger's id; ``removed`` if it was deleted."""
    query = select(TaskInstance.state, TaskInstance.trigger_id)
    for name, value in task._asdict().items():
        query = query.where(getattr(TaskInstance, name) == value)
    with create_session() as session:
        row = session.execute(query).one_or_none()
    return (str(row[0] or ""), row[1]) if row else ("removed", None)
