"""The code in docs/how-to.md. A test loads this file as Airflow does."""

from datetime import timedelta

from airflow.providers.smtp.notifications.smtp import SmtpNotifier
from airflow.sdk import DAG, task

from airflow_hpt_provider.models import Categorical, Continuous, Integer, TuningResult
from airflow_hpt_provider.notifications.tuning import TuningJobNotifier
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import (
    HyperParameterTuningJobOperator,
    StopHyperParameterTuningJobOperator,
)
from airflow_hpt_provider.sensors.tuning import HyperParameterTuningJobSensor

IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"

CONFIG = {
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "HyperParameterTuningJobObjective": {"Type": "Minimize", "MetricName": "loss"},
        "ResourceLimits": {"MaxNumberOfTrainingJobs": 20, "MaxParallelTrainingJobs": 2},
        # [start:ranges]
        "ParameterRanges": {
            "learning-rate": Continuous(1e-4, 1e-1, log=True),
            "depth": Integer(2, 10),
            "booster": Categorical(["gbtree", "dart"]),
        },
        # [end:ranges]
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {
            "TrainingImage": IMAGE,
            "TrainingInputMode": "File",
            "MetricDefinitions": [{"Name": "loss", "Regex": "loss=([-+.0-9e]+)"}],
        },
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "RoleArn": ROLE,
    },
}

with DAG("best_on_timeout", schedule=None):
    # [start:stopped]
    HyperParameterTuningJobOperator(
        task_id="tune",
        config=CONFIG,
        timeout=timedelta(hours=6),  # from the job's creation, over all tries
        on_timeout="use_best",  # stop the job and continue with the best model so far
        on_stopped="use_best",  # the same if a user stops it in the console
    )
    # [end:stopped]

with DAG("request_in_python", schedule=None):
    # [start:function]
    @task.tuning_job(deferrable=True, timeout=timedelta(hours=6))
    def tune_first(depth: int) -> dict:
        ranges = {"depth": Integer(2, depth), "learning-rate": Continuous(1e-4, 1e-1, log=True)}
        search = {**CONFIG["HyperParameterTuningJobConfig"], "ParameterRanges": ranges}
        return {**CONFIG, "HyperParameterTuningJobConfig": search}

    tune_first(depth=10)
    # [end:function]

with DAG("notify", schedule=None):
    # [start:notify]
    HyperParameterTuningJobOperator(
        task_id="tune",
        config=CONFIG,
        on_success_callback=TuningJobNotifier(
            SmtpNotifier, text="html_content", html=True, to="team@example.com"
        ),
    )
    # [end:notify]

with DAG("leave_it_running", schedule=None):
    # [start:leave]
    create = HyperParameterTuningJobOperator(task_id="create", config=CONFIG, wait_for_completion=False)
    wait = HyperParameterTuningJobSensor(task_id="wait", tuning_job_name=create.output, deferrable=True)
    # [end:leave]

with DAG("stop_it_in_any_case", schedule=None):

    @task
    def work() -> None:
        """Do the work that needs the running job."""

    # [start:teardown]
    create = HyperParameterTuningJobOperator(task_id="create", config=CONFIG, wait_for_completion=False)
    stop = StopHyperParameterTuningJobOperator(task_id="stop", tuning_job_name=create.output)
    create.as_setup() >> work() >> stop.as_teardown(setups=create)
    # [end:teardown]

with DAG("read_the_result", schedule=None):
    tune = HyperParameterTuningJobOperator(task_id="tune", config=CONFIG, top_k=5)

    # [start:result]
    @task
    def report(value: dict) -> str:
        result = TuningResult.from_xcom(value)
        best = result.best_training_job
        return f"{best.training_job_name}: {result.final_metric} with {best.tuned_hyper_parameters}"

    report(tune.output)
    # [end:result]

with DAG("gate", schedule=None):
    tune = HyperParameterTuningJobOperator(task_id="tune", config=CONFIG)
    # [start:gate]
    RegisterBestTrainingJobOperator(
        task_id="register",
        tuning_result=tune.output,
        model_package_group_name="churn",
        min_metric=0.35,  # the objective is minimised: nothing above this
        must_improve=True,  # better than the newest approved package
        on_rejected="skip",
        approval_status="PendingManualApproval",
    )
    # [end:gate]

with DAG("many", schedule=None):
    # [start:many]
    HyperParameterTuningJobOperator.partial(
        task_id="tune", deferrable=True, max_active_tis_per_dagrun=3
    ).expand(
        config=[
            {**CONFIG, "Tags": [{"Key": "segment", "Value": segment}]}
            for segment in ("north", "south", "west")
        ]
    )
    # [end:many]

with DAG("spot", schedule=None):
    # [start:spot]
    SPOT = CONFIG["TrainingJobDefinition"] | {
        "EnableManagedSpotTraining": True,
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600, "MaxWaitTimeInSeconds": 7200},
        "CheckpointConfig": {"S3Uri": "s3://bucket/checkpoints"},
        "RetryStrategy": {"MaximumRetryAttempts": 3},
    }
    HyperParameterTuningJobOperator(task_id="tune", config=CONFIG | {"TrainingJobDefinition": SPOT})
    # [end:spot]

with DAG("warm_start", schedule="@weekly", params={"last_week": "churn-2026-46"}):
    # [start:warm]
    HyperParameterTuningJobOperator(
        task_id="tune",
        config=CONFIG
        | {
            "WarmStartConfig": {
                "ParentHyperParameterTuningJobs": [{"HyperParameterTuningJobName": "{{ params.last_week }}"}],
                "WarmStartType": "IdenticalDataAndAlgorithm",
            }
        },
    )
    # [end:warm]

with DAG("stop_it", schedule=None, params={"job": "churn-2026-47"}):
    # [start:stop]
    StopHyperParameterTuningJobOperator(task_id="stop", tuning_job_name="{{ params.job }}")
    # [end:stop]
