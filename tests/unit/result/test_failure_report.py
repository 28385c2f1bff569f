"""What a failed job's exception says: at most 15 lines, whatever has happened."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_hpt_provider.models import Attempt, FailureGroup, TuningJobDescription
from airflow_hpt_provider.result.failure_report import MAX_LINES, failure_report

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:hyper-parameter-tuning-job/tune"


@pytest.fixture
def description():
    return TuningJobDescription.model_validate(
        {
            "HyperParameterTuningJobName": "tune",
            "HyperParameterTuningJobArn": ARN,
            "HyperParameterTuningJobStatus": "Failed",
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "ResourceLimits": {"MaxParallelTrainingJobs": 2},
            },
            "CreationTime": datetime(2026, 11, 24, tzinfo=UTC),
            "TrainingJobStatusCounters": {"Completed": 1, "NonRetryableError": 8, "RetryableError": 1},
            "ObjectiveStatusCounters": {},
            "FailureReason": "No training job succeeded after 5 attempts.",
        }
    )


def group(number, count=3, **values):
    return FailureGroup(
        reason=f"AlgorithmError: {number} " + "x" * 500,
        count=count,
        training_job_names=(f"tune-{number:03}-0badcafe",),
        hyper_parameters=values,
    )


def test_the_whole_report(description):
    report = failure_report(description, "failed", [group(1, 8, depth="9", kind="deep"), group(2, 1)])
    assert [line[:70] for line in report.splitlines()] == [
        "Tuning job tune failed.",
        "  Reason: No training job succeeded after 5 attempts.",
        "  Status Failed; training jobs: 1 completed, 9 failed",
        "  8 training jobs failed with: AlgorithmError: 1 " + "x" * 21,
        "    all of them with depth=9, kind=deep",
        "    log: airflow-hpt logs tune-001-0badcafe",
        "  1 training job failed with: AlgorithmError: 2 " + "x" * 22,
        "    log: airflow-hpt logs tune-002-0badcafe",
    ]


def test_on_aws_the_logs_are_a_link(description):
    report = failure_report(description, "failed", [group(1)], is_aws=True)
    assert "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logStream:" in report
    assert "prefix=tune-001-0badcafe" in report


def test_never_more_than_fifteen_lines_nor_a_long_one(description):
    earlier = [
        Attempt(number=number, tuning_job_name=f"tune-{number}", status="Failed") for number in range(1, 30)
    ]
    values = {f"parameter_{number}": "v" * 100 for number in range(30)}
    report = failure_report(
        description, "failed", [group(number, **values) for number in range(20)], previous_attempts=earlier
    )
    assert len(report.splitlines()) <= MAX_LINES
    assert max(map(len, report.splitlines())) < 350
    assert "... and 51 for 17 more reasons." in report
    assert "Attempt 30, after tune-1 Failed; tune-2 Failed" in report
