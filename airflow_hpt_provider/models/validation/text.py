"""Texts among the members of an AWS structure, and what becomes text in them."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from airflow_hpt_provider.models.validation import patterns
from airflow_hpt_provider.models.validation.errors import between, format_value, value_error
from airflow_hpt_provider.models.validation.scalars import Scalar
from airflow_hpt_provider.models.validation.written import WrittenFloat, WrittenInt


def as_text(value: object, *, structures: bool = False) -> str | None:
    """Return a value as the text that AWS stores; None if it has no such text.

    Numbers from config files keep the digits of the file. Other numbers, and booleans, are written as JSON
    (`0.1`, `3`, `true`), as the SageMaker SDK's ModelTrainer does; with `structures`, lists and dicts too.
    """
    if isinstance(value, Enum):
        value = value.value
    if isinstance(value, str):
        return value
    if isinstance(value, WrittenInt | WrittenFloat):
        return value.written
    if hasattr(value, "item"):  # a NumPy scalar
        value = value.item()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, bool | int | float) or (structures and isinstance(value, list | dict | tuple)):
        try:
            return json.dumps(value)
        except (TypeError, ValueError):
            return None
    return None


@dataclass(frozen=True)
class Text(Scalar):
    """A string: its length in characters, and AWS's own regular expression for the whole of it.

    Numbers and booleans are cast as :func:`as_text` does; `structures` admits lists and dicts, as JSON.
    """

    min: int
    max: int
    pattern: str | None = None
    structures: bool = False

    def read(self, value: Any) -> str:
        """Return the text."""
        text = as_text(value, structures=self.structures)
        if text is None:
            raise value_error(
                "text", "must be a string, not {shown}; give it in quotes", shown=format_value(value)
            )
        misformed = self.pattern is not None and not patterns.matches(self.pattern, text)
        short = len(text) < self.min and not (text and misformed)  # a longer one would not match either
        if short or len(text) > self.max:
            raise value_error(
                "text_length",
                f"must have {between(self.min, self.max)} characters, but {{shown}} has {len(text)}; "
                f"{'shorten' if len(text) > self.max else 'lengthen'} it",
                shown=format_value(text),
            )
        if self.pattern is not None and misformed:
            raise value_error(
                "text_pattern",
                f"{{shown}} is not of the form {patterns.describe(self.pattern)}; change it to match",
                shown=format_value(text),
            )
        return text

    def accept(self, value: Any) -> str:
        """Accept any text."""
        text = as_text(value, structures=True)
        return self.read(value) if text is None else text

    def schema(self) -> dict[str, Any]:
        """Return a string."""
        pattern = self.pattern and patterns.for_json_schema(self.pattern)
        return {"type": "string", "minLength": self.min or None, "maxLength": self.max, "pattern": pattern}
