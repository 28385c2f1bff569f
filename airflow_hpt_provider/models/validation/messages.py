"""Formats validation errors as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.models.validation.errors import aws_path, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import ValidationError


def explain(error: ValidationError) -> str:
    """Return a validation error as text: one line for each thing that is wrong.

    Each line has the place in AWS's names, what is wrong with which value, and what to do; after the file and
    line, if the request came from a file. Values that look secret are not shown::

        HyperParameterTuningJobConfig.Stratgy: Unknown member 'Stratgy'; did you mean 'Strategy'?
    """
    return "\n".join(f"{place}{text}" for place, text, _ in errors_in(error))


def errors_in(error: ValidationError) -> Iterator[tuple[str, str, object]]:
    """Each thing that is wrong: where (file, line and field, each with a colon), what, and the value there."""
    for details in error.errors(include_url=False):
        context = details.get("ctx") or {}
        field = aws_path(details["loc"])
        source = f"{context['file']}:{context['line']}: " if "file" in context and "line" in context else ""
        yield f"{source}{field}: " if field else source, text_of(details), details["input"]
