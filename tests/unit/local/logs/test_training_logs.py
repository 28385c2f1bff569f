"""The training jobs' logs as CloudWatch Logs answers them: pages, times, streams."""

from __future__ import annotations

import json

import pytest

from airflow_hpt_provider.local.errors import ServiceError
from airflow_hpt_provider.local.logs import streams
from airflow_hpt_provider.local.logs.operations import GROUP, TrainingLogs
from airflow_hpt_provider.local.logs.times import LogTimes, read_times

START = 1_795_000_000


@pytest.fixture
def logs(tmp_path):
    return TrainingLogs(tmp_path, "us-east-1", "123456789012")


def write(directory, job, *pieces, attempt=1, start=START, host=""):
    """A log that was read piece by piece, one a second."""
    folder = directory / job / f"attempt-{attempt}" / host
    folder.mkdir(parents=True)
    times = LogTimes(folder / "log")
    with (folder / "log").open("ab") as file:
        for second, piece in enumerate(pieces):
            file.write(piece.encode())
            times.note(file.tell(), start + second)


def ask(logs, operation, **parameters):
    return logs.answer(operation, json.dumps({"logGroupName": GROUP, **parameters}).encode())


def messages(answer):
    return [event["message"] for event in answer["events"]]


def stream_of(logs, job="job"):
    [stream] = ask(logs, "DescribeLogStreams", logStreamNamePrefix=f"{job}/")["logStreams"]
    return stream["logStreamName"]


def all_pages(logs, token, *, head, **parameters):
    """Every event by following tokens until one repeats, and how many pages it took."""
    found, pages = [], 0
    while True:
        answer = ask(
            logs, "GetLogEvents", startFromHead=head, **({"nextToken": token} if token else {}), **parameters
        )
        following = answer["nextForwardToken" if head else "nextBackwardToken"]
        found = found + answer["events"] if head else answer["events"] + found
        pages += 1
        if following == token:
            assert answer["events"] == []
            return [event["message"] for event in found], pages
        token = following


def test_a_stream_for_each_attempt_named_as_sagemakers(tmp_path, logs):
    write(tmp_path, "job", "a\n")
    write(tmp_path, "job", "b\n", attempt=2)
    write(tmp_path, "job-other", "c\n")
    answer = ask(logs, "DescribeLogStreams", logStreamNamePrefix="job/")
    assert [each["logStreamName"] for each in answer["logStreams"]] == [
        f"job/algo-1-{START}",
        f"job/algo-1-{START + 1}",
    ]
    assert answer["logStreams"][0]["lastEventTimestamp"] == START * 1000
    first = ask(logs, "DescribeLogStreams", limit=2)
    rest = ask(logs, "DescribeLogStreams", limit=2, nextToken=first["nextToken"])
    names = [each["logStreamName"] for each in first["logStreams"] + rest["logStreams"]]
    assert names == [f"job-other/algo-1-{START}", f"job/algo-1-{START}", f"job/algo-1-{START + 1}"]
    assert "nextToken" not in rest


def test_a_stream_for_each_host(tmp_path, logs):
    write(tmp_path, "job", "a\n")
    write(tmp_path, "job", "b\n", host="algo-2")
    write(tmp_path, "job", "c\n", attempt=2)
    write(tmp_path, "job", "d\n", attempt=2, host="algo-2")
    answer = ask(logs, "DescribeLogStreams", logStreamNamePrefix="job/")
    names = [each["logStreamName"] for each in answer["logStreams"]]
    assert sorted(names) == [f"job/algo-{host}-{START + second}" for host in (1, 2) for second in (0, 1)]
    read = {name: messages(ask(logs, "GetLogEvents", logStreamName=name)) for name in names}
    assert read[f"job/algo-2-{START}"] == ["b"]
    assert read[f"job/algo-2-{START + 1}"] == ["d"]


