"""Reads a tuning job's name that comes from another task, in all the forms in which DAG authors write it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.xcom.push import RETURN_VALUE, TUNING_JOB_NAME

_PULL = re.compile(
    r"""\{\{\s*(?:ti|task_instance)\.xcom_pull\(\s*(?:task_ids\s*=\s*)?(["'])(?P<task>[\w.-]+)\1
        (?:\s*,\s*key\s*=\s*(["'])(?P<key>\w+)\3)?\s*,?\s*\)\s*\}\}""",
    re.VERBOSE,
)


def job_name(value: Any) -> Any:
    """Return the name in a rendered argument: the name itself, or the creating task's result."""
    return value.get(TUNING_JOB_NAME, value) if isinstance(value, Mapping) else value


def checked_job_name(value: Any) -> str:
    """Return the name in a rendered argument, after checking it.

    Raises:
        TuningJobConfigError: there is none: the task that it comes from was skipped, say, or has another result.
    """
    name = job_name(value)
    if type(name) is int:  # a name made of digits, which native rendering has made a number
        name = str(name)
    if not isinstance(name, str) or not name.strip():
        raise TuningJobConfigError(
            f"tuning_job_name={value!r:.200} does not name a tuning job. If it comes from another task, check that the"
            f" task pushed XCom {TUNING_JOB_NAME!r}."
        )
    return name


def source_of(value: Any) -> dict[str, str] | None:
    """Return the XCom that holds a name: ``create.output``, ``create.output["tuning_job_name"]``, or a plain template.

    Returns:
        ``{"task_id": ..., "key": ...}``; None for anything else.
    """
    if isinstance(value, str):
        match = _PULL.fullmatch(value.strip())
        return {"task_id": match["task"], "key": match["key"] or RETURN_VALUE} if match else None
    operator, key = getattr(value, "operator", None), getattr(value, "key", None)
    task_id = getattr(operator, "task_id", None)
    if type(value).__name__ != "PlainXComArg" or not isinstance(key, str) or not isinstance(task_id, str):
        return None
    return {"task_id": task_id, "key": key}


def is_known_to_triggerer(value: Any) -> bool:
    """Return whether the triggerer can render an argument: it knows params, dag_run and var; XComs hang it for ever.

    Args:
        value: as the DAG's author wrote it: text, or what holds text; another task's output is not known.
    """
    if isinstance(value, Mapping):
        return all(map(is_known_to_triggerer, value.values()))
    if isinstance(value, list | tuple):
        return all(map(is_known_to_triggerer, value))
    if not isinstance(value, str):
        return value is None or isinstance(value, int | float)
    names = re.findall(r"\{[{%](.*?)[}%]\}", value, re.DOTALL)
    return "{%" not in value and all(re.match(r"\s*(params|dag_run|var)\b", name) for name in names)
