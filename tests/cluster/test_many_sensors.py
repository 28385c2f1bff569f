"""Many sensors of one DAG that start in the triggerer: most of them may, the others start on a worker.

Airflow hands each trigger of such a task the whole DAG, and the triggerer's event loop reads it, so the cost grows with
the square of their number: ``MAX_STARTED_IN_TRIGGERER``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.sensors.tuning import MAX_STARTED_IN_TRIGGERER
from tests.cluster.scenario import END_SECONDS
from tests.faults.jobs import job_config

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService
    from tests.cluster.stack import Stack

pytestmark = [pytest.mark.cluster, pytest.mark.heavy, pytest.mark.timeout(1200)]

DAG_ID, SENSORS = "many_sensors", 60
ON_WORKER = "Waiting for tuning job many-sensors in the triggerer."


def test_no_more_than_fifty_start_in_the_triggerer(stack: Stack, service: LocalService) -> None:
    service.client("sagemaker").create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName="many-sensors", **job_config(seconds="60")
    )
    run_id = stack.api.trigger(DAG_ID, {"job": "many-sensors"})
    assert stack.api.wait_for_run(DAG_ID, run_id, END_SECONDS) == "success"
    tasks = [f"wait_{number}" for number in range(SENSORS)]
    on_worker = [task for task in tasks if ON_WORKER in stack.api.log(DAG_ID, run_id, task)]
    assert len(on_worker) == SENSORS - MAX_STARTED_IN_TRIGGERER
    assert {stack.api.xcom(DAG_ID, run_id, task, "tuning_job_name") for task in tasks} == {"many-sensors"}
