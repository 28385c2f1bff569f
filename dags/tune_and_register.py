"""Tune a classifier on SageMaker, and register the best model.

`make demo` runs this file as it stands on the local tuning service. On AWS the same file runs once the
connection `aws_default` leads there and the params name your bucket, your role and a scikit-learn image.
"""

from airflow.sdk import DAG, Param

from airflow_hpt_provider.models import Categorical, Continuous, Integer
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

PROJECT = "s3://{{ params.bucket }}/breast-cancer"
REGISTRY = "123456789012.dkr.ecr.us-east-1.amazonaws.com"

# What boto3's create_hyper_parameter_tuning_job takes, in AWS's own names; the operator adds the job's name.
TUNING_JOB = {
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
            "class-weight": Categorical(["none", "balanced"]),
        },
    },
    "TrainingJobDefinition": {
        "AlgorithmSpecification": {
            "TrainingImage": "{{ params.image }}",
            "TrainingInputMode": "File",
            # The objective is read from what the training script prints.
            "MetricDefinitions": [
                {"Name": "validation:log_loss", "Regex": r"validation:log_loss=([-+.0-9e]+)"},
                {"Name": "validation:accuracy", "Regex": r"validation:accuracy=([-+.0-9e]+)"},
            ],
        },
        # Script mode: the image unpacks this archive and runs the program in it.
        "StaticHyperParameters": {
            "sagemaker_program": "train.py",
            "sagemaker_submit_directory": f"{PROJECT}/code/sourcedir.tar.gz",
            "iterations": "100",
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
        "Environment": {"OMP_NUM_THREADS": "1"},  # locally, two trainings share one machine
    },
}

with DAG(
    dag_id="tune_and_register",
    doc_md=__doc__,
    schedule=None,
    tags=["sagemaker", "tuning"],
    params={
        "bucket": Param("hpt-demo", type="string", description="S3 bucket with data and code"),
        "role_arn": Param("arn:aws:iam::123456789012:role/sagemaker", type="string"),
        "image": Param(f"{REGISTRY}/sagemaker-scikit-learn:1.4-2", type="string"),
        "training_jobs": Param(12, type="integer", minimum=1, description="How many to train"),
    },
):
    # Deferrable: while the training jobs run, the task takes no worker slot.
    tune = HyperParameterTuningJobOperator(
        task_id="tune", config=TUNING_JOB, deferrable=True, poll_interval=5
    )
    RegisterBestTrainingJobOperator(
        task_id="register",
        tuning_result=tune.output,
        model_package_group_name="breast-cancer",
    )
