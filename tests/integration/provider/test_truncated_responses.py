"""Answers that break off: the local service cuts them (``--faults``), the provider must not take them for whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.sdk.exceptions import TaskDeferred

from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import BUCKET, SCRIPT, make
from tests.support.tuning_jobs import images_file

pytestmark = pytest.mark.integration

FAULTS = """
[[fault]]
operation = "CreateHyperParameterTuningJob"
kind = "truncate"
rate = 1.0
times = 1

[[fault]]
operation = "DescribeHyperParameterTuningJob"
kind = "truncate"
rate = 0.5
seed = 3
"""


@pytest.fixture
def faulty_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    images, faults = images_file(tmp_path, SCRIPT), tmp_path / "faults.toml"
    faults.write_text(FAULTS)
    with LocalService(
        tmp_path / "data", images, options=["--faults", str(faults), "--readable", str(tmp_path)]
    ) as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", running.airflow_connection)
        yield running


async def test_a_job_is_created_once_and_waited_for_through_cut_answers(
    faulty_service, gated, gate, first_try
):
    task = make(HyperParameterTuningJobOperator, config=gated, deferrable=True, poll_interval=0.2)
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(first_try.context(task))
    gate.touch()
    async for event in deferred.value.trigger.run():
        assert event.payload["status"] == "completed"
        value = task.execute_complete(first_try.context(task), event=event.payload, **deferred.value.kwargs)
    assert value["status"] == "Completed"
    jobs = faulty_service.client("sagemaker").list_hyper_parameter_tuning_jobs()
    assert [job["HyperParameterTuningJobName"] for job in jobs["HyperParameterTuningJobSummaries"]] == [
        first_try.xcom["tuning_job_name"]
    ]
