"""AWS's own command line, as PyPI has it (version 1): ``aws sagemaker ...`` with nothing but local.env."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.integration.real_clients.conftest import request

pytestmark = pytest.mark.integration

Aws = Callable[..., str]


@pytest.fixture
def aws(environment: dict[str, str], tmp_path: Path) -> Aws:
    """Runs ``aws sagemaker`` with these arguments; what it prints."""
    command = Path(sys.executable).parent / "aws"
    if not command.exists():
        pytest.skip("awscli is not installed")

    def run(*arguments: str, code: int = 0) -> str:
        done = subprocess.run(
            [str(command), "sagemaker", *arguments],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    return run


def describe(aws: Aws, name: str, *options: str) -> str:
    return aws("describe-hyper-parameter-tuning-job", "--hyper-parameter-tuning-job-name", name, *options)


def wait_for(aws: Aws, name: str, status: str) -> None:
    deadline = time.monotonic() + 180
    seen = ""
    while time.monotonic() < deadline:
        seen = describe(aws, name, "--query", "HyperParameterTuningJobStatus", "--output", "text").strip()
        if seen == status:
            return
    pytest.fail(f"{name} is {seen}, not {status}")


def test_create_describe_and_list(aws: Aws, name: str, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(json.dumps(request(name)))
    created = json.loads(aws("create-hyper-parameter-tuning-job", "--cli-input-json", "file://job.json"))
    assert created["HyperParameterTuningJobArn"].endswith(f":hyper-parameter-tuning-job/{name}")
    wait_for(aws, name, "Completed")

    answer: dict[str, Any] = json.loads(describe(aws, name))
    assert answer["HyperParameterTuningJobName"] == name
    assert answer["TrainingJobStatusCounters"]["Completed"] == 3
    table = describe(aws, name, "--output", "table")
    assert table.splitlines()[0].startswith("---")
    assert "DescribeHyperParameterTuningJob" in table
    query = "[HyperParameterTuningJobStatus, TrainingJobStatusCounters.Completed, BestTrainingJob.TrainingJobName]"
    text = describe(aws, name, "--query", query, "--output", "text")
    assert text.split() == ["Completed", "3", answer["BestTrainingJob"]["TrainingJobName"]]
    from_file = json.dumps({"HyperParameterTuningJobName": name})
    assert json.loads(aws("describe-hyper-parameter-tuning-job", "--cli-input-json", from_file)) == answer

    listed = aws("list-hyper-parameter-tuning-jobs", "--name-contains", name, "--max-items", "1")
    assert [
        each["HyperParameterTuningJobName"] for each in json.loads(listed)["HyperParameterTuningJobSummaries"]
    ] == [name]
    trials = aws(
        "list-training-jobs-for-hyper-parameter-tuning-job",
        *("--hyper-parameter-tuning-job-name", name, "--page-size", "1"),
        *("--sort-by", "FinalObjectiveMetricValue", "--query", "TrainingJobSummaries[].TrainingJobName"),
    )
    assert json.loads(trials)[0] == answer["BestTrainingJob"]["TrainingJobName"]
    assert len(json.loads(trials)) == 3


def test_stop(aws: Aws, name: str, gate: Path) -> None:
    aws("create-hyper-parameter-tuning-job", "--cli-input-json", json.dumps(request(name, gate=str(gate))))
    assert aws("stop-hyper-parameter-tuning-job", "--hyper-parameter-tuning-job-name", name) == ""
    wait_for(aws, name, "Stopped")


def test_skeletons_come_from_the_command_line_itself(aws: Aws) -> None:
    skeleton = json.loads(aws("create-hyper-parameter-tuning-job", "--generate-cli-skeleton"))
    assert "HyperParameterTuningJobConfig" in skeleton


def test_errors_are_reported_as_awss(aws: Aws, name: str) -> None:
    arguments = ("--hyper-parameter-tuning-job-name", name)
    text = aws("describe-hyper-parameter-tuning-job", *arguments, code=255)
    assert "An error occurred (ResourceNotFound) when calling the DescribeHyperParameterTuningJob" in text
    assert f"Amazon SageMaker can't find a tuning job called {name}. Type another name." in text
