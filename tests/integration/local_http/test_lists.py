"""The List operations with plain boto3: every filter, every order, every bound, and pages while jobs come."""

from __future__ import annotations

import itertools
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from tests.integration.local_http import searched
from tests.integration.local_http.searched import definition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.integration.local_http.conftest import Service

pytestmark = pytest.mark.integration

PLAN = "arn:aws:sagemaker:us-east-1:123456789012:training-plan/plan"
LISTS = {
    "list_training_jobs": ("TrainingJobSummaries", "TrainingJob"),
    "list_hyper_parameter_tuning_jobs": ("HyperParameterTuningJobSummaries", "HyperParameterTuningJob"),
    "list_training_jobs_for_hyper_parameter_tuning_job": ("TrainingJobSummaries", "TrainingJob"),
}
NUMBERS = itertools.count()
OF_TUNED = "list_training_jobs_for_hyper_parameter_tuning_job"
SCRIPT = {"sagemaker_program": "train.py", "sagemaker_submit_directory": "s3://searched/none.tar.gz"}


@pytest.fixture(scope="module")
def known(make_service: Callable[[Path], Service], tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with the jobs of ``searched.py``, and one that a training plan is named for."""
    service = make_service(tmp_path_factory.mktemp("lists") / "data")
    searched.create(service)
    return service


@pytest.fixture(scope="module")
def client(known: Service) -> Any:
    return known.client("sagemaker", Config(parameter_validation=False))


def listed(client: Any, call: str, **parameters: Any) -> list[str]:
    summaries, kind = LISTS[call]
    if call == OF_TUNED:
        parameters["HyperParameterTuningJobName"] = "tuned"
    answer = getattr(client, call)(**{"MaxResults": 100, **parameters})
    return [each[f"{kind}Name"] for each in answer[summaries]]


def test_a_training_plan_is_shown_and_filtered_by(client: Any) -> None:
    resources = {**definition()["ResourceConfig"], "TrainingPlanArn": PLAN}
    client.create_training_job(
        TrainingJobName="planned", HyperParameters=SCRIPT, **definition(ResourceConfig=resources)
    )
    [found] = client.list_training_jobs(TrainingPlanArnEquals=PLAN)["TrainingJobSummaries"]
    assert (found["TrainingJobName"], found["TrainingPlanArn"]) == ("planned", PLAN)
    assert client.list_training_jobs(TrainingPlanArnEquals=f"{PLAN}2")["TrainingJobSummaries"] == []
    [other] = client.list_training_jobs(NameContains="apple")["TrainingJobSummaries"]
    assert "TrainingPlanArn" not in other
    searched.wait(lambda: client.describe_training_job(TrainingJobName="planned")["TrainingJobStatus"])
    client.delete_training_job(TrainingJobName="planned")


@pytest.mark.parametrize("call", [name for name in LISTS if name != OF_TUNED])
def test_times_names_and_statuses(client: Any, call: str) -> None:
    summaries, kind = LISTS[call]
    everything = getattr(client, call)(MaxResults=100, SortBy="CreationTime")[summaries]
    names = [each[f"{kind}Name"] for each in everything]
    for column in ("CreationTime", "LastModifiedTime"):
        times = [each[column] for each in everything]
        for at in times:
            assert listed(client, call, SortBy="CreationTime", **{f"{column}After": at}) == [
                name for name, time in zip(names, times, strict=True) if time > at
            ]
            assert listed(client, call, SortBy="CreationTime", **{f"{column}Before": at}) == [
                name for name, time in zip(names, times, strict=True) if time < at
            ]
        around = {f"{column}After": min(times) - timedelta(seconds=1), f"{column}Before": min(times)}
        assert listed(client, call, **around) == []
    for part in ("a", "AN", "ed", "-00", "none"):
        assert set(listed(client, call, NameContains=part)) == {n for n in names if part.lower() in n.lower()}
    column = f"{kind}Status"
    for status in {each[column] for each in everything} | {"Stopping"}:
        assert set(listed(client, call, StatusEquals=status)) == {
            each[f"{kind}Name"] for each in everything if each[column] == status
        }


@pytest.mark.parametrize("status", ["Available", "Terminated", "Reused", "InUse"])
def test_there_are_no_warm_pools(client: Any, status: str) -> None:
    assert listed(client, "list_training_jobs", WarmPoolStatusEquals=status) == []


@pytest.mark.parametrize(
    ("call", "default", "orders"),
    [
        ("list_training_jobs", "CreationTime", ["Name", "CreationTime", "Status"]),
        ("list_hyper_parameter_tuning_jobs", "Name", ["Name", "CreationTime", "Status"]),
        (OF_TUNED, "Name", ["Name", "CreationTime", "Status", "FinalObjectiveMetricValue"]),
    ],
)
def test_orders(client: Any, call: str, default: str, orders: list[str]) -> None:
    summaries, kind = LISTS[call]
    parameters = {"HyperParameterTuningJobName": "tuned"} if call == OF_TUNED else {}
    for by in orders:
        up = getattr(client, call)(MaxResults=100, SortBy=by, SortOrder="Ascending", **parameters)[summaries]
        keys = {
            "Name": lambda each: each[f"{kind}Name"].lower(),
            "CreationTime": lambda each: each["CreationTime"],
            "Status": lambda each: each[f"{kind}Status"],
            "FinalObjectiveMetricValue": lambda each: each["FinalHyperParameterTuningJobObjectiveMetric"][
                "Value"
            ],
        }
        assert up == sorted(up, key=keys[by])
        names = [each[f"{kind}Name"] for each in up]
        assert len(names) >= 2
        assert listed(client, call, SortBy=by) == names, "ascending where nothing is said"
        assert listed(client, call, SortBy=by, SortOrder="Descending") == names[::-1]
        if by == default:
            assert listed(client, call) == names


@pytest.mark.parametrize("call", LISTS)
def test_bounds_and_tokens(client: Any, call: str) -> None:
    def refusal(**parameters: Any) -> str:
        with pytest.raises(ClientError) as refused:
            listed(client, call, **parameters)
        assert refused.value.response["Error"]["Code"] == "ValidationException"
        return str(refused.value.response["Error"]["Message"])

    assert "'0' at 'maxResults' failed to satisfy constraint" in refusal(MaxResults=0)
    assert "'101' at 'maxResults' failed to satisfy constraint" in refusal(MaxResults=101)
    assert "enum value set" in refusal(SortBy="LastModifiedTime")
    assert "enum value set" in refusal(SortOrder="Up")
    assert "enum value set" in refusal(StatusEquals="Done")
    assert "NextToken is not valid" in refusal(NextToken="x")
    parameters = {"HyperParameterTuningJobName": "tuned"} if call == OF_TUNED else {}
    token = getattr(client, call)(MaxResults=1, **parameters)["NextToken"]
    assert listed(client, call, NextToken=token)
    assert "NextToken is not valid" in refusal(NextToken=token, SortOrder="Descending")
    assert "NextToken is not valid" in refusal(NextToken=token[:20] + "A" + token[21:])
    other = "list_training_jobs" if call != "list_training_jobs" else "list_hyper_parameter_tuning_jobs"
    with pytest.raises(ClientError, match="NextToken is not valid"):
        getattr(client, other)(NextToken=token)


@pytest.fixture
def arrivals(known: Service) -> Iterator[None]:
    """Training jobs that are created while a test looks."""
    ended = threading.Event()
    sagemaker = known.client("sagemaker")

    def come() -> None:
        for number in itertools.islice(NUMBERS, 150):
            if ended.is_set():
                return
            # Names all over the alphabet, times always new.
            sagemaker.create_training_job(
                TrainingJobName=f"{'azmbyc'[number % 6]}{number}", HyperParameters=SCRIPT, **definition()
            )

    thread = threading.Thread(target=come)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.mark.usefixtures("arrivals")
@pytest.mark.parametrize("order", ["Ascending", "Descending"])
@pytest.mark.parametrize("by", ["Name", "CreationTime"])
def test_pages_have_each_job_once_while_others_come(client: Any, by: str, order: str) -> None:
    for _ in range(5):
        before = set(listed(client, "list_training_jobs", NameContains="e"))
        assert {"apple", "cherry", "date"} <= before
        for name, key, sort_by in (
            ("list_training_jobs", "TrainingJobSummaries", by),
            ("search", "Results", {"Name": "TrainingJobName"}.get(by, by)),
        ):
            resource = {"Resource": "TrainingJob"} if name == "search" else {}
            pages = client.get_paginator(name).paginate(
                SortBy=sort_by, SortOrder=order, PaginationConfig={"PageSize": 7}, **resource
            )
            found = [each for page in pages for each in page[key]]
            names = [each.get("TrainingJob", each)["TrainingJobName"] for each in found]
            assert len(names) == len(set(names))
            assert before <= set(names)
            column = {"Name": "TrainingJobName"}.get(by, by)
            values = [each.get("TrainingJob", each)[column] for each in found]
            assert values == sorted(values, reverse=order == "Descending")
