"""What people read when training jobs fail, and while they run."""

from datetime import UTC, datetime

import pytest

from airflow_hpt_provider.models import TrainingJobSummary
from airflow_hpt_provider.models.failure_groups import group_failures, headline

TOOLKIT = """AlgorithmError: ExecuteUserScriptError:
ExitCode 1
ErrorMessage "Traceback (most recent call last):
  File "train.py", line 3, in <module>
ValueError: no column 'label'"
Command "/usr/bin/python train.py --learning-rate {rate}", exit code: 1"""


@pytest.mark.parametrize(
    ("reason", "line"),
    [
        (None, "no reason given"),
        (
            "ClientError: Data download failed: no such key\nmore",
            "ClientError: Data download failed: no such key",
        ),
        (TOOLKIT.format(rate=0.1), "AlgorithmError: ExecuteUserScriptError: ValueError: no column 'label'"),
        (
            'AlgorithmError: ExecuteUserScriptError:\nExitCode 2\nErrorMessage ""',
            "AlgorithmError: ExecuteUserScriptError:",
        ),
    ],
)
def test_a_reason_in_one_line(reason, line):
    assert headline(reason).strip() == line


def failed(number, reason, **values):
    name = f"tune-{number:03}"
    return TrainingJobSummary.model_validate(
        {
            "TrainingJobName": name,
            "TrainingJobArn": f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}",
            "CreationTime": datetime(2026, 11, 23, tzinfo=UTC),
            "TrainingJobStatus": "Failed",
            "TunedHyperParameters": values,
            "FailureReason": reason,
        }
    )


def test_the_same_failure_of_different_commands_is_one_group_with_what_they_share():
    groups = group_failures(
        [
            failed(1, TOOLKIT.format(rate=0.1), rate="0.1", depth="9"),
            failed(2, "ClientError: no data", rate="0.2", depth="3"),
            failed(3, TOOLKIT.format(rate=0.3), rate="0.3", depth="9"),
        ]
    )
    assert [(group.count, group.hyper_parameters) for group in groups] == [(2, {"depth": "9"}), (1, {})]
    assert groups[0].training_job_names == ("tune-001", "tune-003")


def test_names_values_and_numbers_make_no_difference():
    groups = group_failures(
        [
            failed(1, "AlgorithmError: tune-001: loss 1.5e-3 at epoch 3 with adam", opt='"adam"'),
            failed(2, "AlgorithmError: tune-002: loss nan at epoch 12 with sgd", opt='"sgd"'),
            failed(3, "AlgorithmError: tune-003: no optimizer named adamw", opt='"a"'),
        ]
    )
    assert [(group.reason, group.count) for group in groups] == [
        ("AlgorithmError: tune-001: loss 1.5e-3 at epoch 3 with adam", 2),
        ("AlgorithmError: tune-003: no optimizer named adamw", 1),
    ]


def test_a_value_of_one_letter_does_not_make_different_reasons_alike():
    assert (
        len(group_failures([failed(1, "a cat", v="a"), failed(2, "b cut", v="b"), failed(3, "b cat", v="b")]))
        == 2
    )
