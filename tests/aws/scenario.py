"""What is done in each place: a tuning job of two short training jobs, and the calls that the provider makes."""

from __future__ import annotations

import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.aws.place import Place

PREFIX = "airflow-hpt-test-aws"
TAGS = [{"Key": "airflow-hpt:test", "Value": "make test-aws"}]
TRAINING_JOBS = 2
INSTANCE_TYPE = "ml.m5.large"
POLL_SECONDS = 15.0
MAX_RUNTIME_SECONDS = 600
FINAL = {"Completed", "Failed", "Stopped", "DeleteFailed"}


def cost() -> str:
    """Return what the calls cost on AWS, at most."""
    minutes = TRAINING_JOBS * MAX_RUNTIME_SECONDS / 60
    return (
        f"{TRAINING_JOBS} training jobs on one {INSTANCE_TYPE} each, usually about a minute of billed time each, "
        f"{minutes:.0f} instance minutes at most (MaxRuntimeInSeconds), and a few kilobytes in S3. At prices "
        "of about 0.12 USD an hour that is usually below 0.01 USD, at most 0.05 USD; check the price in your region."
    )


def request(place: Place, name: str) -> dict[str, Any]:
    """Return the request: XGBoost, which both places know by themselves."""

    def channel(which: str) -> dict[str, Any]:
        source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{place.bucket}/{PREFIX}/{which}/"}
        return {"ChannelName": which, "ContentType": "text/csv", "DataSource": {"S3DataSource": source}}

    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Random",
            "RandomSeed": 7,
            "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:rmse"},
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": TRAINING_JOBS,
                "MaxParallelTrainingJobs": TRAINING_JOBS,
            },
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "eta", "MinValue": "0.1", "MaxValue": "0.5", "ScalingType": "Logarithmic"}
                ],
                "IntegerParameterRanges": [{"Name": "max_depth", "MinValue": "1", "MaxValue": "4"}],
            },
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"num_round": "10", "objective": "reg:squarederror"},
            "AlgorithmSpecification": {"TrainingImage": place.image, "TrainingInputMode": "File"},
            "RoleArn": place.role_arn,
            "InputDataConfig": [channel("train"), channel("validation")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{place.bucket}/{PREFIX}/models"},
            "ResourceConfig": {"InstanceType": INSTANCE_TYPE, "InstanceCount": 1, "VolumeSizeInGB": 1},
            "StoppingCondition": {"MaxRuntimeInSeconds": MAX_RUNTIME_SECONDS},
        },
        "Tags": TAGS,
    }


def run(
    place: Place, name: str, poll_seconds: float = POLL_SECONDS, say: Callable[[str], object] = print
) -> None:
    """Make all calls. The tuning job is stopped and deleted, and the data are deleted, whatever happens."""
    try:
        _upload(place)
        _calls(place, name, poll_seconds, say)
    finally:
        _clean_up(place, name, poll_seconds)


def _calls(place: Place, name: str, poll_seconds: float, say: Callable[[str], object]) -> None:
    job = {"HyperParameterTuningJobName": name}
    wanted = request(place, name)
    created = place.record("create", "sagemaker", "create_hyper_parameter_tuning_job", **wanted)
    if "Error" in created:
        raise RuntimeError(f"{place.name}: the tuning job was not created: {created['Error']}")
    place.record("the same again", "sagemaker", "create_hyper_parameter_tuning_job", **wanted)
    place.record("just created", "sagemaker", "describe_hyper_parameter_tuning_job", **job)
    described: dict[str, Any] = {}
    said = ""
    while described.get("HyperParameterTuningJobStatus") not in FINAL:
        time.sleep(poll_seconds)
        described = place.client("sagemaker").describe_hyper_parameter_tuning_job(**job)
        progress = f"{described['HyperParameterTuningJobStatus']} {described['TrainingJobStatusCounters']}"
        if progress != said:
            say(f"{place.name}: {progress}")
        said = progress
    place.record("ended", "sagemaker", "describe_hyper_parameter_tuning_job", **job)
    arn = described["HyperParameterTuningJobArn"]
    listed = "list_training_jobs_for_hyper_parameter_tuning_job"
    place.record(
        "ended", "sagemaker", listed, **job, SortBy="FinalObjectiveMetricValue", SortOrder="Ascending"
    )
    place.record("ended", "sagemaker", "list_tags", ResourceArn=arn)
    place.record("ended", "sagemaker", "list_hyper_parameter_tuning_jobs", NameContains=name)
    best = described.get("BestTrainingJob", {}).get("TrainingJobName")
    if best:
        place.record("best", "sagemaker", "describe_training_job", TrainingJobName=best)
    place.record("stop when it has ended", "sagemaker", "stop_hyper_parameter_tuning_job", **job)
    unknown = {"HyperParameterTuningJobName": f"{name}-x"}
    for operation in ("describe", "stop"):
        place.record("unknown", "sagemaker", f"{operation}_hyper_parameter_tuning_job", **unknown)
    bad = request(place, f"{name}-bad")
    bad["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxNumberOfTrainingJobs"] = 0
    place.record("invalid", "sagemaker", "create_hyper_parameter_tuning_job", **bad)
    bad = request(place, f"{name}-bad")
    bad["HyperParameterTuningJobConfig"]["ParameterRanges"]["IntegerParameterRanges"][0]["MinValue"] = "9"
    place.record("bounds the wrong way round", "sagemaker", "create_hyper_parameter_tuning_job", **bad)


def _upload(place: Place) -> None:
    numbers = random.Random(1)
    for which in ("train", "validation"):
        rows = ([numbers.random(), numbers.random()] for _ in range(200))
        text = "".join(f"{a + 2 * b:.5f},{a:.5f},{b:.5f}\n" for a, b in rows)
        place.client("s3").put_object(
            Bucket=place.bucket, Key=f"{PREFIX}/{which}/data.csv", Body=text.encode()
        )


def _clean_up(place: Place, name: str, poll_seconds: float) -> None:
    sagemaker, job = place.client("sagemaker"), {"HyperParameterTuningJobName": name}
    with suppress(ClientError):  # it has ended, or was never created
        sagemaker.stop_hyper_parameter_tuning_job(**job)
    with suppress(ClientError):
        while (
            sagemaker.describe_hyper_parameter_tuning_job(**job)["HyperParameterTuningJobStatus"] not in FINAL
        ):
            time.sleep(poll_seconds)
        sagemaker.delete_hyper_parameter_tuning_job(**job)
    s3 = place.client("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=place.bucket, Prefix=f"{PREFIX}/"):
        for each in page.get("Contents", ()):
            s3.delete_object(Bucket=place.bucket, Key=each["Key"])
