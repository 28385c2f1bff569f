"""Two triggerers: a deferred task's tuning job outlives the loss, and the return, of the one that waited for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_hpt_provider.compat import has
from airflow_hpt_provider.demo.processes import ChildProcess, stop_all
from airflow_hpt_provider.demo.waiting import wait_until
from tests.system.own_airflow import own_airflow
from tests.system.test_stopping import WAIT_SECONDS, Case

pytestmark = [
    pytest.mark.system,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(not has("trigger_on_kill"), reason="Airflow 3.3+"),
]


def test_a_triggerer_that_comes_back_leaves_the_job_to_the_one_that_has_taken_over(tmp_path: Path) -> None:
    """Airflow 3.3 calls ``on_kill`` of the triggers that it lost, as if a person had ended their tasks."""
    environment = {
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "15",
        "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "2",
    }
    with own_airflow(tmp_path, environment) as demo:
        airflow = demo.airflow
        airflow.api.wait_for_dag("stopping")
        case = Case(demo, "stopping", airflow.api.trigger("stopping"), "deferred")
        job = case.waiting()
        first = airflow.component("triggerer")
        second = ChildProcess(
            "airflow triggerer", first.argv, airflow.environment, airflow.logs / "triggerer-2.log"
        )
        looks = case.log().count(f"{job}: InProgress")
        paused = first.descendants()
        assert first.pid is not None
        for process in paused:
            process.suspend()
        second.start()
        try:
            wait_until(
                lambda: case.log().count(f"{job}: InProgress") > looks,
                WAIT_SECONDS,
                "no triggerer has taken over",
            )
            for process in paused:
                process.resume()
            case.until(lambda: "keeps running: its task continues" in case.log(), "on_kill was not called")
            assert (case.state, case.status(job)) == ("deferred", "InProgress")
            airflow.api.mark_task(*case.key, "failed")
            case.until_stopped(job)
        finally:
            for process in paused:
                if process.is_running():
                    process.resume()
            stop_all([second])
