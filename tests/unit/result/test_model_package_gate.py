"""Which models the gate of RegisterBestTrainingJobOperator lets through."""

import math
from types import SimpleNamespace

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.models.validation.patterns import TAG, matches
from airflow_hpt_provider.result.model_packages import (
    METRIC_VALUE,
    Champion,
    ModelRegistry,
    gate_failure_reason,
    metadata,
)

CHAMPION = Champion("arn", "loss", 0.5)


def result(value, kind="Minimize"):
    return SimpleNamespace(
        final_metric=value, objective=SimpleNamespace(metric_name="loss", type=kind), tuning_job_name="tune"
    )


@pytest.mark.parametrize(
    ("value", "kind", "passes"),
    [(0.4, "Minimize", True), (0.6, "Minimize", False), (0.5, "Minimize", False), (0.6, "Maximize", True)],
)
def test_better_than_the_champion(value, kind, passes):
    reason = gate_failure_reason(result(value, kind), min_metric=None, must_improve=True, champion=CHAMPION)
    assert (reason is None) is passes


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (0.8999999761581421, "Maximize"),
        (0.9, "Maximize"),
        (0.10000000149011612, "Minimize"),
        (0.1, "Minimize"),
    ],
)
def test_limits_are_compared_in_the_precision_of_sagemakers_values(value, kind):
    """SageMaker reports a metric of 0.9 as 0.8999999761581421, and one of 0.1 as 0.10000000149011612."""
    limit = round(value, 6)
    assert (
        gate_failure_reason(result(value, kind), min_metric=limit, must_improve=False, champion=None) is None
    )
    better = limit + 1e-6 if kind == "Maximize" else limit - 1e-6
    assert gate_failure_reason(result(value, kind), min_metric=better, must_improve=False, champion=None)
    champion = Champion("arn", "loss", limit)
    assert gate_failure_reason(result(value, kind), min_metric=None, must_improve=True, champion=champion)


@pytest.mark.parametrize("kind", ["Minimize", "Maximize"])
def test_a_metric_that_is_no_number_is_refused(kind):
    for limits in ({"min_metric": 0.5, "must_improve": False}, {"min_metric": None, "must_improve": True}):
        assert gate_failure_reason(result(math.nan, kind), **limits, champion=CHAMPION)


def test_metadata_are_of_the_form_that_aws_takes():
    """The SageMaker SDK quotes categories, and names of metrics and hyperparameters are free."""
    answer = TuningResult.from_xcom(
        {
            "tuning_job_name": "tune",
            "tuning_job_arn": "arn",
            "status": "Completed",
            "final_metric": 0.25,
            "objective": {"type": "Minimize", "metric_name": "loss (%)"},
            "best_training_job": {
                "TrainingJobName": "tune-001",
                "TrainingJobArn": "arn",
                "TrainingJobStatus": "Completed",
                "CreationTime": "2026-01-01T00:00:00+00:00",
                "ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"},
                "TunedHyperParameters": {"batch": '"512"', "rate": "1e-05", "layers": "[64, 32]", "a,b": "x"},
            },
        }
    )
    properties = metadata(answer)
    assert all(matches(TAG, text) for pair in properties.items() for text in pair)
    assert properties["hyperparameter/batch"] == "512"
    assert properties["hyperparameter/rate"] == "1e-05"
    assert properties["hyperparameter/layers"] == "_64_ 32_"
    assert properties["hyperparameter/a_b"] == "x"
    champion = Champion("arn", properties["ObjectiveMetricName"], 0.5)
    assert gate_failure_reason(answer, min_metric=None, must_improve=True, champion=champion) is None


@pytest.mark.parametrize(("reported", "metric"), [("0.5", 0.5), ("good", None), (None, None)])
def test_a_champion_whose_value_is_no_number_has_none(reported, metric):
    properties = {METRIC_VALUE: reported} if reported else {}
    answers = {
        "list_model_packages": {"ModelPackageSummaryList": [{"ModelPackageArn": "arn"}]},
        "describe_model_package": {"CustomerMetadataProperties": properties},
    }
    hook = SimpleNamespace(
        pages=lambda operation, member, _: iter(answers[operation][member]),
        call=lambda operation, **_: answers[operation],
    )
    assert ModelRegistry(hook, "group").champion() == Champion("arn", None, metric)


@pytest.mark.parametrize(
    "champion", [Champion("arn", "loss", None), Champion("arn", "accuracy", 0.5), Champion("arn", None, None)]
)
def test_a_champion_that_cannot_be_compared_lets_nothing_through(champion):
    reason = gate_failure_reason(result(0.1), min_metric=None, must_improve=True, champion=champion)
    assert reason is not None
    assert "nothing to compare with" in reason
    assert gate_failure_reason(result(0.1), min_metric=None, must_improve=False, champion=champion) is None
    assert gate_failure_reason(result(0.1), min_metric=None, must_improve=True, champion=None) is None


@pytest.mark.parametrize(
    ("value", "kind", "passes"),
    [
        (0.5, "Minimize", True),
        (0.51, "Minimize", False),
        (0.5, "Maximize", True),
        (0.49, "Maximize", False),
        (None, "Minimize", False),
    ],
)
def test_the_bound_itself_passes(value, kind, passes):
    reason = gate_failure_reason(result(value, kind), min_metric=0.5, must_improve=False, champion=None)
    assert (reason is None) is passes


class Registry:
    """Refuses Describe with a code, and Create with another, if there is one."""

    def __init__(self, describe: str, create: str = ""):
        self.codes, self.calls = {"describe": describe, "create": create}, []

    def call(self, operation, **parameters):
        self.calls.append(operation)
        if code := self.codes[operation.partition("_")[0]]:
            raise ClientError({"Error": {"Code": code, "Message": "no"}}, operation)


@pytest.mark.parametrize("code", ["ValidationException", "ResourceNotFound"])
@pytest.mark.parametrize("race", ["", "ConflictException"])
def test_a_missing_group_is_created(code, race):
    registry = Registry(code, race)
    ModelRegistry(registry, "group").ensure_group()
    assert registry.calls == ["describe_model_package_group", "create_model_package_group"]


def test_no_group_is_created_where_it_cannot_be_seen():
    registry = Registry("AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        ModelRegistry(registry, "group").ensure_group()
    assert registry.calls == ["describe_model_package_group"]
    with pytest.raises(ClientError, match="AccessDenied"):
        ModelRegistry(Registry("ValidationException", "AccessDeniedException"), "group").ensure_group()
