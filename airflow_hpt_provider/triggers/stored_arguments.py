"""Triggers that another version of this provider has stored in Airflow's database."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

log = logging.getLogger(__name__)


def ignore_unknown(trigger: object, arguments: Mapping[str, Any]) -> None:
    """Warn of arguments that this version does not know, and that are ignored.

    Airflow makes a trigger from the arguments that were stored when its task was deferred. After a downgrade, or while
    a triggerer still runs the previous version, they may hold some of a newer version. A TypeError would fail the task.
    """
    if arguments:
        log.warning(
            "%s ignores the arguments %s, which this version of airflow-hpt-provider does not know: a newer version "
            "has stored them. Run the same version on the workers and the triggerer.",
            type(trigger).__name__,
            ", ".join(sorted(arguments)),
        )
