"""What is asked of SageMaker's model registry: a group, a package of the result, and the package that leads."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import RegistrationError
from airflow_hpt_provider.models import TuningResult
from airflow_hpt_provider.result.model_packages import (
    MAX_KEY,
    MAX_PROPERTIES,
    MAX_VALUE,
    Champion,
    ModelRegistry,
    assert_best,
    gate_failure_reason,
    metadata,
)

CREATED = datetime(2026, 11, 1, tzinfo=UTC)
INFERENCE = {"Containers": []}


def result(**changed: Any) -> TuningResult:
    best = {
        "TrainingJobName": "tune-001",
        "TrainingJobArn": "arn",
        "TrainingJobStatus": "Completed",
        "CreationTime": "2026-11-01T00:00:00+00:00",
        "ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"},
        "TunedHyperParameters": changed.pop("tuned", {"x": "0.5"}),
    }
    best.update(changed.pop("best", {}))
    return TuningResult.from_xcom(
        {
            "tuning_job_name": "tune",
            "tuning_job_arn": "arn:tune",
            "status": "Completed",
            "creation_time": CREATED.isoformat(),
            "final_metric": 0.25,
            "objective": {"type": "Minimize", "metric_name": "loss"},
            "best_training_job": best,
            **changed,
        }
    )


class Hook:
    """Answers calls as the test says, and keeps them."""

    def __init__(self, packages: dict[str, dict[str, str]] | None = None, **refused: ClientError) -> None:
        self.packages, self.refused = packages or {}, refused
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        self.calls.append((operation, parameters))
        if operation in self.refused:
            raise self.refused[operation]
        if operation == "describe_model_package":
            return {"CustomerMetadataProperties": self.packages[parameters["ModelPackageName"]] or None}
        return {"ModelPackageArn": "arn:made"}

    def pages(self, operation: str, member: str, parameters: dict[str, Any]) -> Any:
        assert (operation, member) == ("list_model_packages", "ModelPackageSummaryList")
        self.calls.append((operation, parameters))
        return iter([{"ModelPackageArn": arn} for arn in self.packages])


def refusal(code: str, message: str = "no") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Call")


def registry(hook: Hook, **options: Any) -> ModelRegistry:
    return ModelRegistry(hook, "group", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("tags", "sent"), [({"team": "x"}, [{"Key": "team", "Value": "x"}]), ({}, None)], ids=["tags", "none"]
)
def test_a_group_is_created_with_its_tags(tags: dict[str, str], sent: Any) -> None:
    hook = Hook(describe_model_package_group=refusal("ValidationException"))
    registry(hook, tags=tags, group_description="Mine").ensure_group()
    assert hook.calls[1] == (
        "create_model_package_group",
        {"ModelPackageGroupName": "group", "ModelPackageGroupDescription": "Mine", "Tags": sent},
    )


def test_a_group_that_exists_is_not_created() -> None:
    hook = Hook()
    registry(hook).ensure_group()
    assert hook.calls == [("describe_model_package_group", {"ModelPackageGroupName": "group"})]


@pytest.mark.parametrize(
    ("race", "raised"),
    [
        (refusal("ConflictException"), False),
        (refusal("ResourceInUse"), False),
        (refusal("ValidationException", "Model Package Group already exists: arn"), False),
        (refusal("ValidationException", "wrong name"), True),
        (refusal("AccessDeniedException"), True),
    ],
    ids=repr,
)
def test_a_group_that_another_task_creates_at_that_moment(race: ClientError, raised: bool) -> None:
    hook = Hook(describe_model_package_group=refusal("ResourceNotFound"), create_model_package_group=race)
    if raised:
        with pytest.raises(ClientError) as error:
            registry(hook).ensure_group()
        assert error.value is race
    else:
        registry(hook).ensure_group()


def test_the_package_of_a_result() -> None:
    hook = Hook()
    arn = registry(hook).register(result(), INFERENCE, "Approved", SourceUri="s3://b/x")
    assert arn == "arn:made"
    [(operation, sent)] = hook.calls
    assert operation == "create_model_package"
    assert sent == {
        "ModelPackageGroupName": "group",
        "ModelPackageDescription": "Best training job of tuning job tune",
        "InferenceSpecification": INFERENCE,
        "ModelApprovalStatus": "Approved",
        "CustomerMetadataProperties": metadata(result()),
        "ClientToken": hashlib.sha256(b"group/arn:tune/tune-001").hexdigest()[:36],
        "SourceUri": "s3://b/x",
    }
    assert len(sent["ClientToken"]) == 36, "AWS takes no longer one"


OWN = {"TuningJobName": "tune", "TrainingJobName": "tune-001"}


@pytest.mark.parametrize(
    ("packages", "found"),
    [
        ({}, None),
        ({"a": {}}, None),
        ({"a": {**OWN, "TrainingJobName": "tune-002"}}, None),
        ({"a": {**OWN, "TuningJobName": "other"}}, None),
        ({"a": {}, "b": OWN}, "b"),
        ({"a": OWN, "b": OWN}, "a"),
    ],
)
def test_a_package_that_was_made_before_is_found(packages: Any, found: str | None) -> None:
    hook = Hook(packages)
    assert registry(hook).find(result()) == found
    assert hook.calls[0][1] == {
        "ModelPackageGroupName": "group",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "CreationTimeAfter": CREATED,
    }


def test_the_newest_approved_package_leads() -> None:
    hook = Hook({"a": {"ObjectiveMetricName": "loss", "ObjectiveMetricValue": "0.5"}, "b": {}})
    assert registry(hook).champion() == Champion("a", "loss", 0.5)
    assert hook.calls[0][1]["ModelApprovalStatus"] == "Approved"
    assert hook.calls[0][1]["MaxResults"] == 1
    assert registry(Hook()).champion() is None


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        ({"best_training_job": None}, r"tune \(status Completed\) has no best training job"),
        ({"best": {"ModelArtifacts": None}}, "tune-001 has no model artifact"),
    ],
)
def test_a_result_without_a_model(changed: Any, text: str) -> None:
    for call in (assert_best, metadata, registry(Hook()).find):
        with pytest.raises(RegistrationError, match=text):
            call(result(**changed))
    assert assert_best(result()).training_job_name == "tune-001"


def test_a_result_without_an_objective() -> None:
    without = result(objective=None)
    with pytest.raises(RegistrationError, match="does not name its objective metric"):
        metadata(without)
    with pytest.raises(RegistrationError, match="does not name its objective metric"):
        gate_failure_reason(without, min_metric=0.5, must_improve=False, champion=None)


def test_metadata_stay_within_the_limits() -> None:
    many = result(tuned={f"n{n:03}" + "k" * 200: "v" * 300 for n in range(60)})
    properties = metadata(many)
    assert len(properties) == MAX_PROPERTIES == 50
    assert {len(key) for key in list(properties)[5:]} == {MAX_KEY} == {128}
    assert {len(value) for value in list(properties.values())[5:]} == {MAX_VALUE} == {256}
    assert list(properties)[:5] == [
        *("TuningJobName", "TrainingJobName", "ObjectiveMetricName"),
        *("ObjectiveMetricType", "ObjectiveMetricValue"),
    ]
    assert properties["ObjectiveMetricValue"] == "0.25"
    assert "hyperparameter/empty" not in metadata(result(tuned={"empty": ""}))


def judged(value: float, kind: str, **options: Any) -> str | None:
    made: Any = SimpleNamespace(
        final_metric=value, objective=SimpleNamespace(metric_name="auc", type=kind), tuning_job_name="tune"
    )
    return gate_failure_reason(
        made, **{"min_metric": None, "must_improve": False, "champion": None, **options}
    )


def test_the_reason_says_which_bound_is_missed() -> None:
    assert judged(0.4, "Maximize", min_metric=0.5) == "auc is 0.4, but must be at least 0.5 (min_metric)."
    assert judged(0.6, "Minimize", min_metric=0.5) == "auc is 0.6, but must be at most 0.5 (min_metric)."
    leads = Champion("arn", "auc", 0.5)
    for value, kind in ((0.4, "Maximize"), (0.6, "Minimize"), (0.5, "Maximize")):
        reason = judged(value, kind, must_improve=True, champion=leads)
        assert reason is not None
        assert "no better than 0.5, the newest approved package's (arn)" in reason
    assert judged(0.6, "Maximize", must_improve=True, champion=leads, min_metric=0.5) is None
    assert judged(0.6, "Maximize", must_improve=True, champion=leads, min_metric=0.7)
