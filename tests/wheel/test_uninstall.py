"""What remains when the wheel is uninstalled while a task waits, and what a later installation finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_hpt_provider.demo.waiting import wait_until
from tests.wheel.installed_airflow import SECONDS, Installed

pytestmark = [pytest.mark.wheel, pytest.mark.timeout(1200)]
WAITING = {"deferred", "scheduled", "queued", "running"}
"""States of a task until Airflow has found out that it cannot run."""


def test_uninstalled_while_a_task_waits(installed: Installed, wheel: Path) -> None:
    api = installed.api
    api.wait_for_dag("waiting")
    api.wait_for_dag("forgotten")
    ended = api.trigger("waiting")
    installed.wait_until_deferred("waiting", ended, "HyperParameterTuningJobTrigger")
    installed.gates["gated"].touch()
    assert api.wait_for_run("waiting", ended, SECONDS) == "success"
    run_id = api.trigger("forgotten")
    installed.wait_until_deferred("forgotten", run_id, "HyperParameterTuningJobTrigger")
    job = api.xcom("forgotten", run_id, "newer", "tuning_job_name")

    installed.airflow.stop()
    installed.uninstall()
    left = [path for path in installed.environment.path.rglob("*hpt*") if "__pycache__" not in path.parts]
    assert left == []
    dag_file = installed.dags / "upgrade_dags.py"
    source = dag_file.read_text()
    dag_file.unlink()

    installed.start_again()
    api = installed.api
    log = installed.airflow.logs / "triggerer.log"
    wait_until(
        lambda: "Trigger failed to load code" in log.read_text(), SECONDS, "no trigger is loaded", every=0.5
    )
    wait_until(
        lambda: api.task("forgotten", run_id, "newer")["state"] not in WAITING,
        SECONDS,
        "the task still waits for its trigger",
        every=0.5,
    )
    described = installed.service.client("sagemaker").describe_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=job
    )
    assert described["HyperParameterTuningJobStatus"] == "InProgress"
    assert api.import_errors() == []
    listed = installed.python("-m", "airflow", "providers", "list", "--output", "json")
    assert "airflow-hpt-provider" not in listed
    assert "amazon" in listed
    assert api.run_state("waiting", ended) == "success"  # The history is kept.

    installed.install(wheel)
    dag_file.write_text(source)
    installed.start_again()
    api = installed.api
    # The next try finds the job that the first one has created.
    installed.wait_until_deferred("forgotten", run_id, "HyperParameterTuningJobTrigger")
    installed.gates["forgotten"].touch()
    assert api.wait_for_run("forgotten", run_id, SECONDS) == "success"
    assert api.xcom("forgotten", run_id, "newer", "tuning_job_name") == job
