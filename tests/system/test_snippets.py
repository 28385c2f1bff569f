"""The README's boto3 example, run as a person would: a script, and the lines of local.env as environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.demo.data import example_dags
from airflow_hpt_provider.demo.processes import clean_environment
from airflow_hpt_provider.demo.waiting import wait_until

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.session import DemoSession

pytestmark = pytest.mark.system

SNIPPET = Path(__file__).parents[2] / "docs" / "snippets" / "local_service.py"


def test_boto3_creates_describes_lists_and_stops(demo: DemoSession) -> None:
    done = subprocess.run(
        [sys.executable, str(SNIPPET), str(example_dags() / "breast_cancer.yaml")],
        env={**clean_environment(), **demo.service.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(" Completed") >= 2
    sagemaker = demo.service.client("sagemaker")
    name = done.stdout.splitlines()[-1].partition("-00")[0]

    def stopped() -> bool:
        answer = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
        return bool(answer["HyperParameterTuningJobStatus"] == "Stopped")

    wait_until(stopped, 120, "the tuning job was not stopped")
