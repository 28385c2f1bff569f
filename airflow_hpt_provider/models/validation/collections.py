"""The lists and maps in AWS's structures, as annotations that check how much they hold.

`Annotated[list[Tag], ListSize(0, 50)]` reads a list of at most 50 tags, `Annotated[dict[str, str], MapSize(0, 100)]`
a map with at most 100 entries; both also from the JSON text that a template leaves.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from airflow_hpt_provider.models.printable import shortened
from airflow_hpt_provider.models.secret_names import looks_secret
from airflow_hpt_provider.models.validation.errors import (
    between,
    format_value,
    hide_secrets,
    validation_error,
    value_error,
)
from airflow_hpt_provider.models.validation.mode import ValidationMode, current
from airflow_hpt_provider.models.validation.names import aws_name
from airflow_hpt_provider.models.validation.scalars import Scalar
from airflow_hpt_provider.models.validation.text import as_text


def from_json_text(value: object, opening: str) -> object:
    """Return the structure or list that a template has rendered as JSON text (`| tojson`); anything else unchanged."""
    if isinstance(value, str) and value.lstrip().startswith(opening):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def tojson_hint(value: object) -> str:
    """Return the remedy for a Python structure that a template has rendered as text; empty for anything else."""
    if isinstance(value, str) and value.lstrip().startswith(("{", "[")):
        return " (if a template gives it, add the filter: {{ ... | tojson }})"
    return ""


@dataclass(frozen=True)
class _Size:
    """The bounds of a list's or map's size, and how pydantic and JSON schema see them."""

    min: int = 0
    max: int | None = None

    unit: ClassVar[str]
    """What is counted."""
    keywords: ClassVar[tuple[str, str]]
    """JSON schema's words for the two bounds."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Wrap pydantic's own schema of the list or map."""

        def validate(value: Any, inner: Callable[[Any], Any]) -> Any:
            return self._validate(value, inner, source)

        return core_schema.no_info_wrap_validator_function(validate, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the JSON schema with its bounds."""
        bounds = zip(self.keywords, (self.min or None, self.max), strict=True)
        return {**handler(schema), **{keyword: bound for keyword, bound in bounds if bound is not None}}

    def _validate(self, value: Any, handler: Callable[[Any], Any], source: Any) -> Any:
        raise NotImplementedError

    def _check_count(self, count: int) -> None:
        if count < self.min or (self.max is not None and count > self.max):
            advice = "remove some" if count > self.min else "add some"
            raise value_error(
                "count",
                f"must have {between(self.min, self.max)} {self.unit}, not {{shown}}; {advice}",
                shown=str(count),
            )


@dataclass(frozen=True)
class ListSize(_Size):
    """How many elements a list has."""

    unit = "elements"
    keywords = ("minItems", "maxItems")

    def _validate(self, value: Any, handler: Callable[[Any], list[Any]], source: Any) -> list[Any] | None:
        how = current()
        value = from_json_text(value, "[")
        try:
            if not isinstance(value, list | tuple):
                remedy = _how_to_list(value, *get_args(source)) + tojson_hint(value)
                raise value_error(
                    "list", "must be a list, not {shown}; {remedy}", shown=format_value(value), remedy=remedy
                )
            if how is ValidationMode.STRICT:
                self._check_count(len(value))
            return handler(value)
        except (ValidationError, PydanticCustomError):
            if how is ValidationMode.PARTIAL:
                return None
            raise


@dataclass(frozen=True)
class MapSize(_Size):
    """How many entries a map of texts has. Errors do not show values under names that look secret."""

    unit = "entries"
    keywords = ("minProperties", "maxProperties")

    def _validate(
        self, value: Any, handler: Callable[[Any], dict[str, str]], source: Any
    ) -> dict[str, str] | None:
        how = current()
        value = from_json_text(value, "{")
        try:
            if not isinstance(value, Mapping):
                remedy = 'write it as {"name": "value"}' + tojson_hint(value)
                raise value_error(
                    "map",
                    "must be a map of names to values, not {shown}; {remedy}",
                    shown=format_value(value),
                    remedy=remedy,
                )
            if how is ValidationMode.STRICT:
                self._check_count(len(value))
            if how is ValidationMode.PARTIAL:
                # the names alone matter between parts: a bad value must not hide them
                return {str(name): as_text(text, structures=True) or "" for name, text in value.items()}
            return handler(value)
        except ValidationError as error:
            raise validation_error(error.title, hide_secrets(error)) from None
        except PydanticCustomError:
            if how is ValidationMode.PARTIAL:
                return None
            raise


def _how_to_list(value: object, element: Any) -> str:
    """Return the remedy for a value that is given in place of a list.

    A mapping is either one element, whose brackets were forgotten, or names with what belongs to them, as other
    libraries take tags and channels: `{"team": "x"}` for `[{"Key": "team", "Value": "x"}]`.

    Args:
        value: what stands there.
        element: the type of the list's elements.
    """
    if not isinstance(value, Mapping) or not value or not _is_structure(element):
        return "put it in [ ]"
    if {
        name for attribute in element.model_fields for name in (attribute, aws_name(attribute))
    } & value.keys():
        return "put the structure in [ ]"
    required = {aws_name(name): field for name, field in element.model_fields.items() if field.is_required()}
    name, content = next(iter(value.items()))
    members = [f"{json.dumps(member)}: {{...}}" for member in required]
    for place, (member, field) in enumerate(required.items()):
        text = str(name) if place == 0 else as_text("***" if looks_secret(name) else content)
        if place < 2 and text is not None and any(isinstance(each, Scalar) for each in field.metadata):
            members[place] = f"{json.dumps(member)}: {_quoted(text)}"
    return f"write it as [{{{', '.join(members)}}}{', ...' * (len(value) > 1)}]"


def _quoted(text: str) -> str:
    return json.dumps(shortened(text, 40), ensure_ascii=False)


def _is_structure(element: Any) -> bool:
    return isinstance(element, type) and issubclass(element, BaseModel)
