"""The XComs of a tuning task, and when they are pushed.

======================  ======================  =====================================================
key                     when                    value
======================  ======================  =====================================================
``tuning_job_name``     right after creation    str
``tuning_job_arn``      right after creation    str
``tuning_connection``   right after creation    dict: ``aws_conn_id``, ``region_name``; never a secret
``best_training_job``   at the end              dict in AWS names, with model artifact and image
``final_metric``        at the end              float
``return_value``        at the end              :class:`~airflow_hpt_provider.models.TuningResult` as JSON
======================  ======================  =====================================================

Airflow clears a task's XComs before each try, so nothing here carries a job's name across retries. It keeps them
while the task is deferred, so the leg after that pushes only what is new: every push is a call of Airflow's API.

The events of the task's asset outlets carry the same: see :mod:`airflow_hpt_provider.xcom.asset_events`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.links.tuning import link_urls, note_links, push_links

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.hooks.settings import ConnectionSettings
    from airflow_hpt_provider.models import TuningResult

TUNING_JOB_NAME = "tuning_job_name"
TUNING_JOB_ARN = "tuning_job_arn"
TUNING_CONNECTION = "tuning_connection"
"""Where the job is, for DAGs and other programs. Nothing here reads it: users may write XComs."""
BEST_TRAINING_JOB = "best_training_job"
FINAL_METRIC = "final_metric"
RETURN_VALUE = "return_value"


def push_job_info(operator: Any, context: Context, name: str, arn: str) -> None:
    """Make a job known as soon as it exists: its name, ARN, connection and links."""
    _push(context, _announcement(name, arn, operator.connection_settings))
    push_links(operator, context, arn)


def push_result(operator: Any, context: Context, result: TuningResult) -> dict[str, Any]:
    """Push the result's parts and return the whole as JSON: the task's return value."""
    from airflow_hpt_provider.xcom.asset_events import describe_events

    describe_events(operator, context, result)
    value = result.to_xcom()
    if result.best_training_job is not None:
        _push(context, _best(value))
        note_links(operator, context, result.tuning_job_arn, result.best_training_job.training_job_name)
    return value


def xcoms(result: TuningResult, settings: ConnectionSettings, ti: Any, endpoint_url: str) -> dict[str, Any]:
    """All that a task leaves behind in the end, by key; for one that ends where there is no operator.

    Args:
        result: of its tuning job.
        settings: the connection.
        ti: the task instance.
        endpoint_url: of the client that has read the result.
    """
    value = result.to_xcom()
    best = result.best_training_job
    return {
        **_announcement(result.tuning_job_name, result.tuning_job_arn, settings),
        **link_urls(ti, endpoint_url, result.tuning_job_arn, best.training_job_name if best else None),
        **(_best(value) if best else {}),
        RETURN_VALUE: value,
    }


def _announcement(name: str, arn: str, settings: ConnectionSettings) -> dict[str, Any]:
    connection = {"aws_conn_id": settings.aws_conn_id, "region_name": settings.region_name}
    return {TUNING_JOB_NAME: name, TUNING_JOB_ARN: arn, TUNING_CONNECTION: connection}


def _best(value: dict[str, Any]) -> dict[str, Any]:
    return {BEST_TRAINING_JOB: value["best_training_job"], FINAL_METRIC: value["final_metric"]}


def _push(context: Context, values: dict[str, Any]) -> None:
    for key, value in values.items():
        context["ti"].xcom_push(key=key, value=value)
