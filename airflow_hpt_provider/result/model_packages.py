"""Turns a tuning result into a SageMaker model package: the request, the quality gate, and finding earlier packages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from airflow_hpt_provider.exceptions import RegistrationError
from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.models.float32 import float32
from airflow_hpt_provider.models.numbers import number
from airflow_hpt_provider.models.validation import patterns
from airflow_hpt_provider.retries.classify import ErrorClass, classify
from airflow_hpt_provider.retries.errors import error_code

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.models import TuningResult

TUNING_JOB = "TuningJobName"
TRAINING_JOB = "TrainingJobName"
METRIC_NAME = "ObjectiveMetricName"
METRIC_TYPE = "ObjectiveMetricType"
METRIC_VALUE = "ObjectiveMetricValue"
"""Keys of CustomerMetadataProperties; the hyperparameters follow as ``hyperparameter/NAME``."""
MAX_PROPERTIES, MAX_KEY, MAX_VALUE = 50, 128, 256


@dataclass(frozen=True)
class Champion:
    """The newest approved package of a group, as far as the gate needs it."""

    arn: str
    metric_name: str | None
    metric: float | None


@dataclass
class ModelRegistry:
    """A model package group as a tuning task uses it.

    Attributes:
        hook: the way to the API.
        group: the group's name; made when it is missing.
    """

    hook: HyperParameterTuningHook
    group: str
    group_description: str = "Best training jobs of hyperparameter tuning"
    tags: dict[str, str] = field(default_factory=dict)

    @needs("sagemaker:DescribeModelPackageGroup", "sagemaker:CreateModelPackageGroup")
    def ensure_group(self) -> None:
        """Create the group if it is missing; two tasks that create it concurrently both succeed."""
        try:
            self.hook.call("describe_model_package_group", ModelPackageGroupName=self.group)
        except ClientError as error:
            if classify(error) is not ErrorClass.NOT_FOUND and error_code(error) != "ValidationException":
                raise
            try:
                self.hook.call(
                    "create_model_package_group",
                    ModelPackageGroupName=self.group,
                    ModelPackageGroupDescription=self.group_description,
                    Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()] or None,
                )
            except ClientError as race:
                if "already exists" not in str(race) and error_code(race) not in {
                    "ConflictException",
                    "ResourceInUse",
                }:
                    raise

    @needs("sagemaker:ListModelPackages", "sagemaker:DescribeModelPackage")
    def find(self, result: TuningResult) -> str | None:
        """Return the ARN of the package that was made from this result before, if any."""
        assert_best(result)
        for summary in self._packages(CreationTimeAfter=result.creation_time):
            properties = self._properties(summary["ModelPackageArn"])
            if (properties.get(TUNING_JOB), properties.get(TRAINING_JOB)) == (
                result.tuning_job_name,
                result.best_training_job.training_job_name,  # type: ignore[union-attr]
            ):
                return str(summary["ModelPackageArn"])
        return None

    @needs("sagemaker:ListModelPackages", "sagemaker:DescribeModelPackage")
    def champion(self) -> Champion | None:
        """Return the newest package of the group whose approval status is Approved."""
        for summary in self._packages(ModelApprovalStatus="Approved", MaxResults=1):
            properties = self._properties(summary["ModelPackageArn"])
            return Champion(
                summary["ModelPackageArn"], properties.get(METRIC_NAME), number(properties.get(METRIC_VALUE))
            )
        return None

    @needs("sagemaker:CreateModelPackage")
    def register(
        self, result: TuningResult, inference: dict[str, Any], approval_status: str, **extra: Any
    ) -> str:
        """Make the package and return its ARN. The client token makes a repeated call harmless on AWS."""
        best = assert_best(result)
        token = hashlib.sha256(
            f"{self.group}/{result.tuning_job_arn}/{best.training_job_name}".encode()
        ).hexdigest()
        answer = self.hook.call(
            "create_model_package",
            **{
                "ModelPackageGroupName": self.group,
                "ModelPackageDescription": f"Best training job of tuning job {result.tuning_job_name}",
                "InferenceSpecification": inference,
                "ModelApprovalStatus": approval_status,
                "CustomerMetadataProperties": metadata(result),
                "ClientToken": token[:36],
                **extra,
            },
        )
        return str(answer["ModelPackageArn"])

    @needs("sagemaker:ListModelPackages")
    def _packages(self, **filters: Any) -> Iterator[dict[str, Any]]:
        parameters = {
            "ModelPackageGroupName": self.group,
            "SortBy": "CreationTime",
            "SortOrder": "Descending",
        }
        return self.hook.pages("list_model_packages", "ModelPackageSummaryList", {**parameters, **filters})

    @needs("sagemaker:DescribeModelPackage")
    def _properties(self, arn: str) -> dict[str, str]:
        answer = self.hook.call("describe_model_package", ModelPackageName=arn)
        return dict(answer.get("CustomerMetadataProperties") or {})


def assert_best(result: TuningResult) -> Any:
    """Return the best training job, which must have a model artifact.

    Raises:
        RegistrationError: there is none to register.
    """
    best = result.best_training_job
    if best is None:
        raise RegistrationError(
            f"Tuning job {result.tuning_job_name} (status {result.status}) has no best training job to register.",
            result.tuning_job_name,
        )
    if not best.model_artifact:
        raise RegistrationError(
            f"Training job {best.training_job_name} has no model artifact. "
            "Let its script write the model to SM_MODEL_DIR.",
            result.tuning_job_name,
        )
    return best


def _objective(result: TuningResult) -> Any:
    if result.objective is None:
        raise RegistrationError(f"The result of {result.tuning_job_name} does not name its objective metric.")
    return result.objective


def metadata(result: TuningResult) -> dict[str, str]:
    """CustomerMetadataProperties: tuning job, training job, objective and tuned values, within AWS's limits."""
    best = assert_best(result)
    properties = {
        TUNING_JOB: result.tuning_job_name,
        TRAINING_JOB: best.training_job_name,
        METRIC_NAME: _objective(result).metric_name,
        METRIC_TYPE: _objective(result).type,
        METRIC_VALUE: repr(result.final_metric),
    }
    for name, value in best.hyper_parameters.items():
        text = value if isinstance(value, str) else best.tuned_hyper_parameters[name]
        properties[f"hyperparameter/{name}"] = text
    bounded = {
        _allowed(key)[:MAX_KEY]: _allowed(value)[:MAX_VALUE] for key, value in properties.items() if value
    }
    return dict(list(bounded.items())[:MAX_PROPERTIES])


