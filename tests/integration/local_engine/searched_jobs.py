"""Jobs of every sort, for searches to find."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tests.integration.local_engine.conftest import Service

if TYPE_CHECKING:
    from pathlib import Path

IDENTICAL = {
    "WarmStartType": "IdenticalDataAndAlgorithm",
    "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "First"}],
}


def make(directory: Path) -> Service:
    """A service that knows tuned, warm-started, single, failed, stopped and running jobs, with tags and without."""
    service = Service(directory)
    service.script(
        "import sys, time\n"
        "kind = hps.get('kind')\n"
        "if kind == 'slow': time.sleep(600)\n"
        "if kind == 'bad': sys.exit('no')\n"
        "print('loss=' + hps.get('x', '0.5'), flush=True)\n"
    )
    spot = {
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints/"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 900},
        "RetryStrategy": {"MaximumRetryAttempts": 2},
    }
    service.tune("First", definition=spot, Tags=[{"Key": "team", "Value": "a,b"}])
    service.ended("First")
    service.tune("warm", definition=spot, WarmStartConfig=IDENTICAL)
    service.ended("warm")
    service.tune("failing", definition={"StaticHyperParameters": {"kind": "bad"}})
    service.ended("failing")
    two = [
        service.definition(
            DefinitionName=name,
            TuningObjective={"Type": "Maximize", "MetricName": "loss"},
            HyperParameterRanges={
                "IntegerParameterRanges": [{"Name": "x", "MinValue": "1", "MaxValue": "9"}]
            },
        )
        for name in ("one", "two")
    ]
    del two[1]["ResourceConfig"]
    two[1]["HyperParameterTuningResourceConfig"] = {
        "InstanceType": "ml.c5.xlarge",
        "InstanceCount": 1,
        "VolumeSizeInGB": 3,
    }
    service.call(
        "CreateHyperParameterTuningJob",
        HyperParameterTuningJobName="two",
        HyperParameterTuningJobConfig={
            "Strategy": "Random",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 4, "MaxParallelTrainingJobs": 2},
        },
        TrainingJobDefinitions=two,
    )
    service.ended("two")
    service.tune("running", definition={"StaticHyperParameters": {"kind": "slow"}})
    channel = {
        "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://bucket/data/"}},
        "ContentType": "text/csv",
    }
    service.objects.put("bucket", "data/a.csv", io.BytesIO(b"1"))
    for name, changes in (
        (
            "alone",
            {"InputDataConfig": [{**channel, "ChannelName": "train"}, {**channel, "ChannelName": "test"}]},
        ),
        ("loose", {"HyperParameters": {"kind": "bad", 'odd".key': "Ü"}, "EnableNetworkIsolation": True}),
        ("uncompressed", {"OutputDataConfig": {"S3OutputPath": "s3://bucket", "CompressionType": "NONE"}}),
    ):
        service.call("CreateTrainingJob", TrainingJobName=name, **service.definition(**changes))
        service.training_job(name)
    for arn in ("training-job/alone", "hyper-parameter-tuning-job/running"):
        service.call(
            "AddTags",
            ResourceArn=f"arn:aws:sagemaker:us-east-1:123456789012:{arn}",
            Tags=[{"Key": "a.b", "Value": "1"}, {"Key": "team", "Value": "ü"}],
        )
    service.wait_until(
        lambda: (
            all(t["SecondaryStatus"] == "Training" for t in service.training_jobs("running")[:2])
            and len(service.training_jobs("running")) == 2
        )
    )
    return service
