"""What a training job writes cannot move the cursor, colour a terminal or forge a line of a log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from airflow_hpt_provider.exceptions import TuningJobFailedError
from airflow_hpt_provider.models import TrainingJobSummary, TuningJobDescription
from airflow_hpt_provider.models.failure_groups import group_failures
from airflow_hpt_provider.result.failure_report import failure_report
from tests.integration.cli.conftest import CommandLine, create, request, wait_for

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

pytestmark = pytest.mark.integration

COLOUR = "\x1b[31mred\u202e\x9b0m"


def test_no_command_writes_it_to_the_terminal(cli: CommandLine, service: LocalService, name: str) -> None:
    hostile = request(fail="hostile")
    (colours,) = hostile["HyperParameterTuningJobConfig"]["ParameterRanges"]["CategoricalParameterRanges"]
    colours["Values"] = [COLOUR]
    create(service, name, hostile)
    wait_for(service, name, "Completed")
    shown = [
        cli(*command)
        for command in (
            ("training-jobs", name),
            ("training-jobs", name, "--output", "json"),
            ("best", name),
            ("best", name, "--output", "json"),
            ("list", "--name-contains", name),
            ("list", "--name-contains", name, "--output", "json"),
            ("wait", name),
        )
    ]
    for ended in shown:
        for line in (ended.out + ended.err).splitlines():
            assert line.isprintable(), line
    assert "1 failed: AlgorithmError: \\x1b]0;owned\\x07\\x1b[2Jthe data" in shown[0].err
    assert json.loads(shown[3].out)["TunedHyperParameters"]["colour"] == COLOUR  # the same content
    assert "\\u001b[31mred\\u202e\\u009b0m" in shown[3].out
    # The API's response has it as it was written, as AWS's has.
    sagemaker = service.client("sagemaker")
    failed = sagemaker.describe_training_job(TrainingJobName=f"{name}-001-" + training_job_end(service, name))
    assert "\x1b]0;owned\x07\x1b[2J" in failed["FailureReason"]


def training_job_end(service: LocalService, name: str) -> str:
    found = service.client("sagemaker").list_training_jobs(NameContains=f"{name}-001-")[
        "TrainingJobSummaries"
    ]
    return str(found[0]["TrainingJobName"]).removeprefix(f"{name}-001-")


def test_no_error_of_a_task_has_it(cli: CommandLine, service: LocalService, name: str) -> None:
    hostile = request(fail="hostile")
    hostile["HyperParameterTuningJobConfig"]["ResourceLimits"] = {
        "MaxNumberOfTrainingJobs": 1,
        "MaxParallelTrainingJobs": 1,
    }
    create(service, name, hostile)
    wait_for(service, name, "Failed")
    sagemaker = service.client("sagemaker")
    description = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    failed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    groups = group_failures(map(TrainingJobSummary.model_validate, failed["TrainingJobSummaries"]))
    report = failure_report(TuningJobDescription.model_validate(description), "failed", groups)
    assert "\\x1b]0;owned" in report
    assert all(line.isprintable() for line in str(TuningJobFailedError(report, name)).splitlines())
    ended = cli("wait", name)
    assert ended.code != 0
    assert all(line.isprintable() for line in ended.err.splitlines())
