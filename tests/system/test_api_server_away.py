"""Airflow's API server is away for so long that Airflow ends the processes of running tasks: no job is lost."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from tests.system.own_airflow import own_airflow
from tests.system.test_stopping import WAIT_SECONDS, Case

pytestmark = [pytest.mark.system, pytest.mark.timeout(1200)]


def test_the_next_try_rejoins_the_job(tmp_path: Path) -> None:
    environment = {  # as by default, but in seconds instead of a minute
        "AIRFLOW__WORKERS__MAX_FAILED_HEARTBEATS": "3",
        "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2",
        "AIRFLOW__WORKERS__EXECUTION_API_RETRIES": "1",
    }
    with own_airflow(tmp_path, environment) as demo:
        airflow = demo.airflow
        airflow.api.wait_for_dag("terminated")
        case = Case(demo, "terminated", airflow.api.trigger("terminated"), "sync")
        job = case.waiting()
        process = psutil.Process(airflow.api.task(*case.key)["pid"])
        paused = airflow.component("api-server").descendants()
        for each in paused:
            each.suspend()
        try:
            wait_until(
                lambda: not process.is_running(), WAIT_SECONDS, "Airflow does not end the task's process"
            )
        finally:
            for each in paused:
                each.resume()
        assert case.status(job) == "InProgress"
        case.until(lambda: case.tries == 2 and f"{job}: InProgress" in case.log(2), "there is no second try")
        assert (case.job, case.status(job)) == (job, "InProgress")
        airflow.api.mark_run(case.dag_id, case.run_id, "failed")
        case.until_stopped(job)
