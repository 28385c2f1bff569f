"""Tune for less: spot capacity, checkpoints, early stopping.

Use this when training takes long and money counts more than the hour at which it ends. Each of the settings saves
by itself:

- **Spot capacity** (`EnableManagedSpotTraining`) costs a fraction, and may be taken away at any time.
  `MaxWaitTimeInSeconds` bounds training and waiting for capacity together.
- **Checkpoints** (`CheckpointConfig`): SageMaker copies them to S3 and back, so that an interrupted training job
  continues where it was. The script must write and read them: see `training/epochs.py`.
- **Retries** (`RetryStrategy`) for SageMaker's own internal errors; `MaxRuntimeInSeconds` counts all tries.
- **Early stopping** (`Auto`) ends training jobs that are worse than the median of the earlier ones at the same
  epoch. It needs the metric printed after every epoch.
- **Completion criteria** end the tuning job once more training jobs do not pay.
- **Limits** on the whole: `timeout`, and a budget: when the training jobs together have used
  `max_billable_seconds`, or more than `max_failed_training_jobs` have failed, the tuning job is stopped, and
  the task continues with the best so far.
"""

from datetime import timedelta

from airflow.sdk import DAG, Param

from airflow_hpt_provider.models import Continuous, Integer
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

PROJECT = "s3://{{ params.bucket }}/digits"

TUNING_JOB = {
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:log_loss"},
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": "{{ params.training_jobs }}",
            "MaxParallelTrainingJobs": 2,
            "MaxRuntimeInSeconds": 7200,
        },
        "ParameterRanges": {
            "learning-rate": Continuous(1e-4, 0.1, log=True),
            "hidden-units": Integer(8, 64, log=True),
            "alpha": Continuous(1e-6, 1e-1, log=True),
        },
        "TrainingJobEarlyStoppingType": "Auto",
        "TuningJobCompletionCriteria": {
            "TargetObjectiveMetricValue": 0.02,
            "BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 8},
        },
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {
            "TrainingImage": "{{ params.image }}",
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": "validation:log_loss", "Regex": r"validation:log_loss=([-+.0-9e]+);"},
            ],
        },
        "StaticHyperParameters": {
            "sagemaker_program": "epochs.py",
            "sagemaker_submit_directory": f"{PROJECT}/code/sourcedir.tar.gz",
            "epochs": "{{ params.epochs }}",
            "checkpoints": "/opt/ml/checkpoints",
        },
        "InputDataConfig": [
            {
                "ChannelName": "train",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{PROJECT}/train/"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"{PROJECT}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "EnableManagedSpotTraining": True,
        "CheckpointConfig": {"S3Uri": PROJECT + "/checkpoints/{{ run_id }}"},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600, "MaxWaitTimeInSeconds": 3600},
        "RetryStrategy": {"MaximumRetryAttempts": 3},
        "RoleArn": "{{ params.role_arn }}",
        "Environment": {"OMP_NUM_THREADS": "1"},
    },
}

with DAG(
    dag_id="cheap_spot",
    doc_md=__doc__,
    schedule=None,
    tags=["sagemaker", "tuning"],
    params={
        "bucket": Param("hpt-demo", type="string", description="S3 bucket with data and code"),
        "role_arn": Param("arn:aws:iam::123456789012:role/sagemaker", type="string"),
        "image": Param(
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2", type="string"
        ),
        "training_jobs": Param(12, type="integer", minimum=1, description="How many to train at most"),
        "epochs": Param(20, type="integer", minimum=1, description="How long each one trains"),
    },
):
    HyperParameterTuningJobOperator(
        task_id="tune",
        config=TUNING_JOB,
        deferrable=True,
        poll_interval=5,
        timeout=timedelta(hours=3),
        max_billable_seconds=4 * 3600,
        max_failed_training_jobs=3,
        on_timeout="use_best",  # and on_budget_exceeded, unless it says otherwise
    )
