"""From a tuning result to a model package, through the gate."""

from __future__ import annotations

import uuid

import pytest

from airflow_hpt_provider.compat import AirflowSkipException
from airflow_hpt_provider.exceptions import ModelQualityGateError, RegistrationError
from airflow_hpt_provider.operators.registration import RegisterBestTrainingJobOperator
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator
from tests.integration.provider.conftest import TaskTry, make

pytestmark = pytest.mark.integration


@pytest.fixture
def result(config, first_try):
    task = make(HyperParameterTuningJobOperator, config=config, deferrable=False, poll_interval=0.2)
    return task.execute(first_try.context(task))


@pytest.fixture
def group():
    return f"models-{uuid.uuid4().hex[:8]}"


def register(result, group, **kwargs):
    task = make(
        RegisterBestTrainingJobOperator,
        task_id="register",
        tuning_result=result,
        model_package_group_name=group,
        **kwargs,
    )
    return task.execute(TaskTry(task_id="register").context(task))


def test_the_package_carries_model_metric_and_hyperparameters(result, group, service):
    answer = register(result, group)
    package = service.client("sagemaker").describe_model_package(ModelPackageName=answer["model_package_arn"])
    assert answer["registered"] is True
    assert package["ModelApprovalStatus"] == "PendingManualApproval"
    best = result["best_training_job"]
    assert package["InferenceSpecification"]["Containers"][0] == {
        **package["InferenceSpecification"]["Containers"][0],
        "Image": best["TrainingImage"],
        "ModelDataUrl": best["ModelArtifacts"]["S3ModelArtifacts"],
    }
    properties = package["CustomerMetadataProperties"]
    assert properties["TuningJobName"] == result["tuning_job_name"]
    assert properties["TrainingJobName"] == best["TrainingJobName"]
    assert float(properties["ObjectiveMetricValue"]) == result["final_metric"]
    assert properties["hyperparameter/x"] == best["TunedHyperParameters"]["x"]


def test_a_retry_finds_the_package_of_the_try_before(result, group, service):
    first, second = register(result, group), register(result, group)
    assert first["model_package_arn"] == second["model_package_arn"]
    listed = service.client("sagemaker").list_model_packages(ModelPackageGroupName=group)
    assert len(listed["ModelPackageSummaryList"]) == 1


def test_min_metric_is_an_upper_bound_when_minimising(result, group):
    value = result["final_metric"]
    assert register(result, group, min_metric=str(value + 1))["registered"]
    with pytest.raises(ModelQualityGateError, match="must be at most"):
        register(result, f"{group}-2", min_metric=value - 1)
    with pytest.raises(AirflowSkipException):
        register(result, f"{group}-2", min_metric=value - 1, on_rejected="skip")
    answer = register(result, f"{group}-2", min_metric=value - 1, on_rejected="succeed")
    assert (answer["registered"], answer["model_package_arn"]) == (False, None)
    assert "min_metric" in answer["reason"]


def test_must_improve_compares_with_the_newest_approved_package(result, group):
    first = register(result, group, approval_status="Approved", must_improve=True)
    assert first["registered"], "there is nothing to improve on yet"
    renamed = {**result, "tuning_job_name": "another-job"}
    with pytest.raises(ModelQualityGateError, match="no better than"):
        register(renamed, group, must_improve=True)
    better = {**renamed, "final_metric": result["final_metric"] - 1}
    answer = register(better, group, must_improve=True)
    assert answer["registered"]
    assert answer["champion"] == first["model_package_arn"]
    # A package that waits for approval is no champion.
    middling = {**renamed, "tuning_job_name": "a-third-job", "final_metric": result["final_metric"] - 0.5}
    assert register(middling, group, must_improve=True)["registered"]


def test_nothing_to_register_is_reported(result, group):
    with pytest.raises(RegistrationError, match="no best training job to register"):
        register({**result, "best_training_job": None}, group)
    with pytest.raises(RegistrationError, match="approval_status must be one of .*, got 'Yes'"):
        register(result, group, approval_status="Yes")
