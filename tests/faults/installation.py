"""A real Airflow and a local tuning service, with runs in it that are watched to their ends."""

from __future__ import annotations

import contextlib
import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.creation.ownership import Owner
from airflow_hpt_provider.demo.airflow import LocalAirflow
from airflow_hpt_provider.demo.airflow_api import FINISHED
from airflow_hpt_provider.demo.errors import AirflowApiError
from tests.faults import invariants
from tests.faults.jobs import job_config, start_service
from tests.faults.table import VIOLATED, Record
from tests.support.airflow_actions import AirflowActions

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.faults.process_chaos import KillTarget, ProcessKiller

JOB_SECONDS = 15
START_SECONDS = 600
NOTICE_SECONDS = 40
"""After which Airflow, as it is set up here, takes a process without a heartbeat for dead."""
SETTINGS = {
    "AIRFLOW__CORE__PARALLELISM": "32",
    "AIRFLOW__SCHEDULER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEALTH_CHECK_THRESHOLD": "10",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "10",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": "5",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": str(NOTICE_SECONDS),
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "5",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "10",
}


@contextlib.contextmanager
def installed(folder: Path) -> Iterator[tuple[LocalAirflow, LocalService]]:
    """Both, running, with the DAGs of ``dags/``."""
    dags = folder / "dags"
    shutil.copytree(Path(__file__).parent / "dags", dags, ignore=shutil.ignore_patterns("__pycache__"))
    service = start_service(folder)
    try:
        environment = SETTINGS | {
            "AIRFLOW_CONN_AWS_DEFAULT": service.airflow_connection,
            "FAULTS_JOB": json.dumps(job_config(seconds=str(JOB_SECONDS))),
            "FAULTS_LONG_JOB": json.dumps(job_config(seconds="3600")),
        }
        airflow = LocalAirflow(folder / "airflow", dags, environment)
        airflow.start(timeout=START_SECONDS)
        AirflowActions.replace_in(airflow)
        try:
            for dag_id in ("sync", "deferrable", "once"):
                airflow.api.wait_for_dag(dag_id, timeout=START_SECONDS)
            yield airflow, service
        finally:
            airflow.stop()
    finally:
        service.stop()


@dataclass
class Run:
    """One DAG run with one task.

    Attributes:
        victim: what is killed while it runs.
        mode: which is also its DAG's id.
        run_id: Airflow's.
        kills: how often something was killed while it ran.
        back: time.time() when the last of it came back.
    """

    victim: KillTarget
    mode: str
    run_id: str
    kills: int = 0
    back: float = 0.0

    @property
    def key(self) -> tuple[str, str, str]:
        """As Airflow's API wants it."""
        return self.mode, self.run_id, "tune"

    def over(self, airflow: LocalAirflow) -> bool:
        """Whether Airflow has brought it to its end. An Airflow too busy to answer has not."""
        try:
            return airflow.api.run_state(self.mode, self.run_id) in FINISHED
        except AirflowApiError:
            return False

    def pid(self, airflow: LocalAirflow) -> int | None:
        """Of its task's process, if that runs now."""
        try:
            task = airflow.api.task(*self.key)
        except AirflowApiError:
            return None
        return task["pid"] if task["state"] == "running" else None

    def judged(self, airflow: LocalAirflow, service: LocalService) -> tuple[Record, str]:
        """What became of it; and, if that is a violation, why."""
        name = Owner(self.mode, "tune", self.run_id).base_name
        jobs = invariants.settled(service.client("sagemaker"), name)
        tries = airflow.api.tries(*self.key)
        succeeded = [one for one in tries if one["state"] == "success"]
        result = airflow.api.xcom(*self.key)
        reported, late = "", 0.0
        try:
            if bool(succeeded) != bool(result):
                raise invariants.Violation(f"{len(succeeded)} tries succeeded, and the result is {result}")
            outcome = invariants.check_invariant(jobs, [result] * len(succeeded))
            if not self.over(airflow):
                raise invariants.Violation(f"the run still runs: {tries}")
            if succeeded and jobs[-1].ended is not None:
                end = datetime.fromisoformat(succeeded[0]["end_date"]).timestamp()
                late = max(0.0, end - max(jobs[-1].ended, self.back))
        except invariants.Violation as violation:
            outcome = VIOLATED
            states = [(one["try_number"], one["state"]) for one in tries]
            reported = f"{self}: {violation}; {states}; {self._logs(airflow, tries)}"
        trouble = NOTICE_SECONDS * self.kills + 1
        return Record(self.victim.value, self.mode, outcome, len(tries), self.kills, late / trouble), reported

    def _logs(self, airflow: LocalAirflow, tries: list[dict[str, Any]]) -> str:
        return "\n".join(
            f"--- try {one['try_number']}:\n{airflow.api.log(*self.key, one['try_number'])[-3000:]}"
            for one in tries
        )


def wait_for_all(killer: ProcessKiller, runs: list[Run], timeout: float) -> None:
    """Return when all are over, or the time is."""
    deadline = time.monotonic() + timeout
    left = list(runs)
    while left and time.monotonic() < deadline:
        left = [run for run in left if not run.over(killer.airflow)]
        killer.restart_due()
        time.sleep(1)
