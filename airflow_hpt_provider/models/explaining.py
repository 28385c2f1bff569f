"""Validation errors for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_hpt_provider.models.faults import aws_path

if TYPE_CHECKING:
    from pydantic import ValidationError


def explain(error: ValidationError) -> str:
    """A validation error as text: one line for each thing that is wrong.

    Each line has the place in AWS's names, what is wrong with which value, and what to do; after the file and
    line, if the request came from a file. Values that look secret are not shown::

        HyperParameterTuningJobConfig.Stratgy: Unknown member 'Stratgy'; did you mean 'Strategy'?
    """
    lines = []
    for details in error.errors(include_url=False, include_input=False):
        context = details.get("ctx") or {}
        place = aws_path(details["loc"])
        text = "is required; add it" if details["type"] == "missing" else details["msg"]
        source = f"{context['file']}:{context['line']}: " if "file" in context and "line" in context else ""
        lines.append(f"{source}{place}: {text}" if place else f"{source}{text}")
    return "\n".join(lines)
