"""Which AWS connection the API server may use for a task: only what a worker or the DAG's own code has written.

See docs/decisions/0018-page-trusts-no-xcom.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.hooks.settings import ConnectionSettings
from airflow_hpt_provider.ui.problems import Problem

if TYPE_CHECKING:
    from airflow_hpt_provider.ui.task_code import TaskCode

_CONNECTION_ID = re.compile(r"[\w#!()\-.:/\\]{1,250}")
"""As Airflow allows it. A masked, cut off or unrendered value does not match."""
_REGION = re.compile(r"[a-z0-9-]{1,63}")
_NULL = (None, "None", "")
_UNKNOWN = object()


def connection_of(code: TaskCode, rendered: Mapping[str, Any]) -> ConnectionSettings:
    """Return the connection of a task.

    Args:
        code: what the DAG's code says of the task.
        rendered: what a worker has stored: the task's rendered fields or its trigger's arguments; empty if Airflow
            has neither.

    Raises:
        Problem: it cannot be known from these two.
    """
    return ConnectionSettings(
        aws_conn_id=_required("aws_conn_id", _connection_id(code, rendered)),
        region_name=_required("region_name", _region(code, rendered)),
        verify=_required("verify", _of_code("verify", code, rendered)),
        botocore_config=_required("botocore_config", _of_code("botocore_config", code, rendered)),
    )


def _connection_id(code: TaskCode, rendered: Mapping[str, Any]) -> Any:
    """Return the connection's id. None, the API server's own credentials, comes only from the DAG's code."""
    stored = rendered.get("aws_conn_id")
    if isinstance(stored, str) and stored != "None" and _CONNECTION_ID.fullmatch(stored):
        return stored
    constant = code.constants.get("aws_conn_id", _UNKNOWN)
    if constant in _NULL:
        return None
    return constant if isinstance(constant, str) and _CONNECTION_ID.fullmatch(constant) else _UNKNOWN


def _region(code: TaskCode, rendered: Mapping[str, Any]) -> Any:
    for source in (rendered, code.constants):
        value = source.get("region_name", _UNKNOWN)
        if value in _NULL:
            return None
        if isinstance(value, str) and _REGION.fullmatch(value):
            return value
    return _UNKNOWN


def _of_code(name: str, code: TaskCode, rendered: Mapping[str, Any]) -> Any:
    """Return an argument that may switch off TLS or lead through a proxy: the DAG's code alone may set it."""
    if name in code.constants:
        return code.constants[name]
    # A template that was rendered to None changes nothing.
    return None if rendered.get(name, _UNKNOWN) in _NULL else _UNKNOWN


def _required(name: str, value: Any) -> Any:
    if value is not _UNKNOWN:
        return value
    raise Problem(
        409,
        "unknown_connection",
        "The connection of this task cannot be known",
        f"{name} is a template or is not in the DAG's code, and Airflow does not have the value that a worker used."
        " The page does not take it from an XCom, because a user who may edit the XComs could then choose it.",
        f"Give the task {name} as a constant."
        if name in ("verify", "botocore_config")
        else f"Give the task {name} as a constant, or keep its rendered fields for longer: [core]"
        " num_dag_runs_to_retain_rendered_fields.",
    )
