"""What the package takes from Airflow when it is imported, for the tuning page and commands without Airflow."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any


class AirflowException(Exception):  # noqa: N818 - Airflow's own name
    """The base class of the package's errors."""


class AirflowFailException(AirflowException):
    """In Airflow, fails a task without another try."""


class AirflowSkipException(AirflowException):
    """In Airflow, skips a task."""


class AirflowSensorTimeout(AirflowException):
    """In Airflow, ends a sensor's wait."""


class AirflowRuntimeError(Exception):
    """In Airflow, an error of the task supervisor."""


class TaskDeferralError(AirflowException):
    """In Airflow, a trigger that failed."""


class TaskDeferralTimeout(AirflowException):
    """In Airflow, a trigger that took too long."""


class TaskDeferred(BaseException):
    """In Airflow, hands a task to the triggerer."""


def mask_secret(secret: Any, name: str | None = None) -> None:
    """Do nothing: Airflow's logs are what it masks secrets in."""


def redact(value: Any) -> Any:
    """Return the value as it is: only Airflow has a masker."""
    return value


class AwsBaseHook:
    """The part of the amazon provider's hook that does not read a connection.

    A subclass makes the client in ``get_client_type``.
    """

    default_conn_name = "aws_default"

    def __init__(
        self, aws_conn_id: str | None = None, client_type: str = "", region_name: str | None = None, **_: Any
    ) -> None:
        self.aws_conn_id, self.client_type, self.region_name = aws_conn_id, client_type, region_name
        self.log = logging.getLogger(f"{type(self).__module__}.{type(self).__qualname__}")

    @cached_property
    def conn(self) -> Any:
        """The boto3 client."""
        return self.get_client_type()

    def get_client_type(self, *args: Any, **kwargs: Any) -> Any:
        """Return the boto3 client."""
        raise NotImplementedError(
            "aws_conn_id must be None where Airflow is not installed. Use --profile and --region."
        )
