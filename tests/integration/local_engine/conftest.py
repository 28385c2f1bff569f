"""A whole service except for its wire: real store, engine, runner, object store and processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from airflow_hpt_provider.local.db.migrate import open_database
from airflow_hpt_provider.local.engine.engine import Engine
from airflow_hpt_provider.local.engine.naming import Arns
from airflow_hpt_provider.local.operations.local_operations import LocalOperations
from airflow_hpt_provider.local.runners.containers.containers import Containers
from airflow_hpt_provider.local.runners.containers.engine import EngineFinder
from airflow_hpt_provider.local.runners.requirements import Environments
from airflow_hpt_provider.local.runners.sandbox.bubblewrap import find
from airflow_hpt_provider.local.runners.sandbox.choose import Isolation, choose
from airflow_hpt_provider.local.runners.sandbox.visible import visible
from airflow_hpt_provider.local.runners.subprocess_runner import SubprocessRunner
from airflow_hpt_provider.local.s3.objects import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from airflow_hpt_provider.local.runners.devices import DevicePool

DEADLINE = 60.0
ROLE = "arn:aws:iam::123456789012:role/tuning"
SYSTEM_PYTHON = "/usr/bin/python3"
"""Runs `train.py` for the images `system/*`: a Python that is not the service's."""
TRAIN = """
import json, os, pathlib
base = pathlib.Path(os.environ["SAGEMAKER_BASE_DIR"])
hps = json.loads((base / "input/config/hyperparameters.json").read_text())
"""
KILLED_SERVICE = """
import sys, time
from pathlib import Path
from tests.integration.local_engine.conftest import Service
service = Service(Path(sys.argv[1]), sandboxed=sys.argv[2] == "sandboxed")
{create}
print("ready", flush=True)
time.sleep(600)
"""


def wait_until(condition: Callable[[], Any], *, deadline: float = DEADLINE) -> Any:
    """Wait for a condition; its value."""
    end = time.monotonic() + deadline
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    pytest.fail(f"not within {deadline} s: {condition}")


