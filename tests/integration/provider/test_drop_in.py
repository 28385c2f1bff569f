"""Configs as SageMakerTuningOperator's documentation and tests write them, unchanged, through our operator.

Where the amazon provider's operator can run a config at all, both make the same tuning job. Where it cannot, the
test shows that too.
"""

from __future__ import annotations

import copy
import uuid

import pytest
from airflow.providers.amazon.aws.operators.sagemaker import SageMakerTuningOperator

from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import BUCKET, TaskTry, make
from tests.support.tuning_jobs import IMAGE

pytestmark = pytest.mark.integration

ROLE = "arn:aws:iam::123456789012:role/tuning"
METRIC = {"Name": "test:accuracy", "Regex": "objective=([-+.0-9e]+);"}


@pytest.fixture(autouse=True)
def data(service):
    """The amazon provider's operator looks for the channels' data before it creates a job."""
    for name in ("train", "test"):
        service.client("s3").put_object(Bucket=BUCKET, Key=f"data/{name}.csv", Body=b"1,2\n")


def channel(name):
    """As in the example DAG of the amazon provider."""
    return {
        "ChannelName": name,
        "CompressionType": "None",
        "ContentType": "text/csv",
        "InputMode": "File",
        "DataSource": {
            "S3DataSource": {
                "S3DataDistributionType": "FullyReplicated",
                "S3DataType": "S3Prefix",
                "S3Uri": f"s3://{BUCKET}/data/{name}.csv",
            }
        },
    }


def documented():
    """The form of the example DAG: empty lists of ranges, two channels, a job of a few numbers."""
    return {
        "HyperParameterTuningJobName": f"drop-in-{uuid.uuid4().hex[:8]}",
        "HyperParameterTuningJobConfig": {
            "Strategy": "Bayesian",
            "HyperParameterTuningJobObjective": {"MetricName": "test:accuracy", "Type": "Maximize"},
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "CategoricalParameterRanges": [],
                "ContinuousParameterRanges": [{"Name": "x", "MinValue": "0.1", "MaxValue": "1"}],
                "IntegerParameterRanges": [
                    {"Name": "k", "MinValue": "1", "MaxValue": "10", "ScalingType": "Auto"}
                ],
            },
        },
        "TrainingJobDefinition": {
            "StaticHyperParameters": {"predictor_type": "classifier", "feature_dim": "4"},
            "AlgorithmSpecification": {
                "TrainingImage": IMAGE,
                "TrainingInputMode": "File",
                "MetricDefinitions": [METRIC],
            },
            "InputDataConfig": [channel("train"), channel("test")],
            "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models"},
            "ResourceConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1},
            "RoleArn": ROLE,
            "StoppingCondition": {"MaxRuntimeInSeconds": 60},
        },
    }


def with_text_for_numbers():
    """What Jinja makes of templated numbers; these five are those that the amazon provider's operator casts."""
    config = documented()
    limits = config["HyperParameterTuningJobConfig"]["ResourceLimits"]
    definition = config["TrainingJobDefinition"]
    limits |= {"MaxNumberOfTrainingJobs": "2", "MaxParallelTrainingJobs": "2"}
    definition["ResourceConfig"] |= {"InstanceCount": "1", "VolumeSizeInGB": "1"}
    definition["StoppingCondition"] = {"MaxRuntimeInSeconds": "60"}
    return config


def with_a_roles_name():
    config = documented()
    config["TrainingJobDefinition"]["RoleArn"] = "drop-in-role"
    return config


def with_more_text_for_numbers():
    """Templated numbers that the amazon provider's operator does not cast."""
    config = with_text_for_numbers()
    definition = config["TrainingJobDefinition"]
    definition["EnableManagedSpotTraining"] = "true"
    definition["StoppingCondition"]["MaxWaitTimeInSeconds"] = "120"
    definition["RetryStrategy"] = {"MaximumRetryAttempts": "2"}
    config["HyperParameterTuningJobConfig"]["ResourceLimits"]["MaxRuntimeInSeconds"] = "600"
    return config


def without_input_data():
    config = documented()
    del config["TrainingJobDefinition"]["InputDataConfig"]
    return config


def with_several_definitions():
    config = documented()
    one = config.pop("TrainingJobDefinition")
    tuning = config["HyperParameterTuningJobConfig"]
    one["TuningObjective"] = tuning.pop("HyperParameterTuningJobObjective")
    one["HyperParameterRanges"] = tuning.pop("ParameterRanges")
    config["TrainingJobDefinitions"] = [
        {**copy.deepcopy(one), "DefinitionName": name} for name in ("one", "other")
    ]
    return config


def ours(config):
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.1)
    first_try = TaskTry()
    return TuningResult.from_xcom(task.execute(first_try.context(task)))


def amazon_job(config):
    task = SageMakerTuningOperator(task_id="theirs", config=config, deferrable=False, check_interval=1)
    return task.execute({})["Tuning"]


def request_of(service, name):
    """What the service was asked for, without what differs from job to job."""
    job = service.client("sagemaker").describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    definition = job["TrainingJobDefinition"]
    return job["HyperParameterTuningJobConfig"], definition


@pytest.mark.parametrize(
    "form", [documented, with_text_for_numbers, with_a_roles_name], ids=lambda form: form.__name__
)
def test_both_make_the_same_job(service, form):
    if form is with_a_roles_name:
        service.client("iam").create_role(RoleName="drop-in-role", AssumeRolePolicyDocument="{}")
    first, second = form(), form()
    result = ours(copy.deepcopy(first))
    assert result.succeeded
    assert result.tuning_job_name == first["HyperParameterTuningJobName"]
    described = amazon_job(second)
    assert described["HyperParameterTuningJobStatus"] == "Completed"
    assert request_of(service, first["HyperParameterTuningJobName"]) == request_of(
        service, second["HyperParameterTuningJobName"]
    )


@pytest.mark.parametrize(
    "form",
    [without_input_data, with_several_definitions, with_more_text_for_numbers],
    ids=lambda form: form.__name__,
)
def test_configs_that_the_amazon_operator_cannot_run(form):
    with pytest.raises(Exception, match="InputDataConfig|TrainingJobDefinition|Invalid type for parameter"):
        amazon_job(form())
    assert ours(form()).succeeded


def test_an_integer_range_may_be_written_in_numbers(service):
    """The amazon provider's operator passes them to boto3, which wants text; here, the same config is understood."""
    config = documented()
    ranges = config["HyperParameterTuningJobConfig"]["ParameterRanges"]["IntegerParameterRanges"]
    ranges[0] |= {"MinValue": 1, "MaxValue": 10}
    assert ours(config).succeeded


def test_s3_operations_are_refused_with_a_clear_word():
    config = {**documented(), "S3Operations": {"S3CreateBucket": [{"Bucket": "other"}]}}
    with pytest.raises(TuningJobConfigError, match="S3Operations.*Upload the code in a separate task"):
        ours(config)
