"""What a tuning job came to: the value that lands in XCom."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, Self

from pydantic import Field, ValidationError

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.best import BestTrainingJob, ModelArtifacts
from airflow_hpt_provider.models.counters import ObjectiveStatusCounters, TrainingJobStatusCounters
from airflow_hpt_provider.models.description import (
    HyperParameterTuningJobCompletionDetails,
    HyperParameterTuningJobConsumedResources,
    TuningJobDescription,
)
from airflow_hpt_provider.models.html import table
from airflow_hpt_provider.models.printable import printable
from airflow_hpt_provider.models.result_parts import Attempt, FailureGroup, Objective, ResultPart
from airflow_hpt_provider.models.size_limit import MAX_BYTES, to_json_value, trimmed
from airflow_hpt_provider.models.status import TuningJobStatus
from airflow_hpt_provider.models.training_job_summary import TrainingJobSummary
from airflow_hpt_provider.models.validation.errors import format_value, line, validation_error

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails, InitErrorDetails

__all__ = [
    "Attempt",
    "BestTrainingJob",
    "FailureGroup",
    "ModelArtifacts",
    "Objective",
    "TuningResult",
]

SCHEMA_VERSION: Final = 1
"""Version of the JSON form. It grows when a member changes its meaning, not when one is added."""

_KINDS: Final = {
    "string": "a string",
    "int": "a whole number",
    "float": "a number",
    "finite": "a finite number",
    "model": "a structure",
    "dict": "a structure",
    "tuple": "a list",
}
"""What is wanted, by the first word of the type of a pydantic error."""


class TuningResult(ResultPart):
    """What a tuning job came to.

    :meth:`to_xcom` writes it as JSON values, :meth:`from_xcom` reads it back. It holds tuned hyperparameters, never
    static ones, nor the config.
    """

    schema_version: int = SCHEMA_VERSION
    tuning_job_name: str
    tuning_job_arn: str
    status: str
    """AWS's word: Completed, Failed, Stopped ..."""
    status_reason: str | None = None
    """Why the wait ended as it did, if AWS's status alone does not say (a stop, a timeout, an exceeded budget)."""
    failure_reason: str | None = None
    """AWS's own reason, if the tuning job failed."""
    objective: Objective | None = None
    best_training_job: BestTrainingJob | None = None
    overall_best_training_job: BestTrainingJob | None = None
    """The best of this tuning job and its warm-start parents."""
    final_metric: float | None = None
    """The best objective; None if there is none, or it is not a finite number."""
    training_job_status_counters: TrainingJobStatusCounters = Field(default_factory=TrainingJobStatusCounters)
    objective_status_counters: ObjectiveStatusCounters = Field(default_factory=ObjectiveStatusCounters)
    attempts: tuple[Attempt, ...] = ()
    """The tuning jobs that it took (``retry_strategy``), the last one included; empty if there was one."""
    creation_time: shapes.Timestamp | None = None
    end_time: shapes.Timestamp | None = None
    completion_details: HyperParameterTuningJobCompletionDetails | None = None
    consumed_resources: HyperParameterTuningJobConsumedResources | None = None
    top_training_jobs: tuple[BestTrainingJob, ...] = ()
    """The best ones in order, if asked for."""
    failures: tuple[FailureGroup, ...] = ()
    trimmed: tuple[str, ...] = ()
    """What was left out to keep the result small."""

    @classmethod
    def from_description(
        cls,
        description: TuningJobDescription,
        *,
        best: TrainingJobSummary | None = None,
        overall_best: TrainingJobSummary | None = None,
        top: Sequence[TrainingJobSummary] = (),
        status_reason: str | None = None,
        attempts: Sequence[Attempt] = (),
        failures: Sequence[FailureGroup] = (),
    ) -> Self:
        """Return the result of a tuning job that has been described.

        Args:
            description: DescribeHyperParameterTuningJob's answer.
            best: the best training job with its model, if more is known of it than the description has.
            overall_best: the same of the overall best one.
            top: the best training jobs, in order.
            status_reason: why the wait ended as it did.
            attempts: the tuning jobs that it took.
            failures: why training jobs failed.
        """
        best = _completed(best or description.best_training_job, description)
        objective, metric = description.objective_of(), best.final_metric if best is not None else None
        return cls(
            tuning_job_name=description.hyper_parameter_tuning_job_name,
            tuning_job_arn=description.hyper_parameter_tuning_job_arn,
            status=description.hyper_parameter_tuning_job_status,
            status_reason=status_reason,
            failure_reason=description.shown_failure_reason,
            objective=objective and Objective(type=objective.type, metric_name=objective.metric_name),
            best_training_job=best,
            overall_best_training_job=_completed(
                overall_best or description.overall_best_training_job, description
            ),
            final_metric=metric if metric is not None and math.isfinite(metric) else None,
            training_job_status_counters=description.training_job_status_counters,
            objective_status_counters=description.objective_status_counters,
            attempts=tuple(attempts),
            creation_time=description.creation_time,
            end_time=description.hyper_parameter_tuning_end_time,
            completion_details=description.tuning_job_completion_details,
            consumed_resources=description.consumed_resources,
            top_training_jobs=tuple(job for job in (_completed(each, description) for each in top) if job),
            failures=tuple(failures),
        )

    @classmethod
    def from_xcom(cls, value: "Mapping[str, Any] | str | TuningResult | None") -> "TuningResult":
        """Return the result that a task has pushed, from XCom's value or its JSON text.

        Members that a newer release has added are ignored.

        Raises:
            ValueError: it is not a tuning result; pydantic.ValidationError is one.
        """
        if isinstance(value, TuningResult):
            return value
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError as error:
                raise ValueError(f"a tuning result was expected, not the text {value!r:.80}") from error
        if isinstance(value, Sequence):
            raise ValueError(  # noqa: TRY004 - one kind of error, whatever came instead of a result
                f"a tuning result was expected, not a list of {len(value)}: of a mapped task, take one of them, or "
                "expand over all"
            )
        if not isinstance(value, Mapping):
            raise ValueError(  # noqa: TRY004 - as above
                f"a tuning result was expected, not {value!r:.80}; pull the return_value of the tuning task, and "
                "check that it succeeded"
            )
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            refused = validation_error(cls.__name__, [_as_line_of_result(each) for each in error.errors()])
            version = value.get("schema_version")
            if isinstance(version, int) and version > SCHEMA_VERSION:
                refused.add_note(
                    f"the result has schema version {version}; this release reads {SCHEMA_VERSION}"
                )
            raise refused from None

    def to_xcom(self) -> dict[str, Any]:
        """Return the result as JSON values, at most 48,000 bytes as JSON text. `trimmed` lists what was left out.

        Times are ISO 8601 with their offset. AWS's structures have AWS's names.
        """
        members: dict[str, Any] = {}
        for name in type(self).model_fields:
            members[name] = to_json_value(getattr(self, name))
        return trimmed(members, MAX_BYTES)

    @property
    def succeeded(self) -> bool:
        """Whether the tuning job completed and has a best training job."""
        return self.status == TuningJobStatus.COMPLETED and self.best_training_job is not None

    @property
    def model_artifact(self) -> str | None:
        """S3 URI of the best training job's model; None if there is none."""
        return None if self.best_training_job is None else self.best_training_job.model_artifact

    @property
    def hyper_parameters(self) -> dict[str, float | int | str | bool]:
        """The best training job's tuned hyperparameters as Python values; empty if there is none."""
        return {} if self.best_training_job is None else self.best_training_job.hyper_parameters

    def summary(self) -> str:
        """Return the result in one line of text."""
        counts = self.training_job_status_counters
        line = f"{self.tuning_job_name}: {self.status} · {counts.completed or 0} of {counts.total} completed"
        if self.best_training_job is not None and self.final_metric is not None:
            metric = self.objective.metric_name if self.objective is not None else "objective"
            values = ", ".join(f"{k}={v}" for k, v in self.best_training_job.tuned_hyper_parameters.items())
            line += f" · best {metric} {self.final_metric:.6g} ({self.best_training_job.training_job_name}: {values})"
        reason = self.status_reason or self.failure_reason
        return printable(f"{line} · {reason}" if reason else line)

    def __repr__(self) -> str:
        parts = [repr(self.tuning_job_name), self.status]
        if self.objective is not None and self.final_metric is not None:
            parts.append(f"{self.objective.metric_name}={self.final_metric:g} ({self.objective.type})")
        if self.best_training_job is not None:
            parts.append(f"best={self.best_training_job.training_job_name!r}")
        parts.append(f"{self.training_job_status_counters.total} training jobs")
        return printable(f"TuningResult({', '.join(parts)})")

    __str__ = __repr__

    def _repr_html_(self) -> str:
        """Return the HTML that a notebook shows."""
        return result_html(self)


