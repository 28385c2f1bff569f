"""Tasks that wait in the triggerer until SageMaker's quotas allow another tuning job.

Only CreateHyperParameterTuningJob shows whether there is room, and a worker calls it. So the tasks of a connection
queue here. One list call a minute, whatever their number, counts the tuning jobs in progress. For each that has ended,
the queue releases the task at its head. The list does not show quotas of instances, and it may be denied. So the queue
also releases a task every few minutes, to try, and another one after the next list unless a task has joined since, for
then the first was probably not refused. It releases one right after the first list if a refusal is older than the time
between two lists: a triggerer that was restarted does not know which jobs have ended in between. A task that SageMaker
refuses again joins the queue at its end: one that needs a rare instance does not hold up the others.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.hooks.pages import PageTokens
from airflow_hpt_provider.metrics import CREATE_QUEUE
from airflow_hpt_provider.retries.errors import one_line
from airflow_hpt_provider.waiting.rate_limited_client import RateLimitedClient
from airflow_hpt_provider.waiting.shared_poller import LIST, MAX_LIST_PAGES, PAGE

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings

log = logging.getLogger(__name__)

CHECK_SECONDS = 60.0
"""Between two lists of the tuning jobs in progress; varied by 10%."""
CHECKS_PER_TRY = 5
"""After this many lists without a sign of room, the first task is released to try."""

_queues: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, CreationQueue]] = WeakKeyDictionary()


@dataclass(eq=False)
class _Waiter:
    log: Any
    refused_at: datetime | None
    released: asyncio.Future[str] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    context: contextvars.Context = field(default_factory=contextvars.copy_context)


class CreationQueue:
    """The tasks of one connection, in the order in which they have joined. Belongs to one event loop."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._client = RateLimitedClient(settings)
        self._waiters: deque[_Waiter] = deque()
        self._checks: asyncio.Task[None] | None = None
        self._warned = False
        self._joined = 0

    @classmethod
    async def wait(cls, settings: ConnectionSettings, log: Any, refused_at: datetime | None = None) -> str:
        """Wait for a turn to create a tuning job; return why it came.

        Cancelling the call leaves the queue.

        Args:
            settings: the connection.
            log: the trigger's.
            refused_at: when SageMaker refused the task's last Create; None: it is not known.
        """
        queues = _queues.setdefault(asyncio.get_running_loop(), {})
        queue = queues.setdefault(settings.key, cls(settings))
        waiter = _Waiter(log, refused_at)
        queue._waiters.append(waiter)
        queue._joined += 1
        queue._send_length()
        log.info("Waiting to create a tuning job: %d task(s) in this triggerer's queue.", len(queue._waiters))
        if queue._checks is None:
            queue._checks = asyncio.create_task(queue._run(), context=contextvars.Context())
        try:
            return await waiter.released
        finally:
            if waiter in queue._waiters:
                queue._waiters.remove(waiter)
            queue._send_length()
            if not queue._waiters:
                queues.pop(settings.key, None)
                queue._close()

    @staticmethod
    def _send_length() -> None:
        queues = _queues.get(asyncio.get_running_loop(), {})
        CREATE_QUEUE.send(sum(len(queue._waiters) for queue in queues.values()))

    def _close(self) -> None:
        if self._checks is not None:
            self._checks.cancel()
            self._checks = None
        self._client.close_threads()

    async def _run(self) -> None:
        before: int | None = None
        quiet, first = 0, True
        tried_at: int | None = None  # how many had joined when the last task was released to try
        while True:
            self._send_length()
            in_progress = await self._count()
            ended = before - in_progress if before is not None and in_progress is not None else 0
            before = in_progress if in_progress is not None else before
            quiet = 0 if ended > 0 else quiet + 1
            may_be_room = self._is_refusal_old() if first else tried_at == self._joined
            first, tried_at = False, None
            if ended > 0:
                self._release(ended, f"{in_progress} tuning jobs are in progress, {ended} fewer than before")
            elif quiet > CHECKS_PER_TRY or may_be_room:
                quiet, tried_at = 0, self._joined
                self._release(1, "its turn to try has come")
            await asyncio.sleep(CHECK_SECONDS * random.uniform(0.9, 1.1))  # noqa: S311 - not cryptography

    def _is_refusal_old(self) -> bool:
        """Return whether a job may have ended between SageMaker's refusal of a task and now."""
        known = [waiter.refused_at for waiter in self._waiters if waiter.refused_at is not None]
        return any((datetime.now(UTC) - refused_at).total_seconds() > CHECK_SECONDS for refused_at in known)

    def _release(self, number: int, why: str) -> None:
        for _ in range(min(number, len(self._waiters))):
            waiter = self._waiters.popleft()
            if not waiter.released.done():
                waiter.released.set_result(why)

    @needs("sagemaker:ListHyperParameterTuningJobs")
    async def _count(self) -> int | None:
        """Return how many tuning jobs are in progress; None: it is unknown."""
        tokens, token, count = PageTokens(LIST, MAX_LIST_PAGES), None, 0
        try:
            while True:
                more: dict[str, Any] = {"NextToken": token} if token else {}
                page = await self._client.call(LIST, MaxResults=PAGE, StatusEquals="InProgress", **more)
                count += len(page["HyperParameterTuningJobSummaries"])
                token = tokens.next(page.get("NextToken"))
                if token is None:
                    return count
        except Exception as error:  # noqa: BLE001 - the queue then releases a task every few minutes
            if not self._warned:
                log.warning(
                    "Cannot count the tuning jobs in progress (%s); trying to create one every %.0f s instead.",
                    one_line(error),
                    CHECK_SECONDS * CHECKS_PER_TRY,
                )
            self._warned = True
            return None
