"""A training job that is created alone keeps the rules that a tuning job's training jobs keep."""

from __future__ import annotations

import pytest

from airflow_hpt_provider.models.rules.training_job import check_training_job

S3 = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data"}}
REQUEST = {
    "TrainingJobName": "job",
    "AlgorithmSpecification": {
        "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1",
        "TrainingInputMode": "File",
        "ContainerEntrypoint": ["python", "train.py"],
    },
    "RoleArn": "arn:aws:iam::123456789012:role/tuning",
    "InputDataConfig": [{"ChannelName": "train", "DataSource": S3}],
    "OutputDataConfig": {"S3OutputPath": "s3://bucket/output"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    "ExperimentConfig": {"ExperimentName": "experiment"},
}

GROUPS = [{"InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "group"}]


def test_nothing_is_wrong():
    assert check_training_job(REQUEST) == []
    spot = {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600},
    }
    assert check_training_job(REQUEST | spot) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"ResourceConfig": {"InstanceGroups": GROUPS, "VolumeSizeInGB": 1}},
        {"ResourceConfig": REQUEST["ResourceConfig"] | {"InstanceGroups": []}},
        {"ResourceConfig": None, "ServerlessJobConfig": {}},
        {"ResourceConfig": {"VolumeKmsKeyId": "key"}, "ServerlessJobConfig": {}},
    ],
)
def test_other_ways_to_ask_for_machines(changes):
    assert check_training_job(REQUEST | changes) == []


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        (
            {"AlgorithmSpecification": REQUEST["AlgorithmSpecification"] | {"AlgorithmName": "x"}},
            "AlgorithmSpecification.AlgorithmName",
            "TrainingImage is given as well",
        ),
        (
            {"AlgorithmSpecification": {"TrainingInputMode": "File"}},
            "AlgorithmSpecification.TrainingImage",
            "neither TrainingImage nor AlgorithmName is given",
        ),
        ({"EnableManagedSpotTraining": True}, "StoppingCondition.MaxWaitTimeInSeconds", "is required with"),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 600}},
            "StoppingCondition.MaxWaitTimeInSeconds",
            "is for managed spot training only",
        ),
        (
            {"StoppingCondition": {"MaxRuntimeInSeconds": 3_000_000}},
            "StoppingCondition.MaxRuntimeInSeconds",
            "is more than 28 days",
        ),
        (
            {"InputDataConfig": [*REQUEST["InputDataConfig"] * 2]},
            "InputDataConfig[1].ChannelName",
            "is used twice",
        ),
        (
            {"ResourceConfig": REQUEST["ResourceConfig"] | {"SelectedInstanceCount": 2}},
            "ResourceConfig.SelectedInstanceCount",
            "is for answers, not for requests",
        ),
        (
            {
                "InputDataConfig": [
                    *REQUEST["InputDataConfig"],
                    {
                        "ChannelName": "test",
                        "DataSource": {"S3DataSource": S3["S3DataSource"] | {"InstanceGroupNames": ["cpu"]}},
                    },
                ]
            },
            "InputDataConfig[0].DataSource.S3DataSource.InstanceGroupNames",
            "is missing: the channel test has it",
        ),
        ({"ResourceConfig": None}, "ResourceConfig", "is missing"),
        (
            {"ResourceConfig": {"InstanceCount": 1, "VolumeSizeInGB": 1}},
            "ResourceConfig",
            "neither InstanceType",
        ),
        (
            {"ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceGroups": GROUPS}},
            "ResourceConfig.InstanceType",
            "InstanceGroups is given as well",
        ),
        (
            {"ResourceConfig": {"InstanceCount": 1, "InstanceGroups": GROUPS}},
            "ResourceConfig.InstanceCount",
            "InstanceGroups is given as well",
        ),
    ],
)
def test_one_rule_is_broken(changes, field, said):
    [problem] = check_training_job(REQUEST | changes)
    assert problem.field == field
    assert said in problem.message
    assert problem.remedy
