"""How many calls an hour of waiting takes, on a clock that skips idle time.

Run by ``benchmarks.waiting``: ``python -m benchmarks.waiting.simulated_hour WHO JOBS``. The event loop's clock jumps
to the next timer whenever no call is under way; the endpoint's clock goes with it. The subjects' code is the real one,
and so are its calls over HTTP.
"""

from __future__ import annotations

import asyncio
import json
import os
import selectors
import sys
import time
from types import SimpleNamespace
from typing import Any

from benchmarks.waiting.runner import AMAZON, OURS, connect, fire, make_trigger, quiet
from benchmarks.waiting.scenario import Scenario, job_name, scripted_jobs
from tests.support.scripted_sagemaker import ScriptedEndpoint

FIRST, LAST, INTERVAL = 3000.0, 3600.0, 30.0


class SkippingSelector(selectors.DefaultSelector):
    """Instead of sleeping through a timeout, lets the clock skip it; unless a call is under way."""

    skipped = 0.0
    under_way = 0

    def select(self, timeout: float | None = None) -> Any:
        events = super().select(0)
        if events or timeout is None or timeout <= 0:
            return events or super().select(timeout)
        if self.under_way:
            return super().select(min(timeout, 0.02))
        self.skipped += timeout
        return []


class SkippingLoop(asyncio.SelectorEventLoop):
    """An event loop on that clock, which knows of the calls that threads make for it."""

    def __init__(self) -> None:
        self.clock = SkippingSelector()
        super().__init__(self.clock)

    def time(self) -> float:
        return time.monotonic() + self.clock.skipped

    def run_in_executor(self, *args: Any) -> Any:
        future = super().run_in_executor(*args)
        self.clock.under_way += 1
        future.add_done_callback(self._back)
        return future

    def _back(self, _: Any) -> None:
        self.clock.under_way -= 1


def count_calls_of_aiobotocore(loop: SkippingLoop) -> None:
    from aiobotocore.client import AioBaseClient

    original = AioBaseClient._make_api_call

    async def counted(self: Any, *args: Any) -> Any:
        loop.clock.under_way += 1
        try:
            return await original(self, *args)
        finally:
            loop.clock.under_way -= 1

    AioBaseClient._make_api_call = counted


def main() -> None:
    who, jobs = sys.argv[1], int(sys.argv[2])
    quiet()
    loop = SkippingLoop()
    offset = time.time() - loop.time()
    if who == OURS:
        from airflow_hpt_provider.waiting import subscription

        subscription.time = SimpleNamespace(time=lambda: loop.time() + offset)  # type: ignore[assignment]
    if who == AMAZON:
        count_calls_of_aiobotocore(loop)
    scenario = Scenario(clock=lambda: loop.time() + offset)
    make = make_trigger(who)
    with ScriptedEndpoint(scenario) as endpoint:
        connect(endpoint.url)
        start = scenario.clock()
        scenario.add(scripted_jobs(jobs, start, FIRST, LAST))

        async def all_of_them() -> list[bool]:
            return await asyncio.gather(*(fire(make(job_name(n), INTERVAL)) for n in range(jobs)))

        done = loop.run_until_complete(all_of_them())
        result = {
            "jobs": jobs,
            "calls": scenario.calls.total(),
            "by_operation": scenario.calls,
            "lost": jobs - sum(done),
            "hours": (scenario.clock() - start) / 3600,
        }
    print(json.dumps(result), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
