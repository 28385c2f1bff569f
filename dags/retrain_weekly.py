"""Retrain every week, and replace the model only by a better one.

Use this when new data arrive in the same place all the time. Each run

1. **warm-starts** from the last tuning job that succeeded: its training jobs show the new one where to search, so
   a few training jobs are enough. In the first week there is none, and the search starts from nothing.
2. **tunes**, without holding a worker slot, for six hours at most.
3. **compares** the best training job with the champion, the newest approved package of the group, by the metric
   recorded with it. Only a better one is registered, and is the new champion; else `register` is skipped and
   nothing changes. Let the metric be measured on the same validation data each week, or it compares weeks.

The last tuning job is known from the event of the asset that `tune` updates. An event exists only if the task
succeeded, whether or not its model was registered, and neither clearing XComs nor renaming this DAG loses it.
`warm_start` asks SageMaker whether the job is still there: if it was deleted, the week starts from nothing.

Switch the DAG on to start the schedule.
"""

from datetime import UTC, datetime, timedelta

from airflow.sdk import DAG, Asset, Param, task

from airflow_hpt_provider.models import Continuous, Integer
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

PROJECT = "s3://{{ params.bucket }}/breast-cancer"
TUNED = Asset("breast-cancer-tuned")

TRAINING_JOB = {
    "AlgorithmSpecification": {
        "TrainingImage": "{{ params.image }}",
        "TrainingInputMode": "File",
        "MetricDefinitions": [
            {"Name": "validation:log_loss", "Regex": r"validation:log_loss=([-+.0-9e]+)"},
        ],
    },
    "StaticHyperParameters": {
        "sagemaker_program": "train.py",
        "sagemaker_submit_directory": f"{PROJECT}/code/sourcedir.tar.gz",
    },
    "InputDataConfig": [
        {
            "ChannelName": "train",
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"{PROJECT}/train/"}},
        }
    ],
    "OutputDataConfig": {"S3OutputPath": f"{PROJECT}/models"},
    "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
    "StoppingCondition": {"MaxRuntimeInSeconds": 600},
    "RoleArn": "{{ params.role_arn }}",
    "Environment": {"OMP_NUM_THREADS": "1"},
}

with DAG(
    dag_id="retrain_weekly",
    doc_md=__doc__,
    schedule="@weekly",
    start_date=datetime(2026, 11, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    is_paused_upon_creation=True,
    tags=["sagemaker", "tuning"],
    params={
        "bucket": Param("hpt-demo", type="string", description="S3 bucket with data and code"),
        "role_arn": Param("arn:aws:iam::123456789012:role/sagemaker", type="string"),
        "image": Param(
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2", type="string"
        ),
        "training_jobs": Param(8, type="integer", minimum=1, description="How many to train each week"),
    },
):

    @task(inlets=[TUNED])
    def warm_start(inlet_events) -> dict | None:
        """Return the request's WarmStartConfig: last week's tuning job, if there was one and it is still there."""
        from airflow_hpt_provider.exceptions import TuningJobNotFoundError
        from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

        events = inlet_events[TUNED]
        if not len(events):
            return None
        name = events[-1].extra["tuning_job_name"]
        try:
            HyperParameterTuningHook().describe(name)
        except TuningJobNotFoundError:
            return None
        return {
            "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": name}],
            "WarmStartType": "TransferLearning",  # the algorithm is the same, the data are not
        }

    tune = HyperParameterTuningJobOperator(
        task_id="tune",
        config={
            "HyperParameterTuningJobConfig": {
                "Strategy": "Bayesian",
                "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "validation:log_loss"},
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs": "{{ params.training_jobs }}",
                    "MaxParallelTrainingJobs": 2,
                },
                "ParameterRanges": {
                    "learning-rate": Continuous(0.01, 1, log=True),
                    "max-leaf-nodes": Integer(2, 64, log=True),
                    "l2-regularization": Continuous(1e-6, 10, log=True),
                },
            },
            "TrainingJobDefinition": TRAINING_JOB,
            "WarmStartConfig": warm_start(),
        },
        deferrable=True,
        poll_interval=5,
        timeout=timedelta(hours=6),
        on_timeout="use_best",
        outlets=[TUNED],
    )
    RegisterBestTrainingJobOperator(
        task_id="register",
        tuning_result=tune.output,
        model_package_group_name="breast-cancer-weekly",
        approval_status="Approved",  # "PendingManualApproval" if a person is to decide
        must_improve=True,
        on_rejected="skip",
    )
