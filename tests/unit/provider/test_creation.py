"""What is noted on a tuning job, and what happens if it cannot be."""

import logging

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from airflow_hpt_provider.creation import MAX_TAGS, JobFinder
from airflow_hpt_provider.identity import DELIVERED_TAG, OWNER_TAG, Owner
from airflow_hpt_provider.models import TuningJobRequest
from airflow_hpt_provider.own_jobs import mark_delivered

OWNER = Owner("dag", "tune", "run", 3)
REQUEST = {
    "HyperParameterTuningJobConfig": {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {"ContinuousParameterRanges": [{"Name": "x", "MinValue": "0", "MaxValue": "1"}]},
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {
            "TrainingImage": "registry.example/train:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+)"}],
        },
        "RoleArn": "arn:aws:iam::123456789012:role/tune",
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 10},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    },
}


@pytest.mark.parametrize("own", [0, 40, 43, 48, 49, 50])
def test_there_is_room_left_for_the_mark_of_delivery(own):
    tags = [{"Key": f"team-{n}", "Value": "x"} for n in range(own)]
    request = TuningJobRequest.model_validate({**REQUEST, "Tags": tags})
    ours = JobFinder(hook=None, owner=OWNER, request=request)._tags_for(request, None)
    assert own + len(ours) + 1 <= MAX_TAGS or not ours
    assert OWNER_TAG in [tag["Key"] for tag in ours] or own >= MAX_TAGS - 1
    assert len(ours) == min(7, max(0, MAX_TAGS - 1 - own)), "as many as there is room for"


@pytest.mark.parametrize(
    "error",
    [
        ClientError({"Error": {"Code": "AccessDeniedException"}}, "AddTags"),
        EndpointConnectionError(endpoint_url="http://127.0.0.1:1"),
    ],
)
def test_a_result_that_was_delivered_is_not_lost_for_want_of_a_mark(error, caplog):
    class Hook:
        def add_tags(self, arn, tags):
            assert tags == {DELIVERED_TAG: "0"}
            raise error

    mark_delivered(Hook(), "arn", OWNER, logging.getLogger("task"))
    assert "may take the same result again" in caplog.text
