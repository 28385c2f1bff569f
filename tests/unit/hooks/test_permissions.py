"""The policies that `airflow-hpt iam-policy` prints."""

from __future__ import annotations

import json

import pytest

from airflow_hpt_provider.cli.main import main
from airflow_hpt_provider.hooks.permissions import PARTS, Scope, actions_for, policy

ROLE = "arn:aws:iam::123456789012:role/train"
QUEUE = "arn:aws:sqs:eu-west-1:123456789012:state-changes"


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, object]]:
    assert main(["iam-policy", *arguments]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["Version"] == "2012-10-17"
    return {statement.pop("Sid"): statement for statement in found["Statement"]}


@pytest.mark.parametrize("where", PARTS)
def test_a_policy_allows_exactly_what_the_parts_need(where, capsys):
    statements = printed(capsys, "--for", where)
    allowed = [action for each in statements.values() for action in each["Action"]]
    assert len(allowed) == len(set(allowed))
    assert set(allowed) == actions_for([where])


def test_all_is_the_default(capsys):
    statements = printed(capsys)
    assert {action for each in statements.values() for action in each["Action"]} == actions_for(PARTS)


def test_resources_and_conditions(capsys):
    options = ["--for", "worker", "--role-arn", ROLE, "--name-prefix", "tune-", "--region", "eu-west-1"]
    statements = printed(capsys, *options)
    place = "arn:aws:sagemaker:eu-west-1:123456789012"
    assert statements["PassRole"] == {
        "Effect": "Allow",
        "Action": ["iam:PassRole"],
        "Resource": [ROLE],
        "Condition": {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
    }
    assert statements["HyperParameterTuningJob"]["Resource"] == [f"{place}:hyper-parameter-tuning-job/tune-*"]
    assert statements["TrainingJob"]["Resource"] == [f"{place}:training-job/tune-*"]
    assert statements["AllResources"]["Action"] == ["sagemaker:ListModelPackages"]
    assert "Queue" not in statements


def test_the_queue_and_the_logs(capsys):
    statements = printed(capsys, "--queue-arn", QUEUE)
    assert statements["Queue"]["Resource"] == [QUEUE]
    group = "arn:aws:logs:*:123456789012:log-group:/aws/sagemaker/TrainingJobs"
    assert statements["Logs"]["Resource"] == [group, f"{group}:*"]


def test_other_partitions():
    found = policy(actions_for(["triggerer"]), Scope("aws-cn"))
    arns = [arn for each in found["Statement"] for arn in each["Resource"] if arn != "*"]
    assert arns
    assert all(arn.startswith("arn:aws-cn:") for arn in arns)


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (["--role-arn", "train"], "--role-arn: must be an ARN of iam with its account, got 'train'"),
        (["--role-arn", QUEUE], "must be an ARN of iam"),
    ],
)
def test_wrong_arns(options, error, capsys):
    with pytest.raises(SystemExit):
        main(["iam-policy", *options])
    assert error in capsys.readouterr().err


def test_two_accounts(capsys):
    assert main(["iam-policy", "--role-arn", ROLE.replace("1234", "2345"), "--queue-arn", QUEUE]) != 0
    assert "must be ARNs of the same account" in capsys.readouterr().err
