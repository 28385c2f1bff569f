"""What all operators and sensors of this provider share: the AWS connection's arguments, and a hook made late."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.hooks.settings import ConnectionSettings

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

T = TypeVar("T")

CONNECTION_FIELDS = ("aws_conn_id", "region_name", "verify", "botocore_config")
"""Template fields."""


class TuningConnectionMixin:
    """The amazon provider's own base class would import boto3 whenever a DAG file is parsed."""

    aws_conn_id: str | None
    region_name: str | None
    verify: bool | str | None
    botocore_config: dict[str, Any] | None

    @property
    def connection_settings(self) -> ConnectionSettings:
        """The rendered arguments."""
        return ConnectionSettings(self.aws_conn_id, self.region_name, self.verify, self.botocore_config)

    @cached_property
    def hook(self) -> HyperParameterTuningHook:
        """The hook; made, and boto3 imported, when the task runs."""
        return self.connection_settings.hook()


def cast_argument(name: str, value: Any, kind: type[T]) -> Any:
    """An argument that may have been a template, as what it should be: ``"30"`` -> 30.0, ``"PT1H"`` -> timedelta.

    Raises:
        TuningJobConfigError: naming the argument, the value and the remedy.
    """
    if value is None or isinstance(value, kind):
        return value
    if kind is timedelta and isinstance(value, str) and value.strip().replace(".", "", 1).isdigit():
        value = float(value)  # a number of seconds that was a template
    try:
        return TypeAdapter(kind).validate_python(value)
    except ValidationError as error:
        raise TuningJobConfigError(f"{name}={value!r}: {error.errors()[0]['msg']}.") from None
