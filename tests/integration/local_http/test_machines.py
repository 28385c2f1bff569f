"""Which machines a job asks for: a type, groups or a list, as AWS has it, for both ways to create a job."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.integration.local_http.searched import definition

if TYPE_CHECKING:
    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

GROUPS = [{"InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroupName": "cpu"}]
BOTH = "InstanceType or InstanceCount cannot be specified with InstanceGroups"
NEITHER = "neither InstanceType nor InstanceGroups nor InstancePreferences is given"
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"InstanceType": "ml.m5.large", "InstanceGroups": GROUPS}, BOTH),
    ({"InstanceCount": 1, "InstanceGroups": GROUPS}, BOTH),
    ({"InstanceType": "ml.m5.large", "InstanceCount": 1, "InstanceGroups": GROUPS}, BOTH),
    ({}, NEITHER),
    ({"InstanceCount": 1, "InstanceGroups": []}, NEITHER),
]


def create_training_job(service: Service, name: str, **members: Any) -> None:
    service.client("sagemaker").create_training_job(TrainingJobName=name, **definition(**members))


def create_tuning_job(service: Service, name: str, **members: Any) -> None:
    service.client("sagemaker").create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
            "ParameterRanges": {
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "10", "MaxValue": "20"}]
            },
        },
        TrainingJobDefinition=definition(**members),
    )


@pytest.mark.parametrize("create", [create_training_job, create_tuning_job])
@pytest.mark.parametrize(("machines", "said"), REFUSED)
def test_what_aws_refuses(service: Service, create: Any, machines: dict[str, Any], said: str) -> None:
    with pytest.raises(ClientError) as caught:
        create(service, "machines", ResourceConfig={"VolumeSizeInGB": 1, **machines})
    assert caught.value.response["Error"]["Code"] == "ValidationException"
    assert said in caught.value.response["Error"]["Message"]


def test_a_training_job_needs_machines(service: Service) -> None:
    request = definition()
    del request["ResourceConfig"]
    with pytest.raises(ClientError, match="ResourceConfig: is missing"):
        service.client("sagemaker").create_training_job(TrainingJobName="machines", **request)


@pytest.mark.parametrize("create", [create_training_job, create_tuning_job])
def test_each_channel_has_groups_or_none(service: Service, create: Any) -> None:
    def channel(name: str, **members: Any) -> dict[str, Any]:
        source = {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data", **members}
        return {"ChannelName": name, "DataSource": {"S3DataSource": source}}

    channels = [channel("train"), channel("test", InstanceGroupNames=["cpu"]), channel("code")]
    with pytest.raises(ClientError) as caught:
        create(service, "machines", InputDataConfig=channels)
    assert caught.value.response["Error"]["Message"] == (
        "Some channels have assigned instance groups: [test] while others not: [train, code]"
    )


@pytest.mark.parametrize("create", [create_training_job, create_tuning_job])
def test_groups_alone_pass(service: Service, create: Any) -> None:
    """The next error is that no program is known for the image."""
    with pytest.raises(ClientError, match="No command is known|is not on this machine"):
        create(service, "machines", ResourceConfig={"VolumeSizeInGB": 1, "InstanceGroups": GROUPS})