@dataclass
class Service:
    """A service in a directory, with scripts as its algorithms."""

    directory: Path
    options: Mapping[str, Any] = field(default_factory=dict)
    sandboxed: bool = False
    devices: DevicePool | None = None
    install: bool = True

    wait_until = staticmethod(wait_until)

    def __post_init__(self) -> None:
        self.scripts = self.directory / "scripts"
        self.scripts.mkdir(parents=True, exist_ok=True)
        self.images = self.directory / "images.toml"
        self.images.write_text(
            '[[image]]\nmatch = "local/*"\n'
            f'command = ["/bin/sh", "-c", "exec {sys.executable} {self.scripts}/$ALGORITHM"]\n'
            '[[image]]\nmatch = "system/*"\n'
            f'command = ["{SYSTEM_PYTHON}", "{self.scripts}/train.py"]\n'
        )
        self.objects = ObjectStore(self.directory / "s3")
        self.objects.create_bucket("bucket", exist_ok=True)
        self.start()

    def start(self) -> None:
        # The same on every machine, whether it has docker or podman.
        no_engine = Containers(EngineFinder(()))
        isolation: Isolation = "sandbox" if self.sandboxed else "none"
        sandbox, _ = choose(isolation, readable=[self.scripts])
        environments = Environments(self.directory / "environments", sandbox) if self.install else None
        self.runner = SubprocessRunner(
            self.objects,
            images=self.images,
            containers=no_engine,
            sandbox=sandbox,
            environments=environments,
            devices=self.devices,
        )
        self.engine = Engine(
            open_database(self.directory / "jobs.sqlite"),
            self.runner,
            self.directory,
            Arns("us-east-1", "123456789012"),
            **{"max_parallel": 4, **self.options},
        )
        self.operations = LocalOperations(self.engine)
        self.operations.start()

    def close(self) -> None:
        self.operations.close()

    def script(self, body: str, name: str = "train.py") -> None:
        """An algorithm; ``base`` is its /opt/ml, ``hps`` its hyperparameters."""
        (self.scripts / name).write_text(TRAIN + body)

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self.operations.call(operation, parameters)

    def definition(self, algorithm: str = "train.py", **members: Any) -> dict[str, Any]:
        return {
            "AlgorithmSpecification": {
                "TrainingImage": "local/algorithm:1",
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+0-9.e]+)"}],
            },
            "RoleArn": ROLE,
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "Environment": {"ALGORITHM": algorithm},
            **members,
        }

    def tune(self, name: str = "job", **changes: Any) -> str:
        """Create a tuning job: minimise ``loss`` over ``x`` in [0, 1]."""
        config = {
            "Strategy": "Random",
            "RandomSeed": 1,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]
            },
            **changes.pop("config", {}),
        }
        definition = self.definition(**changes.pop("definition", {}))
        self.call(
            "CreateHyperParameterTuningJob",
            **{
                "HyperParameterTuningJobName": name,
                "HyperParameterTuningJobConfig": config,
                "TrainingJobDefinition": definition,
                **changes,
            },
        )
        return name

    def describe(self, name: str = "job") -> dict[str, Any]:
        return self.call("DescribeHyperParameterTuningJob", HyperParameterTuningJobName=name)

    def ended(self, name: str = "job", *, deadline: float = DEADLINE) -> dict[str, Any]:
        """Wait for a tuning job to end; its description."""

        def done() -> dict[str, Any] | None:
            job = self.describe(name)
            check_counters(job)
            return None if job["HyperParameterTuningJobStatus"] in ("InProgress", "Stopping") else job

        return dict(wait_until(done, deadline=deadline))

    def training_jobs(self, name: str = "job", **parameters: Any) -> Sequence[dict[str, Any]]:
        """All training jobs of a tuning job, described, in order of their names."""
        answer = self.call(
            "ListTrainingJobsForHyperParameterTuningJob",
            HyperParameterTuningJobName=name,
            MaxResults=100,
            **parameters,
        )
        return [
            self.call("DescribeTrainingJob", TrainingJobName=each["TrainingJobName"])
            for each in answer["TrainingJobSummaries"]
        ]

    def training_job(self, name: str) -> dict[str, Any]:
        """Wait for a training job to end; its description."""

        def done() -> dict[str, Any] | None:
            job = self.call("DescribeTrainingJob", TrainingJobName=name)
            return None if job["TrainingJobStatus"] in ("InProgress", "Stopping") else job

        return dict(wait_until(done))


def check_counters(job: Mapping[str, Any]) -> None:
    """Both sets of counters count the same training jobs."""
    status, objective = job["TrainingJobStatusCounters"], job["ObjectiveStatusCounters"]
    assert sum(status.values()) == sum(objective.values())
    assert status["InProgress"] == objective["Pending"]


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    made = Service(tmp_path)
    yield made
    made.close()


@pytest.fixture
def make_service(tmp_path: Path) -> Iterator[Callable[..., Service]]:
    """A service with the engine's options."""
    made: list[Service] = []

    def make(**options: Any) -> Service:
        made.append(Service(tmp_path, options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def killed(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str, Callable[[], Any]], None]:
    """Have a service create jobs in a process of its own, and kill that once a condition holds."""

    how = "sandboxed" if "sandboxed" in request.fixturenames else "bare"

    def run(create: str, condition: Callable[[], Any]) -> None:
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED_SERVICE.format(create=create), str(tmp_path), how],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[3],
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        wait_until(condition)
        process.send_signal(signal.SIGKILL)
        process.communicate()

    return run


@pytest.fixture
def sandboxed(tmp_path: Path) -> Iterator[Service]:
    """A service whose training jobs run in sandboxes."""
    if not os.environ.get("CI") and find(visible()).program is None:
        pytest.skip("bubblewrap does not work here")
    made = Service(tmp_path, sandboxed=True)
    yield made
    made.close()
