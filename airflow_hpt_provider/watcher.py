"""What triggers ask to wait for a tuning job: one client for all waiters of a process with the same connection.

Calls to boto3 run in threads, so that the event loop is never blocked; boto3's clients are thread-safe.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningJobDescription
    from airflow_hpt_provider.polling import Poll

_watchers: dict[str, TuningJobWatcher] = {}


class TuningJobWatcher:
    """Waits for tuning jobs on behalf of triggers; get one with :meth:`shared`."""

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._hook: HyperParameterTuningHook | None = None

    @classmethod
    def shared(cls, settings: ConnectionSettings) -> TuningJobWatcher:
        """The process's watcher for these settings."""
        return _watchers.setdefault(settings.key, cls(settings))

    async def wait(self, poll: Poll) -> TuningJobDescription:
        """Wait until the job has ended; see :meth:`airflow_hpt_provider.polling.Poll.arun` for the errors."""
        poll.rebuild = self._forget_client

        async def look() -> TuningJobDescription:
            hook = await self._ready_hook()
            return await asyncio.to_thread(hook.describe_once, poll.tuning_job_name)

        return await poll.arun(look)

    async def stop(self, tuning_job_name: str) -> bool:
        """Stop a tuning job; False if there was nothing to stop."""
        hook = await self._ready_hook()
        return await asyncio.to_thread(hook.stop, tuning_job_name)

    async def _ready_hook(self) -> HyperParameterTuningHook:
        if self._hook is None:
            # Airflow answers a connection look-up in the triggerer only from asgiref's own thread.
            self._hook = await sync_to_async(self._build)()
        return self._hook

    def _build(self) -> HyperParameterTuningHook:
        hook = self._settings.hook()
        hook.conn  # noqa: B018 - reads the connection and builds the client, here and not in a pool thread
        return hook

    def _forget_client(self) -> None:
        self._hook = None
