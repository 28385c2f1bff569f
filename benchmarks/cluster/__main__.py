"""``make bench-cluster``: calls a minute, database connections and lateness with hundreds of deferred tasks.

The same stack as in ``make test-cluster`` (PostgreSQL, Redis, Celery, two triggerers) waits for tuning jobs of a
scripted endpoint, first with this provider's operator, then with SageMakerTuningOperator. All tasks are deferred first.
Then calls are counted for a while in which nothing happens, and the jobs end one after the other. The lateness of a
task is the time from the end of its job to the end of the task, which includes its second launch on a worker.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.demo.airflow_api import FINISHED
from airflow_hpt_provider.demo.processes import clean_environment
from airflow_hpt_provider.demo.waiting import wait_until
from benchmarks.cluster.endpoint import CreatingSageMaker
from tests.cluster.api import persistently
from tests.cluster.requirements import REPOSITORY
from tests.cluster.stack import Stack
from tests.support.scripted_sagemaker import ScriptedEndpoint

if TYPE_CHECKING:
    from tests.cluster.databases import Postgres

SUBJECTS = {"ours": "airflow-hpt-provider", "amazon": "SageMakerTuningOperator"}
FIRST_SECONDS = 10.0
"""From the decision that the jobs end to the first end."""
LIMIT_SECONDS = 3600.0


@contextmanager
def counted_connections(postgres: Postgres) -> Iterator[list[int]]:
    """Count the connections to the database every two seconds."""
    counts: list[int] = []
    over = threading.Event()

    def count() -> None:
        while not over.wait(2):
            counts.append(connections(postgres))

    thread = threading.Thread(target=count)
    thread.start()
    try:
        yield counts
    finally:
        over.set()
        thread.join()


def connections(postgres: Postgres) -> int:
    """Return the number of clients that are connected to the database."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
    done = subprocess.run(
        [postgres.psql, "-XAt", "-d", f"postgresql://{postgres.address}", "-c", query],
        env=clean_environment(),
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return int(done.stdout) - 1


def instances(stack: Stack, dag_id: str, run_id: str) -> list[dict[str, Any]]:
    """Return all task instances of a run, page by page."""
    found: list[dict[str, Any]] = []
    path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
    while True:
        query = {"limit": 100, "offset": len(found)}
        page = persistently(lambda query=query: stack.api._get(path, params=query))
        found += page["task_instances"]
        if len(found) >= page["total_entries"]:
            return found


def measure(stack: Stack, script: CreatingSageMaker, who: str, options: argparse.Namespace) -> list[str]:
    """Return the row of one subject."""
    stack.api.wait_for_dag(who, timeout=240)
    run_id = stack.api.trigger(who)

    def deferred() -> bool:
        return sum(one["state"] == "deferred" for one in instances(stack, who, run_id)) == options.jobs

    wait_until(deferred, LIMIT_SECONDS, f"not all tasks of {who} are deferred", every=5)
    time.sleep(options.quiet / 4)  # the first polls of new waits are over
    with counted_connections(stack.postgres) as counts:
        begin = time.time()
        time.sleep(options.quiet)
        calls = script.polls_between(begin, time.time()) / options.quiet * 60
        ends = script.end_jobs(f"{who}-", FIRST_SECONDS, options.window)
        wait_until(
            lambda: persistently(lambda: stack.api.run_state(who, run_id)) in FINISHED,
            LIMIT_SECONDS,
            f"the run of {who} has not ended",
            every=5,
        )
    late, failed = [], 0
    for one in instances(stack, who, run_id):
        if one["state"] != "success":
            failed += 1
            continue
        late.append(datetime.fromisoformat(one["end_date"]).timestamp() - ends[f"{who}-{one['map_index']}"])
    p50, p99 = (statistics.quantiles(late, n=100)[at] for at in (49, 98))
    connected = f"{statistics.mean(counts):.0f} / {max(counts)}"
    return [
        SUBJECTS[who],
        str(options.jobs),
        f"{calls:.1f}",
        connected,
        f"{p50:.1f}",
        f"{p99:.1f}",
        str(failed),
    ]


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cluster", description=__doc__)
    parser.add_argument("--jobs", type=int, default=300, help="tuning jobs of each operator (default: 300)")
    parser.add_argument(
        "--quiet", type=float, default=120, help="seconds in which calls are counted (default: 120)"
    )
    parser.add_argument(
        "--window",
        type=float,
        default=120,
        help="seconds from the first to the last job's end (default: 120)",
    )
    parser.add_argument("--python", type=Path, required=True, help="the interpreter that Airflow runs in")
    options = parser.parse_args()
    script = CreatingSageMaker()
    with tempfile.TemporaryDirectory(prefix="hpt-bench-") as folder, ScriptedEndpoint(script) as endpoint:
        dags = Path(folder) / "dags"
        shutil.copytree(Path(__file__).parent / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
        environment = {
            "AIRFLOW_CONN_AWS_DEFAULT": endpoint.connection(),
            "BENCH_JOBS": str(options.jobs),
            "AIRFLOW__CORE__PARALLELISM": str(2 * options.jobs),
            "AIRFLOW__CORE__MAX_MAP_LENGTH": str(2 * options.jobs + 1000),
            "PYTHONPATH": str(REPOSITORY),
        }
        with Stack(dags, environment, python=options.python.absolute()) as stack:
            rows = [measure(stack, script, who, options) for who in SUBJECTS]
    heading = ["operator", "jobs", "calls/min", "connections", "p50 s", "p99 s", "failed"]
    for row in (heading, *rows):
        print("{:<24} {:>5} {:>10} {:>12} {:>7} {:>7} {:>7}".format(*row))


if __name__ == "__main__":
    main()
