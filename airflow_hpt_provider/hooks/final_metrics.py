"""The final values of all metrics of a tuning job's training jobs, from SageMaker's Search."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from airflow_hpt_provider.hooks.actions import needs
from airflow_hpt_provider.models.status import TERMINAL_TRAINING_STATUSES
from airflow_hpt_provider.retries.errors import is_denied

if TYPE_CHECKING:
    from airflow_hpt_provider.hooks.tuning import HyperParameterTuningHook

OBJECTIVE_COPY = "ObjectiveMetric"
"""SageMaker adds a metric of this name, a copy of the objective, to the training jobs of tuning jobs."""

FinalMetrics = dict[str, float]
"""Metric -> its final value."""


class FoundMetrics(NamedTuple):
    """A training job's final metrics, and whether it had ended when they were read."""

    training_job: str
    ended: bool
    values: FinalMetrics


@needs("sagemaker:Search")
def search_final_metrics(hook: HyperParameterTuningHook, tuning_job_arn: str) -> Iterator[FoundMetrics]:
    """Yield the final metrics of each training job, the newest training job first.

    A list of a tuning job's training jobs has the objective only; Search has all metrics, of 100 training jobs a call.
    """
    is_of_tuning_job = {"Name": "TuningJobArn", "Operator": "Equals", "Value": tuning_job_arn}
    parameters = {
        "Resource": "TrainingJob",
        "SearchExpression": {"Filters": [is_of_tuning_job]},
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 100,
    }
    for record in hook.pages("search", "Results", parameters):
        training_job: dict[str, Any] = record.get("TrainingJob") or {}
        if "TrainingJobName" in training_job:
            yield FoundMetrics(
                training_job["TrainingJobName"],
                training_job.get("TrainingJobStatus") in TERMINAL_TRAINING_STATUSES,
                _values(training_job.get("FinalMetricDataList") or ()),
            )


@needs("sagemaker:Search")
def known_final_metrics(
    hook: HyperParameterTuningHook, tuning_job_arn: str
) -> tuple[dict[str, FinalMetrics], str | None]:
    """Return the final metrics by training job's name, as far as they can be read, and why not if they cannot."""
    try:
        found = search_final_metrics(hook, tuning_job_arn)
        return {each.training_job: each.values for each in found}, None
    except (ClientError, BotoCoreError) as error:
        if is_denied(error):
            return {}, "No permission to read metrics other than the objective: allow sagemaker:Search."
        return {}, f"Metrics other than the objective could not be read: {error}"


def _values(listed: Any) -> FinalMetrics:
    return {
        each["MetricName"]: each["Value"]
        for each in listed
        if each.get("MetricName") not in (None, OBJECTIVE_COPY) and math.isfinite(each.get("Value", math.nan))
    }
