"""One DAG for each way to wait for a tuning job; every job trains for ``params.seconds``."""

from __future__ import annotations

from typing import Any

from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTuningOperator
from airflow.sdk import DAG, Param

from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

INTERVAL = 30
QUEUE = "{{ var.value.hpt_wait_queue_url }}"
PARAMS = {"name": Param("bench", type="string"), "seconds": Param(120, type="integer")}
JOB: dict[str, Any] = {
    "HyperParameterTuningJobName": "{{ params.name }}",
    "HyperParameterTuningJobConfig": {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "objective"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 1, "MaxParallelTrainingJobs": 1},
        "ParameterRanges": {
            "ContinuousParameterRanges": [{"Name": "position", "MinValue": "0", "MaxValue": "10"}]
        },
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {
            "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "objective", "Regex": "objective=([-+.0-9e]+)"}],
        },
        "StaticHyperParameters": {
            "sagemaker_program": "quick.py",
            "sagemaker_submit_directory": "s3://hpt-demo/slots/sourcedir.tar.gz",
            "seconds": "{{ params.seconds }}",
        },
        # SageMakerTuningOperator does not take a job without one.
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {
                    "S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://hpt-demo/slots/data/"}
                },
            }
        ],
        "OutputDataConfig": {"S3OutputPath": "s3://hpt-demo/slots/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
    },
}


def operator(**how: Any) -> HyperParameterTuningJobOperator:
    return HyperParameterTuningJobOperator(task_id="tune", config=JOB, **how)


def create_and_sense(**how: Any) -> None:
    created = operator(wait_for_completion=False, deferrable=False)
    HyperParameterTuningJobSensor(
        task_id="wait", tuning_job_name=created.output, poke_interval=INTERVAL, **how
    )


def incumbent(**how: Any) -> SageMakerTuningOperator:
    return SageMakerTuningOperator(
        task_id="tune", config=JOB, check_interval=INTERVAL, aws_conn_id="aws_default", **how
    )


WAYS = {
    "operator_sync": lambda: operator(deferrable=False, poll_interval=INTERVAL),
    "operator_deferrable": lambda: operator(deferrable=True, poll_interval=INTERVAL),
    "operator_event_queue": lambda: operator(deferrable=True, event_queue_url=QUEUE),
    "sensor_reschedule": lambda: create_and_sense(mode="reschedule", deferrable=False),
    "sensor_deferrable": lambda: create_and_sense(deferrable=True),
    "sensor_started_in_triggerer": lambda: create_and_sense(start_from_trigger=True),
    "sensor_never_on_worker": lambda: create_and_sense(start_from_trigger=True, finish_in_triggerer=True),
    "incumbent_sync": lambda: incumbent(deferrable=False),
    "incumbent_deferrable": lambda: incumbent(deferrable=True),
}

for way, make in WAYS.items():
    with DAG(way, schedule=None, params=PARAMS):
        make()
