"""SageMaker's event, as it lies in a queue."""

import json

import pytest

from airflow_hpt_provider.triggers.events import FINAL_STATUSES, TuningJobStateChangeTrigger
from airflow_hpt_provider.waiting.state_change import NotAStateChangeError, StateChange, check_queue_url

ARN = "arn:aws:sagemaker:us-east-1:123456789012:hyper-parameter-tuning-job/tune-1"
EVENT = {
    "version": "0",
    "id": "844e2571-85d4-695f-b930-0153b71dcb42",
    "detail-type": "SageMaker HyperParameter Tuning Job State Change",
    "source": "aws.sagemaker",
    "account": "123456789012",
    "time": "2026-11-06T12:26:13Z",
    "region": "us-east-1",
    "resources": [ARN],
    "detail": {
        "HyperParameterTuningJobName": "Tune-1",
        "HyperParameterTuningJobArn": ARN,
        "HyperParameterTuningJobStatus": "Completed",
        "CreationTime": 1794054373000,
        "LastModifiedTime": 1794054373000,
        "Tags": {"team": "risk"},
    },
}


def test_it_is_read_directly_and_through_a_topic():
    change = StateChange.parse(json.dumps(EVENT))
    assert (change.name, change.arn, change.status) == ("Tune-1", ARN, "Completed")
    assert (change.event_id, change.time, change.tags) == (EVENT["id"], EVENT["time"], {"team": "risk"})
    assert StateChange.parse(json.dumps({"Type": "Notification", "Message": json.dumps(EVENT)})) == change


def test_events_about_the_same_change_are_the_same_and_a_new_job_of_the_old_name_is_not():
    def key(**detail):
        event = EVENT | {"id": str(detail), "detail": EVENT["detail"] | detail}
        return StateChange.parse(json.dumps(event)).key

    assert key() == key(LastModifiedTime=1794054374000)
    assert len({key(), key(HyperParameterTuningJobStatus="Failed"), key(CreationTime=1894054373000)}) == 3


@pytest.mark.parametrize(
    "body",
    ["", "not json", "[]", "null", '{"detail-type": "Something Else"}', json.dumps(EVENT | {"detail": None}),
     json.dumps(EVENT | {"detail": {}}), '{"Type": "Notification"}',
     json.dumps(EVENT | {"detail-type": "SageMaker Training Job State Change"}), json.dumps([EVENT]),
     json.dumps({"Type": "Notification", "Message": json.dumps(EVENT | {"detail-type": None})}),
     json.dumps({"Type": "Another", "Message": json.dumps(EVENT)})],
)  # fmt: skip
def test_whatever_else_lies_there_is_told_apart(body):
    with pytest.raises(NotAStateChangeError):
        StateChange.parse(body)


@pytest.mark.parametrize(
    ("statuses", "prefix", "tags", "expected"),
    [
        ((), None, None, True),
        (FINAL_STATUSES, "tune-", {"team": "risk"}, True),
        (("Failed",), None, None, False),
        ((), "other-", None, False),
        ((), None, {"team": "sales"}, False),
        ((), None, {"team": "risk", "stage": "prod"}, False),
    ],
)
def test_conditions_all_have_to_be_met(statuses, prefix, tags, expected):
    assert StateChange.parse(json.dumps(EVENT)).matches(statuses, prefix, tags) is expected


def test_a_status_that_sagemaker_does_not_know_is_reported():
    with pytest.raises(ValueError, match="'Finished'"):
        TuningJobStateChangeTrigger("https://queue", statuses=["Finished"])
    with pytest.raises(TypeError, match=r"Write \['Failed'\]"):
        TuningJobStateChangeTrigger("https://queue", statuses="Failed")


def test_members_that_may_be_missing():
    detail = {name: value for name, value in EVENT["detail"].items() if name not in ("Tags", "CreationTime")}
    change = StateChange.parse(json.dumps({"id": 1, "detail-type": EVENT["detail-type"], "detail": detail}))
    assert (change.event_id, change.time, change.created, change.tags) == ("1", "", "", {})
    assert StateChange.parse(json.dumps(EVENT | {"detail": EVENT["detail"] | {"Tags": None}})).tags == {}


@pytest.mark.parametrize("prefix", ["TUNE-", "tune-1", "Tune-1", "", None])
def test_names_compare_in_any_case(prefix):
    assert StateChange.parse(json.dumps(EVENT)).matches((), prefix, {}) is True
    assert StateChange.parse(json.dumps(EVENT)).matches((), "une", {}) is False


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("https://sqs/q", True),
        ("http://127.0.0.1/q", True),
        ("sqs", False),
        ("ftp://x", False),
        (None, False),
    ],
)
def test_the_url_of_a_queue(url, good):
    if good:
        check_queue_url("event_queue_url", url)
        return
    with pytest.raises(ValueError, match="event_queue_url must be a queue's URL"):
        check_queue_url("event_queue_url", url)


def test_a_queues_name_is_not_its_url():
    with pytest.raises(ValueError, match="queue_url must be a queue's URL"):
        TuningJobStateChangeTrigger("tuning-jobs")


def test_the_trigger_is_made_again_from_its_arguments():
    path, kwargs = TuningJobStateChangeTrigger(
        "https://queue", ["Failed"], "tune-", {"team": "risk"}
    ).serialize()
    assert path == "airflow_hpt_provider.triggers.events.TuningJobStateChangeTrigger"
    assert TuningJobStateChangeTrigger(**kwargs).serialize() == (path, kwargs)


def test_watchers_of_one_queue_and_connection_share_a_reader():
    one = TuningJobStateChangeTrigger("https://queue", ["Failed"])
    assert one.shared_stream_key() == TuningJobStateChangeTrigger("https://queue").shared_stream_key()
    assert one.shared_stream_key() != TuningJobStateChangeTrigger("https://other").shared_stream_key()
    assert (
        one.shared_stream_key()
        != TuningJobStateChangeTrigger("https://queue", aws_conn_id="b").shared_stream_key()
    )
