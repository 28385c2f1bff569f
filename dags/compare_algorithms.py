"""Let algorithms compete for one budget.

Use this when you do not know which algorithm suits the data. One tuning job has several training job definitions,
each with an image or script, static hyperparameters and a search space of its own; they share the number of
training jobs, the objective, and the result: the best training job of all, which names its definition.

Differences from a request with one `TrainingJobDefinition`: the objective (`TuningObjective`) and the ranges
(`HyperParameterRanges`) are written in each definition, and each has a `DefinitionName`.
"""

from airflow.sdk import DAG, Param, task

from airflow_hpt_provider.models import Continuous, Integer, TuningResult
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

PROJECT = "s3://{{ params.bucket }}/breast-cancer"


def definition(algorithm: str, ranges: dict) -> dict:
    """One competitor: the same script and data, another algorithm and search space."""
    data = {"S3DataType": "S3Prefix", "S3Uri": f"{PROJECT}/train/"}
    return {
        "DefinitionName": algorithm,
        "TuningObjective": {"Type": "Minimize", "MetricName": "validation:log_loss"},
        "HyperParameterRanges": ranges,
        "StaticHyperParameters": {
            "sagemaker_program": "algorithms.py",
            "sagemaker_submit_directory": f"{PROJECT}/code/sourcedir.tar.gz",
            "algorithm": algorithm,
        },
        "AlgorithmSpecification": {
            "TrainingImage": "{{ params.image }}",
            "TrainingInputMode": "File",
            "MetricDefinitions": [
                {"Name": "validation:log_loss", "Regex": r"validation:log_loss=([-+.0-9e]+)"},
            ],
        },
        "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": data}}],
        "OutputDataConfig": {"S3OutputPath": f"{PROJECT}/models"},
        "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
        "StoppingCondition": {"MaxRuntimeInSeconds": 600},
        "RoleArn": "{{ params.role_arn }}",
        "Environment": {"OMP_NUM_THREADS": "1"},
    }


TUNING_JOB = {
    "HyperParameterTuningJobConfig": {
        "Strategy": "Bayesian",
        "ResourceLimits": {
            "MaxNumberOfTrainingJobs": "{{ params.training_jobs }}",
            "MaxParallelTrainingJobs": 2,
        },
    },
    "TrainingJobDefinitions": [
        definition(
            "boosting",
            {"learning-rate": Continuous(0.01, 1, log=True), "max-leaf-nodes": Integer(2, 64, log=True)},
        ),
        definition("forest", {"trees": Integer(20, 200, log=True), "max-features": Continuous(0.05, 1)}),
        definition("linear", {"regularization": Continuous(1e-4, 1e2, log=True)}),
    ],
}

with DAG(
    dag_id="compare_algorithms",
    doc_md=__doc__,
    schedule=None,
    tags=["sagemaker", "tuning"],
    params={
        "bucket": Param("hpt-demo", type="string", description="S3 bucket with data and code"),
        "role_arn": Param("arn:aws:iam::123456789012:role/sagemaker", type="string"),
        "image": Param(
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2", type="string"
        ),
        "training_jobs": Param(
            12, type="integer", minimum=3, description="How many, all algorithms together"
        ),
    },
):
    # top_k: the result lists the best training jobs, here all of them.
    tune = HyperParameterTuningJobOperator(
        task_id="tune", config=TUNING_JOB, top_k=100, deferrable=True, poll_interval=5
    )

    @task
    def ranking(result) -> dict[str, float]:
        """Return the best metric of each algorithm, the winner first."""
        best: dict[str, float] = {}
        for job in TuningResult.from_xcom(result).top_training_jobs:  # the best first
            best.setdefault(job.training_job_definition_name, job.final_metric)
        for algorithm, metric in best.items():
            print(f"{algorithm}: {metric:.5f}")
        return best

    ranking(tune.output)
    RegisterBestTrainingJobOperator(
        task_id="register", tuning_result=tune.output, model_package_group_name="breast-cancer"
    )
