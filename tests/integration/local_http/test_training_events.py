"""State changes of training jobs as events of EventBridge."""

from __future__ import annotations

import json
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.local_http.test_training_logs import train

if TYPE_CHECKING:
    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

DETAIL_TYPE = "SageMaker Training Job State Change"


def test_each_secondary_status_is_an_event(service: Service, s3: Any, bucket: str) -> None:
    sqs, events = service.client("sqs"), service.client("events")
    url = sqs.create_queue(QueueName=bucket)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["aws.sagemaker"], "detail-type": [DETAIL_TYPE]}
    events.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=bucket, Targets=[{"Id": "queue", "Arn": arn}])
    try:
        name = train(service, s3, bucket, b"print('trained')")
        found: list[dict[str, Any]] = []
        deadline = time.monotonic() + 60
        while not found or found[-1]["detail"]["TrainingJobStatus"] != "Completed":
            assert time.monotonic() < deadline, found
            for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            found.sort(key=lambda event: len(event["detail"]["SecondaryStatusTransitions"]))
    finally:
        events.remove_targets(Rule=bucket, Ids=["queue"])
        events.delete_rule(Name=bucket)
    described = service.client("sagemaker").describe_training_job(TrainingJobName=name)
    transitions = described["SecondaryStatusTransitions"]
    assert [event["detail"]["SecondaryStatus"] for event in found] == [each["Status"] for each in transitions]
    last = found[-1]
    assert (last["source"], last["detail-type"]) == ("aws.sagemaker", DETAIL_TYPE)
    assert last["resources"] == [described["TrainingJobArn"]]
    detail = last["detail"]
    assert detail["TrainingJobName"] == name
    assert detail["HyperParameters"] == described["HyperParameters"]
    assert detail["ModelArtifacts"] == described["ModelArtifacts"]
    for member in ("CreationTime", "TrainingEndTime"):
        moment: datetime = described[member]
        assert detail[member] == round(moment.timestamp() * 1000)
    assert "FinalMetricDataList" not in detail
