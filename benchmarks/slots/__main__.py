"""``make bench-slots``: what a tuning job costs in workers, in each way to wait for it, under a real scheduler.

A worker is held from the launch of a task's process to its end, as the executor's own log says. A task that is
deferred is launched twice: to start, and to end. One tuning job a way, all of the same length, on one local
service; the ways start one after the other, so that their launches do not slow each other down.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_fixed

from airflow_hpt_provider.demo import data
from airflow_hpt_provider.demo.airflow import LocalAirflow
from airflow_hpt_provider.demo.errors import AirflowApiError
from airflow_hpt_provider.demo.events import send_events_to_queue
from airflow_hpt_provider.demo.service import LocalService

HERE = Path(__file__).parent
TRAINING = HERE.parents[1] / "tests" / "system" / "training"
WAYS = {
    "operator_sync": "operator, deferrable=False",
    "operator_deferrable": "operator, deferrable=True",
    "operator_event_queue": "operator, deferrable=True, event_queue_url",
    "sensor_reschedule": "create + sensor, mode=reschedule",
    "sensor_deferrable": "create + sensor, deferrable=True",
    "sensor_started_in_triggerer": "create + sensor, start_from_trigger",
    "sensor_never_on_worker": "create + sensor, start_from_trigger, finish_in_triggerer",
    "incumbent_sync": "SageMakerTuningOperator, deferrable=False",
    "incumbent_deferrable": "SageMakerTuningOperator, deferrable=True",
}
LAUNCH = re.compile(r"Workload finished\b.*?\bduration=([\d.]+).*?\bworkload_id=([0-9a-f-]{36})")
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


# SQLite may be locked for a moment while many tasks report.
patiently = Retrying(
    retry=retry_if_exception_type(AirflowApiError),
    stop=stop_after_attempt(20),
    wait=wait_fixed(2),
    reraise=True,
)


class Cost(NamedTuple):
    """What one tuning job took: launches of tasks, seconds in which they held a worker, and its own seconds."""

    launches: int
    held_seconds: float
    job_seconds: float


def launches(log: Path) -> dict[str, list[float]]:
    """Seconds of each launch, by task instance."""
    found = defaultdict(list)
    for line in log.read_text(errors="replace").splitlines():
        if match := LAUNCH.search(COLOUR.sub("", line)):
            found[match[2]].append(float(match[1]))
    return found


def run_all(
    airflow: LocalAirflow, service: LocalService, ways: Sequence[str], seconds: int, apart: float
) -> dict[str, Cost]:
    runs: dict[str, tuple[str, str]] = {}
    ended: set[str] = set()
    for number, way in enumerate(ways):
        airflow.api.wait_for_dag(way, timeout=180)
        name = f"slots-{number}-{int(time.time())}"
        params = {"name": name, "seconds": seconds}
        runs[way] = (patiently(airflow.api.trigger, way, params), name)
        time.sleep(apart)
    deadline = time.monotonic() + 600 + seconds
    while len(ended) < len(runs) and time.monotonic() < deadline:
        for way, (run_id, _) in runs.items():
            state = patiently(airflow.api.run_state, way, run_id)
            if state == "failed":
                raise SystemExit(f"{way} failed; logs: {airflow.logs}")
            if state == "success":
                ended.add(way)
        time.sleep(1)
    if missing := set(runs) - ended:
        raise SystemExit(f"{sorted(missing)} have not ended; logs: {airflow.logs}")
    time.sleep(5)  # the last launches are still to be logged
    by_task = launches(airflow.logs / "scheduler.log")
    sagemaker = service.client("sagemaker")
    costs = {}
    for way, (run_id, name) in runs.items():
        tasks: list[dict[str, Any]] = patiently(airflow.api.tasks, way, run_id)
        all_of_them = [held for task in tasks for held in by_task[task["id"]]]
        job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        took = (job["HyperParameterTuningEndTime"] - job["CreationTime"]).total_seconds()
        costs[way] = Cost(len(all_of_them), sum(all_of_them), took)
    return costs


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--python", required=True, help="of an environment with Airflow, this and aiobotocore"
    )
    parser.add_argument("--seconds", type=int, default=120, help="that each tuning job trains")
    parser.add_argument("--apart", type=float, default=15, help="seconds between the starts of two ways")
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS), help="default: all")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="bench-slots-"))
    dags = folder / "dags"
    dags.mkdir()
    shutil.copy(HERE / "dags.py", dags)
    with LocalService(folder / "service", options=["--max-parallel", str(len(WAYS))]) as service:
        s3 = service.client("s3")
        s3.create_bucket(Bucket=data.BUCKET)
        s3.put_object(Bucket=data.BUCKET, Key="slots/sourcedir.tar.gz", Body=data.source_archive(TRAINING))
        s3.put_object(Bucket=data.BUCKET, Key="slots/data/nothing.csv", Body=b"")
        environment = {
            "AIRFLOW_CONN_AWS_DEFAULT": service.airflow_connection,
            "AIRFLOW_VAR_HPT_WAIT_QUEUE_URL": send_events_to_queue(service, "waits"),
        }
        airflow = LocalAirflow(
            folder / "airflow", dags, environment, parallelism=len(WAYS) + 2, python=options.python
        )
        with airflow:
            costs = run_all(airflow, service, options.ways, options.seconds, options.apart)
    busy = os.getloadavg()[2]
    print(
        f"A training of {options.seconds} s in each way; load of the machine: {busy:.1f} on {os.cpu_count()} cores.\n"
    )
    print(f"{'':58} {'launches':>8} {'worker s':>9} {'job s':>6}")
    for way, cost in costs.items():
        print(f"{WAYS[way]:58} {cost.launches:8} {cost.held_seconds:9.1f} {cost.job_seconds:6.0f}")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
