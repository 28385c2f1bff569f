"""Training jobs and a tuning job that really run in script mode, for searches over the wire."""

from __future__ import annotations

import io
import json
import tarfile
import time
from typing import Any

SCRIPT = b"""
import json, os, sys
hps = json.loads(os.environ["SM_HPS"])
if hps.get("kind") == "bad":
    sys.exit("no luck")
print(f"loss={hps['x']}; acc={1 - float(hps['x'])};")
"""
ROLE = "arn:aws:iam::123456789012:role/tuning"
BUCKET = "searched"
STANDALONE: dict[str, dict[str, Any]] = {
    "apple": {
        "hyperparameters": {"x": "0.05", "epochs": "10", "optimizer": "sgd"},
        "tags": {"Project": "red", "Team.Name": "one"},
        "channels": {"train": "s3://searched/red/train", "test": "s3://searched/blue/test"},
    },
    "banana": {
        "hyperparameters": {"x": "0.5", "epochs": "10.7", "optimizer": "adam"},
        "tags": {"Project": "blue"},
        "channels": {"train": "s3://searched/blue/train"},
    },
    "cherry": {"hyperparameters": {"x": "1.5", "epochs": "1e2", "optimizer": "adamw"}},
    "date": {"hyperparameters": {"x": "2", "epochs": "many", "kind": "bad"}},
}


def script_mode(s3: Any) -> dict[str, str]:
    """Upload the script; the hyperparameters that run it."""
    s3.create_bucket(Bucket=BUCKET)
    for key in ("red/train", "blue/train", "blue/test"):
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"1")
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        info = tarfile.TarInfo("train.py")
        info.size = len(SCRIPT)
        tar.addfile(info, io.BytesIO(SCRIPT))
    s3.put_object(Bucket=BUCKET, Key="code/sourcedir.tar.gz", Body=archive.getvalue())
    return {
        "sagemaker_program": json.dumps("train.py"),
        "sagemaker_submit_directory": json.dumps(f"s3://{BUCKET}/code/sourcedir.tar.gz"),
    }


def definition(**members: Any) -> dict[str, Any]:
    """What training jobs share."""
    return {
        "AlgorithmSpecification": {
            "TrainingImage": "any/image:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": "loss", "Regex": "loss=(.*?);"},
                {"Name": "val:acc", "Regex": "acc=(.*?);"},
            ],
        },
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/output"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        **members,
    }


def create(service: Any) -> None:
    """The training jobs of ``STANDALONE``, one after the other, and the tuning jobs ``tuned`` and ``plain``."""
    sagemaker, static = service.client("sagemaker"), script_mode(service.client("s3"))
    for name, about in STANDALONE.items():
        channels = [
            {
                "ChannelName": channel,
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
            }
            for channel, uri in about.get("channels", {}).items()
        ]
        sagemaker.create_training_job(
            TrainingJobName=name,
            HyperParameters=static | about["hyperparameters"],
            Tags=[{"Key": key, "Value": value} for key, value in about.get("tags", {}).items()],
            EnableNetworkIsolation=name == "apple",
            **definition(**({"InputDataConfig": channels} if channels else {})),
        )
        wait(lambda name=name: sagemaker.describe_training_job(TrainingJobName=name)["TrainingJobStatus"])
    for name, tags in (("tuned", [{"Key": "Project", "Value": "red"}]), ("plain", [])):
        sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name,
            HyperParameterTuningJobConfig={
                "Strategy": "Random",
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
                "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
                "ParameterRanges": {
                    "ContinuousParameterRanges": [{"Name": "x", "MinValue": "10", "MaxValue": "20"}]
                },
            },
            TrainingJobDefinition=definition(StaticHyperParameters=static),
            Tags=tags,
        )
        wait(
            lambda name=name: sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)[
                "HyperParameterTuningJobStatus"
            ]
        )


def wait(status: Any) -> None:
    """Until a job has ended."""
    deadline = time.monotonic() + 60
    while status() == "InProgress":
        assert time.monotonic() < deadline
        time.sleep(0.05)


def names(client: Any, resource: str = "TrainingJob", **parameters: Any) -> list[str]:
    """Of all that a search finds, which is one page."""
    answer = client.search(Resource=resource, MaxResults=100, **parameters)
    assert answer["TotalHits"] == {"Value": len(answer["Results"]), "Relation": "EqualTo"}
    assert "NextToken" not in answer
    return [each[resource][f"{resource}Name"] for each in answer["Results"]]


def name_value(name: str, operator: str | None, value: str | None) -> dict[str, str]:
    """A filter, without what is None."""
    given = {"Name": name, "Operator": operator, "Value": value}
    return {key: text for key, text in given.items() if text is not None}
