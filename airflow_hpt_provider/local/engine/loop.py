"""The engine's thread: the one place where anything changes.

Every event (a request, a training job's end, a timer) is a task. Tasks that have arrived in the meantime
are carried out together, in one :class:`Transaction`. What must happen outside the store (starting a
process, answering a request) is put off until the transaction is committed. So what has been done is always what has
been written, whenever the service is killed; and a commit's fsync is shared.
"""

from __future__ import annotations

import heapq
import itertools
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from airflow_hpt_provider.local.errors import ServiceError

if TYPE_CHECKING:
    from airflow_hpt_provider.local.database import Database

LOGGER = logging.getLogger(__name__)
T = TypeVar("T")
RETRY_AFTER = 1.0
"""Seconds until a transaction that could not be written is tried again."""
MAX_BATCH = 256
"""The most tasks that one transaction takes."""
BATCH_DELAY = 0.05
"""Seconds that a task which is not urgent waits for others to share its commit with."""


@dataclass
class Transaction:
    """What a task works with.

    Attributes:
        connection: inside the database transaction.
        now: seconds since the epoch, to the millisecond, as in AWS's times.
        on_commit_callbacks: what is done once the transaction is committed, in this order.
    """

    connection: sqlite3.Connection
    now: float
    on_commit_callbacks: list[Callable[[], object]] = field(default_factory=list)

    def on_commit(self, effect: Callable[[], object]) -> None:
        """Do this in the engine's thread once the transaction is committed; never if it isn't."""
        self.on_commit_callbacks.append(effect)


Task = Callable[[Transaction], Any]


@dataclass
class _Queued:
    task: Task
    answer: Future[Any] | None = None
    urgent: bool = True
    result: Any = None


class Loop(threading.Thread):
    """Runs turns.

    Args:
        schedule: the last task of every transaction: what follows from what the others did.
        reload: reads what is kept in memory from the store again, after something was undone.
    """

    def __init__(self, database: Database, *, schedule: Task, reload: Task) -> None:
        super().__init__(name="engine", daemon=True)
        self._database = database
        self._schedule = schedule
        self._reload = reload
        self._stale = False
        self._trouble: str | None = None
        self._queue: queue.SimpleQueue[_Queued | None] = queue.SimpleQueue()
        self._unwritten: list[_Queued] = []
        self._timers: list[tuple[float, int, Task]] = []
        self._order = itertools.count()
        self._closed = threading.Event()

    def post(self, task: Task, *, urgent: bool = True) -> None:
        """Have a task done, from any thread; tasks are done in the order in which they come.

        It is tried until it can be written. One that is not ``urgent`` may wait for ``BATCH_DELAY`` seconds.
        """
        self._queue.put(_Queued(task, urgent=urgent))

    def call(self, task: Callable[[Transaction], T]) -> T:
        """Have a task done and wait until it is committed; from any thread but the engine's.

        Raises:
            ServiceError: the task's own; InternalFailure if it can't be written; ServiceUnavailable if the service
                is closing.
        """
        answer: Future[T] = Future()
        self._queue.put(_Queued(task, answer))
        while not wait([answer], timeout=1.0).done:
            if not self.is_alive() and not answer.done():
                raise ServiceError("ServiceUnavailable", "The local tuning service is closing.", 503)
        return answer.result()

    def at(self, when: float, task: Task) -> None:
        """Have a task done at a time (seconds since the epoch); from the engine's thread."""
        heapq.heappush(self._timers, (when, next(self._order), task))

    def close(self) -> None:
        """End the thread after the transaction that it is in."""
        self._closed.set()
        self._queue.put(None)
        if self.is_alive():
            self.join()

    def run(self) -> None:
        """Run transactions until closed."""
        while not self._closed.is_set():
            tasks = self._take()
            if tasks and not self._closed.is_set():
                self._turn(tasks)

    def _take(self) -> list[_Queued]:
        """Wait for tasks; take all that are there, after those of a transaction that could not be written."""
        tasks, self._unwritten = self._unwritten, []
        most = len(tasks) + MAX_BATCH
        linger_until = time.monotonic() + (BATCH_DELAY if tasks else 3600.0)
        while len(tasks) < most and not (tasks and tasks[-1].urgent):
            due = self._timers[0][0] - time.time() if self._timers else 3600.0
            try:
                queued = self._queue.get(timeout=max(0.0, min(due, linger_until - time.monotonic())))
            except queue.Empty:
                break
            if queued is None:
                break
            if not tasks:
                linger_until = time.monotonic() + BATCH_DELAY
            tasks.append(queued)
        while len(tasks) < most and not self._queue.empty():
            queued = self._queue.get()
            if queued is not None:
                tasks.append(queued)
        now = time.time()
        while self._timers and self._timers[0][0] <= now:
            tasks.append(_Queued(heapq.heappop(self._timers)[2]))
        return tasks

    def _turn(self, tasks: list[_Queued]) -> None:
        try:
            with self._database.transaction() as connection:
                transaction = Transaction(connection, round(time.time(), 3))
                if self._stale:
                    self._reload(transaction)
                for queued in tasks:
                    self._do(queued, transaction)
                self._schedule(transaction)
        except Exception as error:  # noqa: BLE001 - the engine continues after any error
            self._failed(tasks, error)
            return
        self._stale = False
        if self._trouble is not None:
            LOGGER.warning("the store can be written again")
            self._trouble = None
        for queued in tasks:
            if queued.answer is not None and not queued.answer.done():
                queued.answer.set_result(queued.result)
        for effect in transaction.on_commit_callbacks:
            try:
                effect()
            except Exception:
                LOGGER.exception("the engine failed after a transaction")

    def _do(self, queued: _Queued, transaction: Transaction) -> None:
        """One task; its failure undoes its own changes only.

        A task that refuses (raises ServiceError) does so before it changes anything in memory.
        """
        on_commit_callbacks = len(transaction.on_commit_callbacks)
        transaction.connection.execute("SAVEPOINT task")
        try:
            queued.result = queued.task(transaction)
        except sqlite3.OperationalError:
            raise  # the disk's trouble, not the task's
        except Exception as error:
            transaction.connection.execute("ROLLBACK TO task")
            del transaction.on_commit_callbacks[on_commit_callbacks:]
            if not isinstance(error, ServiceError):
                self._reload(transaction)
            if queued.answer is not None:
                queued.answer.set_exception(error)
            else:
                LOGGER.exception("the engine can't do a task")
        transaction.connection.execute("RELEASE task")

    def _failed(self, tasks: list[_Queued], error: Exception) -> None:
        """Refuse the requests of a transaction that was not written; try its other tasks again first."""
        if str(error) != self._trouble:  # once, not at each try
            expected = isinstance(error, sqlite3.OperationalError)
            LOGGER.error(
                "can't write to the store (%s); retrying every %g s",
                error,
                RETRY_AFTER,
                exc_info=None if expected else error,
            )
        self._trouble = str(error)
        self._stale = True
        for queued in tasks:
            if queued.answer is None:
                self._unwritten.append(queued)
            elif not queued.answer.done():
                text = f"The local tuning service can't write to its data directory: {error}."
                queued.answer.set_exception(ServiceError("InternalFailure", text, 500))
        self._closed.wait(RETRY_AFTER)
