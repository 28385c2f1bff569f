"""Base of all models: AWS's names in addition to Python's, and how structures are read and written.

Attributes have the names that botocore's `xform_name` makes (`max_parallel_training_jobs`); AWS's names
(`MaxParallelTrainingJobs`) are their aliases. Both are taken, AWS's are written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from airflow_hpt_provider.models.validation.collections import from_json_text, tojson_hint
from airflow_hpt_provider.models.validation.errors import (
    format_value,
    line,
    lines_of,
    nearest,
    validation_error,
    value_error,
)
from airflow_hpt_provider.models.validation.mode import ValidationMode, current, reading
from airflow_hpt_provider.models.validation.names import aws_name

if TYPE_CHECKING:
    from pydantic_core import InitErrorDetails


class AwsModel(BaseModel):
    """A structure of the API. Instances are values: they cannot be changed; `model_copy(update=…)` makes another.

    The core schemas are built at first use, so that importing the models costs a DAG file little.
    """

    model_config = ConfigDict(
        alias_generator=aws_name,
        validate_by_name=True,
        validate_by_alias=True,
        serialize_by_alias=True,
        extra="allow",  # unknown members are refused in requests by `_read`, and kept in answers
        frozen=True,
        defer_build=True,
        hide_input_in_errors=True,
        protected_namespaces=(),
    )
    remedy_of_unknown_member: ClassVar[str] = "remove it"
    remedies_of_unknown_members: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def aws_shape(cls) -> str:
        """Return the name of this structure in AWS's service model."""
        return cls.__name__

    def to_aws(self) -> dict[str, Any]:
        """Return boto3's arguments: AWS's names, plain Python values, and only members that are set."""
        return self.model_dump(by_alias=True, exclude_none=True)

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        return ((name, value) for name, value in super().__repr_args__() if value is not None)

    @model_validator(mode="wrap")
    @classmethod
    def _read(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Take either naming; report unknown members together with what else is wrong."""
        if isinstance(data, cls):
            return handler(data)
        how = current()
        try:
            data = cls.expand_shorthands(from_json_text(data, "{"))
            if not isinstance(data, Mapping):
                raise value_error(
                    "structure",
                    "must be a structure, not {shown}; put its members in { }{hint}",
                    shown=format_value(data),
                    hint=tojson_hint(data),
                )
        except PydanticCustomError:
            if how is ValidationMode.PARTIAL:
                return None  # type: ignore[return-value]
            raise
        members, faults = _in_aws_names(cls, data, how)
        try:
            model = handler(members)
        except ValidationError as error:
            raise validation_error(
                cls.__name__, faults + _without_misspelt(lines_of(error), faults)
            ) from None
        if faults:
            raise validation_error(cls.__name__, faults)
        return model

    @classmethod
    def expand_shorthands(cls, data: Any) -> Any:
        """Return the input with each shorthand for a part of this structure written out.

        Raises:
            PydanticCustomError: a shorthand contradicts itself.
        """
        return data


class RequestModel(AwsModel):
    """A structure that people write: every constraint of the API is checked."""


class AnswerModel(AwsModel):
    """A structure that AWS answers with: unknown members and values are kept, constraints are not checked."""

    @model_validator(mode="wrap")
    @classmethod
    def _take(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        with reading(ValidationMode.LENIENT):
            return handler(data)


@cache
def _names(model: type[AwsModel]) -> dict[str, str]:
    """Attribute and AWS name -> AWS name."""
    names: dict[str, str] = {}
    for attribute in model.model_fields:
        names[attribute] = names[aws_name(attribute)] = aws_name(attribute)
    return names


def _without_misspelt(
    lines: list[InitErrorDetails], faults: list[InitErrorDetails]
) -> list[InitErrorDetails]:
    """Return the lines without those about a missing member that is given under a wrong name."""
    contexts = [getattr(each["type"], "context", None) or {} for each in faults]
    meant = {(context["meant"],) for context in contexts if "meant" in context}
    return [
        each
        for each in lines
        if getattr(each["type"], "type", "") != "missing" or each.get("loc", ()) not in meant
    ]


def _in_aws_names(
    model: type[AwsModel], data: Mapping[Any, Any], how: ValidationMode
) -> tuple[dict[str, Any], list[InitErrorDetails]]:
    """Return the members under AWS's names, and a line for each that the structure does not know."""
    names = _names(model)
    members: dict[str, Any] = {}
    faults: list[InitErrorDetails] = []
    for key, value in data.items():
        name = names.get(key)
        if name is None:
            if how is ValidationMode.LENIENT and key != "ResponseMetadata":
                members[str(key)] = value
            elif how is ValidationMode.STRICT:
                remedy = model.remedies_of_unknown_members.get(str(key))
                meant = None if remedy else nearest(str(key), set(names.values()))
                remedy = remedy or model.remedy_of_unknown_member
                hint = f"; did you mean {meant!r}?" if meant else f"; {remedy}"
                context = {"meant": meant} if meant else {}
                faults.append(
                    line("unknown_member", (str(key),), f"Unknown member {str(key)!r}{hint}", **context)
                )
        elif name in members:
            faults.append(line("given_twice", (name,), f"is given twice, also as {str(key)!r}; keep one"))
        elif value is not None:
            members[name] = value
    if how is ValidationMode.PARTIAL:
        faults.clear()
        for attribute, field in model.model_fields.items():
            if field.is_required():
                members.setdefault(aws_name(attribute), None)
    return members, faults
