"""Reading the file given as ``--faults``."""

from __future__ import annotations

import difflib
import tomllib
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from airflow_hpt_provider.local.aws_json.service_model import sagemaker_model
from airflow_hpt_provider.local.fault_injection.rules import (
    CallFault,
    FaultFile,
    TrainingJobFault,
    TuningJobFault,
)

if TYPE_CHECKING:
    from pathlib import Path

TABLES: dict[str, type[BaseModel]] = {
    "fault": CallFault,
    "training_job": TrainingJobFault,
    "tuning_job": TuningJobFault,
}


def load(path: Path) -> FaultFile:
    """Read a file of faults.

    Raises:
        ValueError: it is not one; every mistake with its table, field, value and remedy, a line each.
        OSError: it can't be read.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not valid TOML: {error}") from error
    mistakes = [
        f"unknown {name!r}: only [[fault]], [[training_job]] and [[tuning_job]] tables belong here"
        for name in content
        if name not in TABLES
    ]
    found: dict[str, list[Any]] = {}
    for name, model in TABLES.items():
        tables = content.get(name, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            mistakes.append(f"write [[{name}]], with double brackets: each is one entry of a list")
            continue
        for number, table in enumerate(tables, 1):
            try:
                found.setdefault(name, []).append(model.model_validate(table))
            except ValidationError as error:
                mistakes += [f"{name} {number}: {text}" for text in _texts(error, model)]
    for number, fault in enumerate(found.get("fault", ()), 1):
        mistake = _operation_mistake(fault.operation)
        if mistake:
            mistakes.append(f"fault {number}: {mistake}")
    if mistakes:
        raise ValueError("\n".join(f"{path}: {mistake}" for mistake in mistakes))
    return FaultFile(**{name: tuple(tables) for name, tables in found.items()})


def _texts(error: ValidationError, model: type[BaseModel]) -> list[str]:
    texts: list[str] = []
    for each in error.errors():
        field = ".".join(str(part) for part in each["loc"])
        match each["type"]:
            case "extra_forbidden":
                texts.append(f"unknown field {field!r}; use {', '.join(sorted(model.model_fields))}")
            case "missing":
                texts.append(f"{field}: is missing")
            case "value_error":
                texts.append(each["msg"].removeprefix("Value error, "))
            case _:
                rule = each["msg"].removeprefix("Input ")
                texts.append(f"{field}: {rule} (given: {each['input']!r})")
    return texts


def _operation_mistake(glob: str) -> str | None:
    """Explain why a glob matches no operation of SageMaker's: it would silently do nothing."""
    if ":" in glob:
        return None
    names = sagemaker_model().operation_names
    if any(fnmatchcase(name, glob) for name in names):
        return None
    near = difflib.get_close_matches(glob, names, n=1)
    hint = (
        f"; did you mean {near[0]!r}?"
        if near
        else "; give an operation's name, or a glob such as 'Describe*'"
    )
    return f"operation: no operation of SageMaker matches {glob!r}{hint}"
