"""A training job with what it takes to use its model."""

import json
from collections.abc import Mapping
from typing import Any, Self

from pydantic import Field

from airflow_hpt_provider.models.training_job_summary import TrainingJobSummary
from airflow_hpt_provider.models.validation.base import AnswerModel


class ModelArtifacts(AnswerModel):
    """Where a training job's model is, as DescribeTrainingJob gives it."""

    s3_model_artifacts: str = Field(description="S3 URI of model.tar.gz.")


class BestTrainingJob(TrainingJobSummary):
    """A training job's summary with its model artifact and image."""

    model_artifacts: ModelArtifacts | None = Field(None, description="Where its model is.")
    training_image: str | None = Field(None, description="URI of the image that trained it.")

    @classmethod
    def of(
        cls,
        summary: TrainingJobSummary,
        *,
        model_artifact: str | None = None,
        training_image: str | None = None,
    ) -> Self:
        """Return the summary with what only DescribeTrainingJob returns.

        Args:
            summary: the training job.
            model_artifact: S3 URI of its model.
            training_image: URI of its image.
        """
        members = {name: getattr(summary, name) for name in TrainingJobSummary.model_fields}
        if model_artifact:
            members["model_artifacts"] = {"S3ModelArtifacts": model_artifact}
        return cls.model_validate({**members, "training_image": training_image})

    @classmethod
    def from_answers(cls, summary: TrainingJobSummary, training_job: Mapping[str, Any]) -> Self:
        """Return the summary with what DescribeTrainingJob's answer adds: model artifact and image.

        Args:
            summary: the training job, as the tuning job's operations give it.
            training_job: DescribeTrainingJob's answer about it, in AWS's names.
        """
        artifacts = training_job.get("ModelArtifacts") or {}
        specification = training_job.get("AlgorithmSpecification") or {}
        return cls.of(
            summary,
            model_artifact=artifacts.get("S3ModelArtifacts"),
            training_image=specification.get("TrainingImage"),
        )

    @property
    def model_artifact(self) -> str | None:
        """S3 URI of its model; None if it has none."""
        return None if self.model_artifacts is None else self.model_artifacts.s3_model_artifacts

    @property
    def hyper_parameters(self) -> dict[str, float | int | str | bool]:
        """The tuned hyperparameters as Python values: `'0.01'` -> 0.01, `'"512"'` -> '512', `'adam'` -> 'adam'."""
        return {name: _value(text) for name, text in self.tuned_hyper_parameters.items()}


def _value(text: str) -> float | int | str | bool:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, float | int | str) else text
