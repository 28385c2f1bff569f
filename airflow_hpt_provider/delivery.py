"""5 XCOM: what the tuning task leaves behind, and when.

======================  ======================  =====================================================
key                     when                    value
======================  ======================  =====================================================
``tuning_job_name``     right after creation    str
``tuning_job_arn``      right after creation    str
``best_training_job``   at the end              dict in AWS names, with model artifact and image
``final_metric``        at the end              float
``return_value``        at the end              :class:`~airflow_hpt_provider.models.TuningResult` as JSON
======================  ======================  =====================================================

Airflow clears a task's XComs before each try, so nothing here carries a job's name across retries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_hpt_provider.links.tuning import push_links

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_hpt_provider.models import TuningResult

TUNING_JOB_NAME = "tuning_job_name"
TUNING_JOB_ARN = "tuning_job_arn"
BEST_TRAINING_JOB = "best_training_job"
FINAL_METRIC = "final_metric"


def announce(operator: Any, context: Context, name: str, arn: str) -> None:
    """Make a job known as soon as it exists: its name, ARN and links."""
    ti = context["ti"]
    ti.xcom_push(key=TUNING_JOB_NAME, value=name)
    ti.xcom_push(key=TUNING_JOB_ARN, value=arn)
    push_links(operator, context, arn)


def deliver(operator: Any, context: Context, result: TuningResult) -> dict[str, Any]:
    """Push the result's parts and return the whole as JSON: the task's return value."""
    ti = context["ti"]
    value = result.to_xcom()
    if result.best_training_job is not None:
        ti.xcom_push(key=BEST_TRAINING_JOB, value=value["best_training_job"])
        ti.xcom_push(key=FINAL_METRIC, value=value["final_metric"])
        push_links(operator, context, result.tuning_job_arn, result.best_training_job.training_job_name)
    return value
