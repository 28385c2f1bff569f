"""Tune with `@task.tuning_job`: a Python function returns the request.

The search depends on the run: a full search on the first of the month, a small one otherwise.
"""

from datetime import datetime
from typing import Any

from airflow.sdk import dag, task

from airflow_hpt_provider.models import Continuous, Integer

PROJECT = "s3://{{ params.bucket }}/breast-cancer"


@dag(
    schedule=None,
    doc_md=__doc__,
    tags=["sagemaker", "tuning"],
    params={
        "bucket": "hpt-demo",
        "role_arn": "arn:aws:iam::123456789012:role/sagemaker",
        "image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2",
    },
)
def tune_with_a_function():
    @task
    def size(run_after: datetime | None = None) -> int:
        return 12 if run_after and run_after.day == 1 else 4

    @task.tuning_job(deferrable=True, poll_interval=5)
    def tune(training_jobs: int, project: str, params: dict[str, Any] | None = None) -> dict[str, Any]:
        params = params or {}
        return {
            "HyperParameterTuningJobConfig": {
                "Strategy": "Bayesian",
                "HyperParameterTuningJobObjective": {
                    "Type": "Minimize",
                    "MetricName": "validation:log_loss",
                },
                "ResourceLimits": {"MaxNumberOfTrainingJobs": training_jobs, "MaxParallelTrainingJobs": 2},
                "ParameterRanges": {
                    "learning-rate": Continuous(0.01, 1, log=True),
                    "max-leaf-nodes": Integer(2, 64, log=True),
                },
            },
            "TrainingJobDefinition": {
                "AlgorithmSpecification": {
                    "TrainingImage": params["image"],
                    "TrainingInputMode": "File",
                    "MetricDefinitions": [
                        {"Name": "validation:log_loss", "Regex": "validation:log_loss=([-+.0-9e]+)"}
                    ],
                },
                "StaticHyperParameters": {
                    "sagemaker_program": "train.py",
                    "sagemaker_submit_directory": f"{project}/code/sourcedir.tar.gz",
                    "iterations": "100",
                },
                "InputDataConfig": [
                    {
                        "ChannelName": "train",
                        "DataSource": {
                            "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{project}/train/"}
                        },
                    }
                ],
                "OutputDataConfig": {"S3OutputPath": f"{project}/models"},
                "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
                "StoppingCondition": {"MaxRuntimeInSeconds": 600},
                "RoleArn": params["role_arn"],
            },
        }

    @task
    def report(result: dict[str, Any]) -> str:
        return f"{result['tuning_job_name']}: {result['final_metric']}"

    report(tune(size(), PROJECT))


tune_with_a_function()
