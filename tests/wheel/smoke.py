"""Run in a clean environment: a small tuning job on the local service, through the hook, from the wheel alone.

The variables of the service's ``local.env`` lead to it. Prints the job's status and its best training job.
"""

from __future__ import annotations

import sys
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3

import airflow_hpt_provider
from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
from airflow_hpt_provider.models import TuningJobRequest

ROLE = "arn:aws:iam::123456789012:role/tuning"
SCRIPT = b"""
import sys
rate = float(dict(zip(sys.argv[1::2], sys.argv[2::2]))["--rate"])
print(f"loss={(rate - 0.3) ** 2};")
"""
REQUEST: dict[str, Any] = {
    "HyperParameterTuningJobName": "smoke",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 3, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {
            "ContinuousParameterRanges": [{"Name": "rate", "MinValue": "0", "MaxValue": "1"}]
        },
    },
    "TrainingJobDefinition": {
        "StaticHyperParameters": {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": "s3://smoke/sourcedir.tar.gz",
        },
        "AlgorithmSpecification": {
            "TrainingImage": "script-mode",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=(.*?);"}],
        },
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://smoke/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 300},
    },
}


def source_dir() -> bytes:
    """``train.py`` as SageMaker's script mode takes it."""
    packed = BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("train.py")
        member.size = len(SCRIPT)
        archive.addfile(member, BytesIO(SCRIPT))
    return packed.getvalue()


def main() -> None:
    """Put the script into S3, tune, print."""
    installed = Path(airflow_hpt_provider.__file__)
    assert Path(sys.prefix) in installed.parents, f"not the installed wheel but {installed}"
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="smoke")
    s3.put_object(Bucket="smoke", Key="sourcedir.tar.gz", Body=source_dir())
    hook = HyperParameterTuningHook(aws_conn_id=None)
    hook.create(TuningJobRequest.model_validate(REQUEST))
    job = hook.wait("smoke", poll_interval=1)
    if job.failure_reason:
        print(job.failure_reason, [failure.reason for failure in hook.failures("smoke")])
    print(job.status, job.best_training_job.training_job_name if job.best_training_job else None)


if __name__ == "__main__":
    main()
