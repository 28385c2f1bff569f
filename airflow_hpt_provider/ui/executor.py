"""The page's own threads: a slow SageMaker endpoint holds some of these, and none of Airflow's API server."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from airflow_hpt_provider.ui.problems import Problem

T = TypeVar("T")


class _Call(NamedTuple):
    key: str
    group: str
    run: Callable[[], Any]
    result: Future[Any]


class PageExecutor:
    """Runs blocking calls for coroutines. Requests for the same call share one run of it.

    Args:
        threads: number of calls that run at the same time.
        group_threads: of these, the number of calls of one group. So one endpoint that does not respond leaves threads
            for the others.
        queue_size: number of calls that wait for a thread. Any more are refused immediately.
        wait_seconds: seconds after which a request stops waiting. The call itself continues.
    """

    def __init__(
        self,
        threads: int = 12,
        group_threads: int = 6,
        queue_size: int = 60,
        wait_seconds: float = 25.0,
    ) -> None:
        self._threads, self._group_threads = threads, group_threads
        self._queue_size, self._wait_seconds = queue_size, wait_seconds
        self._pool = ThreadPoolExecutor(threads, "tuning-page")
        self._calls: dict[str, _Call] = {}
        self._queue: deque[_Call] = deque()
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    async def run(self, key: str, group: str, call: Callable[[], T]) -> T:
        """Return what ``call`` returns.

        Args:
            key: equal for calls that return the same. While one runs, others wait for its result.
            group: equal for calls to the same endpoint.
            call: runs in a thread.

        Raises:
            Problem: 503 if the queue is full; 504 after ``wait_seconds``.
            Exception: any error of ``call``.
        """
        result: Future[T] = self._submit(key, group, call)
        try:
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(result)), self._wait_seconds)
        except TimeoutError:
            if result.done():
                return result.result()  # the call itself has raised it
            raise Problem(
                504,
                "unreachable",
                "SageMaker is slow to respond",
                f"There was no response within {self._wait_seconds:g} seconds.",
                "The page tries again by itself.",
            ) from None

    def _submit(self, key: str, group: str, run: Callable[[], T]) -> Future[T]:
        with self._lock:
            known = self._calls.get(key)
            if known is not None:
                return known.result
            if len(self._queue) >= self._queue_size:
                raise Problem(
                    503,
                    "busy",
                    "The tuning page is busy",
                    "Too many requests wait for SageMaker, which is slow to respond or does not respond.",
                    "The page tries again by itself.",
                )
            call = self._calls[key] = _Call(key, group, run, Future())
            self._queue.append(call)
        self._start()
        return call.result

    def _start(self) -> None:
        """Start the calls in the queue for which there is a thread."""
        with self._lock:
            for call in list(self._queue):
                if self._running.total() >= self._threads:
                    return
                if self._running[call.group] < self._group_threads:
                    self._queue.remove(call)
                    self._running[call.group] += 1
                    self._pool.submit(self._work, call)

    def _work(self, call: _Call) -> None:
        try:
            value = call.run()
        except BaseException as error:  # noqa: BLE001 - belongs to those who wait for it
            self._finish(call)
            call.result.set_exception(error)
        else:
            self._finish(call)
            call.result.set_result(value)

    def _finish(self, call: _Call) -> None:
        with self._lock:
            del self._calls[call.key]
            self._running[call.group] -= 1
            self._running += Counter()  # without groups that have none
        self._start()
