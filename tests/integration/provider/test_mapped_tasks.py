"""Mapped tasks through Airflow's own task runner (`airflow dags test`), each with its own job and package."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration


def test_each_mapped_task_has_its_own_job_and_package(config, service, tmp_path, hook):
    dags = tmp_path / "dags"
    dags.mkdir()
    shutil.copy(Path(__file__).parent / "mapped_dag.py", dags)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")} | {
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW_CONN_AWS_DEFAULT": service.airflow_connection,
        "TUNING_CONFIG": json.dumps(config),
    }
    for command in (["db", "migrate"], ["dags", "reserialize"], ["dags", "test", "mapped"]):
        done = subprocess.run(
            [sys.executable, "-m", "airflow", *command],
            env=environment,
            capture_output=True,
            text=True,
            timeout=240,
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    packages = service.client("sagemaker").list_model_packages(ModelPackageGroupName="mapped")
    arns = [package["ModelPackageArn"] for package in packages["ModelPackageSummaryList"]]
    assert len(arns) == 2
    jobs = set()
    for arn in arns:
        properties = service.client("sagemaker").describe_model_package(ModelPackageName=arn)
        jobs.add(properties["CustomerMetadataProperties"]["TuningJobName"])
    assert len(jobs) == 2
    assert {hook.describe(job).training_job_status_counters.completed for job in jobs} == {2}
