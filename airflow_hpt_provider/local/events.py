"""State changes of tuning jobs and training jobs, as events on the service's own EventBridge: moto's default event bus.

Users of the events create rules and their targets (an SQS queue ...) with EventBridge's own API at
the same endpoint. As with all that moto keeps, rules and queues are gone when the service ends.
"""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends

from airflow_hpt_provider.local.operations import responses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.db.records import TrainingJob, TuningJob
    from airflow_hpt_provider.local.engine.changes import TrainingJobChange

LOGGER = logging.getLogger(__name__)

SOURCE = "aws.sagemaker"
DETAIL_TYPE = "SageMaker HyperParameter Tuning Job State Change"
TRAINING_DETAIL_TYPE = "SageMaker Training Job State Change"
_IN_TRAINING_EVENTS = (
    *("TrainingJobName", "TrainingJobArn", "TuningJobArn", "TrainingJobStatus", "SecondaryStatus"),
    *("FailureReason", "HyperParameters", "AlgorithmSpecification", "RoleArn", "InputDataConfig"),
    *("OutputDataConfig", "ResourceConfig", "VpcConfig", "StoppingCondition", "ModelArtifacts"),
    *("EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining"),
    *("CreationTime", "TrainingStartTime", "TrainingEndTime", "LastModifiedTime"),
    "SecondaryStatusTransitions",
)
"""Members of DescribeTrainingJob's response that SageMaker puts into an event."""


class StateChangeEvents:
    """Puts an event on the bus for each tuning job that it is called with, and for each training job.

    Args:
        region, account_id: whose bus.
    """

    def __init__(self, region: str, account_id: str) -> None:
        self._bus: Any = events_backends[account_id][region]

    def __call__(self, job: TuningJob, tags: Mapping[str, str]) -> None:
        """Send an event with the job's present state."""
        self._send(job, DETAIL_TYPE, detail(job, tags))

    def training_job(self, change: TrainingJobChange) -> None:
        """Send an event with a training job's present state."""
        self._send(change.job, TRAINING_DETAIL_TYPE, training_detail(change))

    def _send(self, job: TuningJob | TrainingJob, detail_type: str, detail: Mapping[str, Any]) -> None:
        event = {
            "Source": SOURCE,
            "DetailType": detail_type,
            "Time": job.modified_at,  # in seconds: moto makes the event's time from it
            "Resources": [job.arn],
            "Detail": json.dumps(detail),
        }
        self._bus.put_events([event])
        LOGGER.debug("event: %s: %s is %s", detail_type, job.name, job.status)


def training_detail(change: TrainingJobChange) -> dict[str, Any]:
    """Return a training job's event's own part. Times are in milliseconds, as SageMaker's events have them."""
    answer = responses.training_job(change.job, change.definition, transitions=change.transitions, metrics=())
    members = {name: answer[name] for name in _IN_TRAINING_EVENTS if name in answer}
    return {**_in_milliseconds(members), "Tags": dict(change.tags)}


def _in_milliseconds(value: Any) -> Any:
    if isinstance(value, datetime):
        return round(value.timestamp() * 1000)
    if isinstance(value, dict):
        return {name: _in_milliseconds(each) for name, each in value.items()}
    return [_in_milliseconds(each) for each in value] if isinstance(value, list) else value


def detail(job: TuningJob, tags: Mapping[str, str]) -> dict[str, Any]:
    """Return the event's detail. Times are in milliseconds, as SageMaker's events have them."""
    request = job.request
    return {
        "HyperParameterTuningJobName": job.name,
        "HyperParameterTuningJobArn": job.arn,
        **{
            member: request[member]
            for member in ("HyperParameterTuningJobConfig", "TrainingJobDefinition", "TrainingJobDefinitions")
            if member in request
        },
        "HyperParameterTuningJobStatus": job.status,
        "CreationTime": int(job.created_at * 1000),
        "LastModifiedTime": int(job.modified_at * 1000),
        **job.counters,
        "Tags": dict(tags),
    }