def _allowed(text: str) -> str:
    """Replace what AWS rejects in CustomerMetadataProperties, such as quotes and commas, with underscores."""
    return "".join(char if patterns.matches(patterns.TAG, char) else "_" for char in text)


def gate_failure_reason(
    result: TuningResult, *, min_metric: float | None, must_improve: bool, champion: Champion | None
) -> str | None:
    """Return the reason why the gate rejects the model; None if the model passes.

    ``min_metric`` is the worst value allowed: a lower bound when the objective is maximised, an upper bound
    when it is minimised. All values are compared in single precision, in which SageMaker reports metrics: a metric of
    0.9, reported as 0.8999999761581421, passes a ``min_metric`` of 0.9.
    """
    value, name = result.final_metric, _objective(result).metric_name
    if value is None:
        return f"The best training job has no final value of {name}."
    maximize = _objective(result).type == "Maximize"
    final = float32(value)
    if min_metric is not None and not (
        final >= float32(min_metric) if maximize else final <= float32(min_metric)
    ):
        return f"{name} is {value:.6g}, but must be at {'least' if maximize else 'most'} {min_metric:.6g} (min_metric)."
    if must_improve and champion is not None:
        if champion.metric is None or champion.metric_name != _allowed(name):
            return f"The newest approved package {champion.arn} has no {name} in its metadata; nothing to compare with."
        before = float32(champion.metric)
        if not (final > before if maximize else final < before):
            return (
                f"{name} is {value:.6g}, no better than {champion.metric:.6g},"
                f" the newest approved package's ({champion.arn})."
            )
    return None
