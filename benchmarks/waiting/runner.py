"""One subject waits for all jobs of a scenario in one event loop, as a triggerer would; prints what it took as JSON.

Run by ``benchmarks.waiting`` in an interpreter of its own: ``python -m benchmarks.waiting.runner WHO URL JOBS``.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import resource
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.waiting.scenario import control, end_offset, job_name
from tests.support.scripted_sagemaker import REGION

OURS, AMAZON = "ours", "amazon"
CONNECTION = "bench"
BEAT = 0.02


def make_trigger(who: str) -> Callable[[str, float], Any]:
    """Import the subject, and return a function that makes its trigger for a job and an interval."""
    if who == OURS:
        import airflow_hpt_provider.hooks.polling  # noqa: F401 - loaded late; the amazon trigger imports it immediately
        from airflow_hpt_provider.triggers.tuning import HyperParameterTuningJobTrigger

        return lambda name, interval: HyperParameterTuningJobTrigger(
            name, poll_interval=interval, aws_conn_id=CONNECTION, region_name=REGION
        )
    from airflow.providers.amazon.aws.triggers.sagemaker import SageMakerTrigger

    return lambda name, interval: SageMakerTrigger(
        job_name=name,
        job_type="tuning",
        waiter_delay=int(interval),
        aws_conn_id=CONNECTION,
        region_name=REGION,
    )


def connect(url: str) -> None:
    extra = {"endpoint_url": url, "region_name": REGION}
    os.environ[f"AIRFLOW_CONN_{CONNECTION.upper()}"] = json.dumps(
        {"conn_type": "aws", "login": "bench-key", "password": "bench-secret", "extra": extra}
    )


def quiet() -> None:
    """Neither subject's log is part of the measurement. Airflow sets up its own when it is imported."""
    import airflow.triggers.base  # noqa: F401
    import structlog

    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))


def resident_kb() -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


async def fire(trigger: Any) -> bool:
    """Whether the trigger fires for a job that has completed."""
    async for event in trigger.run():
        return event.payload["status"] in {"success", "completed"}
    return False


async def wait_for_all(who: str, url: str, options: dict[str, Any]) -> dict[str, Any]:
    jobs, first, last = options["jobs"], options["first"], options["last"]
    make = make_trigger(who)
    worst_block = 0.0
    loop = asyncio.get_running_loop()

    async def beat() -> None:
        nonlocal worst_block
        while True:
            before = loop.time()
            await asyncio.sleep(BEAT)
            worst_block = max(worst_block, loop.time() - before - BEAT)

    lateness: list[float] = []
    lost = 0
    memory_before, cpu_before = resident_kb(), time.process_time()
    start = control(url, jobs=jobs, first=first, last=last, fault_rate=options["fault_rate"])["now"]

    async def one(number: int) -> None:
        nonlocal lost
        try:
            arrived = await fire(make(job_name(number), options["interval"]))
        except Exception:
            arrived = False
        if arrived:
            lateness.append(time.time() - start - end_offset(number, first, last))
        else:
            lost += 1

    heart = asyncio.create_task(beat())
    await asyncio.gather(*(one(number) for number in range(jobs)))
    heart.cancel()
    counts = control(url)
    lateness.sort()
    return {
        "calls": sum(counts["calls"].values()),
        "by_operation": counts["calls"],
        "calls_per_minute": 60 * sum(counts["calls"].values()) / counts["seconds"],
        "cpu": time.process_time() - cpu_before,
        "kb_per_job": (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory_before) / jobs,
        "worst_block": worst_block,
        "p50": lateness[len(lateness) // 2] if lateness else None,
        "p99": lateness[int(len(lateness) * 0.99)] if lateness else None,
        "lost": lost,
    }


def main() -> None:
    who, url, options = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    connect(url)
    quiet()
    result = asyncio.run(wait_for_all(who, url, options))
    print(json.dumps(result), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
