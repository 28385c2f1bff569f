"""The CreateHyperParameterTuningJob request."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from airflow_hpt_provider.models import shapes
from airflow_hpt_provider.models.files import read_config, with_lines
from airflow_hpt_provider.models.fingerprints import fingerprint_of
from airflow_hpt_provider.models.naming import with_names
from airflow_hpt_provider.models.rules import broken_rules, warnings_of
from airflow_hpt_provider.models.training import HyperParameterTrainingJobDefinition
from airflow_hpt_provider.models.tuning import (
    Autotune,
    HyperParameterTuningJobConfig,
    HyperParameterTuningJobWarmStartConfig,
    Tag,
)
from airflow_hpt_provider.models.validation.base import RequestModel
from airflow_hpt_provider.models.validation.collections import ListSize
from airflow_hpt_provider.models.validation.errors import Location, lines_of, validation_error
from airflow_hpt_provider.models.validation.mode import ValidationMode, current, reading
from airflow_hpt_provider.models.validation.problems import RULE, Problem


class TuningJobRequest(RequestModel):
    """A request for a tuning job, checked against all that AWS is known to check.

    `TuningJobRequest.model_validate(config)` takes what boto3's `create_hyper_parameter_tuning_job` takes, also
    with Python's names, with numbers as text and with numbers where AWS wants text. All errors come in one
    `pydantic.ValidationError`; :func:`airflow_hpt_provider.models.explain` formats it.

    The name may be missing: the operator derives one (:meth:`with_name`).
    """

    remedies_of_unknown_members: ClassVar[Mapping[str, str]] = {
        "S3Operations": "the amazon provider's operator makes buckets and uploads files by it. Upload the code in a "
        "separate task, name the archive in StaticHyperParameters.sagemaker_submit_directory, and remove S3Operations"
    }

    hyper_parameter_tuning_job_name: shapes.HyperParameterTuningJobName | None = Field(
        None, description="Name of the tuning job, 1 to 32 characters; unique in account and region."
    )
    hyper_parameter_tuning_job_config: HyperParameterTuningJobConfig = Field(
        description="How the tuning job searches."
    )
    training_job_definition: HyperParameterTrainingJobDefinition | None = Field(
        None, description="What each training job does."
    )
    training_job_definitions: Annotated[list[HyperParameterTrainingJobDefinition], ListSize(1, 10)] | None = (
        Field(None, description="Several algorithms that share one budget, 1 to 10.")
    )
    warm_start_config: HyperParameterTuningJobWarmStartConfig | None = Field(
        None, description="Earlier tuning jobs to learn from."
    )
    tags: Annotated[list[Tag], ListSize(0, 50)] | None = Field(
        None, description="Labels on the tuning job and its training jobs."
    )
    autotune: Autotune | None = Field(
        None, description="Lets the service choose ranges, limits and strategy."
    )

    @classmethod
    def aws_shape(cls) -> str:
        """Return the name in AWS's service model."""
        return "CreateHyperParameterTuningJobRequest"

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """Return the request in a .json, .yaml or .yml file.

        Raises:
            pydantic.ValidationError: it is not a valid request. Each error names its line.
            ConfigFileError: the file is missing, or is not well-formed.
        """
        config = read_config(path)
        try:
            return cls.model_validate(config)
        except ValidationError as error:
            raise with_lines(error, path) from None

    def with_name(self, name: str) -> Self:
        """Return this request under another name.

        Raises:
            pydantic.ValidationError: the name is not valid.
        """
        return self.model_validate({**self.to_dict(), "HyperParameterTuningJobName": name})

    def with_tags(self, tags: Mapping[str, str] | Iterable[Mapping[str, str] | Tag]) -> Self:
        """Return this request with more tags; a tag replaces another with the same key.

        Args:
            tags: key -> value, or elements with Key and Value.

        Raises:
            pydantic.ValidationError: a tag is not valid, or there are too many.
        """
        if isinstance(tags, Mapping):
            tags = [Tag(key=key, value=value) for key, value in tags.items()]
        merged = {tag.key: tag for tag in [*(self.tags or ()), *map(Tag.model_validate, tags)]}
        return self.model_validate({**self.to_dict(), "Tags": [tag.to_aws() for tag in merged.values()]})

    def with_parents(self, names: Iterable[str]) -> Self:
        """Return this request, warm-started from more tuning jobs.

        A request without a warm start gets one of type IdenticalDataAndAlgorithm; one that has it keeps its type.

        Args:
            names: the parents' names.

        Raises:
            pydantic.ValidationError: it has more than five parents then.
        """
        config = dict(self.to_dict().get("WarmStartConfig") or {"WarmStartType": "IdenticalDataAndAlgorithm"})
        more = [{"HyperParameterTuningJobName": name} for name in names]
        parents = [*config.get("ParentHyperParameterTuningJobs", ()), *more]
        config["ParentHyperParameterTuningJobs"] = parents
        return self.model_validate({**self.to_dict(), "WarmStartConfig": config})

    def to_dict(self) -> dict[str, Any]:
        """Return the request in AWS's names, with or without a name."""
        return super().to_aws()

    def to_aws(self) -> dict[str, Any]:
        """Return the arguments of boto3's `create_hyper_parameter_tuning_job`.

        Raises:
            ValueError: the request has no name yet.
        """
        if self.hyper_parameter_tuning_job_name is None:
            msg = "HyperParameterTuningJobName is missing; add it to the config, or use with_name('my-tuning-job')"
            raise ValueError(msg)
        return self.to_dict()

    def warnings(self) -> "list[Problem]":
        """Return warnings about valid members that are likely to go wrong, each with field, value and remedy."""
        return warnings_of(self)

    def fingerprint(self) -> str:
        """SHA-256, in hexadecimal, of all that determines the job: everything but its name and its tags.

        The same however the request was written: naming, numbers as text, order of members.
        """
        return fingerprint_of(self.to_dict())

    @model_validator(mode="wrap")
    @classmethod
    def _check(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Report broken rules together with what else is wrong."""
        if isinstance(data, cls) or current() is not ValidationMode.STRICT:
            return handler(data)
        try:
            request = handler(data)
        except ValidationError as error:
            lines = lines_of(error)
            problems = problems_beside(lines, data)
            every = lines + [problem.as_line() for problem in problems]
            raise validation_error(cls.__name__, with_names(every, data)) from None
        if problems := broken_rules(request):
            raise validation_error(
                cls.__name__, with_names([problem.as_line() for problem in problems], data)
            )
        return request


def check_request(request: TuningJobRequest | Mapping[str, Any]) -> list[Problem]:
    """Return the rules that a request breaks which AWS checks only after the call.

    Args:
        request: a request, or a mapping that is to be one. Of a faulty mapping, as much is checked as can be read.

    Returns:
        The problems, in the order of the rules; none if all is well.
    """
    try:
        return broken_rules(TuningJobRequest.model_validate(request))
    except ValidationError as error:
        return problems_beside(lines_of(error), request)


def check_warnings(request: Mapping[str, Any]) -> list[Problem]:
    """Return warnings about valid members of a request that are likely to go wrong.

    Args:
        request: a request in AWS names. Of a faulty one, as much is checked as can be read.
    """
    with reading(ValidationMode.PARTIAL):
        parts: TuningJobRequest | None = TuningJobRequest.model_validate(request)
    return [] if parts is None else warnings_of(parts)


def problems_beside(lines: Iterable[InitErrorDetails], request: Any) -> list[Problem]:
    """Return the rules that a request breaks besides the errors that are known.

    Args:
        lines: the known errors. What they may be the true cause of is left out.
        request: what cannot be read as a request.
    """
    unread: list[Location] = []
    for each in lines:
        location, kind = each.get("loc", ()), each["type"]
        if isinstance(kind, str) or kind.type != RULE:
            unread.append(location)
            context = {} if isinstance(kind, str) else kind.context or {}
            if "meant" in context:  # a misspelt member: what it was meant to be is not really missing
                unread.append((*location[:-1], context["meant"]))
    with reading(ValidationMode.PARTIAL):
        parts: TuningJobRequest | None = TuningJobRequest.model_validate(request)
    if parts is None:
        return []
    return [problem for problem in broken_rules(parts) if not problem.unsure(unread)]
