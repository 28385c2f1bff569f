"""The kinds of members an AWS structure has, as annotations that check and cast.

`Annotated[int, Whole(1, 30)]` reads an integer between 1 and 30, also from the string "10" that a template
leaves. Each kind keeps AWS's own constraints as attributes, so that tests can compare them with botocore's.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from dataclasses import dataclass
from enum import Enum, EnumType
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from airflow_hpt_provider.models.validation.errors import between, format_value, near, value_error
from airflow_hpt_provider.models.validation.mode import ValidationMode, current

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler


class Scalar:
    """A member that is one value. Subclasses read it, and describe it for JSON schema."""

    def read(self, value: Any) -> Any:
        """Return the value, cast and checked as in a request.

        Raises:
            PydanticCustomError: it cannot be cast, or breaks a constraint.
        """
        raise NotImplementedError

    def accept(self, value: Any) -> Any:
        """Return the value as in a response of AWS; constraints are not checked."""
        return self.read(value)

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema."""
        raise NotImplementedError

    def _validate(self, value: Any) -> Any:
        match current():
            case ValidationMode.STRICT:
                return self.read(value)
            case ValidationMode.LENIENT:
                return self.accept(value)
            case ValidationMode.PARTIAL:
                try:
                    return self.read(value)
                except PydanticCustomError:
                    return None

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Replace pydantic's own schema: the annotated type is what `read` returns."""
        return core_schema.no_info_plain_validator_function(self._validate)

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the JSON schema that forms and editors see."""
        return {key: value for key, value in self.schema().items() if value is not None}


@dataclass(frozen=True)
class Choice(Scalar):
    """One of a set of words; in answers any word. The values are plain strings, not enum members."""

    of: type[Enum] | Callable[[], tuple[str, ...]]
    remedy: str = ""
    """Said where a word is not known."""

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The words of the enumeration."""
        if isinstance(self.of, EnumType):
            return tuple(str(member.value) for member in self.of)
        return self.of()

    def read(self, value: Any) -> str:
        """Return the word."""
        if value is False and "Off" in self.values:  # what YAML makes of a bare `Off`
            value = "Off"
        word = value.value if isinstance(value, Enum) else value
        if isinstance(word, str) and word in self.values:
            return str(word)
        hint = near(word, self.values) if isinstance(word, str) else ""
        listed = ", ".join(self.values) if len(self.values) <= 12 else f"{len(self.values)} known values"
        raise value_error(
            "choice", f"must be one of {listed}, not {{shown}}{hint}{self.remedy}", shown=format_value(word)
        )

    def accept(self, value: Any) -> str:
        """Accept any word."""
        return str(value.value if isinstance(value, Enum) else value)

    def schema(self) -> dict[str, Any]:
        """Return an enumeration."""
        return {"type": "string", "enum": list(self.values)}


@dataclass(frozen=True)
class Whole(Scalar):
    """An integer, also given as text ("10") or as a whole float (10.0).

    ``bits`` is the size of AWS's type without the sign: 31 for integers, 63 for longs.
    """

    min: int | None = None
    max: int | None = None
    bits: int = 31

    def read(self, value: Any) -> int:
        """Return the integer, within its bounds."""
        number = self.accept(value)
        low, high = self.min, self.max
        if not -(1 << self.bits) <= number < 1 << self.bits:
            low = -(1 << self.bits) if low is None else low
            high = (1 << self.bits) - 1 if high is None else high
        if (low is not None and number < low) or (high is not None and number > high):
            raise value_error(
                "bounds", f"must be {between(low, high)}, not {{shown}}", shown=format_value(number)
            )
        return number

    def accept(self, value: Any) -> int:
        """Accept any integer."""
        if hasattr(value, "item"):
            value = value.item()
        if isinstance(value, int) and not isinstance(value, bool):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, str) and re.fullmatch(r"\s*[+-]?[0-9]{1,20}(\.0{1,20})?\s*", value):
            return int(value.strip().partition(".")[0])
        remedy = "give it as 10 or '10'"
        if isinstance(value, str) and value.strip() in {"", "None"}:
            remedy += " (a template of something empty?)"
        raise value_error(
            "whole", f"must be a whole number, not {{shown}}; {remedy}", shown=format_value(value)
        )

    def schema(self) -> dict[str, Any]:
        """Return an integer."""
        return {"type": "integer", "minimum": self.min, "maximum": self.max}


@dataclass(frozen=True)
class Number(Scalar):
    """A float, also given as text ("0.5")."""

    def read(self, value: Any) -> float:
        """Return the number, which must be finite."""
        number = self.accept(value)
        if not math.isfinite(number):
            raise value_error("number", "must be a finite number, not {shown}", shown=format_value(value))
        return number

    def accept(self, value: Any) -> float:
        """Any float, NaN and infinities included."""
        # Python alone reads 1_000, and the digits of other scripts.
        pythons_own = isinstance(value, str) and ("_" in value or not value.isascii())
        if not pythons_own and not isinstance(value, bool | bytes):
            try:
                return float(value)
            except (TypeError, ValueError, OverflowError):
                pass
        raise value_error(
            "number", "must be a number, not {shown}; give it as 0.5 or '0.5'", shown=format_value(value)
        )

    def schema(self) -> dict[str, Any]:
        """Return a number."""
        return {"type": "number"}


@dataclass(frozen=True)
class Flag(Scalar):
    """A boolean, also given as text ("true", "False")."""

    def read(self, value: Any) -> bool:
        """Return the boolean."""
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        raise value_error("flag", "must be true or false, not {shown}", shown=format_value(value))

    def schema(self) -> dict[str, Any]:
        """Return a boolean."""
        return {"type": "boolean"}


@dataclass(frozen=True)
class Time(Scalar):
    """A moment, as a datetime, an ISO 8601 string or seconds since 1970. Without a zone it is UTC."""

    def read(self, value: Any) -> dt.datetime:
        """Return the moment, with its zone."""
        moment: dt.datetime | None = None
        try:
            if isinstance(value, dt.datetime):
                moment = value
            elif isinstance(value, str):
                moment = dt.datetime.fromisoformat(value)
            elif isinstance(value, int | float) and not isinstance(value, bool):
                moment = dt.datetime.fromtimestamp(value, dt.UTC)
        except (ValueError, OverflowError, OSError):
            moment = None
        if moment is None:
            raise value_error(
                "time", "must be a time, not {shown}; give it as ISO 8601", shown=format_value(value)
            )
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)

    def schema(self) -> dict[str, Any]:
        """Return a date-time."""
        return {"type": "string", "format": "date-time"}
