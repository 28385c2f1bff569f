"""Many subscriptions, one poll.

All subscriptions of a process with the same connection, region and settings share a :class:`SharedPoller`. While there
are any, one asyncio task polls in *rounds*:

1. Sleep until a subscription is due. Subscriptions that begin at the same moment share the round.
2. If few are due, describe each job. If a list costs fewer calls, list the jobs in progress: a page of 100
   carries status and counters of each, for all subscriptions, due or not.
3. A job missing from the list has ended, is stopping, or is too new to be listed. If many are missing,
   another list shows the recently completed ones. All others are described once, several concurrently.

The list is a hint. Only a final status, in a list or in a Describe, ends a wait. So lists may lag behind, and jobs may
come and go between two pages.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import random
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async

from airflow_hpt_provider.exceptions import TuningJobNotFoundError
from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.hooks.pages import PageTokens
from airflow_hpt_provider.metrics import JOBS_WAITED_FOR, POLLS, WAITS
from airflow_hpt_provider.retries.calls import FullJitter
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.retries.errors import is_denied, one_line, retry_after
from airflow_hpt_provider.waiting.connection_content import MAX_AGE_SECONDS, ConnectionContent
from airflow_hpt_provider.waiting.rate_limit import min_poll_interval
from airflow_hpt_provider.waiting.rate_limited_client import WORKERS, RateLimitedClient
from airflow_hpt_provider.waiting.snapshot import JobSnapshot

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.waiting.subscription import PollSubscription

log = logging.getLogger(__name__)

DESCRIBE = "describe_hyper_parameter_tuning_job"
LIST = "list_hyper_parameter_tuning_jobs"
PAGE = 100
MAX_LIST_PAGES = 1000
ALLOW_LIST = f" One list call replaces up to {PAGE} calls: allow sagemaker:ListHyperParameterTuningJobs."
GATHER = 0.2
"""Seconds that a round waits for others that start at the same moment."""
SLACK = 0.1
"""A poll may come early by this share of its interval, if it shares a round that way."""
MAX_PAGE_ATTEMPTS = 4
PAGE_BACKOFF = FullJitter(base=0.25, cap=5.0)
FEW = 3
"""This many missing jobs are described directly; with more, a list of the completed jobs pays."""
DENIED_SECONDS = 3600.0
REFUSED_SECONDS = 60.0
BEST_EVERY = 300.0
"""Seconds after which the best training job so far is worth a separate call, one job per round."""
RESTART_SECONDS = 1.0
EXPECT_END_SECONDS = 60.0
"""A Describe may lag behind an event: for this many seconds it is repeated soon."""

_watchers: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, SharedPoller]] = WeakKeyDictionary()
_contents: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, ConnectionContent]] = WeakKeyDictionary()


class SharedPoller:
    """Waits for tuning jobs on behalf of triggers; get one with :meth:`shared`. Belongs to one event loop."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._client = RateLimitedClient(settings)
        self._waiters: dict[str, list[PollSubscription]] = {}
        self._poll: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._pages = 1
        self._no_list_until = float("-inf")
        self._told_denied = False
        self._listed_at: datetime | None = None
        self._shortest = 0.0

    @classmethod
    def shared(cls, settings: ConnectionSettings, content: str = "") -> SharedPoller:
        """Return the running event loop's poller for these settings.

        Args:
            settings: the connection.
            content: the hash of what the connection holds.
        """
        watchers = _watchers.setdefault(asyncio.get_running_loop(), {})
        key = f"{settings.key} {content}"
        if key not in watchers:
            unused = [old for old, each in watchers.items() if each._is_of(settings) and not each._waiters]
            for old in unused if content else ():
                del watchers[old]
            watchers[key] = cls(settings)
        return watchers[key]

    @classmethod
    async def current(cls, settings: ConnectionSettings, max_age: float = MAX_AGE_SECONDS) -> SharedPoller:
        """Return the poller for what the connection holds now.

        Args:
            settings: the connection.
            max_age: seconds for which an earlier reading of the connection counts.
        """
        contents = _contents.setdefault(asyncio.get_running_loop(), {})
        return cls.shared(
            settings, await contents.setdefault(settings.key, ConnectionContent(settings)).get(max_age)
        )

    @classmethod
    async def wait_for(cls, settings: ConnectionSettings, waiter: PollSubscription) -> JobSnapshot:
        """Wait until the subscription's job has ended, through what the connection holds now.

        The wait keeps its client, and so its account, when the connection is edited. Only if the job is not found, the
        connection is read again; where its content has changed, the wait moves there.

        Raises:
            Exception: see :meth:`wait`.
        """
        poller = await cls.current(settings)
        try:
            return await poller.wait(waiter)
        except TuningJobNotFoundError:
            edited = await cls.current(settings, max_age=0.0)
            if edited is poller:
                raise
        waiter.log.warning(
            "Tuning job %s was not found; connection %s has been edited since it was read, polling again.",
            waiter.tuning_job_name,
            settings.aws_conn_id,
        )
        waiter.start_again()
        return await edited.wait(waiter)

    def _is_of(self, settings: ConnectionSettings) -> bool:
        return self._settings.key == settings.key

    async def wait(self, waiter: PollSubscription) -> JobSnapshot:
        """Wait until the subscription's job has ended; the first poll is immediate.

        Cancelling the call ends the wait and leaves nothing behind.

        Returns:
            How the job ended: its status is a final one.

        Raises:
            TuningJobTimeoutError, TuningServiceUnreachableError, TuningJobNotFoundError: see
                :class:`airflow_hpt_provider.waiting.limits.WaitLimits`.
            botocore.exceptions.ClientError: an error that another poll would meet again (access denied ...).
        """
        WAITS.send(where="triggerer")
        self._client.worked = self._client.worked or waiter.connection_worked
        waiter.due = asyncio.get_running_loop().time()
        self._waiters.setdefault(waiter.key, []).append(waiter)
        self._changed.set()
        self._keep_polling()
        waiter.keep_limits()
        try:
            return await waiter.future
        finally:
            waiter.close()
            self._leave(waiter)

    def poll_soon(self, tuning_job_name: str) -> None:
        """Poll a job immediately, whatever the connection held when its wait began: an event has reported its end."""
        loop = asyncio.get_running_loop()
        for poller in [self, *_watchers.get(loop, {}).values()]:
            if poller._is_of(self._settings):
                for waiter in poller._waiters.get(tuning_job_name.lower(), ()):
                    waiter.poll_soon(loop.time(), EXPECT_END_SECONDS)
                    poller._changed.set()

    async def stop(self, tuning_job_name: str) -> bool:
        """Stop a tuning job; False if there was nothing to stop."""
        hook = await sync_to_async(self._settings.ready_hook)()
        return await asyncio.to_thread(hook.stop, tuning_job_name)

    # -- the poll: one task, while there are subscriptions -------------------------------------------------

    def _leave(self, waiter: PollSubscription) -> None:
        others = self._waiters[waiter.key]
        others.remove(waiter)
        if not others:
            del self._waiters[waiter.key]
        self._send_count()
        if not self._waiters:
            self._changed.set()

    @staticmethod
    def _send_count() -> None:
        pollers = _watchers.get(asyncio.get_running_loop(), {}).values()
        JOBS_WAITED_FOR.send(sum(len(poller._waiters) for poller in pollers))

    def _keep_polling(self) -> None:
        """Start the poll if it does not run, in a separate context: its log is not the first subscription's."""
        if self._waiters and self._poll is None:
            self._poll = asyncio.get_running_loop().create_task(
                self._run(), name="tuning job poller", context=contextvars.Context()
            )
            self._poll.add_done_callback(self._poll_ended)

    def _poll_ended(self, poll: asyncio.Task[None]) -> None:
        """Restart the poll after any end, even a cancellation from outside, while subscriptions are left."""
        self._poll = None
        self._client.close_threads()
        if not poll.cancelled() and (error := poll.exception()):
            log.error("The poll of tuning jobs ended unexpectedly; restarting it.", exc_info=error)
        if self._waiters and not poll.get_loop().is_closed():
            poll.get_loop().call_later(RESTART_SECONDS, self._keep_polling)

    async def _run(self) -> None:
        trouble = 0
        while await self._until_due():
            try:
                await self._round()
                trouble = 0
            except Exception:
                trouble += 1
                log.exception("Unexpected error while polling %d tuning jobs; retrying.", len(self._waiters))
                await asyncio.sleep(1.0 + PAGE_BACKOFF.after(trouble))

    async def _until_due(self) -> bool:
        """Return True when a subscription is due, or False when none is left."""
        loop = asyncio.get_running_loop()
        while self._waiters:
            self._changed.clear()
            due = min((waiter.due for waiter in self._everybody()), default=float("inf"))
            if any(waiter.last is None and not waiter.failures for waiter in self._everybody()):
                await asyncio.sleep(GATHER)
                return bool(self._waiters)
            if due <= loop.time():
                return True
            with suppress(TimeoutError):
                async with asyncio.timeout_at(due):
                    await self._changed.wait()
        return False

    def _everybody(self) -> Iterator[PollSubscription]:
        return (waiter for waiters in self._waiters.values() for waiter in waiters if waiter.is_waiting)

    # -- a round -----------------------------------------------------------------------------------------

    async def _round(self) -> None:
        """Poll all jobs that are due, and with a list the others too."""
        POLLS.send(where="triggerer")
        self._send_count()
        started = asyncio.get_running_loop().time()
        self._shortest = min_poll_interval()
        due = {w.key for w in self._everybody() if w.due <= started + SLACK * w.interval}
        before = {waiter: waiter.last for waiter in self._everybody()}
        keys: Iterable[str] = due
        if len(due) > self._pages and started >= self._no_list_until:
            everybody = set(self._waiters)
            try:
                listed = await self._list(everybody)
            except Exception as error:  # noqa: BLE001 - each subscription handles its own error
                if not self._is_of_list(error):
                    self._missed(due, error)
                    return
                self._do_without_list(error, started)
            else:
                keys = everybody - listed | self._who_wants_best(started)
        await self._describe(keys)
        self._plan(started, (w for w in self._everybody() if w.last is not before.get(w)))

    def _plan(self, started: float, looked_at: Iterable[PollSubscription]) -> None:
        """Schedule the next poll of the subscriptions that were just polled.

        Early polls cost calls: one per subscription, or the pages of a list. The more calls they cost, the rarer they
        are: at most one call per ``min_poll_interval`` is spent on being early.
        """
        eager = sum(1 for w in self._everybody() if w.interval < w.poll_interval)
        sooner = self._shortest * min(eager, self._pages)
        jitter = random.uniform(0.9, 1.0)  # noqa: S311 - not cryptography
        now = asyncio.get_running_loop().time()
        for waiter in looked_at:
            interval = min(max(waiter.interval, sooner), waiter.poll_interval)
            waiter.schedule_in(max(0.0, started + interval * jitter - now), now)

    def _who_wants_best(self, now: float) -> set[str]:
        wanting = [w for w in self._everybody() if w.wants_best(now, BEST_EVERY)]
        return {min(wanting, key=lambda waiter: waiter.best_at).key} if wanting else set()

    # -- by list -----------------------------------------------------------------------------------------

    async def _list(self, keys: set[str]) -> set[str]:
        """Report what the lists say to all subscriptions, and return the jobs found.

        The oldest come first, so that newly created jobs do not shift the pages.
        """
        since = self._listed_at
        in_progress = {"StatusEquals": "InProgress", "SortBy": "CreationTime", "SortOrder": "Ascending"}
        found, self._pages, self._listed_at = await self._pages_of(in_progress, keys, most=None)
        left = [key for key in keys - found if any(w.last is not None for w in self._waiters.get(key, ()))]
        if len(left) > FEW and since is not None:
            completed = {
                "StatusEquals": "Completed",
                "SortBy": "CreationTime",
                "SortOrder": "Descending",
                "LastModifiedTimeAfter": since - timedelta(seconds=5),
            }
            found |= (await self._pages_of(completed, set(left), most=1 + len(left) // 50))[0]
        return found

    @needs("sagemaker:ListHyperParameterTuningJobs")
    async def _pages_of(
        self, parameters: dict[str, Any], keys: set[str], most: int | None
    ) -> tuple[set[str], int, datetime | None]:
        """Go through a list until all keys are found: return the found keys, the number of pages, and the time."""
        found: set[str] = set()
        began: datetime | None = None
        tokens, token, pages = PageTokens(LIST, MAX_LIST_PAGES), None, 0
        while most is None or pages < most:
            page = await self._page(MaxResults=PAGE, **parameters, **({"NextToken": token} if token else {}))
            began = began or self._client.server_time
            pages += 1
            for summary in page["HyperParameterTuningJobSummaries"]:
                key = summary["HyperParameterTuningJobName"].lower()
                if key in keys and summary["HyperParameterTuningJobStatus"] == parameters["StatusEquals"]:
                    found.add(key)
                    self._saw(key, JobSnapshot.of_answer(summary))
            if len(found) == len(keys):
                break
            token = tokens.next(page.get("NextToken"))
            if token is None:
                break
        return found, pages, began

    @needs("sagemaker:ListHyperParameterTuningJobs")
    async def _page(self, **parameters: Any) -> dict[str, Any]:
        """Return one page. An error at the twentieth page must not cost the nineteen before it."""
        for attempt in range(1, MAX_PAGE_ATTEMPTS):
            try:
                return await self._client.call(LIST, **parameters)
            except Exception as error:
                if classify(error, connection_worked=self._client.worked) is ErrorClass.FATAL:
                    raise
                await asyncio.sleep(max(PAGE_BACKOFF.after(attempt), retry_after(error)))
        return await self._client.call(LIST, **parameters)

    def _is_of_list(self, error: Exception) -> bool:
        """Return whether only the list fails for this reason, so that describing the jobs may still work."""
        from airflow_hpt_provider.hooks.responses import EndlessPagesError

        fatal = classify(error, connection_worked=self._client.worked) is ErrorClass.FATAL
        return fatal or isinstance(error, EndlessPagesError)

    def _do_without_list(self, error: Exception, now: float) -> None:
        denied = is_denied(error)
        self._no_list_until = now + (DENIED_SECONDS if denied else REFUSED_SECONDS)
        if not (denied and self._told_denied):
            hint = ALLOW_LIST if denied else ""
            log.warning("Cannot list tuning jobs (%s); describing them one by one.%s", one_line(error), hint)
        self._told_denied = self._told_denied or denied

    # -- one by one --------------------------------------------------------------------------------------

    async def _describe(self, keys: Iterable[str]) -> None:
        """Describe jobs, several at a time."""
        queue = deque(keys)

        async def work() -> None:
            while queue:
                await self._describe_one(queue.popleft())

        async with asyncio.TaskGroup() as workers:
            for _ in range(min(WORKERS, len(queue))):
                workers.create_task(work())

    @needs("sagemaker:DescribeHyperParameterTuningJob")
    async def _describe_one(self, key: str) -> None:
        waiters = self._waiters.get(key)
        if not waiters:
            return
        try:
            answer = await self._client.call(DESCRIBE, HyperParameterTuningJobName=waiters[0].tuning_job_name)
            seen = JobSnapshot.of_answer(answer)
        except Exception as error:  # noqa: BLE001 - each subscription handles its own error
            self._missed([key], error)
        else:
            self._saw(key, seen)

    # -- what a poll returned ----------------------------------------------------------------------------

    def _saw(self, key: str, seen: JobSnapshot) -> None:
        now = asyncio.get_running_loop().time()
        for waiter in self._waiters.get(key, ()):
            waiter.on_snapshot(seen, now, self._shortest)

    def _missed(self, keys: Iterable[str], error: Exception) -> None:
        now = asyncio.get_running_loop().time()
        for key in keys:
            for waiter in self._waiters.get(key, ()):
                waiter.on_error(error, now, connection_worked=self._client.worked)
