"""Shared by all operators and sensors: their base class, and the checks of their arguments."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar

from airflow.sdk import BaseOperator
from pydantic import TypeAdapter, ValidationError

from airflow_hpt_provider.config.templates import TemplatesMixin, holds_template
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.waiting.outcome import check_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook
    from airflow_hpt_provider.waiting.budget import BudgetLimits

T = TypeVar("T")

MAX_TOP_K = 100
"""Maximum number of training jobs in a result: keeps XComs small."""


class TuningBaseOperator(TemplatesMixin, BaseOperator):
    """Base class of operators and, in front of BaseSensorOperator, of sensors: the arguments of their connection.

    The amazon provider's AwsBaseOperator would import boto3 whenever a DAG file is parsed.

    Args:
        aws_conn_id, region_name, verify, botocore_config: as for every AWS operator (templated).
    """

    template_fields: Sequence[str] = ("aws_conn_id", "region_name", "verify", "botocore_config")

    def __init__(
        self,
        *,
        aws_conn_id: str | None = "aws_default",
        region_name: str | None = None,
        verify: bool | str | None = None,
        botocore_config: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.aws_conn_id = aws_conn_id
        self.region_name = region_name
        self.verify = verify
        self.botocore_config = botocore_config

    @property
    def connection_settings(self) -> ConnectionSettings:
        """The rendered arguments."""
        from airflow_hpt_provider.hooks.settings import ConnectionSettings

        return ConnectionSettings.from_kwargs(vars(self))

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        # Airflow logs a field that it cannot render, and shows what it has rendered.
        from airflow_hpt_provider.config.masking import mask_url_secrets

        mask_url_secrets(getattr(parent, "botocore_config", None), is_rendered=False)
        super()._do_render_template_fields(parent, *args, **kwargs)
        mask_url_secrets(getattr(parent, "botocore_config", None))

    @cached_property
    def hook(self) -> HyperParameterTuningHook:
        """The hook; made, and boto3 imported, when the task runs."""
        return self.connection_settings.hook()


LONGEST = timedelta(days=36_500)
"""Of a duration: times beyond it cannot be computed with."""


def cast_argument(name: str, value: Any, kind: type[T]) -> Any:
    """Convert an argument that may have been a template: ``"30"`` -> 30.0, ``"PT1H"`` -> timedelta.

    Raises:
        TuningJobConfigError: naming the argument, the value and the remedy.
    """
    if value is None or isinstance(value, kind):
        return value
    given = value
    if kind is timedelta and isinstance(value, str):
        with contextlib.suppress(ValueError):
            given = float(value)  # a number of seconds that was a template
    try:
        return TypeAdapter(kind).validate_python(given)
    except ValidationError as error:
        raise TuningJobConfigError(f"{name}={value!r}: {error.errors()[0]['msg']}.") from None


def cast_flag(name: str, value: Any) -> bool:
    """Convert an argument that is true or false; None, such as another task's output, is neither.

    Raises:
        TuningJobConfigError: naming the argument, the value and the remedy.
    """
    flag = cast_argument(name, value, bool)
    if flag is None:
        raise TuningJobConfigError(f"{name} must be true or false, got None.")
    return bool(flag)


def seconds_of(name: str, value: Any, *, least: float | None = None) -> float | None:
    """Return a duration in seconds, given as a number, a timedelta, or the text of either; None if not given.

    Args:
        name: the argument's.
        value: as it was given, or rendered.
        least: the smallest that makes sense; default: anything more than 0.

    Raises:
        TuningJobConfigError: naming the argument, the value and the remedy.
    """
    duration = cast_argument(name, value, timedelta)
    if duration is None:
        return None
    if duration > LONGEST:
        raise TuningJobConfigError(
            f"{name} must be at most {LONGEST.days} days, got {value!r}; or leave it out."
        )
    seconds = float(duration.total_seconds())
    if seconds < least if least is not None else seconds <= 0:
        limit = "more than 0" if least is None else f"at least {least:g}"
        raise TuningJobConfigError(f"{name} must be a duration of {limit} seconds, got {value!r}.")
    return seconds


def is_template(value: Any) -> bool:
    """Return whether an argument is known only when the task runs.

    It is a Jinja template, another task's output, or a function that Airflow calls with context and environment.
    """
    if isinstance(value, str):
        return holds_template(value)
    from airflow.sdk import XComArg

    return callable(value) or isinstance(value, XComArg)


def budget_limits(max_billable_seconds: Any, max_failed_training_jobs: Any) -> BudgetLimits:
    """Return the budget from its arguments, which may have been templates.

    Raises:
        TuningJobConfigError: naming the argument, the value and the remedy.
    """
    from airflow_hpt_provider.waiting.budget import BudgetLimits

    seconds = cast_argument("max_billable_seconds", max_billable_seconds, float)
    jobs = cast_argument("max_failed_training_jobs", max_failed_training_jobs, int)
    try:
        return BudgetLimits(seconds, jobs)
    except ValueError as error:
        raise TuningJobConfigError(str(error)) from None


def check_early(
    policies: dict[str, Any], max_billable_seconds: Any, max_failed_training_jobs: Any, top_k: int
) -> None:
    """Check, when the DAG is parsed, the arguments of operators and sensors that are no templates.

    Args:
        policies: ``on_stopped`` and the like, by name; None is not checked.
        max_billable_seconds, max_failed_training_jobs: the budget's.
        top_k: how many of the best training jobs the result lists.

    Raises:
        ValueError, TuningJobConfigError: naming the argument, the value and the remedy.
    """
    if type(top_k) is not int or not 0 <= top_k <= MAX_TOP_K:
        raise ValueError(f"top_k must be a whole number from 0 to {MAX_TOP_K}, got {top_k!r}.")
    for name, value in policies.items():
        if value is not None and not is_template(value):
            check_policy(name, value)
    limits = [
        None if is_template(value) else value for value in (max_billable_seconds, max_failed_training_jobs)
    ]
    if limits != [None, None]:
        budget_limits(*limits)
