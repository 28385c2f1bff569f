"""Tune one model for each segment, then take the best of all.

Use this when the number of tuning jobs is known only when the DAG runs: one for each customer, country, product;
here one for each folder below `diabetes/segments/` in the bucket. Airflow maps the `tune` task over them, each
with a tuning job of its own, two at a time; a segment that fails can be cleared alone.

`requests` writes the requests in Python, and checks all of them before the first is made: Airflow does not render
templates in values that a mapped task gets from another task.

The metric is R², which may be compared between segments. `best_of_all` hands the result with the highest one to
the model registry. To keep a model for each segment, map the registration too:
`RegisterBestTrainingJobOperator.partial(...).expand(tuning_result=tune.output)`.
"""

from airflow.sdk import DAG, Param, task

from airflow_hpt_provider.models import Continuous, Integer, TuningJobRequest, TuningResult
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator


def request(segment: str, params) -> dict:
    """Return the tuning job of one segment."""
    project = f"s3://{params['bucket']}/diabetes"
    data = {"S3DataType": "S3Prefix", "S3Uri": f"{project}/segments/{segment}/"}
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "validation:r2"},
            "ResourceLimits": {
                "MaxNumberOfTrainingJobs": params["training_jobs"],
                "MaxParallelTrainingJobs": 2,
            },
            "ParameterRanges": {
                "learning-rate": Continuous(0.01, 0.5, log=True),
                "max-depth": Integer(1, 5),
            },
        },
        "TrainingJobDefinition": {
            "AlgorithmSpecification": {
                "TrainingImage": params["image"],
                "TrainingInputMode": "File",
                "MetricDefinitions": [{"Name": "validation:r2", "Regex": r"validation:r2=([-+.0-9e]+)"}],
            },
            "StaticHyperParameters": {
                "sagemaker_program": "regression.py",
                "sagemaker_submit_directory": f"{project}/code/sourcedir.tar.gz",
                "trees": "60",
            },
            "InputDataConfig": [{"ChannelName": "train", "DataSource": {"S3DataSource": data}}],
            "OutputDataConfig": {"S3OutputPath": f"{project}/models/{segment}"},
            "ResourceConfig": {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 5},
            "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            "RoleArn": params["role_arn"],
            "Environment": {"OMP_NUM_THREADS": "1"},
        },
        "Tags": [{"Key": "segment", "Value": segment}],
    }


with DAG(
    dag_id="tune_many",
    doc_md=__doc__,
    schedule=None,
    tags=["sagemaker", "tuning"],
    params={
        "bucket": Param("hpt-demo", type="string", description="S3 bucket with data and code"),
        "role_arn": Param("arn:aws:iam::123456789012:role/sagemaker", type="string"),
        "image": Param(
            "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.4-2", type="string"
        ),
        "training_jobs": Param(4, type="integer", minimum=1, description="How many for each segment"),
    },
):

    @task
    def requests(params) -> list[dict]:
        """One checked request for each folder of segments."""
        from airflow.providers.amazon.aws.hooks.s3 import S3Hook

        folders = S3Hook().list_prefixes(params["bucket"], prefix="diabetes/segments/", delimiter="/")
        segments = [folder.rstrip("/").rpartition("/")[2] for folder in folders]
        return [TuningJobRequest.model_validate(request(one, params)).to_dict() for one in segments]

    @task
    def best_of_all(results) -> dict:
        """Return the result with the highest R²; all of them are in the log."""
        results = [TuningResult.from_xcom(result) for result in results]
        for result in results:
            print(result.summary())
        return max(results, key=lambda result: result.final_metric).to_xcom()

    tune = HyperParameterTuningJobOperator.partial(
        task_id="tune",
        deferrable=True,
        poll_interval=5,
        max_active_tis_per_dagrun=2,
        map_index_template="{{ task.config.Tags[0].Value }}",
    ).expand(config=requests())
    RegisterBestTrainingJobOperator(
        task_id="register", tuning_result=best_of_all(tune.output), model_package_group_name="diabetes"
    )
