"""A scripted SageMaker on loopback, and a watcher that leads to it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Iterator
from typing import Any

import pytest

from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.waiting import rate_limit, shared_poller
from airflow_hpt_provider.waiting.shared_poller import SharedPoller
from airflow_hpt_provider.waiting.subscription import PollSubscription
from tests.support.scripted_sagemaker import ScriptedEndpoint, ScriptedJob, ScriptedSageMaker

WAIT_SECONDS = 15
"""Bound of everything that a test waits for, so that broken code fails it soon. Usually it takes a second."""


@pytest.fixture
def script() -> ScriptedSageMaker:
    return ScriptedSageMaker()


@pytest.fixture
def endpoint(script: ScriptedSageMaker, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedEndpoint]:
    monkeypatch.setenv("AIRFLOW__HPT__POLLING_CALLS_PER_SECOND", "500")
    monkeypatch.setenv("AIRFLOW__HPT__MIN_POLL_INTERVAL", "0.1")
    monkeypatch.setattr(shared_poller, "GATHER", 0.05)
    monkeypatch.setattr(rate_limit, "_budgets", {})
    with ScriptedEndpoint(script) as running:
        monkeypatch.setenv("AIRFLOW_CONN_SCRIPTED", running.connection())
        yield running


@pytest.fixture
async def watching(endpoint: ScriptedEndpoint) -> AsyncIterator[SharedPoller]:
    """A watcher; nothing of it may be left once the test has ended."""
    one = SharedPoller.shared(ConnectionSettings("scripted"))
    yield one
    for task in asyncio.all_tasks() - {asyncio.current_task(), one._poll}:
        task.cancel()  # of a test that has failed
    await until(lambda: one._poll is None)
    assert not one._waiters


def jobs(count: int, *, ends: float = 1e12, prefix: str = "job", **kwargs: Any) -> list[ScriptedJob]:
    """Jobs that have been running for a minute."""
    now = time.time()
    return [ScriptedJob(f"{prefix}-{n:04}", now - 60, ends, **kwargs) for n in range(count)]


def end(all_jobs: list[ScriptedJob], status: str = "Completed") -> None:
    """Let jobs end now."""
    for job in all_jobs:
        job.ends, job.status = time.time(), status


def waiter(name: str, **kwargs: Any) -> PollSubscription:
    return PollSubscription(tuning_job_name=name, **{"poll_interval": 0.3, **kwargs})


async def within(awaitable: Awaitable[Any]) -> Any:
    """Await something that must not take longer than the bound."""
    async with asyncio.timeout(WAIT_SECONDS):
        return await awaitable


async def until(condition: Any) -> None:
    """Wait for something that happens in this loop or in a thread."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not condition():  # noqa: ASYNC110 - it may be another thread that brings it about
            await asyncio.sleep(0.01)
