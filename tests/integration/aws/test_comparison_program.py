"""``make test-aws`` with a local service in both places: no difference, nothing left, and differences are found."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.demo.service import LocalService
from tests.aws.comparison import MISSING, as_table, compare

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"
ARGUMENTS = ["--bucket", "mine", "--role-arn", "arn:aws:iam::123456789012:role/tune", "--image", IMAGE]


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    """A service in the place of AWS."""
    pytest.importorskip("xgboost")
    with LocalService(tmp_path_factory.mktemp("elsewhere")) as running:
        running.client("s3").create_bucket(Bucket="mine")
        yield running


def program(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.aws", *ARGUMENTS, *arguments],
        cwd=ROOT,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("AWS_")}, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_without_yes_it_says_the_cost_and_calls_nothing(tmp_path):
    done = program({}, "--out", str(tmp_path))
    assert done.returncode == 2
    assert "USD" in done.stdout
    assert "Nothing was called" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_two_local_services_respond_alike_and_nothing_is_left(elsewhere, tmp_path):
    arguments = ["--endpoint-url", elsewhere.endpoint, "--out", str(tmp_path), "--yes"]
    done = program(elsewhere.environment, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "No differences." in done.stdout
    records = json.loads((tmp_path / "aws.json").read_text())
    assert {record["operation"] for record in records} >= {
        "create_hyper_parameter_tuning_job",
        "describe_training_job",
        "list_training_jobs_for_hyper_parameter_tuning_job",
    }
    ended = next(each["response"] for each in records if each["step"] == "ended")
    assert ended["HyperParameterTuningJobStatus"] == "Completed"
    errors = [each["step"] for each in records if "Error" in each["response"]]
    assert set(errors) >= {"the same again", "unknown", "invalid", "bounds the wrong way round"}
    assert elsewhere.client("s3").list_objects_v2(Bucket="mine").get("KeyCount") == 0
    assert (
        elsewhere.client("sagemaker").list_hyper_parameter_tuning_jobs()["HyperParameterTuningJobSummaries"]
        == []
    )


FIRST = {
    "Status": "Completed",
    "CreationTime": "2026-11-29",
    "Counters": {"Completed": 2},
    "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
    "Jobs": [{"TrainingJobName": "x-1", "Type": "Minimize"}],
}


@pytest.mark.parametrize(
    ("change", "differences"),
    [
        ({}, []),
        ({"CreationTime": "2026-11-30"}, []),
        ({"CreationTime": 5}, [("CreationTime", "str", "int")]),
        ({"Status": "Failed"}, [("Status", "Completed", "Failed")]),
        ({"Counters": {}}, [("Counters.Completed", "2", MISSING)]),
        ({"Counters": {"Completed": 2, "New": 0}}, [("Counters.New", MISSING, "0")]),
        ({"Tags": FIRST["Tags"][::-1]}, []),
        ({"Jobs": []}, [("Jobs[]", "1 elements", "0 elements")]),
        (
            {"Jobs": [{"TrainingJobName": "y-9", "Type": "Maximize"}]},
            [("Jobs[].Type", "Minimize", "Maximize")],
        ),
    ],
)
def test_what_counts_as_a_difference(change, differences):
    def recording(response):
        return [{"step": "ended", "operation": "describe", "response": response}]

    found = compare(recording(FIRST), recording({**FIRST, **change}))
    assert [each[2:] for each in found] == differences
    table = as_table(found, "AWS", "local service")
    assert all(f"| {member} |" in table for member, *_ in differences)


def test_a_call_that_only_one_place_saw():
    call = {"step": "ended", "operation": "describe", "response": {}}
    assert [each[3:] for each in compare([call], [])] == [("called", MISSING)]
