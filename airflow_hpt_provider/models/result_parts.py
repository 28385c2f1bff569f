"""The parts of a result that have no counterpart in AWS's API."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.description import TuningJobDescription


class ResultPart(BaseModel):
    """A part of a result: members have Python's names, and unknown ones are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


class Objective(ResultPart):
    """What was optimised."""

    type: str
    """Minimize or Maximize."""
    metric_name: str


class Attempt(ResultPart):
    """One of the tuning jobs that it took to get a result, with ``retry_strategy``."""

    number: int
    """Counts from 1."""
    tuning_job_name: str
    status: str
    failure_reason: str | None = None
    creation_time: shapes.Timestamp | None = None
    end_time: shapes.Timestamp | None = None

    @classmethod
    def of(cls, description: TuningJobDescription, number: int) -> Self:
        """Return the attempt that a description is about.

        Args:
            description: DescribeHyperParameterTuningJob's answer.
            number: which attempt it was, from 1.
        """
        return cls(
            number=number,
            tuning_job_name=description.name,
            status=description.hyper_parameter_tuning_job_status,
            failure_reason=description.shown_failure_reason,
            creation_time=description.creation_time,
            end_time=description.hyper_parameter_tuning_end_time,
        )


class FailureGroup(ResultPart):
    """Training jobs that failed for the same reason."""

    reason: str
    count: int
    training_job_names: tuple[str, ...] = ()
    """Names of some of the training jobs."""
    hyper_parameters: dict[str, str] = Field(default_factory=dict)
    """The tuned values that all of them share; empty for a single one."""
