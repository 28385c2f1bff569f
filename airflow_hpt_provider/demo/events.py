"""Events of a demo's tuning jobs: the queue that dags/on_tuning_finished.py watches."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_hpt_provider.demo.service import LocalService

NAME = "tuning-jobs"
VARIABLE = "AIRFLOW_VAR_HPT_EVENT_QUEUE_URL"
PATTERN: dict[str, Any] = {
    "source": ["aws.sagemaker"],
    "detail-type": ["SageMaker HyperParameter Tuning Job State Change"],
}


def send_events_to_queue(service: LocalService, name: str = NAME, prefix: str = "") -> str:
    """Make a queue that gets the state changes of the service's tuning jobs; its URL.

    Args:
        service: the service.
        name: of the queue and of EventBridge's rule.
        prefix: only those of tuning jobs whose name begins so.

    For AWS, docs/snippets/event_queue.sh does the same, with a dead-letter queue and a policy.
    """
    sqs, events = service.client("sqs"), service.client("events")
    url = str(sqs.create_queue(QueueName=name)["QueueUrl"])
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = PATTERN | {"detail": {"HyperParameterTuningJobName": [{"prefix": prefix}]}}
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    return url
