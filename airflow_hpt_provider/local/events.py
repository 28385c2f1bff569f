"""State changes of tuning jobs, as events on the service's own EventBridge: moto's default event bus.

Users of the events create rules and their targets (an SQS queue ...) with EventBridge's own API at
the same endpoint. As with all that moto keeps, rules and queues are gone when the service ends.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from moto.events.models import events_backends

if TYPE_CHECKING:
    from collections.abc import Mapping

    from airflow_hpt_provider.local.db.records import TuningJob

LOGGER = logging.getLogger(__name__)

SOURCE = "aws.sagemaker"
DETAIL_TYPE = "SageMaker HyperParameter Tuning Job State Change"


class StateChangeEvents:
    """Puts an event on the bus for each tuning job that it is called with.

    Args:
        region, account_id: whose bus.
    """

    def __init__(self, region: str, account_id: str) -> None:
        self._bus: Any = events_backends[account_id][region]

    def __call__(self, job: TuningJob, tags: Mapping[str, str]) -> None:
        """Send an event with the job's present state."""
        event = {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPE,
            "Time": job.modified_at,  # in seconds: moto makes the event's time from it
            "Resources": [job.arn],
            "Detail": json.dumps(detail(job, tags)),
        }
        self._bus.put_events([event])
        LOGGER.debug("event: tuning job %s is %s", job.name, job.status)


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