def _completed(job: TrainingJobSummary | None, description: TuningJobDescription) -> BestTrainingJob | None:
    """Return a training job with the image and name of its definition, if it is one of this tuning job's."""
    if job is None or isinstance(job, BestTrainingJob):
        return job
    if job.tuning_job_name not in (None, description.hyper_parameter_tuning_job_name):
        return BestTrainingJob.of(job)  # a parent's, which may have had another image
    definition = description.definition_of(job)
    image = definition.algorithm_specification.training_image if definition is not None else None
    return BestTrainingJob.of(job, training_image=image)


def _as_line_of_result(details: "ErrorDetails") -> "InitErrorDetails":
    """Reword a validation error's line about a value pulled from XCom that is to be a result."""
    kind, text = details["type"], details["msg"]
    wanted = _KINDS.get(kind.partition("_")[0])  # of pydantic's own errors: string_type, int_parsing ...
    if kind == "missing":
        text = "is missing"
    elif wanted is not None:
        text = f"must be {wanted}, not {format_value(details['input'])}"
    return line(kind, details["loc"], f"{text}; pull the return_value of the tuning task")


def result_html(result: TuningResult) -> str:
    """Return a tuning job's result as two small tables."""
    counts = result.training_job_status_counters
    rows = {
        "Status": result.status,
        "Training jobs": f"{counts.completed or 0} of {counts.total} completed",
        "Reason": result.status_reason or result.failure_reason,
    }
    best = result.best_training_job
    if best is not None:
        metric = result.objective.metric_name if result.objective else "objective"
        rows |= {
            "Best training job": best.training_job_name,
            metric: None if result.final_metric is None else f"{result.final_metric:.6g}",
            "Model artifact": best.model_artifact,
        }
    tables = [table(result.tuning_job_name, rows.items())]
    if best is not None:
        tables.append(table("Best hyperparameters", best.tuned_hyper_parameters.items()))
    return "".join(tables)