def test_jobs_that_have_had_one_name_have_a_stream_each(tmp_path, logs):
    write(tmp_path, "job", "a\n")
    write(tmp_path, "job", "b\n", attempt=2)
    write(tmp_path, "job.10", "d\n", start=START + 60)
    write(tmp_path, "job.9", "c\n")
    write(tmp_path, "jobs.11", "no\n")
    answer = ask(logs, "DescribeLogStreams", logStreamNamePrefix="job/")
    names = [each["logStreamName"] for each in answer["logStreams"]]
    assert names == [f"job/algo-1-{START + seconds}" for seconds in (0, 1, 2, 60)]
    read = [messages(ask(logs, "GetLogEvents", logStreamName=name, startFromHead=True)) for name in names]
    assert read == [["a"], ["b"], ["c"], ["d"]]


def test_streams_are_filtered_page_by_page_in_one_order(tmp_path, logs):
    """``job`` is before ``job-other``, and ``job-other/...`` before ``job/...``."""
    for name in ("job", "job-other", "job.4"):
        write(tmp_path, name, f"{name}\n")
    found, token = [], {}
    while len(found) < 10:
        answer = ask(logs, "FilterLogEvents", limit=1, **token)
        found += messages(answer)
        if "nextToken" not in answer:
            break
        token = {"nextToken": answer["nextToken"]}
    assert found == ["job-other", "job", "job.4"]


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_hold_every_line_once(tmp_path, logs, head, limit):
    lines = [f"line {n} \u00e9" for n in range(7)]
    write(tmp_path, "job", "\n".join(lines[:3]) + "\n", "\n".join(lines[3:]) + "\n")
    found, _ = all_pages(logs, None, head=head, logStreamName=stream_of(logs), limit=limit)
    assert found == lines


@pytest.mark.parametrize("head", [True, False])
def test_long_logs_come_in_pages(tmp_path, logs, monkeypatch, head):
    monkeypatch.setattr(streams, "PAGE_BYTES", 64)
    lines = [f"{n} " + "x" * (n % 50) for n in range(60)]
    write(tmp_path, "job", *(line + "\n" for line in lines))
    found, pages = all_pages(logs, None, head=head, logStreamName=stream_of(logs))
    assert found == lines
    assert pages > 10


def test_events_have_the_time_when_they_were_read(tmp_path, logs):
    write(tmp_path, "job", "a\nb\n", "c\n", "d\n")
    name = stream_of(logs)
    events = ask(logs, "GetLogEvents", logStreamName=name, startFromHead=True)["events"]
    assert [event["timestamp"] - START * 1000 for event in events] == [0, 0, 1000, 2000]
    between = {"startTime": (START + 1) * 1000, "endTime": (START + 2) * 1000}
    assert messages(ask(logs, "GetLogEvents", logStreamName=name, startFromHead=True, **between)) == ["c"]
    assert messages(ask(logs, "GetLogEvents", logStreamName=name, **between)) == ["c"]
    assert messages(ask(logs, "FilterLogEvents", **between)) == ["c"]


def test_what_comes_later_is_behind_the_last_token(tmp_path, logs):
    write(tmp_path, "job", "a\n")
    name = stream_of(logs)
    token = ask(logs, "GetLogEvents", logStreamName=name, startFromHead=True)["nextForwardToken"]
    assert messages(ask(logs, "GetLogEvents", logStreamName=name, nextToken=token)) == []
    log = tmp_path / "job" / "attempt-1" / "log"
    with log.open("ab") as file:
        file.write(b"b\nnot yet read")
    LogTimes(log).note(4, START + 9)
    assert messages(ask(logs, "GetLogEvents", logStreamName=name, nextToken=token)) == ["b"]
    assert len(token) == 58, "as AWS's"


def test_times_of_an_earlier_process_stand(tmp_path):
    log = tmp_path / "log"
    LogTimes(log).note(10, START)
    again = LogTimes(log)
    again.note(5, START + 50)
    again.note(10, START + 60)
    again.note(12, START + 70)
    assert read_times(log) == [(10, START * 1000), (12, (START + 70) * 1000)]


