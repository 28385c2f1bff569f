"""Ends waits on an event: a queue of state changes triggers a poll of the jobs that the events are about.

The event only says when to poll, and the poll decides. Events may be late, lost or duplicated: a slow poll is the
safety net.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from airflow_hpt_provider.hooks.sqs import SqsQueue
from airflow_hpt_provider.waiting.outcome import outcome_of
from airflow_hpt_provider.waiting.state_change import NotAStateChangeError, StateChange

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.hooks.sqs import Message
    from airflow_hpt_provider.waiting.shared_poller import SharedPoller

log = logging.getLogger(__name__)

OTHERS = timedelta(minutes=1)
"""For this long, an event about a job without a local waiter is left to other triggerers that read the queue."""
OTHERS_AGAIN = 5
"""Seconds until the message becomes visible again."""
RESTART_SECONDS = 1.0

_wakeups: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[str, str], StateChangeListener]] = (
    WeakKeyDictionary()
)


class StateChangeListener:
    """Reads one queue while anybody in this event loop waits with it; get one with :meth:`shared`."""

    def __init__(self, queue_url: str, settings: ConnectionSettings) -> None:
        self._url = queue_url
        self._settings = settings
        self._waiting: Counter[str] = Counter()
        self._poller: SharedPoller
        self._reader: asyncio.Task[None] | None = None

    @classmethod
    def shared(
        cls, queue_url: str, settings: ConnectionSettings, poller: SharedPoller
    ) -> StateChangeListener:
        """Return the running event loop's reader of this queue.

        Args:
            queue_url: a dedicated queue; a reader takes a queue's messages away from others.
            settings: the connection.
            poller: polls the jobs; the same for the same connection.
        """
        readers = _wakeups.setdefault(asyncio.get_running_loop(), {})
        one = readers.setdefault((queue_url, settings.key), cls(queue_url, settings))
        one._poller = poller
        return one

    @asynccontextmanager
    async def subscribe(self, tuning_job_name: str) -> AsyncIterator[None]:
        """Poll the job as soon as its end is reported, within this context."""
        key = tuning_job_name.lower()
        self._waiting[key] += 1
        self._keep_reading()
        try:
            yield
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
            if not self._waiting and self._reader is not None:
                self._reader.cancel()

    def _keep_reading(self) -> None:
        if self._waiting and self._reader is None:
            self._reader = asyncio.get_running_loop().create_task(
                self._read(), name="tuning job events", context=contextvars.Context()
            )
            self._reader.add_done_callback(self._ended)

    def _ended(self, reader: asyncio.Task[None]) -> None:
        self._reader = None
        if not reader.cancelled() and (error := reader.exception()):
            log.error("Reading queue %s ended unexpectedly; restarting.", self._url, exc_info=error)
        if self._waiting and not reader.get_loop().is_closed():
            reader.get_loop().call_later(RESTART_SECONDS, self._keep_reading)

    async def _read(self) -> None:
        queue = SqsQueue(self._url, self._settings)
        try:
            while True:
                messages = await queue.receive()
                others = [message for message in messages if self._is_for_others(message)]
                await queue.delete(message for message in messages if message not in others)
                await queue.release(others, OTHERS_AGAIN)
        finally:
            queue.close()

    def _is_for_others(self, message: Message) -> bool:
        """Wake who waits for it; whether it is to be left in the queue."""
        try:
            change = StateChange.parse(message.body)
        except NotAStateChangeError as error:
            log.warning("Deleting a message of queue %s. %s", self._url, error)
            return False
        if change.name.lower() in self._waiting:
            if outcome_of(change.status) is not None:
                self._poller.poll_soon(change.name)
            return False
        try:
            return datetime.now(UTC) - datetime.fromisoformat(change.time) < OTHERS
        except (ValueError, TypeError):
            return False
