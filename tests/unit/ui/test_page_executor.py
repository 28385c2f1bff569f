"""The page's threads: few, shared, and never all held by one endpoint."""

import asyncio
import threading

import pytest

from airflow_hpt_provider.ui.executor import PageExecutor
from airflow_hpt_provider.ui.problems import Problem


class Silent:
    """An endpoint that does not respond before it is released."""

    def __init__(self):
        self.calls, self.released = 0, threading.Event()

    def __call__(self):
        self.calls += 1
        assert self.released.wait(60)
        return self.calls


@pytest.fixture
def silent():
    endpoint = Silent()
    yield endpoint
    endpoint.released.set()


async def settle(task=None):
    """Let coroutines run until they wait."""
    for _ in range(20):
        await asyncio.sleep(0)


def test_a_hundred_requests_for_one_job_cost_one_call_and_one_thread(silent):
    async def scenario():
        executor = PageExecutor(threads=2)
        waiting = [asyncio.create_task(executor.run("job", "silent", silent)) for _ in range(100)]
        await settle()
        assert await executor.run("other", "fast", lambda: "other") == "other"
        silent.released.set()
        return await asyncio.gather(*waiting)

    assert asyncio.run(scenario()) == [1] * 100
    assert silent.calls == 1


def test_one_silent_endpoint_leaves_threads_for_the_others(silent):
    async def scenario():
        executor = PageExecutor(threads=3, group_threads=2)
        waiting = [asyncio.create_task(executor.run(f"job {n}", "silent", silent)) for n in range(20)]
        await settle()
        assert silent.calls == 2
        assert await executor.run("other", "fast", lambda: "other") == "other"
        silent.released.set()
        await asyncio.gather(*waiting)

    asyncio.run(scenario())
    assert silent.calls == 20, "the others run when there is a thread for them"


def test_a_full_queue_refuses_immediately(silent):
    async def scenario():
        executor = PageExecutor(threads=1, group_threads=1, queue_size=2)
        waiting = [asyncio.create_task(executor.run(f"job {n}", "silent", silent)) for n in range(3)]
        await settle()
        with pytest.raises(Problem) as refused:
            await executor.run("one more", "other", silent)
        assert (refused.value.status, refused.value.kind) == (503, "busy")
        shared = asyncio.create_task(executor.run("job 0", "silent", silent))
        silent.released.set()
        await asyncio.gather(*waiting, shared)
        assert await executor.run("one more", "other", lambda: "again") == "again"

    asyncio.run(scenario())


def test_a_request_stops_waiting_and_the_call_continues(silent):
    async def scenario():
        executor = PageExecutor(wait_seconds=0.01)
        with pytest.raises(Problem) as refused:
            await executor.run("job", "silent", silent)
        assert (refused.value.status, refused.value.kind) == (504, "unreachable")
        silent.released.set()

    asyncio.run(scenario())
    assert silent.calls == 1


@pytest.mark.parametrize(
    "error", [ValueError("broken"), TimeoutError("the call's own"), Problem(404, "no", "No")]
)
def test_an_error_reaches_all_who_wait_and_is_not_kept(error):
    def broken():
        raise error

    async def scenario():
        executor = PageExecutor()
        both = [executor.run("job", "group", broken) for _ in range(2)]
        assert await asyncio.gather(*both, return_exceptions=True) == [error, error]
        assert await executor.run("job", "group", lambda: "works") == "works"

    asyncio.run(scenario())