def test_filtering(tmp_path, logs):
    write(tmp_path, "one", "loss=1 epoch\n", "other\n")
    write(tmp_path, "two", "loss=2\n", "loss=3 epoch\n")
    assert messages(ask(logs, "FilterLogEvents", filterPattern="loss")) == [
        "loss=1 epoch",
        "loss=2",
        "loss=3 epoch",
    ]
    assert messages(ask(logs, "FilterLogEvents", filterPattern='"loss" epoch')) == [
        "loss=1 epoch",
        "loss=3 epoch",
    ]
    assert messages(ask(logs, "FilterLogEvents", logStreamNamePrefix="two/")) == ["loss=2", "loss=3 epoch"]
    assert messages(ask(logs, "FilterLogEvents", logStreamNames=[stream_of(logs, "one")])) == [
        "loss=1 epoch",
        "other",
    ]
    found, token = [], None
    while True:
        answer = ask(logs, "FilterLogEvents", limit=1, **({"nextToken": token} if token else {}))
        found += messages(answer)
        token = answer.get("nextToken")
        if token is None:
            break
    assert sorted(found) == ["loss=1 epoch", "loss=2", "loss=3 epoch", "other"]


@pytest.mark.parametrize(
    ("operation", "parameters", "code"),
    [
        ("GetLogEvents", {"logStreamName": "job/algo-1-1"}, "ResourceNotFoundException"),
        ("GetLogEvents", {"logStreamName": "../../x/algo-1-1"}, "ResourceNotFoundException"),
        ("GetLogEvents", {"logStreamName": "\0/x"}, "ResourceNotFoundException"),
        ("GetLogEvents", {"logStreamName": 7}, "InvalidParameterException"),
        ("DescribeLogStreams", {"limit": "many"}, "InvalidParameterException"),
        ("DescribeLogStreams", {"limit": 51}, "InvalidParameterException"),
        ("DescribeLogStreams", {"nextToken": "nonsense"}, "InvalidParameterException"),
        ("FilterLogEvents", {"filterPattern": "{ $.loss > 1 }"}, "InvalidParameterException"),
        ("FilterLogEvents", {"logStreamNames": "one"}, "InvalidParameterException"),
    ],
)
def test_refusals(tmp_path, logs, operation, parameters, code):
    write(tmp_path, "job", "a\n")
    with pytest.raises(ServiceError) as caught:
        ask(logs, operation, **parameters)
    assert caught.value.code == code


def test_without_a_job_there_is_no_group(logs):
    for operation in ("DescribeLogStreams", "FilterLogEvents"):
        with pytest.raises(ServiceError, match="log group does not exist"):
            ask(logs, operation)


@pytest.mark.parametrize(
    "body", [b"", b"[" * 5000, b"[]", b"null", b'{"logGroupName": "other"}', b'{"logGroupName": 1}']
)
def test_all_else_is_not_ours(logs, body):
    assert logs.answer("GetLogEvents", body) is None
    assert logs.answer("CreateLogGroup", json.dumps({"logGroupName": GROUP}).encode()) is None


def test_only_the_runners_directories_are_attempts(tmp_path, logs):
    """A training job's HOME is next to them, and it may make what it likes there."""
    write(tmp_path, "job", "line\n")
    (tmp_path / "job" / "attempt-of-mine").mkdir()
    (tmp_path / "job" / "attempt-²").mkdir()
    assert stream_of(logs).startswith("job/algo-1-")


def test_control_characters_are_written_as_on_aws(tmp_path, logs):
    write(tmp_path, "job", "[7]\ttrain:1\n 50%\r100%\nlast\x1b[0m")
    answer = ask(logs, "GetLogEvents", logStreamName=stream_of(logs), startFromHead=True)
    assert messages(answer) == ["[7]#011train:1", " 50%#015100%", "last#033[0m"]
