"""A tuning task that updates assets, and DAGs that its events start."""

from __future__ import annotations

from airflow.sdk import DAG, Asset, PartitionedAssetTimetable, task

from airflow_hpt_provider.assets import PER_TUNING_JOB
from airflow_hpt_provider.models import Continuous
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

TUNED = Asset("result-of-tuning")
EACH_TUNED = Asset("each-result-of-tuning", extra=PER_TUNING_JOB)
JOB = {
    "HyperParameterTuningJobConfig": {
        "Strategy": "Random",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "objective"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
        "ParameterRanges": {"position": Continuous(0, 10)},
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {
            "TrainingImage": "123456789012.dkr.ecr.us-east-1.amazonaws.com/quick:1",
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "objective", "Regex": "objective=([0-9.]+)"}],
        },
        "StaticHyperParameters": {
            "sagemaker_program": "quick.py",
            "sagemaker_submit_directory": "s3://hpt-demo/system/sourcedir.tar.gz",
        },
        "OutputDataConfig": {"S3OutputPath": "s3://hpt-demo/system/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 1},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "RoleArn": "arn:aws:iam::123456789012:role/sagemaker",
    },
}

with DAG("updates_assets", schedule=None):
    HyperParameterTuningJobOperator(
        task_id="tune", config=JOB, deferrable=True, poll_interval=1, outlets=[TUNED, EACH_TUNED]
    )

with DAG("on_asset", schedule=[TUNED]):

    @task
    def told(triggering_asset_events) -> list[dict]:
        return [event.extra for event in triggering_asset_events[TUNED]]

    told()

with DAG("on_partition", schedule=PartitionedAssetTimetable(assets=EACH_TUNED)):

    @task
    def told_of_one(dag_run, triggering_asset_events) -> dict:
        events = [event.extra for event in triggering_asset_events[EACH_TUNED]]
        return {"partition": dag_run.partition_key, "events": events}

    told_of_one()
