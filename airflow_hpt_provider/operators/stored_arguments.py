"""Deferred tasks that another version of this provider has stored in Airflow's database."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Any

log = logging.getLogger(__name__)


def known_arguments(task: object, method: str, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the stored arguments that a deferred task's method takes; warn of the others.

    Airflow resumes a task with the arguments that were stored when it was deferred. After a downgrade, they may hold
    some of a newer version. A TypeError would fail the task.

    Args:
        task: the operator or sensor that Airflow resumes.
        method: the name of its method, as it was stored. All arguments of a method that does not exist are known.
        arguments: the stored arguments, and the trigger's event.
    """
    stored = dict(arguments or {})
    if (called := getattr(task, method, None)) is None:
        return stored
    parameters = inspect.signature(called).parameters
    if any(each.kind is each.VAR_KEYWORD for each in parameters.values()):  # of a derived class
        return stored
    unknown = stored.keys() - parameters.keys()
    if unknown:
        log.warning(
            "%s.%s ignores the arguments %s, which this version of airflow-hpt-provider does not know: a newer "
            "version has stored them. Run the same version on the workers and the triggerer.",
            type(task).__name__,
            method,
            ", ".join(sorted(unknown)),
        )
    return {name: value for name, value in stored.items() if name not in unknown}
