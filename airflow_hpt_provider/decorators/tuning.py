"""``@task.tuning_job``: a Python function returns the config of a tuning job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk.bases.decorator import DecoratedOperator, determine_kwargs, task_decorator_factory

from airflow_hpt_provider.config import loading as configs
from airflow_hpt_provider.config.masking import mask_secrets
from airflow_hpt_provider.exceptions import TuningJobConfigError
from airflow_hpt_provider.operators.tuning import HyperParameterTuningJobOperator

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.sdk import Context
    from airflow.sdk.bases.decorator import TaskDecorator

    from airflow_hpt_provider.models import TuningJobRequest

    Config = dict[str, Any] | TuningJobRequest | str

NOT_MADE_YET: dict[str, Any] = {}
"""The config until the task runs."""


class TuningJobDecoratedOperator(DecoratedOperator, HyperParameterTuningJobOperator):
    """The operator behind ``@task.tuning_job``: its config is what the decorated function returns.

    The function runs on a worker, in each try and before each new attempt of ``retry_strategy``. For the same
    arguments it must return the same config: a config that has changed belongs to another job. What it returns is
    not templated; templates in its arguments are rendered.
    """

    template_fields: Sequence[str] = (
        *DecoratedOperator.template_fields,
        *HyperParameterTuningJobOperator.template_fields,
    )
    template_fields_renderers: ClassVar[dict[str, str]] = {
        **DecoratedOperator.template_fields_renderers,
        **HyperParameterTuningJobOperator.template_fields_renderers,
    }
    custom_operator_name = "@task.tuning_job"
    overwrite_rtif_after_execution = True
    """Airflow stores the rendered fields again after the task, with the config."""

    def __init__(self, **kwargs: Any) -> None:
        if "config" in kwargs:
            raise TypeError(
                "config must not be given to @task.tuning_job: the decorated function returns it."
            )
        super().__init__(config=NOT_MADE_YET, **kwargs)

    def execute(self, context: Context) -> Any:
        """Create or rejoin the job; then wait here, defer, or leave it."""
        return HyperParameterTuningJobOperator.execute(self, context)

    def _request(self, context: Context) -> TuningJobRequest:
        self.config = configs.as_template(self._returned(context))
        mask_secrets(self.config)
        return super()._request(context)

    def _returned(self, context: Context) -> Any:
        arguments = determine_kwargs(self.python_callable, self.op_args, {**context, **self.op_kwargs})
        config = self.python_callable(*self.op_args, **arguments)
        if not isinstance(config, (dict, str)) and not hasattr(config, "to_dict"):
            raise TuningJobConfigError(
                f"config must be a dict, a TuningJobRequest or the path of a config file, got {type(config).__name__}. "
                f"Return one from {self.python_callable.__name__}()."
            )
        return config


def tuning_job_task(python_callable: Callable[..., Config] | None = None, **kwargs: Any) -> TaskDecorator:
    """Make a function that returns a tuning job's config into a task that creates the job and waits for it.

    Use it as ``@task.tuning_job`` or ``@task.tuning_job(deferrable=True, ...)``.

    Args:
        python_callable: the function; set by the decorator.
        **kwargs: the arguments of
            :class:`~airflow_hpt_provider.operators.tuning.HyperParameterTuningJobOperator`, without ``config``.

    Raises:
        TypeError: ``config`` is given.
    """
    if "config" in kwargs:
        raise TypeError("config must not be given to @task.tuning_job: the decorated function returns it.")
    # Airflow would make an XCom of each member of the result, as the function's return type is a dict.
    kwargs["multiple_outputs"] = False
    return task_decorator_factory(
        python_callable=python_callable, decorated_operator_class=TuningJobDecoratedOperator, **kwargs
    )
