"""Lists and maps among the members of AWS's structures, as annotations that check how much they hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from airflow_hpt_provider.models.faults import between, fault, hide_secrets, refusal, show
from airflow_hpt_provider.models.members import as_text
from airflow_hpt_provider.models.reading import Reading, current


def from_json_text(value: object, opening: str) -> object:
    """The structure or list that a template has rendered as JSON text (`| tojson`); anything else unchanged."""
    if isinstance(value, str) and value.lstrip().startswith(opening):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


@dataclass(frozen=True)
class Items:
    """How many elements a list has. JSON text is read as the list it holds."""

    min: int = 0
    max: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Wrap pydantic's own schema of the list."""
        return core_schema.no_info_wrap_validator_function(self._validate, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The list's JSON schema with its bounds."""
        bounds = {"minItems": self.min or None, "maxItems": self.max}
        return {**handler(schema), **{key: value for key, value in bounds.items() if value is not None}}

    def _validate(self, value: Any, handler: Callable[[Any], list[Any]]) -> list[Any] | None:
        how = current()
        value = from_json_text(value, "[")
        try:
            if not isinstance(value, list | tuple):
                raise fault("list", "must be a list, not {shown}; put it in [ ]", shown=show(value))
            if how is Reading.REQUEST:
                _check_count(len(value), self.min, self.max, "elements")
            return handler(value)
        except (ValidationError, PydanticCustomError):
            if how is Reading.PARTS:
                return None
            raise


@dataclass(frozen=True)
class Entries:
    """How many entries a map of texts has. Errors do not show values under names that look secret."""

    min: int = 0
    max: int | None = None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Wrap pydantic's own schema of the map."""
        return core_schema.no_info_wrap_validator_function(self._validate, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The map's JSON schema with its bounds."""
        bounds = {"minProperties": self.min or None, "maxProperties": self.max}
        return {**handler(schema), **{key: value for key, value in bounds.items() if value is not None}}

    def _validate(self, value: Any, handler: Callable[[Any], dict[str, str]]) -> dict[str, str] | None:
        how = current()
        value = from_json_text(value, "{")
        try:
            if not isinstance(value, Mapping):
                raise fault("map", "must be a map of names to values, not {shown}", shown=show(value))
            if how is Reading.REQUEST:
                _check_count(len(value), self.min, self.max, "entries")
            if how is Reading.PARTS:
                # the names alone matter between parts: a bad value must not hide them
                return {str(name): as_text(text, structures=True) or "" for name, text in value.items()}
            return handler(value)
        except ValidationError as error:
            raise refusal(error.title, hide_secrets(error)) from None
        except PydanticCustomError:
            if how is Reading.PARTS:
                return None
            raise


def _check_count(count: int, least: int, most: int | None, what: str) -> None:
    if count < least or (most is not None and count > most):
        advice = "remove some" if count > least else "add some"
        raise fault(
            "count", f"must have {between(least, most)} {what}, not {{shown}}; {advice}", shown=str(count)
        )
