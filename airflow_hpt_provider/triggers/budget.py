"""Measures a tuning job's billable time in the triggerer while the trigger waits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from asgiref.sync import sync_to_async

from airflow_hpt_provider.retries.errors import one_line
from airflow_hpt_provider.waiting.billable_time import MEASURE_SECONDS, BillableTimeMonitor

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.settings import ConnectionSettings


@asynccontextmanager
async def enforce_budget(
    settings: ConnectionSettings, tuning_job_name: str, limit: float, previous_jobs: Sequence[str], log: Any
) -> AsyncIterator[None]:
    """Measure as long as the block runs; when the limit is reached, the block is ended.

    Raises:
        TuningJobBudgetExceededError: the limit is reached.
        botocore.exceptions.ClientError: it cannot be measured, now or ever.
    """
    try:
        async with asyncio.TaskGroup() as group:
            meter = group.create_task(_measure(settings, tuning_job_name, limit, previous_jobs, log))
            yield
            meter.cancel()
    except BaseExceptionGroup as errors:
        # The first error has ended the others; a group would hide it from those who wait for it.
        raise errors.exceptions[0] from None


async def _measure(
    settings: ConnectionSettings, tuning_job_name: str, limit: float, previous_jobs: Sequence[str], log: Any
) -> NoReturn:
    meter: BillableTimeMonitor | None = None
    while True:
        seconds = MEASURE_SECONDS
        try:
            meter = meter or BillableTimeMonitor(
                await sync_to_async(settings.ready_hook)(), tuning_job_name, limit, previous_jobs, log
            )
        except Exception as error:  # noqa: BLE001 - if it is for good, the wait itself meets it and ends
            log.warning("Could not measure the billable seconds (%s); retrying.", one_line(error))
        else:
            seconds = await asyncio.to_thread(meter.check)
        await asyncio.sleep(seconds)
