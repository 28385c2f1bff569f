"""Base class of the triggers: their connection, and how Airflow stores them."""

from __future__ import annotations

import inspect
import logging
from typing import Any

from airflow.triggers.base import BaseTrigger

from airflow_hpt_provider.hooks.settings import ConnectionSettings

log = logging.getLogger(__name__)


class TuningBaseTrigger(BaseTrigger):
    """A trigger that calls AWS, and that Airflow stores with the arguments of its ``__init__``.

    Each argument is kept in an attribute of its name.

    Args:
        aws_conn_id, region_name, verify, botocore_config: as for every AWS hook. aiobotocore is not needed.
        **unknown: arguments that this version does not know. Airflow makes a trigger from the arguments that were
            stored when its task was deferred. After a downgrade, or while a triggerer still runs the previous
            version, they may hold some of a newer version. They are ignored with a warning: a TypeError would fail
            the task.
    """

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **unknown: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config
        if unknown:
            log.warning(
                "%s ignores the arguments %s, which this version of airflow-hpt-provider does not know: a newer "
                "version has stored them. Run the same version on the workers and the triggerer.",
                type(self).__name__,
                ", ".join(sorted(unknown)),
            )

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Return the class path and the arguments that recreate this trigger."""
        names = (
            parameter.name
            for each in type(self).__mro__
            if issubclass(each, TuningBaseTrigger) and "__init__" in vars(each)
            for parameter in inspect.signature(each).parameters.values()
            if parameter.kind is not parameter.VAR_KEYWORD
        )
        path = f"{type(self).__module__}.{type(self).__qualname__}"
        return path, {name: getattr(self, name) for name in names}

    @property
    def _settings(self) -> ConnectionSettings:
        return ConnectionSettings.from_kwargs(vars(self))
