"""One local tuning service for the provider's tests, and tasks that run against it over HTTP."""

from __future__ import annotations

import copy
import logging
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import DAG

from airflow_hpt_provider.demo.service import LocalService
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1"
BUCKET = "tuning-tests"
SCRIPT = Path(__file__).parent / "training" / "quick.py"


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """`airflow-hpt local serve` with one image, as a process of its own."""
    folder = tmp_path_factory.mktemp("service")
    images = folder / "images.toml"
    images.write_text(f'[[image]]\nmatch = "*/quick:*"\ncommand = ["{sys.executable}", "{SCRIPT}"]\n')
    with LocalService(folder / "data", images) as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


@pytest.fixture(autouse=True)
def aws_connection(service: LocalService, monkeypatch: pytest.MonkeyPatch) -> None:
    """`aws_default` leads to the service."""
    monkeypatch.setenv("AIRFLOW_CONN_AWS_DEFAULT", service.airflow_connection)


@pytest.fixture(autouse=True)
def no_scheduler_to_wait_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Triggers wait a moment before they fire, for the sake of a scheduler that is not here."""
    monkeypatch.setattr("airflow_hpt_provider.triggers.tuning.SETTLE_SECONDS", 0.0)


@pytest.fixture
def hook() -> HyperParameterTuningHook:
    return HyperParameterTuningHook()


@pytest.fixture
def config(tmp_path: Path) -> dict[str, Any]:
    """A tuning job of four quick training jobs, without a name."""
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "RandomSeed": 7,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "objective"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "objective", "Regex": "objective=([0-9.]+);"}],
            },
            "StaticHyperParameters": {"fail": "never"},
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "RoleArn": "arn:aws:iam::123456789012:role/tuning",
        },
    }


def with_static(config: dict[str, Any], **values: str) -> dict[str, Any]:
    """A copy with more static hyperparameters."""
    copied = copy.deepcopy(config)
    copied["TrainingJobDefinition"]["StaticHyperParameters"].update(values)
    return copied


@pytest.fixture
def failing(config: dict[str, Any]) -> dict[str, Any]:
    """The same, every training job of which fails."""
    return with_static(config, fail="always")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """Training jobs of `gated` run until this file exists."""
    path = tmp_path / "open"
    yield path
    path.touch()


@pytest.fixture
def gated(config: dict[str, Any], gate: Path) -> dict[str, Any]:
    """The same, whose training jobs wait for the gate."""
    return with_static(config, gate=str(gate))


@dataclass
class Try:
    """One try of a task: what Airflow's runner hands to `execute`, and what is left in XCom."""

    dag_id: str = "dag"
    task_id: str = "tune"
    run_id: str = field(default_factory=lambda: f"manual__{uuid.uuid4().hex}")
    map_index: int = -1
    try_number: int = 1
    max_tries: int = 0
    xcom: dict[str, Any] = field(default_factory=dict)
    store: dict[str, str] | None = None

    def xcom_push(self, key: str, value: Any) -> None:
        self.xcom[key] = value

    def xcom_pull(self, task_ids: str, key: str, map_indexes: int) -> Any:
        return self.xcom.get(key)

    def context(self, task: Any) -> Any:
        return {"ti": self, "task": task} | (
            {"task_state_store": _Store(self.store)} if self.store is not None else {}
        )

    def retry(self) -> Try:
        """The next try, as Airflow makes it: XComs are gone."""
        return self._again(self.try_number + 1, self.max_tries)

    def cleared(self, retries: int = 0) -> Try:
        """The try after a person has cleared the task."""
        return self._again(self.try_number + 1, self.try_number + retries)

    def _again(self, try_number: int, max_tries: int) -> Try:
        again = copy.copy(self)
        again.try_number, again.max_tries, again.xcom = try_number, max_tries, {}
        return again


@dataclass
class _Store:
    values: dict[str, str]

    def get(self, key: str) -> str | None:
        return self.values.get(key)

    def set(self, key: str, value: str) -> None:
        self.values[key] = value


@pytest.fixture
def first_try() -> Try:
    return Try()


def make(operator: type, **kwargs: Any) -> Any:
    """A task in a DAG."""
    with DAG("dag", schedule=None):
        return operator(task_id=kwargs.pop("task_id", "tune"), **kwargs)


@pytest.fixture
def caplog_info(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog
